"""`roadbed experiment list`, `show`, `refresh`, `decide`, `report`: those of a workspace, from its server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from roadbed.cli.exits import Exit, end
from roadbed.cli.output import print_json, print_table, say
from roadbed.cli.workspace_flags import SLUG, actor_of, workspace_of

if TYPE_CHECKING:
    from roadbed.modules.experiments.models import Experiment

KEY = Annotated[str, typer.Argument(metavar="KEY", help="Such as E-7.")]
JSON = Annotated[bool, typer.Option("--json", help="For a program.")]
WHO = Annotated[str, typer.Option("--as", metavar="EMAIL", help="Who does it: a maker or an owner.")]


def _experiment(slug: str, key: str) -> Experiment:
    place = workspace_of(slug)
    from roadbed.modules.experiments import selectors
    from roadbed.modules.experiments.models import Experiment

    try:
        return selectors.access_experiment(workspace_id=place.pk, key=key)
    except Experiment.DoesNotExist:
        return end(Exit.FAILURE, f"There is no experiment {key} in {place.name}.")


def list_experiments(
    workspace: SLUG,
    state: Annotated[
        str,
        typer.Option("--state", metavar="STATE", help="draft, running, stopped or decided; all by default."),
    ] = "",
    as_json: JSON = False,
) -> None:
    """List the experiments of a workspace, with what each recommends and what was decided.

    Examples:

        roadbed experiment list --workspace northwind --state running
    """
    place = workspace_of(workspace)
    from roadbed.modules.experiments import selectors
    from roadbed.modules.experiments.models import ExperimentState

    if state and state not in ExperimentState.values:
        end(Exit.USAGE, f"“{state}” is no state.", fix=f"There are: {', '.join(ExperimentState.values)}.")
    filters: dict[str, Any] = {"archived": False}
    if state:
        filters["state"] = [state]
    rows = selectors.filter_experiments(workspace_id=place.pk, filters=filters).order_by("-number")
    found = [
        {
            "key": one.key,
            "title": one.title,
            "state": one.state,
            "primary": next(
                (each["text"] or each["refused"] for each in one.read_summary or [] if each["role"] == "primary"),
                str(one.past_result) if hasattr(one, "past_result") else None,
            ),
            "imported": hasattr(one, "past_result"),
            "trusted": one.read_is_trusted,
            "recommended": f"{one.read_verdict or ''} {one.read_variant or ''}".strip() or None,
            "days_left": one.read_days_left,
            "decided": str(one.decision) if hasattr(one, "decision") else None,
        }
        for one in rows
    ]  # fmt: skip
    if as_json:
        print_json(found)
        return
    print_table(
        ["key", "experiment", "state", "primary", "recommended", "decided"],
        [
            (
                str(one["key"]), str(one["title"]), str(one["state"]),
                str(one["primary"] or "") + ("" if one["trusted"] is not False else " NOT TO BE TRUSTED"),
                str(one["recommended"] or ""), str(one["decided"] or ""),
            )
            for one in found
        ],
    )  # fmt: skip


def show(workspace: SLUG, key: KEY, as_json: JSON = False) -> None:
    """Show an experiment: its report, or with --json the newest readout with every figure.

    Examples:

        roadbed experiment show E-7 --workspace northwind
    """
    experiment = _experiment(workspace, key)
    from django.utils import timezone

    from roadbed.modules.experiments import selectors, services

    readout = selectors.latest_readout(experiment)
    past = getattr(experiment, "past_result", None)
    if as_json:
        print_json(
            {
                "key": experiment.key,
                "title": experiment.title,
                "state": experiment.state,
                "readout": readout.number if readout else None,
                "problem": readout.problem if readout else "" if past else "Nothing has been read yet.",
                "past_result": None
                if past is None
                else {
                    name: getattr(past, name)
                    for name in ("metric", "desired", "lift", "error", "low", "high")
                },
                "inputs": readout.inputs if readout else {},
                "digest": readout.digest if readout else None,
                "document": readout.document if readout else {},
            }
        )
        return
    made = services.make_report(experiment=experiment, kind="markdown", at=timezone.now())
    typer.echo(made.content.decode(), nl=False)


def refresh(workspace: SLUG, key: KEY, as_json: JSON = False) -> None:
    """Read an experiment's data now, keep what they show, and say it.

    Examples:

        roadbed experiment refresh E-7 --workspace northwind
    """
    experiment = _experiment(workspace, key)
    from django.utils import timezone

    from roadbed.core.accounts.actors import SYSTEM
    from roadbed.modules.experiments import services
    from roadbed.modules.experiments.models import ExperimentState

    if experiment.state == ExperimentState.DECIDED:
        end(Exit.REFUSED, f"{experiment.key} is decided, and keeps the readout that it was decided by.")
    try:
        readout = services.read_experiment(experiment=experiment, actor=SYSTEM, at=timezone.now())
    except services.WrongStateError as error:
        end(Exit.REFUSED, str(error))
    if readout.problem:
        end(Exit.FAILURE, readout.problem)
    if as_json:
        print_json({"readout": readout.number, "digest": readout.digest, "document": readout.document})
        return
    left = f", about {readout.days_left} days left" if readout.days_left else ""
    typer.echo(f"{f'{readout.verdict} {readout.variant}'.strip().capitalize()}{left}.")
    for reason in readout.document["recommendation"]["reasons"]:
        typer.echo(f"  {reason}")


def decide(
    workspace: SLUG,
    key: KEY,
    decision: Annotated[
        str, typer.Argument(metavar="DECISION", help="ship, “roll back”, “keep control” or inconclusive.")
    ],
    email: WHO,
    variant: Annotated[str, typer.Option("--variant", metavar="NAME", help="Which one is shipped.")] = "",
    why: Annotated[str, typer.Option("--why", help="Wanted where it goes against what is recommended.")] = "",
    learned: Annotated[
        str, typer.Option("--learned", help="For whoever looks into the library in a year.")
    ] = "",
) -> None:
    """Decide an experiment; what was recommended is kept beside it.

    Examples:

        roadbed experiment decide E-7 ship --variant map --workspace northwind --as ben@northwind.example

        roadbed experiment decide E-7 "keep control" --why "Too dear." --workspace northwind --as ben@x.example
    """
    experiment = _experiment(workspace, key)
    actor = actor_of(experiment.workspace, email)
    from django.core.exceptions import ValidationError
    from django.utils import timezone

    from roadbed.modules.experiments import services
    from roadbed.modules.experiments.models import Decided

    if decision not in Decided.values:
        end(Exit.USAGE, f"“{decision}” is no decision.", fix=f"There are: {', '.join(Decided.values)}.")
    choice = services.Choice(Decided(decision), variant, why, learned)
    try:
        made = services.decide_experiment(
            experiment=experiment, choice=choice, actor=actor, at=timezone.now()
        )
    except ValidationError as error:
        end(Exit.FAILURE, " ".join(error.messages))
    except services.WrongStateError as error:
        end(Exit.REFUSED, str(error))
    against = f", against the recommendation ({made.recommended})" if made.differs else ""
    say(f"{experiment.key} is decided: {made}{against}")


def report(
    workspace: SLUG,
    key: KEY,
    form: Annotated[str, typer.Option("--form", metavar="markdown|pdf|json", help="As what.")] = "markdown",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to; the terminal by default.")
    ] = None,
) -> None:
    """Write the report of an experiment.

    Examples:

        roadbed experiment report E-1 --workspace northwind --form pdf --out e-1.pdf
    """
    experiment = _experiment(workspace, key)
    from django.utils import timezone

    from roadbed.modules.experiments import services

    if form not in {"markdown", "pdf", "json"}:
        end(Exit.USAGE, f"“{form}” is no form.", fix="Write --form markdown, pdf or json.")
    if form == "pdf" and out is None:
        end(Exit.USAGE, "A PDF goes into a file.", fix="Name it: --out report.pdf")
    made = services.make_report(experiment=experiment, kind=form, at=timezone.now())
    if out is None:
        sys.stdout.write(made.content.decode())
        return
    try:
        out.write_bytes(made.content)
    except OSError as error:
        end(Exit.FAILURE, f"{out} cannot be written: {error.strerror}.")
    say(f"{out} is written")
