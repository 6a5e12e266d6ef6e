"""`roadbed metric list` and `show`: the metrics of a workspace, from the terminal of its server."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from roadbed.cli.exits import Exit, end
from roadbed.cli.output import print_json, print_table
from roadbed.cli.workspace_flags import SLUG, workspace_of

group = typer.Typer(
    no_args_is_help=True, help="Metrics of a workspace: how they are defined, and what they were."
)
app = typer.Typer()
app.add_typer(group, name="metric")

JSON = Annotated[bool, typer.Option("--json", help="For a program.")]
DAYS = 30


@group.command("list")
def list_metrics(workspace: SLUG, as_json: JSON = False) -> None:
    """List the metrics of a workspace.

    Examples:

        roadbed metric list --workspace northwind
    """
    place = workspace_of(workspace)
    from roadbed.modules.experiments import selectors

    rows = list(
        selectors.filter_metrics(workspace_id=place.pk, filters={"archived": False}).order_by("number")
    )
    versions = selectors.current_versions(rows)
    found = [
        {
            "key": one.key,
            "title": one.title,
            "kind": versions[one.pk].kind,
            "desired": versions[one.pk].desired,
            "guardrail": one.is_guardrail,
            "definition_version": one.latest,
            "owner": one.owner.user.email if one.owner else None,
        }
        for one in rows
    ]
    if as_json:
        print_json(found)
        return
    print_table(
        ["key", "metric", "kind", "better", "guardrail", "owner"],
        [
            (
                str(one["key"]), str(one["title"]), str(one["kind"]), "lower" if one["desired"] == "down" else "higher",
                "yes" if one["guardrail"] else "", str(one["owner"] or ""),
            )
            for one in found
        ],
    )  # fmt: skip


@group.command("show")
def show(
    workspace: SLUG,
    key: Annotated[str, typer.Argument(metavar="KEY", help="Such as M-3.")],
    as_json: JSON = False,
) -> None:
    """Show a metric: its definition, what it was on the last days, and what experiments found of it.

    Examples:

        roadbed metric show M-3 --workspace northwind --json
    """
    place = workspace_of(workspace)
    from roadbed.modules.experiments import selectors
    from roadbed.modules.experiments.models import Metric

    try:
        metric = selectors.access_metric(workspace_id=place.pk, key=key)
    except Metric.DoesNotExist:
        end(Exit.FAILURE, f"There is no metric {key} in {place.name}.")
    version = selectors.current_version(metric)
    days = selectors.days_of(version, most=DAYS)
    results = selectors.results_of(metric, workspace=place.slug)
    if as_json:
        found: dict[str, Any] = {
            "key": metric.key,
            "title": metric.title,
            "description": metric.description,
            "kind": version.kind,
            "definition_version": version.number,
            "definition": version.definition,
            "desired": version.desired,
            "margin": version.margin,
            "matters": version.matters,
            "guardrail": metric.is_guardrail,
            "owner": metric.owner.user.email if metric.owner else None,
            "days": [
                {
                    "day": one.day.isoformat(), "units": one.units, "value": one.value, "standard_error": one.error,
                    "final": one.is_final,
                }
                for one in days
            ],
            "experiments": [
                {
                    "key": one.key, "title": one.title, "definition_version": one.version, "variant": one.variant,
                    "lift": one.lift, "low": one.low, "high": one.high, "said": one.said, "trusted": one.trusted,
                }
                for one in results
            ],
        }  # fmt: skip
        print_json(found)
        return
    typer.echo(f"{metric.key} {metric.title}, version {version.number}")
    if metric.description:
        typer.echo(metric.description)
    print_table(["", ""], selectors.describe_version(version), title="How it is defined")
    if days:
        rows = [
            (
                one.day.isoformat(), f"{one.units:,}", "cannot be told" if one.value is None else f"{one.value:.6g}",
                "" if one.is_final else "not over yet",
            )
            for one in days
        ]  # fmt: skip
        print_table(["day", "units", "value", ""], rows, title=f"The last {len(days)} days")
    if results:
        told = [
            (one.key, one.title, one.variant, one.said + ("" if one.trusted else " NOT TO BE TRUSTED"))
            for one in results
        ]
        print_table(["key", "experiment", "variant", "found"], told, title="In experiments")
