"""The files of a store as of one moment, for a backup: while they are read, nothing is moved and nothing let go of."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from roadbed.analytics.events import compaction, ledger, manifest
from roadbed.analytics.events.store import EventStore

PATIENCE = 60.0


def files_of(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file that makes up a store, with its name in the store's folder.

    Batches that come in meanwhile are in the next backup. The store's lock is held until the last file was taken.

    Raises
    ------
    CompactingError
        If another process keeps moving events for a minute.
    """
    store = EventStore(folder)
    with ExitStack() as stack:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                stack.enter_context(compaction.alone(store))
                break
            except compaction.CompactingError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
        for path in store.snapshot().files:
            yield path, str(path.relative_to(folder))
        if (folder / manifest.NAME).is_file():
            yield folder / manifest.NAME, manifest.NAME
        if (folder / ledger.NAME).is_file():
            room = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="roadbed-ledger-")))
            with (
                closing(sqlite3.connect(folder / ledger.NAME)) as source,
                closing(sqlite3.connect(room / ledger.NAME)) as copy,
            ):
                source.backup(copy)
            yield room / ledger.NAME, ledger.NAME
