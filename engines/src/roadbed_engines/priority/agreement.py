"""How far people agree about items they rated, and what their disagreement says of a figure.

References
----------
.. [1] M. G. Kendall, B. Babington Smith (1939), The problem of m rankings, Annals of Mathematical Statistics 10,
   275-287; with ties: S. Siegel (1956), Nonparametric Statistics, chapter 9.
.. [2] R. Pfister et al. (2013), Good things peak in pairs: a note on the bimodality coefficient, Frontiers in
   Psychology 4, 700.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.priority.ranges import Range

Votes = NDArray[np.float64]
LEAST_FOR_CAMPS = 4
CAMPS = 5 / 9
"""Sarle's coefficient of an even spread; two camps lie above."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the votes on one item agree.

    `level` is 1 where everybody votes the same and 0 where half vote for either end. `in_camps` says that the votes
    fall into two groups with a gap between them: their mean is then nobody's opinion.
    """

    votes: int
    mean: float
    sd: float
    level: float
    in_camps: bool


def agreement(*, votes: Sequence[float], scale: tuple[float, float]) -> Agreement:
    """Return 1 - sd / sd_max, sd_max being that of votes split between the ends of the scale.

    Raises
    ------
    NotEnoughDataError
        If fewer than two people voted.
    ValueError
        If a vote lies outside the scale.

    Examples
    --------
    >>> agreement(votes=[1, 1, 5, 5], scale=(1, 5))
    Agreement(votes=4, mean=3.0, sd=2.0, level=0.0, in_camps=True)
    >>> agreement(votes=[4, 4, 4], scale=(1, 5)).level
    1.0
    """
    values = _checked(votes, scale)
    count = len(values)
    if count < 2:
        raise NotEnoughDataError("it takes two votes to agree or not")
    low, high = scale
    below = count // 2
    ends = np.array([low] * below + [high] * (count - below))
    sd, most = float(values.std()), float(ends.std())
    return Agreement(
        votes=count,
        mean=float(values.mean()),
        sd=sd,
        level=max(0.0, 1.0 - sd / most),
        in_camps=_in_camps(values, high - low),
    )


def _checked(votes: Sequence[float], scale: tuple[float, float]) -> Votes:
    low, high = scale
    if low >= high:
        raise ValueError("the scale has a length")
    values = np.asarray(votes, dtype=float)
    if len(values) and (not np.isfinite(values).all() or values.min() < low or values.max() > high):
        raise ValueError(f"a vote lies outside the scale from {low:g} to {high:g}")
    return values


def _in_camps(values: Votes, length: float) -> bool:
    """Two camps: Sarle's coefficient above that of an even spread, a gap, and at least two voters on either side."""
    count = len(values)
    if count < LEAST_FOR_CAMPS or values.std() == 0:
        return False
    ordered = np.sort(values)
    gaps = np.diff(ordered)
    gap = int(gaps.argmax())
    if gaps[gap] < length / 4 or min(gap + 1, count - gap - 1) < 2:
        return False
    # The moments of the votes as they are: corrected for small samples, the coefficient of four votes is undefined.
    scaled = (values - values.mean()) / values.std()
    return float((scaled**3).mean() ** 2 + 1) / float((scaled**4).mean()) > CAMPS


@dataclass(frozen=True, slots=True)
class Concordance:
    """Kendall's W: 0 where rankings have nothing in common, 1 where they are one.

    `chance` is how often people who rate at random would agree as much.
    """

    w: float
    raters: int
    items: int
    chance: float


def concordance(*, ratings: Votes) -> Concordance:
    """Return Kendall's W, corrected for ties, of people who rated the same items.

    Parameters
    ----------
    ratings : array of float, shape (raters, items)
        Higher is better. A rater with a missing vote (nan) is left out.

    Raises
    ------
    NotEnoughDataError
        If fewer than two people rated everything, there are fewer than two items, or nobody told any apart.

    Examples
    --------
    >>> concordance(ratings=np.array([[1.0, 2, 3], [1, 2, 3], [1, 2, 3]])).w
    1.0
    """
    full = ratings[~np.isnan(ratings).any(axis=1)]
    raters, items = full.shape
    if raters < 2 or items < 2:
        raise NotEnoughDataError("it takes two people who rated the same two items")
    from scipy import special

    ranks = np.array([_ranks(row) for row in full])
    totals = ranks.sum(axis=0)
    spread = float(((totals - totals.mean()) ** 2).sum())
    ties = 0.0
    for row in ranks:
        _, counts = np.unique(row, return_counts=True)
        ties += float((counts**3 - counts).sum())
    most = raters**2 * (items**3 - items) - raters * ties
    if most <= 0:
        raise NotEnoughDataError("nobody told any two items apart")
    w = min(1.0, 12 * spread / most)
    chance = float(special.chdtrc(items - 1, raters * (items - 1) * w))
    return Concordance(w=w, raters=raters, items=items, chance=chance)


def _ranks(row: Votes) -> Votes:
    """Return each value's rank from 1 on; equal values share the mean of theirs."""
    _, place, counts = np.unique(row, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    shared: Votes = (last - (counts - 1) / 2)[place]
    return shared


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a voter is from the others, as a share of the scale: on average, and with which sign."""

    voter: str
    away: float
    above: float
    votes: int


def who_differs(*, votes: Mapping[str, Mapping[str, float]], scale: tuple[float, float]) -> list[Distance]:
    """Return how far each voter is from the median of the others, the farthest first.

    Parameters
    ----------
    votes : mapping
        By voter, the votes by item.

    Examples
    --------
    >>> votes = {"Ada": {"x": 5}, "Ben": {"x": 1}, "Cleo": {"x": 1}}
    >>> who_differs(votes=votes, scale=(1, 5))[0]
    Distance(voter='Ada', away=1.0, above=1.0, votes=1)
    """
    length = scale[1] - scale[0]
    found = []
    for voter, own in votes.items():
        gaps = []
        for item, value in own.items():
            others = [theirs[item] for name, theirs in votes.items() if name != voter and item in theirs]
            if others:
                gaps.append((value - float(np.median(others))) / length)
        if gaps:
            away = float(np.mean(np.abs(gaps)))
            found.append(Distance(voter=voter, away=away, above=float(np.mean(gaps)), votes=len(gaps)))
    return sorted(found, key=lambda one: (-one.away, one.voter))


def range_of_votes(*, votes: Sequence[float], scale: tuple[float, float], confidence: float = 0.8) -> Range:
    """Return a range that holds as much doubt as the votes disagree: disagreement becomes variance.

    The spread is that of the next voter's opinion, t-distributed about the mean, cut at the ends of the scale.

    Raises
    ------
    NotEnoughDataError
        If fewer than three people voted.

    Examples
    --------
    >>> found = range_of_votes(votes=[2, 3, 3, 4], scale=(1, 5))
    >>> round(found.low, 2), found.likely, round(found.high, 2)
    (1.5, 3.0, 4.5)
    """
    values = _checked(votes, scale)
    count = len(values)
    if count < 3:
        raise NotEnoughDataError("a range takes at least three votes")
    from scipy import special

    mean, sd = float(values.mean()), float(values.std(ddof=1))
    reach = float(special.stdtrit(count - 1, 0.5 + confidence / 2)) * sd * math.sqrt(1 + 1 / count)
    low, high = scale
    return Range(low=max(low, mean - reach), high=min(high, mean + reach), likely=mean, confidence=confidence)
