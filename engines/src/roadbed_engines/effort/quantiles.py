"""Effort as three quantiles and a mean. Every way to say it ends in the same four figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.priority.ranges import Range

FEWEST = 9
"""Finished items that a class needs: with fewer, nothing that was seen lies below the P10 or above the P90."""
NORMAL = NormalDist()
Z90 = NORMAL.inv_cdf(0.9)


@dataclass(frozen=True, slots=True)
class Effort:
    """Work in person-days: one chance in ten to need less than `p10`, even odds at `p50`, one in ten above `p90`.

    `mean` is what the work costs on average; it lies above the median where the bad ends are farther away.
    """

    p10: float
    p50: float
    p90: float
    mean: float


def _check(p10: float, p50: float, p90: float) -> None:
    if not all(math.isfinite(one) for one in (p10, p50, p90)):
        raise ValueError("an estimate has finite figures")
    if p10 > p90:
        raise ValueError(f"the low end ({p10:g}) lies above the high end ({p90:g})")
    if not p10 <= p50 <= p90:
        raise ValueError(f"the middle ({p50:g}) lies outside {p10:g} to {p90:g}")
    if p10 <= 0:
        raise ValueError("an estimate is more than nothing: the low end must lie above zero")


def _mean_below(spread: float) -> float:
    """The lower half's part of the mean of a two-piece lognormal around one: exp(s²/2)·Φ(-s), without underflow."""
    from scipy.special import erfcx  # a fifth of a second at every start, for those who never estimate

    return float(erfcx(spread / math.sqrt(2))) / 2


def _mean_above(spread: float) -> float:
    return math.exp(spread**2 / 2) * NORMAL.cdf(spread)


def of_quantiles(*, p10: float, p50: float, p90: float) -> Effort:
    """Return the effort whose quantiles are known, with its mean.

    Below and above the median the logarithm is half a normal distribution that meets the quantile on its side.

    Raises
    ------
    ValueError
        If the quantiles are out of order, not finite, or not above zero.

    References
    ----------
    .. [1] K. F. Wallis (2014), The two-piece normal, binormal, or double Gaussian distribution, Statistical Science
       29, 106-112.

    Examples
    --------
    >>> effort = of_quantiles(p10=2, p50=4, p90=12)
    >>> round(effort.mean, 2)
    6.01
    """
    _check(p10, p50, p90)
    below, above = math.log(p50 / p10) / Z90, math.log(p90 / p50) / Z90
    mean = p50 * (_mean_below(below) + _mean_above(above))
    return Effort(p10=float(p10), p50=float(p50), p90=float(p90), mean=mean)


def of_range(given: Range) -> Effort:
    """Return the effort that a range with a stated confidence, and perhaps a likely value, stands for.

    The logarithm is normal, or two half normals that meet at the likely value, such that the range holds its
    confidence: the same distribution that `roadbed_engines.priority.ranges.draw` draws from.

    Raises
    ------
    ValueError
        If the low end is not above zero.

    Examples
    --------
    >>> effort = of_range(Range(low=2, high=8, confidence=0.8))
    >>> round(effort.p10, 2), round(effort.p50, 2), round(effort.p90, 2)
    (2.0, 4.0, 8.0)
    """
    if given.low <= 0:
        raise ValueError("an estimate is more than nothing: the low end must lie above zero")
    if given.low == given.high:
        return Effort(given.low, given.low, given.low, given.low)
    reach = NORMAL.inv_cdf(0.5 + given.confidence / 2)
    low, high = math.log(given.low), math.log(given.high)
    middle = (low + high) / 2 if given.likely is None else math.log(given.likely)
    below, above = (middle - low) / reach, (high - middle) / reach
    weight = below / (below + above)

    def quantile(chance: float) -> float:
        if chance < weight:
            return math.exp(middle + below * NORMAL.inv_cdf(chance / (2 * weight)))
        return math.exp(middle + above * NORMAL.inv_cdf(0.5 + (chance - weight) / (2 * (1 - weight))))

    mean = 2 * math.exp(middle) * (weight * _mean_below(below) + (1 - weight) * _mean_above(above))
    return Effort(quantile(0.1), quantile(0.5), quantile(0.9), mean)


