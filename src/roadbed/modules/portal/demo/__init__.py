"""The demo's boards: a public one that customers use, and a private one for design partners."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from roadbed.core.accounts.actors import Actor
from roadbed.core.records.models import Record
from roadbed.core.workspaces import services as workspaces
from roadbed.core.workspaces.models import Member, Product, Workspace
from roadbed.modules.insights import facade as insights
from roadbed.modules.portal.demo import story
from roadbed.modules.portal.models import Audience, Board, Listing, Visitor
from roadbed.modules.portal.services import boards, listings, news, remarks, standings, visitors, voices

VOTERS = 34
OPENED_DAYS = 300


class _Story:
    """What the loader carries from wish to wish."""

    def __init__(self, *, workspace: Workspace, seed: int, at: datetime) -> None:
        self.workspace = workspace
        self.at = at
        self.rng = random.Random(seed + 4)  # noqa: S311 - a story, not a secret
        rows = Member.objects.select_related("user").filter(workspace=workspace, role__in=["owner", "maker"])
        self.members = list(rows.order_by("pk"))
        self.product = Product.objects.filter(workspace=workspace).order_by("pk").first()
        self.visitors = self._visitors()
        self.records = {
            record.title: record
            for record in Record.objects.in_workspace(workspace.pk).filter(kind__in=["feature", "release"])
        }

    def ago(self, days: float) -> datetime:
        """A moment so many days before the demo."""
        return self.at - timedelta(days=days)

    def maker(self) -> Actor:
        """Somebody who makes."""
        member = self.rng.choice(self.members)
        return Actor(user_id=member.user_id, name=member.user.display_name, via="demo")

    def _visitors(self) -> list[Visitor]:
        people = Record.objects.in_workspace(self.workspace.pk).filter(kind="person").order_by("pk")
        known = insights.people_by_id(
            workspace_id=self.workspace.pk, ids=list(people.values_list("pk", flat=True)[:VOTERS])
        )
        return [
            visitors.register(
                workspace=self.workspace,
                email=person.email,
                name=f"{person.name.partition(' ')[0]} {person.name.rpartition(' ')[2][:1]}.",
                at=self.ago(OPENED_DAYS),
            )
            for person in known.values()
            if person.email
        ]

    def open_boards(self) -> tuple[Board, Board]:
        """One board for everybody, one for partners and the people who meet them."""
        public = boards.create_board(
            workspace=self.workspace,
            title="Dispatch ideas",
            slug="ideas",
            intro=story.INTRO,
            allows_anonymous=True,
            accent="#0f6b5c",
            product=self.product,
            actor=self.maker(),
            at=self.ago(OPENED_DAYS),
        )
        circle = workspaces.make_circle(
            workspace=self.workspace,
            name="Design partners",
            description="What partners tell us before anybody else hears of it.",
            members=[member.pk for member in self.members[:3]],
            actor=self.maker(),
            at=self.ago(90),
        )
        private = boards.create_board(
            workspace=self.workspace,
            title="Design partners",
            slug="partners",
            intro="What is said here stays between your company and the few of us who work with you.",
            audience=Audience.PRIVATE,
            circle=circle,
            guests="\n".join(visitor.email for visitor in self.visitors[:6]),
            accent="#7a3e9d",
            shows_roadmap=False,
            shows_changelog=False,
            is_moderated=False,
            product=self.product,
            actor=self.maker(),
            at=self.ago(90),
        )
        return public, private

    def put(self, board: Board, wish: story.Wish) -> Listing:
        """Put a feature on the board, or let a visitor submit the wish."""
        at = self.ago(wish.days)
        record = self.records.get(wish.feature)
        if record is not None:
            return listings.put_on_board(
                board=board, record=record, title=wish.title, text=wish.text, actor=self.maker(), at=at
            )
        listing = listings.submit(
            board=board, title=wish.title, text=wish.text, visitor=self.rng.choice(self.visitors), at=at
        )
        listings.publish(listing=listing, actor=self.maker(), at=at + timedelta(hours=3))
        return listing

    def fill(self, listing: Listing, wish: story.Wish) -> None:
        """Let people vote for it and speak of it, and its makers answer."""
        speakers = self.rng.sample(self.visitors, len(wish.remarks))
        # What is wanted is wanted since: more votes lately than at first.
        for visitor in self.rng.sample(self.visitors, min(wish.votes, len(self.visitors))):
            days = wish.days * self.rng.random() ** 1.6
            voices.vote(listing=listing, visitor=visitor, at=self.ago(days))
        for number in range(wish.nameless):
            voices.vote_as_guest(
                listing=listing, guest=f"{listing.code}-{number}", at=self.ago(wish.days * self.rng.random())
            )
        for visitor, words in zip(speakers, wish.remarks, strict=True):
            days = wish.days * self.rng.random() * 0.8
            said = remarks.say(listing=listing, body=words, visitor=visitor, at=self.ago(days))
            remarks.decide(remark=said, state="published", actor=self.maker(), at=self.ago(days))
        if wish.answer:
            listings.answer(listing=listing, text=wish.answer, actor=self.maker(), at=self.ago(9))
        if wish.standing:
            standings.set_standing(
                listing=listing,
                standing=wish.standing,
                reason=wish.reason,
                actor=self.maker(),
                at=self.ago(4),
            )


def load(*, workspace: Workspace, seed: int, at: datetime) -> None:
    """Open two boards, fill them, and leave something to be read."""
    told = _Story(workspace=workspace, seed=seed, at=at)
    for standing, label, about in story.WORDINGS:
        standings.set_wording(
            workspace=workspace,
            standing=standing,
            label=label,
            about=about,
            actor=told.maker(),
            at=told.ago(290),
        )
    public, private = told.open_boards()
    for wish in story.WISHES:
        told.fill(told.put(public, wish), wish)
    for title, text, days in story.WAITING:
        listings.submit(
            board=public, title=title, text=text, visitor=told.rng.choice(told.visitors), at=told.ago(days)
        )
    first = Listing.objects.filter(board=public).order_by("pk").first()
    if first is not None:
        remarks.say(listing=first, body=story.WAITING_REMARK, visitor=told.visitors[7], at=told.ago(0.5))
    for title, text, days in story.PRIVATE:
        partner = told.rng.choice(told.visitors[:6])
        listings.submit(board=private, title=title, text=text, visitor=partner, at=told.ago(days))
    for release, title, text in story.NEWS:
        record = told.records.get(release)
        entry = news.write(
            board=public, title=title, text=text, record=record, actor=told.maker(), at=told.ago(2)
        )
        days = {"4.0": 299, "4.1": 119}[release]
        news.publish(entry=entry, actor=told.maker(), at=told.ago(days))
