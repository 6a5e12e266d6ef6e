"""A plan to be put in time: activities, what they need, what they wait for, and who is there when.

Time is counted in days from 0, the first day that is planned; a caller that has dates keeps the map. An activity
that starts on day 3 and finishes at 5 works on days 3 and 4: finishes are the first day after.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

DAYS_OF_A_WEEK = 7
CYCLE_SHOWN = 20
MOST_UNITS = 1e6
"""No pool has more, and nothing needs more: what lies beyond is a slip of the pen."""
MOST_DAYS = 200_000
MOST_VALUE = 1e12


class PlanError(ValueError):
    """The plan contradicts itself. The message says for a person what is wrong and where."""


class Relation(StrEnum):
    """What of the later activity waits for what of the earlier one."""

    FINISH_START = "FS"
    START_START = "SS"
    FINISH_FINISH = "FF"
    START_FINISH = "SF"


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Capacity that is missing from day `first` until the day before `until`; all of it where `amount` is None."""

    first: int
    until: int
    amount: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """What activities take a part of: a team's people of one skill, or the number of things it may have open.

    Attributes
    ----------
    capacity : float
        Units on an ordinary day, such as people.
    week : tuple of float, optional
        The share of the capacity that is there on each day of a week whose first day is day 0: (1, 1, 1, 1, 1, 0, 0).
    absences : tuple of Absence
        Holidays, leave, other duties.
    is_limit : bool
        A limit of work in progress: it has no calendar, and an activity holds its part from start to finish, over
        free days too.
    """

    key: str
    capacity: float
    week: tuple[float, ...] = ()
    absences: tuple[Absence, ...] = ()
    is_limit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """One way of doing an activity: so many working days, with so many units of each pool on each of them."""

    duration: int
    needs: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Something to be done in one go, in one of its modes.

    Attributes
    ----------
    earliest : int
        The first day on which it may start.
    fixed : int, optional
        The day on which it starts whatever else happens: it has begun, or somebody has promised it. It keeps that day
        even where its pools have no room.
    value : float
        What each day of delay of its finish costs. A milestone (duration 0) after several activities carries
        the value of all of them together.
    due : int, optional
        The promised finish.
    late : float
        What each day after the promised finish costs, besides.
    pauses : bool
        Whether it rests over days on which its pools are not there, and goes on after. It never rests for the
        sake of other work.
    """

    key: str
    modes: tuple[Mode, ...]
    earliest: int = 0
    fixed: int | None = None
    value: float = 0.0
    due: int | None = None
    late: float = 0.0
    pauses: bool = True
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """`after` waits for `before`, and `lag` days longer; a negative lag lets them overlap."""

    before: str
    after: str
    relation: Relation = Relation.FINISH_START
    lag: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Activities in the order of their rank: where two compete, the first goes first."""

    activities: tuple[Activity, ...]
    pools: tuple[Pool, ...] = ()
    dependencies: tuple[Dependency, ...] = ()


def check(plan: Plan) -> None:
    """Refuse a plan that cannot be meant.

    Raises
    ------
    PlanError
        On a cycle (its members are named), a name that is nobody's, a pool that is never there, a demand above what its
        pool has, or a negative number.

    Examples
    --------
    >>> one, two = (Activity(key=key, modes=(Mode(duration=2),)) for key in ("F-1", "F-2"))
    >>> back = (Dependency(before="F-1", after="F-2"), Dependency(before="F-2", after="F-1"))
    >>> check(Plan(activities=(one, two), dependencies=back))
    Traceback (most recent call last):
    roadbed_engines.schedule.plan.PlanError: F-1 waits for itself: F-1 → F-2 → F-1
    """
    if not plan.activities:
        raise PlanError("the plan has no activities")
    _check_names([pool.key for pool in plan.pools], "pools")
    _check_names([activity.key for activity in plan.activities], "activities")
    most = {pool.key: _most(pool) for pool in plan.pools}
    for activity in plan.activities:
        _check_activity(activity, most)
    known = {activity.key for activity in plan.activities}
    for dependency in plan.dependencies:
        for key in (dependency.before, dependency.after):
            if key not in known:
                raise PlanError(f"a dependency names {key}, which is no activity of the plan")
        if abs(dependency.lag) > MOST_DAYS:
            raise PlanError(
                f"{dependency.after} waits {dependency.lag} days longer than {dependency.before}; "
                f"plans reach {MOST_DAYS:,} days"
            )
    check_cycles(plan)


def _check_names(keys: Sequence[str], what: str) -> None:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise PlanError(f"two {what} are called {key}")
        seen.add(key)


