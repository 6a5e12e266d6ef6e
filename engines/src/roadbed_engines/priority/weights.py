"""What becomes of an order when the weights of its criteria are open too (SMAA-2).

References
----------
.. [1] R. Lahdelma, P. Salminen (2001), SMAA-2: Stochastic multicriteria acceptability analysis for group decision
   making, Operations Research 49, 444-454.
.. [2] T. Tervonen, R. Lahdelma (2007), Implementing stochastic multicriteria acceptability analysis, European Journal
   of Operational Research 178, 500-513.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roadbed_engines.errors import NotEnoughDataError

Draws = NDArray[np.float64]
TRIES = 60
"""How many times as many weights are drawn, at most, before bounds are called too narrow."""


def draw_weights(
    *,
    criteria: int,
    runs: int,
    seed: int,
    order: Sequence[Sequence[int]] | None = None,
    bounds: Sequence[tuple[float, float]] | None = None,
) -> Draws:
    """Return weights that add up to 1, evenly over all that are allowed, shape (runs, criteria).

    Parameters
    ----------
    order : sequence of sequences, optional
        Groups of criteria, the weightiest group first; inside a group nothing is said. Unnamed ones stay free.
    bounds : sequence of pairs, optional
        The least and the greatest share of each criterion.

    Raises
    ------
    NotEnoughDataError
        If (nearly) no weights keep within the bounds.

    Examples
    --------
    >>> weights = draw_weights(criteria=3, runs=20_000, seed=1, order=[[0], [1], [2]])
    >>> bool((weights[:, 0] >= weights[:, 1]).all()), weights.mean(axis=0).round(2).tolist()
    (True, [0.61, 0.28, 0.11])
    """
    if criteria < 1:
        raise ValueError("there is at least one criterion")
    if order is not None and bounds is not None:
        raise ValueError("weights are held by an order or by bounds, not by both")
    if bounds is not None:
        low = sum(pair[0] for pair in bounds)
        high = sum(pair[1] for pair in bounds)
        if len(bounds) != criteria or any(not 0 <= a <= b <= 1 for a, b in bounds):
            raise ValueError("each criterion has a least and a greatest share between 0 and 1")
        if low > 1 + 1e-9 or high < 1 - 1e-9:
            raise ValueError(f"the shares cannot add up to 1: they lie between {low:g} and {high:g} together")
    chance = np.random.default_rng(seed)
    kept: list[Draws] = []
    count = 0
    for _ in range(TRIES):
        drawn = chance.dirichlet(np.ones(criteria), size=runs)
        if order is not None:
            drawn = _ordered(drawn, order, chance)
        if bounds is not None:
            low_ends = np.array([pair[0] for pair in bounds])
            high_ends = np.array([pair[1] for pair in bounds])
            free = 1 - low_ends.sum()
            drawn = low_ends + drawn * free
            drawn = drawn[(drawn <= high_ends + 1e-12).all(axis=1)]
        kept.append(drawn)
        count += len(drawn)
        if count >= runs:
            return np.concatenate(kept)[:runs]
    raise NotEnoughDataError("hardly any weights keep within these shares: widen them")


def _ordered(drawn: Draws, groups: Sequence[Sequence[int]], chance: np.random.Generator) -> Draws:
    """Sort the drawn weights so that an earlier group never weighs less than a later one."""
    named = [place for group in groups for place in group]
    found = drawn.copy()
    sorted_down = -np.sort(-drawn[:, named], axis=1)
    start = 0
    for group in groups:
        part = sorted_down[:, start : start + len(group)]
        found[:, list(group)] = chance.permuted(part, axis=1) if len(group) > 1 else part
        start += len(group)
    return found


@dataclass(frozen=True, slots=True)
class WeightStudy:
    """Which weights speak for which item; shapes (items,) and (items, criteria).

    `first` is the share of all allowed weights (and scores) under which an item leads. `central` are the mean weights
    of those who would put it first, nan where nobody would. `confidence` is how often it leads under its central
    weights: below about a half its lead needs better figures, not other weights.
    """

    first: Draws
    central: Draws
    confidence: Draws


def study_weights(*, values: Draws, weights: Draws) -> WeightStudy:
    """Compare items under many weights.

    Parameters
    ----------
    values : array of float, shape (items, criteria) or (runs, items, criteria)
        Each from 0 (worst) to 1 (best).
    weights : array of float, shape (runs, criteria)

    Examples
    --------
    >>> weights = draw_weights(criteria=2, runs=4_000, seed=3)
    >>> found = study_weights(values=np.array([[1.0, 0.0], [0.0, 1.0], [0.3, 0.3]]), weights=weights)
    >>> found.first.round(1).tolist(), found.central[0].round(2).tolist(), found.confidence.tolist()
    ([0.5, 0.5, 0.0], [0.75, 0.25], [1.0, 1.0, 0.0])
    """
    runs, criteria = weights.shape
    cube = values if values.ndim == 3 else np.broadcast_to(values, (runs, *values.shape))
    if cube.shape[0] != runs or cube.shape[2] != criteria:
        raise ValueError("values have shape (runs, items, criteria), and weights (runs, criteria)")
    items = cube.shape[1]
    scores = np.einsum("rik,rk->ri", cube, weights)
    leader = scores.argmax(axis=1)
    counts = np.bincount(leader, minlength=items)
    central = np.full((items, criteria), np.nan)
    confidence = np.zeros(items)
    for item in np.flatnonzero(counts):
        central[item] = weights[leader == item].mean(axis=0)
        confidence[item] = float(((cube @ central[item]).argmax(axis=1) == item).mean())
    return WeightStudy(first=counts / runs, central=central, confidence=confidence)
