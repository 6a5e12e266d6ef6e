"""A plan made easier in ways that only ever help it, so that it can be said what waiting costs at least.

References
----------
.. [1] M. X. Goemans (1997), Improved approximation algorithms for scheduling with release dates, Proc. 8th SODA,
   591-598 (mean busy times, and that taking the worthiest of what is there makes their weighted sum the least).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roadbed_engines.schedule.arrays import Grid, Integers, Problem
from roadbed_engines.schedule.decoder import book
from roadbed_engines.schedule.sequencing import Aim

Flags = NDArray[np.bool_]
START_START, FINISH_FINISH, START_FINISH = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Relaxed:
    """What holds in every schedule of a plan, whatever the order.

    Attributes
    ----------
    start, finish : arrays of int, shape (activities,)
        The earliest days if everybody had room for everything; those of fixed activities as they are.
    left : array, shape (pools, days)
        What each pool has on each day once what is fixed has taken its part.
    rests : tuple of array of bool
        On which days each mode cannot be worked on, because somebody that it needs is not there.
    """

    start: Integers
    finish: Integers
    left: Grid
    rests: tuple[Flags, ...]


def relax(problem: Problem) -> Relaxed:
    """Return the earliest days of everything, with calendars, and without anybody in the way."""
    a = problem.arrays
    rests = _rests(problem)
    left = _without_the_fixed(problem)
    count = len(a.earliest)
    start, finish = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    fixed = np.flatnonzero(a.fixed >= 0).tolist()
    for j in (*fixed, *(int(each) for each in problem.order if a.fixed[each] < 0)):
        if a.fixed[j] >= 0:
            mode = int(a.mode_first[j])
            start[j] = a.fixed[j]
            finish[j] = _finish(
                int(start[j]), int(problem.duration[mode]), rests[mode] if a.pauses[j] else None
            )
            continue
        low, least = int(a.earliest[j]), 0
        for k in range(a.before_first[j], a.before_first[j + 1]):
            i, lag = a.before[k], int(a.lag[k])
            match int(a.relation[k]):
                case 0:
                    low = max(low, int(finish[i]) + lag)
                case 1:
                    low = max(low, int(start[i]) + lag)
                case 2:
                    least = max(least, int(finish[i]) + lag)
                case _:
                    least = max(least, int(start[i]) + lag)
        spans = [
            _earliest(low, least, int(problem.duration[mode]), rests[mode], pauses=bool(a.pauses[j]))
            for mode in range(a.mode_first[j], a.mode_first[j + 1])
        ]
        start[j] = min(span[0] for span in spans)
        finish[j] = min(span[1] for span in spans)
    return Relaxed(start, finish, left, rests)


def _rests(problem: Problem) -> tuple[Flags, ...]:
    a = problem.arrays
    known: dict[tuple[tuple[int, int], ...], Flags] = {}
    found = []
    for mode in range(len(problem.duration)):
        needs = tuple(
            (int(a.need_pool[k]), int(a.need_amount[k]))
            for k in range(a.need_first[mode], a.need_first[mode + 1])
            if not a.is_limit[a.need_pool[k]]
        )
        if needs not in known:
            resting = np.zeros(problem.days, dtype=np.bool_)
            for pool, amount in needs:
                resting |= a.capacity[pool] < amount
            known[needs] = resting
        found.append(known[needs])
    return tuple(found)


def _without_the_fixed(problem: Problem) -> Grid:
    a = problem.arrays
    left: Grid = a.capacity.copy()
    full = np.zeros(len(left), dtype=np.int64)
    for j in np.flatnonzero(a.fixed >= 0):
        mode = int(a.mode_first[j])
        start, days = int(a.fixed[j]), int(problem.duration[mode])
        finish = _finish(start, days, _rests_of(problem, mode) if a.pauses[j] else None)
        book(a, int(j), mode, start, min(finish, problem.days), left, full)
    return np.maximum(left, 0)


def _rests_of(problem: Problem, mode: int) -> Flags:
    a = problem.arrays
    resting = np.zeros(problem.days, dtype=np.bool_)
    for k in range(a.need_first[mode], a.need_first[mode + 1]):
        if not a.is_limit[a.need_pool[k]]:
            resting |= a.capacity[a.need_pool[k]] < a.need_amount[k]
    return resting


def _finish(start: int, days: int, resting: Flags | None) -> int:
    """Return when so many working days from a day on are over."""
    if days == 0 or resting is None:
        return start + days
    working = np.flatnonzero(~resting[start:])
    return start + int(working[days - 1]) + 1 if len(working) >= days else len(resting)


def _earliest(low: int, least: int, days: int, resting: Flags, *, pauses: bool) -> tuple[int, int]:
    """Return the first start from `low` on that finishes at `least` or later, and that finish, were all pools empty."""
    if days == 0:
        return max(low, least), max(low, least)
    horizon = len(resting)
    working = np.flatnonzero(~resting[low:]) + low
    if len(working) < days:
        return horizon, horizon
    ends = working[days - 1 :] + 1
    starts = working[: len(ends)]
    fits = ends >= least
    if not pauses:
        fits &= ends - starts == days
    if not fits.any():
        return horizon, horizon
    at = int(np.argmax(fits))
    return int(starts[at]), int(ends[at])


def least_cost(problem: Problem, aim: Aim, relaxed: Relaxed) -> float:
    """Return what the plan costs at least in any order.

    Each activity waits for what comes before it, and for a part of one of its pools: the pool may serve what is there
    in any parts, the worthiest for its work first, which no schedule beats.
    """
    weights = np.asarray(aim.value, dtype=np.float64).copy()
    alone = weights * relaxed.finish
    late = np.where(aim.due >= 0, aim.late * np.maximum(0, relaxed.finish - aim.due), 0.0)
    shared = _handed_down(problem, weights, alone)
    total = float(late.sum()) + aim.last * float(relaxed.finish.max(initial=0))
    served = np.zeros(len(weights))
    in_pools = np.zeros(len(weights), dtype=np.bool_)
    for pool, members in _members(problem, shared).items():
        bound = _fluid(problem, relaxed, shared, pool=pool, members=members)
        rest = float((shared[members] * relaxed.finish[members]).sum())
        served[members[0]] = max(bound, rest)
        in_pools[members] = True
    total += float(served.sum()) + float((shared * relaxed.finish)[~in_pools].sum())
    return max(total, float(alone.sum()) + float(late.sum()))


def _handed_down(
    problem: Problem, weights: NDArray[np.float64], alone: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give the value of a milestone to what it waits for, in parts by their work: it is not done before any of them."""
    a = problem.arrays
    found = weights.copy()
    for j in problem.order[::-1]:
        mode = int(a.mode_first[j])
        if not found[j] or a.fixed[j] >= 0 or problem.duration[mode] or a.mode_first[j + 1] - mode > 1:
            continue
        before = [
            int(a.before[k])
            for k in range(a.before_first[j], a.before_first[j + 1])
            if a.relation[k] == 0 and a.lag[k] >= 0
        ]
        work = np.array([float(problem.duration[a.mode_first[i]]) for i in before])
        if work.sum() > 0:
            found[before] += found[j] * work / work.sum()
            found[j] = 0.0
    return found


