"""How much work something is: from a range, from people, from story points, from finished work of its kind.

People's ranges are too narrow, and what they add up to is narrower still, for estimates of one package err together.
So the spread is borrowed from what became of estimates before, and packages share a factor that is
learned from past ones.

References
----------
.. [1] M. Jorgensen, K. H. Teigen, K. Molokken (2004), Better sure than safe? Over-confidence in judgement based
   software development effort prediction intervals, Journal of Systems and Software 70, 79-93.
.. [2] B. Flyvbjerg (2006), From Nobel Prize to project management: getting risks right, Project Management
   Journal 37(3), 5-15.
.. [3] A. O'Hagan et al. (2006), Uncertain Judgements: Eliciting Experts' Probabilities, Wiley (linear pooling).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from roadbed_engines.errors import NotEnoughDataError

LEAST_EFFECTIVE = 30
LEAST_PACKAGES = 8
TRIALS = 4_000
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Effort:
    """A lognormal amount of work, and what it rests on."""

    median: float
    sigma: float
    origin: str
    effective: float = math.inf

    def at(self, level: float) -> float:
        """Return the amount that suffices with this chance."""
        return self.median * math.exp(self.sigma * NormalDist().inv_cdf(level))


def from_range(*, low: float, high: float, confidence: float) -> Effort:
    """Fit the range that somebody gave, at the confidence that they gave it with.

    Parameters
    ----------
    low, high : float
        Above 0, in this order.
    confidence : float
        The chance that it lies between them, between 0 and 1. It is never assumed to be 90%: ask.

    Examples
    --------
    >>> found = from_range(low=2, high=8, confidence=0.8)
    >>> round(found.median, 6), round(found.at(0.9), 6)
    (4.0, 8.0)
    """
    if not 0 < low <= high:
        raise ValueError(f"the range from {low:g} to {high:g} must be above 0 and in this order")
    if not 0 < confidence < 1:
        raise ValueError("confidence must be between 0 and 1")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    return Effort(math.sqrt(low * high), math.log(high / low) / (2 * z), f"range at {confidence:.0%}")


def from_three_points(*, low: float, likely: float, high: float, confidence: float = 0.8) -> Effort:
    """Fit low, middle and high: the middle is the median, the spread that of the two sides together.

    Examples
    --------
    >>> round(from_three_points(low=2, likely=3, high=9).at(0.5), 6)
    3.0
    """
    if not low <= likely <= high:
        raise ValueError(f"{likely:g} does not lie between {low:g} and {high:g}")
    return Effort(likely, from_range(low=low, high=high, confidence=confidence).sigma, "three points")


def effective_size(weights: Sequence[float]) -> float:
    """Return how many equally alike cases weighted ones are worth: (sum w)^2 / sum w^2."""
    each = np.asarray(weights, dtype=np.float64)
    return float(each.sum() ** 2 / (each**2).sum()) if each.any() else 0.0


def quantiles(*, values: Sequence[float], weights: Sequence[float], levels: Sequence[float]) -> Numbers:
    """Return weighted quantiles: linear between the middles of the weights."""
    order = np.argsort(values, kind="stable")
    each, weight = np.asarray(values, dtype=np.float64)[order], np.asarray(weights, dtype=np.float64)[order]
    middles = (np.cumsum(weight) - weight / 2) / weight.sum()
    return np.interp(levels, middles, each)


@dataclass(frozen=True, slots=True)
class Reference:
    """Finished work of a kind: actual over estimate (or over points), and how alike each is."""

    name: str
    ratios: tuple[float, ...]
    weights: tuple[float, ...] = ()

    @property
    def effective(self) -> float:
        """See `effective_size`."""
        return effective_size(self.weights) if self.weights else float(len(self.ratios))


def from_reference(
    *, estimate: float, classes: Sequence[Reference], least: float = LEAST_EFFECTIVE
) -> Effort:
    """Keep the human estimate as the scale and take centre and spread from what became of such estimates.

    Parameters
    ----------
    estimate : float
        Above 0: hours, days, or story points with ratios of days a point.
    classes : sequence of Reference
        From the narrowest to the widest; the first with enough effective cases is used.

    Raises
    ------
    NotEnoughDataError
        If not even the widest has enough.
    """
    if not estimate > 0:
        raise ValueError("an estimate must be above 0")
    for each in classes:
        if each.effective >= least:
            logs = np.log(np.asarray(each.ratios, dtype=np.float64))
            weights = each.weights or (1.0,) * len(logs)
            low, middle, high = quantiles(values=logs.tolist(), weights=weights, levels=(0.1, 0.5, 0.9))
            sigma = float(high - low) / (2 * NormalDist().inv_cdf(0.9))
            return Effort(estimate * math.exp(middle), sigma, each.name, each.effective)
    best = max((each.effective for each in classes), default=0.0)
    raise NotEnoughDataError(
        f"a reference class needs {least:g} finished cases; the widest is worth {best:.0f}"
    )


def pool(*, experts: Sequence[Effort], weights: Sequence[float] = ()) -> Effort:
    """Pool what several people say: an equal (or weighted) mixture, so that disagreement widens it.

    Examples
    --------
    >>> two = [Effort(4.0, 0.2, "Ada"), Effort(16.0, 0.2, "Ben")]
    >>> both = pool(experts=two)
    >>> round(both.median, 3), both.sigma > 0.6
    (8.0, True)
    """
    if not experts:
        raise NotEnoughDataError("nobody has said anything yet")
    share = np.asarray(weights or [1.0] * len(experts), dtype=np.float64)
    share = share / share.sum()
    centres = np.array([math.log(each.median) for each in experts])
    centre = float(share @ centres)
    spread = float(share @ np.array([each.sigma**2 for each in experts]) + share @ (centres - centre) ** 2)
    return Effort(math.exp(centre), math.sqrt(spread), f"{len(experts)} people", float(len(experts)))


# -- packages ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Package:
    """Several estimates and what they came to."""

    estimates: tuple[float, ...]
    actuals: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Common:
    """What packages have in common: a factor on all of a package, lognormal with `centre` and `sigma` of its logarithm.

    `shared` is the share of one estimate's variance that it is, for `schedule.uncertainty.Estimate`; `packages`
    how many it was learned from.
    """

    centre: float
    sigma: float
    shared: float
    packages: int


def learn_common(*, past: Sequence[Package], ratios: Sequence[float], seed: int = 0) -> Common:
    """Learn the common factor: how past packages scattered, beyond what independent estimates would have.

    Parameters
    ----------
    past : sequence of Package
    ratios : sequence of float
        Actual over estimate of single pieces, for the part that is independent.

    Raises
    ------
    NotEnoughDataError
        With fewer than 8 packages.
    """
    if len(past) < LEAST_PACKAGES:
        raise NotEnoughDataError(
            f"a common factor needs {LEAST_PACKAGES} finished packages; there are {len(past)}"
        )
    logs, alone = [], []
    for at, package in enumerate(past):
        drawn = np.log(_sums(package.estimates, ratios=ratios, trials=400, seed=seed + at))
        logs.append(math.log(sum(package.actuals)) - float(drawn.mean()))
        alone.append(float(drawn.var()))
    # The factor is known from so many packages only: Student's spread, not the normal one, and one part for the mean.
    count = len(logs)
    total = float(np.var(logs, ddof=1)) * (1 + 1 / count) * (count - 1) / max(1, count - 3)
    extra = max(0.0, total - float(np.mean(alone)))
    single = float(np.var(np.log(np.asarray(ratios)))) or 1.0
    return Common(float(np.mean(logs)), math.sqrt(extra), min(1.0, extra / single), count)


def _sums(estimates: Sequence[float], *, ratios: Sequence[float], trials: int, seed: int) -> Numbers:
    chance = np.random.default_rng(seed)
    drawn = chance.choice(np.asarray(ratios, dtype=np.float64), size=(trials, len(estimates)))
    return np.asarray(drawn @ np.asarray(estimates, dtype=np.float64))


def package_at(
    *,
    estimates: Sequence[float],
    ratios: Sequence[float],
    common: Common | None,
    levels: Sequence[float],
    seed: int = 0,
) -> Mapping[float, float]:
    """Return what a package of estimates comes to with each chance.

    Without `common` the pieces are taken as independent, which is far too sure.
    """
    sums = _sums(estimates, ratios=ratios, trials=TRIALS, seed=seed)
    if common is not None:
        lucky = np.random.default_rng([seed, 1]).standard_normal(TRIALS)
        sums = sums * np.exp(common.centre + common.sigma * lucky)
    return dict(zip(levels, np.quantile(sums, levels).tolist(), strict=True))
