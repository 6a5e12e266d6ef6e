"""`roadbed experiment switchback`, and what `analyse` says beside the comparison: strata, time, past experiments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from roadbed.cli.exits import Exit, end
from roadbed.cli.output import print_json, print_table

if TYPE_CHECKING:
    from roadbed.analytics.experiment import Answer
    from roadbed_engines.stats.bayes import Prior


def past_prior(file: Path) -> Prior:
    """Return what past experiments teach, or end."""
    from roadbed.analytics import beside, files
    from roadbed.analytics.asking import BadQuestionError
    from roadbed_engines.errors import NotEnoughDataError

    try:
        return beside.prior_of_file(file)
    except (files.UnreadableFileError, BadQuestionError, NotEnoughDataError) as error:
        return end(Exit.FAILURE, f"--past: {error}")


def more(answer: Answer, *, strata: str, over: str, days: float, planned: int) -> dict[str, Any]:
    """Return what is said beside the comparison, by name; only what was asked for."""
    from roadbed.analytics import beside
    from roadbed_engines.stats.analysis import state_of

    found: dict[str, Any] = {}
    if strata:
        found["post_stratified"] = beside.stratified(answer, strata)
    if over:
        found["over_time"] = beside.course(answer, over)
    if days:
        state = state_of(answer.analysis, planned=planned, days=days)
        found["progress"] = {"complete": state.is_complete, "days_left": state.days_left}
    return found


def tell(found: dict[str, Any]) -> None:
    """Print it for a person."""
    for title, name in (("by strata", "post_stratified"), ("over time", "over_time")):
        rows = [(one["metric"], one["variant"], _said(one)) for one in found.get(name, [])]
        if rows:
            print_table(["metric", "variant", title], rows)
    if (left := (found.get("progress") or {}).get("days_left")) is not None:
        typer.echo(
            f"About {left} days more, at the pace so far, until the effect that matters would be found."
        )


def _said(one: dict[str, Any]) -> str:
    if "refused" in one:
        return f"refused: {one['refused']}"
    if "course" in one:
        return f"{one['course']}: {one['slope']:+.4g} a unit of {one['over']} (p = {one['p_value']:.3g})"
    return (
        f"{one['difference']:+.4g} ({one['ci_low']:+.4g} to {one['ci_high']:+.4g}),"
        f" {one['variance_reduction']:.1%} less variance"
    )


def switchback(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Parquet, CSV or TSV; a row a period of a place.")
    ],
    variant: Annotated[
        str, typer.Option("--variant", metavar="COL", help="What the period was switched to.")
    ],
    control: Annotated[str, typer.Option("--control", metavar="NAME", help="Which of the two is as before.")],
    value: Annotated[str, typer.Option("--value", metavar="COL", help="The metric of the period.")],
    block: Annotated[
        list[str],
        typer.Option(
            "--block",
            metavar="COL",
            help="What may hang together, such as place and day; again for more columns.",
        ),
    ],
    fixed: Annotated[
        list[str] | None,
        typer.Option(
            "--fixed", metavar="COL", help="Held fixed, such as the place or the hour; again for more."
        ),
    ] = None,
    alpha: Annotated[
        float, typer.Option("--alpha", min=1e-6, max=0.5, help="One less the confidence.")
    ] = 0.05,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Analyse an experiment that switched whole places between two variants by the hour or the day.

    Least squares with fixed effects; the error is robust within blocks (CR1), with Student's t over blocks less one.

    Examples:

        roadbed experiment switchback hours.csv --variant arm --control off --value wait --block city --block day

        roadbed experiment switchback h.csv --variant arm --control off --value wait --block day --fixed hour --json
    """
    from roadbed.analytics import beside, files
    from roadbed.analytics.asking import BadQuestionError
    from roadbed_engines.errors import NotEnoughDataError

    try:
        found = beside.switchback_of_file(
            file, variant=variant, control=control, value=value, block=block, fixed=fixed or (), alpha=alpha
        )
    except (files.UnreadableFileError, BadQuestionError, NotEnoughDataError, ValueError) as error:
        said = str(error)
        end(Exit.FAILURE, said if file.name in said else f"{file.name}: {said}")
    if as_json:
        print_json(
            {
                "file": file.name,
                "control": control,
                "difference": found.effect,
                "standard_error": found.error,
                "ci_low": found.low,
                "ci_high": found.high,
                "p_value": found.p_value,
                "periods": found.periods,
                "blocks": found.clusters,
                "alpha": found.alpha,
            }
        )
        return
    typer.echo(
        f"{value}: {found.effect:+.4g} ({found.low:+.4g} to {found.high:+.4g}), p = {found.p_value:.3g};"
        f" {found.periods:,} periods in {found.clusters:,} blocks."
    )
