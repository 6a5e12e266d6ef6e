"""A metric of an experiment that switched whole periods, read like any other: effect, lift, both plans, belief.

`switchback` estimates; here its estimate takes the place that a comparison of independent units has elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import ArrayLike

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats import sequences
from roadbed_engines.stats.effects import Effect, Lift, Method, Plan
from roadbed_engines.stats.estimates import Estimate, Pair
from roadbed_engines.stats.readout import Comparison, Options, believe_lift
from roadbed_engines.stats.switchback import Switchback, switchback

TUNED_FOR_BLOCKS = 50
"""Blocks at which the sequence is narrowest: they are what is independent here, and there are few of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Periods:
    """One row a period of a place: its variant, the block that its error rests on, what is held fixed, and its sums.

    `sums` has for each metric what was counted above and below in each period: orders and drivers, say. A period with
    nothing below takes no part in that metric.
    """

    variants: Sequence[str]
    blocks: Sequence[object]
    fixed: Sequence[Sequence[object]]
    sums: Mapping[str, tuple[ArrayLike, ArrayLike]]


def read_switchback(*, comparison: Comparison, periods: Periods, options: Options) -> Comparison:
    """Return the comparison as the periods tell it.

    The value of a period is its sum above over that below, and weighs as much as there was below. The interval rests
    on blocks; the always-valid one takes blocks for the units that come in. A lift is the effect over control's value,
    which is taken as known: beside the effect it hardly varies.

    Examples
    --------
    >>> from roadbed_engines.stats.readout import Kind, Metric
    >>> metric = Metric("wait", Kind.RATIO, ("minutes", "trips"))
    >>> periods = Periods(
    ...     variants=["off", "on"] * 6,
    ...     blocks=[at // 2 for at in range(12)],
    ...     fixed=[],
    ...     sums={"wait": ([5, 7, 4, 6, 6, 8, 5, 7.5, 4.2, 6, 5, 7.2], [1.0] * 12)},
    ... )
    >>> found = read_switchback(comparison=Comparison(metric, "off", "on"), periods=periods, options=Options())
    >>> round(found.fixed.difference, 3), found.pair.control.units, found.fixed.method.value
    (2.083, 6, 'switchback')
    """
    metric = replace(comparison.metric, covariates=())
    empty = Comparison(metric, comparison.control, comparison.variant)
    if metric.name not in periods.sums:
        return replace(empty, refused=f"a {metric.kind.value} is not read in a switchback")
    above, below = (np.asarray(one, dtype=np.float64) for one in periods.sums[metric.name])
    names = np.array(periods.variants, dtype=object)
    kept = [
        at
        for at, name in enumerate(periods.variants)
        if below[at] > 0 and name in {comparison.control, comparison.variant}
    ]
    treated = names[kept] == comparison.variant
    with np.errstate(invalid="ignore"):
        values, weights = above[kept] / below[kept], below[kept]
    if not np.isfinite(values).all():
        return replace(empty, refused="it holds infinite values: take them out, or winsorise the metric")
    try:
        found = switchback(
            values=values,
            treated=treated,
            clusters=[periods.blocks[at] for at in kept],
            fixed=[[one[at] for at in kept] for one in periods.fixed],
            weights=weights,
            alpha=options.alpha,
        )
    except NotEnoughDataError as error:
        return replace(empty, refused=str(error))
    if treated.all() or not treated.any():
        return replace(empty, refused="only one of the two variants has periods")
    control = float(np.average(values[~treated], weights=weights[~treated]))
    sides = [
        Estimate(value=value, variance=found.error**2 / 2.0, units=count, observed=observed)
        for value, count, observed in (
            (control, int((~treated).sum()), control),
            (
                control + found.effect,
                int(treated.sum()),
                float(np.average(values[treated], weights=weights[treated])),
            ),
        )
    ]
    fixed, running = (_effect(found, control, plan, options) for plan in (Plan.FIXED, Plan.SEQUENTIAL))
    return Comparison(
        metric=metric,
        control=comparison.control,
        variant=comparison.variant,
        pair=Pair(sides[0], sides[1]),
        effect=fixed if options.plan is Plan.FIXED else running,
        fixed=fixed,
        sequential=running,
        posterior=believe_lift(metric, fixed, options),
    )


def _effect(found: Switchback, control: float, plan: Plan, options: Options) -> Effect:
    score, p_value = found.effect / found.error, found.p_value
    reach = float(scipy.special.stdtrit(found.freedom, 1.0 - options.alpha / 2.0))
    if plan is Plan.SEQUENTIAL:
        tuned = {"units": found.clusters, "alpha": options.alpha, "tuned_for": TUNED_FOR_BLOCKS}
        reach = sequences.stretched(radius=sequences.radius(**tuned), freedom=found.freedom)
        p_value = sequences.p_value(score=sequences.as_normal(score=score, freedom=found.freedom), **tuned)
    low, high = found.effect - reach * found.error, found.effect + reach * found.error
    lift = None
    if control > 0 and math.isfinite(found.effect / control):
        lift = Lift(found.effect / control, low / control, high / control, found.error / control)
    return Effect(
        difference=found.effect,
        error=found.error,
        low=low,
        high=high,
        statistic=score,
        p_value=p_value,
        freedom=float(found.freedom),
        alpha=options.alpha,
        plan=plan,
        method=Method.SWITCHBACK if plan is Plan.FIXED else Method.SWITCHBACK_SEQUENCE,
        lift=lift,
    )
