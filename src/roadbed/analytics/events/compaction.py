"""Moving batches into the parts of their days, in one step that happens or does not."""

from __future__ import annotations

import fcntl
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from roadbed.analytics.events import columns, files, ledger, manifest
from roadbed.analytics.events.manifest import Manifest, Part
from roadbed.analytics.events.store import PARTS, SUFFIX, EventStore

LOCK = "compacting.lock"
MOST_BATCHES = 1_000
"""Batches that one round takes, so that its memory is bounded."""
MOST_BYTES = 96 * 1024 * 1024
SMALL = 64 * 1024 * 1024
MOST_SMALL = 8
"""So many parts under that size a day may have; then they are made one."""
GRACE = timedelta(hours=1)
"""How long a file stays that no longer counts: a reader may have it open."""
REMEMBERED = timedelta(days=90)
"""How long a batch that is sent again is known by its key; after that its events are still known by their ids."""


class CompactingError(RuntimeError):
    """Another process is moving batches just now."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a round did.

    Attributes
    ----------
    batches, events : int
        How many were moved.
    repeated : int
        Events that were there already, by id and day, and were left out.
    days : int
        How many days were written to.
    left : int
        Batches that still wait.
    """

    batches: int = 0
    events: int = 0
    repeated: int = 0
    days: int = 0
    left: int = 0


