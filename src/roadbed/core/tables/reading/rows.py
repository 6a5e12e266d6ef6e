"""What every reader gives: numbered rows under one header."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

Cell = Any
"""Text from a text file; text, a number, a boolean, a date or a time from a workbook; any JSON value from JSON."""

NUL = "\x00"
SPACES = re.compile(r"\s+")


class UnreadableFileError(ValueError):
    """The file cannot be read as a table at all; the message says why and what would help."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in the file; `problem` says why it cannot be used as it is."""

    number: int
    cells: Sequence[Cell]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the file is to be read. Found by `probe`, kept with the import, editable before it runs."""

    format: str
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header: int = 1
    """The number of the row that names the columns, as `Row.number` counts; 0 where there is none."""

    def plain(self) -> dict[str, Any]:
        """The layout as JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_plain(cls, kept: dict[str, Any]) -> Layout:
        """The layout that `plain` gave; names it does not know are left aside."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in kept.items() if name in known})


@dataclass(frozen=True, slots=True)
class Table:
    """An opened table: its columns, and its rows as often as they are asked for."""

    layout: Layout
    columns: tuple[str, ...]
    read: Callable[[], Iterator[Row]]
    unit: str = "row"
    """What a number counts: the line of a text file, the row of a sheet, the item of a list."""

    def rows(self) -> Iterator[Row]:
        """The rows below the header, in their order."""
        return self.read()


def clean_header(value: Cell) -> str:
    """Return a header on one line, without what cannot be seen."""
    text = "" if value is None else str(value)
    return SPACES.sub(" ", text.replace(NUL, "").replace("﻿", "")).strip()[:120]


def name_columns(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Return one name a column: empty ones are numbered, and a name that comes again gets a number too.

    >>> name_columns(["Name", "", "Name", "name "])
    ('Name', 'Column 2', 'Name (2)', 'name (3)')
    """
    seen: dict[str, int] = {}
    names: list[str] = []
    for place, cell in enumerate(cells, start=1):
        name = clean_header(cell) or f"Column {place}"
        count = seen.get(name.casefold(), 0) + 1
        seen[name.casefold()] = count
        names.append(name if count == 1 else f"{name} ({count})")
    return tuple(names)


def is_blank(cell: Cell) -> bool:
    """Whether there is nothing in a cell.

    >>> [is_blank(value) for value in ("", "  ", None, 0, False, "x")]
    [True, True, True, False, False, False]
    """
    return cell is None or (isinstance(cell, str) and not cell.strip())
