"""Long work of this module, as jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from roadbed.analytics.sources.places import SourceError
from roadbed.core.jobs import services as jobs
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.models import Metric


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
def measure_metric(context: jobs.Context, *, metric_id: int) -> dict[str, Any]:
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
        days = services.measure_days(
            version=version,
            at=context.now(),
            progress=lambda done, whole: context.progress(done, whole, "Measuring"),
        )
    except SourceError as error:
        raise jobs.GiveUpError(str(error)) from error
    return {"text": f"Measured {days} days of {metric.key}.", "url": url}


jobs.schedule("experiments.move_events", every=timedelta(minutes=1))
jobs.schedule("experiments.forget_events", every=timedelta(days=1), at="03:20")
jobs.schedule("experiments.measure_metrics", every=timedelta(days=1), at="03:40")
