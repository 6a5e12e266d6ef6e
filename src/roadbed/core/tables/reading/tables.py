"""Opens a file as a table: finds its format, its layout and its header."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from roadbed.core.tables.reading import delimited, encodings, jsons, projects, sheets
from roadbed.core.tables.reading.headers import find_header
from roadbed.core.tables.reading.rows import Layout, Row, Table, UnreadableFileError, name_columns

FORMATS = ("csv", "tsv", "xlsx", "json", "ndjson", "msproject")
ENDINGS = {".csv": "csv", ".txt": "csv", ".tsv": "tsv", ".tab": "tsv", ".xlsx": "xlsx", ".xlsm": "xlsx",
           ".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson"}  # fmt: skip
OLD = b"\xd0\xcf\x11\xe0"
UNITS = {"csv": "line", "tsv": "line", "xlsx": "row", "json": "item", "ndjson": "line", "msproject": "task"}


def find_format(path: Path, name: str) -> str:
    """Return the format of a file: what it is counts more than what it is called.

    Raises
    ------
    UnreadableFileError
        If it is empty or of a kind that we do not read.
    """
    with path.open("rb") as file:
        head = file.read(8192)
    if not head.strip():
        raise UnreadableFileError("The file is empty.")
    if head.startswith(b"PK"):
        return "xlsx"
    if head.startswith(OLD):
        raise UnreadableFileError(
            "This is an old .xls workbook, or one with a password. Save it as .xlsx or CSV."
        )
    if head.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"\x1f\x8b", b"PAR1", b"SQLite format 3")):
        raise UnreadableFileError("This is no table. CSV, TSV, XLSX, JSON and NDJSON can be read.")
    if projects.is_project(head):
        return "msproject"
    if Path(name).suffix.lower() == ".xml" or head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml"):
        raise UnreadableFileError("Of XML, only plans of Microsoft Project can be read.")
    ending = ENDINGS.get(Path(name).suffix.lower(), "")
    if ending == "xlsx":
        raise UnreadableFileError("The file is called .xlsx, but is no workbook.")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if ending in {"json", "ndjson"}:
        by_line = ending == "ndjson" or (start.startswith(b"{") and _is_by_line(head))
        return "ndjson" if by_line else "json"
    if not ending and start[:1] in {b"{", b"["}:
        return "ndjson" if start.startswith(b"{") and _is_by_line(head) else "json"
    return ending or "csv"


def _is_by_line(head: bytes) -> bool:
    lines = [line for line in head.splitlines() if line.strip()]
    return len(lines) > 1 and lines[0].rstrip().endswith(b"}") and lines[1].lstrip().startswith(b"{")


def probe(path: Path, name: str, *, asked: dict[str, Any] | None = None) -> Layout:
    """Return how a file is to be read. What `asked` says (encoding, delimiter, sheet, header) is not guessed.

    Raises
    ------
    UnreadableFileError
        If it cannot be read as a table.
    """
    wanted = {key: value for key, value in (asked or {}).items() if value not in (None, "")}
    layout = Layout(format=wanted.get("format") or find_format(path, name))
    if layout.format == "msproject":
        return replace(layout, header=0)
    if layout.format == "xlsx":
        names = sheets.sheet_names(path)
        if not names:
            raise UnreadableFileError("The workbook has no visible sheet.")
        chosen = wanted.get("sheet") or names[0]
        if chosen not in names:
            raise UnreadableFileError(
                f"The workbook has no sheet named {chosen!r}. It has: {', '.join(names)}."
            )
        layout = replace(layout, sheet=chosen)
    else:
        given = wanted.get("encoding")
        layout = replace(layout, encoding=encodings.check(given) if given else encodings.detect(path).name)
    if layout.format in {"csv", "tsv"}:
        fallback = "\t" if layout.format == "tsv" else delimited.sniff(path, encoding=layout.encoding)
        delimiter = str(wanted.get("delimiter") or fallback)
        if len(delimiter) != 1 or delimiter in '\r\n"':
            raise UnreadableFileError("A delimiter is one character, such as a comma, a semicolon or a tab.")
        layout = replace(layout, delimiter=delimiter)
    if layout.format in {"json", "ndjson"}:
        return replace(layout, header=0)
    if "header" in wanted:
        return replace(layout, header=int(wanted["header"]))
    return replace(layout, header=find_header(list(islice(_raw(path, layout), 20))))


def _raw(path: Path, layout: Layout, *, width: int = 0) -> Iterator[Row]:
    if layout.format == "xlsx":
        return sheets.read(path, sheet=layout.sheet, width=width)
    return delimited.read(path, encoding=layout.encoding, delimiter=layout.delimiter, width=width)


def open_table(path: Path, layout: Layout) -> Table:
    """Open a file by its layout.

    Raises
    ------
    UnreadableFileError
        If there is no row that names the columns, or nothing at all.
    """
    unit = UNITS[layout.format]
    if layout.format == "msproject":
        return Table(layout=layout, columns=projects.COLUMNS, read=lambda: projects.read(path), unit=unit)
    if layout.format in {"json", "ndjson"}:
        by_line = layout.format == "ndjson"
        names = jsons.find_columns(path, encoding=layout.encoding, by_line=by_line)
        if not names:
            raise UnreadableFileError("The file holds no object with any names in it.")
        return Table(
            layout=layout,
            columns=names,
            read=lambda: jsons.read(path, encoding=layout.encoding, columns=names, by_line=by_line),
            unit=unit,
        )
    head = None
    for row in islice(_raw(path, layout), 500):
        if row.number >= layout.header and not (layout.header == 0 and row.problem):
            head = row
            break
    if head is None:
        raise UnreadableFileError("The file holds no rows.")
    if head.problem and layout.header:
        raise UnreadableFileError(f"The header cannot be read. {head.problem}")
    has_header = layout.header > 0
    columns = name_columns(head.cells if has_header else [""] * len(head.cells))
    if layout.format == "xlsx" and has_header:
        columns = _without_tail(columns, head)
    first = head.number if has_header else 0

    def rows() -> Iterator[Row]:
        return (row for row in _raw(path, layout, width=len(columns)) if row.number > first)

    return Table(layout=layout, columns=columns, read=rows, unit=unit)


def _without_tail(columns: tuple[str, ...], head: Row) -> tuple[str, ...]:
    """Drop the unnamed columns at the right edge of a sheet: they are notes beside the table, or nothing."""
    last = max((place for place, cell in enumerate(head.cells, start=1) if str(cell).strip()), default=1)
    return columns[:last]
