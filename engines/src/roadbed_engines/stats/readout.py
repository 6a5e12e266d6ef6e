"""From moments to results: every metric of every variant against control, in all ways that it can be read.

This is the one door for callers that have sums: `read_metric` for a metric, `read_segments` for a breakdown, and
`correct_all` for the p-values of everything together. What cannot be told carries the reason in `refused`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats import sequences
from roadbed_engines.stats.bayes import Posterior, Prior, believe
from roadbed_engines.stats.effects import Direction, Effect, Plan, compare, share
from roadbed_engines.stats.estimates import Estimate, Pair, Quantity, estimate, estimate_pair
from roadbed_engines.stats.moments import Moments
from roadbed_engines.stats.multiplicity import Correction, correct
from roadbed_engines.stats.segments import Heterogeneity, heterogeneity


class Kind(StrEnum):
    """What a metric is."""

    PROPORTION = "proportion"
    MEAN = "mean"
    COUNT = "count"
    RATIO = "ratio"
    QUANTILE = "quantile"
    RETENTION = "retention"
    FUNNEL = "funnel"


YES_NO = {Kind.PROPORTION, Kind.RETENTION}


class Role(StrEnum):
    """What a metric is there for."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    GUARDRAIL = "guardrail"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric over columns of the moments.

    `columns` is one column; for a ratio the numerator and the denominator; for a proportion of counted trials the
    successes and the trials; for a funnel its steps, each holding 1 only where the steps before it do. `margin` is the
    harm that would still be borne and `matters` the smallest effect that matters, both as shares of control (0.02 for
    2%). `level` is a quantile's.
    """

    name: str
    kind: Kind
    columns: tuple[str, ...]
    covariates: tuple[Quantity, ...] = ()
    role: Role = Role.SECONDARY
    wanted: Direction = Direction.UP
    margin: float = 0.0
    matters: float = 0.0
    level: float = 0.0

    @property
    def quantity(self) -> Quantity:
        """What is estimated."""
        if self.kind is Kind.FUNNEL:
            return Quantity(self.columns[-1], self.columns[0] if len(self.columns) > 1 else "")
        return Quantity(*self.columns)

    @property
    def is_count_of_trials(self) -> bool:
        """Whether rows hold counted trials instead of one unit each."""
        return self.kind in YES_NO and len(self.columns) == 2

    @property
    def needed(self) -> tuple[str, ...]:
        """Every column that it takes, its covariates' among them."""
        found = [*self.columns, *(name for one in self.covariates for name in one.columns)]
        return tuple(dict.fromkeys(found))


Sample = Moments | Estimate
"""What a variant shows: moments of the metric's columns; for a quantile, its estimate."""


@dataclass(frozen=True, slots=True)
class Options:
    """How results are read. `prior` is a belief about lifts, as shares of control."""

    alpha: float = 0.05
    plan: Plan = Plan.SEQUENTIAL
    tuned_for: float = sequences.TUNED_FOR
    prior: Prior | None = None


