"""A random graph: circles, feedback within and without, and everything that hangs on it, marked word by word."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from django.test import TestCase
from django.utils import timezone

from roadbed.core.jobs import services as jobs
from roadbed.core.jobs.models import Job, State
from roadbed.core.records import services as records
from roadbed.core.records.models import Record, Relation
from roadbed.core.workspaces import services as workspaces
from roadbed.core.workspaces.models import Circle
from roadbed.modules.insights import services as insights
from roadbed.modules.insights.models import Feedback
from roadbed.modules.portal.models import Board
from roadbed.modules.portal.services import listings, news, remarks, voices
from tests.people import NOW, Someone
from tests.permissions import scene
from tests.portal import factories

LETTERS = "bcdfghjkmnpqrtvwxz"
SHARED = "walled"
"""A word that all private feedback holds, so that a search for it would find every piece."""
WISHES = (
    "the export drops the tariff column and we type it again by hand",
    "drivers should hear of a closed road before they leave the yard",
    "the map is slow once forty runs are on it",
    "invoices need the cost centre of the customer",
    "please let dispatchers swap two runs without calling anybody",
)


@dataclass
class World:
    """The scene of the permission matrix with walls in it, and which word lies behind which."""

    scene: scene.Scene
    random: Random
    circles: list[Circle] = field(default_factory=list)
    markers: dict[str, int] = field(default_factory=dict)
    """Each marked word, with the circle that it is private to."""
    private: list[Feedback] = field(default_factory=list)
    boards: dict[int, Board] = field(default_factory=dict)
    """The private board of each circle."""

    @property
    def insiders(self) -> dict[str, Someone]:
        """Everybody in the workspace, by name."""
        return {name: getattr(self.scene, name) for name in ("ada", "ben", "cleo", "dan")}

    def mark(self, circle: Circle) -> str:
        """Return a word that is nowhere else, and remember who may read it."""
        word = "zq" + "".join(self.random.choices(LETTERS, k=9))
        self.markers[word] = circle.pk
        return word

    def forbidden(self, person: Someone) -> set[str]:
        """The words that a person may read nowhere."""
        own = set(Circle.objects.filter(members=person.member).values_list("pk", flat=True))
        return {word for word, circle_id in self.markers.items() if circle_id not in own}

    def unseen(self, person: Someone) -> list[Feedback]:
        """The pieces that a person may not see."""
        own = set(Circle.objects.filter(members=person.member).values_list("pk", flat=True))
        return [piece for piece in self.private if piece.circle_id not in own]

    def someone_in(self, circle: Circle) -> Someone:
        """A member of a circle who may write."""
        inside = set(circle.members.values_list("pk", flat=True))
        return next(each for each in self.insiders.values() if each.member.pk in inside)

    def targets(self) -> list[Record]:
        """What feedback may back."""
        made = self.scene.made
        return [made["need"], made["second need"], made["feature"]]


def build(seed: int) -> World:
    """Make the scene and a random graph of private and open feedback in it, and run the jobs that follow."""
    world = World(scene=scene.build(), random=Random(seed))  # noqa: S311 - a graph to test with, no secret
    with TestCase.captureOnCommitCallbacks(execute=True):
        people = list(world.insiders.values())
        for name in ("Counsel of the board", "Deal room"):
            # Ben makes, so that each circle can do everything; Dan is in none, so that there is an outsider.
            others = [each for each in people if each is not world.scene.dan and world.random.random() < 0.5]
            inside = [world.scene.ben, *others] if name == "Deal room" else [world.scene.cleo]
            circle = workspaces.make_circle(
                workspace=world.scene.workspace,
                name=name,
                members=[each.member.pk for each in inside],
                actor=world.scene.ada.actor,
                at=NOW,
            )
            world.circles.append(circle)
            world.boards[circle.pk] = factories.open_board(
                world.scene.workspace,
                title=world.mark(circle),
                intro=world.mark(circle),
                audience="private",
                circle=circle,
                guests=world.scene.made["visitor"].email,
            )
            _list_open(world, circle)
        for number in range(6):
            text = f"{world.random.choice(WISHES)}, says customer {number}"
            _hang_open(world, insights.add_feedback(**_said(world, text, world.scene.ben)))
        for circle in world.circles:
            for _ in range(3):
                hide(world, circle)
            hide_on_board(world, circle)
    settle(world)
    return world


def _list_open(world: World, circle: Circle) -> None:
    """An open need may stand on a private board, in words of the board's own."""
    by = world.someone_in(circle)
    listings.put_on_board(
        board=world.boards[circle.pk],
        record=world.scene.made["need"],
        title=world.mark(circle),
        text=world.mark(circle),
        actor=by.actor,
        at=NOW,
    )


