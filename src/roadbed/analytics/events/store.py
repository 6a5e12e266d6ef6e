"""A store of events: taking batches, and saying which files to read."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from roadbed.analytics.events import columns, files, ledger, manifest
from roadbed.analytics.events.event import Event
from roadbed.analytics.events.receipts import BusyError, OtherContentError, Receipt

INBOX = "inbox"
PARTS = "parts"
SUFFIX = ".parquet"
MOST_WAITING = 4_000
"""Batches that may wait to be moved into their days before new ones are refused for a while."""
MOST_WAITING_BYTES = 512 * 1024 * 1024
LOOK_EVERY = 0.5
"""Seconds for which a count of the waiting batches is believed."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files that make up a store at one moment."""

    version: int
    parts: tuple[Path, ...]
    batches: tuple[Path, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """All of them."""
        return self.parts + self.batches


def digest(*pieces: str) -> str:
    """Return a digest that serves as a file's name."""
    return hashlib.sha256("\x1f".join(pieces).encode("utf-8", "surrogatepass")).hexdigest()


class EventStore:
    """The events of one workspace, in one folder; any number of processes may use it at once."""

    def __init__(
        self, folder: Path, *, most_waiting: int = MOST_WAITING, most_waiting_bytes: int = MOST_WAITING_BYTES
    ) -> None:
        self.folder = folder
        self._most_waiting = most_waiting
        self._most_bytes = most_waiting_bytes
        self._looked_at = -LOOK_EVERY
        self._waiting = (0, 0)

    @property
    def inbox(self) -> Path:
        """Where batches lie that were taken and not yet moved."""
        return self.folder / INBOX

    def append(
        self, events: Sequence[Event], *, key: str, received_at: datetime, content: str = ""
    ) -> Receipt:
        """Take a batch, once, and return only when it would outlive a loss of power.

        Parameters
        ----------
        events : sequence of Event
            All of them are taken or none.
        key : str
            The sender's idempotency key; the same key with the same events is the same batch.
        received_at : datetime
            When it came in.
        content : str
            The digest of what was sent, where the events themselves tell more than that, such as when they came.

        Raises
        ------
        BusyError
            If too much is waiting, or the disk is full.
        OtherContentError
            If the key was used for other events.
        """
        if not events:
            return Receipt(events=0, again=False)
        name = digest("batch", key)
        content = content or _content(events)
        before = ledger.find(self.folder, name)
        if before is not None:
            return self._again(before, content, len(events))
        self._refuse_if_busy()
        try:
            files.make_folder(self.folder)
            files.make_folder(self.inbox)
            table = columns.table_of(events, received_at=received_at)
            said = {"content": content, "events": str(len(events))}
            path = self.inbox / f"{name}{SUFFIX}"
            fresh = files.put_once(path, lambda aside: columns.write_table(table, aside, said=said))
        except OSError as error:
            raise BusyError(wait=timedelta(seconds=30)) from error
        if fresh:
            # The same key may have been taken and moved since we asked; then ours is the second.
            before = ledger.find(self.folder, name)
            if before is None:
                return Receipt(events=len(events), again=False)
            path.unlink(missing_ok=True)
            return self._again(before, content, len(events))
        try:
            before = columns.head_of(path).get("content", "")
        except FileNotFoundError:  # it was moved into its days in this very moment
            before = ledger.find(self.folder, name) or manifest.read(self.folder).taken.get(name, "")
        return self._again(before, content, len(events))

    def _again(self, before: str, content: str, count: int) -> Receipt:
        if before != content:
            raise OtherContentError
        return Receipt(events=count, again=True)

    def waiting(self) -> tuple[int, int]:
        """Return how many batches wait to be moved, and their bytes."""
        count = size = 0
        try:
            with os.scandir(self.inbox) as found:
                for entry in found:
                    if entry.name.endswith(SUFFIX):
                        count += 1
                        try:
                            size += entry.stat().st_size
                        except FileNotFoundError:
                            continue
        except FileNotFoundError:
            pass
        return count, size

    def _refuse_if_busy(self) -> None:
        if time.monotonic() - self._looked_at >= LOOK_EVERY:
            self._waiting, self._looked_at = self.waiting(), time.monotonic()
        count, size = self._waiting
        if count >= self._most_waiting or size >= self._most_bytes:
            raise BusyError(wait=timedelta(seconds=10))
        self._waiting = (count + 1, size)

    def snapshot(self) -> Snapshot:
        """Return the files that are the store now.

        The inbox is listed before the manifest is read: a batch that is moved in between is in both, and counts once.
        """
        listed = sorted(self.inbox.glob(f"*{SUFFIX}")) if self.inbox.is_dir() else []
        state = manifest.read(self.folder)
        gone = set(state.taken) | ledger.known(self.folder, [path.stem for path in listed])
        return Snapshot(
            version=state.version,
            parts=tuple(self.folder / part.file for part in state.parts),
            batches=tuple(path for path in listed if path.stem not in gone),
        )


def _content(events: Sequence[Event]) -> str:
    """Return the digest of what a batch says; when it came in is no part of that."""
    return digest(
        *(
            f"{each.id}\x1e{each.name}\x1e{each.time.isoformat()}\x1e{each.unit}\x1e{each.unit_type}\x1e{each.value!r}"
            f"\x1e{each.flag}\x1e{each.variant}\x1e{each.environment}\x1e{each.attributes}"
            for each in events
        )
    )
