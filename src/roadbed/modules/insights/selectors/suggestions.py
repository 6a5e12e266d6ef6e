"""Which needs and features a piece of feedback may be about: by its words, its meaning, and what is like it.

Three witnesses, each of which is told: what the pieces nearest to it back, how near the need itself is, and which rarer
words the two share. They are joined as independent: 1 − Π(1 − witness).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db import connection

from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.records import kinds
from roadbed.core.records.models import Record
from roadbed.core.search.models import SearchEntry
from roadbed.core.search.selectors import WORD
from roadbed.core.vectors import selectors as vectors
from roadbed.modules.insights.models import Quote

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


NEAREST = 12
"""So many of the nearest pieces are asked what they back."""
LIKE = 0.45
"""A piece less near than this is no witness."""
LEAST = 0.15
SURE = 0.4
"""From here on a suggestion is chosen beforehand, so that Enter takes it."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A target, how likely a piece is about it, and what says so."""

    record_id: int
    key: str
    title: str
    kind_label: str
    url: str
    shared: tuple[str, ...]
    people: int
    confidence: float = 0.0
    meaning: float = 0.0
    alike: int = 0
    """How many of the nearest pieces that back anything back this."""
    asked: int = 0
    """How many of the nearest pieces back anything."""

    @property
    def is_sure(self) -> bool:
        """Whether it may be taken with one key."""
        return self.confidence >= SURE

    @property
    def share(self) -> int:
        """The confidence in hundredths."""
        return round(self.confidence * 100)

    @property
    def reason(self) -> str:
        """Why it is suggested."""
        parts = []
        if self.people:
            parts.append(f"{self.people} people back it" if self.people > 1 else "one person backs it")
        if self.alike:
            parts.append(f"{self.alike} of the {self.asked} pieces most like this back it")
        if self.meaning >= LIKE:
            parts.append("says much the same")
        if self.shared:
            parts.append("shares " + ", ".join(f"“{word}”" for word in self.shared[:4]))
        return "; ".join(parts)


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


def _by_words(*, workspace_id: int, words: list[str]) -> dict[int, tuple[str, ...]]:
    """Return the words that needs and features share with a text."""
    if not words:
        return {}
    if connection.vendor == "postgresql":
        statement, match = _POSTGRES, " | ".join(words)
    else:
        statement, match = _SQLITE, " OR ".join(f'"{word}"' for word in words)
    with connection.cursor() as cursor:
        cursor.execute(statement, [match, workspace_id])
        rows = cursor.fetchall()
    return _shared(rows, words)


def _words_in(*, ids: Collection[int], words: list[str]) -> dict[int, tuple[str, ...]]:
    """Return the words that these needs and features share with a text."""
    entries = SearchEntry.objects.filter(record_id__in=ids, comment__isnull=True)
    rows = entries.values_list("record_id", "title", "body")
    return _shared([(pk, f"{title} {body}") for pk, title, body in rows], words)


def _shared(rows: Iterable[tuple[int, str]], words: list[str]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for record_id, body in rows:
        own = {word.lower() for word in WORD.findall(body[:4000])}
        both = tuple(word for word in words if word in own)
        if both:
            found.setdefault(record_id, both)
    return found


@dataclass(slots=True)
class _Meaning:
    """What the vectors say: how near each target is, and what the nearest pieces back."""

    targets: dict[int, float] = field(default_factory=dict)
    backed: dict[int, float] = field(default_factory=dict)
    """Share of the nearest pieces' weight, times how near the nearest of them is."""
    alike: dict[int, int] = field(default_factory=dict)
    asked: int = 0


def _by_meaning(*, workspace_id: int, feedback_id: int | None, circles: Collection[int]) -> _Meaning:
    found = _Meaning()
    if feedback_id is None:
        return found
    own = vectors.vectors_of(workspace_id=workspace_id, record_ids=[feedback_id])
    if not own.ids:
        return found
    vector = own.matrix[0]
    near = vectors.nearest(
        workspace_id=workspace_id, vector=vector, kinds=("need", "feature"), circles=circles, limit=12
    )
    for one in near:
        found.targets[one.record_id] = max(one.similarity, found.targets.get(one.record_id, 0.0))
    like = vectors.nearest(
        workspace_id=workspace_id,
        vector=vector,
        kinds=("feedback",),
        circles=circles,
        without=[feedback_id],
        whole=True,
        limit=NEAREST,
        least=LIKE,
    )
    weight = {one.record_id: one.similarity for one in like if one.comment_id is None}
    pairs = set(Quote.objects.filter(feedback_id__in=weight).values_list("feedback_id", "target_id"))
    backing = {pk for pk, _ in pairs}
    total = sum(weight[pk] for pk in backing)
    found.asked = len(backing)
    for target in {target for _, target in pairs}:
        said = [weight[pk] for pk, other in pairs if other == target]
        found.alike[target] = len(said)
        found.backed[target] = sum(said) / total * max(said)
    return found


def suggest_targets(
    *,
    workspace_id: int,
    workspace_slug: str,
    text: str,
    feedback_id: int | None = None,
    circles: Collection[int] = (),
    most: int = 3,
) -> list[Suggestion]:
    """Return the needs and features that a text is most likely about, the likeliest first.

    Parameters
    ----------
    feedback_id : int, optional
        The piece, where it has one: its vector is used. Without it, or before it was read for meaning, words alone say.
    circles : collection of int
        The circles of whoever looks: what is private to others is no witness.
    """
    words = telling_words(text)
    meaning = _by_meaning(workspace_id=workspace_id, feedback_id=feedback_id, circles=circles)
    likely = {*meaning.targets, *meaning.backed}
    # The index ranks whatever holds a word, feedback too: it is asked only where nothing is known by meaning.
    shared = (
        _words_in(ids=likely, words=words) if likely else _by_words(workspace_id=workspace_id, words=words)
    )
    found: dict[int, float] = {}
    for pk in {*shared, *meaning.targets, *meaning.backed}:
        by_words = 0.45 * len(shared.get(pk, ())) / max(len(words), 3)
        near = 0.6 * max(0.0, meaning.targets.get(pk, 0.0) - 0.3) / 0.7
        # One like piece is a hint, four are a case.
        backed = 0.9 * meaning.backed.get(pk, 0.0) * min(1.0, 0.4 + 0.15 * meaning.alike.get(pk, 0))
        found[pk] = 1 - (1 - by_words) * (1 - near) * (1 - backed)
    best = [pk for pk in sorted(found, key=lambda pk: (-found[pk], pk)) if found[pk] >= LEAST or pk in shared]
    rows = Record.objects.in_workspace(workspace_id, circles=circles).not_archived()
    records = rows.filter(kind__in=("need", "feature")).in_bulk(best[: most * 3])
    people = dict(EvidenceTally.objects.filter(record_id__in=records).values_list("record_id", "people"))
    return [
        Suggestion(
            record_id=pk,
            key=records[pk].key,
            title=records[pk].title,
            kind_label=kinds.get(records[pk].kind).label,
            url=kinds.url_of(records[pk], workspace=workspace_slug),
            shared=shared.get(pk, ()),
            people=people.get(pk, 0),
            confidence=round(found[pk], 3),
            meaning=meaning.targets.get(pk, 0.0),
            alike=meaning.alike.get(pk, 0),
            asked=meaning.asked,
        )
        for pk in best
        if pk in records
    ][:most]
