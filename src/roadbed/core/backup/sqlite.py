"""SQLite's part of a backup: its own online copy, which waits for no writer and lets none wait long."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from django.db import connection

from roadbed.core.backup.errors import BackupError
from roadbed.core.backup.manifest import Manifest

NAME = "roadbed.sqlite3"


def dump(room: Path) -> list[Path]:
    """Copy the database as it is at one moment."""
    target = room / NAME
    with (
        closing(sqlite3.connect(f"file:{_path()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        # All pages in one step: readers and the writer go on in the WAL, and the copy is of one moment.
        source.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE")
    return [target]


def holds_data() -> bool:
    """Say whether there is a database with at least one person in it."""
    path = _path()
    if not path.is_file() or path.stat().st_size == 0:
        return False
    return "accounts_user" in connection.introspection.table_names() and _count("accounts_user") > 0


def load(folder: Path, *, described: Manifest, data: Path, stamp: str) -> None:
    """Put the copy in the place of the database in one step; the old one is kept in `replaced/`."""
    fresh, path = folder / NAME, _path()
    with closing(sqlite3.connect(fresh)) as copy:
        found = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            raise BackupError(f"its database is damaged: {found}")
    connection.close()
    if path.is_file():
        with closing(sqlite3.connect(path)) as old:
            # Nothing of the old database may be left in its journal: it would be read into the new one.
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            old.execute("PRAGMA journal_mode=DELETE")
        aside = data / "replaced" / stamp
        aside.mkdir(parents=True, exist_ok=True)
        os.link(path, aside / NAME)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh.replace(path)


def _path() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608 - our own name
        return int(cursor.fetchone()[0])