def of_three_points(*, low: float, likely: float, high: float) -> Effort:
    """Return the effort of which somebody named three points: rarely less, most likely, rarely more.

    Rarely is one chance in ten, so `low` and `high` are the P10 and the P90. The logarithm is two half normals that
    meet at the likely value, the mode, without a step in the density; the median follows.

    Raises
    ------
    ValueError
        If the points are out of order, not finite, or not above zero.

    References
    ----------
    .. [1] K. F. Wallis (2014), The two-piece normal, binormal, or double Gaussian distribution, Statistical Science
       29, 106-112.

    Examples
    --------
    >>> effort = of_three_points(low=3, likely=5, high=20)
    >>> round(effort.p10, 2), round(effort.p50, 2), round(effort.p90, 2)
    (3.0, 6.77, 20.0)
    """
    _check(low, likely, high)
    if low == high:
        return Effort(float(low), float(low), float(low), float(low))
    middle = math.log(likely)
    left, right = middle - math.log(low), math.log(high) - middle

    def spreads(weight: float) -> tuple[float, float]:
        return left / _half(0.1 / weight), right / _half(0.1 / (1 - weight))

    least, most = 0.1 + 1e-12, 0.9 - 1e-12
    for _ in range(100):
        weight = (least + most) / 2
        below, above = spreads(weight)
        if below / (below + above) > weight:
            least = weight
        else:
            most = weight
    below, above = spreads(weight)
    # Where the likely value is an end itself, its half has no length to be measured by: the weights tell.
    if left == 0:
        below = above * weight / (1 - weight)
    elif right == 0:
        above = below * (1 - weight) / weight
    if weight > 0.5:
        median = math.exp(middle - below * _half(0.5 / weight))
    else:
        median = math.exp(middle + above * _half(0.5 / (1 - weight)))
    mean = 2 * likely * (weight * _mean_below(below) + (1 - weight) * _mean_above(above))
    return Effort(float(low), min(max(median, low), high), float(high), mean)


def _half(chance: float) -> float:
    """What a half normal exceeds with that chance."""
    return NORMAL.inv_cdf(1 - min(chance, 1.0) / 2)


def of_points(*, points: float, a_point: Effort) -> Effort:
    """Return the effort of story points, given what one point of this team takes.

    Raises
    ------
    ValueError
        If there are no points.

    Examples
    --------
    >>> of_points(points=5, a_point=of_quantiles(p10=0.5, p50=1, p90=2)).p90
    10.0
    """
    if not math.isfinite(points) or points <= 0:
        raise ValueError("an estimate in points needs more than none")
    return Effort(a_point.p10 * points, a_point.p50 * points, a_point.p90 * points, a_point.mean * points)


def of_class(actuals: Sequence[float]) -> Effort:
    """Return the effort of the next item of a class, from what its finished ones took.

    Quantiles are those for which the next item lies below with the stated chance, whatever the distribution
    (k / (n + 1)).

    Parameters
    ----------
    actuals : sequence of float
        What each finished item took, in person-days.

    Raises
    ------
    NotEnoughDataError
        If fewer than `FEWEST` items are known: their extremes would have to stand for what was never seen.

    References
    ----------
    .. [1] B. Flyvbjerg (2006), From Nobel Prize to project management: getting risks right, Project Management
       Journal 37(3), 5-15.

    Examples
    --------
    >>> of_class([1, 2, 3, 4, 5, 6, 7, 8, 9]).p50
    5.0
    """
    known = [float(one) for one in actuals if math.isfinite(one) and one > 0]
    if len(known) < FEWEST:
        raise NotEnoughDataError(
            f"{len(known)} finished items of this class are known; {FEWEST} are needed, "
            "so that one in ten lies below the low end and one above the high end"
        )
    p10, p50, p90 = np.quantile(known, [0.1, 0.5, 0.9], method="weibull")
    return Effort(float(p10), float(p50), float(p90), float(np.mean(known)))


def of_people(said: Sequence[Effort]) -> Effort:
    """Return what several people believe together: the average of their distributions, one voice each.

    Where they disagree the result is wider than any of them alone. Averaging probabilities suits people whose own
    ranges are too narrow, as those of estimators are.

    Raises
    ------
    NotEnoughDataError
        If nobody said anything.

    References
    ----------
    .. [1] K. C. Lichtendahl, Y. Grushka-Cockayne, R. L. Winkler (2013), Is it better to average probabilities or
       quantiles?, Management Science 59, 1594-1611.
    .. [2] M. Jørgensen, K. H. Teigen, K. Moløkken (2004), Better sure than safe? Over-confidence in judgement based
       software development effort prediction intervals, Journal of Systems and Software 70, 79-93.

    Examples
    --------
    >>> alike = of_people([of_quantiles(p10=2, p50=4, p90=8)] * 3)
    >>> round(alike.p10, 3), round(alike.p90, 3)
    (2.0, 8.0)
    """
    if not said:
        raise NotEnoughDataError("nobody has said how much work it is")
    parts = [_share_below(one) for one in said]

    def quantile(chance: float) -> float:
        low, high = min(one.p10 for one in said) / 1e3, max(one.p90 for one in said) * 1e3
        for _ in range(80):
            middle = math.sqrt(low * high)
            if sum(part(middle) for part in parts) / len(parts) < chance:
                low = middle
            else:
                high = middle
        return math.sqrt(low * high)

    mean = sum(one.mean for one in said) / len(said)
    return Effort(quantile(0.1), quantile(0.5), quantile(0.9), mean)


def _share_below(effort: Effort) -> Callable[[float], float]:
    below = math.log(effort.p50 / effort.p10) / Z90
    above = math.log(effort.p90 / effort.p50) / Z90

    def share(value: float) -> float:
        away = math.log(value / effort.p50)
        spread = below if away < 0 else above
        if spread == 0:
            return 0.5 if away == 0 else float(away > 0)
        return NORMAL.cdf(away / spread)

    return share
