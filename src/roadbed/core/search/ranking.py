"""Entries that share any word with a question, rare words first; what may not be seen is left out before ranking."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.core.cache import cache
from django.db import connection

from roadbed.core.search.selectors import CANDIDATES, _open_to
from roadbed_engines.text import lexical, stems

COUNTED = 128
"""A word in more entries than this is common: how many there are is estimated from these."""
COMMON = 0.05
"""A word that stands, just as it is, in so large a share of the entries is not counted with its other forms: an index
gathers all entries of every form before it tells the newest of them, and what such a word says is little either way."""
WORDS_SEARCHED = 6
"""So many of the rarest words are searched for, and no more once what has them fills the candidates: a word that half
the workspace uses would only push out what has the rare ones."""
_PLAIN = re.compile(r"[^\W_]+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Commonness:
    """In how many of the entries that the asker may see each stem is, and how many entries there are."""

    counts: Mapping[str, int]
    entries: int
    plain: frozenset[str] = frozenset()
    """Stems so common, just as they stand, that their other forms are left aside."""

    def rarity(self, stem: str) -> float:
        """Return how much a shared word says; the engine's measure, over what the asker may see."""
        from math import log1p

        count = self.counts.get(stem, 0)
        return log1p((max(self.entries, count) - count + 0.5) / (count + 0.5))


def _common(word: str, stem: str) -> str:
    """Return the beginning that a word and its stem share: *happ* of *happy* and *happi*."""
    at = next((place for place, pair in enumerate(zip(word, stem, strict=False)) if pair[0] != pair[1]), None)
    return word[: min(len(word), len(stem)) if at is None else at]


def terms_of(text: str) -> dict[str, str]:
    """Return what to look for: each stem of a text with the beginning that its forms share.

    Examples
    --------
    >>> terms_of("Happy vans were routed")
    {'happi': 'happ', 'van': 'van', 'rout': 'rout'}
    """
    found: dict[str, str] = {}
    raw = lexical.raw_words(text)
    for word in [word for word in raw if word not in lexical.STOP_WORDS] or raw:
        stem = stems.stem(word)
        shared = _common(word, stem)
        start = shared if len(shared) >= 3 else word
        # The index cuts at everything that is no letter or digit: a number with a point is several words there.
        if stem not in found and _PLAIN.fullmatch(start):
            found[stem] = start
    return found


def _inside(circles: Collection[int]) -> str:
    return (
        "JOIN search_searchentry entry ON entry.id = search_words.rowid "
        f"JOIN records_record own ON own.id = entry.record_id AND own.deleted_at IS NULL AND {_open_to(circles)}"
    )


def _closed_to(circles: Collection[int]) -> str:
    allowed = ", ".join(str(int(one)) for one in circles)
    return (
        f"own.circle_id IS NOT NULL AND own.circle_id NOT IN ({allowed})"
        if allowed
        else "own.circle_id IS NOT NULL"
    )


def _newest(start: str, *, any_form: bool, workspace_id: int, circles: Collection[int]) -> tuple[int, int]:
    """Return how many of the newest visible entries have a word, up to `COUNTED`, and the oldest of these."""
    if connection.vendor == "postgresql":
        statement = f"""SELECT count(*), coalesce(min(id), 0) FROM (SELECT entry.id AS id FROM search_searchentry entry
            JOIN records_record own ON own.id = entry.record_id AND own.deleted_at IS NULL AND {_open_to(circles)}
            WHERE entry.words @@ to_tsquery('simple', %s) AND entry.workspace_id = %s
            ORDER BY entry.id DESC LIMIT {COUNTED}) newest"""  # noqa: S608 - constants
        wanted = f"{start}:*" if any_form else start
    else:
        statement = f"""SELECT count(*), coalesce(min(id), 0) FROM (
            SELECT entry.id AS id FROM search_words {_inside(circles)}
            WHERE search_words MATCH %s AND entry.workspace_id = %s
            ORDER BY search_words.rowid DESC LIMIT {COUNTED}) newest"""  # noqa: S608 - constants
        wanted = f'"{start}"*' if any_form else f'"{start}"'
    with connection.cursor() as cursor:
        cursor.execute(statement, [wanted, workspace_id])
        count, oldest = cursor.fetchone()
    return int(count), int(oldest)


