"""PostgreSQL's part of a backup: every table by COPY in one repeatable-read transaction, so no pg_dump is needed.

To restore, the tables are made in a schema of their own by the migrations that the backup names, filled, and
then the two schemas change names in one transaction.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction

from roadbed.core.backup.errors import BackupError
from roadbed.core.backup.manifest import Manifest

BLOCK = 1024 * 1024
COLUMNS = """
    SELECT c.relname, array_agg(a.attname ORDER BY a.attnum)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind IN ('r', 'p') AND n.nspname = current_schema()
      AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    GROUP BY c.relname ORDER BY c.relname
"""


def dump(room: Path) -> list[Path]:
    """Write each table into a file of COPY's text format, all as of one moment."""
    written: list[Path] = []
    connection.close()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute(COLUMNS)
        tables: dict[str, list[str]] = dict(cursor.fetchall())
        listing = room / "tables.json"
        listing.write_text(json.dumps(tables, indent=1), encoding="utf-8")
        written.append(listing)
        for table, columns in tables.items():
            path = room / f"{table}.copy"
            with path.open("wb") as file, cursor.copy(f"COPY {_target(table, columns)} TO STDOUT") as copy:
                for block in copy:
                    file.write(block)
            written.append(path)
    return written


def holds_data() -> bool:
    """Say whether there is a database with at least one person in it."""
    if "accounts_user" not in connection.introspection.table_names():
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM accounts_user)")
        return bool(cursor.fetchone()[0])


def load(folder: Path, *, described: Manifest, data: Path, stamp: str) -> None:
    """Fill a fresh schema, then let it take the place of the present one, which is kept under another name."""
    tables: dict[str, list[str]] = json.loads((folder / "tables.json").read_text(encoding="utf-8"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        present = cursor.fetchone()[0] or "public"
        fresh = f"roadbed_restore_{stamp.replace('-', '_')}"
        cursor.execute(f"CREATE SCHEMA {_quote(fresh)}")
    try:
        _migrate_in(fresh, described)
        _fill(folder, tables, schema=fresh)
        with transaction.atomic(), connection.cursor() as cursor:
            aside = fresh.replace("_restore_", "_replaced_")
            cursor.execute(f"ALTER SCHEMA {_quote(present)} RENAME TO {_quote(aside)}")
            cursor.execute(f"ALTER SCHEMA {_quote(fresh)} RENAME TO {_quote(present)}")
    except Exception as error:
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA IF EXISTS {_quote(fresh)} CASCADE")
        if isinstance(error, BackupError):
            raise
        raise BackupError(f"the database refused it, and is as it was: {error}") from error
    connection.close()


def _migrate_in(schema: str, described: Manifest) -> None:
    """Make the tables in the schema, exactly as far as the backup's were."""
    from django.db.migrations.executor import MigrationExecutor

    kept = os.environ.get("PGOPTIONS")
    os.environ["PGOPTIONS"] = f"-c search_path={schema}"
    connection.close()
    try:
        wanted = set(described.migrations)
        graph = MigrationExecutor(connection).loader.graph
        for app, name in sorted(wanted):
            later = [
                node
                for node in graph.node_map[app, name].children
                if node.key in wanted and node.key[0] == app
            ]
            if not later:
                call_command("migrate", app, name, verbosity=0, interactive=False)
    finally:
        if kept is None:
            del os.environ["PGOPTIONS"]
        else:
            os.environ["PGOPTIONS"] = kept
        connection.close()


def _fill(folder: Path, tables: dict[str, list[str]], *, schema: str) -> None:
    """Copy every table in, and let each sequence go on behind its last number."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL search_path = {_quote(schema)}")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(COLUMNS)
        missing = set(tables) - {row[0] for row in cursor.fetchall()}
        if missing:
            raise BackupError(f"its migrations make no table {min(missing)}")
        for table in reversed(tables):
            # Migrations and their signals leave rows (content types, permissions); the backup has its own.
            cursor.execute(f"DELETE FROM {_quote(table)}")  # noqa: S608 - a table of our own
        for table, columns in tables.items():
            path = folder / f"{table}.copy"
            with path.open("rb") as file, cursor.copy(f"COPY {_target(table, columns)} FROM STDIN") as copy:
                while block := file.read(BLOCK):
                    copy.write(block)
        for table, columns in tables.items():
            for column in columns:
                _continue_sequence(cursor, table, column)


def _continue_sequence(cursor: Any, table: str, column: str) -> None:
    cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [_quote(table), column])
    sequence = cursor.fetchone()[0]
    if sequence:
        highest = f"SELECT MAX({_quote(column)}) FROM {_quote(table)}"  # noqa: S608 - our own names
        cursor.execute(f"SELECT setval(%s, COALESCE(({highest}), 1), ({highest}) IS NOT NULL)", [sequence])


def _target(table: str, columns: list[str]) -> str:
    return f"{_quote(table)} ({', '.join(map(_quote, columns))})"


def _quote(name: str) -> str:
    return str(connection.ops.quote_name(name))
