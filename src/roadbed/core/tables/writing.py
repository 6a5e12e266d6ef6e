"""Writes tables in every format that is read, in bounded memory, and so that no spreadsheet runs what is in them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from roadbed.core.tables.values.escapes import escape

FORMATS = ("csv", "tsv", "xlsx", "json", "ndjson")
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
}
FLUSH = 1 << 16
CELL_LIMIT = 32_767
ROW_LIMIT = 1_048_575


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an export: its header, and how wide it is in a workbook."""

    header: str
    width: int = 18


Cells = Sequence[Any]


def as_plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (list, tuple)):
        return [as_plain(each) for each in value]
    return value


def as_text(value: Any) -> str:
    """Return a value as a cell of a text file. Text that starts like a formula is made harmless; numbers stay."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return escape("; ".join(str(each) for each in value))
    plain = as_plain(value)
    return escape(plain if isinstance(plain, str) else str(plain))


def write(
    *, columns: Sequence[Column], rows: Iterable[Cells], format: str, title: str = "Table"
) -> Iterator[bytes]:
    """Yield a table piece by piece.

    Parameters
    ----------
    format : str
        One of `FORMATS`.
    title : str
        The sheet's name in a workbook.
    """
    if format in {"csv", "tsv"}:
        return _delimited(columns, rows, "\t" if format == "tsv" else ",")
    if format == "xlsx":
        return _workbook(columns, rows, title)
    if format in {"json", "ndjson"}:
        return _json(columns, rows, by_line=format == "ndjson")
    raise ValueError(f"{format} is no format of a table")


def _delimited(columns: Sequence[Column], rows: Iterable[Cells], delimiter: str) -> Iterator[bytes]:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")
    # The mark tells spreadsheets that this is UTF-8.
    buffer.write("﻿")
    writer.writerow([escape(column.header) for column in columns])
    for row in rows:
        writer.writerow([as_text(value) for value in row])
        if buffer.tell() > FLUSH:
            yield buffer.getvalue().encode("utf-8", "replace")
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode("utf-8", "replace")


def _json(columns: Sequence[Column], rows: Iterable[Cells], *, by_line: bool) -> Iterator[bytes]:
    names = [column.header for column in columns]
    pieces: list[str] = [] if by_line else ["["]
    size, first = 0, True
    for row in rows:
        item = {name: as_plain(value) for name, value in zip(names, row, strict=True)}
        text = json.dumps(item, ensure_ascii=False)
        pieces.append(f"{text}\n" if by_line else f"{'' if first else ','}\n{text}")
        first = False
        size += len(text)
        if size > FLUSH:
            yield "".join(pieces).encode("utf-8", "replace")
            pieces, size = [], 0
    if not by_line:
        pieces.append("\n]\n")
    yield "".join(pieces).encode("utf-8", "replace")


def _workbook(columns: Sequence[Column], rows: Iterable[Cells], title: str) -> Iterator[bytes]:
    import xlsxwriter  # only where a workbook is wanted

    with tempfile.TemporaryFile() as file:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(file, {**options, "strings_to_numbers": False})
        sheet = book.add_worksheet("".join(each for each in title if each not in "[]:*?/\\")[:31] or "Table")
        bold = book.add_format({"bold": True})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width)
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            sheet.write_string(0, place, escape(column.header), bold)
        for number, row in enumerate(rows, start=1):
            if number > ROW_LIMIT:
                raise ValueError("A sheet holds 1,048,576 rows at most. Export as CSV instead.")
            for place, value in enumerate(row):
                if value is None or value == "":
                    continue
                if isinstance(value, bool):
                    sheet.write_boolean(number, place, value)
                elif isinstance(value, (int, float, Decimal)) and abs(float(value)) < 1e15:
                    sheet.write_number(number, place, float(value))
                elif isinstance(value, dt.datetime):
                    sheet.write_datetime(number, place, value.astimezone(dt.UTC).replace(tzinfo=None), moment)
                elif isinstance(value, dt.date):
                    sheet.write_datetime(number, place, dt.datetime(value.year, value.month, value.day), day)  # noqa: DTZ001 - workbooks know no zones
                else:
                    sheet.write_string(number, place, as_text(value)[:CELL_LIMIT])
        book.close()
        file.seek(0)
        while chunk := file.read(FLUSH):
            yield chunk
