"""What every start does first: a backup where tables will change, the changes, and the static files."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO

from roadbed import __version__
from roadbed.cli.exits import Exit, end

KEPT_BACKUPS = 5
LOCK = "running.lock"


def pending_migrations() -> int:
    """Return how many migrations have not been applied."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def migrate(*, data: Path, at: datetime, said: Callable[[str], None]) -> None:
    """Bring the tables to this release's state; a database with people in it is backed up before."""
    from django.core.management import call_command
    from django.db import connection

    from roadbed.core.backup import archive, postgres, sqlite

    pending = pending_migrations()
    if not pending:
        return
    engine = sqlite if connection.vendor == "sqlite" else postgres
    if engine.holds_data():
        folder = data / "backups"
        folder.mkdir(mode=0o700, exist_ok=True)
        target = folder / f"before-{__version__}-{at:%Y%m%d-%H%M%S}.zip"
        said(f"backing up the database to {target}")
        archive.write(target=target, data=data, at=at, with_files=False)
        for old in sorted(folder.glob("before-*.zip"), key=lambda path: path.stat().st_mtime)[:-KEPT_BACKUPS]:
            old.unlink()
    said(f"changing the tables ({pending} steps)")
    call_command("migrate", verbosity=0, interactive=False)


def collect_static(*, said: Callable[[str], None]) -> None:
    """Lay out the static files with their digests in their names, unless they are as last time."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    digest = hashlib.sha256(__version__.encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            state = Path(storage.path(name)).stat()
            digest.update(f"{name} {state.st_size} {state.st_mtime_ns}\n".encode())
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == digest.hexdigest():
        return
    said("laying out the static files")
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(digest.hexdigest(), encoding="utf-8")


def claim(data: Path, *, address: str = "") -> IO[str]:
    """Take the data folder for this process as long as the returned file is open; end when another has it.

    `address` is where people reach it, for the commands of other terminals.
    """
    lock = (data / LOCK).open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        holder = lock.read().partition("\n")[0].strip()
        lock.close()
        end(
            Exit.REFUSED,
            f"Roadbed runs on {data} already{f' (process {holder})' if holder else ''}",
            fix="Stop it first, or name another folder in ROADBED_DATA.",
        )
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n{address}")
    lock.flush()
    return lock


def running_at(data: Path) -> str:
    """Return the address of the server that runs on the data folder; empty where none does, or it did not say."""
    try:
        with (data / LOCK).open(encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:  # somebody holds it, so what it says is true
                return lock.read().partition("\n")[2].strip()
    except OSError:
        return ""
    return ""
