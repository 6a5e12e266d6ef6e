"""A comparison read as if each stratum had the share in both variants that it has in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats.effects import Plan, compare
from roadbed_engines.stats.estimates import Pair, post_stratify
from roadbed_engines.stats.moments import Moments, merge
from roadbed_engines.stats.readout import Comparison, Kind, Options, Sample, believe_lift

STRATIFIED = {Kind.MEAN, Kind.COUNT, Kind.RATIO, Kind.PROPORTION, Kind.RETENTION}
Strata = Mapping[str, Mapping[str, Sample]]
"""By stratum, then by variant."""
LEAST, OTHERS = 2, "(small ones)"


def stratify(*, comparison: Comparison, strata: Strata, options: Options) -> Comparison:
    """Return the comparison post-stratified, covariates included; `plain` is then the effect without either.

    Raises
    ------
    NotEnoughDataError
        If the metric is of a kind that takes no strata, or no stratum has two units in both variants.
    """
    metric = comparison.metric
    if metric.kind not in STRATIFIED or metric.is_count_of_trials:
        raise NotEnoughDataError(f"a {metric.kind.value} is not stratified")
    pair = stratified_pair(comparison=comparison, strata=strata)
    fixed = compare(pair=pair, plan=Plan.FIXED, alpha=options.alpha)
    running = compare(pair=pair, plan=Plan.SEQUENTIAL, alpha=options.alpha, tuned_for=options.tuned_for)
    plain = comparison.plain or comparison.fixed or fixed
    return replace(
        comparison,
        pair=pair,
        effect=fixed if options.plan is Plan.FIXED else running,
        fixed=fixed,
        sequential=running,
        plain=plain,
        posterior=believe_lift(metric, fixed, options),
        reduction=1.0 - (fixed.error / plain.error) ** 2,
    )


def stratified_pair(*, comparison: Comparison, strata: Strata) -> Pair:
    """Estimate both variants by their strata. Those with fewer than two units in a variant are put together.

    Raises
    ------
    NotEnoughDataError
        If nothing is left then that has two units in both.
    """
    metric = comparison.metric
    pooled = _pooled(strata, (comparison.control, comparison.variant), metric.needed)
    return post_stratify(
        control={value: both[0] for value, both in pooled.items()},
        treatment={value: both[1] for value, both in pooled.items()},
        quantity=metric.quantity,
        covariates=metric.covariates,
    )


def _pooled(strata: Strata, names: Sequence[str], columns: Sequence[str]) -> dict[str, list[Moments]]:
    """Return each stratum's moments in both variants; those too small to have a variance are put together."""
    whole: dict[str, list[Moments]] = {}
    small: list[Mapping[str, Sample]] = []
    for value, samples in strata.items():
        both = [samples.get(name) for name in names]
        if all(isinstance(one, Moments) and one.count >= LEAST for one in both):
            whole[value] = [one.only(columns) for one in both if isinstance(one, Moments)]
        else:
            small.append(samples)
    if small:
        rest: list[list[Moments]] = [
            [one.only(columns) for each in small if isinstance(one := each.get(name), Moments)]
            for name in names
        ]
        if whole and any(sum(one.count for one in arm) < LEAST for arm in rest):
            least = min(whole, key=lambda value: (sum(one.count for one in whole[value]), value))
            for arm, one in zip(rest, whole.pop(least), strict=True):
                arm.append(one)
        if any(sum(one.count for one in arm) < LEAST for arm in rest):
            raise NotEnoughDataError("no stratum has two units in both variants")
        whole[OTHERS] = [merge(arm) for arm in rest]
    return whole
