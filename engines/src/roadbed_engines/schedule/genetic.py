"""The search for a short plan: a population of sequences, crossed in stretches and justified twice.

For the textbook's problem (`Problem.is_plain`). Each child takes a stretch in the order of one parent, and what
lies before and after it in the order of the other; is moved about a little; is decoded, pushed to the right and
back to the left.

References
----------
.. [1] V. Valls, F. Ballestin, S. Quintanilla (2008), A hybrid genetic algorithm for the resource-constrained project
   scheduling problem, European Journal of Operational Research 185, 495-508.
.. [2] V. Valls, F. Ballestin, S. Quintanilla (2005), Justification and RCPSP: a technique that pays, European Journal
   of Operational Research 165, 375-386.
.. [3] D. Debels, M. Vanhoucke (2007), A decomposition-based genetic algorithm for the resource-constrained
   project-scheduling problem, Operations Research 55, 457-469.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from roadbed_engines.schedule.arrays import Arrays, Grid, Integers, Problem
from roadbed_engines.schedule.chance import below, draw, seeded
from roadbed_engines.schedule.compiling import compiled
from roadbed_engines.schedule.decoder import decode

POPULATION = 60
SHOVES = 0.6
"""How likely one more activity of a child is moved: about one and a half are."""


class Herd(NamedTuple):
    """A population and the room that its breeding needs.

    `lists` has shape (members, activities); the last row of each of its arrays is the child. `best` is the shortest
    schedule so far, `tally` counts: children, children since the last improvement, the shortest makespan, restarts.
    """

    lists: Integers
    spans: Integers
    marks: Integers
    best: Integers
    best_list: Integers
    tally: Integers
    chance: Integers
    left: Grid
    full_until: Integers
    start: Integers
    finish: Integers
    chosen: Integers
    order: Integers
    other: Integers
    heap: Integers
    weights: Integers


@compiled
def resort(order: Integers, finish: Integers, last: int, into: Integers, counts: Integers) -> None:
    """Sort by falling finish; equal ones come in the reverse of `order`."""
    n = len(order)
    counts[: last + 2] = 0
    for j in order:
        counts[last - finish[j] + 1] += 1
    for t in range(1, last + 2):
        counts[t] += counts[t - 1]
    for position in range(n - 1, -1, -1):
        j = order[position]
        slot = last - finish[j]
        into[counts[slot]] = j
        counts[slot] += 1


@compiled
def by_start(order: Integers, start: Integers, last: int, into: Integers, counts: Integers) -> None:
    """Sort by rising start; equal ones stay in their order."""
    counts[: last + 2] = 0
    for j in order:
        counts[start[j] + 1] += 1
    for t in range(1, last + 2):
        counts[t] += counts[t - 1]
    for j in order:
        into[counts[start[j]]] = j
        counts[start[j]] += 1


@compiled
def justify(a: Arrays, back: Arrays, duration: Integers, h: Herd, counts: Integers) -> int:
    """Decode `h.order`, push it right, then left; leave the sequence by start in `h.order`, return the makespan."""
    last = decode(a, h.order, duration, h.left, h.full_until, h.start, h.finish, h.chosen)
    resort(h.order, h.finish, last, h.other, counts)
    last = decode(back, h.other, duration, h.left, h.full_until, h.start, h.finish, h.chosen)
    resort(h.other, h.finish, last, h.order, counts)
    last = decode(a, h.order, duration, h.left, h.full_until, h.start, h.finish, h.chosen)
    by_start(h.order, h.start, last, h.other, counts)
    h.order[:] = h.other
    return last


@compiled
def sample(
    a: Arrays, after_first: Integers, after: Integers, latest: Integers, bias: float, h: Herd, left: Integers
) -> None:
    """Fill `h.order` with a random sequence in which early deadlines are likely to come first."""
    n = len(latest)
    ready = h.heap
    size = 0
    for j in range(n):
        left[j] = a.before_first[j + 1] - a.before_first[j]
        if left[j] == 0:
            ready[size] = j
            size += 1
    for position in range(n):
        worst = latest[ready[0]]
        for k in range(size):
            worst = max(worst, latest[ready[k]])
        total = 0.0
        for k in range(size):
            total += float(worst - latest[ready[k]] + 1) ** bias
        aim = draw(h.chance) * total
        pick = 0
        for k in range(size):
            pick = k
            aim -= float(worst - latest[ready[k]] + 1) ** bias
            if aim <= 0:
                break
        j = ready[pick]
        size -= 1
        ready[pick] = ready[size]
        h.order[position] = j
        for k in range(after_first[j], after_first[j + 1]):
            i = after[k]
            left[i] -= 1
            if left[i] == 0:
                ready[size] = i
                size += 1


@compiled
def cross(mother: Integers, father: Integers, first: int, until: int, side: Integers, into: Integers) -> None:
    """Take the father's stretch [first, until) in his order, what lies before and after it in the mother's."""
    n = len(mother)
    for position in range(n):
        side[father[position]] = 0 if position < first else (1 if position < until else 2)
    low, high = 0, until
    for position in range(n):
        j = mother[position]
        if side[j] == 0:
            into[low] = j
            low += 1
        elif side[j] == 2:
            into[high] = j
            high += 1
    into[first:until] = father[first:until]


@compiled
def shove(
    a: Arrays, after_first: Integers, after: Integers, order: Integers, place: Integers, chance: Integers
) -> None:
    """Move one activity to another place between what it waits for and what waits for it."""
    n = len(order)
    for position in range(n):
        place[order[position]] = position
    j = order[below(chance, n)]
    at = place[j]
    low, high = 0, n - 1
    for k in range(a.before_first[j], a.before_first[j + 1]):
        low = max(low, place[a.before[k]] + 1)
    for k in range(after_first[j], after_first[j + 1]):
        high = min(high, place[after[k]] - 1)
    if high <= low:
        return
    to = low + below(chance, high - low + 1)
    if to < at:
        for position in range(at, to, -1):
            order[position] = order[position - 1]
    else:
        for position in range(at, to):
            order[position] = order[position + 1]
    order[to] = j


@compiled
def note(h: Herd, last: int) -> None:
    """Count a child, and keep it if it is the shortest so far."""
    h.tally[0] += 1
    h.tally[1] += 1
    if last < h.tally[2]:
        h.tally[1] = 0
        h.tally[3] = min(h.tally[3], 1)
        h.tally[2] = last
        h.best[:] = h.start
        h.best_list[:] = h.order


@compiled
def keep(h: Herd, member: int, last: int, mark: int) -> None:
    """Put the child in a member's place."""
    h.lists[member] = h.order
    h.spans[member] = last
    h.marks[member] = mark


