"""What the worker does with imports."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from roadbed.core.accounts.actors import Actor
from roadbed.core.jobs import services as jobs
from roadbed.core.tables import services
from roadbed.core.tables.models import Import

LONG = timedelta(hours=6)


def _load(context: jobs.Context, import_id: int, name: str) -> tuple[Import, Actor]:
    run = Import.objects.select_related("workspace", "file").get(pk=import_id)
    return run, Actor(user_id=run.created_by_id, name=name or run.created_by_name, via="import")


def _url(run: Import) -> str:
    return f"/w/{run.workspace.slug}/import/{run.pk}/"


@jobs.task("tables.import", label="Import a table", timeout=LONG, max_attempts=5)
def run_import(context: jobs.Context, *, import_id: int, name: str = "") -> dict[str, Any]:
    """Import what is left of a file."""
    run, actor = _load(context, import_id, name)
    run = services.run_import(
        run=run,
        actor=actor,
        now=context.now,
        told=lambda done, total: context.progress(done, total, "Importing"),
    )
    return {
        "text": f"{run.file_name}: {run.created_count:,} new, {run.rejected_count:,} rejected.",
        "url": _url(run),
    }


@jobs.task("tables.check", label="Check a table", timeout=LONG)
def check_import(context: jobs.Context, *, import_id: int, name: str = "") -> dict[str, Any]:
    """Find out what an import would do."""
    run, actor = _load(context, import_id, name)
    found: dict[str, Any] | None = None
    try:
        found = services.check_import(
            run=run,
            actor=actor,
            now=context.now,
            told=lambda done, total: context.progress(done, total, "Checking"),
        )
    finally:
        Import.objects.filter(pk=run.pk, state=Import.State.CHECKING).update(
            state=Import.State.DRAFT, dry_run=found
        )
    return {
        "text": f"{run.file_name}: {found['rejected']:,} of {found['rows']:,} rows would be rejected.",
        "url": _url(run),
    }


@jobs.task("tables.undo", label="Undo an import", timeout=LONG, max_attempts=5)
def undo_import(context: jobs.Context, *, import_id: int, name: str = "") -> dict[str, Any]:
    """Take back what an import did."""
    run, actor = _load(context, import_id, name)
    run = services.undo_import(
        run=run,
        actor=actor,
        now=context.now,
        told=lambda done, total: context.progress(done, total, "Undoing"),
    )
    return {"text": f"{run.file_name} is undone.", "url": _url(run)}
