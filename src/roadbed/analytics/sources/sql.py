"""What a query that somebody typed may do: read the tables of its place, and nothing else.

DuckDB is locked down beside this (no file but the allowed ones, no settings, no extensions), and PostgreSQL is asked in
read-only transactions. This check makes the refusal a sentence, and closes what those leave open.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlglot
from sqlglot import exp

from roadbed.analytics.sources.places import SourceError

LONGEST = 20_000
WRITES = (
    exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Alter, exp.Command, exp.Copy,
    exp.Set, exp.Into, exp.Lock, exp.Attach, exp.Detach, exp.Pragma, exp.Use, exp.Transaction, exp.Commit,
)  # fmt: skip
TABLE_FUNCTIONS = frozenset(
    {"unnest", "range", "generate_series", "explodinggenerateseries", "generateseries"}
)
"""What may stand where a table stands, besides tables."""
REFUSED = (
    "pg_", "lo_", "dblink", "set_config", "current_setting", "query_to_", "table_to_", "cursor_to_", "database_to_",
    "schema_to_", "xpath", "txid_", "nextval", "setval", "duckdb_", "pragma_", "read_", "parquet_", "sniff_", "glob",
    "query", "getenv", "getvariable", "sql_auto_complete", "json_execute", "from_substrait", "which_secret",
    "postgres_", "sqlite_", "iceberg_", "delta_", "load_", "inet_", "currval", "lastval", "has_", "to_reg",
)  # fmt: skip
"""How functions begin that look outside, change the session, or wait."""
KNOWN_SAFE = frozenset({"pg_typeof"})


def check(text: str, *, dialect: str, tables: Collection[str] | None = None) -> str:
    """Return the query without its last semicolon, or refuse it.

    Parameters
    ----------
    text : str
        One SELECT; ``WITH`` and ``UNION`` are fine.
    dialect : str
        ``duckdb`` or ``postgres``.
    tables : collection of str, optional
        The tables there are; others are refused by name. Without it any table may be named.

    Raises
    ------
    SourceError
        If it is no single SELECT, or does more than read.
    """
    if len(text) > LONGEST:
        raise SourceError(f"The query is longer than {LONGEST:,} characters.")
    try:
        found = [one for one in sqlglot.parse(text, dialect=dialect) if one is not None]
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        said = str(error).splitlines()[0] if str(error) else "it is nested too deeply"
        raise SourceError(f"The query cannot be read: {said}") from error
    if len(found) != 1:
        raise SourceError("One SELECT is wanted, and nothing after it.")
    query = found[0]
    if not isinstance(query, exp.Select | exp.SetOperation | exp.Subquery):
        raise SourceError("Only a SELECT is run here: it begins with SELECT or WITH.")
    named = {one.alias.casefold() for one in query.find_all(exp.CTE)}
    for node in query.walk():
        if isinstance(node, WRITES):
            raise SourceError(f"The query would do more than read ({node.key.upper()}).")
        if isinstance(node, exp.Func):
            _check_function(node)
        if isinstance(node, exp.Table):
            _check_table(node, named, tables)
    return text.strip().rstrip(";").strip()


def _name(node: exp.Func) -> str:
    if isinstance(node, exp.Anonymous):
        return str(node.this).casefold()
    return type(node).__name__.casefold()


def _check_function(node: exp.Func) -> None:
    names = {_name(node), *(str(name).casefold() for name in node.sql_names())} - {"anonymous"}
    for name in names:
        if name.startswith(REFUSED) and name not in KNOWN_SAFE:
            raise SourceError(f"The function {name} is not allowed here.")


def _check_table(node: exp.Table, named: Collection[str], tables: Collection[str] | None) -> None:
    if isinstance(node.this, exp.Func):
        if _name(node.this) not in TABLE_FUNCTIONS:
            raise SourceError(f"{_name(node.this)}(…) is not allowed in place of a table.")
        return
    name = node.name
    if name.casefold() in named and not node.db:
        return
    if tables is not None:
        if node.db or name.casefold() not in {one.casefold() for one in tables}:
            there = ", ".join(sorted(tables)) or "none yet"
            raise SourceError(f"There is no table {node.sql()}. There are: {there}.")
    elif (node.db or name).casefold().startswith(("pg_", "information_schema")):
        raise SourceError(f"{node.sql()} is a table of the database itself, and is not read here.")
