"""Which needs and features a piece of feedback may be about: those that share its rarer words.

Plain and honest: no learned score, only shared words, and the words are the reason shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.records import kinds
from roadbed.core.records.models import Record
from roadbed.core.search.selectors import WORD

MOST_WORDS = 8
SHORTEST = 4
COMMON = frozenset(
    [
        "about",
        "after",
        "again",
        "also",
        "because",
        "been",
        "before",
        "being",
        "could",
        "does",
        "doing",
        "done",
        "down",
        "even",
        "every",
        "from",
        "have",
        "having",
        "here",
        "into",
        "just",
        "like",
        "made",
        "make",
        "many",
        "more",
        "most",
        "much",
        "need",
        "never",
        "only",
        "other",
        "over",
        "please",
        "really",
        "same",
        "should",
        "some",
        "still",
        "such",
        "than",
        "that",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "thing",
        "this",
        "those",
        "through",
        "time",
        "very",
        "want",
        "wants",
        "were",
        "what",
        "when",
        "where",
        "which",
        "while",
        "will",
        "with",
        "without",
        "would",
        "your",
    ]
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A target, and the words it shares with what was said."""

    key: str
    title: str
    kind_label: str
    url: str
    shared: tuple[str, ...]
    people: int

    @property
    def reason(self) -> str:
        """Why it is suggested."""
        words = ", ".join(f"“{word}”" for word in self.shared[:4])
        backed = (
            f"{self.people} people back it; "
            if self.people > 1
            else "one person backs it; "
            if self.people
            else ""
        )
        return f"{backed}shares {words}"


def telling_words(text: str) -> list[str]:
    """Return the words of a text that tell most: long ones first, common ones left out."""
    seen = dict.fromkeys(word.lower() for word in WORD.findall(text[:4000]))
    telling = [word for word in seen if len(word) >= SHORTEST and word not in COMMON and not word.isdecimal()]
    return sorted(telling, key=len, reverse=True)[:MOST_WORDS]


_SQLITE = """
    SELECT entry.record_id, entry.title || ' ' || entry.body
    FROM search_searchentry entry JOIN search_words ON search_words.rowid = entry.id
    WHERE search_words MATCH %s AND entry.workspace_id = %s AND entry.kind IN ('need', 'feature')
    ORDER BY bm25(search_words, 4.0, 1.0), entry.id DESC LIMIT 12
"""
_POSTGRES = """
    SELECT record_id, title || ' ' || body FROM search_searchentry, to_tsquery('simple', %s) query
    WHERE words @@ query AND workspace_id = %s AND kind IN ('need', 'feature')
    ORDER BY ts_rank(words, query) DESC, id DESC LIMIT 12
"""


def suggest_targets(*, workspace_id: int, workspace_slug: str, text: str, most: int = 3) -> list[Suggestion]:
    """Return the needs and features that share most telling words with a text."""
    words = telling_words(text)
    if not words:
        return []
    if connection.vendor == "postgresql":
        statement, match = _POSTGRES, " | ".join(words)
    else:
        statement, match = _SQLITE, " OR ".join(f'"{word}"' for word in words)
    with connection.cursor() as cursor:
        cursor.execute(statement, [match, workspace_id])
        rows = cursor.fetchall()
    shared: dict[int, tuple[str, ...]] = {}
    for record_id, body in rows:
        own = {word.lower() for word in WORD.findall(body[:4000])}
        both = tuple(word for word in words if word in own)
        if both:
            shared.setdefault(record_id, both)
    best = sorted(shared, key=lambda pk: len(shared[pk]), reverse=True)[:most]
    records = Record.objects.in_workspace(workspace_id).not_archived().in_bulk(best)
    people = dict(EvidenceTally.objects.filter(record_id__in=best).values_list("record_id", "people"))
    return [
        Suggestion(
            key=record.key,
            title=record.title,
            kind_label=kinds.get(record.kind).label,
            url=kinds.url_of(record, workspace=workspace_slug),
            shared=shared[pk],
            people=people.get(pk, 0),
        )
        for pk in best
        if (record := records.get(pk)) is not None
    ]