def _most(pool: Pool) -> float:
    """Return the most that a pool has on any day."""
    if not math.isfinite(pool.capacity) or pool.capacity < 0:
        raise PlanError(f"{pool.key} has a capacity of {pool.capacity:g}; it must be 0 or more")
    if pool.capacity > MOST_UNITS:
        raise PlanError(f"{pool.key} has a capacity of {pool.capacity:g}; {MOST_UNITS:,.0f} is the most")
    if pool.week and (len(pool.week) != DAYS_OF_A_WEEK or not all(0 <= share <= 1 for share in pool.week)):
        raise PlanError(f"the week of {pool.key} must be seven shares between 0 and 1")
    for absence in pool.absences:
        if absence.until < absence.first:
            raise PlanError(f"an absence of {pool.key} ends on day {absence.until}, before it begins")
        if absence.amount is not None and not 0 <= absence.amount < math.inf:
            raise PlanError(f"an absence of {pool.key} takes {absence.amount:g} away; it must be 0 or more")
    return pool.capacity * max(pool.week, default=1.0)


def _check_activity(activity: Activity, most: Mapping[str, float]) -> None:
    key = activity.key
    if not activity.modes:
        raise PlanError(f"{key} has no mode: nobody could do it")
    if not (math.isfinite(activity.value) and math.isfinite(activity.late) and activity.late >= 0):
        raise PlanError(f"the value of {key}, and what a late day of it costs, must be numbers")
    if max(abs(activity.value), activity.late) > MOST_VALUE:
        raise PlanError(f"a day of {key} costs more than {MOST_VALUE:,.0f}: count in larger units")
    if activity.due is not None and abs(activity.due) > MOST_DAYS:
        raise PlanError(f"{key} is due on day {activity.due}; plans reach {MOST_DAYS:,} days")
    for what, day in (("earliest start", activity.earliest), ("fixed start", activity.fixed)):
        if day is not None and day < 0:
            raise PlanError(f"the {what} of {key} is day {day}; days count from 0")
        if day is not None and day > MOST_DAYS:
            raise PlanError(f"the {what} of {key} is day {day}; plans reach {MOST_DAYS:,} days")
    for mode in activity.modes:
        if mode.duration > MOST_DAYS:
            raise PlanError(f"{key} takes {mode.duration} days; plans reach {MOST_DAYS:,}")
        if mode.duration < 0:
            raise PlanError(f"{key} takes {mode.duration} days; a duration cannot be negative")
        for pool, amount in mode.needs.items():
            if pool not in most:
                raise PlanError(f"{key} needs {pool}, which is no pool of the plan")
            if not math.isfinite(amount) or amount < 0:
                raise PlanError(f"{key} needs {amount:g} of {pool}; it must be 0 or more")
            if amount > MOST_UNITS:
                raise PlanError(f"{key} needs {amount:g} of {pool}; {MOST_UNITS:,.0f} is the most")
    if activity.fixed is not None:
        return
    lacking = [_lack(mode, most) for mode in activity.modes]
    if all(lacking):
        pool, amount = next(found for found in lacking if found)
        if most[pool] <= 0:
            raise PlanError(f"{key} needs {amount:g} of {pool}, whose capacity is zero")
        raise PlanError(f"{key} needs {amount:g} of {pool}, which never has more than {most[pool]:g}")


def _lack(mode: Mode, most: Mapping[str, float]) -> tuple[str, float] | None:
    if mode.duration == 0:
        return None
    for pool, amount in mode.needs.items():
        if amount > most[pool] + 1e-9:
            return pool, amount
    return None


def check_cycles(plan: Plan) -> None:
    """Refuse dependencies that run in a circle, and name its members.

    Raises
    ------
    PlanError
        With the keys along the circle.
    """
    after: dict[str, list[str]] = {activity.key: [] for activity in plan.activities}
    waiting = dict.fromkeys(after, 0)
    for dependency in plan.dependencies:
        after[dependency.before].append(dependency.after)
        waiting[dependency.after] += 1
    ready = [key for key, count in waiting.items() if not count]
    while ready:
        for key in after[ready.pop()]:
            waiting[key] -= 1
            if not waiting[key]:
                ready.append(key)
    left = {key for key, count in waiting.items() if count}
    if not left:
        return
    # Whoever is left waits for somebody who is left: going backwards must come round.
    before = {d.after: d.before for d in reversed(plan.dependencies) if d.before in left and d.after in left}
    path = [next(key for key in waiting if key in left)]
    while before[path[-1]] not in path:
        path.append(before[path[-1]])
    circle = path[path.index(before[path[-1]]) :][::-1]
    turn = circle.index(min(circle, key=list(waiting).index))
    named = [*circle[turn:], *circle[:turn]]
    shown = named if len(named) <= CYCLE_SHOWN else [*named[:CYCLE_SHOWN], f"{len(named) - CYCLE_SHOWN} more"]
    raise PlanError(f"{named[0]} waits for itself: {' → '.join([*shown, named[0]])}")
