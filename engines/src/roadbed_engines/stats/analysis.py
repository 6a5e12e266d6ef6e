"""An experiment from what was measured to a recommendation: the whole reading, in one pure function.

Whoever has sums (a file, a warehouse, yesterday's stored moments) makes a `Measurement` of them and calls `analyse`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats import health
from roadbed_engines.stats.decision import Contest, Reading, Recommendation, State, Variant, decide
from roadbed_engines.stats.multiplicity import Correction
from roadbed_engines.stats.planning import Design, Progress, progress
from roadbed_engines.stats.readout import (
    OPTIONS,
    Comparison,
    Metric,
    Options,
    Role,
    Sample,
    Segments,
    correct_all,
    read_metric,
    read_segments,
)
from roadbed_engines.stats.sample_ratio import Diagnosis, SampleRatio, diagnose, sample_ratio
from roadbed_engines.stats.stratified import stratify
from roadbed_engines.stats.switched import Periods, read_switchback

Samples = Mapping[str, Sample]
"""By variant."""


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """What was measured.

    `units` are all units by variant, whether they have a value or not; `samples` by metric; `segments` by dimension,
    then metric, then value; `segment_units` by dimension, then value, then variant. `jumpers` were seen in two
    variants and are in none of these. `missing` counts units without a value, by metric and variant. `notes` are
    checks that whoever measured has made. `periods` are there where whole periods were switched: they are the units
    then, and every metric is read from them.
    """

    units: Mapping[str, int]
    samples: Mapping[str, Samples]
    segments: Mapping[str, Mapping[str, Mapping[str, Samples]]] = field(default_factory=dict)
    segment_units: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    jumpers: int = 0
    missing: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[health.Check] = ()
    periods: Periods | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """Everything that can be said.

    `comparisons` are of every metric and treatment with control; `between` are of treatments with each other, the
    earlier in the role of control. Where `is_trusted` is false every figure bears a mark: the sample ratio failed, or
    too many units were in two variants.
    """

    control: str
    variants: tuple[str, ...]
    units: Mapping[str, int]
    ratio: SampleRatio | None
    diagnoses: Mapping[str, Diagnosis]
    checks: tuple[health.Check, ...]
    comparisons: tuple[Comparison, ...]
    between: tuple[Comparison, ...]
    segments: tuple[Segments, ...]
    recommendation: Recommendation
    options: Options
    correction: Correction

    @property
    def is_trusted(self) -> bool:
        """Whether the split is sound."""
        return health.worst(self.checks) is not health.Level.FAILED


def analyse(
    *,
    measurement: Measurement,
    metrics: Sequence[Metric],
    control: str,
    variants: Sequence[str] = (),
    shares: Mapping[str, float] | None = None,
    options: Options = OPTIONS,
    correction: Correction = Correction.PREFERENTIAL,
    state: State | None = None,
    strata: str = "",
) -> Analysis:
    """Read an experiment.

    Parameters
    ----------
    metrics : sequence of Metric
        The first is taken for the primary one where none is marked as such.
    control : str
    variants : sequence of str
        The treatments; by default all others that were measured.
    shares : mapping of str to float, optional
        The planned weight of each variant, control's among them; equal by default.
    state : State, optional
        How far it has come; by default nobody planned a size.
    strata : str
        One of the measurement's dimensions, fixed before the exposure, to post-stratify by. A metric that takes none
        is read without, and a check says why.

    Raises
    ------
    ValueError
        If two metrics share a name, or a variant has no planned share.
    """
    named = _with_primary(metrics)
    treated = tuple(variants) or tuple(name for name in measurement.units if name != control)
    every = (control, *treated)
    weights = [shares[name] for name in every] if shares else []
    checks = list(measurement.notes)
    ratio, diagnoses = _split(measurement, every, weights, checks)
    whole = sum(measurement.units.values()) + measurement.jumpers
    checks.append(health.jumping_check(jumpers=measurement.jumpers, units=whole))
    for metric in named:
        gone = measurement.missing.get(metric.name, {})
        found = health.missing_check(
            metric=metric.name,
            missing={name: gone.get(name, 0) for name in every},
            units={name: measurement.units.get(name, 0) for name in every},
        )
        checks += [found] if found else []
    read = _Reader(measurement, options, strata)
    comparisons = correct_all(
        [one for metric in named for one in read(metric, control, treated)], correction=correction
    )
    between = tuple(
        one
        for metric in named
        for first, second in combinations(treated, 2)
        for one in read(metric, first, (second,))
    )
    checks += read.notes()
    segments = tuple(
        found
        for dimension, by_metric in measurement.segments.items()
        for metric in named
        if metric.name in by_metric and metric.name not in measurement.refused
        for found in read_segments(
            metric=metric,
            dimension=dimension,
            samples=by_metric[metric.name],
            control=control,
            variants=treated,
            options=options,
        )
    )
    return Analysis(
        control=control,
        variants=treated,
        units=measurement.units,
        ratio=ratio,
        diagnoses=diagnoses,
        checks=tuple(checks),
        comparisons=comparisons,
        between=between,
        segments=segments,
        recommendation=_decide(checks, comparisons, between, treated, state or State(plan=options.plan)),
        options=options,
        correction=correction,
    )


def with_state(found: Analysis, state: State, *, by_belief: bool = False) -> Analysis:
    """Return the same analysis with the recommendation that fits how far it has come.

    Parameters
    ----------
    by_belief : bool
        Decide by the intervals of the posteriors instead of the plan's.
    """
    return replace(
        found,
        recommendation=_decide(
            found.checks, found.comparisons, found.between, found.variants, state, by_belief=by_belief
        ),
    )


def state_of(
    found: Analysis, *, planned: int = 0, days: float = 0.0, minimum_days: float = 0.0, power: float = 0.8
) -> State:
    """Say how far it has come.

    Complete means that the planned units are there; where none were planned, that the smallest effect of the primary
    metric that matters would be found by now, in every treatment; and in either case that the minimum time is over.
    Where neither is known, nor is whether it is complete.

    Parameters
    ----------
    planned : int
        Units of all variants together; 0 where nobody planned.
    days : float
        How long it has run; 0 where that is not known, and no days left are told then.
    """
    units = sum(found.units.values())
    plan = found.options.plan
    waiting = max(0.0, minimum_days - days)
    if planned:
        left = math.ceil(max(waiting, (planned - units) / (units / days))) if days and units else None
        is_complete = units >= planned and not waiting
        return State(plan, is_complete, None if is_complete else left)
    design = Design(alpha=found.options.alpha, power=power, plan=plan, tuned_for=found.options.tuned_for)
    far: list[Progress] = []
    for one in found.comparisons:
        if one.metric.role is not Role.PRIMARY or not one.metric.matters:
            continue
        if one.fixed is None or one.pair is None or one.pair.control.value == 0:
            return State(plan, is_complete=False)
        try:
            far.append(
                progress(
                    effect=one.metric.matters * one.pair.control.value,
                    error=one.fixed.error,
                    units=one.pair.control.units + one.pair.treatment.units,
                    days=days,
                    design=design,
                    minimum_days=minimum_days,
                )
            )
        except NotEnoughDataError:
            return State(plan, is_complete=False)
    if not far:
        return State(plan, is_complete=False if waiting else None, days_left=math.ceil(waiting) or None)
    if all(one.is_complete for one in far) and not waiting:
        return State(plan, is_complete=True)
    left = max((one.days_left or 0 for one in far), default=0) if days else None
    return State(plan, is_complete=False, days_left=left)


def _decide(
    checks: Sequence[health.Check],
    comparisons: Sequence[Comparison],
    between: Sequence[Comparison],
    treated: Sequence[str],
    state: State,
    *,
    by_belief: bool = False,
) -> Recommendation:
    return decide(
        variants=_variants(comparisons, treated, by_belief=by_belief),
        problems=[one.message for one in checks if one.level is health.Level.FAILED],
        state=state,
        contests=_contests(between, by_belief=by_belief),
    )


def _with_primary(metrics: Sequence[Metric]) -> list[Metric]:
    if len({one.name for one in metrics}) != len(metrics):
        raise ValueError("two metrics have the same name")
    named = list(metrics)
    if named and all(one.role is not Role.PRIMARY for one in named):
        first = next((at for at, one in enumerate(named) if one.role is not Role.GUARDRAIL), None)
        if first is not None:
            named[first] = replace(named[first], role=Role.PRIMARY)
    return named


def _split(
    measurement: Measurement, every: Sequence[str], weights: Sequence[float], checks: list[health.Check]
) -> tuple[SampleRatio | None, dict[str, Diagnosis]]:
    counts = [measurement.units.get(name, 0) for name in every]
    try:
        ratio = sample_ratio(counts=counts, shares=weights)
    except NotEnoughDataError as error:
        said = f"The split cannot be tested: {error}."
        checks.insert(0, health.Check("sample ratio", health.Level.WARNING, said))
        return None, {}
    checks.insert(0, health.ratio_check(ratio, tuple(every)))
    diagnoses = {}
    for dimension, values in measurement.segment_units.items():
        try:
            diagnoses[dimension] = diagnose(
                counts={value: [row.get(name, 0) for name in every] for value, row in values.items()},
                shares=weights,
            )
        except NotEnoughDataError:
            continue
        found = diagnoses[dimension]
        if found.leaks and (found.differs or ratio.is_flagged):
            worst = ", ".join(leak.value for leak in found.leaks[:3])
            said = f"The split is off where {dimension} is {worst}."
            checks.append(health.Check("sample ratio", health.Level.WARNING, said))
    return ratio, diagnoses


class _Reader:
    """Reads metrics from a measurement, by periods or by strata where there are such; `notes` says what took none."""

    def __init__(self, measurement: Measurement, options: Options, strata: str) -> None:
        self.measurement, self.options, self.strata = measurement, options, strata
        self.unstratified: dict[str, str] = {}

    def __call__(self, metric: Metric, control: str, treated: Sequence[str]) -> list[Comparison]:
        found, periods = self.measurement, self.measurement.periods
        if refused := found.refused.get(metric.name, ""):
            return [Comparison(metric, control, name, refused=refused) for name in treated]
        if periods is not None:
            bare = [Comparison(metric, control, name) for name in treated]
            return [read_switchback(comparison=one, periods=periods, options=self.options) for one in bare]
        samples = found.samples.get(metric.name, {})
        read = read_metric(
            metric=metric, samples=samples, control=control, variants=treated, options=self.options
        )
        return [self._by_strata(one) for one in read] if self.strata else list(read)

    def _by_strata(self, one: Comparison) -> Comparison:
        if one.fixed is None:
            return one
        strata = self.measurement.segments.get(self.strata, {}).get(one.metric.name, {})
        try:
            found = stratify(comparison=one, strata=strata, options=self.options)
        except NotEnoughDataError as error:
            self.unstratified.setdefault(one.metric.name, str(error))
            return one
        return replace(found, strata=self.strata)

    def notes(self) -> list[health.Check]:
        """Return what was not stratified, and why."""
        return [
            health.Check(
                "strata", health.Level.OK, f"{name} is read without the strata of {self.strata}: {why}."
            )
            for name, why in self.unstratified.items()
        ]


def _reading(found: Comparison, *, by_belief: bool) -> Reading | None:
    """Return the interval to decide by: the lift's where there is one, since margins are shares of control."""
    if found.effect is None:
        return None
    metric, effect = found.metric, found.effect
    # Posteriors are of lifts; where there is no lift, there is no belief either.
    ends = (found.posterior if by_belief else None) or effect.lift or effect
    return Reading(
        metric=metric.name,
        low=ends.low,
        high=ends.high,
        wanted=metric.wanted,
        margin=metric.margin if effect.lift else 0.0,
        matters=metric.matters if effect.lift else 0.0,
        is_lift=effect.lift is not None,
    )


def _variants(comparisons: Sequence[Comparison], treated: Sequence[str], *, by_belief: bool) -> list[Variant]:
    found = []
    for name in treated:
        own = [
            (one.metric.role, _reading(one, by_belief=by_belief))
            for one in comparisons
            if one.variant == name
        ]
        primary = next((reading for role, reading in own if role is Role.PRIMARY), None)
        rails = tuple(reading for role, reading in own if role is Role.GUARDRAIL and reading is not None)
        found.append(Variant(name, primary, rails))
    return found


def _contests(between: Sequence[Comparison], *, by_belief: bool) -> list[Contest]:
    found = []
    for one in between:
        reading = _reading(one, by_belief=by_belief) if one.metric.role is Role.PRIMARY else None
        if reading is not None:
            found.append(Contest(one.variant, one.control, reading))
    return found
