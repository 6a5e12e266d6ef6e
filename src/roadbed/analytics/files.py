"""Bare files as tables: Parquet as it is, CSV and TSV as text, read by `numbers`."""

from __future__ import annotations

from collections.abc import Callable
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
    try:
        # Every scan of a text file parses it anew, and a broken line shows only when it is reached.
        return keep(connection.read_csv(str(path), **options))
    except duckdb.Error as error:
        if "utf-8" not in str(error).lower() and "unicode" not in str(error).lower():
            raise
        return keep(connection.read_csv(str(path), encoding="latin-1", **options))


def _read(path: Path, reading: _Reading) -> ir.Table:
    try:
        table = reading()
    except (duckdb.Error, OSError) as error:
        said = str(error).strip().splitlines()[0]
        raise UnreadableFileError(f"{path.name} cannot be read: {said}") from error
    if not table.columns:
        raise UnreadableFileError(f"{path.name} has no columns.")
    return table
