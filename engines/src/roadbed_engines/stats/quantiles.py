"""Quantiles with a closed form for their error, also where one unit brings many values.

The quantile's error is read off the data's own quantiles a little below and above it. Where units bring several values
(page loads of one user), the share below the quantile varies more than independent values would; the delta method says
how much more, and the two outer quantiles move apart accordingly.

References
----------
.. [1] A. Deng, U. Knoblich, J. Lu (2018), KDD '18, 233-242, section 4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats.estimates import Estimate, Quantity, estimate
from roadbed_engines.stats.moments import Moments

LEAST_BEYOND = 5


@dataclass(frozen=True, slots=True)
class Levels:
    """At which levels the data's quantiles are to be read."""

    low: float
    level: float
    high: float
    confidence: float


def levels(*, level: float, values: int, inflation: float = 1.0, confidence: float = 0.95) -> Levels:
    """Say which quantiles of the data bound the quantile asked for.

    Parameters
    ----------
    level : float
        Between 0 and 1: 0.9 for the ninetieth percentile.
    values : int
        How many there are.
    inflation : float
        Variance of the share below the quantile, over that of independent values; see `inflation_of`.

    Raises
    ------
    NotEnoughDataError
        If too few values lie beyond the quantile to bound it.

    Examples
    --------
    >>> found = levels(level=0.9, values=10_000)
    >>> round(found.low, 5), round(found.high, 5)
    (0.89412, 0.90588)
    """
    if not 0 < level < 1:
        raise ValueError("a level lies between 0 and 1")
    if min(level, 1.0 - level) * values < LEAST_BEYOND:
        needed = math.ceil(LEAST_BEYOND / min(level, 1.0 - level))
        raise NotEnoughDataError(f"the quantile {level:g} needs {needed} values, there are {values}")
    reach = -float(scipy.special.ndtri((1.0 - confidence) / 2.0))
    apart = reach * math.sqrt(level * (1.0 - level) / values * inflation)
    low, high = level - apart, level + apart
    if low <= 0.0 or high >= 1.0:
        raise NotEnoughDataError(f"too few values lie beyond the quantile {level:g} to bound it")
    return Levels(low, level, high, confidence)


def inflation_of(*, clusters: Moments, below: str, values: str, level: float) -> float:
    """Return how much more the share below the quantile varies than with independent values.

    Parameters
    ----------
    clusters : Moments
        Over units: how many of their values lie at or below the quantile, and how many values they have.
    below, values : str
        Names of these columns.
    """
    found = estimate(moments=clusters, quantity=Quantity(below, values))
    alone = level * (1.0 - level) / clusters.total(values)
    # Never narrower than independent values: within the error of the estimate that would be luck.
    return max(1.0, found.variance / alone)


def quantile(*, low: float, value: float, high: float, units: int, confidence: float = 0.95) -> Estimate:
    """Turn three quantiles of the data into an estimate.

    Raises
    ------
    NotEnoughDataError
        If the outer two are equal: too many equal values for an interval.
    """
    if not low <= value <= high:
        raise ValueError("the three quantiles are not in order")
    if high == low:
        raise NotEnoughDataError("so many values are equal at this quantile that its error cannot be told")
    reach = -float(scipy.special.ndtri((1.0 - confidence) / 2.0))
    error = (high - low) / (2.0 * reach)
    return Estimate(value=value, variance=error * error, units=units, observed=value)


def quantile_of_rows(*, values: ArrayLike, level: float, units: ArrayLike | None = None) -> Estimate:
    """Estimate a quantile from values in memory.

    Parameters
    ----------
    values : array of float, shape (n,)
    level : float
    units : array, shape (n,), optional
        Which unit each value belongs to; without it, each is a unit of its own.

    Examples
    --------
    >>> found = quantile_of_rows(values=np.arange(1, 1001), level=0.5)
    >>> found.value, round(found.error, 1)
    (500.5, 15.8)
    """
    seen = np.sort(np.asarray(values, dtype=np.float64))
    if len(seen) == 0 or not np.isfinite(seen).all():
        raise NotEnoughDataError("there are no values, or some are infinite")
    value = float(np.quantile(seen, level))
    count, inflation = len(seen), 1.0
    if units is not None:
        rows = np.asarray(values, dtype=np.float64)
        _, owner = np.unique(np.asarray(units), return_inverse=True)
        count = int(owner.max()) + 1
        per_unit = Moments.of_rows(
            {
                "below": np.bincount(owner, weights=(rows <= value).astype(np.float64)),
                "values": np.bincount(owner).astype(np.float64),
            }
        )
        inflation = inflation_of(clusters=per_unit, below="below", values="values", level=level)
    at = levels(level=level, values=len(seen), inflation=inflation)
    low, high = (float(one) for one in np.quantile(seen, [at.low, at.high]))
    return quantile(low=low, value=value, high=high, units=count, confidence=at.confidence)
