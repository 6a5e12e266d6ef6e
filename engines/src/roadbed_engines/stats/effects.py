"""Treatment against control: the difference, the lift, their intervals, and what they say to a margin.

References
----------
.. [1] B. L. Welch (1947), Biometrika 34, 28-35.
.. [2] R. G. Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.
.. [3] G. Piaggio and others (2012), JAMA 308, 2594-2604 (non-inferiority read off an interval).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import scipy

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats import sequences
from roadbed_engines.stats.estimates import Estimate, Pair
from roadbed_engines.stats.proportions import difference_in_proportions

_Reach = Callable[[float], float]
FEW = 10
"""Below so many successes or failures in a variant, a normal interval for shares is too narrow."""


class Plan(StrEnum):
    """When the result may be looked at."""

    SEQUENTIAL = "sequential"
    FIXED = "fixed"


class Method(StrEnum):
    """How the interval came about."""

    WELCH = "welch"
    PROPORTIONS = "two-proportion z"
    FEW_PROPORTIONS = "two-proportion z, Newcombe interval"
    SEQUENCE = "asymptotic confidence sequence"
    SWITCHBACK = "switchback"
    SWITCHBACK_SEQUENCE = "switchback, asymptotic confidence sequence"


@dataclass(frozen=True, slots=True)
class Lift:
    """Treatment over control, less one, with its interval."""

    lift: float
    low: float
    high: float
    error: float


@dataclass(frozen=True, slots=True)
class Effect:
    """Treatment minus control.

    `error` is the standard error of the difference, `statistic` the difference in standard errors (of the null, for
    shares), `freedom` its degrees of freedom (infinite for the normal). `lift` is None where control or treatment is
    not above nought.
    """

    difference: float
    error: float
    low: float
    high: float
    statistic: float
    p_value: float
    freedom: float
    alpha: float
    plan: Plan
    method: Method
    lift: Lift | None

    @property
    def is_clear(self) -> bool:
        """Whether the whole interval lies on one side of nought."""
        return self.low > 0 or self.high < 0


def compare(*, pair: Pair, plan: Plan, alpha: float = 0.05, tuned_for: float = sequences.TUNED_FOR) -> Effect:
    """Compare two variants.

    Fixed horizon: Welch's t for means, ratios and adjusted values; for plain shares the two-proportion z test with
    its pooled null, and an interval with the unpooled error (Newcombe's, where successes or failures are few).
    Sequential: the asymptotic confidence sequence over both variants' units, with Student's tail. The lift's interval
    is that of the logarithm of the ratio.

    Parameters
    ----------
    pair : Pair
        Two independent estimates of the same thing.
    tuned_for : float
        For the sequential plan: the units, both variants together, at which it is narrowest.

    Raises
    ------
    NotEnoughDataError
        If nothing varies, so that an interval would have no width.

    Examples
    --------
    Cookie Cats, retention after seven days:

    >>> arms = [share(successes=8502, units=44700), share(successes=8279, units=45489)]
    >>> found = compare(pair=Pair(*arms), plan=Plan.FIXED)
    >>> round(found.difference, 5), round(found.low, 5), round(found.high, 5), round(found.p_value, 4)
    (-0.0082, -0.01328, -0.00312, 0.0016)
    """
    if not 0 < alpha < 1:
        raise ValueError("alpha must lie between 0 and 1")
    control, treatment = pair.control, pair.treatment
    variance = control.variance + treatment.variance + pair.shared
    if not math.isfinite(variance) or not math.isfinite(treatment.value - control.value):
        raise NotEnoughDataError("a value is infinite, or is no number")
    if variance <= _rounding(control, treatment):
        raise NotEnoughDataError("nothing varies in either variant, so nothing can be said of chance")
    if plan is Plan.SEQUENTIAL:
        return _sequential(pair, variance, alpha, tuned_for)
    if control.successes is not None and treatment.successes is not None and pair.shared == 0:
        return _shares(control, treatment, variance, alpha)
    freedom = _freedom(pair)
    error, difference = math.sqrt(variance), treatment.value - control.value
    reach = float(scipy.special.stdtrit(freedom, 1.0 - alpha / 2.0)) * error
    return Effect(
        difference=difference,
        error=error,
        low=difference - reach,
        high=difference + reach,
        statistic=difference / error,
        p_value=2.0 * float(scipy.special.stdtr(freedom, -abs(difference) / error)),
        freedom=freedom,
        alpha=alpha,
        plan=plan,
        method=Method.WELCH,
        lift=_lift(pair, lambda freed: float(scipy.special.stdtrit(freed, 1.0 - alpha / 2.0))),
    )


def share(*, successes: int, units: int) -> Estimate:
    """Estimate a plain share, with the variance that Bernoulli trials have.

    Raises
    ------
    NotEnoughDataError
        If there are fewer than two units.
    """
    if not 0 <= successes <= units:
        raise ValueError("successes must lie between 0 and the number of units")
    if units < 2:
        raise NotEnoughDataError("one unit does not vary")
    value = successes / units
    return Estimate(
        value=value,
        variance=value * (1.0 - value) / units,
        units=units,
        observed=value,
        successes=successes,
    )


def _rounding(control: Estimate, treatment: Estimate) -> float:
    """Return a variance that rounding alone would leave."""
    return (1e-14 * max(abs(control.value), abs(treatment.value))) ** 2


def _freedom(pair: Pair, scale: tuple[float, float] = (1.0, 1.0)) -> float:
    """Return the degrees of freedom of Welch and Satterthwaite."""
    first, second = pair.control.variance / scale[0] ** 2, pair.treatment.variance / scale[1] ** 2
    # In shares of the larger, since squares of small variances would vanish.
    top = max(first, second)
    first, second = first / top, second / top
    below = first**2 / (pair.control.units - 1) + second**2 / (pair.treatment.units - 1)
    return (first + second) ** 2 / below


def _lift(pair: Pair, reach_at: _Reach) -> Lift | None:
    control, treatment = pair.control, pair.treatment
    if control.value <= 0 or treatment.value <= 0:
        return None
    error = math.sqrt(
        control.variance / control.value**2
        + treatment.variance / treatment.value**2
        + pair.shared / (control.value * treatment.value)
    )
    ratio = treatment.value / control.value
    reach = reach_at(_freedom(pair, (control.value, treatment.value))) * error
    high = ratio * math.exp(reach) - 1.0 if reach < 700.0 else math.inf
    return Lift(lift=ratio - 1.0, low=ratio * math.exp(-reach) - 1.0, high=high, error=ratio * error)


def _shares(control: Estimate, treatment: Estimate, variance: float, alpha: float) -> Effect:
    counts = (control.successes or 0, treatment.successes or 0)
    units = (control.units, treatment.units)
    difference, error = treatment.value - control.value, math.sqrt(variance)
    both = sum(counts) / sum(units)
    null = math.sqrt(both * (1.0 - both) * (1.0 / units[0] + 1.0 / units[1]))
    reach = -float(scipy.special.ndtri(alpha / 2.0))
    low, high, method = difference - reach * error, difference + reach * error, Method.PROPORTIONS
    if min(*counts, units[0] - counts[0], units[1] - counts[1]) < FEW:
        better = difference_in_proportions(successes=counts, trials=units, confidence=1.0 - alpha)
        low, high, method = better.low, better.high, Method.FEW_PROPORTIONS
    return Effect(
        difference=difference,
        error=error,
        low=max(-1.0, low),
        high=min(1.0, high),
        statistic=difference / null,
        p_value=2.0 * float(scipy.special.ndtr(-abs(difference) / null)),
        freedom=math.inf,
        alpha=alpha,
        plan=Plan.FIXED,
        method=method,
        lift=_lift(Pair(control, treatment), lambda _: reach),
    )


def _sequential(pair: Pair, variance: float, alpha: float, tuned_for: float) -> Effect:
    difference, error = pair.treatment.value - pair.control.value, math.sqrt(variance)
    units, freedom = pair.control.units + pair.treatment.units, _freedom(pair)
    normal = sequences.radius(units=units, alpha=alpha, tuned_for=tuned_for)
    reach = sequences.stretched(radius=normal, freedom=freedom) * error
    score = sequences.as_normal(score=difference / error, freedom=freedom)
    are_shares = pair.control.successes is not None and pair.treatment.successes is not None
    most = 1.0 if are_shares else math.inf
    return Effect(
        difference=difference,
        error=error,
        low=max(-most, difference - reach),
        high=min(most, difference + reach),
        statistic=difference / error,
        p_value=sequences.p_value(score=score, units=units, alpha=alpha, tuned_for=tuned_for),
        freedom=freedom,
        alpha=alpha,
        plan=Plan.SEQUENTIAL,
        method=Method.SEQUENCE,
        lift=_lift(pair, lambda freed: sequences.stretched(radius=normal, freedom=freed)),
    )


class Direction(StrEnum):
    """Which way a metric is wanted to go."""

    UP = "up"
    DOWN = "down"


class Standing(StrEnum):
    """What an interval says to a margin."""

    BETTER = "better"
    NOT_WORSE = "not worse"
    WORSE = "worse"
    UNCLEAR = "unclear"


def stand(*, low: float, high: float, wanted: Direction = Direction.UP, margin: float = 0.0) -> Standing:
    """Read an interval against the harm that would still be borne.

    Better: all of it on the wanted side of nought. Not worse: all of it on the wanted side of the margin. Worse: all
    of it beyond the margin. The interval and the margin are in the same unit: both differences, or both lifts.

    Parameters
    ----------
    margin : float
        At least 0; how much worse would still be borne.

    Examples
    --------
    >>> stand(low=-0.01, high=0.03, margin=0.02)
    <Standing.NOT_WORSE: 'not worse'>
    >>> stand(low=-0.05, high=-0.03, margin=0.02)
    <Standing.WORSE: 'worse'>
    """
    if margin < 0:
        raise ValueError("a margin is at least 0")
    bottom, top = (low, high) if wanted is Direction.UP else (-high, -low)
    if bottom > 0:
        return Standing.BETTER
    if top < -margin:
        return Standing.WORSE
    if margin > 0 and bottom > -margin:
        return Standing.NOT_WORSE
    return Standing.UNCLEAR
