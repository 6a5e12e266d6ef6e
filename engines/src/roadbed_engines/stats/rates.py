"""Comparing how often something happened in two stretches, exactly.

References
----------
.. [1] J. Przyborowski, H. Wilenski (1940), Biometrika 31, 313-323: given the sum of two Poisson counts, one
of them is
   binomial, and its parameter is a function of the ratio of the rates alone.
.. [2] C. J. Clopper, E. S. Pearson (1934), Biometrika 26, 404-413.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats.beta import beta_cdf, proportion_interval


@dataclass(frozen=True, slots=True)
class RateRatio:
    """How many times as often, with its interval.

    `ratio` and `high` are infinite where nothing happened before.
    """

    ratio: float
    low: float
    high: float
    p_value: float
    confidence: float
    events: tuple[int, int]
    exposures: tuple[float, float]


def compare_rates(
    *, events: tuple[int, int], exposures: tuple[float, float], confidence: float = 0.95
) -> RateRatio:
    """Estimate the rate in the second stretch over the rate in the first.

    Given the sum n of both counts, the second is Binomial(n, p) with p = r·e2 / (r·e2 + e1), where r is the
    ratio of the rates and e1, e2 are the exposures. The exact interval for p is carried over to r. The
    p-value is twice the smaller tail at r = 1, so it is below 1 - confidence exactly when the interval
    leaves 1 out.

    Parameters
    ----------
    events : tuple of int, shape (2,)
        How often it happened in (first, second). Counts, not rates.
    exposures : tuple of float, shape (2,)
        How much was looked at in (first, second), in one unit of your choice: days, or pieces of feedback.
    confidence : float
        Between 0 and 1, both excluded.

    Raises
    ------
    NotEnoughDataError
        If nothing happened in either stretch, or one of them was not looked at.
    ValueError
        If a count or an exposure is negative, or `confidence` is out of its range.

    Examples
    --------
    Lung cancer in Fredericia against three other Danish cities, men and women of 55 to 59:

    >>> found = compare_rates(events=(21, 11), exposures=(3011, 800))
    >>> round(found.ratio, 3), round(found.low, 3), round(found.high, 3)
    (1.971, 0.858, 4.277)
    """
    first, second = events
    before, after = exposures
    if first < 0 or second < 0 or before < 0 or after < 0:
        raise ValueError("counts and exposures cannot be negative")
    if before == 0 or after == 0:
        raise NotEnoughDataError("One of the two stretches was not looked at.")
    total = first + second
    if total == 0:
        raise NotEnoughDataError("Nothing happened in either stretch.")
    scale = before / after
    low, high = proportion_interval(successes=second, trials=total, confidence=confidence)
    expected = after / (before + after)
    at_most = beta_cdf(x=1.0 - expected, a=first, b=second + 1) if first else 1.0
    at_least = beta_cdf(x=expected, a=second, b=first + 1) if second else 1.0
    return RateRatio(
        ratio=_odds(second / total) * scale,
        low=_odds(low) * scale,
        high=_odds(high) * scale,
        p_value=min(1.0, 2.0 * min(at_most, at_least)),
        confidence=confidence,
        events=(first, second),
        exposures=(float(before), float(after)),
    )


def _odds(share: float) -> float:
    return math.inf if share >= 1.0 else share / (1.0 - share)