def hide_on_board(world: World, circle: Circle) -> None:
    """Say something on a private board: an idea, a vote for it, a remark, news."""
    board, visitor, by = world.boards[circle.pk], world.scene.made["visitor"], world.someone_in(circle)
    words = f"{world.mark(circle)} {SHARED} {world.random.choice(WISHES)}"
    listing = factories.submit(board, words[:110], world.mark(circle), visitor=visitor)
    voices.vote(listing=listing, visitor=visitor, at=NOW)
    remarks.say(listing=listing, body=world.mark(circle), visitor=visitor, at=NOW)
    remarks.say_officially(listing=listing, body=world.mark(circle), actor=by.actor, at=NOW)
    entry = news.write(board=board, title=world.mark(circle), text=world.mark(circle), actor=by.actor, at=NOW)
    news.publish(entry=entry, actor=by.actor, at=NOW)
    world.private.append(Feedback.objects.get(pk=listing.record_id))


def settle(world: World) -> None:
    """Run what waits, so that vectors, themes, mails and figures follow."""
    # The scene's job is one that nobody can run, and a webhook's far end is not there.
    Job.objects.filter(name__in=("tests.nothing", "notify.deliver")).update(state=State.DONE, finished_at=NOW)
    for minutes in range(6):
        with TestCase.captureOnCommitCallbacks(execute=True):
            if minutes == 3:
                jobs.enqueue("insights.themes", workspace_id=world.scene.workspace.pk, key="themes")
            # A job may queue others as it commits, and put itself off until those are done.
            jobs.run_waiting(now=timezone.now() + timedelta(minutes=minutes))


def _said(world: World, text: str, by: Someone) -> dict[str, Any]:
    return {
        "workspace": world.scene.workspace,
        "text": text,
        "said_at": NOW,
        "actor": by.actor,
        "at": NOW,
        "person": world.scene.made["person"],
        "account": world.scene.made["account"],
    }


def _hang_open(world: World, piece: Feedback) -> None:
    if world.random.random() < 0.7:
        _quote(world, piece, world.scene.ben)


def _quote(world: World, piece: Feedback, by: Someone, note: str = "") -> None:
    insights.quote_words(
        feedback=piece,
        target=world.random.choice(world.targets()),
        start=0,
        end=world.random.randint(8, len(piece.text)),
        strength=world.random.randint(0, 3),
        note=note,
        actor=by.actor,
        at=NOW,
    )


def hide(world: World, circle: Circle) -> Feedback:
    """Put a marked piece behind a wall, by one way or the other, and hang marked things on it."""
    by, chance = world.someone_in(circle), world.random
    text = f"{world.mark(circle)} {SHARED} {chance.choice(WISHES)} {world.mark(circle)}"
    facts = {
        **_said(world, text, by),
        "source": world.mark(circle),
        "url": f"https://example.com/{world.mark(circle)}",
        "attributes": {world.mark(circle): world.mark(circle)},
        "external_id": world.mark(circle),
        "external_source": "desk",
    }
    moved = chance.random() < 0.4
    piece = insights.add_feedback(**facts, circle=None if moved else circle)
    if moved:
        # What was open for a while has followers, a history and notices by then.
        records.start_watching(record=piece, member=world.scene.dan.member, at=NOW)
        records.add_comment(record=piece, body=world.mark(circle), actor=by.actor, at=NOW)
    for _ in range(chance.randint(1, 2)):
        _quote(world, piece, by, note=world.mark(circle))
    if moved:
        records.move_to_circle(record=piece, circle=circle, actor=by.actor, at=NOW, actor_circles=[circle.pk])
    records.add_comment(record=piece, body=f"@dan @ada {world.mark(circle)}", actor=by.actor, at=NOW)
    records.set_tags(record=piece, names=[world.mark(circle), "routing"], actor=by.actor, at=NOW)
    records.create_link(
        source=world.scene.made["need"] if chance.random() < 0.5 else world.scene.made["feature"],
        target=piece,
        relation=Relation.RELATES_TO,
        note=world.mark(circle),
        actor=by.actor,
        at=NOW,
    )
    insights.vote(
        person=world.scene.made["person"], target=piece, note=world.mark(circle), actor=by.actor, at=NOW
    )
    match chance.randint(0, 3):
        case 0:
            records.delete_record(record=piece, actor=by.actor, at=NOW)
        case 1:
            twin = insights.add_feedback(
                **_said(world, f"{world.mark(circle)} {SHARED} again", by), circle=circle
            )
            records.merge_records(survivor=piece, merged=twin, actor=by.actor, at=NOW)
            world.private.append(twin)
        case 2:
            insights.skip(feedback=piece, actor=by.actor, at=NOW)
    piece.refresh_from_db()
    world.private.append(piece)
    return piece
