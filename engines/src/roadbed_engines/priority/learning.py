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
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from roadbed_engines.errors import NotEnoughDataError

Draws = NDArray[np.float64]
LEAST_DRAWS = 200
KNOTS = 5
PARTS = 20
"""The standard error comes from so many parts of the draws."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What learning is worth, in the unit of the benefit, its standard error, and whether it stands out from noise."""

    value: float
    error: float

    @property
    def stands_out(self) -> bool:
        """Whether it lies more than two standard errors above nothing."""
        return self.value > 2 * self.error


def _check(benefit: Draws) -> None:
    if benefit.ndim != 2 or benefit.shape[1] < 2:
        raise ValueError("a decision has at least two options: benefit has shape (draws, options)")
    if benefit.shape[0] < LEAST_DRAWS:
        raise NotEnoughDataError(f"it takes at least {LEAST_DRAWS} draws, there are {benefit.shape[0]}")
    if not np.isfinite(benefit).all():
        raise ValueError("a benefit is not finite")


def _gain(known: Draws) -> Worth:
    """Return what choosing after learning gains over choosing the one option that is best on average."""
    best_now = int(np.argmax(known.mean(axis=0)))
    gains = known.max(axis=1) - known[:, best_now]
    parts = np.array([part.mean() for part in np.array_split(gains, PARTS)])
    return Worth(value=float(max(gains.mean(), 0.0)), error=float(parts.std(ddof=1) / math.sqrt(PARTS)))


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
    basis = _basis(unknown.reshape(len(benefit), -1))
    return _gain(_fit(basis, benefit))


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


def _fit(basis: Draws, benefit: Draws) -> Draws:
    found, *_ = np.linalg.lstsq(basis, benefit, rcond=None)
    return np.asarray(basis @ found)
