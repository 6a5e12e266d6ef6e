"""Comparing two shares, with an interval that holds for small counts too.

References
----------
.. [1] E. B. Wilson (1927), Journal of the American Statistical Association 22, 209-212.
.. [2] R. G. Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from roadbed_engines.errors import NotEnoughDataError


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its interval."""

    share: float
    low: float
    high: float
    successes: int
    trials: int


@dataclass(frozen=True, slots=True)
class ProportionDifference:
    """The second share minus the first, with its interval."""

    difference: float
    low: float
    high: float
    confidence: float

    @property
    def is_clear(self) -> bool:
        """Whether the whole interval lies on one side of nought."""
        return self.low > 0 or self.high < 0


def share_of(*, successes: int, trials: int, confidence: float = 0.95) -> Share:
    """Estimate a share with Wilson's score interval.

    Parameters
    ----------
    successes, trials : int
        Counts, not rates; `successes` of `trials`.
    confidence : float
        Between 0 and 1, both excluded.

    Raises
    ------
    NotEnoughDataError
        If there are no trials.
    ValueError
        If the counts are impossible, or `confidence` is out of its range.

    Examples
    --------
    >>> found = share_of(successes=81, trials=263)
    >>> round(found.low, 4), round(found.high, 4)
    (0.2553, 0.3662)
    """
    if not 0 < confidence < 1:
        raise ValueError("confidence must lie between 0 and 1")
    if successes < 0 or trials < 0 or successes > trials:
        raise ValueError("successes must lie between 0 and trials")
    if trials == 0:
        raise NotEnoughDataError("There is nobody to take a share of.")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = successes / trials
    middle = 2 * successes + z * z
    spread = z * math.sqrt(z * z + 4 * successes * (1 - share))
    whole = 2 * (trials + z * z)
    low = 0.0 if successes == 0 else max(0.0, (middle - spread) / whole)
    high = 1.0 if successes == trials else min(1.0, (middle + spread) / whole)
    return Share(share=share, low=low, high=high, successes=successes, trials=trials)


def difference_in_proportions(
    *, successes: tuple[int, int], trials: tuple[int, int], confidence: float = 0.95
) -> ProportionDifference:
    """Estimate the second share minus the first with Newcombe's hybrid score interval.

    The two groups are taken as independent: nobody is in both.

    Parameters
    ----------
    successes : tuple of int, shape (2,)
        Counts in (first, second), not rates.
    trials : tuple of int, shape (2,)
        How many were looked at in (first, second).
    confidence : float
        Between 0 and 1, both excluded.

    Raises
    ------
    NotEnoughDataError
        If either group is empty.
    ValueError
        If the counts are impossible, or `confidence` is out of its range.

    Examples
    --------
    >>> found = difference_in_proportions(successes=(48, 56), trials=(80, 70))
    >>> round(found.difference, 2), round(found.low, 4), round(found.high, 4)
    (0.2, 0.0524, 0.3339)
    """
    first = share_of(successes=successes[0], trials=trials[0], confidence=confidence)
    second = share_of(successes=successes[1], trials=trials[1], confidence=confidence)
    difference = second.share - first.share
    below = math.hypot(second.share - second.low, first.high - first.share)
    above = math.hypot(second.high - second.share, first.share - first.low)
    return ProportionDifference(
        difference=difference,
        low=max(-1.0, difference - below),
        high=min(1.0, difference + above),
        confidence=confidence,
    )
