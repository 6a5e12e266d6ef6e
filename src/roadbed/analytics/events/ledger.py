"""Which batches were taken, long after their files are gone, so that sending one again changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

NAME = "ledger.sqlite3"
_MAKE = "CREATE TABLE IF NOT EXISTS batch (key TEXT PRIMARY KEY, content TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID"


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=20, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(_MAKE)  # another process may have made the file, and not come to the table yet
    return connection


def find(folder: Path, key: str) -> str | None:
    """Return the digest of the content that was taken under a key, if anything was."""
    path = folder / NAME
    if not path.is_file():
        return None
    with closing(_open(path)) as connection:
        row = connection.execute("SELECT content FROM batch WHERE key = ?", [key]).fetchone()
    return str(row[0]) if row else None


def known(folder: Path, keys: list[str]) -> set[str]:
    """Return those of the keys under which something was taken."""
    path = folder / NAME
    if not path.is_file() or not keys:
        return set()
    found: set[str] = set()
    with closing(_open(path)) as connection:
        for start in range(0, len(keys), 500):
            some = keys[start : start + 500]
            marks = ",".join("?" * len(some))
            rows = connection.execute(f"SELECT key FROM batch WHERE key IN ({marks})", some)  # noqa: S608 - marks only
            found.update(str(key) for (key,) in rows)
    return found


def add(folder: Path, taken: Mapping[str, str], *, at: float) -> None:
    """Remember batches."""
    path = folder / NAME
    fresh = not path.is_file()
    with closing(_open(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT OR IGNORE INTO batch VALUES (?, ?, ?)",
            [(key, content, at) for key, content in taken.items()],
        )
        connection.execute("COMMIT")
    if fresh:
        path.chmod(0o600)


def forget(folder: Path, *, before: float) -> int:
    """Let go of batches that were taken before a time, and return how many."""
    path = folder / NAME
    if not path.is_file():
        return 0
    with closing(_open(path)) as connection:
        return int(connection.execute("DELETE FROM batch WHERE at < ?", [before]).rowcount)
