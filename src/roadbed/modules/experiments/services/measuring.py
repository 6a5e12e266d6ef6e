"""From an experiment's record to the question that its data are asked, and to what they say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from roadbed.analytics.sources.places import SourceError
from roadbed.modules.experiments.models import Experiment, ExperimentMetric, MetricRole, Randomised
from roadbed.modules.experiments.selectors import (
    beside,
    current_version,
    judged,
    metrics_of,
    source_key_of,
)
from roadbed.modules.experiments.services import places
from roadbed_engines.stats.readout import Role

if TYPE_CHECKING:  # engines of queries take seconds to load: whoever asks does so, not every start
    from roadbed.analytics.experiment import Answer, Reading
    from roadbed.analytics.sources.plans import Judged
    from roadbed.analytics.sources.switching import Switching


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """The answer, what goes on over time, interactions with other experiments, and what all of it rests on."""

    answer: Answer
    novelty: list[dict[str, Any]]
    interactions: list[dict[str, Any]]
    inputs: dict[str, Any]


def question_of(experiment: Experiment) -> dict[str, Any]:
    """Return what is asked as plain data: kept with every readout, so that it can be asked again."""
    source = experiment.source
    switches = experiment.randomised == Randomised.PERIODS
    return {
        "source": None if source is None else {"key": source.key, "version": source.version},
        "experiment": source_key_of(experiment),
        "control": experiment.control,
        "shares": experiment.shares,
        "randomised": str(experiment.randomised),
        "cluster": experiment.cluster,
        **(
            {name: getattr(experiment, name) for name in ("period_hours", "washout_minutes")}
            if switches
            else {}
        ),
        "dimensions": experiment.dimensions,
        "plan": str(experiment.plan),
        "alpha": experiment.alpha,
        "minimum_effect": experiment.minimum_effect,
        "correction": str(experiment.correction),
        "started_at": experiment.started_at.isoformat() if experiment.started_at else None,
        "stopped_at": experiment.stopped_at.isoformat() if experiment.stopped_at else None,
        "metrics": [
            {
                "metric": row.metric.key,
                "version": row.pinned.number if row.pinned else None,
                "role": str(row.role),
                "margin": row.margin,
            }
            for row in metrics_of(experiment)
        ],
    }


def _judged(row: ExperimentMetric, experiment: Experiment) -> Judged:
    version = row.pinned or current_version(row.metric)
    found = judged(version, name=row.metric.title, role=Role(row.role))
    margin = row.margin if row.role == MetricRole.GUARDRAIL else 0.0
    matters = experiment.minimum_effect if row.role == MetricRole.PRIMARY else version.matters
    return replace(found, margin=margin, matters=matters)


def _switching(experiment: Experiment) -> Switching:
    from roadbed.analytics.sources.switching import Switching

    return Switching(
        period=timedelta(hours=experiment.period_hours),
        place=experiment.cluster,
        washout=timedelta(minutes=experiment.washout_minutes),
    )


def measure(*, experiment: Experiment, as_of: datetime, reading: Reading) -> Measured:
    """Ask the data.

    Raises
    ------
    SourceError
        If a source cannot be read, or a column is missing.
    BadQuestionError
        If nobody saw any of its variants.
    """
    from roadbed.analytics.sources import trials

    if experiment.source is None:
        raise SourceError("Nothing says who saw which variant any more.")
    metrics = tuple(_judged(row, experiment) for row in metrics_of(experiment))
    keys = {key for one in metrics for key in one.plan.sources}
    sources = places.facts_by_key(workspace_id=experiment.workspace_id, keys=keys)
    switches = experiment.randomised == Randomised.PERIODS
    others = {one.key: source_key_of(one) for one in beside(experiment, as_of=as_of)}
    trial = trials.Trial(
        exposures=places.exposures_of(experiment.source),
        key=source_key_of(experiment),
        metrics=metrics,
        control=experiment.control,
        shares=experiment.shares,
        dimensions=() if switches else tuple(experiment.dimensions),
        cluster=experiment.cluster if experiment.randomised == Randomised.CLUSTER else "",
        switching=_switching(experiment) if switches else None,
        strata=experiment.strata,
        beside=others,
        since=experiment.started_at,
        until=experiment.stopped_at or as_of,
        as_of=as_of,
    )
    found = trials.study(trial, sources, reading)
    return Measured(
        answer=found.answer,
        novelty=found.novelty,
        interactions=found.interactions,
        inputs={"data": found.digest, "beside": others},
    )
