"""Questions answered in the words of the texts: rank passages, quote their best sentences, or say "not found".

What was measured (XQuAD-en, 1,190 questions over 240 paragraphs, see ``benchmarks/text_search.py``):

* Ranking by .7·cosine + .3·BM25/best beats either alone and reciprocal rank fusion.
* A sentence counts by its cosine, by how much of the question's rare words it holds, by its passage's score, by
  whether it has what is asked for (a date for *when*), and a little by its better neighbour.
* Whether the answer is there at all: of 33 figures, three carry as much as all of them together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from math import exp

import numpy as np
import numpy.typing as npt

from roadbed_engines.text import lexical, questions, sentences

Floats = npt.NDArray[np.float32]
Encode = Callable[[Sequence[str]], Floats]

LEXICAL_SHARE = 0.3
"""The share of BM25 in a passage's score, the rest being cosine."""
PASSAGES_READ = 5
LOOKED_AT = 8
"""So many times the passages read are looked at for one that says something new."""
SENTENCES_QUOTED = 3
SENTENCES_ENCODED = 8
SENTENCE_READ = 160
"""Characters of a sentence that are turned into a vector: those around the question's words. On XQuAD that is a quarter
less to read, holds 94.6 of 100 answers instead of 94.3, and refuses 90 of 100 questions whose passage is gone instead
of 89."""
_WORD = re.compile(r"\S+")
FOUND_FROM = 0.3
"""The confidence from which on an answer is shown: refuses 4 in 100 questions that XQuAD's paragraphs answer, and 69 of
100 whose paragraph is taken out."""
# Fitted by logistic regression on two sets of equal weight, each question once with its passage in the collection and
# once without: XQuAD-en (2,380 cases) and 616 customer questions against 77 short texts (BANKING77, one a topic).
# Learnt on either set alone, they carry over to the other; benchmarks/text_search.py prints the curve.
ALIKE = 0.65
"""Sentences this near to the best one say the same: they bear it out, and are no rivals of it."""
MOST_LEAD = 0.4
"""A lead above this says no more; it is also what a sentence without a rival has."""
BIAS, BY_COSINE, BY_COVERAGE, BY_LEAD = -5.171, 5.960, 2.415, 2.875


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an answer being there; each part of the confidence."""

    cosine: float
    """How near the best sentence is to the question."""
    coverage: float
    """The share of the question's words that the best sentence's passage holds, rare words counting more."""
    lead: float
    """How far the best sentence is ahead of the best one of any other passage."""

    @property
    def confidence(self) -> float:
        """From 0 to 1: how sure it is that the answer is there."""
        logit = BIAS + BY_COSINE * self.cosine + BY_COVERAGE * self.coverage + BY_LEAD * self.lead
        return 1.0 / (1.0 + exp(-max(-30.0, min(30.0, logit))))


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence that may answer, and where it stands."""

    passage: int
    """The position of its passage among the passages given."""
    start: int
    end: int
    text: str
    score: float
    cosine: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The best sentences, best first, and whether they are likely to answer. Without a quote there is no evidence."""

    quotes: tuple[Quote, ...]
    evidence: Evidence | None

    @property
    def confidence(self) -> float:
        """From 0 to 1; 0 where nothing could be quoted."""
        return self.evidence.confidence if self.evidence is not None else 0.0

    @property
    def found(self) -> bool:
        """Whether the confidence suffices to show it."""
        return self.confidence >= FOUND_FROM


def fuse(*, cosines: Floats, lexical_scores: Floats, share: float = LEXICAL_SHARE) -> Floats:
    """Return the scores of passages: (1 - share)·cosine + share·BM25/the best BM25.

    Parameters
    ----------
    cosines, lexical_scores : float arrays of one shape (n,)

    References
    ----------
    .. [1] S. Bruch, S. Gai, A. Ingber (2023), An Analysis of Fusion Functions for Hybrid Retrieval, ACM TOIS 42 (1).

    Examples
    --------
    >>> fuse(cosines=np.array([0.5, 0.4]), lexical_scores=np.array([0.0, 8.0])).round(2).tolist()
    [0.35, 0.58]
    """
    best = float(lexical_scores.max(initial=0.0))
    words = lexical_scores / best if best > 0 else np.zeros_like(lexical_scores)
    fused: Floats = (1.0 - share) * cosines + share * words
    return fused


@dataclass(frozen=True, slots=True)
class _Candidate:
    passage: int
    span: sentences.Span
    text: str
    coverage: float
    """Of the question's words, by rarity."""
    passage_coverage: float
    prior: float
    """What it scores before its cosine is known."""


