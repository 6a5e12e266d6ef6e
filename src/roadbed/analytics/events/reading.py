"""Events as a table that a query is written against."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import ibis
from ibis.expr.types import Table

from roadbed.analytics.events import columns
from roadbed.analytics.events.store import EventStore, Snapshot
from roadbed.analytics.keeping import keep

Answer = TypeVar("Answer")
TRIES = 5


def table(store: EventStore, *, connection: ibis.backends.duckdb.Backend) -> Table:
    """Return the store's events, each once, as a table of `columns.SCHEMA` on a DuckDB connection.

    Batches that were not moved yet are read too. An event that was sent again in another batch stands twice until it
    is moved; of those the first is read.
    """
    return table_of(store.snapshot(), connection=connection)


def table_of(
    snapshot: Snapshot, *, connection: ibis.backends.duckdb.Backend, keeps_batches: bool = False
) -> Table:
    """Return the events of a snapshot; see `table`.

    With `keeps_batches` what was not moved yet is read at once: batches go as soon as they are moved, parts stay for as
    long as a reader may need them.
    """
    if not snapshot.files:
        return ibis.memtable(columns.SCHEMA.empty_table())
    parts = _read(connection, snapshot.parts)
    if not snapshot.batches:
        assert parts is not None  # noqa: S101 - there are files, and none of them is a batch
        return parts
    batches = _read(connection, snapshot.batches)
    assert batches is not None  # noqa: S101 - as above
    order = ibis.row_number().over(group_by=batches.id, order_by=batches.received_at)
    fresh = batches.mutate(place=order).filter(lambda rows: rows.place == 0).drop("place")
    if keeps_batches:
        fresh = keep(fresh)
    if parts is None:
        return fresh
    return parts.union(fresh.anti_join(parts, ["id", "time"]))


def _read(connection: ibis.backends.duckdb.Backend, paths: tuple[object, ...]) -> Table | None:
    if not paths:
        return None
    return connection.read_parquet([str(path) for path in paths], hive_partitioning=False).select(
        *columns.NAMES
    )


def ask(store: EventStore, question: Callable[[Table], Answer]) -> Answer:
    """Return what a question makes of the events. A file that is cleared away under it is looked for anew.

    Raises
    ------
    FileNotFoundError
        If files keep vanishing, which means that somebody else tidies the folder.
    """
    for left in range(TRIES, 0, -1):
        connection = ibis.duckdb.connect()
        try:
            return question(table(store, connection=connection))
        except Exception as error:
            if left == 1 or ("No files found" not in str(error) and "No such file" not in str(error)):
                raise
        finally:
            connection.disconnect()
    raise FileNotFoundError(store.folder)
