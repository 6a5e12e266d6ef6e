"""One row a unit: from rows as they come to the table that is summed up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import reduce

import ibis
import ibis.expr.types as ir

from roadbed.analytics.asking import BadQuestionError, MetricSpec, Question
from roadbed.analytics.columns import CLUSTER, UNIT, VARIANT, Columns, clustered, engine_metrics, winsorised
from roadbed.analytics.keeping import keep
from roadbed.analytics.numbers import Unread, names_of, read_columns
from roadbed_engines.stats.readout import Kind, Metric

MOST_VARIANTS = 30
SEEN = "seen_in"


@dataclass(frozen=True, slots=True)
class Counts:
    """How the rows became units; all nought where nobody counted."""

    rows: int = 0
    repeated: int = 0
    jumpers: int = 0
    without_variant: int = 0
    without_unit: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class UnitTable:
    """A table with one row a unit (or a cluster), and what its columns stand for.

    `table` has `variant`, a column for each of `dimensions` (its values) and the value columns that the `metrics` name;
    `labels` says what the question calls these. `rows` is what it was made of, for quantiles: each `quantiles` entry
    names its column there.
    """

    table: ir.Table
    rows: ir.Table
    metrics: tuple[Metric, ...]
    quantiles: tuple[tuple[MetricSpec, str], ...]
    dimensions: dict[str, str]
    labels: dict[str, str]
    counts: Counts = Counts()
    unread: tuple[Unread, ...] = ()
    limits: dict[str, tuple[float | None, float | None]] = field(default_factory=dict)


def check_columns(table: ir.Table, question: Question) -> None:
    """Refuse a question about columns that are not there.

    Raises
    ------
    BadQuestionError
        Naming the column, and those that there are.
    """
    for name in question.columns:
        if name not in table.columns:
            near = [known for known in table.columns if known.strip().casefold() == name.strip().casefold()]
            hint = f"Did you mean {near[0]}?" if near else f"It has: {', '.join(table.columns[:40])}."
            raise BadQuestionError(f"There is no column {name}. {hint}")


def variants_of(table: ir.Table, column: str) -> dict[str, int]:
    """Return the variants and their rows, in the order of their names.

    Raises
    ------
    BadQuestionError
        If the column has none, or too many for variants.
    """
    named = table.select(names_of(table[column]).cast("string").name(VARIANT)).filter(
        ibis._[VARIANT].notnull()
    )
    counted = named.group_by(VARIANT).aggregate(rows=ibis._.count())
    seen = counted.limit(MOST_VARIANTS + 1).to_pyarrow().to_pylist()
    if not seen:
        raise BadQuestionError(f"The column {column} is empty, so no row has a variant.")
    if len(seen) > MOST_VARIANTS:
        raise BadQuestionError(
            f"The column {column} has more than {MOST_VARIANTS} different values: it is no variant."
        )
    return {row[VARIANT]: int(row["rows"]) for row in sorted(seen, key=lambda row: row[VARIANT])}


def unit_table(table: ir.Table, question: Question, *, one_row_each: bool = False) -> UnitTable:
    """Make one row a unit.

    Rows of one unit are put together: a yes stays a yes, numbers are added up, covariates are averaged. Units seen in
    two variants are left out and counted; so are rows without a variant, or without a unit.

    Parameters
    ----------
    table : ibis table
        Rows as they come.
    one_row_each : bool
        Take it as known that every row is a unit of its own and has a variant; nothing is counted then.

    Raises
    ------
    BadQuestionError
        If a column is missing.
    """
    check_columns(table, question)
    values = _value_columns(question)
    numbers, unread = read_columns(table, values)
    raw = {name: f"r{at}" for at, name in enumerate(values)}
    dimensions = {name: f"d{at}" for at, name in enumerate(question.dimensions)}
    keys = {VARIANT: question.variant, UNIT: question.unit, CLUSTER: question.cluster}
    named = {key: names_of(table[column]) for key, column in keys.items() if column}
    named[VARIANT] = _label(table[question.variant], is_clean=one_row_each)
    rows = table.select(
        **named,
        **{short: _label(table[name], is_clean=one_row_each) for name, short in dimensions.items()},
        **{short: numbers[name] for name, short in raw.items()},
    )
    counts = Counts()
    if not one_row_each:
        counts = _count(rows, question)
        if counts.without_unit or counts.without_variant:
            rows = rows.filter(*(rows[name].notnull() for name in named))
    columns = Columns(is_grouped=counts.repeated > 0)
    metrics = engine_metrics(question, columns)
    if columns.is_grouped:
        joined = keep(_put_together(rows, question, raw, dimensions, columns))
        jumping = joined.filter(joined[SEEN] > 1)
        counts = replace(counts, jumpers=int(jumping.count().to_pyarrow().as_py()))
        if counts.jumpers:
            rows = rows.anti_join(jumping, UNIT)
        made = joined.filter(joined[SEEN] == 1).drop(SEEN)
    else:
        made = rows.select(
            *(name for name in rows.columns if name not in raw.values()),
            **{short: rows[raw[key[0]]] for key, short in columns.made.items()},
        )
    made = _steps(made, columns)
    made, limits = winsorised(made, question, columns)
    if question.cluster:
        made, metrics = clustered(made, metrics, tuple(dimensions.values()))
        made = keep(made)
        jumping = made.filter(made[SEEN] > 1)
        counts = replace(counts, jumpers=counts.jumpers + int(jumping.count().to_pyarrow().as_py()))
        made = made.filter(made[SEEN] == 1)
    return UnitTable(
        table=made,
        rows=rows,
        metrics=metrics,
        quantiles=tuple(
            (metric, raw[metric.columns[0]]) for metric in question.metrics if metric.kind is Kind.QUANTILE
        ),
        dimensions=dimensions,
        labels=columns.labels,
        counts=counts,
        unread=tuple(unread),
        limits=limits,
    )


def _label(column: ir.Value, *, is_clean: bool) -> ir.Value:
    """Return the cells as text; names that are known to be clean are not looked at again, row by row."""
    if is_clean and column.type().is_string():
        return column
    return names_of(column).cast("string")


def _value_columns(question: Question) -> list[str]:
    found: dict[str, None] = {}
    for metric in question.metrics:
        for name in (*metric.columns, *(each for one in metric.covariates for each in one)):
            found[name] = None
    return list(found)


def _count(rows: ir.Table, question: Question) -> Counts:
    asked = {"rows": rows.count(), "named": rows[VARIANT].count()}
    if question.unit:
        asked["held"] = rows[UNIT].count()
        asked["units"] = rows[UNIT].nunique()
    seen = rows.aggregate(**asked).to_pyarrow().to_pylist()[0]
    held = int(seen["held"]) if question.unit else int(seen["rows"])
    return Counts(
        rows=int(seen["rows"]),
        repeated=held - int(seen["units"]) if question.unit else 0,
        without_variant=int(seen["rows"]) - int(seen["named"]),
        without_unit=int(seen["rows"]) - held,
    )


def _put_together(
    rows: ir.Table, question: Question, raw: dict[str, str], dimensions: dict[str, str], columns: Columns
) -> ir.Table:
    how = {"max": lambda one: one.max(), "sum": lambda one: one.sum(), "mean": lambda one: one.mean()}
    kept = [*dimensions.values(), *([CLUSTER] if question.cluster else [])]
    return rows.group_by(UNIT).aggregate(
        **{VARIANT: rows[VARIANT].min(), SEEN: rows[VARIANT].nunique()},
        **{short: rows[short].min() for short in kept},
        **{short: how[key[1]](rows[raw[key[0]]].cast("float64")) for key, short in columns.made.items()},
    )


def _steps(table: ir.Table, columns: Columns) -> ir.Table:
    """Add the steps of funnels: 1 only where the steps before it are 1 too."""
    if not columns.steps:
        return table
    return table.mutate(
        **{
            short: reduce(lambda so_far, step: ibis.least(so_far, step), [table[step] for step in steps])
            for steps, short in columns.steps.items()
        }
    )
