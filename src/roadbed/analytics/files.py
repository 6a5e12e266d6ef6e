"""Bare files as tables: Parquet as it is, CSV and TSV as text, read by `numbers`."""

from __future__ import annotations

import codecs
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir

from roadbed.analytics.keeping import keep

PARQUET = {".parquet", ".pq"}
_Reading = Callable[[], ir.Table]


class UnreadableFileError(ValueError):
    """The file holds no table; the message says why, for a person."""


def open_file(path: Path) -> ir.Table:
    """Return the file as a table of a database in memory; nothing is read but what is asked for later.

    Columns of CSV and TSV are text: types are told from whole columns, never guessed from their first rows.

    Raises
    ------
    UnreadableFileError
        If there is no such file, or it cannot be read as a table.
    """
    if not path.is_file():
        raise UnreadableFileError(f"There is no file {path}.")
    if path.stat().st_size == 0:
        raise UnreadableFileError(f"{path.name} is empty.")
    connection = ibis.duckdb.connect()
    # Rows are summed up in any order; keeping it would cost memory.
    connection.raw_sql("SET preserve_insertion_order = false")
    if path.suffix.lower() in PARQUET or _starts_as_parquet(path):
        return _read(path, lambda: connection.read_parquet(str(path)))
    return _read(path, lambda: _text(connection, path))


def _starts_as_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _text(connection: ibis.backends.duckdb.Backend, path: Path) -> ir.Table:
    options: dict[str, Any] = {
        "all_varchar": True,
        "header": True,
        "null_padding": False,
        "sample_size": 20_480,
    }
    if path.suffix.lower() in {".tsv", ".tab"}:
        options["delim"] = "\t"
    if wide := _wide(path):
        return _recoded(connection, path, wide, options)
    try:
        # Every scan of a text file parses it anew, and a broken line shows only when it is reached.
        table = keep(connection.read_csv(str(path), **options))
    except duckdb.Error as error:
        if "utf-8" not in str(error).lower() and "unicode" not in str(error).lower():
            raise
        return _recoded(connection, path, "cp1252", options)
    if len(table.columns) == 1 and (mark := _separator(table.columns[0])):
        # Lines of different lengths are taken for a table of one column; asked so, the first such line is named.
        names = [name.strip().strip('"') for name in table.columns[0].split(mark)]
        told = {
            "auto_detect": False,
            "columns": dict.fromkeys(names, "VARCHAR"),
            "header": True,
            "delim": mark,
        }
        return keep(connection.read_csv(str(path), quote='"', escape='"', **told))
    return table


def _separator(header: str) -> str:
    """Return what parts a header that was read as one name; empty where nothing does."""
    return next((mark for mark in "\t;|," if mark in header), "")


def _wide(path: Path) -> str:
    """Return the name of an encoding of two bytes a letter, as spreadsheets write it; empty for all others."""
    with path.open("rb") as file:
        head = file.read(4_096)
    if head[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return "utf-16"
    half = max(1, len(head) // 2)
    if head[1::2].count(0) > 0.4 * half:
        return "utf-16-le"
    return "utf-16-be" if head[::2].count(0) > 0.4 * half else ""


def _recoded(
    connection: ibis.backends.duckdb.Backend, path: Path, encoding: str, options: Mapping[str, Any]
) -> ir.Table:
    """Read a text through a copy in UTF-8, which is taken away again."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".csv", newline="") as copy:
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            shutil.copyfileobj(file, copy, 1 << 20)
        copy.flush()
        try:
            return keep(connection.read_csv(copy.name, **options))
        except duckdb.Error as error:
            raise UnreadableFileError(f"{path.name} is no table of text.") from error


def _read(path: Path, reading: _Reading) -> ir.Table:
    try:
        table = reading()
    except (duckdb.Error, OSError) as error:
        said = str(error).strip().splitlines()[0]
        raise UnreadableFileError(f"{path.name} cannot be read: {said}") from error
    if not table.columns:
        raise UnreadableFileError(f"{path.name} has no columns.")
    return table
