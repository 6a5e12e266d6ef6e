"""Writing an experiment down, starting and stopping it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.core.records.models import Link, Record, Relation
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.experiments.models import (
    Experiment,
    ExperimentMetric,
    ExperimentState,
    Metric,
    MetricRole,
)
from roadbed.modules.experiments.selectors import current_version
from roadbed.modules.experiments.services import metrics as definitions
from roadbed.modules.experiments.services import sources
from roadbed.modules.experiments.services.errors import ExperimentRefusedError, WrongStateError
from roadbed.modules.experiments.services.readiness import readiness

DESIGN = frozenset(
    {
        "hypothesis",
        "split_flag",
        "environment",
        "holdout",
        "source",
        "exposure_key",
        "randomised",
        "cluster",
        "period_hours",
        "washout_minutes",
        "strata",
        "dimensions",
        "control",
        "shares",
        "plan",
        "alpha",
        "power",
        "minimum_effect",
        "planned_units",
        "minimum_days",
        "correction",
        "prior",
        "prior_mean",
        "prior_deviation",
    }
)
"""What is fixed once units are dealt out: whoever changes it afterwards finds what they look for."""
ALWAYS = frozenset({"title", "owner", "product"})
MOST_METRICS = 40


@dataclass(frozen=True, slots=True)
class MetricChoice:
    """A metric, what it is there for, and the harm that would still be borne."""

    metric: Metric
    role: MetricRole = MetricRole.SECONDARY
    margin: float = 0.0


@dataclass(frozen=True, slots=True)
class ExperimentFields:
    """A new experiment: its title, whatever `DESIGN` names, its metrics, and what it tests."""

    title: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    metrics: Sequence[MetricChoice] = ()
    tests: Sequence[Record] = ()


@transaction.atomic
def create_experiment(
    *, workspace: Workspace, fields: ExperimentFields, actor: Actor, at: datetime
) -> Experiment:
    """Add the draft of an experiment.

    Raises
    ------
    ValidationError
        If a field or a constraint refuses.
    """
    known = {name: value for name, value in fields.settings.items() if name in DESIGN | ALWAYS}
    if known.get("source") is None:
        own = sources.ensure_sources(workspace=workspace, at=at)
        known["source"] = own.exposuresources.filter(removed_at__isnull=True).order_by("pk").first()
    experiment = Experiment(workspace=workspace, **{**known, "title": fields.title.strip()})
    _settle(experiment)
    records.create_record(record=experiment, actor=actor, at=at)
    _tell_owner(experiment, at=at)
    _put_metrics(experiment, fields.metrics)
    _put_tests(experiment, fields.tests, actor=actor, at=at)
    _queue_plan(experiment)
    return experiment


@transaction.atomic
def change_experiment(
    *,
    experiment: Experiment,
    changes: Mapping[str, Any],
    metrics: Sequence[MetricChoice] | None = None,
    tests: Sequence[Record] | None = None,
    expected_version: int | None = None,
    actor: Actor,
    at: datetime,
) -> Experiment:
    """Change what is written of an experiment; what is measured, and how, only while it is a draft.

    Raises
    ------
    WrongStateError
        If it has started, and the design or the metrics would change.
    """
    changed = {name: value for name, value in changes.items() if name in DESIGN | ALWAYS}
    if not experiment.is_draft:
        stored = Experiment.objects.get(pk=experiment.pk)
        late = sorted(name for name in changed if name in DESIGN and getattr(stored, name) != changed[name])
        if late or metrics is not None:
            what = late[0].replace("_", " ") if late else "metrics"
            raise WrongStateError(
                f"{experiment.key} has started: its {what} can no longer change, or the result would be chosen"
                " after the fact. Stop it and start another."
            )
    for name, value in changed.items():
        setattr(experiment, name, value)
    _settle(experiment)
    if "shares" in changed or "control" in changed:
        changed["control"] = experiment.control
    records.change_record(
        record=experiment, changes=changed, actor=actor, at=at, expected_version=expected_version
    )
    if "owner" in changed:
        _tell_owner(experiment, at=at)
    if metrics is not None and _put_metrics(experiment, metrics):
        facts = {"metrics": [f"{one.role}: {one.metric.key}" for one in metrics]}
        records.touch_record(record=experiment, actor=actor, at=at)
        records.record_activity(record=experiment, actor=actor, verb="changed metrics", at=at, changes=facts)
    if tests is not None:
        _put_tests(experiment, tests, actor=actor, at=at)
    if experiment.is_draft:
        _queue_plan(experiment)
    return experiment


def _queue_plan(experiment: Experiment) -> None:
    """Let the primary metric be measured, so that the draft's page says how long it takes."""
    jobs.enqueue_on_commit(
        "experiments.plan",
        workspace_id=experiment.workspace_id,
        key=f"plan {experiment.pk}",
        experiment_id=experiment.pk,
    )


def _tell_owner(experiment: Experiment, *, at: datetime) -> None:
    """Let the owner follow it: they hear of what is recommended and decided."""
    if experiment.owner is not None:
        records.watch_as(record=experiment, user_id=experiment.owner.user_id, at=at)


