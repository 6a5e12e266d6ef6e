"""A question and all that is known about it: sentences, figures, what was answered before, what is related."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from roadbed.core.search import selectors as search
from roadbed.core.search.selectors import Hit
from roadbed.core.vectors import selectors as vectors
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.ask.models import Question
from roadbed.modules.ask.selectors import retrieval, structured
from roadbed_engines.text import answers, questions

RELATED = 6
RELATED_FROM = 0.6
"""Records whose best passage scores at least so much of the best of all are listed as related."""
ALIKE = 0.72
"""From this cosine on, a kept question is shown as one that was asked before."""


@dataclass(frozen=True, slots=True)
class Cited:
    """A sentence in the words of a record, with its number in the answer."""

    number: int
    text: str
    hit: Hit
    is_comment: bool
    is_private: bool
    score: float
    others: int
    """How many other records, of those read, say the same sentence."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One figure of the confidence, in words."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that a member gets to read when they ask."""

    question: str
    found: bool
    confidence: float
    reasons: tuple[Reason, ...]
    cited: tuple[Cited, ...]
    related: tuple[Hit, ...]
    figures: structured.Table | None
    kept: tuple[Question, ...]


def _reasons(evidence: answers.Evidence | None) -> tuple[Reason, ...]:
    if evidence is None:
        return ()
    return (
        Reason("Meaning of the best sentence", f"{evidence.cosine:.2f} of 1"),
        Reason("Words of the question it covers, rare ones counting more", f"{evidence.coverage:.0%}"),
        Reason("Lead over the next thing said", f"{evidence.lead:.2f}"),
    )


def _others(text: str, *, but: int, pieces: tuple[retrieval.Piece, ...]) -> int:
    """Count the other records that hold a sentence, whatever its case and spacing."""
    plain = " ".join(text.lower().split()).rstrip(".!? ")
    return len({piece.record_id for piece in pieces if plain in " ".join(piece.text.lower().split())} - {but})


def alike(
    *,
    workspace_id: int,
    question: str,
    vector: retrieval.Floats | None = None,
    own: Collection[int] | None = None,
    limit: int = 3,
) -> tuple[Question, ...]:
    """Return kept questions that ask the same, the nearest first, whatever became of them."""
    own = retrieval.own_ids(workspace_id=workspace_id) if own is None else own
    if not own:
        return ()
    near = vectors.nearest(
        workspace_id=workspace_id,
        text=question,
        vector=vector,
        within=own,
        whole=True,
        limit=limit,
        least=ALIKE,
    )
    same = Question.objects.in_workspace(workspace_id).filter(pk__in=own, title__iexact=question[:300])
    ids = [*same.values_list("pk", flat=True)[:1], *(one.record_id for one in near)]
    found = Question.objects.in_workspace(workspace_id).select_related("owner__user").in_bulk(ids)
    return tuple(found[pk] for pk in dict.fromkeys(ids) if pk in found)[:limit]


def ask(*, workspace: Workspace, text: str, circles: Collection[int], now: datetime) -> Known:
    """Answer a question from what the asker may see.

    A question for a figure (how many, top, by segment, what changed) is answered from the tables, beside the words.

    Parameters
    ----------
    circles : collection of int
        The circles of whoever asks.
    """
    question = questions.read(text)
    got = retrieval.retrieve(workspace_id=workspace.pk, question=question, circles=circles)
    records = got.records
    cited = []
    for number, quote in enumerate(got.answer.quotes, start=1):
        piece = got.pieces[quote.passage]
        record = records[piece.record_id]
        cited.append(
            Cited(
                number=number,
                text=quote.text,
                hit=search.hit_of(record, workspace_slug=workspace.slug),
                is_comment=piece.comment_id is not None,
                is_private=record.circle_id is not None,
                score=quote.score,
                others=_others(quote.text, but=record.pk, pieces=got.pieces),
            )
        )
    quoted = {one.hit.record_id for one in cited}
    best = got.scores[0] if got.scores else 0.0
    worth = {
        piece.record_id
        for piece, score in zip(got.pieces, got.scores, strict=True)
        if score >= RELATED_FROM * best
    }
    ids = dict.fromkeys(piece.record_id for piece in got.pieces)
    near = [records[pk] for pk in ids if pk in worth and pk not in quoted][:RELATED]
    return Known(
        question=question.text,
        found=got.answer.found,
        confidence=got.answer.confidence,
        reasons=_reasons(got.answer.evidence),
        cited=tuple(cited),
        related=tuple(search.hit_of(record, workspace_slug=workspace.slug) for record in near),
        figures=structured.read(workspace=workspace, text=question.text, circles=circles, now=now),
        kept=alike(workspace_id=workspace.pk, question=question.text, vector=got.vector, own=got.own),
    )
