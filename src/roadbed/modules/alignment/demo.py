"""The demo's team radar: one opened session where two departments stand apart, and one that takes votes."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Member, Workspace
from roadbed.modules.alignment import services
from roadbed.modules.alignment.models import Session
from roadbed.modules.alignment.selectors import results

CRITERIA = (
    services.CriterionDraft(
        "Customer value", 1, 5, "1: nobody would miss it. 5: they would pay for it.", "radar_value"
    ),
    services.CriterionDraft("Risk", 1, 5, "1: we have done it before. 5: nobody here has.", "radar_risk"),
)


def load(*, workspace: Workspace, seed: int, at: datetime) -> None:
    """Hold two sessions over features that are next."""
    chance = random.Random(f"{seed}-alignment")  # noqa: S311 - the same story each time
    members = list(
        Member.objects.filter(workspace=workspace, removed_at__isnull=True)
        .exclude(role="viewer")
        .select_related("user", "department")
        .order_by("pk")
    )
    items = list(
        Record.objects.in_workspace(workspace.pk).filter(kind="feature", prefix="F").order_by("pk")[4:18:2]
    )
    if len(members) < 3 or not items:
        return
    leader = _actor(members[0])
    done = services.create_session(
        workspace=workspace,
        title="What is worth most in the next quarter",
        about="Before we argue: where do we stand apart at all?",
        items=items,
        criteria=CRITERIA,
        actor=leader,
        at=at - timedelta(days=6),
    )
    _vote(done, members, chance, at - timedelta(days=5))
    services.open_votes(session=done, actor=leader, at=at - timedelta(days=4))
    records.add_comment(
        record=done,
        body="Support sees the calls about offline every week, engineering does not. Let us listen to three of them "
        "and vote again.",
        actor=_actor(members[-1]),
        at=at - timedelta(days=3),
    )
    voting = services.create_session(
        workspace=workspace,
        title="How risky is the move to the new maps",
        items=items[:3],
        criteria=CRITERIA[1:],
        actor=leader,
        at=at - timedelta(days=1),
    )
    _vote(voting, members[:2], chance, at - timedelta(hours=5))


def _actor(member: Member) -> Actor:
    return Actor(user_id=member.user_id, name=member.user.display_name, via="demo")


def _vote(session: Session, members: list[Member], chance: random.Random, at: datetime) -> None:
    items, leanings = results.items_of(session), {}
    for item in items:
        for one in session.criteria.all():
            split = chance.random() < 0.3
            leanings[item.pk, one.pk] = (chance.uniform(2, 4.5), chance.uniform(1.2, 2) if split else 0.0)
    for member in members:
        side = 1 if member.department_id and member.department_id % 2 else -1
        values: dict[tuple[int, int], float | None] = {}
        for key, (middle, apart) in leanings.items():
            value = round(chance.gauss(middle + side * apart, 0.5))
            values[key] = float(min(5, max(1, value)))
        services.cast(session=session, member=member, values=values, actor=_actor(member), at=at)
