"""`roadbed sync`: look at trackers now, or say what a look would do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from roadbed.cli.exits import Exit, end
from roadbed.cli.output import print_json, print_table

if TYPE_CHECKING:
    from roadbed.modules.trackers.models import Connection, Run


def sync(
    connection: Annotated[
        str,
        typer.Option(
            "--connection", "-c", metavar="NAME", help="One connection; all that are started by default."
        ),
    ] = "",
    workspace: Annotated[
        str, typer.Option("--workspace", "-w", metavar="SLUG", help="Of which workspace.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done; nothing is written on either side.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Keep features and issues in step, here and now.

    Examples:

        roadbed sync --dry-run

        roadbed sync --connection Engineering --json
    """
    from roadbed.cli import environment

    environment.prepare()
    done, failed = [], False
    for each in _chosen(connection=connection, workspace=workspace, is_dry=dry_run):
        found = _look(each, is_dry=dry_run, is_quiet=json)
        failed = failed or bool(found["error"])
        done.append(found)
    if json:
        print_json({"dry_run": dry_run, "connections": done})
    else:
        _print(done)
    if failed:
        raise typer.Exit(Exit.FAILURE)


def _chosen(*, connection: str, workspace: str, is_dry: bool) -> list[Connection]:
    from roadbed.modules.trackers.models import Connection

    rows = Connection.objects.filter(deleted_at__isnull=True, workspace__closed_at__isnull=True)
    if workspace:
        rows = rows.filter(workspace__slug=workspace)
    if connection:
        rows = rows.filter(name__iexact=connection)
    found = [
        each
        for each in rows.select_related("workspace", "product")
        if each.is_on or (is_dry and each.offered)
    ]
    if not found:
        names = Connection.objects.filter(deleted_at__isnull=True).values_list("name", flat=True)
        known = ", ".join(sorted(set(names)))
        fix = f"There are: {known}." if known else "Connect one under Trackers."
        end(Exit.REFUSED, "No such connection is started." if known else "No tracker is connected.", fix=fix)
    if connection and len(found) > 1:
        end(Exit.REFUSED, f"“{connection}” is in several workspaces.", fix="Name one with --workspace.")
    return found


def _look(connection: Connection, *, is_dry: bool, is_quiet: bool) -> dict[str, Any]:
    from django.utils import timezone

    from roadbed.modules.trackers.services import runs, syncing
    from roadbed.modules.trackers.services.connectors.base import TrackerError, WaitError

    def told(done: int, note: str) -> None:
        if not is_quiet and done and done % 500 == 0:
            print(f"{connection.name}: {note}, {done:,}")

    run: Run | None = None
    error, until = "", None
    try:
        run = syncing.sync(
            connection=connection, now=timezone.now, told=told, who=f"terminal {os.getpid()}", is_dry=is_dry
        )
    except WaitError as asked:
        error, until = str(asked), asked.until.isoformat()
    except (runs.BusyError, TrackerError) as refused:
        error = str(refused)
    return {
        "connection": connection.name,
        "workspace": connection.workspace.slug,
        "kind": connection.kind,
        "issues": run.issues if run else 0,
        "counts": run.counts if run else {},
        "error": error,
        "waits_until": until,
        "deeds": _deeds(run) if run and is_dry else [],
    }


def _deeds(run: Run) -> list[dict[str, str]]:
    from roadbed.modules.trackers.selectors import connections as selectors

    return [
        {
            "deed": each.deed,
            "feature": each.record.key if each.record else "",
            "issue": each.key,
            "field": each.field,
            "before": each.before,
            "after": each.after,
            "note": each.note,
        }
        for each in selectors.entries_of(run=run)[:200]
    ]


def _print(done: list[dict[str, Any]]) -> None:
    for found in done:
        words = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in found["counts"].items())
        said = found["error"] or words or "both sides say the same"
        print(f"{found['connection']}: {found['issues']:,} issues; {said}.")
        if found["deeds"]:
            rows = [
                (
                    each["deed"].replace("_", " "),
                    each["feature"],
                    each["issue"],
                    each["field"],
                    each["after"][:60],
                )
                for each in found["deeds"]
            ]
            print_table(("Deed", "Feature", "Issue", "Field", "Becomes"), rows)
