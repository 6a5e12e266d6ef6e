"""The beta distribution, and the exact interval of a proportion that rests on it.

References
----------
.. [1] NIST Digital Library of Mathematical Functions, 8.17.22, the continued fraction of the incomplete
beta function.
.. [2] W. J. Lentz (1976), Applied Optics 15, 668-671, on evaluating continued fractions.
.. [3] C. J. Clopper, E. S. Pearson (1934), Biometrika 26, 404-413.
"""

from __future__ import annotations

import math

from roadbed_engines.errors import NotEnoughDataError

_TINY = 1e-300
_PRECISION = 1e-15
_STEPS = 10_000
_HALVINGS = 200


def beta_cdf(*, x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b): the share of Beta(a, b) that lies below x.

    Parameters
    ----------
    x : float
        From 0 to 1.
    a, b : float
        Shape parameters, above 0.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> round(beta_cdf(x=0.5, a=2, b=3), 4)
    0.6875
    """
    _check_shapes(a=a, b=b)
    if not 0.0 <= x <= 1.0:
        raise ValueError("x must lie between 0 and 1")
    if x in {0.0, 1.0}:
        return x
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    # The fraction converges quickly below the mean only; above it, the mirrored distribution is evaluated.
    if x < (a + 1.0) / (a + b + 2.0):
        return min(1.0, math.exp(log_front) * _fraction(x=x, a=a, b=b) / a)
    return max(0.0, 1.0 - math.exp(log_front) * _fraction(x=1.0 - x, a=b, b=a) / b)


def beta_quantile(*, probability: float, a: float, b: float) -> float:
    """Return the x below which that share of Beta(a, b) lies.

    Newton's method inside a bracket that is halved wherever a step would leave it, so it always arrives.

    Parameters
    ----------
    probability : float
        From 0 to 1.
    a, b : float
        Shape parameters, above 0.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> round(beta_quantile(probability=0.6875, a=2, b=3), 10)
    0.5
    """
    _check_shapes(a=a, b=b)
    if not 0.0 <= probability <= 1.0:
        raise ValueError("probability must lie between 0 and 1")
    if probability in {0.0, 1.0}:
        return probability
    log_norm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    low, high, x = 0.0, 1.0, a / (a + b)
    for _ in range(_HALVINGS):
        error = beta_cdf(x=x, a=a, b=b) - probability
        if error == 0.0:
            return x
        low, high = (x, high) if error < 0 else (low, x)
        log_density = log_norm + (a - 1.0) * math.log(x) + (b - 1.0) * math.log1p(-x)
        following = x - error * math.exp(min(-log_density, 700.0))
        if not low < following < high:
            following = (low + high) / 2.0
        if abs(following - x) <= 1e-14 * max(following, 1e-300) or following in {low, high}:
            return following
        x = following
    return x


def proportion_interval(*, successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of Clopper and Pearson for a proportion.

    It covers the true proportion at least as often as it says, whatever the sample size; it is never too
    narrow.

    Parameters
    ----------
    successes, trials : int
        Counts, not rates.
    confidence : float
        Between 0 and 1, both excluded.

    Raises
    ------
    NotEnoughDataError
        If there are no trials.
    ValueError
        If the counts contradict each other or `confidence` is out of its range.

    References
    ----------
    .. [1] C. J. Clopper, E. S. Pearson (1934), Biometrika 26, 404-413.

    Examples
    --------
    >>> low, high = proportion_interval(successes=81, trials=263)
    >>> round(low, 4), round(high, 4)
    (0.2527, 0.3676)
    """
    if trials < 1:
        raise NotEnoughDataError("There are no trials.")
    if not 0 <= successes <= trials:
        raise ValueError("successes must lie between 0 and the number of trials")
    if not 0.0 < confidence < 1.0:
        raise ValueError("confidence must lie between 0 and 1")
    tail = (1.0 - confidence) / 2.0
    failures = trials - successes
    low = beta_quantile(probability=tail, a=successes, b=failures + 1) if successes else 0.0
    high = beta_quantile(probability=1.0 - tail, a=successes + 1, b=failures) if failures else 1.0
    return low, high


def _check_shapes(*, a: float, b: float) -> None:
    if not (a > 0.0 and b > 0.0 and math.isfinite(a) and math.isfinite(b)):
        raise ValueError("a and b must be finite and above 0")


def _fraction(*, x: float, a: float, b: float) -> float:
    """Evaluate DLMF 8.17.22 by the modified method of Lentz."""
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > _TINY else _TINY)
    value = d
    for m in range(1, _STEPS):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0)),
        ):
            d = 1.0 + numerator * d
            d = 1.0 / (d if abs(d) > _TINY else _TINY)
            c = 1.0 + numerator / c
            c = c if abs(c) > _TINY else _TINY
            value *= c * d
        if abs(c * d - 1.0) < _PRECISION:
            return value
    raise ArithmeticError(f"The incomplete beta function did not converge at x={x}, a={a}, b={b}")
