"""A plan in the words of the exact solver: working days one after the other, and what matters for its value alone."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from roadbed_engines.schedule import relaxing
from roadbed_engines.schedule.arrays import Integers, Problem
from roadbed_engines.schedule.polishing import FINE, Task
from roadbed_engines.schedule.sequencing import Aim

FINEST = 10_000.0
"""The heaviest value, as the solver counts."""
TOLD = 12_000
"""Up to so many possible finishes are told to the solver day by day; beyond, it gets the line that lies under them."""


@dataclass(frozen=True, slots=True)
class Squeezed:
    """The way between days and working days: those on which anybody is there."""

    until: Integers
    """How many working days there are before each day, shape (days + 1,)."""
    days: Integers


def can_model(problem: Problem) -> bool:
    """Whether the solver can be told of the plan: each activity has one way of being done."""
    return len(problem.duration) == len(problem.order)


def squeeze(problem: Problem) -> Squeezed:
    """Leave out the days on which nobody is there."""
    a = problem.arrays
    people = a.capacity[a.is_limit == 0]
    working = (people > 0).any(axis=0) if len(people) else np.ones(problem.days, dtype=np.bool_)
    until = np.concatenate([[0], np.cumsum(working)]).astype(np.int64)
    return Squeezed(until, np.flatnonzero(working).astype(np.int64))


def task_of(problem: Problem, *, aim: Aim, relaxed: relaxing.Relaxed, cost: float) -> Task:
    """Write a plan down for the child: what has value, and what comes before it.

    Parameters
    ----------
    cost : float
        What a known plan costs. Only plans that are no worse are looked for, so nothing ends later than it could there.
    """
    a, squeezed = problem.arrays, squeeze(problem)
    weight = aim.value + np.where(aim.due >= 0, aim.late, 0.0)
    matters = (weight > 0) & (a.fixed < 0)
    for j in problem.order[::-1]:
        if matters[j]:
            before = a.before[a.before_first[j] : a.before_first[j + 1]]
            matters[before[a.fixed[before] < 0]] = True
    ids = [int(j) for j in problem.order if matters[j]]
    at = {j: place for place, j in enumerate(ids)}
    least = aim.value * relaxed.finish + np.where(
        aim.due >= 0, aim.late * np.maximum(0, relaxed.finish - aim.due), 0.0
    )
    spare = max(0.0, cost - float(least.sum()))
    low = [int(squeezed.until[min(int(relaxed.start[j]), problem.days)]) for j in ids]
    spans = [_size(problem, relaxed, squeezed, j) for j in ids]
    sizes = [span[0] for span in spans]
    most = len(squeezed.days)
    latest = [most] * len(ids)
    for place, j in enumerate(ids):
        if aim.value[j] > 0:
            day = min(problem.days, int(relaxed.finish[j] + spare / aim.value[j]) + 1)
            latest[place] = max(int(squeezed.until[day]), low[place] + sizes[place])
    high = [max(low[place], last - sizes[place]) for place, last in enumerate(latest)]
    told = sum(high[place] - low[place] + 1 for place, j in enumerate(ids) if weight[j] > 0)
    heaviest = max((float(weight[j]) for j in ids), default=1.0)
    scale = FINEST / heaviest if heaviest > 0 else 1.0
    slope = round(FINE * problem.days / max(1, most))
    return Task(
        ids=ids,
        sizes=sizes,
        longest=[span[1] for span in spans],
        low=low,
        high=high,
        needs=[_needs(problem, j) for j in ids],
        **_capacities(problem, relaxed, squeezed, ids),
        waits=_waits(problem, squeezed, at),
        slope=slope,
        base=[_base(squeezed, slope, low[place] + sizes[place], latest[place]) for place in range(len(ids))],
        day_of=[0, *(squeezed.days + 1).tolist()] if told <= TOLD else [],
        value=[int(aim.value[j] * scale) for j in ids],
        late=[int(aim.late[j] * scale) if aim.due[j] >= 0 else 0 for j in ids],
        due=[int(aim.due[j]) for j in ids],
        scale=scale,
        sure=float(least[a.fixed >= 0].sum()),
    )


def _size(problem: Problem, relaxed: relaxing.Relaxed, squeezed: Squeezed, j: int) -> tuple[int, int]:
    """Return the fewest and the most working days from start to finish, wherever it starts."""
    days = int(problem.duration[j])
    if not days:
        return 0, 0
    a = problem.arrays
    working = np.flatnonzero(~relaxed.rests[j])
    working = working[working >= relaxed.start[j]]
    if len(working) < days:
        return 0, problem.days
    starts, ends = working[: len(working) - days + 1], working[days - 1 :] + 1
    if not a.pauses[j]:
        whole = ends - starts == days
        if not whole.any():
            return 0, problem.days
        starts, ends = starts[whole], ends[whole]
    spans = squeezed.until[np.minimum(ends, problem.days)] - squeezed.until[starts]
    return int(spans.min()), int(spans.max())


def _needs(problem: Problem, j: int) -> list[tuple[int, int]]:
    a = problem.arrays
    return [(int(a.need_pool[k]), int(a.need_amount[k])) for k in range(a.need_first[j], a.need_first[j + 1])]


def _capacities(
    problem: Problem, relaxed: relaxing.Relaxed, squeezed: Squeezed, ids: list[int]
) -> dict[str, Any]:
    """Return what each pool has at most, and what it lacks of that, by working day.

    Those who rest on a day hold nothing, so on it the pool is given what they would hold besides.
    """
    a = problem.arrays
    room = relaxed.left.astype(np.int64)
    users: dict[int, list[tuple[int, int]]] = {}
    for j in ids:
        for pool, amount in _needs(problem, j):
            if not a.is_limit[pool] and a.pauses[j] and problem.duration[j]:
                room[pool] += amount * relaxed.rests[j]
            users.setdefault(pool, []).append((j, amount))
    capacity, taken = [], []
    for pool in range(len(room)):
        here = room[pool][squeezed.days]
        wanted = sum(amount for _, amount in users.get(pool, ()))
        gone = a.capacity[pool][squeezed.days] <= 0
        if not a.is_limit[pool] and gone.any() and not gone.all():
            # Over a day on which nobody works goes on what went on before it, and nothing else.
            last = np.maximum.accumulate(np.where(gone, -1, np.arange(len(here))))
            here = np.where(last >= 0, here[np.maximum(last, 0)], wanted)
        here = np.minimum(here, wanted)
        most = int(here.max(initial=0))
        edges = [0, *(np.flatnonzero(np.diff(here)) + 1).tolist(), len(here)]
        capacity.append(most)
        taken.append(
            [
                (begin, end, most - int(here[begin]))
                for begin, end in itertools.pairwise(edges)
                if begin < end and here[begin] < most
            ]
        )
    return {"capacity": capacity, "taken": taken}


def _waits(problem: Problem, squeezed: Squeezed, at: dict[int, int]) -> list[tuple[int, int, int, int]]:
    a = problem.arrays
    lags: dict[int, int] = {}
    found = []
    for j, place in at.items():
        for k in range(a.before_first[j], a.before_first[j + 1]):
            i, lag = int(a.before[k]), int(a.lag[k])
            if i not in at:
                # What is fixed is in the earliest start already.
                continue
            if lag not in lags:
                span = squeezed.until[abs(lag) :] - squeezed.until[: len(squeezed.until) - abs(lag)]
                lags[lag] = int(span.min(initial=0) if lag > 0 else -span.max(initial=0)) if lag else 0
            found.append((at[i], place, int(a.relation[k]), lags[lag]))
    return found


def _base(squeezed: Squeezed, slope: int, first: int, last: int) -> int:
    """Return the height of the line of that slope that lies under all finishes between two working days."""
    ends = np.arange(max(1, first), max(first, last, 1) + 1)
    ends = ends[ends <= len(squeezed.days)]
    if first == 0 or not len(ends):
        return min(0, int((FINE * (squeezed.days[ends - 1] + 1) - slope * ends).min(initial=0)))
    return int((FINE * (squeezed.days[ends - 1] + 1) - slope * ends).min())