@contextmanager
def alone(store: EventStore) -> Iterator[None]:
    """Hold the store's lock; the machine lets go of it if the process is killed.

    Raises
    ------
    CompactingError
        If another process holds it.
    """
    files.make_folder(store.folder)
    with (store.folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CompactingError("Another process is moving events just now.") from error
        yield


def compact(store: EventStore, *, now: datetime) -> Moved:
    """Move what waits into the parts of its days, one round.

    Raises
    ------
    CompactingError
        If another process is at it.
    """
    with alone(store):
        state = finish(store, now=now)
        waiting = sorted(store.inbox.glob(f"*{SUFFIX}")) if store.inbox.is_dir() else []
        batches: list[Path] = []
        size = 0
        for path in waiting[:MOST_BATCHES]:
            size += path.stat().st_size
            if batches and size > MOST_BYTES:
                break
            batches.append(path)
        if not batches:
            return Moved()
        contents: dict[str, str] = {}
        tables: list[pa.Table] = []
        for path in batches:
            table = pq.read_table(path, schema=columns.SCHEMA)
            contents[path.stem] = columns.head_of(path).get("content", "")
            tables.append(table.replace_schema_metadata(None))
        found = pa.concat_tables(tables)
        parts, dropped, written = list(state.parts), dict(state.dropped), 0
        by_day = _by_day(found)
        for day, rows in by_day:
            same = [part for part in parts if part.day == day]
            fresh = _without(rows, [store.folder / part.file for part in same])
            if not fresh.num_rows:
                continue
            written += fresh.num_rows
            small = [part for part in same if part.size < SMALL]
            small = small if len(small) >= MOST_SMALL else []
            old = [pq.read_table(store.folder / part.file, schema=columns.SCHEMA) for part in small]
            merged = pa.concat_tables([*old, fresh]).sort_by([("name", "ascending"), ("time", "ascending")])
            parts = [part for part in parts if part not in small]
            dropped.update({part.file: now.timestamp() for part in small})
            parts.append(_write(store, day, merged))
        parts.sort(key=lambda part: (part.day, part.file))
        manifest.write(
            store.folder, Manifest(state.version + 1, tuple(parts), taken=contents, dropped=dropped)
        )  # from here on they are moved
        finish(store, now=now)
        left = len(waiting) - len(batches)
        return Moved(len(batches), written, found.num_rows - written, len(by_day), left)


def finish(store: EventStore, *, now: datetime) -> Manifest:
    """Clear away what the manifest says is moved or dropped: after a round, and after one that was killed."""
    state = manifest.read(store.folder)
    if state.taken:
        ledger.add(store.folder, state.taken, at=now.timestamp())
        for key in state.taken:
            (store.inbox / f"{key}{SUFFIX}").unlink(missing_ok=True)
        state = replace(state, version=state.version + 1, taken={})
        manifest.write(store.folder, state)
    known = ledger.known(store.folder, [path.stem for path in store.inbox.glob(f"*{SUFFIX}")])
    for key in known:
        (store.inbox / f"{key}{SUFFIX}").unlink(missing_ok=True)
    old = [file for file, since in state.dropped.items() if since < (now - GRACE).timestamp()]
    if old:
        for file in old:
            (store.folder / file).unlink(missing_ok=True)
        state = replace(
            state,
            version=state.version + 1,
            dropped={file: since for file, since in state.dropped.items() if file not in old},
        )
        manifest.write(store.folder, state)
    _sweep(store, state, now=now)
    ledger.forget(store.folder, before=(now - REMEMBERED).timestamp())
    return state


def _sweep(store: EventStore, state: Manifest, *, now: datetime) -> None:
    """Delete what a killed process left behind: parts that no manifest names, and files that never got a name."""
    meant = {part.file for part in state.parts} | set(state.dropped)
    edge = (now - GRACE).timestamp()
    room = store.folder / PARTS
    for path in [*room.glob(f"*/*{SUFFIX}"), *store.folder.glob("**/.*.tmp")]:
        if str(path.relative_to(store.folder)) in meant:
            continue
        try:
            if path.stat().st_mtime < edge:
                path.unlink(missing_ok=True)
        except FileNotFoundError:
            continue


def _by_day(table: pa.Table) -> list[tuple[str, pa.Table]]:
    days = pc.strftime(table["time"], format="%Y-%m-%d")
    return [
        (day, table.filter(pc.equal(days, pa.scalar(day)))) for day in sorted(pc.unique(days).to_pylist())
    ]


def _without(rows: pa.Table, there: list[Path]) -> pa.Table:
    """Return rows whose id is not there yet, each once: the first that came in."""
    rows = rows.sort_by([("received_at", "ascending")])
    seen: set[str] = set()
    for path in there:
        ids = pq.read_table(path, columns=["id"])["id"]
        seen.update(pc.unique(ids.filter(pc.is_in(ids, value_set=rows["id"].combine_chunks()))).to_pylist())
    keep = []
    for each in rows["id"].to_pylist():
        keep.append(each not in seen)
        seen.add(each)
    return rows.filter(pa.array(keep, pa.bool_()))


def _write(store: EventStore, day: str, rows: pa.Table) -> Part:
    folder = store.folder / PARTS / f"day={day}"
    files.make_folder(store.folder / PARTS)
    files.make_folder(folder)
    path = folder / f"{uuid.uuid4().hex}{SUFFIX}"
    files.put_once(path, lambda aside: columns.write_table(rows, aside))
    return Part(str(path.relative_to(store.folder)), day, rows.num_rows, path.stat().st_size)


def drop_before(store: EventStore, *, day: date, now: datetime) -> int:
    """Let go of all days before one, and return how many events that was. Their files go at once.

    Raises
    ------
    CompactingError
        If another process is at it.
    """
    with alone(store):
        state = finish(store, now=now)
        edge = day.isoformat()
        old = [part for part in state.parts if part.day < edge]
        if not old:
            return 0
        _keep(store, state, dict.fromkeys(old), now=now)
        return sum(part.rows for part in old)


def forget_unit(store: EventStore, *, unit: str, unit_type: str, now: datetime) -> int:
    """Let go of all that one unit did, and return how many events that was.

    What still waits is moved first, so that nothing of it stays in a batch.

    Raises
    ------
    CompactingError
        If another process is at it.
    """
    while compact(store, now=now).left:
        continue
    with alone(store):
        state = finish(store, now=now)
        changed: dict[Part, Part | None] = {}
        gone = 0
        for part in state.parts:
            rows = pq.read_table(store.folder / part.file, schema=columns.SCHEMA)
            theirs = pc.and_(pc.equal(rows["unit"], unit), pc.equal(rows["unit_type"], unit_type))
            kept = rows.filter(pc.invert(theirs))
            if kept.num_rows == rows.num_rows:
                continue
            gone += rows.num_rows - kept.num_rows
            changed[part] = _write(store, part.day, kept) if kept.num_rows else None
        if changed:
            _keep(store, state, changed, now=now)
        return gone


def _keep(store: EventStore, state: Manifest, changed: Mapping[Part, Part | None], *, now: datetime) -> None:
    """Put other parts, or none, in the place of some, and delete the old ones: they must not be kept any longer."""
    parts = [changed.get(part, part) for part in state.parts]
    manifest.write(
        store.folder, replace(state, version=state.version + 1, parts=tuple(part for part in parts if part))
    )
    for part in changed:
        (store.folder / part.file).unlink(missing_ok=True)