def _settle(experiment: Experiment) -> None:
    """Take the first variant for control where the one named is none of them."""
    if isinstance(experiment.shares, dict) and experiment.control not in experiment.shares:
        experiment.control = next(iter(experiment.shares), "")


def _put_metrics(experiment: Experiment, choices: Sequence[MetricChoice]) -> bool:
    if len(choices) > MOST_METRICS:
        raise ValidationError({"metrics": f"At most {MOST_METRICS} metrics."})
    if len({one.metric.pk for one in choices}) != len(choices):
        raise ValidationError({"metrics": "A metric is there once."})
    if sum(one.role == MetricRole.PRIMARY for one in choices) > 1:
        raise ValidationError({"metrics": "There is one primary metric: the one to decide by."})
    if any(one.metric.workspace_id != experiment.workspace_id for one in choices):
        raise ValidationError({"metrics": "There is no such metric in this workspace."})
    before = [(one.metric_id, one.role, one.margin) for one in experiment.metrics.all()]
    if before == [(one.metric.pk, str(one.role), one.margin) for one in choices]:
        return False
    experiment.metrics.all().delete()
    for at, one in enumerate(choices):
        row = ExperimentMetric(
            experiment=experiment, metric=one.metric, role=one.role, margin=one.margin, position=at
        )
        row.full_clean()
        row.save(force_insert=True)
    return True


def _put_tests(experiment: Experiment, tests: Collection[Record], *, actor: Actor, at: datetime) -> None:
    wanted = {one.pk: one for one in tests}
    rows = Link.objects.filter(source_id=experiment.pk, relation=Relation.TESTS)
    for link in rows.exclude(target_id__in=wanted):
        records.remove_link(link=link, actor=actor, at=at)
    known = set(rows.values_list("target_id", flat=True))
    for pk, target in wanted.items():
        if pk not in known:
            records.create_link(source=experiment, target=target, relation=Relation.TESTS, actor=actor, at=at)


@transaction.atomic
def start_experiment(*, experiment: Experiment, actor: Actor, at: datetime) -> Experiment:
    """Pin the metrics' definitions, and let it run.

    Raises
    ------
    WrongStateError
        If it is no draft.
    ExperimentRefusedError
        If it could not be answered; every reason is named.
    """
    if not experiment.is_draft:
        raise WrongStateError(f"{experiment.key} has started already.")
    if obstacles := [one for one in readiness(experiment=experiment, at=at) if one.stops]:
        raise ExperimentRefusedError(obstacles)
    pinned = []
    for row in experiment.metrics.select_related("metric"):
        row.pinned = definitions.use_metric_version(version=current_version(row.metric), at=at)
        row.save(update_fields=["pinned"])
        pinned.append(f"{row.metric.key} version {row.pinned.number}")
    return _move(
        experiment, ExperimentState.RUNNING, verb="started", actor=actor, at=at, facts={"metrics": pinned},
        started_at=at,
    )  # fmt: skip


@transaction.atomic
def stop_experiment(*, experiment: Experiment, why: str = "", actor: Actor, at: datetime) -> Experiment:
    """Take in no further units, and queue the final read-out.

    Raises
    ------
    WrongStateError
        If it does not run.
    """
    if not experiment.is_running:
        raise WrongStateError(f"{experiment.key} does not run, so it cannot be stopped.")
    facts = {"why": why.strip()[:1000]} if why.strip() else {}
    _move(experiment, ExperimentState.STOPPED, verb="stopped", actor=actor, at=at, facts=facts, stopped_at=at)
    queue_readout(experiment=experiment)
    return experiment


def queue_readout(*, experiment: Experiment) -> None:
    """Let the data be read once this transaction is through; one such job at a time."""
    jobs.enqueue_on_commit(
        "experiments.read",
        workspace_id=experiment.workspace_id,
        key=f"experiment {experiment.pk}",
        experiment_id=experiment.pk,
    )


def _move(
    experiment: Experiment,
    state: ExperimentState,
    *,
    verb: str,
    actor: Actor,
    at: datetime,
    facts: Mapping[str, Any],
    **moments: datetime | None,
) -> Experiment:
    """Bring an experiment into another state, with one line of history."""
    before = experiment.state
    experiment.state = state
    for name, value in moments.items():
        setattr(experiment, name, value)
    experiment.full_clean()
    experiment.save(update_fields=["state", *moments])
    records.touch_record(record=experiment, actor=actor, at=at)
    changes = {"state": [before, str(state)], **facts}
    records.record_activity(record=experiment, actor=actor, verb=verb, at=at, changes=changes)
    return experiment


def move_state(
    experiment: Experiment,
    state: ExperimentState,
    *,
    verb: str,
    actor: Actor,
    at: datetime,
    facts: Mapping[str, Any],
) -> Experiment:
    """Bring an experiment into another state for a sibling service."""
    return _move(experiment, state, verb=verb, actor=actor, at=at, facts=facts)
