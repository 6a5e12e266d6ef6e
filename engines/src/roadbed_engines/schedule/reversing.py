"""A plan seen from its end, and how long each activity takes to be reached from either side."""

from __future__ import annotations

import numpy as np

from roadbed_engines.schedule.arrays import Arrays, Integers, Problem


def reversed_arrays(problem: Problem) -> Arrays:
    """Return the arrays of the plain plan that runs backwards in time."""
    count = len(problem.order)
    none = np.zeros(len(problem.after), dtype=np.int64)
    return problem.arrays._replace(
        before_first=problem.after_first,
        before=problem.after,
        relation=none,
        lag=none,
        earliest=np.zeros(count, dtype=np.int64),
    )


def shortest(problem: Problem) -> Integers:
    """Return the shortest duration of each activity."""
    first = problem.arrays.mode_first
    return np.array(
        [int(problem.duration[first[j] : first[j + 1]].min()) for j in range(len(first) - 1)], dtype=np.int64
    )


def heads(problem: Problem) -> Integers:
    """Return the earliest start of each activity if everybody were always there."""
    a = problem.arrays
    least = shortest(problem)
    found = np.zeros(len(least), dtype=np.int64)
    for j in problem.order:
        start = int(max(a.earliest[j], 0))
        for k in range(a.before_first[j], a.before_first[j + 1]):
            i, kind, lag = a.before[k], a.relation[k], int(a.lag[k])
            own = int(least[j])
            reach = {
                0: found[i] + least[i] + lag,
                1: found[i] + lag,
                2: found[i] + least[i] + lag - own,
                3: found[i] + lag - own,
            }[int(kind)]
            start = max(start, int(reach))
        found[j] = a.fixed[j] if a.fixed[j] >= 0 else start
    return found


def tails(problem: Problem) -> Integers:
    """Return how long at least the plan goes on after each activity's finish, along finish-to-start waits."""
    least = shortest(problem)
    found = np.zeros(len(least), dtype=np.int64)
    a = problem.arrays
    for j in problem.order[::-1]:
        for k in range(a.before_first[j], a.before_first[j + 1]):
            if a.relation[k] == 0 and a.fixed[j] < 0:
                i = a.before[k]
                found[i] = max(found[i], found[j] + least[j] + a.lag[k])
    return found
