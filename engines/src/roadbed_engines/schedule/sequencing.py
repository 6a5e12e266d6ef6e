"""The search for an order in which value comes early, for plans of any kind.

Moves take an activity with all that it waits for to an earlier place, or with all that waits for it to a later one;
late acceptance decides which to keep. The order that the search begins with is kept unless a better one is found.

References
----------
.. [1] E. K. Burke, Y. Bykov (2017), The late acceptance hill-climbing heuristic, European Journal of Operational
   Research 258, 70-78.
.. [2] W. E. Smith (1956), Various optimizers for single-stage production, Naval Research Logistics Quarterly 3, 59-66.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from roadbed_engines.schedule import reversing
from roadbed_engines.schedule.arrays import Arrays, Grid, Integers, Problem
from roadbed_engines.schedule.chance import below, draw, seeded
from roadbed_engines.schedule.compiling import compiled
from roadbed_engines.schedule.decoder import decode

Numbers = NDArray[np.float64]
MEMORY = 50


class Aim(NamedTuple):
    """What makes one plan better than another: less of the sum of these.

    `value` is what a day of delay of each finish costs, `due` the promised finish (-1: none), `late` what each day
    after it costs, and `last` what a day of the whole plan costs.
    """

    value: Numbers
    due: Integers
    late: Numbers
    last: float


class Walk(NamedTuple):
    """Where a search is, and the room it needs. `costs`: now, the best. `tally`: moves, since the last better one."""

    order: Integers
    best: Integers
    trial: Integers
    place: Integers
    marked: Integers
    stack: Integers
    costs: Numbers
    memory: Numbers
    tally: Integers
    chance: Integers
    pull: Integers
    left: Grid
    full_until: Integers
    start: Integers
    finish: Integers
    chosen: Integers


@compiled
def cost_of(aim: Aim, finish: Integers, last: int) -> float:
    """Return what a schedule costs."""
    total = aim.last * last
    for j in range(len(finish)):
        total += aim.value[j] * finish[j]
        if aim.due[j] >= 0 and finish[j] > aim.due[j]:
            total += aim.late[j] * (finish[j] - aim.due[j])
    return total


@compiled
def mark(first: Integers, ties: Integers, j: int, marked: Integers, stack: Integers) -> None:
    """Mark an activity and all that can be reached from it along `ties`."""
    marked[:] = 0
    marked[j] = 1
    stack[0] = j
    size = 1
    while size:
        size -= 1
        at = stack[size]
        for k in range(first[at], first[at + 1]):
            if marked[ties[k]] == 0:
                marked[ties[k]] = 1
                stack[size] = ties[k]
                size += 1


@compiled
def move(a: Arrays, after_first: Integers, after: Integers, w: Walk) -> bool:
    """Make `w.trial` a neighbour of `w.order`; False if the move changes nothing."""
    n = len(w.order)
    for position in range(n):
        w.place[w.order[position]] = position
    j = below(w.chance, n)
    if len(w.pull) and draw(w.chance) < 0.5:
        # Half the moves are about what has value.
        j = w.pull[below(w.chance, len(w.pull))]
    at = w.place[j]
    to = below(w.chance, n)
    if draw(w.chance) < 0.5:
        # Near moves come as often as far ones.
        to = at + below(w.chance, n // 10 + 3) - (n // 10 + 3) // 2
    to = min(n - 1, max(0, to))
    if to == at:
        return False
    w.trial[:] = w.order
    if to < at:
        mark(a.before_first, a.before, j, w.marked, w.stack)
        low = to
        for position in range(to, at + 1):
            i = w.order[position]
            if w.marked[i] == 1:
                w.trial[low] = i
                low += 1
        for position in range(to, at + 1):
            i = w.order[position]
            if w.marked[i] == 0:
                w.trial[low] = i
                low += 1
    else:
        mark(after_first, after, j, w.marked, w.stack)
        low = at
        for position in range(at, to + 1):
            i = w.order[position]
            if w.marked[i] == 0:
                w.trial[low] = i
                low += 1
        if low == at:
            return False
        for position in range(at, to + 1):
            i = w.order[position]
            if w.marked[i] == 1:
                w.trial[low] = i
                low += 1
    return True


@compiled
def walk(
    a: Arrays, duration: Integers, after_first: Integers, after: Integers, aim: Aim, w: Walk, moves: int
) -> float:
    """Try so many moves; return the best cost so far."""
    size = len(w.memory)
    for _ in range(moves):
        w.tally[0] += 1
        w.tally[1] += 1
        if not move(a, after_first, after, w):
            continue
        last = decode(a, w.trial, duration, w.left, w.full_until, w.start, w.finish, w.chosen)
        if last < 0:
            continue
        cost = cost_of(aim, w.finish, last)
        slot = w.tally[0] % size
        if cost <= w.costs[0] or cost <= w.memory[slot]:
            w.costs[0] = cost
            w.order[:] = w.trial
            if cost < w.costs[1]:
                w.costs[1] = cost
                w.best[:] = w.trial
                w.tally[1] = 0
        w.memory[slot] = w.costs[0]
    return float(w.costs[1])


def aim_of(problem: Problem, *, last: float = 0.0) -> Aim:
    """Return what the plan's own values and promises ask for; where it has none, an early end."""
    activities = problem.plan.activities
    late = np.array([activity.late for activity in activities], dtype=np.float64)
    if not last and not problem.value.any() and not late.any():
        last = 1.0
    due = [-1 if activity.due is None else activity.due for activity in activities]
    return Aim(value=problem.value, due=np.array(due, dtype=np.int64), late=late, last=last)


