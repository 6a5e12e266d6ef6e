"""Keeping what a query found, so that the next queries need not find it again."""

from __future__ import annotations

from uuid import uuid4

import ibis.expr.types as ir

READ_ONLY = "SET default_transaction_read_only = {}"


def keep(table: ir.Table) -> ir.Table:
    """Return the table as a temporary one of the same database; it goes with the connection."""
    backend = table.get_backend()
    if backend.name == "pyspark":  # Spark has no temporary tables, but keeps what it is told to
        return table.cache()
    name = f"roadbed_{uuid4().hex}"
    if backend.name == "postgres":
        # A transaction that may only read cannot make a temporary table, but may fill one: only the empty table is
        # made outside of it, so that nothing of a query runs where it could write.
        was = backend.con.execute("SHOW default_transaction_read_only").fetchone()[0]
        backend.con.execute(READ_ONLY.format("off"))
        try:
            made = backend.create_table(name, schema=table.schema(), temp=True)
        finally:
            backend.con.execute(READ_ONLY.format(was))
        backend.insert(name, table)
        return made
    # Ibis' own `cache` drops its table at the end with a statement that DuckDB cannot read.
    return backend.create_table(name, table, temp=True)
