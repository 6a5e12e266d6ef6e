"""Trying a source: its first rows, its types, and what is missing, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

import ibis.expr.types as ir

from roadbed.analytics.sources.opening import opened
from roadbed.analytics.sources.places import Exposures, Facts, Relation, SourceError

ROWS = 8
SECONDS = 20
"""How long a try may take: somebody waits for it."""
LONGEST_CELL = 120


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a relation, its type in plain words, and what it is used as."""

    name: str
    type: str
    used_as: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """The first rows of a relation, as texts; `problems` say what would not work."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    problems: tuple[str, ...] = ()


def attempt(relation: Relation, uses: Exposures | Facts | None = None) -> Tried:
    """Read the first rows of a relation, and say whether it can be used as is meant.

    Raises
    ------
    SourceError
        If it cannot be read at all.
    """
    with opened([relation], seconds=SECONDS) as found:
        table = found[relation]
        used = dict(_uses(uses)) if uses is not None else {}
        problems = check_uses(table, uses) if uses is not None else ()
        rows = table.limit(ROWS).to_pyarrow().to_pylist()
        return Tried(
            columns=tuple(
                Column(name, word_for(kind), used.get(name, "")) for name, kind in table.schema().items()
            ),
            rows=tuple(tuple(_cell(row[name]) for name in table.columns) for row in rows),
            problems=tuple(problems),
        )


def _uses(uses: Exposures | Facts) -> list[tuple[str, str]]:
    found = [(uses.unit, "unit"), (uses.at, "time")]
    if isinstance(uses, Exposures):
        found += [(uses.variant, "variant"), (uses.experiment, "experiment")]
        found += [(name, "dimension") for name in uses.dimensions]
    else:
        found += [(name, "value") for name in uses.values] + [(name, "filter") for name in uses.filters]
    return [(name, what) for name, what in found if name]


def check_uses(table: ir.Table, uses: Exposures | Facts) -> list[str]:
    """Return what stands in the way: columns that are missing, or of a type that cannot serve."""
    problems: list[str] = []
    schema = table.schema()
    for name, what in _uses(uses):
        if name not in schema:
            problems.append(missing(name, what, table.columns))
            continue
        kind = schema[name]
        if what == "time" and not (kind.is_timestamp() or kind.is_date() or kind.is_string()):
            problems.append(f"The {what} column {name} is {word_for(kind)}, and no moment.")
        if what == "value" and not (kind.is_numeric() or kind.is_boolean()):
            problems.append(f"The {what} column {name} is {word_for(kind)}, and no number.")
    return problems


def missing(name: str, what: str, columns: Sequence[str]) -> str:
    """Return the sentence that names a missing column, and the nearest there is."""
    near = get_close_matches(name, columns, n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"There is no column {name} for the {what}.{hint} There are: {', '.join(columns[:40])}."


def refuse_missing(table: ir.Table, uses: Exposures | Facts) -> None:
    """Refuse a relation that cannot be used as is meant.

    Raises
    ------
    SourceError
        With the first thing that stands in the way.
    """
    if problems := check_uses(table, uses):
        raise SourceError(problems[0])


def word_for(kind: Any) -> str:
    """Return a type in plain words."""
    for name, word in (
        ("is_boolean", "yes or no"),
        ("is_integer", "whole number"),
        ("is_numeric", "number"),
        ("is_timestamp", "moment"),
        ("is_date", "date"),
        ("is_string", "text"),
    ):
        if getattr(kind, name)():
            return word
    return str(kind)[:40]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        text = value.isoformat(sep=" ", timespec="seconds")
    elif isinstance(value, date):
        text = value.isoformat()
    else:
        text = str(value)
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"
