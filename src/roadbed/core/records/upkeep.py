"""Keeping the database's own knowledge of itself up to date."""

from __future__ import annotations

from django.db import connection


def refresh_statistics() -> None:
    """Count every table, so that the query planner knows how large they are and picks the right index.

    SQLite never does this by itself, and plans as if every index were equally good; a page over 10,000 features took
    twice as long without. Nor does a sample do: records lie by kind, so the first thousand of an index are of one kind,
    and a list of four hundred flags then reads all hundred thousand records. The whole takes a third of a second for a
    database of 300 MB. PostgreSQL has its autovacuum, but after a large import its next round may be minutes away.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA analysis_limit = 0")
        cursor.execute("ANALYZE")
