"""`roadbed plan`: when everything in a workspace's plan is done, and how sure that is, from its server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from roadbed.cli.exits import Exit, end
from roadbed.cli.output import print_json, print_table
from roadbed.cli.workspace_flags import SLUG, workspace_of

if TYPE_CHECKING:
    from roadbed.modules.roadmap.models import ForecastRow, PlanForecast, TeamRecord


def plan(
    workspace: SLUG,
    kind: Annotated[
        str,
        typer.Option("--kind", metavar="KIND", help="work, parent, release or objective; all by default."),
    ] = "",
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Work the dates out now, and keep them as the newest forecast.")
    ] = False,
    runs: Annotated[
        int, typer.Option("--runs", "-n", min=0, max=100_000, help="How many futures, with --fresh.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Tell the newest forecast of a workspace: P50, P85, P95 and promises of its work, releases and objectives.

    Dates are stretched as past ones of the same team were off; how often such dates held is told beside them. Records
    behind the wall of a circle are left out. For a plan in a file: `roadbed simulate`.

    Examples:

        roadbed plan --workspace northwind --kind release
        roadbed plan --workspace northwind --fresh --json
    """
    place = workspace_of(workspace)
    from roadbed.core.accounts.actors import SYSTEM
    from roadbed.modules.roadmap.models import ForecastRow
    from roadbed.modules.roadmap.selectors import forecasts
    from roadbed.modules.roadmap.services import forecasting

    if kind and kind not in ForecastRow.Kind.values:
        end(Exit.USAGE, f"“{kind}” is no kind.", fix=f"There are: {', '.join(ForecastRow.Kind.values)}.")
    if fresh:
        forecasting.forecast_plan(
            workspace=place, seed=place.pk, at=datetime.now(UTC), actor=SYSTEM, is_asked=True, runs=runs
        )
    run = forecasts.latest_run(workspace_id=place.pk)
    if run is None:
        end(Exit.FAILURE, f"{place.name} has no forecast yet.", fix="Work one out with --fresh.")
    if run.problem:
        end(Exit.FAILURE, f"The plan cannot be put in time: {run.problem}.")
    rows = list(forecasts.rows_of(run, kinds=[kind] if kind else []))
    _tell(run, rows, forecasts.records_of(run), as_json=as_json)


def _tell(
    run: PlanForecast, rows: list[ForecastRow], known: dict[int | None, TeamRecord], *, as_json: bool
) -> None:
    from roadbed.core.records.models import Record

    seen = Record.objects.in_workspace(run.workspace_id)
    readable = set(seen.filter(pk__in=[one["id"] for one in run.refused]).values_list("pk", flat=True))
    refused = [one for one in run.refused if one["id"] in readable]
    trust: dict[str, dict[str, Any]] = {
        "all teams" if one.team is None else one.team.name: {
            "forecasts": one.forecasts,
            "held": dict(zip(("p50", "p85", "p95"), one.given, strict=False)) or None,
            "missing": one.missing or None,
        }
        for one in known.values()
    }
    if as_json:
        print_json(
            {
                "forecast": run.number,
                "at": run.at.isoformat(),
                "first": run.first.isoformat(),
                "runs": run.runs,
                "seed": run.seed,
                "rows": [_row(one) for one in rows],
                "refused": [{name: one[name] for name in ("key", "what", "reason")} for one in refused],
                "trust": trust,
            }
        )
        return
    print_table(
        ["", "", "50%", "85%", "95%", "promised", "chance"],
        [
            (
                one.record.key,
                one.record.title[:48],
                *(f"{day:%-d %b %Y}" for day in (one.p50, one.p85, one.p95)),
                f"{one.due:%-d %b %Y}" if one.due else "",
                f"{one.chance:.0%}" if one.chance is not None else "",
            )
            for one in rows
        ],
        title=f"Forecast {run.number} of {run.at:%-d %B %Y}, {run.runs:,} futures",
    )
    for one in refused:
        typer.echo(f"{one['key']} has no date: it {one['reason']}.")
    for team, told in trust.items():
        if told["held"]:
            typer.echo(f"{team}: P85 held {told['held']['p85']:.0%} of the last {told['forecasts']}.")


def _row(one: ForecastRow) -> dict[str, Any]:
    return {
        "key": one.record.key,
        "title": one.record.title,
        "kind": one.kind,
        **{name: getattr(one, name).isoformat() for name in ("start", "finish", "p50", "p85", "p95")},
        "due": one.due.isoformat() if one.due else None,
        "chance": one.chance,
        "critical": one.critical,
        "drivers": one.drivers,
        "missing": [each["key"] for each in one.missing],
    }
