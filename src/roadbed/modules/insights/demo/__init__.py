"""The demo's customers and what they say. Everybody and every company in it is made up."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal

from roadbed.core.accounts.actors import Actor
from roadbed.core.workspaces.models import Member, Product, Workspace
from roadbed.modules.insights import services as insights
from roadbed.modules.insights.demo import sources, story, votes
from roadbed.modules.insights.models import Account, Feedback, Need, Person

MONTHS = 18
PIECES = 400
WAITING_DAYS = 16
"""Feedback younger than this has not been triaged yet."""


def _actor(workspace: Workspace, rng: random.Random) -> Actor:
    members = list(
        Member.objects.select_related("user")
        .filter(workspace=workspace, role__in=["owner", "maker"])
        .order_by("pk")
    )
    member = rng.choice(members)
    return Actor(user_id=member.user_id, name=member.user.display_name, via="demo")


def _accounts(workspace: Workspace, rng: random.Random, actor: Actor, at: datetime) -> list[Account]:
    made = []
    for index, (name, country) in enumerate(story.ACCOUNTS):
        vans = int(rng.lognormvariate(3.4, 0.9)) + 4
        plan = "Fleet" if vans > 90 else "Growth" if vans > 25 else "Starter"
        revenue = Decimal(vans * rng.randint(380, 560)).quantize(Decimal(100))
        made.append(
            insights.create_account(
                workspace=workspace,
                name=name,
                domain=f"{name.lower().replace(' ', '-').replace('&', 'and')}.example",
                plan=plan,
                country=country,
                # Of some customers nobody has written down what they pay.
                revenue=None if index % 19 == 11 else revenue,
                attributes={"vans": vans, "industry": story.INDUSTRIES[index % len(story.INDUSTRIES)]},
                actor=actor,
                at=at - timedelta(days=30 * MONTHS + rng.randint(10, 90)),
                external_source="crm",
                external_id=f"acc-{1001 + index}",
            )
        )
    return made


def _people(
    workspace: Workspace, rng: random.Random, actor: Actor, at: datetime, accounts: list[Account]
) -> list[Person]:
    names = [f"{first} {last}" for first in story.FIRST for last in story.LAST]
    rng.shuffle(names)
    made = []
    for account in accounts:
        for _ in range(rng.choices([1, 2, 3, 4, 5], weights=[4, 5, 4, 2, 1])[0]):
            name = names.pop()
            made.append(
                insights.create_person(
                    workspace=workspace,
                    name=name,
                    email=f"{name.lower().replace(' ', '.')}@{account.domain}",
                    job_title=rng.choice(story.JOBS),
                    account=account,
                    actor=actor,
                    at=account.created_at + timedelta(days=rng.randint(0, 9)),
                )
            )
    return made


def _needs(workspace: Workspace, product: Product | None, rng: random.Random, at: datetime) -> list[Need]:
    made = []
    for topic in story.TOPICS:
        rated = topic.importance > 0
        made.append(
            insights.create_need(
                workspace=workspace,
                title=topic.need,
                product=product,
                description=topic.why,
                expectation=topic.expectation,
                importance=Decimal(str(topic.importance)) if rated else None,
                satisfaction=Decimal(str(topic.satisfaction)) if rated else None,
                rated_from="Customer survey, spring, 74 dispatchers" if rated else "",
                actor=_actor(workspace, rng),
                at=at - timedelta(days=30 * MONTHS - rng.randint(20, 160)),
            )
        )
    return made


def _when(rng: random.Random, at: datetime, shape: str) -> datetime:
    """Draw a moment of the last eighteen months: steady, or crowding towards one of its ends."""
    share = rng.random()
    share = {"rising": share**0.45, "falling": share**2.1}.get(shape, share)
    days = (1 - share) * (30 * MONTHS - 3)
    moment = (at - timedelta(days=days)).replace(hour=rng.randint(7, 18), minute=rng.randint(0, 59), second=0)
    # What was said today arrived an hour later, and that must be over, too.
    return moment if moment <= at - timedelta(hours=1) else moment - timedelta(days=1)


def _fill(rng: random.Random, text: str) -> str:
    for slot, choices in story.SLOTS.items():
        while slot in text:
            text = text.replace(slot, rng.choice(choices), 1)
    return text


def _quote(
    workspace: Workspace, rng: random.Random, feedback: Feedback, need: Need, words: str, strength: int
) -> None:
    start = feedback.text.find(words)
    insights.accept(
        feedback=feedback,
        target=need,
        start=max(start, 0),
        end=start + len(words) if start >= 0 else None,
        strength=strength,
        note=story.STRENGTH_NOTES[strength] if rng.random() < 0.3 else "",
        actor=_actor(workspace, rng),
        at=feedback.said_at + timedelta(days=rng.randint(1, 6), hours=1),
    )


def load(*, workspace: Workspace, seed: int, at: datetime) -> None:
    """Write accounts, people, needs and four hundred pieces of feedback over eighteen months, most of it triaged."""
    rng = random.Random(seed)  # noqa: S311 - a story, not a secret
    product = Product.objects.filter(workspace=workspace).order_by("pk").first()
    actor = _actor(workspace, rng)
    accounts = _accounts(workspace, rng, actor, at)
    people = _people(workspace, rng, actor, at, accounts)
    needs = _needs(workspace, product, rng, at)
    weights = [topic.weight for topic in story.TOPICS]
    pieces: list[tuple[datetime, int | None]] = []
    for _ in range(PIECES):
        if rng.random() < 0.12:
            pieces.append((_when(rng, at, "steady"), None))
        else:
            chosen = rng.choices(range(len(story.TOPICS)), weights=weights)[0]
            pieces.append((_when(rng, at, story.TOPICS[chosen].shape), chosen))
    pieces.sort(key=lambda piece: piece[0])
    for number, (said_at, index) in enumerate(pieces, start=1):
        said_by = rng.choice(people)
        if index is None:
            opening, words = "", _fill(rng, rng.choice(story.OTHER))
        else:
            topic = story.TOPICS[index]
            opening, words = rng.choice(story.OPENINGS), _fill(rng, rng.choice(topic.said))
        closing = rng.choice(story.CLOSINGS)
        text = f"{opening} {words}{closing}".strip()
        feedback = insights.add_feedback(
            workspace=workspace,
            product=product,
            text=text,
            said_at=said_at,
            person=None if rng.random() < 0.06 else said_by,
            account=said_by.account,
            source=rng.choices(story.SOURCES, weights=story.SOURCE_WEIGHTS)[0],
            locale=rng.choices(["en", "de", "nl"], weights=[14, 2, 1])[0],
            rating=Decimal(rng.randint(1, 5)) if rng.random() < 0.35 else None,
            external_source="helpdesk",
            external_id=f"T-{20000 + number}",
            actor=actor,
            at=said_at + timedelta(hours=1),
        )
        if said_at > at - timedelta(days=WAITING_DAYS):
            continue
        if index is None:
            insights.skip(feedback=feedback, actor=_actor(workspace, rng), at=said_at + timedelta(days=2))
        else:
            strength = rng.choices([0, 1, 2, 3], weights=story.TOPICS[index].strengths)[0]
            _quote(workspace, rng, feedback, needs[index], words, strength)
    for name, rule, note in story.SEGMENTS:
        insights.create_segment(workspace=workspace, name=name, rule=rule, note=note, actor=actor, at=at)
    sources.load(workspace=workspace, product=product, people=people, actor=actor, seed=seed, at=at)
    votes.load(workspace=workspace, people=people, needs=needs, actors=[actor], seed=seed, at=at)
    votes.weigh(workspace=workspace, actor=actor, at=at)
