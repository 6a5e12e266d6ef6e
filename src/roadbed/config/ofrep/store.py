"""What is published, compiled and kept in memory; refreshed in a thread of its own, and in a file for bad days."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from roadbed_engines.flags import compiling, ramps, reading
from roadbed_engines.flags import definitions as d

log = logging.getLogger("roadbed.flags")
EVERY_SECONDS = 0.5
"""How often the database is asked what has changed: one query of two columns."""
FILE = "flags-snapshot.json"


@dataclass(slots=True)
class Entry:
    """One environment, compiled. `fragments` holds the JSON of answers that never change, by their identity."""

    environment_id: int
    revision: int
    changed_at: datetime
    definitions: d.Definitions
    compiled: compiling.Compiled
    next_at: datetime | None
    tag: str
    workspace_id: int = 0
    exposures: frozenset[str] = frozenset()
    """Flags whose evaluations are written down; ``*`` for all."""
    fragments: dict[tuple[int, bool], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opening:
    """What a key opens."""

    entry_id: int
    kind: str
    origins: frozenset[str]
    stream: str


def digest(secret: str) -> str:
    """Return the hash by which a key is known."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def stream_of(key_hash: str) -> str:
    """Return the name of a key's change stream: it opens nothing else, since a browser puts it into an address."""
    return hashlib.sha256(f"stream:{key_hash}".encode()).hexdigest()[:40]


def compile_entry(raw: Mapping[str, Any], *, at: datetime) -> Entry:
    """Return an environment compiled as it stands at a moment."""
    return stand(raw, reading.read_definitions(raw["document"]), at=at)


def stand(raw: Mapping[str, Any], definitions: d.Definitions, *, at: datetime) -> Entry:
    """Return definitions compiled as they stand at a moment."""
    stood, next_at = ramps.stood_at(definitions, at=at)
    tag = hashlib.sha256(f"{raw['environment_id']}:{raw['revision']}:{at.timestamp()}".encode()).hexdigest()[
        :16
    ]
    return Entry(
        environment_id=raw["environment_id"],
        revision=raw["revision"],
        changed_at=datetime.fromisoformat(raw["changed_at"]),
        definitions=definitions,
        compiled=compiling.compile_definitions(stood),
        next_at=next_at,
        tag=tag,
        workspace_id=int(raw.get("workspace_id", 0)),
        exposures=frozenset(raw.get("exposures", ())),
    )


class Store:
    """All environments by their keys. Reading takes no lock: whole mappings are exchanged."""

    def __init__(
        self,
        *,
        revisions: Callable[[], Mapping[int, int]],
        fetch: Callable[[int], Mapping[str, Any] | None],
        folder: Path,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._revisions, self._fetch, self._clock = revisions, fetch, clock
        self._file = folder / FILE
        self._raw: dict[int, Mapping[str, Any]] = {}
        self.entries: dict[int, Entry] = {}
        self.openings: dict[str, Opening] = {}
        self.streams: dict[str, int] = {}
        self.is_ready = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._waiting: dict[asyncio.Event, tuple[asyncio.AbstractEventLoop, int]] = {}
        self._lock = threading.Lock()
        self._is_away = False

    # -- asking ---------------------------------------------------------------------------------------

    def find(self, secret: str) -> Opening | None:
        """Return what a key opens; None for an unknown or revoked one."""
        return self.openings.get(digest(secret))

    # -- refreshing -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Take what the file keeps, then follow the database in a thread."""
        with self._lock:
            if self._thread is not None:
                return
            self._load()
            self._thread = threading.Thread(target=self._follow, name="flags", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                self.refresh()
                if self._is_away:
                    log.info("the database is back; flags follow it again")
                self._is_away = False
            except Exception:
                if not self._is_away:
                    log.warning("the database is away; flags are answered as last published", exc_info=True)
                self._is_away = True
                self._tend()
                if self.entries:
                    self.is_ready.set()
            self._stop.wait(EVERY_SECONDS)

    def refresh(self) -> None:
        """Bring memory up to what is published. Raises what the database raises."""
        known = dict(self._revisions())
        changed = [
            key for key, revision in known.items() if self._raw.get(key, {}).get("revision") != revision
        ]
        gone = [key for key in self._raw if key not in known]
        for key in changed:
            raw = self._fetch(key)
            if raw is None:
                gone.append(key)
            else:
                self._put(key, raw)
        for key in gone:
            self._raw.pop(key, None)
            self.entries.pop(key, None)
        if changed or gone:
            self._index()
            self._save()
            self._wake({*changed, *gone})
        self._tend()
        self.is_ready.set()

    def _put(self, key: int, raw: Mapping[str, Any]) -> None:
        try:
            self.entries[key] = compile_entry(raw, at=self._clock())
        except d.DefinitionError:
            # Nothing that is published fails to read; should it, what was there before stays.
            log.exception("environment %s cannot be compiled", key)
        self._raw[key] = raw

    def _tend(self) -> None:
        """Compile anew what time alone has changed: ramps and scheduled changes."""
        now = self._clock()
        for key, entry in list(self.entries.items()):
            if entry.next_at is not None and entry.next_at <= now:
                self.entries[key] = stand(self._raw[key], entry.definitions, at=now)
                self._wake({key})

    def _index(self) -> None:
        openings, streams = {}, {}
        for key, raw in self._raw.items():
            for own in raw["keys"]:
                stream = stream_of(own["key_hash"])
                origins = frozenset(own["origins"])
                openings[own["key_hash"]] = Opening(key, own["kind"], origins, stream)
                streams[stream] = key
        self.openings, self.streams = openings, streams

    # -- the file -------------------------------------------------------------------------------------

    def _load(self) -> None:
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
            for raw in found["environments"]:
                self._put(raw["environment_id"], raw)
            self._index()
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError):
            log.warning("%s cannot be read, and is left alone", self._file)

    def _save(self) -> None:
        beside = self._file.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - opened above, for its mode
                json.dump({"environments": list(self._raw.values())}, file)
            beside.replace(self._file)

    # -- change streams -------------------------------------------------------------------------------

    def listen(self, entry_id: int) -> asyncio.Event:
        """Return an event of the running loop that is set at the next change of an environment."""
        event = asyncio.Event()
        self._waiting[event] = (asyncio.get_running_loop(), entry_id)
        return event

    def forget(self, event: asyncio.Event) -> None:
        """Stop listening."""
        self._waiting.pop(event, None)

    def _wake(self, keys: set[int]) -> None:
        for event, (loop, key) in list(self._waiting.items()):
            if key in keys:
                with contextlib.suppress(RuntimeError):  # a loop that has ended hears of nothing
                    loop.call_soon_threadsafe(event.set)


def wait_until_ready(store: Store, *, seconds: float) -> bool:
    """Wait for the first look at the database; for programs that are no server."""
    deadline = time.monotonic() + seconds
    while not store.is_ready.wait(0.01):
        if time.monotonic() > deadline:
            return False
    return True
