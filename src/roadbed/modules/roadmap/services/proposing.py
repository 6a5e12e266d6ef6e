"""A better order of the plan, as a branch: each move says why, and is taken over or left like any other change."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from roadbed.core.accounts.actors import Actor
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.roadmap.models import Branch, BranchChange, Feature, Level
from roadbed.modules.roadmap.selectors import plan as plans
from roadbed.modules.roadmap.services import branch_outlooks, branching, reasons, translating
from roadbed.modules.roadmap.services import units as work
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.schedule import plan as engine

if TYPE_CHECKING:
    from roadbed_engines.schedule.proposing import Proposal, Shift

SECONDS = 12.0
FROZEN_DAYS = 7
"""What begins within so many days stays: people count on it."""
LATE_HARD, LATE_SOFT = 10.0, 2.0
"""What a day after a promised date costs, in days of delay of a usual piece of work."""
COLUMNS = ("now", "next", "later", "none")
MOST_MOVES = 300


@dataclass(frozen=True, slots=True)
class Move:
    """A piece of work in another place of the order."""

    unit: work.Unit
    horizon: str
    rank: float


def values_of(forest: work.Forest, units: Sequence[work.Unit]) -> dict[str, float]:
    """Return what a day of delay of each piece costs: the impact of what asks for it, or its part of its feature's."""
    inside: dict[int, int] = {}
    for unit in units:
        for above in forest.above(unit.item):
            inside[above.id] = inside.get(above.id, 0) + 1
    found = {}
    for unit in units:
        worth = next(
            (
                (one.value.impact, inside[one.id])
                for one in forest.above(unit.item)
                if one.value.impact > 0 and one.level != Level.AREA
            ),
            (0.0, 1),
        )
        found[unit.key] = worth[0] / worth[1]
    return found


def valued(
    plan: engine.Plan, *, units: Sequence[work.Unit], values: Mapping[str, float], first: date
) -> engine.Plan:
    """Return the plan with what delay costs; work that nobody asks for still costs a little, so that it goes on."""
    usual = sum(values.values()) / max(1, len(values))
    floor = 0.05 * usual
    by_key = {unit.key: unit for unit in units}
    activities = []
    for one in plan.activities:
        unit = by_key.get(one.key)
        if unit is None or not usual:
            activities.append(one)
            continue
        due = unit.item.due_date
        activities.append(
            replace(
                one,
                value=max(values[one.key], floor),
                due=max(0, (due - first).days + 1) if due is not None else None,
                late=usual * (LATE_HARD if unit.item.is_due_hard else LATE_SOFT) if due is not None else 0.0,
            )
        )
    return replace(plan, activities=tuple(activities))


def _column(forest: work.Forest, unit: work.Unit) -> tuple[str, float]:
    """Return the column a piece of work stands in, by itself or by what it is part of, and its place there."""
    placed = next((one for one in forest.above(unit.item) if one.horizon in work.HORIZONS), None)
    return (placed.horizon, float(placed.rank)) if placed is not None else ("none", float(unit.item.rank))


def moves_of(forest: work.Forest, *, units: Sequence[work.Unit], order: Sequence[str]) -> list[Move]:
    """Return the fewest pieces of work that must move for the order to be this one, and to where.

    Each column keeps as many as it has; what has begun stays in front.
    """
    by_key = {unit.key: unit for unit in units}
    turn = {unit.key: at for at, unit in enumerate(units)}
    wanted = [by_key[key] for key in order if key in by_key and not by_key[key].is_begun]
    here = {unit.key: _column(forest, unit) for unit in wanted}
    room = [column for column in COLUMNS for unit in wanted if here[unit.key][0] == column]
    found: list[Move] = []
    for column in COLUMNS:
        slot = [unit for unit, name in zip(wanted, room, strict=True) if name == column]
        staying = [unit for unit in slot if here[unit.key][0] == column]
        kept = _longest([turn[unit.key] for unit in staying])
        fixed = {unit.key for at, unit in enumerate(staying) if at in kept}
        at = 0
        while at < len(slot):
            if slot[at].key in fixed:
                at += 1
                continue
            end = at
            while end < len(slot) and slot[end].key not in fixed:
                end += 1
            low = here[slot[at - 1].key][1] if at else None
            high = here[slot[end].key][1] if end < len(slot) else None
            for step, unit in enumerate(slot[at:end], start=1):
                found.append(Move(unit, column, _between(low, high, step, end - at)))
            at = end
    return found


def _between(low: float | None, high: float | None, step: int, count: int) -> float:
    if low is None and high is None:
        return float(step * 65_536)
    if low is None:
        assert high is not None  # noqa: S101 - one of the two is there
        return high - (count + 1 - step) * 65_536
    if high is None:
        return low + step * 65_536
    return low + (high - low) * step / (count + 1)


def _longest(numbers: Sequence[int]) -> set[int]:
    """Return the places of a longest ascending part.

    >>> sorted(_longest([3, 1, 2, 5, 4]))
    [1, 2, 4]
    """
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for at, number in enumerate(numbers):
        place = bisect_left(tails, number)
        before.append(ends[place - 1] if place else -1)
        if place == len(tails):
            tails.append(number)
            ends.append(at)
        else:
            tails[place], ends[place] = number, at
    found: set[int] = set()
    here = ends[-1] if ends else -1
    while here >= 0:
        found.add(here)
        here = before[here]
    return found