def wsjf_order(problem: Problem) -> Integers:
    """Return the activities by cost of delay over work, each with what it waits for in front of it.

    The work of an activity is its own and that of all that it waits for.
    """
    a, least = problem.arrays, reversing.shortest(problem)
    rank: dict[int, int] = {int(j): position for position, j in enumerate(problem.order)}
    weight = problem.value + np.array([activity.late for activity in problem.plan.activities])
    marked, stack = np.zeros(len(rank), dtype=np.int64), np.zeros(len(rank), dtype=np.int64)
    before: dict[int, set[int]] = {}
    for valued in np.flatnonzero(weight > 0):
        mark(a.before_first, a.before, int(valued), marked, stack)
        before[int(valued)] = set(np.flatnonzero(marked).tolist())
    found: list[int] = []
    done: set[int] = set()
    by_worth = sorted(
        before, key=lambda j: (-weight[j] / max(1, sum(int(least[i]) for i in before[j])), rank[j])
    )
    for j in [*by_worth, *map(int, problem.order)]:
        group = before.get(int(j), {int(j)}) - done
        found += sorted(group, key=rank.__getitem__)
        done |= group
    return np.array(found, dtype=np.int64)


class Sequencing:
    """A search that can be asked to go on for a while, as often as there is time."""

    def __init__(self, problem: Problem, *, aim: Aim | None = None, seed: int = 0) -> None:
        self.problem = problem
        self.aim = aim or aim_of(problem)
        count = len(problem.order)
        pools, days = problem.arrays.capacity.shape

        def empty() -> Integers:
            return np.zeros(count, dtype=np.int64)

        self.walk = Walk(
            order=problem.order.copy(),
            best=problem.order.copy(),
            trial=empty(),
            place=empty(),
            marked=empty(),
            stack=empty(),
            costs=np.full(2, np.inf),
            memory=np.full(MEMORY, np.inf),
            tally=np.zeros(2, dtype=np.int64),
            chance=seeded(seed),
            pull=np.flatnonzero((self.aim.value > 0) | (self.aim.late > 0)).astype(np.int64),
            left=np.zeros((pools, days), dtype=np.int32),
            full_until=np.zeros(pools, dtype=np.int64),
            start=empty(),
            finish=empty(),
            chosen=empty(),
        )
        self.rate = 1_000.0
        self.own = self.begin(problem.order)
        worth = wsjf_order(problem)
        if self.cost(worth) < self.own:
            self.begin(worth)

    def decode(self, order: Integers) -> int:
        """Put the plan in time; the days are in `walk.start` and `walk.finish`."""
        w = self.walk
        last: int = decode(
            self.problem.arrays,
            order,
            self.problem.duration,
            w.left,
            w.full_until,
            w.start,
            w.finish,
            w.chosen,
        )
        return last

    def cost(self, order: Integers) -> float:
        """Return what an order costs."""
        last = self.decode(order)
        return float(cost_of(self.aim, self.walk.finish, last)) if last >= 0 else float("inf")

    def begin(self, order: Integers) -> float:
        """Set out from an order; return what it costs."""
        cost = self.cost(order)
        self.walk.order[:] = order
        self.walk.best[:] = order
        self.walk.costs[:] = cost
        self.walk.memory[:] = cost
        return cost

    @property
    def best(self) -> float:
        """What the best order so far costs."""
        return float(self.walk.costs[1])

    def pace(self, seconds: float) -> int:
        """Return about how many moves a stretch of so many seconds holds."""
        return max(5, int(seconds * self.rate))

    def go_on(self, *, moves: int) -> float:
        """Try so many more moves; return the best cost so far."""
        began = time.monotonic()
        found: float = walk(
            self.problem.arrays,
            self.problem.duration,
            self.problem.after_first,
            self.problem.after,
            self.aim,
            self.walk,
            moves,
        )
        if (took := time.monotonic() - began) > 0:
            self.rate = moves / took
        return found
