"""What no order can beat: the longest chain of waits, and the work that a pool has before it.

References
----------
.. [1] R. Klein, A. Scholl (1999), Computing lower bounds by destructive improvement, European Journal of
   Operational Research 112, 322-346.
"""

from __future__ import annotations

import numpy as np

from roadbed_engines.schedule import reversing
from roadbed_engines.schedule.arrays import Integers as Whole
from roadbed_engines.schedule.arrays import Problem


def lower_bound(problem: Problem) -> int:
    """Return a last finish that is proven to be the earliest possible, or earlier.

    The longest chain; for each pool, the work of those that cannot begin before some day and have so much after them,
    against what the pool has; and for pairs that cannot run side by side, the same chain one after the other.

    Examples
    --------
    >>> from roadbed_engines.schedule import arrays, plan
    >>> two = tuple(plan.Activity(key=k, modes=(plan.Mode(duration=4, needs={"A": 1}),)) for k in "xy")
    >>> lower_bound(arrays.build(plan.Plan(activities=two, pools=(plan.Pool(key="A", capacity=1),))))
    8
    """
    heads, tails, least = reversing.heads(problem), reversing.tails(problem), reversing.shortest(problem)
    bound = int((heads + least + tails).max())
    fixed = problem.arrays.fixed >= 0
    if fixed.any():
        # What is fixed takes its pools whether they have room or not: work against capacity proves nothing then.
        return bound
    for pool, there in enumerate(problem.arrays.capacity.astype(np.int64)):
        amounts = _least_amounts(problem, pool)
        alone = np.where(2 * amounts > there.max(initial=0), least, 0)
        bound = max(
            bound,
            _work_bound(heads, tails, _least_amounts(problem, pool, in_days=True), there),
            _work_bound(heads, tails, alone, np.minimum(there, 1)),
            _pair_bound(heads, tails, least, amounts, int(there.max(initial=0))),
        )
    return bound


def _least_amounts(problem: Problem, pool: int, *, in_days: bool = False) -> Whole:
    """Return the least that each activity takes of the pool in any of its modes: on a day, or over all its days."""
    a = problem.arrays
    found = np.zeros(len(a.earliest), dtype=np.int64)
    for j in range(len(found)):
        works = []
        for mode in range(a.mode_first[j], a.mode_first[j + 1]):
            span = slice(a.need_first[mode], a.need_first[mode + 1])
            amount = int(a.need_amount[span][a.need_pool[span] == pool].sum())
            works.append(amount * int(problem.duration[mode]) if in_days else amount)
        found[j] = min(works)
    return found


def _work_bound(heads: Whole, tails: Whole, work: Whole, there: Whole) -> int:
    """Return the last finish that work of unit days needs at least, `there` being what the pool has on each day.

    Over all sets of those that start on some day or later and have so much after them.
    """
    busy = work > 0
    if not busy.any():
        return 0
    heads, tails, work = heads[busy], tails[busy], work[busy]
    so_far = np.concatenate([[0], np.cumsum(there)])
    best = 0
    by_tail = np.argsort(-tails, kind="stable")
    for head in np.unique(heads):
        chosen = by_tail[heads[by_tail] >= head]
        total = np.cumsum(work[chosen])
        ends = np.searchsorted(so_far, so_far[min(int(head), len(so_far) - 1)] + total)
        best = max(best, int((ends + tails[chosen]).max()))
    return best


def _pair_bound(heads: Whole, tails: Whole, least: Whole, amounts: Whole, most: int) -> int:
    """Return the last finish that pairs need which a pool cannot serve side by side."""
    users = np.flatnonzero((amounts > 0) & (least > 0))
    heads, tails, least, amounts = heads[users], tails[users], least[users], amounts[users]
    apart = amounts[:, None] + amounts > most
    np.fill_diagonal(apart, val=False)
    if not apart.any():
        return 0
    first = heads[:, None] + least[:, None] + least + tails
    return int(np.minimum(first, first.T)[apart].max())
