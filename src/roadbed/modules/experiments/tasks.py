"""Long work of this module, as jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from roadbed.analytics.sources.places import SourceError
from roadbed.core.accounts.actors import SYSTEM
from roadbed.core.jobs import services as jobs
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.models import Experiment, ExperimentState, Metric
from roadbed_engines.errors import NotEnoughDataError


@jobs.task(
    "experiments.move_events", label="Move events into their days", timeout=timedelta(hours=1), priority=-5
)
def move_events(context: jobs.Context) -> dict[str, Any] | None:
    """Move what waits in every workspace; what was killed halfway is finished first."""
    moved = 0
    for workspace_id in services.stored_workspaces():
        context.raise_if_cancelled()
        moved += services.move_events(workspace_id=workspace_id, at=context.now()).events
    return {"text": f"Moved {moved:,} events."} if moved else None


@jobs.task("experiments.forget_events", label="Let go of old events", timeout=timedelta(hours=1), priority=-5)
def forget_events(context: jobs.Context) -> dict[str, Any] | None:
    """Apply every workspace's policy."""
    gone = 0
    stored = services.stored_workspaces()
    for workspace in Workspace.objects.filter(pk__in=stored):
        context.raise_if_cancelled()
        gone += services.apply_policy(workspace=workspace, at=context.now())
    return {"text": f"Let go of {gone:,} events."}


@jobs.task("experiments.measure_metrics", label="Measure every metric’s day", priority=-5)
def measure_metrics(context: jobs.Context) -> None:
    """Queue the measuring of each workspace that has metrics."""
    rows = Metric.objects.filter(
        archived_at__isnull=True, deleted_at__isnull=True, workspace__closed_at__isnull=True
    )
    for metric_id, workspace_id in rows.values_list("pk", "workspace_id"):
        jobs.enqueue(
            "experiments.measure_metric",
            workspace_id=workspace_id,
            key=f"metric-{metric_id}",
            metric_id=metric_id,
        )


@jobs.task(
    "experiments.measure_metric", label="Measure a metric by day", max_attempts=2, timeout=timedelta(hours=1)
)
def measure_metric(context: jobs.Context, *, metric_id: int, days: int = services.DAYS) -> dict[str, Any]:
    """Measure the days of a metric that are not final yet; days that are stay as they are."""
    metric = (
        Metric.objects.in_workspace(context.workspace_id or 0)
        .select_related("workspace")
        .filter(pk=metric_id)
        .first()
    )
    if metric is None:
        return {"text": "The metric is gone."}
    version = selectors.current_version(metric)
    url = f"/w/{metric.workspace.slug}/experiments/metrics/{metric.key.lower()}/"
    try:
        measured = services.measure_days(
            version=version,
            at=context.now(),
            days=days,
            progress=lambda done, whole: context.progress(done, whole, "Measuring"),
        )
        services.metric_history(metric, weeks=services.WEEKS, at=context.now(), fresh=True)
    except NotEnoughDataError as error:
        return {"text": f"Measured {metric.key}, which has no history to plan from: {error}", "url": url}
    except SourceError as error:
        raise jobs.GiveUpError(str(error)) from error
    return {"text": f"Measured {measured} days of {metric.key}.", "url": url}


@jobs.task("experiments.read", label="Read an experiment’s data", timeout=timedelta(hours=2))
def read(context: jobs.Context, *, experiment_id: int) -> dict[str, Any] | None:
    """Read one experiment, and keep what it shows."""
    rows = Experiment.objects.in_workspace(context.workspace_id or 0)
    experiment = (
        rows.select_related("split_flag", "environment", "source__data_source")
        .filter(pk=experiment_id)
        .first()
    )
    if experiment is None or experiment.started_at is None:
        return {"text": "It is not there any more."}
    if experiment.state == ExperimentState.DECIDED:
        return {"text": f"{experiment.key} is decided, and keeps the readout that it was decided by."}
    readout = services.read_experiment(experiment=experiment, actor=SYSTEM, at=context.now())
    if readout.problem:
        return {"text": readout.problem}
    done = services.watch_ramps(experiment=experiment, readout=readout, actor=SYSTEM, at=context.now())
    said = f"{experiment.key}: {readout.verdict} {readout.variant}".strip()
    return {"text": f"{'. '.join([said, *done])}."}


@jobs.task("experiments.plan", label="Say how long an experiment takes", max_attempts=1)
def plan(context: jobs.Context, *, experiment_id: int) -> dict[str, Any] | None:
    """Measure the primary metric of a draft; what was measured within a day is not measured again."""
    rows = Experiment.objects.in_workspace(context.workspace_id or 0).filter(state=ExperimentState.DRAFT)
    experiment = rows.filter(pk=experiment_id).first()
    found = services.plan_size(experiment=experiment, at=context.now()) if experiment else None
    if experiment is None or found is None:
        return None
    if found.why:
        return {"text": f"{experiment.key}: {found.why}"}
    return {"text": f"{experiment.key} takes {found.units:,} units, {found.days or '–'} days."}


@jobs.task("experiments.read_all", label="Read every running experiment", priority=-3)
def read_all(context: jobs.Context) -> dict[str, Any]:
    """Queue a readout of every experiment that runs."""
    found = selectors.running()
    for experiment in found:
        services.queue_readout(experiment=experiment)
        context.raise_if_cancelled()
    return {"text": f"{len(found)} experiments will be read."}


jobs.schedule("experiments.move_events", every=timedelta(minutes=1))
jobs.schedule("experiments.forget_events", every=timedelta(days=1), at="03:20")
jobs.schedule("experiments.measure_metrics", every=timedelta(days=1), at="03:40")
jobs.schedule("experiments.read_all", every=timedelta(days=1), at="04:00")
