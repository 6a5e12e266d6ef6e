"""What stands beside the comparison of variants: strata, the course over time, past experiments, switchbacks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from roadbed.analytics import document
from roadbed.analytics.asking import BadQuestionError
from roadbed.analytics.experiment import Answer
from roadbed.analytics.files import open_file
from roadbed.analytics.numbers import names_of, read_columns
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats.bayes import Prior, learn_prior
from roadbed_engines.stats.novelty import novelty
from roadbed_engines.stats.stratified import stratify
from roadbed_engines.stats.switchback import Switchback, switchback

Plain = dict[str, Any]
MOST_PERIODS = 1_000_000


def stratified(answer: Answer, dimension: str) -> list[Plain]:
    """Return every metric as if each stratum had the share in both variants that it has in all.

    The dimension is one of those that the question breaks down by, and must have been fixed before the exposure.
    """
    found = []
    options = answer.analysis.options
    for one in answer.analysis.comparisons:
        head: Plain = {"metric": one.metric.name, "variant": one.variant, "strata": dimension}
        if one.fixed is None:
            found.append({**head, "refused": one.refused})
            continue
        strata = answer.measurement.segments.get(dimension, {}).get(one.metric.name, {})
        try:
            made = stratify(comparison=one, strata=strata, options=options)
        except NotEnoughDataError as error:
            found.append({**head, "refused": str(error)})
            continue
        plans = {"fixed_horizon": made.fixed, "always_valid": made.sequential}
        found.append(
            {
                **head,
                **(document.effect_as_plain(made.effect) if made.effect else {}),
                **{name: document.effect_as_plain(effect) for name, effect in plans.items() if effect},
                "variance_reduction": made.reduction,
            }
        )
    return found


def course(answer: Answer, dimension: str) -> list[Plain]:
    """Return whether effects change along a dimension of numbers, such as days since the exposure.

    Raises
    ------
    BadQuestionError
        If its values are no numbers.
    """
    found = []
    for one in answer.analysis.segments:
        if one.dimension != dimension or not one.comparisons:
            continue
        told = [(value, each.fixed) for value, each in one.comparisons if each.fixed is not None]
        head: Plain = {
            "metric": one.comparisons[0][1].metric.name, "variant": one.variant, "over": dimension,
        }  # fmt: skip
        try:
            days = [float(value) for value, _ in told]
        except ValueError as error:
            raise BadQuestionError(
                f"{dimension} holds what is no number, so nothing goes on over it."
            ) from error
        try:
            line = novelty(
                effects=[each.difference for _, each in told],
                errors=[each.error for _, each in told],
                days=days,
                alpha=answer.analysis.options.alpha,
            )
        except NotEnoughDataError as error:
            found.append({**head, "refused": str(error)})
            continue
        found.append(
            {
                **head,
                "course": line.course.value,
                "slope": line.slope,
                "standard_error": line.slope_error,
                "p_value": line.p_value,
                "at_start": line.at_start,
                "at_end": line.at_end,
            }
        )
    return found


def prior_of_file(path: Path) -> Prior:
    """Return the prior that a table of past experiments teaches: columns `lift` and `error`, all that were run.

    Raises
    ------
    BadQuestionError
        If a column is missing, or a cell is no number.
    NotEnoughDataError
        If there are fewer than five.
    UnreadableFileError
        If it is no table.
    """
    table = open_file(path)
    for name in ("lift", "error"):
        if name not in table.columns:
            raise BadQuestionError(
                f"{path.name} has no column {name}. It has: {', '.join(table.columns[:40])}."
            )
    numbers, unread = read_columns(table, ["lift", "error"])
    if unread:
        raise BadQuestionError(f"{path.name}: “{unread[0].example}” in {unread[0].column} is no number.")
    rows = (
        table.select(**{name: numbers[name].cast("float64") for name in ("lift", "error")})
        .to_pyarrow()
        .to_pylist()
    )
    try:
        return learn_prior(effects=[row["lift"] for row in rows], errors=[row["error"] for row in rows])
    except (ValueError, TypeError) as error:
        raise BadQuestionError(f"{path.name}: {error}.") from error


def switchback_of_file(
    path: Path,
    *,
    variant: str,
    control: str,
    value: str,
    block: Sequence[str],
    fixed: Sequence[str],
    alpha: float,
) -> Switchback:
    """Analyse a switchback: one row a period of a place.

    Raises
    ------
    BadQuestionError
        If a column is missing, a cell is no number, or there are not exactly two variants.
    NotEnoughDataError
        If there are fewer than six blocks, or the variant does not change within what is held fixed.
    UnreadableFileError
        If it is no table.
    """
    table = open_file(path)
    for name in dict.fromkeys([variant, value, *block, *fixed]):
        if name not in table.columns:
            raise BadQuestionError(f"There is no column {name}. It has: {', '.join(table.columns[:40])}.")
    numbers, unread = read_columns(table, [value])
    if unread:
        raise BadQuestionError(f"“{unread[0].example}” in {unread[0].column} is no number.")
    labels = {f"l{at}": names_of(table[name]) for at, name in enumerate([variant, *block, *fixed])}
    made = table.select(**labels, number=numbers[value].cast("float64")).limit(MOST_PERIODS + 1)
    rows = [
        row for row in made.to_pyarrow().to_pylist() if row["l0"] is not None and row["number"] is not None
    ]
    if len(rows) > MOST_PERIODS:
        raise BadQuestionError(f"More than {MOST_PERIODS:,} periods. Put rows of one period together first.")
    names = sorted({row["l0"] for row in rows})
    if control not in names or len(names) != 2:
        raise BadQuestionError(
            f"A switchback has {control} and one other variant. There are: {', '.join(names)}."
        )
    last = 1 + len(block)
    return switchback(
        values=[row["number"] for row in rows],
        treated=[row["l0"] != control for row in rows],
        clusters=[tuple(row[f"l{at}"] for at in range(1, last)) for row in rows],
        fixed=[[row[f"l{at}"] for row in rows] for at in range(last, last + len(fixed))],
        alpha=alpha,
    )
