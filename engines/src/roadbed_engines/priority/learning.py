"""What it is worth to learn something before deciding: perfect, partial and sample information.

`benefit` has shape (draws, options): the net benefit of each option in each draw of what is not known, in money or
points. The best choice today is the option with the highest mean. Learning is worth what choosing afterwards gains.

References
----------
.. [1] H. Raiffa, R. Schlaifer (1961), Applied Statistical Decision Theory, chapters 4 and 5.
.. [2] M. Strong, J. E. Oakley, A. Brennan (2014), Estimating multiparameter partial expected value of perfect
   information from a probabilistic sensitivity analysis sample, Medical Decision Making 34, 311-326.
.. [3] M. Strong et al. (2015), Estimating the expected value of sample information using the probabilistic
   sensitivity analysis sample, Medical Decision Making 35, 570-583.
.. [4] C. Jackson et al. (2022), Value of information analysis in models to inform health policy, Annual Review of
   Statistics and Its Application 9, 95-118.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from roadbed_engines.errors import NotEnoughDataError

Draws = NDArray[np.float64]
LEAST_DRAWS = 200
KNOTS = 5
Turn = Callable[[Draws], Draws]


@dataclass(frozen=True, slots=True)
class Worth:
    """What learning is worth, in the unit of the benefit, with its standard error.

    `floor` is what the same sum finds where there is nothing to be found, from the same draws in another order. A
    value that does not lie above it, and two standard errors above nothing, is noise: say "less than `bound`".
    """

    value: float
    error: float
    floor: float = 0.0

    @property
    def stands_out(self) -> bool:
        """Whether it lies above the floor and more than two standard errors above nothing."""
        return self.value > max(2 * self.error, self.floor)

    @property
    def bound(self) -> float:
        """What a value that does not stand out is less than."""
        return max(self.value, self.floor) + 2 * self.error


def _check(benefit: Draws) -> None:
    if benefit.ndim != 2 or benefit.shape[1] < 2:
        raise ValueError("a decision has at least two options: benefit has shape (draws, options)")
    if benefit.shape[0] < LEAST_DRAWS:
        raise NotEnoughDataError(f"it takes at least {LEAST_DRAWS} draws, there are {benefit.shape[0]}")
    if not np.isfinite(benefit).all():
        raise ValueError("a benefit is not finite")


def _gain(known: Draws, *, left: Draws | None = None, turn: Turn | None = None) -> Worth:
    """Return what choosing after learning gains over choosing the one option that is best on average.

    With what a regression left unexplained, and a function that projects on its basis, the error counts the doubt
    about its coefficients too (by the influence of each draw): for a small study that is most of it.
    """
    best_now = int(np.argmax(known.mean(axis=0)))
    gains = known.max(axis=1) - known[:, best_now]
    influence = gains
    if left is not None and turn is not None:
        chosen = np.zeros(known.shape)
        chosen[np.arange(len(known)), known.argmax(axis=1)] = 1.0
        chosen[:, best_now] -= 1.0
        influence = gains + (left * turn(chosen)).sum(axis=1)
    error = float(influence.std(ddof=1) / math.sqrt(len(gains)))
    return Worth(value=float(max(gains.mean(), 0.0)), error=error)


def perfect(*, benefit: Draws) -> Worth:
    """Return the expected value of knowing everything (EVPI): no study can be worth more.

    Examples
    --------
    >>> benefit = np.tile([[0.0, 1.0], [0.0, -1.0]], (200, 1))
    >>> perfect(benefit=benefit).value
    0.5
    """
    _check(benefit)
    return _gain(benefit)


def partial(*, benefit: Draws, unknown: Draws) -> Worth:
    """Return the expected value of knowing some of the unknowns (EVPPI), by regression of the benefit on them.

    Parameters
    ----------
    benefit : array of float, shape (draws, options)
    unknown : array of float, shape (draws,) or (draws, k)
        The draws of what would be learned, in the same order.

    Raises
    ------
    NotEnoughDataError
        If there are fewer than 200 draws.
    """
    _check(benefit)
    runs = len(benefit)
    base, _ = np.linalg.qr(_basis(unknown.reshape(runs, -1)))

    def turn(values: Draws) -> Draws:
        return np.asarray(base @ (base.T @ values))

    known = turn(benefit)
    found = _gain(known, left=benefit - known, turn=turn)
    noise = _gain(turn(np.roll(benefit, runs // 2, axis=0)))
    return Worth(value=found.value, error=found.error, floor=2 * noise.value)


def simulate_study(*, unknown: Draws, narrows_to: float, chance: np.random.Generator) -> Draws:
    """Return, for each draw of what is not known, what a study of it would have found.

    Parameters
    ----------
    unknown : array of float, shape (draws,)
    narrows_to : float
        The share of the range's width that the study leaves open, above 0 and below 1: 0.5 for one that halves it.
        For a normal figure this is exact; one that is above 0 throughout is studied on the scale of its logarithm.

    Examples
    --------
    >>> chance = np.random.default_rng(1)
    >>> truth = chance.normal(0, 2, 100_000)
    >>> found = simulate_study(unknown=truth, narrows_to=0.5, chance=chance)
    >>> left = truth - np.polyval(np.polyfit(found, truth, 1), found)
    >>> round(float(left.std() / truth.std()), 2)
    0.5
    """
    if not 0 < narrows_to < 1:
        raise ValueError("what a study leaves of the range lies between 0 and 1, both excluded")
    values = np.log(unknown) if bool((unknown > 0).all()) else np.asarray(unknown, dtype=float)
    noise = values.std() * narrows_to / math.sqrt(1 - narrows_to**2)
    return np.asarray(values + chance.normal(0.0, noise, len(values)) if noise > 0 else values)


def sample(*, benefit: Draws, summary: Draws) -> Worth:
    """Return the expected value of a study (EVSI), by regression of the benefit on what it would have found.

    Parameters
    ----------
    benefit : array of float, shape (draws, options)
    summary : array of float, shape (draws,) or (draws, k)
        For each draw, a result of the study simulated from that draw: an estimate, such as a mean.
    """
    return partial(benefit=benefit, unknown=summary)


def sample_of_normal(*, mean: float, sd: float, other: float, noise: float, size: float) -> float:
    """Return the value of `size` observations of one option's normal benefit, the other's being known (closed form).

    Parameters
    ----------
    mean, sd : float
        What is believed of the option's benefit.
    other : float
        The benefit of the other option, without doubt.
    noise : float
        Standard deviation of one observation.
    size : float
        How many; `math.inf` gives the value of perfect information.

    Examples
    --------
    >>> round(sample_of_normal(mean=0, sd=1, other=0, noise=1, size=math.inf), 4)
    0.3989
    """
    if sd < 0 or noise < 0 or size < 0:
        raise ValueError("sd, noise and size are not below 0")
    if sd == 0 or size == 0:
        return 0.0
    spread = sd * sd / math.sqrt(sd * sd + noise * noise / size)
    z = (mean - other) / spread
    normal = NormalDist()
    return other + spread * (z * normal.cdf(z) + normal.pdf(z)) - max(mean, other)


def net_of_cost(*, worth: float, uses: float = 1.0, cost: float = 0.0, delay: float = 0.0) -> float:
    """Return what a study gains after what it costs (ENBS): worth × uses − cost − what waiting for it loses."""
    return worth * uses - cost - delay


def _basis(unknown: Draws) -> Draws:
    """Return natural cubic splines of each unknown, and the products of their linear parts, beside a constant."""
    columns = [np.ones(len(unknown))]
    linear = []
    for place in range(unknown.shape[1]):
        values = unknown[:, place]
        spread = values.std()
        if spread == 0:
            continue
        scaled = (values - values.mean()) / spread
        linear.append(scaled)
        columns.append(scaled)
        knots = np.unique(np.quantile(scaled, np.linspace(0.02, 0.98, KNOTS + 2)))
        if len(knots) >= 3:
            columns += _natural(scaled, knots)
    columns += [linear[i] * linear[j] for i in range(len(linear)) for j in range(i)]
    return np.column_stack(columns)


def _natural(values: Draws, knots: Draws) -> list[Draws]:
    """Return the non-linear columns of a natural cubic spline (Hastie, Tibshirani, Friedman 2009, equation 5.4)."""
    last = knots[-1]

    def bend(knot: float) -> Draws:
        upper = np.maximum(values - knot, 0.0) ** 3 - np.maximum(values - last, 0.0) ** 3
        return np.asarray(upper / (last - knot))

    end = bend(float(knots[-2]))
    return [bend(float(knot)) - end for knot in knots[:-2]]
