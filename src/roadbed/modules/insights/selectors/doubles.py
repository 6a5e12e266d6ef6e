"""Which pieces may say the same: by their words and their meaning together, never across a wall."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import Q, QuerySet

from roadbed.core import prepared
from roadbed.core.search import ranking
from roadbed.core.search.models import SearchEntry
from roadbed.core.vectors import selectors as vectors
from roadbed.core.vectors.embedders import ModelMissingError
from roadbed.core.workspaces.access import Access
from roadbed.modules.insights.models import Double, Feedback
from roadbed.modules.insights.selectors.suggestions import telling_words
from roadbed_engines.text import duplicates

SUGGESTED_FROM = 0.55
"""On labelled paraphrases, from about here on three of four pairs say the same."""
CANDIDATES = 12
TELLING = 6
"""So many of a text's words are looked up."""
SHORTEST = 12
"""Letters that it takes to look for anything."""
PAGE = 20


@dataclass(frozen=True, slots=True)
class Similar:
    """A piece that may say the same as a text, how likely, and why."""

    piece: Feedback
    score: float
    why: str

    @property
    def share(self) -> int:
        """The score in hundredths."""
        return round(self.score * 100)


def _by_words(*, workspace_id: int, text: str, circles: Collection[int]) -> list[int]:
    """Return the pieces that share the rarest of a text's telling words, among those that may be seen."""
    terms = ranking.terms_of(" ".join(telling_words(text)[:TELLING]))
    if not terms:
        return []
    known = ranking.commonness(terms, workspace_id=workspace_id, circles=circles)
    ids = ranking.any_of(
        terms,
        known=known,
        workspace_id=workspace_id,
        circles=circles,
        kinds=("feedback",),
        limit=CANDIDATES,
    )
    return list(SearchEntry.objects.filter(pk__in=ids).values_list("record_id", flat=True))


def similar_to(
    *,
    workspace_id: int,
    text: str,
    circles: Collection[int] = (),
    without: Collection[int] = (),
    most: int = 5,
    least: float = SUGGESTED_FROM,
) -> list[Similar]:
    """Return the pieces that most likely say what a text says, best first; none for a few letters.

    Candidates come by words from the index and by meaning from the vectors; a handful is then rated by both. Where
    no model is installed, words alone count.
    """
    if sum(map(str.isalnum, text[:400])) < SHORTEST:
        return []
    vector, near = None, {}
    try:
        vector = vectors.embedder_of(workspace_id=workspace_id).encode([text[:2000]], kind="passage")[0]
        found = vectors.nearest(
            workspace_id=workspace_id,
            vector=vector,
            circles=circles,
            kinds=("feedback",),
            without=without,
            whole=True,
            limit=CANDIDATES,
        )
        near = {one.record_id: one.similarity for one in found if one.comment_id is None}
    except ModelMissingError:
        vector = None
    ids = list(dict.fromkeys([*near, *_by_words(workspace_id=workspace_id, text=text, circles=circles)]))
    rows = Feedback.objects.in_workspace(workspace_id, circles=circles).filter(pk__in=ids)
    pieces = list(rows.exclude(pk__in=list(without)).select_related("person", "account"))
    rated = _rate(workspace_id=workspace_id, text=text, vector=vector, pieces=pieces)
    return [one for one in rated if one.score >= least][:most]


def _rate(
    *, workspace_id: int, text: str, vector: vectors.Matrix | None, pieces: Sequence[Feedback]
) -> list[Similar]:
    if not pieces:
        return []
    if vector is None:
        none = np.zeros((len(pieces), 1), dtype=np.float32)
        found = duplicates.score_pairs(
            text=text, vector=none[0], others=[piece.text for piece in pieces], vectors=none, share=1.0
        )
    else:
        known = vectors.vectors_of(workspace_id=workspace_id, record_ids=[piece.pk for piece in pieces])
        rows = dict(zip(known.ids, known.matrix, strict=True))
        empty = np.zeros(len(vector), dtype=np.float32)
        matrix = np.stack([rows.get(piece.pk, empty) for piece in pieces])
        found = duplicates.score_pairs(
            text=text, vector=vector, others=[piece.text for piece in pieces], vectors=matrix
        )
    return [Similar(pieces[one.position], one.score, one.why) for one in found]


def _seen(*, workspace_id: int, circles: Collection[int] = ()) -> QuerySet[Double]:
    """Pairs whose two pieces the reader may see as they stand now."""
    visible = Q(circle__isnull=True) | Q(circle_id__in=list(circles))
    pieces = Feedback.objects.filter(visible, home_id=workspace_id)
    return Double.objects.filter(workspace_id=workspace_id, older__in=pieces, newer__in=pieces)


def to_decide(*, workspace_id: int, circles: Collection[int] = ()) -> QuerySet[Double]:
    """Return the pairs that wait for somebody to decide, the likeliest first."""
    rows = _seen(workspace_id=workspace_id, circles=circles).filter(
        state=Double.State.OPEN, older__deleted_at__isnull=True, newer__deleted_at__isnull=True
    )
    people = ("older__person", "older__account", "newer__person", "newer__account")
    return rows.select_related(*people).order_by("-score", "-pk")


def of_piece(*, feedback: Feedback, circles: Collection[int] = (), most: int = 3) -> list[Double]:
    """Return the open pairs that a piece is one of, the likeliest first."""
    own = Q(older_id=feedback.pk) | Q(newer_id=feedback.pk)
    # Most pieces have none, which a short look at an index tells; the long statement is for those that have.
    ids = list(Double.objects.filter(own, state=Double.State.OPEN).values_list("pk", flat=True))
    if not ids:
        return []
    return list(to_decide(workspace_id=feedback.workspace_id, circles=circles).filter(pk__in=ids)[:most])


def decided(*, workspace_id: int, circles: Collection[int] = (), most: int = 50) -> list[Double]:
    """Return what was decided lately, by people and by itself."""
    rows = _seen(workspace_id=workspace_id, circles=circles).exclude(state=Double.State.OPEN)
    return list(
        rows.select_related("older", "newer", "decided_by", "merge").order_by("-decided_at", "-pk")[:most]
    )


def access_double(*, workspace_id: int, pk: int, circles: Collection[int] = ()) -> Double:
    """Return a pair, or raise `Double.DoesNotExist`, for strangers and behind walls too."""
    rows = _seen(workspace_id=workspace_id, circles=circles)
    return rows.select_related("older", "newer", "merge").get(pk=pk)


def count_waiting(access: Access) -> int:
    """How many pairs wait, for the navigation; nothing for those who cannot decide them."""
    if not access.can_make:
        return 0
    return _WAITING.count(workspace=access.workspace.pk, circles=access.circle_ids)


def _waiting(workspace: int, circles: Collection[int]) -> QuerySet[Double]:
    return to_decide(workspace_id=workspace, circles=circles).select_related(None).order_by()[:100]


_WAITING = prepared.Question(_waiting)
