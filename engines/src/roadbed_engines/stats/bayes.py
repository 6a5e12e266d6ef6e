"""What to believe of an effect, given a prior that somebody wrote down or that past experiments teach.

Most effects are small. A prior learned from the effects that a team has had before shrinks a surprising result by as
much as such surprises have turned out to be luck.

References
----------
.. [1] A. Gelman and others (2013), Bayesian Data Analysis, 3rd ed., section 2.5 and chapter 5.
.. [2] R. C. Paule, J. Mandel (1982), Journal of Research of the National Bureau of Standards 87, 377-385.
.. [3] E. M. Azevedo, A. Deng, J. L. Montiel Olea, J. Rao, E. G. Weyl (2020), Journal of Political Economy
   128, 4614-4672.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats.effects import Direction

LEAST_PAST = 5


@dataclass(frozen=True, slots=True)
class Prior:
    """A normal belief about effects before the data: mean and standard deviation, in the unit of the effect.

    `experiments` says from how many past ones it was learned; nought for one that was written down.
    """

    mean: float
    deviation: float
    experiments: int = 0


@dataclass(frozen=True, slots=True)
class Posterior:
    """A normal belief after the data.

    `chance_to_win` is the chance that the effect is on the wanted side. `loss_if_shipped` is what is lost on average by
    shipping (nought where it is better), `loss_if_kept` by not shipping. `weight` is the share of the data in the mean.
    """

    mean: float
    deviation: float
    low: float
    high: float
    chance_to_win: float
    loss_if_shipped: float
    loss_if_kept: float
    weight: float
    prior: Prior | None


def believe(
    *,
    effect: float,
    error: float,
    prior: Prior | None = None,
    alpha: float = 0.05,
    wanted: Direction = Direction.UP,
) -> Posterior:
    """Combine an estimate with a prior; without one, the data speak alone (a flat prior).

    Parameters
    ----------
    effect, error : float
        A difference or a lift, and its standard error above nought.
    prior : Prior, optional
        In the same unit.

    Raises
    ------
    NotEnoughDataError
        If there is no standard error.

    Examples
    --------
    >>> found = believe(effect=0.04, error=0.02, prior=Prior(mean=0.0, deviation=0.02))
    >>> round(found.mean, 3), round(found.deviation, 5), round(found.chance_to_win, 4)
    (0.02, 0.01414, 0.9214)
    """
    if not (error > 0 and math.isfinite(error) and math.isfinite(effect)):
        raise NotEnoughDataError("there is no standard error to weigh the effect with")
    if prior is not None and not prior.deviation > 0:
        raise ValueError("a prior needs a standard deviation above 0")
    if prior is None:
        mean, deviation, weight = effect, error, 1.0
    else:
        weight = prior.deviation**2 / (prior.deviation**2 + error**2)
        mean = weight * effect + (1.0 - weight) * prior.mean
        deviation = math.sqrt(weight) * error
    reach = -float(scipy.special.ndtri(alpha / 2.0)) * deviation
    towards = mean / deviation if wanted is Direction.UP else -mean / deviation
    density = math.exp(-0.5 * towards * towards) / math.sqrt(2.0 * math.pi)
    kept = deviation * (density + towards * float(scipy.special.ndtr(towards)))
    shipped = deviation * (density - towards * float(scipy.special.ndtr(-towards)))
    return Posterior(
        mean=mean,
        deviation=deviation,
        low=mean - reach,
        high=mean + reach,
        chance_to_win=float(scipy.special.ndtr(towards)),
        loss_if_shipped=max(0.0, shipped),
        loss_if_kept=max(0.0, kept),
        weight=weight,
        prior=prior,
    )


def learn_prior(*, effects: Sequence[float], errors: Sequence[float], centred: bool = True) -> Prior:
    """Learn the prior from past experiments by empirical Bayes.

    The spread of true effects is what is left of the spread of the observed ones when the noise is taken out, found by
    maximum likelihood of N(mean, deviation² + error²). Where noise explains all of it, the deviation is set to the
    value that the data can just not rule out (the upper end of its 50% likelihood interval), so that a workspace with
    five dull experiments is not certain for ever that nothing works.

    Parameters
    ----------
    effects, errors : sequence of float
        Of past experiments on the same metric, or kind of metric, as lifts; all that were run, not only the winners.
    centred : bool
        Take the mean as nought, which is the careful choice; otherwise it is learned too.

    Raises
    ------
    NotEnoughDataError
        If there are fewer than five experiments.

    Examples
    --------
    >>> found = learn_prior(effects=[-0.03, 0.05, 0.01, -0.06, 0.04, 0.03], errors=[0.01] * 6)
    >>> found.mean, round(found.deviation, 3), found.experiments
    (0.0, 0.039, 6)
    """
    seen, noise = np.asarray(effects, dtype=np.float64), np.asarray(errors, dtype=np.float64) ** 2
    if len(seen) < LEAST_PAST:
        raise NotEnoughDataError(f"a prior takes {LEAST_PAST} past experiments, there are {len(seen)}")
    if len(seen) != len(noise) or not (noise > 0).all() or not np.isfinite(seen).all():
        raise ValueError("every effect needs a standard error above 0")

    def middle(variance: float) -> float:
        weights = 1.0 / (noise + variance)
        return 0.0 if centred else float(weights @ seen / weights.sum())

    def unlikely(variance: float) -> float:
        spread = noise + variance
        return float(0.5 * (np.log(spread) + (seen - middle(variance)) ** 2 / spread).sum())

    top = float(seen.var() + (seen**2).mean() + noise.max()) * 10.0
    found = scipy.optimize.minimize_scalar(
        unlikely, bounds=(0.0, top), method="bounded", options={"xatol": top * 1e-10}
    )
    best, least = float(found.x), float(found.fun)
    if unlikely(0.0) <= least or best < 1e-6 * float(noise.mean()):
        best, least = 0.0, unlikely(0.0)
        allowed = least + 0.5 * float(scipy.special.chdtri(1, 0.5))
        best = float(scipy.optimize.brentq(lambda variance: unlikely(variance) - allowed, 0.0, top))
    return Prior(mean=middle(best), deviation=math.sqrt(best), experiments=len(seen))


@dataclass(frozen=True, slots=True)
class Impact:
    """What a set of shipped experiments added together, before and after the winner's curse is taken out.

    `low` and `high` bound `shrunk`. `win_rate` is the share of all experiments that were better beyond chance.
    """

    observed: float
    shrunk: float
    low: float
    high: float
    experiments: int
    shipped: int
    win_rate: float


def cumulative_impact(
    *,
    effects: Sequence[float],
    errors: Sequence[float],
    shipped: Sequence[bool],
    prior: Prior | None = None,
    alpha: float = 0.05,
    wanted: Direction = Direction.UP,
) -> Impact:
    """Add up what was shipped, each effect shrunk by the prior that all experiments teach.

    Only the winners are shipped, and part of each win is luck: the plain sum overstates. Lifts of a few per cent add up
    nearly as they would multiply.

    Parameters
    ----------
    effects, errors : sequence of float
        Lifts of all experiments on one metric, shipped or not, with standard errors.
    shipped : sequence of bool
    prior : Prior, optional
        By default learned from these very experiments.

    Raises
    ------
    NotEnoughDataError
        If no prior is given and there are fewer than five experiments.
    """
    belief = prior or learn_prior(effects=effects, errors=errors)
    beliefs = [
        believe(effect=effect, error=error, prior=belief, alpha=alpha, wanted=wanted)
        for effect, error in zip(effects, errors, strict=True)
    ]
    taken = [one for one, is_shipped in zip(beliefs, shipped, strict=True) if is_shipped]
    total = sum(one.mean for one in taken)
    reach = -float(scipy.special.ndtri(alpha / 2.0)) * math.sqrt(sum(one.deviation**2 for one in taken))
    bound = -float(scipy.special.ndtri(alpha / 2.0))
    sign = 1.0 if wanted is Direction.UP else -1.0
    wins = sum(sign * effect > bound * error for effect, error in zip(effects, errors, strict=True))
    return Impact(
        observed=sum(effect for effect, is_shipped in zip(effects, shipped, strict=True) if is_shipped),
        shrunk=total,
        low=total - reach,
        high=total + reach,
        experiments=len(beliefs),
        shipped=len(taken),
        win_rate=wins / len(beliefs),
    )
