"""Opening relations as Ibis tables: all of one analysis on one connection that can only read."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir

from roadbed.analytics.events import columns as event_columns
from roadbed.analytics.events import reading
from roadbed.analytics.events.event import EXPOSURE
from roadbed.analytics.events.store import EventStore, Snapshot
from roadbed.analytics.files import PARQUET
from roadbed.analytics.sources import sql
from roadbed.analytics.sources.places import Events, Postgres, Relation, SourceError

MEMORY = "1GB"
SECONDS = 900
"""How long an analysis may take."""
CONNECT_SECONDS = 8
EVENTS, EXPOSURES = "events", "exposures"
TEXT = {".csv", ".tsv", ".tab", ".txt"}
PREFIXES = (
    "Binder Error: ",
    "Catalog Error: ",
    "Parser Error: ",
    "Conversion Error: ",
    "Invalid Input Error: ",
)


@dataclass(slots=True)
class Opened:
    """One connection with the tables of one analysis."""

    connection: Any
    tables: dict[Relation, ir.Table] = field(default_factory=dict)

    def __getitem__(self, relation: Relation) -> ir.Table:
        """Return the rows of a relation that was opened."""
        return self.tables[relation]


@contextmanager
def opened(relations: Iterable[Relation], *, seconds: int = SECONDS) -> Iterator[Opened]:
    """Open relations together, so that they can be joined; everything is closed in the end.

    Parameters
    ----------
    seconds : int
        How long all of it may take on our own machine; in a warehouse, how long one statement may.

    Raises
    ------
    SourceError
        If a place cannot be reached, a table or column is missing, a query does more than read, or relations lie in
        places that cannot be joined.
    """
    wanted = list(dict.fromkeys(relations))
    warehouses = {one.place for one in wanted if isinstance(one.place, Postgres)}
    if len(warehouses) > 1 or (warehouses and any(not isinstance(one.place, Postgres) for one in wanted)):
        raise SourceError(
            "Exposures and facts lie in different places that cannot be joined. Map both in the same warehouse, or both"
            " from events and files."
        )
    import psycopg

    try:
        with (
            _postgres(wanted, warehouses.pop(), seconds) if warehouses else _duckdb(wanted, seconds) as found
        ):
            yield found
    except (duckdb.InterruptException, psycopg.errors.QueryCanceled) as error:
        raise SourceError(f"It took longer than {seconds} seconds, and was given up.") from error
    except (duckdb.Error, psycopg.Error) as error:
        raise SourceError(words(error)) from error


def words(error: Exception) -> str:
    """Return the first sentences of a database's refusal, with what it offers instead."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    kept = [line for line in lines if not line.startswith(("LINE ", "^"))][:3]
    said = " ".join(kept) or type(error).__name__
    for prefix in PREFIXES:
        said = said.removeprefix(prefix)
    return said[:500]


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@contextmanager
def _duckdb(wanted: Sequence[Relation], seconds: int) -> Iterator[Opened]:
    room = tempfile.mkdtemp(prefix="roadbed-analysis-")
    connection = ibis.duckdb.connect(memory_limit=MEMORY, temp_directory=room)
    done = threading.Event()
    threading.Thread(target=_give_up, args=[connection, done, seconds], daemon=True).start()
    try:
        # Rows are summed up in any order; keeping it would cost memory.
        connection.raw_sql("SET preserve_insertion_order = false")
        allowed = [Path(room)]
        tables: set[str] = set()
        for place in dict.fromkeys(one.place for one in wanted):
            made, paths = (
                _with_events(connection, place)
                if isinstance(place, Events)
                else _with_files(connection, place)
            )
            tables |= made
            allowed += paths
        connection.raw_sql(f"SET allowed_paths = [{', '.join(_literal(str(path)) for path in allowed)}]")
        connection.raw_sql("SET enable_external_access = false")
        connection.raw_sql("SET lock_configuration = true")
        found = Opened(connection)
        for at, one in enumerate(wanted):
            found.tables[one] = _relation(connection, one, at, tables)
        yield found
    finally:
        done.set()
        connection.disconnect()
        shutil.rmtree(room, ignore_errors=True)


def _give_up(connection: Any, done: threading.Event, seconds: int) -> None:
    """Interrupt whatever runs once the time is over, and again: what runs then may just have begun."""
    if done.wait(seconds):
        return
    while not done.wait(0.2):
        with suppress(duckdb.Error):  # it was closed in this very moment
            connection.con.interrupt()


