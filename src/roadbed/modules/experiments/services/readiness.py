"""What keeps a draft from being started: whatever would leave it without an answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from roadbed.core.records.models import Link, Relation
from roadbed.modules.experiments.models import (
    Experiment,
    ExperimentMetric,
    FlagState,
    LookPlan,
    MetricRole,
    Randomised,
)
from roadbed.modules.experiments.selectors.planning import LONGEST_DAYS, power_plan
from roadbed.modules.experiments.services.histories import UNMEASURED, history_of
from roadbed.modules.experiments.services.obstacles import Obstacle
from roadbed_engines.stats.clusters import LEAST_CLUSTERS


def readiness(*, experiment: Experiment, at: datetime, measures: bool = True) -> list[Obstacle]:
    """Return every obstacle, the ones that stop a start first.

    Parameters
    ----------
    measures : bool
        Ask the data where the primary metric was not measured lately.
    """
    rows = list(experiment.metrics.select_related("metric"))
    found = [
        *_words(experiment),
        *_variants(experiment),
        *_exposures(experiment),
        *_metrics(rows),
        *_plan(experiment),
    ]
    if not any(one.stops for one in found):
        found += _size(experiment, rows, at, measures=measures)
    return sorted(found, key=lambda one: not one.stops)


def _words(experiment: Experiment) -> Iterator[Obstacle]:
    if not experiment.hypothesis.strip():
        yield Obstacle(
            "hypothesis", "Write the hypothesis down, or any result will seem to have been expected."
        )
    rows = Link.objects.filter(source_id=experiment.pk, relation=Relation.TESTS)
    if not rows.exists():
        yield Obstacle(
            "tests",
            "It tests no need and no feature, so its result will be on no chain of evidence.",
            stops=False,
        )


def _variants(experiment: Experiment) -> Iterator[Obstacle]:
    if len(experiment.shares) < 2:
        yield Obstacle("variants", "It takes a control and at least one variant beside it.")
        return
    if experiment.split_flag is None:
        return
    if experiment.environment is None:
        yield Obstacle("environment", "Say in which environment the flag deals out its variants.")
        return
    state = FlagState.objects.filter(flag=experiment.split_flag, environment=experiment.environment).first()
    known = set((state.definition if state else {}).get("variants") or {})
    if unknown := [name for name in experiment.variants if name not in known]:
        yield Obstacle(
            "variants",
            f"The flag {experiment.split_flag.flag_key} has no variant {unknown[0]}."
            f" It has: {', '.join(sorted(known))}.",
        )
    if state is None or not state.is_on:
        yield Obstacle(
            "flag",
            f"The flag {experiment.split_flag.flag_key} is off in {experiment.environment.name}, so no unit is"
            " dealt out. Publish it on first.",
        )
    elif state.gives:
        yield Obstacle(
            "flag",
            f"Everybody gets {state.gives} of {experiment.split_flag.flag_key} in {experiment.environment.name}:"
            " there would be nothing to compare. Publish a split first.",
        )


def _exposures(experiment: Experiment) -> Iterator[Obstacle]:
    source = experiment.source
    if source is None or source.removed_at is not None:
        yield Obstacle("source", "Choose where it is written who saw which variant.")
        return
    columns = list(filter(None, [*experiment.dimensions, experiment.strata]))
    if experiment.randomised != Randomised.UNIT and experiment.cluster:
        columns.append(experiment.cluster)
    if experiment.randomised == Randomised.PERIODS and experiment.dimensions:
        yield Obstacle("source", "A switchback is read as a whole, so it is not broken down.", stops=False)
    if unknown := [name for name in columns if name not in source.dimensions]:
        listed = ", ".join(source.dimensions) or "none yet"
        yield Obstacle(
            "source", f"{source.name} does not offer the column {unknown[0]}. It offers: {listed}."
        )


def _metrics(rows: list[ExperimentMetric]) -> Iterator[Obstacle]:
    if not any(row.role == MetricRole.PRIMARY for row in rows):
        yield Obstacle("metrics", "Choose the primary metric: the one to decide by.")
    for row in rows:
        if row.metric.deleted_at is not None:
            yield Obstacle("metrics", f"{row.metric.title} was deleted.")
    if rows and not any(row.role == MetricRole.GUARDRAIL for row in rows):
        yield Obstacle("metrics", "No guardrail watches what must not break.", stops=False)


def _plan(experiment: Experiment) -> Iterator[Obstacle]:
    if experiment.plan == LookPlan.FIXED and not experiment.planned_units:
        yield Obstacle(
            "plan",
            "A fixed plan is read once, at its planned size: say how many units, or let it be read any time.",
        )
    if experiment.plan != LookPlan.FIXED and not experiment.minimum_effect:
        yield Obstacle(
            "plan", "Say how small an effect would matter, or nothing tells when it has run long enough."
        )


def _size(
    experiment: Experiment, rows: list[ExperimentMetric], at: datetime, *, measures: bool
) -> Iterator[Obstacle]:
    primary = next(row for row in rows if row.role == MetricRole.PRIMARY)
    if experiment.randomised == Randomised.PERIODS:
        blocks = "days" if experiment.period_hours < 24 else "weeks"
        yield Obstacle(
            "plan",
            f"Nothing says beforehand how long a switchback takes: it rests on whole {blocks} of a place,"
            f" at least {LEAST_CLUSTERS} of them.",
            stops=False,
        )
    found = history_of(metric=primary.metric, at=at, measures=measures)
    if found.problem:
        yield Obstacle("metrics", f"{primary.metric.title} cannot be measured: {found.problem}")
        return
    if not found.is_measured:
        yield Obstacle("plan", UNMEASURED, stops=False)
        return
    plan = power_plan(experiment=experiment, history=found.history)
    if plan.is_impossible:
        yield Obstacle("plan", plan.why)
    elif plan.days is not None and plan.days > LONGEST_DAYS:
        yield Obstacle(
            "plan",
            f"It would take {plan.days:,} days at {found.history.units_a_day:,.0f} units a day, longer than a year."
            " Look for a larger effect, or decide by a metric that varies less."
            if found.history
            else plan.why,
        )
    elif plan.why:
        yield Obstacle("plan", plan.why, stops=False)