def _members(problem: Problem, weights: NDArray[np.float64]) -> dict[int, Integers]:
    """Return for each pool the activities that are taken to wait for it: that of theirs which has most to do."""
    a = problem.arrays
    load = np.zeros(len(a.capacity))
    needs: dict[int, list[tuple[int, int]]] = {}
    for j in np.flatnonzero((a.fixed < 0) & (np.diff(a.mode_first) == 1)).tolist():
        mode = int(a.mode_first[j])
        if not problem.duration[mode]:
            continue
        needs[j] = [
            (int(a.need_pool[k]), int(a.need_amount[k]) * int(problem.duration[mode]))
            for k in range(a.need_first[mode], a.need_first[mode + 1])
        ]
        for pool, work in needs[j]:
            load[pool] += work
    load /= np.maximum(1.0, a.capacity[:, : min(problem.days, 365)].mean(axis=1) if len(load) else 1.0)
    found: dict[int, list[int]] = {}
    for j, pairs in needs.items():
        if pairs and weights[j] > 0:
            found.setdefault(max(pairs, key=lambda pair: load[pair[0]])[0], []).append(j)
    return {pool: np.array(members, dtype=np.int64) for pool, members in found.items()}


def _fluid(
    problem: Problem, relaxed: Relaxed, weights: NDArray[np.float64], *, pool: int, members: Integers
) -> float:
    """Return the least weighted sum of finishes when a pool serves parts of days in any way."""
    a = problem.arrays
    left = relaxed.left[pool].astype(np.float64)
    waiting: list[int] = sorted(members.tolist(), key=lambda j: int(relaxed.start[j]))
    work: dict[int, float] = {}
    days: dict[int, int] = {}
    for j in waiting:
        mode = int(a.mode_first[j])
        days[j] = int(problem.duration[mode])
        amounts = a.need_amount[a.need_first[mode] : a.need_first[mode + 1]]
        pools = a.need_pool[a.need_first[mode] : a.need_first[mode + 1]]
        work[j] = float(amounts[pools == pool].sum()) * days[j]
    rest = dict(work)
    ready: list[tuple[float, int]] = []
    worth = {j: float(weights[j]) for j in waiting}
    total, at, day = 0.0, 0, 0
    while (at < len(waiting) or ready) and day < problem.days:
        while at < len(waiting) and relaxed.start[waiting[at]] <= day:
            heapq.heappush(ready, (-worth[waiting[at]] / work[waiting[at]], waiting[at]))
            at += 1
        room = float(left[day])
        while room > 0 and ready:
            j = ready[0][1]
            part = min(room, rest[j])
            total += worth[j] * part / work[j] * (day + 0.5)
            rest[j] -= part
            room -= part
            if rest[j] <= 1e-9:
                heapq.heappop(ready)
        day += 1
    for j in (*(each for _, each in ready), *waiting[at:]):
        total += worth[j] * rest[j] / work[j] * day
    # The middle of the work lies at least half of its days before its end.
    return total + sum(worth[j] * days[j] / 2 for j in waiting)
