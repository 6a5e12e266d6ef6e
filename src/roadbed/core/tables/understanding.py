"""Turns the rows of a file into rows of a target, by the mapping and the options of an import."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from roadbed.core.files import services as files
from roadbed.core.tables import mapping, targets
from roadbed.core.tables.models import Import
from roadbed.core.tables.reading import Layout, Row, Table, open_table
from roadbed.core.tables.reading.rows import Cell
from roadbed.core.tables.values import dates, numbers, parsers
from roadbed.core.tables.values.errors import CellError

EXTRA_LIMIT = 5_000
DATES = frozenset({"date", "datetime"})
NUMBERS = frozenset({"number", "money", "integer"})


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is read: where it stands, what it is called, and how its cells are understood."""

    place: int
    header: str
    field: targets.Field | None
    parse: parsers.Parse


@dataclass(frozen=True, slots=True)
class Findings:
    """What a pass over the whole file says about it."""

    rows: int
    orders: dict[str, str]
    marks: dict[str, str]
    open_dates: dict[str, str] = field(default_factory=dict)
    """Columns whose dates read both ways, with an example."""


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name; an unknown one is UTC."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


class Understanding:
    """An import's file, opened, with the functions that understand its columns."""

    def __init__(self, run: Import) -> None:
        self.run = run
        self.target = targets.get(run.target)
        self.table: Table = open_table(files.path_of(run.file), Layout.from_plain(run.layout))
        self._key = next((each.name for each in self.target.fields if each.is_key), "")
        self._required = [each for each in self.target.fields if each.required]
        self._needs = self.target.needs_one_of
        self.columns = [
            self._column(place, header, name)
            for place, (header, name) in enumerate(zip(run.columns, run.mapping, strict=True))
            if name != mapping.LEAVE
        ]
        self._seen: dict[str, int] = {}
        chosen = run.options.get("preset", "")
        known = next((each for each in self.target.presets if each.name == chosen), None)
        self._mend = known.mend if known else {}
        self._refuse = [
            (place, known.refuse[header])
            for place, header in enumerate(run.columns)
            if known and header in known.refuse
        ]
        self._refuse_values = [
            (place, known.refuse_values[header])
            for place, header in enumerate(run.columns)
            if known and header in known.refuse_values
        ]

    @property
    def mapped(self) -> frozenset[str]:
        """The fields that columns are mapped to."""
        return frozenset(column.field.name for column in self.columns if column.field)

    def _column(self, place: int, header: str, name: str) -> Column:
        if name == mapping.KEEP:
            return Column(place, header, None, parsers.long_text)
        spec, options = self.target.field(name), self.run.options
        order: Any = options.get("date_order") or options.get("orders", {}).get(header, "")
        mark: Any = options.get("decimal") or options.get("marks", {}).get(header, "")
        parse = parsers.parser(
            spec.type,
            order=order,
            zone=zone_of(options.get("zone", "")),
            mark=mark,
            currency=self.run.workspace.currency,
            choices=spec.choices,
        )
        return Column(place, header, spec, parse)

    def survey(self) -> Findings:
        """Pass over the file once: count its rows, and let its columns decide how dates and numbers are written."""
        wanted = [column for column in self.columns if column.field and column.field.type in DATES | NUMBERS]
        kept: dict[str, dict[str, None]] = {column.header: {} for column in wanted}
        count = 0
        for row in self.table.rows():
            count += 1
            if row.problem:
                continue
            for column in wanted:
                cell = row.cells[column.place]
                # Each different way of writing counts once; a few thousand of them decide as well as all.
                if isinstance(cell, str) and len(kept[column.header]) < 20_000:
                    kept[column.header][cell[:40]] = None
        evidence = {
            column.header: dates.weigh(kept[column.header])
            for column in wanted
            if column.field and column.field.type in DATES
        }
        return Findings(
            rows=count,
            orders={header: each.order for header, each in evidence.items()},
            marks={
                column.header: numbers.weigh_mark(kept[column.header])
                for column in wanted
                if column.field and column.field.type in NUMBERS
            },
            open_dates={header: each.example for header, each in evidence.items() if each.is_ambiguous},
        )

    def parse(self, row: Row) -> targets.ParsedRow | str:
        """Return the row as the target sees it, or why it cannot be used."""
        if row.problem:
            return row.problem
        for place, reason in self._refuse:
            if place < len(row.cells) and not parsers.is_empty(row.cells[place]):
                return self.name(row.number) + reason
        for place, reasons in self._refuse_values:
            cell = row.cells[place] if place < len(row.cells) else ""
            if isinstance(cell, str) and (why := reasons.get(cell.strip().casefold())):
                return self.name(row.number) + why
        values: dict[str, Any] = {}
        extras: dict[str, str] = {}
        problems: list[str] = []
        for column in self.columns:
            cell = row.cells[column.place] if column.place < len(row.cells) else ""
            if cell == "" or parsers.is_empty(cell):
                continue
            spec = column.field
            try:
                value = column.parse(cell)
            except CellError as error:
                problems.append(f"{column.header}: {error}")
                continue
            if spec is not None and spec.name in self._mend:
                value = self._mend[spec.name](value)
            if spec is None:
                extras[column.header] = value[:EXTRA_LIMIT]
            elif spec.max_length and isinstance(value, str) and len(value) > spec.max_length:
                problems.append(
                    f"{column.header}: {len(value):,} characters; {spec.max_length:,} are the most for {spec.label}."
                )
            elif value != "" and value != []:
                values[spec.name] = value
        for spec in self._required:
            if spec.name not in values and not problems:
                problems.append(f"{spec.label} is empty.")
        if self._needs and not problems and not any(name in values for name in self._needs):
            problems.append(
                f"{' and '.join(self.target.field(name).label for name in self._needs)} are empty."
            )
        if problems:
            return self.name(row.number) + " ".join(problems)
        return self._identify(targets.ParsedRow(row.number, values, extras))

    def name(self, number: int) -> str:
        """Return how a message names a row, such as ``Line 17. ``."""
        return f"{self.table.unit.capitalize()} {number}: "

    def _identify(self, row: targets.ParsedRow) -> targets.ParsedRow | str:
        if self._key and self._key in row.values:
            row.key = str(row.values[self._key])
            mark, what = f"id {row.key}", f"The id “{row.key}”"
        elif self.target.identity is not None:
            identity = self.target.identity(row)
            row.key = identity if self.target.keeps_identity else ""
            mark, what = f"as {identity}", "The same"
        else:
            return row
        first = self._seen.setdefault(mark, row.number)
        if first != row.number:
            return f"{self.name(row.number)}{what} stands already in {self.table.unit} {first} of this file."
        return row

    def rows(self, *, skip: int = 0) -> Iterator[tuple[Row, targets.ParsedRow | str]]:
        """Yield every row with what was understood; the first `skip` only to remember their ids."""
        for count, row in enumerate(self.table.rows()):
            parsed = self.parse(row)
            if count >= skip:
                yield row, parsed


def shown(cells: Sequence[Cell]) -> list[str]:
    """Return cells as text, for a file of rejected rows."""
    return [parsers.as_text(cell) for cell in cells]
