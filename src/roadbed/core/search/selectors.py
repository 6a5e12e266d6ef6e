"""Finding records by their words, on SQLite (FTS5) and PostgreSQL (tsvector) alike."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from roadbed.core.records import kinds
from roadbed.core.records.models import Record

WORD = re.compile(r"[^\W_]+", re.UNICODE)
CANDIDATES = 2000
"""How many of the newest matches are ranked: a word that half the workspace uses must not cost a scan."""
EXCERPTS = 100
"""So many of the best get an excerpt."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One record that was found."""

    record_id: int
    key: str
    kind: str
    kind_label: str
    title: str
    snippet: str
    url: str
    at: datetime


def words_of(query: str) -> list[str]:
    """Return the words of a query, as many as are worth searching for.

    What another word begins with is found by that word, and left out: each word of a text then stands for one word
    of the query at most, so that no text makes its excerpt cost the square of its length times the query's.
    """
    words = list(dict.fromkeys(word.lower() for word in WORD.findall(query)))[:12]
    return [word for word in words if not any(other != word and other.startswith(word) for other in words)]


def _open_to(circles: Collection[int]) -> str:
    """Return the condition on the record that a member of these circles may see it; before anything is ranked."""
    if not circles:
        return "own.circle_id IS NULL"
    return f"(own.circle_id IS NULL OR own.circle_id IN ({', '.join(str(int(one)) for one in circles)}))"


def _sqlite(
    words: list[str], workspace_id: int, kinds_wanted: Collection[str], limit: int, circles: Collection[int]
) -> list[tuple[int, int, str]]:
    match = " ".join(f'"{word}"*' for word in words)
    only = f"AND entry.kind IN ({', '.join(['%s'] * len(kinds_wanted))})" if kinds_wanted else ""
    statement = f"""
        SELECT id, record_id FROM (
            SELECT entry.id AS id, entry.record_id AS record_id, bm25(search_words, 8.0, 1.0) AS score
            FROM search_words JOIN search_searchentry entry ON entry.id = search_words.rowid
            JOIN records_record own ON own.id = entry.record_id AND {_open_to(circles)}
            WHERE search_words MATCH %s AND entry.workspace_id = %s {only}
            ORDER BY search_words.rowid DESC LIMIT {CANDIDATES}
        ) ORDER BY score, id DESC LIMIT %s
    """  # noqa: S608 - only constants and placeholders are put in
    with connection.cursor() as cursor:
        cursor.execute(statement, [match, workspace_id, *kinds_wanted, limit])
        best = list(cursor.fetchall())
        # Lists ask for hundreds and want the ids alone; no page shows more excerpts than these.
        ids = [pk for pk, _ in best[:EXCERPTS]]
        if not ids:
            return []
        # The plus keeps the words from being looked up anew for each row: one walk over what was ranked finds all.
        excerpts = f"""
            SELECT rowid, snippet(search_words, 1, '', '', '…', 18) FROM search_words
            WHERE search_words MATCH %s AND rowid BETWEEN %s AND %s AND +rowid IN ({", ".join(["%s"] * len(ids))})
        """  # noqa: S608 - only placeholders are put in
        cursor.execute(excerpts, [match, min(ids), max(ids), *ids])
        snippets = dict(cursor.fetchall())
        return [(pk, record_id, snippets.get(pk, "")) for pk, record_id in best]


def _postgres(
    words: list[str], workspace_id: int, kinds_wanted: Collection[str], limit: int, circles: Collection[int]
) -> list[tuple[int, int, str]]:
    match = " & ".join(f"{word}:*" for word in words)
    only = "AND entry.kind = ANY(%s)" if kinds_wanted else ""
    statement = f"""
        WITH query AS (SELECT to_tsquery('simple', %s) AS q),
        candidates AS (
            SELECT entry.id, entry.record_id, entry.body, entry.words FROM query, search_searchentry entry
            JOIN records_record own ON own.id = entry.record_id AND {_open_to(circles)}
            WHERE entry.words @@ q AND entry.workspace_id = %s {only} ORDER BY entry.id DESC LIMIT {CANDIDATES}
        ), best AS (
            SELECT id, record_id, body, ts_rank_cd(words, q) AS score FROM candidates, query
            ORDER BY score DESC, id DESC LIMIT %s
        )
        SELECT id, record_id,
               ts_headline('simple', left(body, 4000), q, 'StartSel="", StopSel="", MaxWords=24, MinWords=8') AS snip
        FROM best, query ORDER BY score DESC, id DESC
    """  # noqa: S608 - only constants and placeholders are put in
    wanted = [list(kinds_wanted)] if kinds_wanted else []
    with connection.cursor() as cursor:
        cursor.execute(statement, [match, workspace_id, *wanted, limit])
        return list(cursor.fetchall())


def hit_of(record: Record, *, workspace_slug: str, snippet: str = "") -> Hit:
    """Return a record as a hit."""
    kind = kinds.get(record.kind)
    return Hit(
        record_id=record.pk,
        key=record.key,
        kind=kind.name,
        kind_label=kind.label,
        title=record.title,
        snippet=snippet,
        url=kinds.url_of(record, workspace=workspace_slug),
        at=record.updated_at,
    )


def find(
    *,
    workspace_id: int,
    workspace_slug: str,
    query: str,
    only: Collection[str] = (),
    limit: int = 20,
    circles: Collection[int] = (),
) -> list[Hit]:
    """Return the best records for a query: the one with that key first, then by words (prefixes match).

    Parameters
    ----------
    only : collection of str
        Kinds to stay within; empty means all, and comments lead to their records.
    circles : collection of int
        The asker's circles; what is private to others is neither found nor ranked.
    """
    found: dict[int, str] = {}
    keyed = Record.objects.in_workspace(workspace_id, circles=circles).by_key(query.strip())
    for pk in keyed.values_list("pk", flat=True)[:1]:
        found[pk] = ""
    words = words_of(query)
    if words:
        search = _postgres if connection.vendor == "postgresql" else _sqlite
        for _, pk, snippet in search(words, workspace_id, sorted(only), limit * 2, circles):
            found.setdefault(pk, snippet)
    records = Record.objects.in_workspace(workspace_id, circles=circles).in_bulk(list(found))
    hits = [
        hit_of(records[pk], workspace_slug=workspace_slug, snippet=snippet)
        for pk, snippet in found.items()
        if pk in records and (not only or records[pk].kind in only)
    ]
    return hits[:limit]


def record_ids(
    *,
    workspace_id: int,
    query: str,
    only: Collection[str],
    limit: int = 500,
    circles: Collection[int] = (),
) -> list[int]:
    """Return the ids of the best records for a query, for lists that narrow by words (and by a key)."""
    keyed = Record.objects.in_workspace(workspace_id, circles=circles).by_key(query.strip())
    found = list(keyed.values_list("pk", flat=True)[:1])
    words = words_of(query)
    if words:
        search = _postgres if connection.vendor == "postgresql" else _sqlite
        found.extend(pk for _, pk, _ in search(words, workspace_id, sorted(only), limit, circles))
    return list(dict.fromkeys(found))