OPTIONS = Options()


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric of one variant against control.

    `fixed` and `sequential` are the same data under either plan, and `effect` is that of the plan chosen. `plain` is
    the fixed effect without covariates and strata, `reduction` the share of the difference's variance that they took
    out. `strata` names what it was post-stratified by. Where nothing can be told, all are None and `refused` says why.
    """

    metric: Metric
    control: str
    variant: str
    pair: Pair | None = None
    effect: Effect | None = None
    fixed: Effect | None = None
    sequential: Effect | None = None
    plain: Effect | None = None
    posterior: Posterior | None = None
    reduction: float = 0.0
    strata: str = ""
    adjusted: float | None = None
    refused: str = ""


def read_metric(
    *,
    metric: Metric,
    samples: Mapping[str, Sample],
    control: str,
    variants: Sequence[str],
    options: Options = OPTIONS,
) -> tuple[Comparison, ...]:
    """Compare every variant with control in one metric.

    Parameters
    ----------
    samples : mapping of str to Moments or Estimate
        By variant; one that is absent has no units.
    control : str
    variants : sequence of str
        The treatments, in the order of the answer.

    Examples
    --------
    >>> rows = {"A": [1.0, 2.0, 3.0, 4.0], "B": [3.0, 4.0, 5.0, 6.0]}
    >>> samples = {name: Moments.of_rows({"x": values}) for name, values in rows.items()}
    >>> found = read_metric(metric=Metric("x", Kind.MEAN, ("x",)), samples=samples, control="A", variants=["B"])
    >>> found[0].fixed.difference, round(found[0].fixed.p_value, 4), round(found[0].sequential.p_value, 4)
    (2.0, 0.071, 0.986)
    """
    return tuple(_read(metric, samples, control, name, options) for name in variants)


def _read(
    metric: Metric, samples: Mapping[str, Sample], control: str, variant: str, options: Options
) -> Comparison:
    empty = Comparison(metric, control, variant)
    try:
        for name in (control, variant):
            if name not in samples:
                raise NotEnoughDataError(f"{name} has no units with a value")
        pair, plain = pair_of(metric, samples[control], samples[variant])
        fixed = compare(pair=pair, plan=Plan.FIXED, alpha=options.alpha)
        running = compare(pair=pair, plan=Plan.SEQUENTIAL, alpha=options.alpha, tuned_for=options.tuned_for)
        unadjusted = compare(pair=plain, plan=Plan.FIXED, alpha=options.alpha) if metric.covariates else None
    except NotEnoughDataError as error:
        return replace(empty, refused=str(error))
    reduction = 1.0 - (fixed.error / unadjusted.error) ** 2 if unadjusted else 0.0
    return Comparison(
        metric=metric,
        control=control,
        variant=variant,
        pair=pair,
        effect=fixed if options.plan is Plan.FIXED else running,
        fixed=fixed,
        sequential=running,
        plain=unadjusted,
        posterior=believe_lift(metric, fixed, options),
        reduction=reduction,
    )


def believe_lift(metric: Metric, effect: Effect, options: Options) -> Posterior | None:
    """Return the belief about the lift, or, where there is no lift, about the difference under a flat prior."""
    if effect.lift is not None and math.isfinite(effect.lift.error):
        return believe(
            effect=effect.lift.lift,
            error=effect.lift.error,
            prior=options.prior,
            alpha=options.alpha,
            wanted=metric.wanted,
        )
    return None


def pair_of(metric: Metric, control: Sample, treatment: Sample) -> tuple[Pair, Pair]:
    """Estimate both variants, with covariates and without.

    Raises
    ------
    NotEnoughDataError
        If a variant has fewer than two units, or its values are no numbers, or not what the kind asks for.
    """
    if isinstance(control, Estimate) or isinstance(treatment, Estimate):
        if not (isinstance(control, Estimate) and isinstance(treatment, Estimate)):
            raise NotEnoughDataError("the two variants were not measured alike")
        return Pair(control, treatment), Pair(control, treatment)
    first, second = control.only(metric.needed), treatment.only(metric.needed)
    for one in (first, second):
        _check(metric, one)
    plain = Pair(_plain(metric, first), _plain(metric, second))
    if not metric.covariates:
        return plain, plain
    adjusted = estimate_pair(
        control=first, treatment=second, quantity=metric.quantity, covariates=metric.covariates
    )
    return adjusted, plain


def _plain(metric: Metric, moments: Moments) -> Estimate:
    if metric.is_count_of_trials:
        successes, trials = (moments.total(name) for name in metric.columns)
        if round(trials) < 2 or not 0 <= round(successes) <= round(trials):
            raise NotEnoughDataError(f"{metric.name}: successes do not lie between 0 and the trials")
        return share(successes=round(successes), units=round(trials))
    if metric.kind in YES_NO or (metric.kind is Kind.FUNNEL and len(metric.columns) == 1):
        return share(successes=round(moments.total(metric.columns[0])), units=moments.count)
    return estimate(moments=moments, quantity=metric.quantity)


def _check(metric: Metric, moments: Moments) -> None:
    if moments.count < 2:
        raise NotEnoughDataError(
            f"a variant has {moments.count} unit{'' if moments.count == 1 else 's'} only"
        )
    if not (np.isfinite(moments.means).all() and np.isfinite(moments.products).all()):
        raise NotEnoughDataError("it holds infinite values: take them out, or winsorise the metric")
    one_each = metric.kind is Kind.FUNNEL or (metric.kind in YES_NO and not metric.is_count_of_trials)
    for name in metric.columns if one_each else ():
        at = moments.names.index(name)
        mean = float(moments.means[at])
        whole = moments.count * mean * (1.0 - mean)
        if not math.isclose(float(moments.products[at, at]), whole, rel_tol=1e-6, abs_tol=1e-6):
            raise NotEnoughDataError("it holds values other than yes and no (1 and 0): call it a mean")


@dataclass(frozen=True, slots=True)
class Segments:
    """A metric of one variant by the values of a dimension, and whether its effect differs between them."""

    dimension: str
    variant: str
    comparisons: tuple[tuple[str, Comparison], ...]
    heterogeneity: Heterogeneity | None


def read_segments(
    *,
    metric: Metric,
    dimension: str,
    samples: Mapping[str, Mapping[str, Sample]],
    control: str,
    variants: Sequence[str],
    options: Options = OPTIONS,
) -> tuple[Segments, ...]:
    """Compare every variant with control in every value of a dimension, covariates included.

    Parameters
    ----------
    samples : mapping of str to mapping of str to Moments or Estimate
        By value of the dimension, then by variant.
    """
    found = []
    for variant in variants:
        rows = tuple(
            (value, _read(metric, inside, control, variant, options)) for value, inside in samples.items()
        )
        told = [(value, one.fixed) for value, one in rows if one.fixed is not None]
        differs = (
            heterogeneity(
                effects=[one.difference for _, one in told],
                errors=[one.error for _, one in told],
                names=[value for value, _ in told],
                alpha=options.alpha,
            )
            if len(told) > 1
            else None
        )
        found.append(Segments(dimension, variant, rows, differs))
    return tuple(found)


def correct_all(
    comparisons: Iterable[Comparison], *, correction: Correction = Correction.PREFERENTIAL
) -> tuple[Comparison, ...]:
    """Set `adjusted`: the p-value that holds for all these comparisons together."""
    every = list(comparisons)
    told = [at for at, one in enumerate(every) if one.effect is not None]
    p_values = [min(1.0, one.effect.p_value) for one in every if one.effect is not None]
    primary = [every[at].metric.role is Role.PRIMARY for at in told]
    for at, p_value in zip(told, correct(p_values, correction=correction, primary=primary), strict=True):
        every[at] = replace(every[at], adjusted=p_value)
    return tuple(every)
