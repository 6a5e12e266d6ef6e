"""What an order is worth when its inputs are ranges: the probability of every rank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Draws = NDArray[np.float64]
Places = NDArray[np.int64]
AT_ONCE = 4_000_000
"""So many counts of items × ranks are held at a time."""


@dataclass(frozen=True, slots=True)
class RankStudy:
    """How items rank over draws of their scores; every array has shape (items,), ranks begin with 1.

    `first` is the share of draws in which an item leads, `top` in which it is among the first `cut`. `low` and `high`
    hold its rank in 90% of draws. `coin_flips` are items whose place at the cut is open: their `top` lies between
    20% and 80%, so that arguing about them is worth less than learning.
    """

    items: int
    runs: int
    cut: int
    first: Draws
    top: Draws
    low: Places
    middle: Places
    high: Places
    mean: Draws
    coin_flips: NDArray[np.bool_]

    @property
    def stability(self) -> float:
        """The share of the cut that the same items hold from draw to draw: 1 where the order is certain."""
        return float(np.sum(self.top**2) / self.cut)


def order_of(scores: Draws) -> Places:
    """Return who stands at each place of every draw, shape (runs, items). Of equals the earlier item goes first."""
    down = -scores
    order = np.argsort(down, axis=1)
    sorted_down = np.take_along_axis(down, order, axis=1)
    if bool((sorted_down[:, 1:] == sorted_down[:, :-1]).any()):
        order = np.argsort(
            down, axis=1, kind="stable"
        )  # twice as slow, and needed where scores are equal only
    return order


def study_ranks(*, scores: Draws, cut: int = 10) -> RankStudy:
    """Rank the items anew in every draw.

    Parameters
    ----------
    scores : array of float, shape (runs, items)
        Higher is better; equal scores share no rank, the earlier item goes first.
    cut : int
        How many of the best are asked about; at most the number of items.

    References
    ----------
    .. [1] R. Lahdelma, P. Salminen (2001), SMAA-2, Operations Research 49, 444-454 (rank acceptability indices).

    Examples
    --------
    >>> study = study_ranks(scores=np.array([[3.0, 2.0, 1.0], [2.0, 3.0, 1.0]]), cut=1)
    >>> study.first.tolist(), study.high.tolist()
    ([0.5, 0.5, 0.0], [2, 2, 3])
    """
    runs, items = scores.shape
    if not runs or not items:
        raise ValueError("there is nothing to rank")
    if not np.isfinite(scores).all():
        raise ValueError("a score is not finite")
    if cut < 1:
        raise ValueError("the cut holds at least one item")
    cut = min(cut, items)
    order = order_of(scores)
    needed = [min(runs, max(1, int(np.ceil(level * runs)))) for level in (0.05, 0.5, 0.95)]
    found = np.empty((3, items), dtype=np.int64)
    top = np.empty(items)
    mean = np.empty(items)
    step = items if items * items <= AT_ONCE else max(1, AT_ONCE // items)
    for start in range(0, items, step):
        counts = _counts(order, start=start, some=min(step, items - start))
        until = counts.cumsum(axis=1)
        part = slice(start, start + len(counts))
        top[part] = until[:, cut - 1] / runs
        mean[part] = counts @ np.arange(1, items + 1) / runs
        for place, count in enumerate(needed):
            found[place, part] = (until >= count).argmax(axis=1) + 1
    return RankStudy(
        items=items,
        runs=runs,
        cut=cut,
        first=np.bincount(order[:, 0], minlength=items) / runs,
        top=top,
        low=found[0],
        middle=found[1],
        high=found[2],
        mean=mean,
        coin_flips=(top > 0.2) & (top < 0.8),
    )


def _counts(order: Places, *, start: int, some: int) -> Places:
    """Return how often each of some items stands at each rank, shape (some, items)."""
    items = order.shape[1]
    flat = (order - start) * items
    flat += np.arange(items)[None, :]
    flat = flat.ravel() if some == items else flat[(order >= start) & (order < start + some)]
    return np.bincount(flat, minlength=some * items).reshape(some, items)


def acceptability(*, scores: Draws, limit: int = 20) -> Draws:
    """Return the share of draws in which each item stands at each of the first ranks, shape (items, limit).

    Examples
    --------
    >>> acceptability(scores=np.array([[2.0, 1.0], [1.0, 2.0], [2.0, 1.0], [2.0, 1.0]])).tolist()
    [[0.75, 0.25], [0.25, 0.75]]
    """
    runs, items = scores.shape
    order = order_of(scores)
    first = [np.bincount(order[:, rank], minlength=items) for rank in range(min(limit, items))]
    return np.asarray(np.column_stack(first) / runs)


def chance_of_beating(*, scores: Draws) -> Draws:
    """Return how often each item scores above each other, shape (items, items); equal scores count half.

    References
    ----------
    .. [1] P. Leskinen et al. (2006), Accounting for the uncertainty of preferences, Omega (pairwise winning index).
    """
    items = scores.shape[1]
    found = np.full((items, items), 0.5)
    for one in range(items):
        above = (scores[:, one : one + 1] > scores).mean(axis=0)
        same = (scores[:, one : one + 1] == scores).mean(axis=0)
        found[one] = above + same / 2
    return found
