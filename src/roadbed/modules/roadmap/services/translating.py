"""The plan in the words of the engine: pools of people by the day, work by its days, waits. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from roadbed.modules.roadmap.selectors import capacity
from roadbed.modules.roadmap.selectors.plan import PlanEffort, WholePlan
from roadbed.modules.roadmap.services import units as work
from roadbed_engines.schedule import plan as engine
from roadbed_engines.schedule import uncertainty as unsure

DAYS_AHEAD = 1_096
"""So far are calendars read; after it each week is as the last ones were, without holidays."""
DAYS_A_PERSON = 20.0
"""One person works on a piece, one more for each so many person-days, never more than half of the team."""
SMALLEST_PART = 0.05
LEAST_LEFT = 0.25
"""Of what has begun, at least so many person-days are left while it is not done."""
FAR = 200_000
Z90 = 1.2815515655446004
TIES = {
    "fs": engine.Relation.FINISH_START,
    "ss": engine.Relation.START_START,
    "ff": engine.Relation.FINISH_FINISH,
}


@dataclass(frozen=True, slots=True)
class Doing:
    """How a piece of work is done: person-days left (P10, P50, P90), people on it, person-days a day of each."""

    left: tuple[float, float, float]
    people: float
    pace: float

    @property
    def days(self) -> float:
        """Working days in the middle."""
        return self.left[1] / (self.people * self.pace)


@dataclass(frozen=True, slots=True)
class Translated:
    """A plan that the engine can put in time, and the way back."""

    first: date
    plan: engine.Plan | None
    """None where no work is left that could be put in time."""
    uncertainty: unsure.Uncertainty
    units: tuple[work.Unit, ...]
    doing: Mapping[str, Doing]
    refused: tuple[work.Refusal, ...]
    aside: int
    pools: Mapping[str, str]
    """What people call each pool."""
    daily: Mapping[int, NDArray[np.float64]] = field(default_factory=dict)
    """Of each team, person-days of planned work by the day."""


@dataclass(slots=True)
class _Pools:
    found: list[engine.Pool] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    most: dict[str, float] = field(default_factory=dict)
    pace: dict[int, float] = field(default_factory=dict)
    daily: dict[int, NDArray[np.float64]] = field(default_factory=dict)


def translate(plan: WholePlan, *, forest: work.Forest, first: date) -> Translated:
    """Return the plan as the engine takes it.

    Parameters
    ----------
    first : date
        Day 0. Work begins on it at the earliest.
    """
    found = work.sort_out(forest)
    wanted = {unit.team_id for unit in found.units}
    pools = _Pools()
    for team in plan.teams:
        if team.team_id in wanted:
            _add_team(pools, team, plan.skills, first)
    refused = {one.id: one for one in found.refused}
    doing: dict[str, Doing] = {}
    fit: list[work.Unit] = []
    for unit in found.units:
        how = _doing(unit, pools, plan.skills, first)
        if isinstance(how, work.Refusal):
            refused[unit.item.id] = how
        else:
            doing[unit.key] = how
            fit.append(unit)
    if len(fit) < len(found.units):
        found = work.without_the_stuck(forest, fit, refused, aside=found.aside)
    activities = [_activity(unit, doing[unit.key], pools, first) for unit in found.units]
    estimates = {unit.key: _estimate(doing[unit.key], unit) for unit in found.units}
    ties, milestones = _ties(plan, forest, found.units, first, estimates)
    activities += milestones
    risks = _risks(plan, forest, found.units, doing)
    return Translated(
        first=first,
        plan=engine.Plan(activities=tuple(activities), pools=tuple(pools.found), dependencies=tuple(ties))
        if found.units
        else None,
        uncertainty=unsure.Uncertainty(estimates=estimates, risks=risks),
        units=found.units,
        doing=doing,
        refused=found.refused,
        aside=found.aside,
        pools=pools.names,
        daily=pools.daily,
    )


# -- who is there ----------------------------------------------------------------------------------


def _add_team(pools: _Pools, team: capacity.TeamCapacity, skills: Mapping[int, str], first: date) -> None:
    there = capacity.capacity_of(team=team, first=first, days=DAYS_AHEAD)
    pace = team.focus * (1 - team.reserve)
    pools.pace[team.team_id] = pace
    pools.daily[team.team_id] = there.total
    _add_pool(pools, f"team:{team.team_id}", team.name, there.total / pace)
    for skill, days in there.skills.items():
        name = f"{skills.get(skill, 'a skill')} in {team.name}"
        _add_pool(pools, f"skill:{team.team_id}:{skill}", name, days / pace)
    if team.wip_limit:
        key = f"limit:{team.team_id}"
        pools.found.append(engine.Pool(key=key, capacity=team.wip_limit, is_limit=True))
        pools.names[key] = f"{team.name}’s limit of {team.wip_limit} at once"
        pools.most[key] = team.wip_limit


def _add_pool(pools: _Pools, key: str, name: str, days: NDArray[np.float64]) -> None:
    """Add people by the day: the most there are, the usual week, and every stretch that falls short of it."""
    days = np.floor(days * 100 + 1e-6) / 100
    most = float(days.max()) if len(days) else 0.0
    pools.most[key] = most
    pools.names[key] = name
    if most <= 0:
        return
    week = [float(days[at::7].max()) / most for at in range(7)]
    usual = np.resize(np.array(week) * most, len(days))
    lack = np.round(usual - days, 4)
    edges = np.flatnonzero(np.diff(lack)) + 1
    begins, ends = [0, *edges.tolist()], [*edges.tolist(), len(lack)]
    absences = [
        engine.Absence(first=begin, until=end, amount=float(lack[begin]))
        for begin, end in zip(begins, ends, strict=True)
        if lack[begin] > 1e-6
    ]
    last = float(days[-28:].max())
    if last < most:
        absences.append(engine.Absence(first=len(days), until=FAR, amount=most - last))
    pools.found.append(engine.Pool(key=key, capacity=most, week=tuple(week), absences=tuple(absences)))


# -- what is to be done ----------------------------------------------------------------------------


def _doing(unit: work.Unit, pools: _Pools, skills: Mapping[int, str], first: date) -> Doing | work.Refusal:
    """Return how a piece of work is done, or why nobody can do it."""

    def refuse(what: str, reason: str) -> work.Refusal:
        return work.Refusal(unit.item.id, unit.key, what, reason)

    team = f"team:{unit.team_id}"
    most = pools.most[team]
    if most < SMALLEST_PART:
        return refuse("capacity", f"is {pools.names[team]}’s, which has nobody there in the next three years")
    people = min(1 + math.floor(unit.effort.p50 / DAYS_A_PERSON), max(1, math.floor(most / 2)))
    amount = min(float(people), most)
    for skill, share in unit.item.skills:
        there = pools.most.get(f"skill:{unit.team_id}:{skill}", 0.0)
        if there < SMALLEST_PART:
            name = skills.get(skill, "a skill")
            return refuse("skill", f"needs {name}, which nobody in {pools.names[team]} has")
        amount = min(amount, there / share)
    amount = math.floor(amount * 100 + 1e-6) / 100
    if amount < SMALLEST_PART:
        return refuse("capacity", f"is {pools.names[team]}’s, which has too little capacity for it")
    pace = pools.pace[unit.team_id]
    left = (unit.effort.p10, unit.effort.p50, unit.effort.p90)
    if unit.is_begun and unit.item.started_at is not None:
        begun = unit.item.started_at.date()
        worked = int(np.busday_count(begun, first)) if begun < first else 0
        left = left_of(unit.effort, done=worked * amount * pace)
    return Doing(left, amount, pace)


def left_of(effort: PlanEffort, *, done: float) -> tuple[float, float, float]:
    """Return the person-days that are left of something that is not done after so many: P10, P50, P90.

    The estimate as it is once all the futures are gone in which it would be done by now.
    """
    sigma = math.log(effort.p90 / effort.p10) / (2 * Z90) if effort.p90 > effort.p10 else 0.0
    if done <= 0:
        return (effort.p10, effort.p50, effort.p90)
    if sigma == 0:
        rest = max(effort.p50 - done, LEAST_LEFT)
        return (rest, rest, rest)
    spread = NormalDist(math.log(effort.p50), sigma)
    gone = min(spread.cdf(math.log(done)), 1 - 1e-9)
    low, middle, high = (
        max(math.exp(spread.inv_cdf(min(gone + (1 - gone) * level, 1 - 1e-12))) - done, LEAST_LEFT)
        for level in (0.1, 0.5, 0.9)
    )
    return (low, middle, high)


def _estimate(how: Doing, unit: work.Unit) -> unsure.Estimate:
    low, _, high = how.left
    return unsure.Estimate(
        median=how.days,
        sigma=math.log(high / low) / (2 * Z90) if high > low else 0.0,
        factors=(f"team:{unit.team_id}",),
    )


def _activity(unit: work.Unit, how: Doing, pools: _Pools, first: date) -> engine.Activity:
    needs = {f"team:{unit.team_id}": how.people}
    for skill, share in unit.item.skills:
        needs[f"skill:{unit.team_id}:{skill}"] = math.floor(how.people * share * 100 + 1e-6) / 100
    if f"limit:{unit.team_id}" in pools.most:
        needs[f"limit:{unit.team_id}"] = 1
    earliest = (unit.item.not_before - first).days if unit.item.not_before and not unit.is_begun else 0
    return engine.Activity(
        key=unit.key,
        modes=(engine.Mode(duration=max(1, math.ceil(how.days - 0.01)), needs=needs),),
        earliest=max(0, earliest),
        name=unit.item.title,
    )


# -- what waits for what ---------------------------------------------------------------------------


def _ties(
    plan: WholePlan,
    forest: work.Forest,
    units: tuple[work.Unit, ...],
    first: date,
    estimates: dict[str, unsure.Estimate],
) -> tuple[list[engine.Dependency], list[engine.Activity]]:
    """Return the waits between pieces of work; of several pieces together, their end is a milestone.

    Where one of several begins, the first in rank stands for all; where several end, the last in rank does.
    """
    inside: dict[int, list[str]] = {}
    for unit in units:
        for above in forest.above(unit.item):
            inside.setdefault(above.id, []).append(unit.key)
    outside = {one.id: one for one in plan.externals if one.delivered is None}
    ties: dict[tuple[str, str, engine.Relation], int] = {}
    made: dict[str, engine.Activity] = {}

    def tie(before: str, after: str, relation: engine.Relation, lag: int) -> None:
        if before != after:
            known = ties.get((before, after, relation))
            ties[before, after, relation] = lag if known is None else max(known, lag)

    def end_of(node: int) -> str:
        pieces = inside[node]
        if len(pieces) == 1:
            return pieces[0]
        key = f"{forest.items[node].key} as a whole"
        if key not in made:
            made[key] = engine.Activity(key=key, modes=(engine.Mode(duration=0),))
            for piece in pieces:
                tie(piece, key, engine.Relation.FINISH_START, 0)
        return key

    for one in plan.dependencies:
        after = inside.get(one.item_id)
        if not after:
            continue
        relation = TIES[one.tie]
        lag = round(one.lag * 7 / 5)
        if one.external_id is not None:
            owed = outside.get(one.external_id)
            if owed is None:
                continue
            low, high = (max(1, (day - first).days) for day in (owed.earliest, owed.latest))
            middle = math.sqrt(low * high)
            made[owed.key] = engine.Activity(
                key=owed.key, modes=(engine.Mode(duration=max(1, round(middle))),), name=owed.title
            )
            estimates[owed.key] = unsure.Estimate(median=middle, sigma=math.log(high / low) / (2 * Z90))
            for key in after:
                tie(owed.key, key, engine.Relation.FINISH_START, lag)
        elif one.on_id in inside:
            pieces = inside[one.on_id]
            if relation == engine.Relation.FINISH_START:
                for key in after:
                    tie(end_of(one.on_id), key, relation, lag)
            elif relation == engine.Relation.START_START:
                for key in after:
                    tie(pieces[0], key, relation, lag)
            else:
                tie(end_of(one.on_id), after[-1], relation, lag)
    found = [
        engine.Dependency(before=before, after=after, relation=relation, lag=lag)
        for (before, after, relation), lag in ties.items()
    ]
    return found, list(made.values())


def _risks(
    plan: WholePlan, forest: work.Forest, units: tuple[work.Unit, ...], doing: Mapping[str, Doing]
) -> tuple[unsure.Risk, ...]:
    """Return the risks; their person-days are days of those who work on what they hit."""
    found = []
    for one in plan.risks:
        hit = [unit.key for unit in units if any(above.id in one.hits for above in forest.above(unit.item))]
        if not hit:
            continue
        a_day = sum(doing[key].people * doing[key].pace for key in hit) / len(hit)
        found.append(
            unsure.Risk(
                key=one.key,
                probability=one.probability,
                low=one.low / a_day,
                likely=one.likely / a_day,
                high=one.high / a_day,
                activities=tuple(hit),
            )
        )
    return tuple(found)


def week_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())