@compiled
def mark_of(h: Herd) -> int:
    """Return a number that tells schedules apart."""
    total = 0
    for j in range(len(h.start)):
        total += h.start[j] * h.weights[j]
    return total


@compiled
def evolve(
    a: Arrays,
    back: Arrays,
    duration: Integers,
    after_first: Integers,
    after: Integers,
    latest: Integers,
    h: Herd,
    children: int,
    target: int,
    patience: int,
) -> int:
    """Breed so many children, or until one is as short as `target`; return the shortest makespan."""
    members, n = h.lists.shape
    counts = np.zeros(h.left.shape[1] + 3, dtype=np.int64)
    side = np.zeros(n, dtype=np.int64)
    for _ in range(children):
        if h.tally[2] <= target:
            break
        filled = h.tally[4]
        if filled < members:
            if h.tally[3] == 0 or filled >= members // 2:
                sample(a, after_first, after, latest, 0.5 + 3.0 * draw(h.chance), h, side)
            else:
                # Half of a new herd descends from the best.
                h.order[:] = h.best_list
                for _k in range(n // 3):
                    shove(a, after_first, after, h.order, side, h.chance)
            last = justify(a, back, duration, h, counts)
            note(h, last)
            keep(h, filled, last, mark_of(h))
            h.tally[4] += 1
            if h.tally[4] == members:
                h.tally[1] = 0
            continue
        if h.tally[1] > patience:
            h.tally[1] = 0
            h.tally[3] += 1
            h.tally[4] = 0
            continue
        one, two = below(h.chance, members), below(h.chance, members)
        father = one if h.spans[one] <= h.spans[two] else two
        one, two = below(h.chance, members), below(h.chance, members)
        mother = one if h.spans[one] <= h.spans[two] else two
        length = n // 4 + below(h.chance, n // 2 + 1)
        first = below(h.chance, n - length + 1)
        cross(h.lists[mother], h.lists[father], first, first + length, side, h.order)
        while draw(h.chance) < 0.6:
            shove(a, after_first, after, h.order, side, h.chance)
        last = justify(a, back, duration, h, counts)
        note(h, last)
        mark = mark_of(h)
        one, two = below(h.chance, members), below(h.chance, members)
        victim = one if h.spans[one] >= h.spans[two] else two
        if last <= h.spans[victim]:
            double = False
            for member in range(members):
                if h.marks[member] == mark and h.spans[member] == last:
                    double = True
            if not double:
                keep(h, victim, last, mark)
    return int(h.tally[2])


def make_herd(problem: Problem, *, seed: int, members: int = POPULATION) -> Herd:
    """Return an empty herd with its room."""
    count = len(problem.order)
    pools, days = problem.arrays.capacity.shape

    def whole(*shape: int) -> Integers:
        return np.zeros(shape, dtype=np.int64)

    tally = whole(5)
    tally[2] = days + 1
    return Herd(
        lists=whole(members, count),
        spans=whole(members),
        marks=whole(members),
        best=whole(count),
        best_list=problem.order.copy(),
        tally=tally,
        chance=seeded(seed),
        left=np.zeros((pools, days), dtype=np.int32),
        full_until=whole(pools),
        start=whole(count),
        finish=whole(count),
        chosen=whole(count),
        order=problem.order.copy(),
        other=whole(count),
        heap=whole(count),
        weights=np.random.default_rng(7).integers(1, 1_000_003, count),
    )


class Search:
    """A search that can be asked to go on for a while, as often as there is time."""

    def __init__(
        self, problem: Problem, *, seed: int = 0, members: int = POPULATION, patience: int = 4_000
    ) -> None:
        from roadbed_engines.schedule import reversing

        self.problem = problem
        self.back = reversing.reversed_arrays(problem)
        tails = reversing.tails(problem)
        self.latest: Integers = tails.max() - tails
        self.herd = make_herd(problem, seed=seed, members=members)
        self.patience = patience
        self.rate = 1_000.0

    def pace(self, seconds: float) -> int:
        """Return about how many children a stretch of so many seconds holds."""
        return max(10, int(seconds * self.rate))

    def go_on(self, *, children: int, target: int = 0) -> int:
        """Breed so many more children; return the shortest makespan so far."""
        began, bred = time.monotonic(), int(self.herd.tally[0])
        found: int = evolve(
            self.problem.arrays,
            self.back,
            self.problem.duration,
            self.problem.after_first,
            self.problem.after,
            self.latest,
            self.herd,
            children,
            target,
            self.patience,
        )
        if (took := time.monotonic() - began) > 0:
            self.rate = (int(self.herd.tally[0]) - bred + 1) / took
        return found

    @property
    def restarts(self) -> int:
        """How many times it began anew since the last better plan."""
        return int(self.herd.tally[3])

    @property
    def starts(self) -> Integers:
        """The start of each activity in the shortest schedule so far."""
        return self.herd.best