def _coverage(words: set[str], *, weights: dict[str, float], total: float) -> float:
    return sum(weight for word, weight in weights.items() if word in words) / total if total > 0 else 0.0


def _candidates(
    *,
    question: questions.Question,
    passages: Sequence[str],
    scores: Floats,
    rarity: Callable[[str], float],
    read: int,
) -> list[_Candidate]:
    weights = {word: rarity(word) for word in question.words}
    total = sum(weights.values())
    found: list[_Candidate] = []
    taken = 0
    said: set[str] = set()
    for place in _foremost(scores, most=read * LOOKED_AT):
        if taken == read:
            break
        text = passages[place][: lexical.LONGEST]
        spans = sentences.split(text)
        plain = [_plain(span.of(text)) for span in spans]
        if said.issuperset(plain):
            continue  # a copy of what is read already would only take another passage's place
        taken += 1
        said.update(plain)
        covered = _coverage(set(lexical.words(text)), weights=weights, total=total)
        for span in spans:
            sentence = span.of(text)
            coverage = _coverage(set(lexical.words(sentence)), weights=weights, total=total)
            prior = 0.5 * coverage + 0.6 * float(scores[place]) + 0.15 * question.fits(sentence)
            found.append(_Candidate(place, span, sentence, coverage, covered, prior))
    return found


def _foremost(scores: Floats, *, most: int) -> list[int]:
    """Return the places of the highest scores, the highest first; a hundred thousand are not sorted for it."""
    some = np.arange(len(scores))
    if len(scores) > most:
        least = np.partition(scores, len(scores) - most)[len(scores) - most]
        some = np.flatnonzero(scores >= least)
    return [int(at) for at in some[np.argsort(-scores[some], kind="stable")][:most]]


def essence(text: str, *, words: Collection[str], characters: int = SENTENCE_READ) -> str:
    """Return the stretch of a long sentence that holds the most of some stems, in whole words; a short one as it is.

    Examples
    --------
    >>> essence("After the update of last week the map is slow at night", words={"map", "slow"}, characters=24)
    'week the map is slow at'
    """
    if len(text) <= characters:
        return text
    said = [found.span() for found in _WORD.finditer(text)]
    hits = [span for span in said if not set(lexical.words(text[span[0] : span[1]])).isdisjoint(words)]
    start = best = 0
    for left, _ in said:
        held = sum(left <= first and last <= left + characters for first, last in hits)
        if held > best:
            start, best = left, held
    ends = [last for first, last in said if first >= start and last <= start + characters]
    return text[start : max(ends, default=start + characters)]


def _lifted(candidates: Sequence[_Candidate], scores: Floats) -> Floats:
    """Let each sentence have a little of its better neighbour's score: an answer often follows what it answers."""
    lifted = scores.copy()
    for at, candidate in enumerate(candidates):
        beside = [
            float(scores[other])
            for other in (at - 1, at + 1)
            if 0 <= other < len(candidates) and candidates[other].passage == candidate.passage
        ]
        lifted[at] += 0.15 * max(beside, default=0.0)
    return lifted


