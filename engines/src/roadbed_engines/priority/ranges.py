"""Inputs as people give them: a figure, a range, three points; and draws from them."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Draws = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Range:
    """What somebody believes of a figure: it lies between `low` and `high` with chance `confidence`.

    `likely` is the value that they hold for the most probable one, if they named it. `low` equal to `high` is a
    figure without doubt. All three share the figure's unit.
    """

    low: float
    high: float
    likely: float | None = None
    confidence: float = 0.8

    def __post_init__(self) -> None:
        """Refuse what contradicts itself.

        Raises
        ------
        ValueError
            If the low end lies above the high one, the likely value lies outside, a figure is not finite, or the
            confidence is not between 0 and 1.
        """
        figures = [self.low, self.high] + ([] if self.likely is None else [self.likely])
        if not all(math.isfinite(figure) for figure in figures):
            raise ValueError("a range has finite ends")
        if self.low > self.high:
            raise ValueError(f"the low end ({self.low:g}) lies above the high end ({self.high:g})")
        if self.likely is not None and not self.low <= self.likely <= self.high:
            raise ValueError(f"the likely value ({self.likely:g}) lies outside {self.low:g} to {self.high:g}")
        if not 0 < self.confidence < 1:
            raise ValueError("the confidence of a range lies between 0 and 1, both excluded")

    @property
    def middle(self) -> float:
        """The value to calculate with where only one may be: the likely one, else the median of the draws."""
        if self.likely is not None:
            return self.likely
        return math.sqrt(self.low * self.high) if self.low > 0 else (self.low + self.high) / 2


def exactly(value: float) -> Range:
    """Return a figure without doubt."""
    return Range(low=value, high=value)


def draw(given: Range, *, runs: int, chance: np.random.Generator) -> Draws:
    """Return draws of a figure, shape (runs,).

    Two ends above zero: lognormal with the ends as its quantiles, since efforts and reaches are skewed. Otherwise
    normal. With a likely value: two half (log)normals that meet there, so that the range holds the stated share.

    References
    ----------
    .. [1] K. F. Wallis (2014), The two-piece normal, binormal, or double Gaussian distribution, Statistical Science
       29, 106-112.

    Examples
    --------
    >>> weeks = draw(Range(low=2, high=8), runs=100_000, chance=np.random.default_rng(1))
    >>> bool(abs(np.mean((weeks > 2) & (weeks < 8)) - 0.8) < 0.01), bool(abs(np.median(weeks) - 4) < 0.05)
    (True, True)
    """
    if given.low == given.high:
        return np.full(runs, float(given.low))
    reach = NormalDist().inv_cdf(0.5 + given.confidence / 2)
    if given.likely is not None and given.low > 0:
        ends = (math.log(given.low), math.log(given.likely), math.log(given.high))
        return np.asarray(np.exp(_two_piece(*ends, reach=reach, runs=runs, chance=chance)))
    if given.likely is not None:
        ends = (given.low, given.likely, given.high)
        drawn = _two_piece(*ends, reach=reach, runs=runs, chance=chance)
        return np.maximum(drawn, 0.0) if given.low == 0 else drawn
    if given.low > 0:
        spread = math.log(given.high / given.low) / (2 * reach)
        return np.asarray(np.exp(chance.normal(math.log(given.middle), spread, runs)))
    return chance.normal(given.middle, (given.high - given.low) / (2 * reach), runs)


def _two_piece(
    low: float, likely: float, high: float, *, reach: float, runs: int, chance: np.random.Generator
) -> Draws:
    """Draw from two half normals that meet at the likely value; low to high holds what `reach` stands for, exactly."""
    below, above = (likely - low) / reach, (high - likely) / reach
    lies_below = chance.random(runs) < below / (below + above)
    away = np.abs(chance.standard_normal(runs))
    return np.where(lies_below, likely - below * away, likely + above * away)


def draw_block(
    given: Sequence[Range], *, runs: int, seed: int, name: str = "", streams: Sequence[int] | None = None
) -> Draws:
    """Return draws of several figures, independent of each other, shape (runs, figures).

    Each figure is drawn from a stream of its own (`name` and its number in `streams`, by default its place), so the
    same figure has the same draws whatever is drawn beside it.
    """
    found = np.empty((len(given), runs))
    key = zlib.crc32(name.encode())
    for place, one in enumerate(given):
        stream = streams[place] if streams is not None else place
        found[place] = draw(one, runs=runs, chance=np.random.default_rng((seed, key, stream)))
    return found.T


def of_count(count: int) -> Range:
    """Return a count with the doubt that counting events brings: 80% of the gamma that Jeffreys' prior leaves.

    Examples
    --------
    >>> found = of_count(9)
    >>> round(found.low, 1), round(found.high, 1)
    (5.8, 13.6)
    """
    if count < 0:
        raise ValueError("a count is not below 0")
    from scipy import special  # a fifth of a second at every start, for those who never count

    low, high = (float(special.gammaincinv(count + 0.5, level)) for level in (0.1, 0.9))
    return Range(low=low, high=high)
