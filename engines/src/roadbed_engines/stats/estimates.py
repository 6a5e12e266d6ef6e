"""What one variant shows in a metric: a value and its squared standard error, adjusted by what was known before.

A metric is a mean of a column or a ratio of two means; so is a covariate. Both are linear in the columns near their
means (the delta method), and so one set of moments serves them all.

References
----------
.. [1] A. Deng, Y. Xu, R. Kohavi, T. Walker (2013), WSDM '13, 123-132 (CUPED).
.. [2] A. Deng, U. Knoblich, J. Lu (2018), KDD '18, 233-242 (the delta method for ratios).
.. [3] L. W. Miratrix, J. S. Sekhon, B. Yu (2013), Journal of the Royal Statistical Society B 75, 369-396.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats.moments import Floats, Moments, merge


@dataclass(frozen=True, slots=True)
class Quantity:
    """The mean of a column, or the mean of one over the mean of another."""

    numerator: str
    denominator: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it takes."""
        return (self.numerator, self.denominator) if self.denominator else (self.numerator,)

    def value(self, moments: Moments) -> float:
        """Return it, as observed.

        Raises
        ------
        NotEnoughDataError
            If the denominator is nought.
        """
        above = moments.mean(self.numerator)
        if not self.denominator:
            return above
        below = moments.mean(self.denominator)
        if below == 0:
            raise NotEnoughDataError("the denominator adds up to nought, and nothing can be divided by it")
        return above / below

    def gradient(self, moments: Moments) -> Floats:
        """Return how it moves with the mean of each column, shape (k,)."""
        found = np.zeros(len(moments.names))
        if not self.denominator:
            found[moments.names.index(self.numerator)] = 1.0
            return found
        below = moments.mean(self.denominator)
        found[moments.names.index(self.numerator)] += 1.0 / below
        found[moments.names.index(self.denominator)] -= self.value(moments) / below
        return found


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value of one variant with its squared standard error.

    `units` are what was randomised and varies. `observed` is the value before any adjustment, `explained` the share of
    the variance that the adjustment took out. `successes` is known for plain proportions only.
    """

    value: float
    variance: float
    units: int
    observed: float
    explained: float = 0.0
    successes: int | None = None

    @property
    def error(self) -> float:
        """The standard error."""
        return math.sqrt(self.variance)


@dataclass(frozen=True, slots=True)
class Pair:
    """Control and treatment, measured alike.

    `shared` is variance of the difference that belongs to neither alone: that of the weights of strata.
    """

    control: Estimate
    treatment: Estimate
    shared: float = 0.0


def estimate(*, moments: Moments, quantity: Quantity) -> Estimate:
    """Estimate a mean or a ratio of one variant, unadjusted.

    Raises
    ------
    NotEnoughDataError
        If there are fewer than two units, or the denominator is nought.

    Examples
    --------
    >>> found = estimate(moments=Moments.of_rows({"x": [1.0, 2.0, 6.0]}), quantity=Quantity("x"))
    >>> found.value, round(found.variance, 4)
    (3.0, 2.3333)
    """
    value = quantity.value(moments)
    slope = quantity.gradient(moments)
    variance = float(slope @ moments.covariance() @ slope) / moments.count
    return Estimate(value=value, variance=max(0.0, variance), units=moments.count, observed=value)


def estimate_pair(
    *, control: Moments, treatment: Moments, quantity: Quantity, covariates: Sequence[Quantity] = ()
) -> Pair:
    """Estimate both variants, adjusted by covariates that treatment cannot have changed (CUPED).

    The coefficients come from both variants together. Covariates that do not vary, or repeat others, are left out by
    the least squares. A covariate measured after exposure biases the answer: nothing in the numbers can show that.

    Parameters
    ----------
    control, treatment : Moments
        Of the same columns, which hold those of the quantity and of the covariates.
    quantity : Quantity
    covariates : sequence of Quantity
        Of the time before exposure. A ratio is best adjusted by the same ratio of before.

    Raises
    ------
    NotEnoughDataError
        If a variant has fewer than two units, or a denominator is nought.
    """
    plain = Pair(estimate(moments=control, quantity=quantity), estimate(moments=treatment, quantity=quantity))
    if not covariates:
        return plain
    total = control.merged_with(treatment)
    weights = coefficients(total=total, quantity=quantity, covariates=covariates)
    middle = np.array([one.value(total) for one in covariates])
    return Pair(
        _adjusted(control, quantity, covariates, weights, middle),
        _adjusted(treatment, quantity, covariates, weights, middle),
    )


def coefficients(*, total: Moments, quantity: Quantity, covariates: Sequence[Quantity]) -> Floats:
    """Return the least-squares weights of the covariates for the quantity, shape (covariates,)."""
    spread = total.covariance()
    before = np.array([one.gradient(total) for one in covariates])
    with_itself = before @ spread @ before.T
    with_metric = before @ spread @ quantity.gradient(total)
    scale = np.sqrt(np.clip(np.diag(with_itself), 0.0, None))
    varies = scale > 0
    weights = np.zeros(len(covariates))
    if varies.any():
        # Scaled to correlations first, so that a covariate in cents weighs no more than one in euros.
        unit = scale[varies]
        alike = with_itself[np.ix_(varies, varies)] / np.outer(unit, unit)
        weights[varies] = np.linalg.lstsq(alike, with_metric[varies] / unit, rcond=1e-10)[0] / unit
    return weights


def _adjusted(
    moments: Moments,
    quantity: Quantity,
    covariates: Sequence[Quantity],
    weights: Floats,
    middle: Floats,
) -> Estimate:
    slope, observed = quantity.gradient(moments), quantity.value(moments)
    spread = moments.covariance()
    before = float(slope @ spread @ slope) / moments.count
    shift = 0.0
    for one, weight, at in zip(covariates, weights, middle, strict=True):
        slope = slope - weight * one.gradient(moments)
        shift += weight * (one.value(moments) - at)
    variance = max(0.0, float(slope @ spread @ slope) / moments.count)
    return Estimate(
        value=observed - shift,
        variance=variance,
        units=moments.count,
        observed=observed,
        explained=1.0 - variance / before if before > 0 else 0.0,
    )


def post_stratify(
    *,
    control: Mapping[str, Moments],
    treatment: Mapping[str, Moments],
    quantity: Quantity,
    covariates: Sequence[Quantity] = (),
) -> Pair:
    """Estimate both variants as if each stratum had the share in both that it has in all.

    Strata must have been fixed before exposure. The variance holds that within the strata and that of the strata's
    shares themselves, so it speaks of the population that the units came from, not of these units alone.

    Parameters
    ----------
    control, treatment : mapping of str to Moments
        By stratum; both need the same strata.

    Raises
    ------
    NotEnoughDataError
        If a stratum has fewer than two units in a variant: put small strata together first.
    """
    if not control or set(control) != set(treatment):
        raise NotEnoughDataError("every stratum needs units in both variants")
    strata = sorted(control)
    sizes = np.array([control[name].count + treatment[name].count for name in strata], dtype=np.float64)
    total = float(sizes.sum())
    shares = sizes / total
    weights = _within(control, treatment, quantity, covariates)
    values, variances, apart, observed, plain = [], [], [], [], []
    middle: Floats | None = None
    for arm in (control, treatment):
        means = np.asarray(sum(share * arm[name].means for share, name in zip(shares, strata, strict=True)))
        whole = Moments(arm[strata[0]].names, merge(arm.values()).count, means, np.zeros((len(means),) * 2))
        middle = np.array([one.value(whole) for one in covariates]) if middle is None else middle
        slope = quantity.gradient(whole)
        unadjusted = merge(arm.values())
        observed.append(quantity.value(unadjusted))
        plain.append(estimate(moments=unadjusted, quantity=quantity).variance)
        shift = 0.0
        for one, weight, at in zip(covariates, weights, middle, strict=True):
            slope = slope - weight * one.gradient(whole)
            shift += weight * (one.value(whole) - at)
        values.append(quantity.value(whole) - shift)
        variances.append(
            sum(
                share**2 * float(slope @ arm[name].covariance() @ slope) / arm[name].count
                for share, name in zip(shares, strata, strict=True)
            )
        )
        apart.append(np.array([float(slope @ (arm[name].means - means)) for name in strata]))
    shared = float(shares @ (apart[1] - apart[0]) ** 2) / total
    made = [
        Estimate(
            value=values[at],
            variance=variances[at],
            units=merge(arm.values()).count,
            observed=observed[at],
            explained=1.0 - variances[at] / plain[at] if plain[at] > 0 else 0.0,
        )
        for at, arm in enumerate((control, treatment))
    ]
    return Pair(made[0], made[1], shared=shared)


def _within(
    control: Mapping[str, Moments],
    treatment: Mapping[str, Moments],
    quantity: Quantity,
    covariates: Sequence[Quantity],
) -> Floats:
    """Return the covariates' weights inside the strata: what the strata explain already counts once."""
    if not covariates:
        return np.zeros(0)
    parts = [arm[name] for arm in (control, treatment) for name in arm]
    whole = merge(parts)
    inside = Moments(whole.names, whole.count, whole.means, np.asarray(sum(part.products for part in parts)))
    return coefficients(total=inside, quantity=quantity, covariates=covariates)
