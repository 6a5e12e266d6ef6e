"""Keeping the database's own knowledge of itself up to date."""

from __future__ import annotations

from django.db import connection


def refresh_statistics() -> None:
    """Sample every table, so that the query planner knows how large they are and picks the right index.

    SQLite never does this by itself, and plans as if every index were equally good; a page over 10,000 features took
    twice as long without. PostgreSQL has its autovacuum, but after a large import its next round may be minutes away.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA analysis_limit = 1000")
        cursor.execute("ANALYZE")