def answer(
    *,
    question: questions.Question,
    question_vector: Floats,
    passages: Sequence[str],
    scores: Floats,
    rarity: Callable[[str], float],
    encode: Encode,
    read: int = PASSAGES_READ,
    encoded: int = SENTENCES_ENCODED,
    characters: int = SENTENCE_READ,
    quoted: int = SENTENCES_QUOTED,
) -> Answer:
    """Quote the sentences that answer best, and say how likely it is that they do.

    Parameters
    ----------
    question_vector : float array, shape (d,)
    passages : sequence of str, length n
        The texts that may be quoted. Whoever asks must be allowed to read every one of them.
    scores : float array, shape (n,)
        How well each passage matches, from `fuse`.
    rarity : callable
        How rare a stem is in the whole collection (`lexical.Vocabulary.rarity`).
    encode : callable
        Turns sentences into vectors of the same model as the question's.
    encoded : int
        How many of the likeliest sentences are turned into vectors; the others keep their words alone.
    characters : int
        How much of each of those is, around the question's words.

    Returns
    -------
    Answer
        Without quotes, and so not found, where there is no passage or no word in any.

    Examples
    --------
    >>> index = lexical.index(texts=["The map is slow at night. Vans wait.", "Invoices show two taxes."])
    >>> question = questions.read("Is the map slow?")
    >>> near = lambda texts: np.array([[0.9, 0.1] if "map" in text else [0.1, 0.9] for text in texts], dtype=np.float32)
    >>> said = answer(
    ...     question=question, question_vector=near(["map"])[0],
    ...     passages=["The map is slow at night. Vans wait.", "Invoices show two taxes."],
    ...     scores=fuse(cosines=np.array([0.8, 0.1]), lexical_scores=index.scores(question.text)),
    ...     rarity=index.vocabulary.rarity, encode=near,
    ... )
    >>> said.quotes[0].text, said.found
    ('The map is slow at night.', True)
    """
    candidates = _candidates(question=question, passages=passages, scores=scores, rarity=rarity, read=read)
    if not candidates or not question.words:
        return Answer(quotes=(), evidence=None)
    prior = np.array([candidate.prior for candidate in candidates], dtype=np.float32)
    # Those that share the question's words, and the best passage's own whatever their words.
    chosen = np.argsort(-prior, kind="stable")[:encoded]
    vectors = encode(
        [essence(candidates[int(at)].text, words=question.words, characters=characters) for at in chosen]
    )
    cosines = np.zeros(len(candidates), dtype=np.float32)
    cosines[chosen] = vectors @ question_vector
    known = np.zeros(len(candidates), dtype=bool)
    known[chosen] = True
    scored = _lifted(candidates, prior + 0.5 * cosines)
    scored[~known] -= 10.0
    order = [int(at) for at in np.argsort(-scored, kind="stable") if known[at]]
    best = order[0]
    row = {int(at): number for number, at in enumerate(chosen)}
    alike = vectors @ vectors[row[best]]
    evidence = Evidence(
        cosine=float(cosines[best]),
        coverage=candidates[best].passage_coverage,
        lead=_lead(order, candidates=candidates, scores=scored, alike=lambda at: float(alike[row[at]])),
    )
    distinct = _once(order, candidates)
    return Answer(
        quotes=tuple(
            Quote(
                passage=candidates[at].passage,
                start=candidates[at].span.start,
                end=candidates[at].span.end,
                text=candidates[at].text,
                score=float(scored[at]),
                cosine=float(cosines[at]),
                coverage=candidates[at].coverage,
            )
            for at in distinct[:quoted]
        ),
        evidence=evidence,
    )


def _lead(
    order: Sequence[int], *, candidates: Sequence[_Candidate], scores: Floats, alike: Callable[[int], float]
) -> float:
    """Return how far the best sentence is ahead of the best of another passage that says something else."""
    best = order[0]
    for at in order[1:]:
        if candidates[at].passage != candidates[best].passage and alike(at) < ALIKE:
            return max(0.0, min(float(scores[best] - scores[at]), MOST_LEAD))
    return MOST_LEAD


def _plain(text: str) -> str:
    return " ".join(lexical.raw_words(text))


def _once(order: Sequence[int], candidates: Sequence[_Candidate]) -> list[int]:
    """Leave out sentences whose words are a part of a better one, or hold it: three quotes are to say three things."""
    said: list[str] = []
    kept = []
    for at in order:
        plain = f" {_plain(candidates[at].text)} "
        if not any(plain in other or other in plain for other in said):
            said.append(plain)
            kept.append(at)
    return kept