def _why(shift: Shift | None, *, first: date, names: Mapping[str, str]) -> str:
    if shift is None:
        return "Gives way to what is worth more."
    said = {
        "waits_for": list(shift.reason.waits_for),
        "busy": [names.get(key, key) for key in shift.reason.busy],
        "taken_by": list(shift.reason.taken_by),
        "away": [names.get(key, key) for key in shift.reason.away],
    }
    old, new = (first + timedelta(days=day) for day in (shift.start_before, shift.start_after))
    way = "sooner" if new < old else "later"
    days = abs((new - old).days)
    return f"Starts {new:%-d %b %Y}, {days} day{'' if days == 1 else 's'} {way}. {reasons.why_words(said)}"[
        :300
    ]


FINDERS = {
    "search": "The search found it",
    "solver": "The exact solver found it",
    "both": "The search and the exact solver found it, one going on from the other",
}
PROVEN = 0.0005


def how_good(found: Proposal) -> str:
    """Say who found an order, and how much better another could be."""
    who = FINDERS.get(found.schedule.found_by, "It was found by trying")
    if found.gap is None:
        return f"{who}; how much better another could be is not known."
    if found.gap <= PROVEN:
        return f"{who}, and no order is better: that is proven."
    share = "less than 1" if found.gap < 0.01 else f"{100 * found.gap:.0f}"
    return f"{who}; it costs at most {share}% more than the best possible."


def propose(
    *,
    workspace: Workspace,
    actor: Actor,
    at: datetime,
    seconds: float = SECONDS,
    frozen_days: int = FROZEN_DAYS,
    seed: int = 0,
) -> Branch | None:
    """Look for a better order and set it up as a branch; None where none was found.

    Raises
    ------
    NotEnoughDataError
        If nothing of the plan can be put in time, with what is missing.
    PlanError
        If the plan cannot be put in time at all.
    """
    from roadbed_engines.schedule import proposing

    first = at.date()
    plan = plans.whole_plan(
        workspace_id=workspace.pk, first=first, last=first + timedelta(days=translating.DAYS_AHEAD)
    )
    forest = work.Forest(plan)
    translated = translating.translate(plan, forest=forest, first=first)
    if translated.plan is None:
        missing = translated.refused[0].reason if translated.refused else "has no planned work"
        raise NotEnoughDataError(f"nothing can be put in time: {missing}")
    values = values_of(forest, translated.units)
    found = proposing.propose(
        valued(translated.plan, units=translated.units, values=values, first=first),
        frozen_until=frozen_days,
        seconds=seconds,
        seed=seed,
    )
    moves = moves_of(forest, units=translated.units, order=found.rank)[:MOST_MOVES] if found.shifts else []
    if not moves:
        return None
    return _set_up(
        workspace, moves, found, translated=translated, has_value=any(values.values()), actor=actor, at=at,
        facts={"seconds": seconds, "seed": seed, "frozen_days": frozen_days},
    )  # fmt: skip


def _set_up(
    workspace: Workspace,
    moves: Sequence[Move],
    found: Proposal,
    *,
    translated: translating.Translated,
    has_value: bool,
    actor: Actor,
    at: datetime,
    facts: Mapping[str, float],
) -> Branch:
    saved = f"{100 * found.gain:.0f}%"
    aim = "what waits, weighed by what is behind it" if has_value else "the end of the plan"
    branch = branching.create_branch(
        workspace=workspace,
        title=f"Another order: {saved} less waiting" if has_value else f"Another order: done {saved} sooner",
        description=(
            f"{len(moves)} of {len(translated.units)} pieces of work in another place. "
            f"Looked at {found.schedule.passes:,} orders for {facts['seconds']:g} seconds; it is better by {aim}. "
            f"{how_good(found)} "
            f"What begins within {facts['frozen_days']:g} days stays. Take over what you like; each move says why."
        ),
        origin=Branch.Origin.PROPOSAL,
        facts={
            "cost_before": round(found.cost_before, 2),
            "cost_after": round(found.cost_after, 2),
            "gain": round(found.gain, 4),
            "aim": "value" if has_value else "end",
            "orders": found.schedule.passes,
            "found_by": found.schedule.found_by,
            "gap": None if found.gap is None else round(found.gap, 4),
            **facts,
        },
        actor=actor,
        at=at,
    )
    shifts = {one.key: one for one in found.shifts}
    features = Feature.objects.in_workspace(workspace.pk).in_bulk([one.unit.item.id for one in moves])
    for one in moves:
        feature = features.get(one.unit.item.id)
        if feature is None:
            continue
        wish = branching.Wish(
            BranchChange.Field.PLACE,
            {"horizon": one.horizon, "rank": one.rank},
            why=_why(shifts.get(one.unit.key), first=translated.first, names=translated.pools),
        )
        branching.change_in_branch(
            branch=branch, feature=feature, wishes=[wish], actor=actor, at=at, work_out=False
        )
    branch_outlooks.work_out(branch=branch, at=at)
    return branch
