"""The database of the tests: migrated once, and copied for each worker and each later run.

Django renders the models anew for every operation of every migration, which costs more than a thousand tests do. So
the first to come migrates, from nothing, and keeps a copy; who comes later copies that, and `migrate` finds that
nothing is missing. The copy's name is a digest of all migrations, so that a change of one of them starts from nothing
again. SQLite's copy is a file in `.roadbed/tests`, PostgreSQL's a database beside the others until the run ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from django.apps import apps

ROOM = Path(__file__).parents[1] / ".roadbed" / "tests"


def digest() -> str:
    """Return what the copy is known by: every migration of every app, or the models of one that has none."""
    found = hashlib.sha256(f"{django.VERSION} {sqlite3.sqlite_version}".encode())
    for app in sorted(apps.get_app_configs(), key=lambda each: each.label):
        place = Path(app.path)
        files = sorted(place.glob("migrations/**/*.py")) or sorted(place.glob("models*/**/*.py"))
        for file in files or sorted(place.glob("models.py")):
            found.update(f"{app.label}/{file.name}\0".encode() + file.read_bytes() + b"\0")
    return found.hexdigest()[:16]


@contextmanager
def alone() -> Iterator[None]:
    """Let one process at a time look for the copy, and make it."""
    ROOM.mkdir(parents=True, exist_ok=True)
    with (ROOM / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _kept_file() -> Path:
    """Where SQLite's copy lies, which later runs and processes of their own begin with."""
    return ROOM / f"{digest()}.sqlite3"


def lay_out(data: Path) -> Path:
    """Put a migrated SQLite database into the data folder of a process of its own, and return its file."""
    kept, file = _kept_file(), data / "roadbed.sqlite3"
    data.mkdir(mode=0o700, exist_ok=True)
    with alone():
        if not kept.is_file():
            _migrate_apart(kept)
        shutil.copyfile(kept, file)
    return file


def _migrate_apart(kept: Path) -> None:
    """Make the copy in a process that knows no other database."""
    migrate = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
    with tempfile.TemporaryDirectory() as room:
        own = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        environ = {**own, "ROADBED_DATA": room, "DJANGO_SETTINGS_MODULE": "roadbed.config.settings"}
        subprocess.run(migrate, env=environ, check=True)  # noqa: S603 - our own
        with sqlite3.connect(Path(room) / "roadbed.sqlite3") as made, sqlite3.connect(kept) as copy:
            made.backup(copy)
        made.close()
        copy.close()


class SqliteCopies:
    """Copies as files, which stay for later runs."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._kept = _kept_file()

    def fetch(self) -> bool:
        """Put the copy where the test database belongs, if there is one."""
        if self._kept.is_file():
            shutil.copyfile(self._kept, self._connection.creation._get_test_db_name())
        return self._kept.is_file()

    def keep(self) -> None:
        """Keep the database, which has just been made, and let go of those with other migrations."""
        new = self._kept.with_suffix(".new")
        new.unlink(missing_ok=True)
        self._connection.ensure_connection()
        with sqlite3.connect(new) as copy:
            self._connection.connection.backup(copy)
        copy.close()
        for old in ROOM.glob("*.sqlite3"):
            old.unlink()
        new.rename(self._kept)

    def forget(self) -> None:
        """Leave it for the next run."""


def kept_name() -> str:
    """Return the name of PostgreSQL's copy."""
    return f"roadbed_tests_{digest()}"


class PostgresCopies:
    """Copies as databases, for the workers of one run."""

    def __init__(self, connection: Any) -> None:
        self._creation = connection.creation
        self._connection = connection
        self._kept = kept_name()
        self._is_ours = False

    def fetch(self) -> bool:
        """Make the test database from the copy, if there is one."""
        name = self._creation._get_test_db_name()
        with self._creation._nodb_cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self._kept])
            if cursor.fetchone() is None:
                return False
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self._kept}"')
        return True

    def keep(self) -> None:
        """Keep a copy of the database, which has just been made."""
        name = self._connection.settings_dict["NAME"]
        self._connection.close()  # a database that is copied may have no visitors
        with self._creation._nodb_cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{self._kept}" TEMPLATE "{name}"')
        self._is_ours = True

    def forget(self) -> None:
        """Delete the copy, if it was made here."""
        if self._is_ours:
            with self._creation._nodb_cursor() as cursor:
                cursor.execute(f'DROP DATABASE IF EXISTS "{self._kept}"')


def copies(connection: Any) -> SqliteCopies | PostgresCopies:
    """Return the copies for this kind of database."""
    return SqliteCopies(connection) if connection.vendor == "sqlite" else PostgresCopies(connection)