def _entries(*, workspace_id: int, circles: Collection[int]) -> tuple[int, int, int]:
    """Return how many entries the asker may see, and the first and last of the workspace."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce((SELECT min(id) FROM search_searchentry WHERE workspace_id = %s), 0), "
            "coalesce((SELECT max(id) FROM search_searchentry WHERE workspace_id = %s), 0)",
            [workspace_id, workspace_id],
        )
        first, last = cursor.fetchone()
        # How rare a word is does not hang on what was deleted within the minute.
        key = f"search.entries:{workspace_id}:{first}:{last}"
        count = cache.get(key)
        if count is None:
            cursor.execute("SELECT count(*) FROM search_searchentry WHERE workspace_id = %s", [workspace_id])
            (count,) = cursor.fetchone()
            cache.set(key, count, timeout=60)
        # The few that are private are taken off: their index is short. The plus keeps the long one out of the plan.
        cursor.execute(
            f"""SELECT count(*) FROM records_record own JOIN search_searchentry entry ON entry.record_id = own.id
            WHERE {_closed_to(circles)} AND +own.workspace_id = %s""",  # noqa: S608 - constants
            [workspace_id],
        )
        hidden = int(cursor.fetchone()[0])
    return int(count) - hidden, int(first), int(last)


def commonness(terms: Mapping[str, str], *, workspace_id: int, circles: Collection[int] = ()) -> Commonness:
    """Count in how many visible entries each term is; for a common one, from how densely it stands in the newest."""
    entries, first, last = _entries(workspace_id=workspace_id, circles=circles)
    counts = {}
    plain = set()
    for stem, start in terms.items():
        count = 0
        for any_form in (False, True):
            count, oldest = _newest(start, any_form=any_form, workspace_id=workspace_id, circles=circles)
            if count >= COUNTED:
                count = max(count, round(count * (last - first + 1) / (last - oldest + 1)))
                if count >= COMMON * entries:
                    if not any_form:
                        plain.add(stem)
                    break
        counts[stem] = min(count, entries)
    return Commonness(counts=counts, entries=entries, plain=frozenset(plain))


def any_of(
    terms: Mapping[str, str],
    *,
    known: Commonness,
    workspace_id: int,
    circles: Collection[int] = (),
    kinds: Sequence[str] = (),
    without_kinds: Sequence[str] = (),
    limit: int = 24,
) -> list[int]:
    """Return the ids of the entries that share the rarest words with a question, the best first.

    Parameters
    ----------
    circles : collection of int
        The asker's circles; what is private to others is neither found nor ranked.
    kinds, without_kinds : sequence of str
        Kinds of entry to stay within (empty means all), and to leave out.
    """
    there = sorted((stem for stem in terms if known.counts.get(stem)), key=lambda stem: known.counts[stem])
    if not there:
        return []
    searched: list[str] = []
    matches = 0
    for stem in there[:WORDS_SEARCHED]:
        matches += known.counts[stem]
        if searched and matches > CANDIDATES:
            break
        searched.append(stem)
    out = f"AND entry.kind IN ({', '.join(['%s'] * len(kinds))})" if kinds else ""
    out += f" AND entry.kind NOT IN ({', '.join(['%s'] * len(without_kinds))})" if without_kinds else ""
    if connection.vendor == "postgresql":
        statement = f"""
            WITH query AS (SELECT to_tsquery('simple', %s) AS q), candidates AS (
                SELECT entry.id, entry.words FROM query, search_searchentry entry
                JOIN records_record own ON own.id = entry.record_id AND own.deleted_at IS NULL AND {_open_to(circles)}
                WHERE entry.words @@ q AND entry.workspace_id = %s {out} ORDER BY entry.id DESC LIMIT {CANDIDATES}
            ) SELECT candidates.id FROM candidates, query
            ORDER BY ts_rank_cd(words, q) DESC, candidates.id DESC LIMIT %s
        """  # noqa: S608 - only constants and placeholders are put in
        wanted = " | ".join(terms[stem] if stem in known.plain else f"{terms[stem]}:*" for stem in searched)
    else:
        statement = f"""
            SELECT id FROM (
                SELECT entry.id AS id, bm25(search_words, 2.0, 1.0) AS score FROM search_words {_inside(circles)}
                WHERE search_words MATCH %s AND entry.workspace_id = %s {out}
                ORDER BY search_words.rowid DESC LIMIT {CANDIDATES}
            ) ORDER BY score, id DESC LIMIT %s
        """  # noqa: S608 - only constants and placeholders are put in
        wanted = " OR ".join(f'"{terms[stem]}"' + "*" * (stem not in known.plain) for stem in searched)
    with connection.cursor() as cursor:
        cursor.execute(statement, [wanted, workspace_id, *kinds, *without_kinds, limit])
        return [int(row[0]) for row in cursor.fetchall()]
