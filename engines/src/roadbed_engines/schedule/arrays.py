"""A plan as arrays, which is what the inner loops read."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from roadbed_engines.schedule.plan import Plan, PlanError, Pool, Relation

Integers = NDArray[np.int64]
Grid = NDArray[np.int32]
KINDS = {
    Relation.FINISH_START: 0,
    Relation.START_START: 1,
    Relation.FINISH_FINISH: 2,
    Relation.START_FINISH: 3,
}
FARTHEST = 200_000
FINEST = 100
LONG_AWAY = 1_000


class Arrays(NamedTuple):
    """A plan. Things of activity j lie at [x_first[j], x_first[j + 1]) where it may have any number of them.

    Attributes
    ----------
    mode_first, need_first : the modes of an activity, the needs of a mode
    need_pool, need_amount : in the units of `capacity`
    before_first, before, relation, lag : what an activity waits for; `relation` by `KINDS`
    earliest, fixed : days; `fixed` is -1 where the start is free
    pauses : 1 where free days interrupt it
    capacity : shape (pools, days), what each pool has on each day
    is_limit : 1 for limits of work in progress
    """

    mode_first: Integers
    need_first: Integers
    need_pool: Integers
    need_amount: Integers
    before_first: Integers
    before: Integers
    relation: Integers
    lag: Integers
    earliest: Integers
    fixed: Integers
    pauses: Integers
    capacity: Grid
    is_limit: Integers


class Problem(NamedTuple):
    """The arrays of a plan, with what searches and simulations also need.

    `duration` is by mode; `order` a sequence of the activities in which nothing comes before what it waits for,
    otherwise by rank; `scale` how many units of the arrays one unit of the plan is.
    """

    plan: Plan
    arrays: Arrays
    duration: Integers
    order: Integers
    value: NDArray[np.float64]
    after_first: Integers
    after: Integers
    scale: int

    @property
    def days(self) -> int:
        """How many days the calendars reach."""
        return int(self.arrays.capacity.shape[1])

    @property
    def is_plain(self) -> bool:
        """Whether it is the textbook's problem: constant pools, one mode, finish before start, nothing fixed."""
        found = self.arrays
        return bool(
            len(found.mode_first) - 1 == found.mode_first[-1]
            and not found.relation.any()
            and not found.lag.any()
            and not found.earliest.any()
            and (found.fixed < 0).all()
            and (found.capacity == found.capacity[:, :1]).all()
        )


def build(plan: Plan, *, days: int = 0) -> Problem:
    """Turn a checked plan into arrays.

    Parameters
    ----------
    plan : Plan
        As `plan.check` lets it pass.
    days : int
        How far the calendars shall reach at least; by default so far that all fits in.
    """
    place = {activity.key: at for at, activity in enumerate(plan.activities)}
    pool_at = {pool.key: at for at, pool in enumerate(plan.pools)}
    scale = _scale(plan)
    modes = [mode for activity in plan.activities for mode in activity.modes]
    needs = [
        [(pool_at[pool], round(amount * scale)) for pool, amount in mode.needs.items() if amount > 0]
        for mode in modes
    ]
    waits: list[list[tuple[int, int, int]]] = [[] for _ in plan.activities]
    follows: list[list[int]] = [[] for _ in plan.activities]
    for dependency in plan.dependencies:
        one, other = place[dependency.before], place[dependency.after]
        waits[other].append((one, KINDS[dependency.relation], dependency.lag))
        follows[one].append(other)
    days = days or _days_needed(plan)
    if days > FARTHEST:
        raise PlanError(f"the plan reaches {days} days ahead; {FARTHEST} is the most")
    arrays = Arrays(
        mode_first=_firsts([len(activity.modes) for activity in plan.activities]),
        need_first=_firsts([len(each) for each in needs]),
        need_pool=_integers([pool for each in needs for pool, _ in each]),
        need_amount=_integers([amount for each in needs for _, amount in each]),
        before_first=_firsts([len(each) for each in waits]),
        before=_integers([wait[0] for each in waits for wait in each]),
        relation=_integers([wait[1] for each in waits for wait in each]),
        lag=_integers([wait[2] for each in waits for wait in each]),
        earliest=_integers([activity.earliest for activity in plan.activities]),
        fixed=_integers([-1 if activity.fixed is None else activity.fixed for activity in plan.activities]),
        pauses=_integers([int(activity.pauses) for activity in plan.activities]),
        capacity=capacities(plan.pools, days=days, scale=scale),
        is_limit=_integers([int(pool.is_limit) for pool in plan.pools]),
    )
    return Problem(
        plan=plan,
        arrays=arrays,
        duration=_integers([mode.duration for mode in modes]),
        order=_order(waits, follows),
        value=np.array([activity.value for activity in plan.activities], dtype=np.float64),
        after_first=_firsts([len(each) for each in follows]),
        after=_integers([other for each in follows for other in each]),
        scale=scale,
    )


