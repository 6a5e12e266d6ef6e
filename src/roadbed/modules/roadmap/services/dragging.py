"""Moving work along the days, or in the order: what else moves is told by one decode, before and after."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.roadmap.models import Branch, BranchChange, Deed, Feature, Horizon
from roadbed.modules.roadmap.selectors import branches as reading
from roadbed.modules.roadmap.selectors import plan as plans
from roadbed.modules.roadmap.services import branch_outlooks, branching, bulk, features, overlays, translating
from roadbed.modules.roadmap.services import units as work
from roadbed_engines.schedule import plan as engine

Field = BranchChange.Field


@dataclass(frozen=True, slots=True)
class Grip:
    """What somebody moved: to start no earlier than a day (None: whenever it may), or before or behind another."""

    feature: Feature
    has_day: bool = False
    day: date | None = None
    before: Feature | None = None
    after: Feature | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did: by how many days each start and finish moves, and how long the decoder took for it."""

    shifts: Mapping[int, tuple[int, int]]
    milliseconds: float
    deed: Deed | None = None
    problem: str = ""


def _decoded(plan: plans.WholePlan, *, first: date) -> tuple[dict[int, tuple[int, int]], float]:
    """Put a plan in time once; return start and finish by item, and how long the decoder alone took."""
    from roadbed_engines.schedule import solving
    from roadbed_engines.schedule.decoder import Room

    translated = translating.translate(plan, forest=work.Forest(plan), first=first)
    if translated.plan is None:
        return {}, 0.0
    engine.check(translated.plan)
    problem, _ = solving.decode(translated.plan)
    room = Room(problem.arrays)
    began = time.perf_counter()
    room.decode(problem.arrays, problem.order, problem.duration)
    took = 1_000 * (time.perf_counter() - began)
    place = {activity.key: at for at, activity in enumerate(translated.plan.activities)}
    starts, finishes = room.start.tolist(), room.finish.tolist()
    return (
        {unit.item.id: (starts[place[unit.key]], finishes[place[unit.key]]) for unit in translated.units},
        took,
    )


def _laid(plan: plans.WholePlan, changes: Sequence[BranchChange]) -> plans.WholePlan:
    return overlays.overlay(plan, changes) if changes else plan


def _wishes(grip: Grip) -> list[branching.Wish]:
    found = []
    if grip.has_day:
        found.append(branching.Wish(Field.NOT_BEFORE, grip.day))
    anchor = grip.before or grip.after
    if anchor is not None:
        found.append(
            branching.Wish(
                Field.PLACE, {"horizon": anchor.horizon, "before": grip.before, "after": grip.after}
            )
        )
    if not found:
        raise ValidationError("Say where it is to be moved.")
    return found


@transaction.atomic
def move(*, workspace: Workspace, grip: Grip, branch: Branch | None, actor: Actor, at: datetime) -> Moved:
    """Move work, in the plan or in a branch, and tell what else moves with it.

    Parameters
    ----------
    branch : Branch, optional
        Where it is moved; without one, in the plan, as a deed that can be undone.

    Raises
    ------
    ValidationError
        As the plan or the branch refuses it.
    """
    first = at.date()
    last = first + timedelta(days=translating.DAYS_AHEAD)
    plan = plans.whole_plan(workspace_id=workspace.pk, first=first, last=last)
    held = reading.changes_of(branch) if branch is not None else []
    before, _ = _tried(_laid(plan, held), first=first)
    deed: Deed | None = None
    if branch is not None:
        branching.change_in_branch(
            branch=branch, feature=grip.feature, wishes=_wishes(grip), actor=actor, at=at, work_out=False
        )
        moved = _laid(plan, reading.changes_of(branch))
    else:
        deed = _in_the_plan(grip, actor=actor, at=at)
        moved = _refreshed(plan, grip.feature)
    after, problem = _tried(moved, first=first)
    shifts = {
        pk: (after[0][pk][0] - old[0], after[0][pk][1] - old[1])
        for pk, old in before[0].items()
        if pk in after[0] and after[0][pk] != old
    }
    return Moved(shifts, after[1], deed, problem)


def _tried(plan: plans.WholePlan, *, first: date) -> tuple[tuple[dict[int, tuple[int, int]], float], str]:
    try:
        return _decoded(plan, first=first), ""
    except engine.PlanError as error:
        return ({}, 0.0), str(error)


def _in_the_plan(grip: Grip, *, actor: Actor, at: datetime) -> Deed | None:
    deed = None
    if grip.has_day:
        deed = bulk.change_feature(feature=grip.feature, changes={"not_before": grip.day}, actor=actor, at=at)
    anchor = grip.before or grip.after
    if anchor is not None:
        deed = features.place_feature(
            feature=grip.feature,
            horizon=Horizon(anchor.horizon),
            before=grip.before,
            after=grip.after,
            actor=actor,
            at=at,
        )
    elif not grip.has_day:
        raise ValidationError("Say where it is to be moved.")
    return deed


def _refreshed(plan: plans.WholePlan, feature: Feature) -> plans.WholePlan:
    """Return the plan with the feature as it stands now; nothing else has changed."""
    values: dict[str, Any] = (
        Feature.objects.filter(pk=feature.pk).values("not_before", "horizon", "rank").get()
    )
    items = tuple(replace(one, **values) if one.id == feature.pk else one for one in plan.items)
    return replace(plan, items=items)


def work_out(*, branch: Branch, at: datetime) -> None:
    """Work out P50 and P85 of a branch after a move."""
    branch_outlooks.work_out(branch=branch, at=at)
