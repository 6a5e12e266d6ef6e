"""A small, irregular world for the tests of the outline: every case that a count can get wrong is in it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.workspaces.models import Product, Workspace
from roadbed.modules.insights import services
from roadbed.modules.insights.models import Account, Feedback, Need, Person, Quote, Segment

SOURCES = ("e-mail", "call", "app store")
PLANS = ("free", "team", "fleet")


@dataclass
class World:
    """Everything that was made, for an oracle to count by hand."""

    workspace: Workspace
    now: datetime
    actor: Actor
    needs: list[Need] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    pieces: list[Feedback] = field(default_factory=list)
    quotes: list[Quote] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)

    def quote(self, piece: Feedback, need: Need, *, strength: int = 1, words: slice = slice(0, 12)) -> Quote:
        """Quote words of a piece about a need."""
        made = services.quote_words(
            feedback=piece,
            target=need,
            start=words.start,
            end=words.stop,
            strength=strength,
            actor=self.actor,
            at=self.now,
        )
        self.quotes.append(made)
        return made

    def say(
        self,
        *,
        person: Person | None = None,
        account: Account | None = None,
        days_ago: float = 1,
        source: str = "e-mail",
        text: str = "When a road closes we phone every driver.",
        product: Product | None = None,
    ) -> Feedback:
        """Take in one piece of feedback."""
        piece = services.add_feedback(
            workspace=self.workspace,
            text=text,
            said_at=self.now - timedelta(days=days_ago),
            person=person,
            account=account,
            source=source,
            product=product,
            actor=self.actor,
            at=self.now,
        )
        self.pieces.append(piece)
        return piece


def make_need(world: World, title: str, **fields: object) -> Need:
    """Write a need down."""
    need = services.create_need(
        workspace=world.workspace,
        title=title,
        actor=world.actor,
        at=world.now,
        **fields,  # type: ignore[arg-type]  # the fields of a need, as the test names them
    )
    world.needs.append(need)
    return need


def build(
    *,
    workspace: Workspace,
    now: datetime,
    actor: Actor,
    product: Product,
    seed: int = 7,
    pieces: int = 90,
    accounts: int = 12,
    folk: int = 30,
) -> World:
    """Make the world from a seed."""
    dice = random.Random(seed)  # noqa: S311 - a world to count in, not a secret
    world = World(workspace=workspace, now=now, actor=actor)
    for index in range(accounts):
        revenue = None if index % 5 == 0 else Decimal(dice.randrange(1_000, 90_000))
        world.accounts.append(
            services.create_account(
                workspace=workspace,
                name=f"Customer {index:02}",
                plan=dice.choice(PLANS),
                revenue=revenue,
                actor=actor,
                at=now,
            )
        )
    for index in range(folk):
        world.people.append(
            services.create_person(
                workspace=workspace,
                name=f"Person {index:02}",
                email=f"person{index}@example.com",
                account=dice.choice([*world.accounts, None]),
                actor=actor,
                at=now,
            )
        )
    for index in range(8):
        make_need(
            world,
            f"Need {index}",
            product=product if index % 2 else None,
            expectation="It works." if index % 3 else "",
            importance=Decimal(index) if index < 5 else None,
            satisfaction=Decimal(9 - index) / 2 if index < 5 else None,
        )
    for _ in range(pieces):
        person = dice.choice([*world.people, None, None])
        world.say(
            person=person,
            account=dice.choice([None, dice.choice(world.accounts)]),
            days_ago=dice.uniform(0, 500),
            source=dice.choice(SOURCES),
            text=f"{dice.randrange(10**9)} words that somebody said about things",
            product=dice.choice([None, product]),
        )
    for piece in world.pieces[: pieces * 3 // 4]:
        # The last need stays without a word.
        for need in dice.sample(world.needs[:-1], dice.randrange(0, 4)):
            start = dice.randrange(0, 10)
            world.quote(piece, need, strength=dice.randrange(4), words=slice(start, start + 8))
    for plan in PLANS:
        rule = {"match": "all", "conditions": [{"field": "plan", "operator": "is", "value": plan}]}
        world.segments.append(
            services.create_segment(workspace=workspace, name=f"Plan {plan}", rule=rule, actor=actor, at=now)
        )
    _disturb(world, dice)
    return world


def _disturb(world: World, dice: random.Random) -> None:
    """Delete, merge and archive, as months of use would."""
    gone, *more = dice.sample(world.pieces[:40], 7)
    records.delete_record(record=gone, actor=world.actor, at=world.now)
    for merged, survivor in zip(more[::2], more[1::2], strict=True):
        records.merge_records(survivor=survivor, merged=merged, actor=world.actor, at=world.now)
    records.delete_record(record=more[1], actor=world.actor, at=world.now)
    records.delete_record(record=world.accounts[3], actor=world.actor, at=world.now)
    records.archive_record(record=world.needs[5], actor=world.actor, at=world.now)