def capacities(pools: tuple[Pool, ...], *, days: int, scale: int = 1) -> Grid:
    """Return what each pool has on each day, shape (pools, days)."""
    table = np.zeros((len(pools), days), dtype=np.float64)
    for at, pool in enumerate(pools):
        table[at] = pool.capacity
        if pool.is_limit:
            continue
        if pool.week:
            table[at] *= np.resize(np.array(pool.week), days)
        for absence in pool.absences:
            span = slice(max(0, absence.first), max(0, absence.until))
            if absence.amount is None:
                table[at, span] = 0
            else:
                table[at, span] -= absence.amount
    return np.floor(np.maximum(table, 0) * scale + 1e-6).astype(np.int32)


def _integers(values: list[int]) -> Integers:
    return np.array(values, dtype=np.int64)


def _firsts(counts: list[int]) -> Integers:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _scale(plan: Plan) -> int:
    numbers = {amount for a in plan.activities for mode in a.modes for amount in mode.needs.values()}
    numbers |= {pool.capacity for pool in plan.pools}
    numbers |= {share * pool.capacity for pool in plan.pools for share in pool.week}
    numbers |= {
        absence.amount for pool in plan.pools for absence in pool.absences if absence.amount is not None
    }
    return 1 if all(float(number).is_integer() for number in numbers) else FINEST


def _days_needed(plan: Plan) -> int:
    """Return how many days the plan takes if everything were done one after the other, with some to spare."""
    work = sum(max(mode.duration for mode in activity.modes) for activity in plan.activities)
    start = max(max(activity.earliest, activity.fixed or 0) for activity in plan.activities)
    lags = sum(max(0, dependency.lag) for dependency in plan.dependencies)
    free = max((_free_days(pool) for pool in plan.pools), default=0)
    share = min((sum(pool.week) / 7 for pool in plan.pools if any(pool.week)), default=1.0)
    serial = work + lags
    if share < 1 or free:
        # One after the other is far more than a plan with many teams needs; the decoder asks for more if it must.
        serial = int(serial / max(share, 0.05))
    return min(int(start + serial + min(free, LONG_AWAY) + 1), FARTHEST)


def _free_days(pool: Pool) -> int:
    return sum(absence.until - absence.first for absence in pool.absences if not pool.is_limit)


def _order(waits: list[list[tuple[int, int, int]]], follows: list[list[int]]) -> Integers:
    """Return the activities so that nothing comes before what it waits for, and otherwise by rank."""
    import heapq

    left = [len(each) for each in waits]
    ready = [at for at, count in enumerate(left) if not count]
    found: list[int] = []
    while ready:
        at = heapq.heappop(ready)
        found.append(at)
        for other in follows[at]:
            left[other] -= 1
            if not left[other]:
                heapq.heappush(ready, other)
    return _integers(found)
