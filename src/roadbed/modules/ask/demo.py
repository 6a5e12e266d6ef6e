"""The demo's questions: some answered by a person, some in the records' own words, one that nobody has found out."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from roadbed.core.accounts.actors import Actor
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Member, Workspace
from roadbed.modules.ask import services


@dataclass(frozen=True, slots=True)
class Story:
    """One question, and what became of it; `cites` are beginnings of titles of records."""

    text: str
    details: str = ""
    days: int = 20
    answer: str = ""
    cites: tuple[str, ...] = ()
    due: int | None = None


STORIES = (
    Story(
        "Why do drivers print the run on paper?",
        "Sales heard it twice this month, and marketing wants to say something about it.",
        days=34,
        answer="Because the phone shows nothing where there is no network: car parks, valleys, warehouses. They "
        "print in the morning to be sure of the order of the stops.",
        cites=("Work where there is no network",),
    ),
    Story(
        "Can a shipper push orders from its own warehouse system?",
        days=21,
        answer="Not in bulk yet: the endpoint takes orders, but it does not say which of a large batch it took. "
        "An answer per row is what they ask for.",
        cites=("Push orders in bulk from our own system",),
    ),
    Story(
        "What do dispatchers do when a road closes during the run?",
        days=16,
        answer="They ring the drivers one by one. Changing a run that has left is what most of them ask for.",
        cites=("Change a run without calling the driver", "Reroute a courier while the run is under way"),
    ),
    Story(
        "Which tachograph models must we read for driving times in Poland?",
        "The hours rule differs by device. Legal cannot say, and no customer has written it down.",
        days=9,
        due=-2,
    ),
    Story(
        "How do recipients with no mobile phone learn the new time?",
        "Nothing that customers wrote speaks of landlines.",
        days=4,
        due=10,
    ),
)


def load(*, workspace: Workspace, seed: int, at: datetime) -> None:
    """Write the questions, their answers and whom they helped."""
    rng = random.Random(seed)  # noqa: S311 - which colleague asks is no secret
    members = list(
        Member.objects.filter(workspace=workspace, removed_at__isnull=True)
        .select_related("user")
        .order_by("pk")
    )
    for story in STORIES:
        asker, finder = rng.sample(members, 2) if len(members) > 1 else (members[0], members[0])
        asked = at - timedelta(days=story.days)
        due = timezone.localdate(at) + timedelta(days=story.due) if story.due is not None else None
        question = services.ask_people(
            workspace=workspace,
            text=story.text,
            details=story.details,
            owner=finder,
            due_date=due,
            actor=_actor(asker),
            at=asked,
        )
        if not story.answer:
            continue
        rows = Record.objects.in_workspace(workspace.pk)
        found = [rows.filter(title__startswith=title).order_by("pk").first() for title in story.cites]
        services.answer_question(
            question=question,
            answer=story.answer,
            by=finder,
            sources=[services.Source(record=record) for record in found if record is not None],
            actor=_actor(finder),
            at=asked + timedelta(days=2),
        )
        services.rate_answer(
            question=question,
            member=asker,
            is_helpful=True,
            actor=_actor(asker),
            at=asked + timedelta(days=3),
        )


def _actor(member: Member) -> Actor:
    return Actor(user_id=member.user_id, name=member.user.display_name, via="demo")