def _relation(connection: Any, one: Relation, at: int, tables: set[str]) -> ir.Table:
    if not one.sql:
        if one.table not in tables:
            raise SourceError(
                f"There is no table {one.table}. There are: {', '.join(sorted(tables)) or 'none yet'}."
            )
        return connection.table(one.table)
    text = sql.check(one.sql, dialect="duckdb", tables=tables)
    connection.raw_sql(f"CREATE TEMP VIEW relation_{at} AS {text}")
    return connection.table(f"relation_{at}")


def _with_events(connection: Any, place: Events) -> tuple[set[str], list[Path]]:
    snapshot: Snapshot = EventStore(place.folder).snapshot()
    for left in range(reading.TRIES, 0, -1):
        if not snapshot.files:
            connection.create_table(EVENTS, schema=ibis.schema(event_columns.SCHEMA))
            break
        try:
            rows = reading.table_of(snapshot, connection=connection, keeps_batches=True)
            connection.create_view(EVENTS, rows)
            break
        except duckdb.Error as error:  # a batch was moved into its day since the folder was listed
            if left == 1 or ("No files found" not in str(error) and "No such file" not in str(error)):
                raise
            snapshot = EventStore(place.folder).snapshot()
    connection.raw_sql(f"CREATE VIEW {EXPOSURES} AS FROM {EVENTS} WHERE name = {_literal(EXPOSURE)}")
    return {EVENTS, EXPOSURES}, list(snapshot.parts)


def _with_files(connection: Any, place: Any) -> tuple[set[str], list[Path]]:
    made: set[str] = set()
    paths: list[Path] = []
    for name, path in place.files:
        if not path.is_file():
            raise SourceError(f"The file of {name} is gone.")
        reader = "read_parquet" if _is_parquet(path) else "read_csv"
        more = "" if reader == "read_parquet" else ", sample_size = -1, header = true"
        try:
            connection.raw_sql(f"CREATE VIEW {_name(name)} AS FROM {reader}([{_literal(str(path))}]{more})")
        except duckdb.Error as error:
            raise SourceError(f"{name} cannot be read as a table: {words(error)}") from error
        made.add(name)
        paths.append(path)
    return made, paths


def _is_parquet(path: Path) -> bool:
    if path.suffix.lower() in PARQUET:
        return True
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


@contextmanager
def _postgres(wanted: Sequence[Relation], place: Postgres, seconds: int) -> Iterator[Opened]:
    import psycopg

    try:
        connection = ibis.postgres.connect(
            host=place.host,
            port=place.port,
            user=place.user,
            password=place.password,
            database=place.database,
            schema=place.schema or None,
            sslmode=place.ssl,
            connect_timeout=CONNECT_SECONDS,
            application_name="roadbed",
            options=f"-c statement_timeout={seconds * 1000} -c lock_timeout=5000",
            **({"hostaddr": place.reached} if place.reached else {}),
        )
    except psycopg.Error as error:
        raise SourceError(f"{place.host} does not let us in: {words(error)}") from error
    try:
        queries: dict[Relation, str] = {}
        for at, one in enumerate(wanted):
            if one.sql:
                # The view is made and not asked: nothing of the query runs before the session may only read.
                connection.con.execute(
                    f"CREATE TEMP VIEW relation_{at} AS {sql.check(one.sql, dialect='postgres')}".encode()
                )
                queries[one] = f"relation_{at}"
        connection.con.execute("SET default_transaction_read_only = on")
        found = Opened(connection)
        for one in wanted:
            found.tables[one] = (
                connection.table(queries[one]) if one in queries else _warehouse_table(connection, one.table)
            )
        yield found
    finally:
        connection.disconnect()


def _warehouse_table(connection: Any, name: str) -> ir.Table:
    from ibis.common.exceptions import TableNotFound

    schema, _, table = name.rpartition(".")
    if schema.casefold().startswith(("pg_", "information_schema")):
        raise SourceError(f"{name} is a table of the database itself, and is not read here.")
    try:
        return connection.table(table, database=schema) if schema else connection.table(table)
    except TableNotFound as error:
        there = ", ".join(sorted(connection.list_tables())[:40])
        raise SourceError(
            f"There is no table {name}. There are: {there or 'none that this user may read'}."
        ) from error
