"""Long work of this module, as jobs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from roadbed.core.jobs import services as jobs
from roadbed.modules.trackers.models import Connection, Run
from roadbed.modules.trackers.services import runs, syncing
from roadbed.modules.trackers.services.connectors.base import TrackerError, WaitError


def _connection(context: jobs.Context, connection_id: int, *, running: bool = True) -> Connection | None:
    rows = Connection.objects.running() if running else Connection.objects.filter(deleted_at__isnull=True)
    found: Connection | None = (
        rows.filter(pk=connection_id, workspace_id=context.workspace_id or 0)
        .select_related("workspace", "product")
        .first()
    )
    return found


def _run(context: jobs.Context, connection: Connection, call: Callable[..., Run]) -> dict[str, Any]:
    """Call a run, and translate what can interrupt it: failures are kept with the connection, which tries again."""
    url = f"/w/{connection.workspace.slug}/trackers/{connection.pk}/"
    try:
        run = call(
            connection=connection,
            now=context.now,
            told=lambda done, note: context.progress(done, note=note),
            who=f"job {context.job.pk}",
        )
    except runs.BusyError as error:
        raise jobs.RetryLaterError(str(error), after=timedelta(seconds=30)) from error
    except WaitError as error:
        if not connection.is_on:
            raise jobs.RetryLaterError(str(error), after=error.until - context.now()) from error
        return {"text": str(error), "url": url}
    except TrackerError as error:
        raise jobs.GiveUpError(str(error)) from error
    deeds = sum(run.counts.values())
    return {"text": f"Looked at {run.issues:,} issues; {deeds:,} deeds.", "url": url}


@jobs.task("trackers.look_due", label="See which trackers are due", priority=-5)
def look_due(context: jobs.Context) -> None:
    """Queue a look at each connection that is due."""
    syncing.enqueue_due(at=context.now())


@jobs.task("trackers.look", label="Keep in step with a tracker", max_attempts=1, timeout=timedelta(hours=6))
def look(context: jobs.Context, *, connection_id: int) -> dict[str, Any]:
    """Look at everything that changed on either side. A killed process goes on where the last page was kept."""
    connection = _connection(context, connection_id)
    return _run(context, connection, syncing.sync) if connection else {"text": "The connection is off."}


@jobs.task("trackers.dry_run", label="See what would be done", max_attempts=1, timeout=timedelta(hours=6))
def dry_run(context: jobs.Context, *, connection_id: int) -> dict[str, Any]:
    """Say what a look would do; nothing is written on either side."""
    connection = _connection(context, connection_id, running=False)
    if connection is None:
        return {"text": "The connection was taken away."}
    return _run(context, connection, lambda **asked: syncing.sync(is_dry=True, **asked))


@jobs.task("trackers.push", label="Bring changes to a tracker", max_attempts=1, timeout=timedelta(hours=2))
def push(context: jobs.Context, *, connection_id: int) -> dict[str, Any]:
    """Bring out what changed here a moment ago."""
    connection = _connection(context, connection_id)
    return _run(context, connection, syncing.push) if connection else {"text": "The connection is off."}


@jobs.task("trackers.make", label="Make an issue", max_attempts=1, timeout=timedelta(hours=1))
def make(context: jobs.Context, *, connection_id: int, record_id: int) -> dict[str, Any]:
    """Make an issue of one feature."""
    connection = _connection(context, connection_id)
    if connection is None:
        return {"text": "The connection is off."}
    return _run(context, connection, lambda **asked: syncing.make(record_id=record_id, **asked))


@jobs.task("trackers.follow", label="Follow a tracker’s call", max_attempts=1, timeout=timedelta(hours=1))
def follow(
    context: jobs.Context, *, connection_id: int, ids: list[str], gone: list[list[str]]
) -> dict[str, Any]:
    """Look at the issues that a webhook told of."""
    connection = _connection(context, connection_id)
    if connection is None:
        return {"text": "The connection is off."}
    lost = [(pair[0], pair[1]) for pair in gone]
    return _run(context, connection, lambda **asked: syncing.follow(ids=ids, gone=lost, **asked))


@jobs.task("trackers.prune_runs", label="Clear away old runs", priority=-10)
def prune_runs(context: jobs.Context) -> None:
    """Delete what was written down of runs long ago."""
    while runs.prune(at=context.now()):
        context.raise_if_cancelled()


jobs.schedule("trackers.look_due", every=timedelta(minutes=1))
jobs.schedule("trackers.prune_runs", every=timedelta(days=1), at="04:50")
