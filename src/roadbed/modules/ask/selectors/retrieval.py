"""Passages that may answer a question, by words and meaning, among what the asker may see and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from roadbed.core.records.models import Record
from roadbed.core.search import ranking
from roadbed.core.search.models import SearchEntry
from roadbed.core.vectors import selectors as vectors
from roadbed.core.vectors.models import Passage
from roadbed_engines.text import answers, lexical, passages, questions
from roadbed_engines.text.embedding import Embedder

Floats = npt.NDArray[np.float32]

NEAR = 16
SHARING = 16
FRESH = 8
"""Passages that have no vector yet are read on the spot, up to so many."""
SENTENCES_ENCODED = 3
SENTENCE_READ = 100
"""Reading sentences is a third of the time of an answer. On XQuAD, where eight of them hold the answer in 94.6 of 100
cases, three do in 93.4, and refuse 88 of 100 questions whose passage is gone where eight refuse 90."""
OWN_KIND = "question"


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage of a record or of a comment on it."""

    record_id: int
    comment_id: int | None
    text: str
    cosine: float


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What was read for a question, best first, and what it says to it."""

    pieces: tuple[Piece, ...]
    scores: tuple[float, ...]
    answer: answers.Answer
    vector: Floats
    """The question's own."""
    own: tuple[int, ...]
    """Records that are questions themselves."""
    records: Mapping[int, Record]
    """The records of the pieces, which the asker may see."""


def own_ids(*, workspace_id: int) -> list[int]:
    """Return the records that are questions themselves, by the index of kinds."""
    rows = Record.objects.in_workspace(workspace_id).filter(kind=OWN_KIND)
    return list(rows.values_list("pk", flat=True))


def _stretches(text: str) -> list[str]:
    """Return a long text in passages; what stands for a whole record is not quoted as one."""
    pieces = passages.split(text[: lexical.LONGEST])
    return [text[start:end] for start, end in pieces] if len(pieces) > 1 else [text]


def _plain(text: str) -> str:
    """Return a text without the title that stands before it, where the text begins with the same words."""
    title, _, rest = text.partition("\n")
    start = " ".join(title.split()).rstrip("… ")
    return rest if start and " ".join(rest.split()).startswith(start) else text


def _near(
    *,
    workspace_id: int,
    vector: Floats,
    circles: Collection[int],
    entries: Sequence[SearchEntry],
    without: list[int],
) -> list[Piece]:
    near = vectors.nearest(
        workspace_id=workspace_id,
        vector=vector,
        circles=circles,
        without=without,
        beside={entry.record_id for entry in entries},
        limit=NEAR,
    )
    distinct = {one.passage_id: one for one in near}
    cut = {(one.record_id, one.comment_id) for one in distinct.values() if one.ordinal > 0}
    texts = vectors.texts_of(list(distinct))
    found = []
    for one in distinct.values():
        text = _plain(texts.get(one.passage_id, ""))
        if not text.strip() or (one.ordinal == 0 and (one.record_id, one.comment_id) in cut):
            continue
        parts = _stretches(text) if one.ordinal == 0 else [text]
        found += [Piece(one.record_id, one.comment_id, part, one.similarity) for part in parts]
    return found


def _fresh(
    entries: Sequence[SearchEntry], *, known: set[tuple[int, int | None]], embedder: Embedder, vector: Floats
) -> list[Piece]:
    """Read what was written a moment ago, whose vectors are not there yet."""
    left = [entry for entry in entries if (entry.record_id, entry.comment_id) not in known]
    # What has been read and is not among the nearest is far from the question: that is known without reading it again.
    read = set(
        Passage.objects.filter(entry_id__in=[entry.pk for entry in left]).values_list("entry_id", "read_at")
    )
    texts: list[tuple[SearchEntry, str]] = []
    for entry in left:
        if (entry.pk, entry.updated_at) not in read:
            whole = (
                f"{entry.title}\n{entry.body}" if entry.title and entry.body else entry.title or entry.body
            )
            texts += [(entry, part) for part in _stretches(_plain(whole)) if part.strip()]
    texts = texts[:FRESH]
    if not texts:
        return []
    cosines = embedder.encode([text for _, text in texts]) @ vector
    return [
        Piece(entry.record_id, entry.comment_id, text, float(cosine))
        for (entry, text), cosine in zip(texts, cosines, strict=True)
    ]


def _word_scores(
    pieces: Sequence[Piece], *, question: questions.Question, known: ranking.Commonness
) -> Floats:
    """Return BM25 over the pieces, with the rarity of words among all that the asker may see."""
    cut = [lexical.words(piece.text) for piece in pieces]
    mean = max(1.0, sum(map(len, cut)) / max(1, len(cut)))
    scores = np.zeros(len(pieces), dtype=np.float32)
    for at, said in enumerate(cut):
        norm = 1.2 * (0.25 + 0.75 * len(said) / mean)
        for word in question.words:
            times = said.count(word)
            if times:
                scores[at] += known.rarity(word) * times * 2.2 / (times + norm)
    return scores


def retrieve(
    *,
    workspace_id: int,
    question: questions.Question,
    circles: Collection[int],
    embedder: Embedder | None = None,
) -> Retrieved:
    """Read what may answer a question, and quote the best sentences of it.

    Parameters
    ----------
    circles : collection of int
        The circles of whoever asks. What is private to others is left out before anything is ranked.
    """
    reader = embedder or vectors.embedder_of(workspace_id=workspace_id)
    vector = reader.encode([question.text], kind="query")[0]
    terms = ranking.terms_of(question.text)
    known = ranking.commonness(terms, workspace_id=workspace_id, circles=circles)
    ids = ranking.any_of(
        terms,
        known=known,
        workspace_id=workspace_id,
        circles=circles,
        without_kinds=(OWN_KIND,),
        limit=SHARING,
    )
    own = own_ids(workspace_id=workspace_id)
    by_id = SearchEntry.objects.in_bulk(ids)
    # A comment on a question is no evidence either: a question does not answer itself.
    entries = [by_id[pk] for pk in ids if pk in by_id and by_id[pk].record_id not in set(own)]
    pieces = _near(workspace_id=workspace_id, vector=vector, circles=circles, entries=entries, without=own)
    held = {(piece.record_id, piece.comment_id) for piece in pieces}
    pieces += _fresh(entries, known=held, embedder=reader, vector=vector)
    records: dict[int, Record] = Record.objects.in_workspace(workspace_id, circles=circles).in_bulk(
        {piece.record_id for piece in pieces}
    )
    pieces = [piece for piece in pieces if piece.record_id in records]
    cosines = np.array([piece.cosine for piece in pieces], dtype=np.float32)
    scores = answers.fuse(
        cosines=cosines, lexical_scores=_word_scores(pieces, question=question, known=known)
    )
    order = [int(at) for at in np.argsort(-scores, kind="stable")]
    ranked = [pieces[at] for at in order]
    best = scores[order] if order else scores
    said = answers.answer(
        question=question,
        question_vector=vector,
        passages=[piece.text for piece in ranked],
        scores=best,
        rarity=known.rarity,
        encode=reader.encode,
        encoded=SENTENCES_ENCODED,
        characters=SENTENCE_READ,
    )
    return Retrieved(
        pieces=tuple(ranked),
        scores=tuple(float(score) for score in best),
        answer=said,
        vector=vector,
        own=tuple(own),
        records=records,
    )
