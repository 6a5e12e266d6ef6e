"""From events to units: the first exposure of each unit, and what it did in the windows around it.

The result is a table with one row a unit, for `units.unit_table(…, one_row_each=True)`. Windows are counted from each
unit's own first exposure, half-open. A window before the exposure gives covariates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import ibis
import ibis.expr.types as ir

from roadbed.analytics.asking import BadQuestionError
from roadbed.analytics.keeping import keep
from roadbed.analytics.numbers import names_of

UNIT, VARIANT, EXPOSED_AT, SEEN = "unit", "variant", "exposed_at", "seen_in"


@dataclass(frozen=True, slots=True)
class ExposureSource:
    """Where exposures are: columns of a table, one row an exposure. `dimensions` are taken at the first of them."""

    unit: str
    variant: str
    at: str
    dimensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FactSource:
    """Where facts are: columns of a table, one row a fact."""

    unit: str
    at: str


class How(StrEnum):
    """How the facts of a unit inside the window become a number."""

    SUM = "sum"
    COUNT = "count"
    ANY = "any"
    MAX = "max"
    MEAN = "mean"
    DISTINCT = "distinct"


class Is(StrEnum):
    """How a column is compared."""

    EQUAL = "=="
    NOT_EQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    ONE_OF = "in"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which facts count."""

    column: str
    compared: Is
    value: Any


