"""Intervals that stay valid however often they are looked at.

The asymptotic confidence sequence of Waudby-Smith and others: with probability 1 - alpha it holds the true value at
every look at once, so a test may be stopped whenever its interval leaves nought out. Its one tuning constant says at
how many units it is narrowest; it must be chosen without looking at the data.

References
----------
.. [1] I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas (2024), Annals of Statistics 52, 2613-2640,
   equation 9 and appendix B.2.
"""

from __future__ import annotations

import math

import scipy

TUNED_FOR = 5_000
"""Units, both variants together, at which the sequence is narrowest unless somebody says otherwise."""


def tuning(*, alpha: float, units: float) -> float:
    """Return the squared constant that makes the sequence narrowest at so many units.

    Examples
    --------
    >>> round(tuning(alpha=0.05, units=5_000) ** 0.5, 6)
    0.03984
    """
    if not 0 < alpha < 1 or not units > 0:
        raise ValueError("alpha must lie between 0 and 1, and units above 0")
    gone = -2.0 * math.log(alpha)
    return (gone + math.log(gone + 1.0)) / units


def radius(*, units: float, alpha: float, tuned_for: float = TUNED_FOR) -> float:
    """Return the half-width in standard errors after `units` units.

    Examples
    --------
    >>> round(radius(units=5_000, alpha=0.05), 3)
    3.035
    """
    mixed = units * tuning(alpha=alpha, units=tuned_for)
    return math.sqrt((mixed + 1.0) / mixed * (math.log1p(mixed) - 2.0 * math.log(alpha)))


def p_value(*, score: float, units: float, alpha: float, tuned_for: float = TUNED_FOR) -> float:
    """Return the smallest level at which the sequence, tuned at `alpha`, leaves nought out.

    Parameters
    ----------
    score : float
        The effect in standard errors.

    Examples
    --------
    >>> bound = radius(units=2_000, alpha=0.05)
    >>> round(p_value(score=bound, units=2_000, alpha=0.05), 12)
    0.05
    """
    mixed = units * tuning(alpha=alpha, units=tuned_for)
    log_p = 0.5 * math.log1p(mixed) - 0.5 * score * score * mixed / (mixed + 1.0)
    return min(1.0, math.exp(log_p))


def stretched(*, radius: float, freedom: float) -> float:
    """Return the half-width that has Student's tail where the normal has that of `radius`.

    The sequence is asymptotic; with few units the variance is itself a guess, and Student's tail allows for it.
    """
    tail = float(scipy.special.ndtr(-radius))
    return max(radius, float(-scipy.special.stdtrit(freedom, tail))) if tail > 0 else radius


def as_normal(*, score: float, freedom: float) -> float:
    """Return the normal score whose tail is Student's tail of `score`; the inverse of `stretched`."""
    tail = float(scipy.special.stdtr(freedom, -abs(score)))
    return min(abs(score), float(-scipy.special.ndtri(tail))) if tail > 0 else abs(score)
