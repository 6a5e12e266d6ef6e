"""What an order is worth when its inputs are ranges: the probability of every rank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Draws = NDArray[np.float64]


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
    low: NDArray[np.int64]
    middle: NDArray[np.int64]
    high: NDArray[np.int64]
    mean: Draws
    coin_flips: NDArray[np.bool_]

    @property
    def stability(self) -> float:
        """The share of the cut that the same items hold from draw to draw: 1 where the order is certain."""
        return float(np.sum(self.top**2) / self.cut)


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
    if cut < 1:
        raise ValueError("the cut holds at least one item")
    cut = min(cut, items)
    order = np.argsort(-scores, axis=1, kind="stable")
    ranks = np.empty((runs, items), dtype=np.int32)
    np.put_along_axis(ranks, order, np.arange(1, items + 1, dtype=np.int32)[None, :], axis=1)
    sorted_ranks = np.sort(ranks, axis=0)

    def at(level: float) -> NDArray[np.int64]:
        place = min(runs - 1, max(0, int(np.ceil(level * runs)) - 1))
        return np.asarray(sorted_ranks[place], dtype=np.int64)

    top = (ranks <= cut).mean(axis=0)
    return RankStudy(
        items=items,
        runs=runs,
        cut=cut,
        first=np.bincount(order[:, 0], minlength=items) / runs,
        top=top,
        low=at(0.05),
        middle=at(0.5),
        high=at(0.95),
        mean=ranks.mean(axis=0),
        coin_flips=(top > 0.2) & (top < 0.8),
    )


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