@dataclass(frozen=True, slots=True)
class Fact:
    """A column of the unit table: what a unit did from `start` to `end` after its first exposure.

    `source` names a fact source; `column` the value (not needed to count, or for any). Units whose window is not over
    by `as_of` have no value. Where there is no fact, sums and counts are nought, means are missing.
    """

    name: str
    source: str
    how: How
    column: str = ""
    start: timedelta = timedelta(0)
    end: timedelta = timedelta(days=7)
    filters: tuple[Filter, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a window that is none."""
        if self.end <= self.start:
            raise BadQuestionError(f"{self.name}: the window ends before it begins")
        if self.how not in {How.COUNT, How.ANY} and not self.column:
            raise BadQuestionError(f"{self.name}: a {self.how.value} takes a column")


@dataclass(frozen=True, slots=True)
class Funnel:
    """Columns of the unit table, one a step: 1 where the unit came so far, each step at or after the one before."""

    name: str
    source: str
    steps: tuple[tuple[Filter, ...], ...]
    end: timedelta = timedelta(days=7)

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        return tuple(f"{self.name} {at + 1}" for at in range(len(self.steps)))


@dataclass(frozen=True, slots=True, eq=False)
class Exposed:
    """Units by their first exposure, and how many were seen in two variants and are left out.

    `keys` tell its rows apart: the unit alone, or the unit and the variant.
    """

    table: ir.Table
    jumpers: int
    keys: tuple[str, ...] = (UNIT,)


def first_exposures(
    table: ir.Table, source: ExposureSource, *, since: datetime | None = None, until: datetime | None = None
) -> Exposed:
    """Return each unit's first exposure, from `since` on and before `until`.

    The table has `unit`, `variant`, `exposed_at` and the dimensions, and is kept in the database.
    """
    at = table[source.at].cast("timestamp")
    rows = table.select(
        **{
            UNIT: names_of(table[source.unit]),
            VARIANT: names_of(table[source.variant]).cast("string"),
            EXPOSED_AT: at,
        },
        **{name: names_of(table[name]) for name in source.dimensions},
    )
    rows = rows.filter(rows[UNIT].notnull(), rows[VARIANT].notnull(), rows[EXPOSED_AT].notnull())
    if since is not None:
        rows = rows.filter(rows[EXPOSED_AT] >= _moment(since))
    if until is not None:
        rows = rows.filter(rows[EXPOSED_AT] < _moment(until))
    each = rows.group_by(UNIT).aggregate(
        **{
            VARIANT: rows[VARIANT].min(),
            SEEN: rows[VARIANT].nunique(),
            EXPOSED_AT: rows[EXPOSED_AT].min(),
        },
        **{name: rows[name].argmin(rows[EXPOSED_AT]) for name in source.dimensions},
    )
    each = keep(each)
    jumpers = int(each.filter(each[SEEN] > 1).count().to_pyarrow().as_py())
    return Exposed(each.filter(each[SEEN] == 1).drop(SEEN), jumpers)


def daily_exposures(table: ir.Table, source: FactSource, *, since: datetime, until: datetime) -> Exposed:
    """Return each unit's first sight of every UTC day, whose date (as 2026-03-02) is its variant."""
    rows = table.select(
        **{UNIT: names_of(table[source.unit]), EXPOSED_AT: table[source.at].cast("timestamp")}
    )
    rows = rows.filter(
        rows[UNIT].notnull(), rows[EXPOSED_AT] >= _moment(since), rows[EXPOSED_AT] < _moment(until)
    )
    rows = rows.mutate(**{VARIANT: rows[EXPOSED_AT].date().cast("string")})
    each = rows.group_by(UNIT, VARIANT).aggregate(**{EXPOSED_AT: rows[EXPOSED_AT].min()})
    return Exposed(keep(each), 0, keys=(UNIT, VARIANT))


def unit_facts(
    exposed: Exposed,
    facts: Sequence[Fact | Funnel],
    tables: Mapping[str, tuple[ir.Table, FactSource]],
    *,
    as_of: datetime | None = None,
) -> ir.Table:
    """Return the exposed units with a column for each fact, in one join a fact source and one more a funnel's step.

    The table is kept in the database.

    Parameters
    ----------
    tables : mapping of str to (ibis table, FactSource)
        By the name that facts call them by.
    as_of : datetime, optional
        Until when facts are known; units whose window is not over by then have no value. Without it, all windows are
        taken for over.
    """
    exposed, tables = _of_one_type(exposed, tables)
    made = exposed.table
    plain = [one for one in facts if isinstance(one, Fact)]
    for source in dict.fromkeys(one.source for one in plain):
        own = [one for one in plain if one.source == source]
        made = _with_facts(made, exposed, own, _rows(tables, source, own))
    for one in facts:
        if isinstance(one, Funnel):
            made = _with_funnel(made, exposed, one, tables)
    ends = {one.name: one.end for one in plain}
    ends |= {name: one.end for one in facts if isinstance(one, Funnel) for name in one.columns()}
    if as_of is None:
        return keep(made)  # the joins are made once, however many passes follow
    known = {
        name: ibis.ifelse(
            made[EXPOSED_AT] + _interval(end) <= _moment(as_of), made[name], ibis.null("float64")
        )
        for name, end in ends.items()
    }
    return keep(made.mutate(**known))


def _of_one_type(
    exposed: Exposed, tables: Mapping[str, tuple[ir.Table, FactSource]]
) -> tuple[Exposed, Mapping[str, tuple[ir.Table, FactSource]]]:
    """Have units as text on both sides where one side holds numbers: an id of an event beside one of a warehouse."""
    kinds = {exposed.table[UNIT].type().is_integer()}
    kinds |= {
        table[one.unit].type().is_integer() for table, one in tables.values() if one.unit in table.columns
    }
    if len(kinds) == 1:
        return exposed, tables
    text = exposed.table.mutate(**{UNIT: exposed.table[UNIT].cast("string")})
    return Exposed(text, exposed.jumpers), {
        name: (table.mutate(**{one.unit: names_of(table[one.unit]).cast("string")}), one)
        if one.unit in table.columns
        else (table, one)
        for name, (table, one) in tables.items()
    }


def _rows(tables: Mapping[str, tuple[ir.Table, FactSource]], source: str, facts: Sequence[Fact]) -> ir.Table:
    table, columns = tables[source]
    wanted = {one.column for one in facts if one.column}
    wanted |= {each.column for one in facts for each in one.filters}
    missing = [name for name in (columns.unit, columns.at, *sorted(wanted)) if name not in table.columns]
    if missing:
        raise BadQuestionError(
            f"{source} has no column {missing[0]}. It has: {', '.join(table.columns[:40])}."
        )
    return table.select(
        fact_unit=names_of(table[columns.unit]),
        fact_at=table[columns.at].cast("timestamp"),
        **{f"c_{name}": table[name] for name in sorted(wanted)},
    )


def _with_facts(made: ir.Table, exposed: Exposed, facts: Sequence[Fact], rows: ir.Table) -> ir.Table:
    units = exposed.table.select(*exposed.keys, EXPOSED_AT)
    joined = units.join(rows, units[UNIT] == rows["fact_unit"])
    first, last = min(one.start for one in facts), max(one.end for one in facts)
    joined = joined.filter(
        joined["fact_at"] >= joined[EXPOSED_AT] + _interval(first),
        joined["fact_at"] < joined[EXPOSED_AT] + _interval(last),
    )
    each = joined.group_by(*exposed.keys).aggregate(**{one.name: _number(joined, one) for one in facts})
    found = _beside(made, each, exposed.keys)
    nought = [one.name for one in facts if one.how not in {How.MEAN, How.MAX}]
    return found.mutate(**{name: found[name].fill_null(0.0) for name in nought})


def _beside(made: ir.Table, each: ir.Table, keys: Sequence[str]) -> ir.Table:
    """Put the columns of `each` beside the rows of `made` with the same keys."""
    others = {f"fact_{key}": key for key in keys}
    each = each.rename(others)
    same = [made[key] == each[other] for other, key in others.items()]
    return made.left_join(each, same).drop(*others)


def _number(joined: ir.Table, fact: Fact) -> ir.Value:
    counted = (joined["fact_at"] >= joined[EXPOSED_AT] + _interval(fact.start)) & (
        joined["fact_at"] < joined[EXPOSED_AT] + _interval(fact.end)
    )
    for one in fact.filters:
        counted = counted & _holds(joined, one)
    if fact.how in {How.COUNT, How.ANY}:
        count = joined.count(where=counted)
        return (ibis.ifelse(count > 0, 1, 0) if fact.how is How.ANY else count).cast("float64")
    column = joined[f"c_{fact.column}"]
    if fact.how is How.DISTINCT:
        return column.nunique(where=counted).cast("float64")
    number = column.cast("float64")
    made = {How.SUM: number.sum, How.MAX: number.max, How.MEAN: number.mean}[fact.how]
    return made(where=counted)


def _holds(joined: ir.Table, one: Filter) -> ir.Value:
    column = joined[f"c_{one.column}"]
    match one.compared:
        case Is.EQUAL:
            return column == one.value
        case Is.NOT_EQUAL:
            return column != one.value
        case Is.LESS:
            return column < one.value
        case Is.AT_MOST:
            return column <= one.value
        case Is.MORE:
            return column > one.value
        case Is.AT_LEAST:
            return column >= one.value
        case Is.ONE_OF:
            return column.isin(list(one.value))


def _with_funnel(
    made: ir.Table,
    exposed: Exposed,
    funnel: Funnel,
    tables: Mapping[str, tuple[ir.Table, FactSource]],
) -> ir.Table:
    fake = [Fact("step", funnel.source, How.ANY, filters=step, end=funnel.end) for step in funnel.steps]
    rows = _rows(tables, funnel.source, fake)
    reached = exposed.table.select(*exposed.keys, EXPOSED_AT, reached_at=exposed.table[EXPOSED_AT])
    for name, step in zip(funnel.columns(), funnel.steps, strict=True):
        joined = reached.join(rows, reached[UNIT] == rows["fact_unit"])
        joined = joined.filter(
            joined["fact_at"] >= joined["reached_at"],
            joined["fact_at"] < joined[EXPOSED_AT] + _interval(funnel.end),
            *(_holds(joined, one) for one in step),
        )
        reached = joined.group_by(*exposed.keys).aggregate(
            **{EXPOSED_AT: joined[EXPOSED_AT].min(), "reached_at": joined["fact_at"].min()}
        )
        came = reached.select(*exposed.keys, **{name: ibis.literal(1).cast("float64")})
        made = _beside(made, came, exposed.keys)
        made = made.mutate(**{name: made[name].fill_null(0.0)})
    return made


def _interval(length: timedelta) -> ir.Value:
    return ibis.interval(seconds=int(length.total_seconds()))


def _moment(at: datetime) -> ir.Value:
    """Return a moment as the columns hold it: without a zone, in UTC."""
    return ibis.timestamp(
        at.replace(tzinfo=None) if at.tzinfo is None else at.astimezone(UTC).replace(tzinfo=None)
    )
