"""Random graphs behind every door: no marked word, and no figure that moves, reaches whoever may not see it.

Each database tries a graph of its own; `ROADBED_PRIVACY_SEEDS` sets how many it tries instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import TestCase

from roadbed.core.notify.models import Delivery, Notice
from roadbed.core.records import services as records
from roadbed.modules.insights import services as insights
from tests.people import NOW
from tests.privacy import doors
from tests.privacy import world as worlds
from tests.privacy.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ASKED = os.environ.get("ROADBED_PRIVACY_SEEDS", "")
SEEDS = range(int(ASKED)) if ASKED else [0 if connection.vendor == "sqlite" else 1]


@pytest.fixture(scope="module", params=SEEDS)
def world(request: Any, django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """One graph for all tests; what they change is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield worlds.build(request.param)
        transaction.set_rollback(True)


EVERYBODY = ["ada", "ben", "cleo", "dan"] if connection.vendor == "sqlite" else ["ben", "dan"]
"""Ben is in a circle, and Dan in none; who sees what is decided alike on both databases."""


class TestEveryDoor:
    @pytest.mark.parametrize("who", EVERYBODY)
    def test_shows_nobody_a_word_from_behind_a_wall(self, world: World, who: str) -> None:
        person = world.insiders[who]
        forbidden = world.forbidden(person)
        leaks, broken = [], []
        for path in dict.fromkeys(doors.addresses(world, person)):
            status, body = doors.read(person, path)
            if status >= 500:
                broken.append((status, path))
            seen = sorted(word for word in forbidden if word in body and word not in path)
            if seen:
                leaks.append((path, seen))
        assert not leaks, "\n".join(f"{path}: {', '.join(words)}" for path, words in leaks)
        assert not broken, "\n".join(f"{path}: {status}" for status, path in broken)

    def test_shows_a_circle_what_is_its_own(self, world: World) -> None:
        circle = world.circles[0]
        person = world.someone_in(circle)
        body = "".join(
            doors.read(person, path)[1]
            for path in (
                f"{person.base}insights/feedback/",
                f"{person.base}search/?q={worlds.SHARED}",
                f"{person.base}export/feedback/?as=csv",
            )
        )
        alive = [piece for piece in world.private if piece.circle_id == circle.pk and not piece.is_deleted]
        assert alive
        assert all(piece.text.split()[0] in body for piece in alive)

    def test_mails_and_webhooks_carry_none_of_it(self, world: World) -> None:
        for message in mail.outbox:
            person = next((each for each in world.insiders.values() if each.user.email in message.to), None)
            words = world.forbidden(person) if person else set(world.markers)
            assert not [word for word in words if word in f"{message.subject} {message.body}"]
        sent = " ".join(Delivery.objects.values_list("body", flat=True))
        told_while_open = {word for word in world.markers if word in sent}
        assert all(
            Notice.objects.filter(member=person.member, text__contains=word).count() == 0
            for person in world.insiders.values()
            for word in world.forbidden(person) - told_while_open
        )


STILL = (
    "/jobs/",
    "/api/v1/northwind/jobs",
    "settings/activity/verify/",
    "settings/activity/export/",
    "/api/v1/northwind/activity",
)
"""Places that count the workspace's work, whoever it was for: how many jobs ran, the numbers of deeds in the chain."""


class TestFigures:
    def test_do_not_move_when_somebody_speaks_behind_a_wall(self, world: World) -> None:
        person, circle = world.scene.ada, world.circles[0]
        assert not circle.members.filter(pk=person.member.pk).exists()
        paths = [
            path
            for path in dict.fromkeys(doors.addresses(world, person))
            if not any(place in path for place in STILL)
        ]

        def look(spoken: int) -> dict[str, str]:
            """Open every door after so much was said, and take it back."""
            known = list(world.private), dict(world.markers)
            with transaction.atomic():
                with TestCase.captureOnCommitCallbacks(execute=True):
                    for _ in range(spoken):
                        worlds.hide(world, circle)
                        worlds.hide_on_board(world, circle)
                worlds.settle(world)
                found = {path: doors.plain(doors.read(person, path)[1]) for path in paths}
                transaction.set_rollback(True)
            world.private, world.markers = known
            return found

        before, after = look(0), look(4)
        moved = [
            f"{path}\n{_first_difference(before[path], after[path])}"
            for path in paths
            if before[path] != after[path]
        ]
        assert not moved, "\n".join(moved)


class TestWhatWasOpen:
    def test_leaves_themes_alerts_and_neighbours_when_it_becomes_private(self, world: World) -> None:
        """Words that were in a theme, a suggestion and a duplicate are in none once they are walled in."""
        circle, ada = world.circles[0], world.scene.ada
        by = world.someone_in(circle)
        with transaction.atomic():
            known = list(world.private), dict(world.markers)
            word = world.mark(circle)
            said = [
                insights.add_feedback(
                    workspace=world.scene.workspace,
                    text=f"The {word} gauge of the {word} shows nothing, and the {word} stops {number}",
                    said_at=NOW,
                    actor=by.actor,
                    at=NOW,
                )
                for number in range(12)
            ]
            with TestCase.captureOnCommitCallbacks(execute=True):
                worlds.settle(world)
            paths = list(dict.fromkeys(doors.addresses(world, ada)))
            open_ = [path for path in paths if word in doors.read(ada, path)[1]]
            assert open_, "it was open, so that it can be seen to go"
            with TestCase.captureOnCommitCallbacks(execute=True):
                for piece in said:
                    records.move_to_circle(
                        record=piece, circle=circle, actor=by.actor, at=NOW, actor_circles=[circle.pk]
                    )
            at_once = [path for path in open_ if word in doors.read(ada, path)[1]]
            worlds.settle(world)
            after = [path for path in open_ if word in doors.read(ada, path)[1]]
            transaction.set_rollback(True)
        world.private, world.markers = known
        assert not after, "\n".join(after)
        assert not at_once, "\n".join(at_once)


def _first_difference(one: str, two: str) -> str:
    place = next((at for at, pair in enumerate(zip(one, two, strict=False)) if pair[0] != pair[1]), 0)
    return f"   {one[max(0, place - 60) : place + 60]!r}\n   {two[max(0, place - 60) : place + 60]!r}"
