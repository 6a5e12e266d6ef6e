"""Keeping what a query found, so that the next queries need not find it again."""

from __future__ import annotations

from uuid import uuid4

import ibis.expr.types as ir


def keep(table: ir.Table) -> ir.Table:
    """Return the table as a temporary one of the same database; it goes with the connection."""
    backend = table.get_backend()
    if backend.name == "pyspark":  # Spark has no temporary tables, but keeps what it is told to
        return table.cache()
    # Ibis' own `cache` drops its table at the end with a statement that DuckDB cannot read.
    return backend.create_table(f"roadbed_{uuid4().hex}", table, temp=True)
