"""Texts that say the same: found by their words and by their meaning together, exact copies first.

What was measured (``benchmarks/text_search.py``): on bug reports the words count as much as the vectors (names of
functions, error messages), on short questions put in other words they mislead. So the share of the words follows how
rich the collection's language is, from .15 (few words, used over and over) to .5.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from roadbed_engines.text import lexical, neighbours

Floats = npt.NDArray[np.float32]

SHARE_OF_WORDS = (0.15, 0.5)
RICHNESS = (0.75, 1.75)
"""Different words a text brings on average, among a thousand: the ends between which the share of the words grows."""
SAMPLE = 1_000
NEAREST = 20
COMMON = 0.1
"""Words in more than this share of a large collection find nobody; they still count in a pair's score."""
LARGE = 3_000
BLOCK = 512


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts (the earlier first) that may say the same, and why it looks so."""

    first: int
    second: int
    score: float
    """From 0 to 1; 1 for copies."""
    cosine: float
    overlap: float
    """The cosine of their words, rare words counting more."""
    words: tuple[str, ...]
    """The rarest stems they share."""
    is_copy: bool = False

    @property
    def why(self) -> str:
        """The reason, for a person."""
        if self.is_copy:
            return "word for word the same"
        means = f"meaning {self.cosine:.2f}"
        return f"{means}, both say {', '.join(self.words)}" if self.words else f"{means}, in other words"


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two texts are."""

    score: float
    cosine: float
    overlap: float


def share_of_words(*, different: int, texts: int) -> float:
    """Return how much the words count beside the meaning, for a collection with so many different words.

    Examples
    --------
    >>> share_of_words(different=630, texts=1000), share_of_words(different=5_000, texts=1000)
    (0.15, 0.5)
    """
    if texts <= 0:
        return SHARE_OF_WORDS[0]
    (least, most), (poor, rich) = SHARE_OF_WORDS, RICHNESS
    part = (different / texts - poor) / (rich - poor)
    return least + (most - least) * min(1.0, max(0.0, part))


def likeness(*, cosine: float, overlap: float, share: float) -> Likeness:
    """Return the fused score of two texts: (1 - share)·cosine + share·overlap, never below 0.

    Examples
    --------
    >>> round(likeness(cosine=0.8, overlap=0.4, share=0.5).score, 2)
    0.6
    """
    score = (1.0 - share) * cosine + share * overlap
    return Likeness(score=max(0.0, min(1.0, score)), cosine=cosine, overlap=overlap)


def _copies(cut: Sequence[Sequence[str]]) -> tuple[list[int], dict[int, list[int]]]:
    """Return one text of each wording, and for each of these its further copies."""
    first: dict[tuple[str, ...], int] = {}
    further: dict[int, list[int]] = {}
    for place, said in enumerate(cut):
        key = tuple(said)
        if not key:
            continue  # an empty text is nobody's duplicate
        if key in first:
            further.setdefault(first[key], []).append(place)
        else:
            first[key] = place
    return list(first.values()), further


def _richness(counts: scipy.sparse.csr_matrix) -> float:
    """Return the share of the words from an even sample, so that it does not change as a collection grows."""
    rows = counts.shape[0]
    if rows == 0:
        return SHARE_OF_WORDS[0]
    sample = counts[np.linspace(0, rows - 1, min(SAMPLE, rows)).astype(np.int64)]
    # A small collection has had no occasion to repeat itself: it is taken as if it had grown by Heaps' law.
    different = len(np.unique(sample.indices)) * (min(SAMPLE, rows) / SAMPLE) ** 0.4
    return share_of_words(different=int(different), texts=sample.shape[0])


def _by_words(
    weights: scipy.sparse.csr_matrix, *, counts: npt.NDArray[np.int64], nearest: int
) -> Iterator[tuple[int, int]]:
    """Yield for each text those whose words are most like its own."""
    rows = weights.shape[0]
    searched = weights
    if rows > LARGE:
        telling = (counts <= max(COMMON * rows, 50)).astype(np.float32)
        searched = scipy.sparse.csr_matrix(weights @ scipy.sparse.diags(telling))
        searched.eliminate_zeros()
    columns = searched.T.tocsr()
    for start in range(0, rows, BLOCK):
        block = scipy.sparse.csr_matrix(searched[start : start + BLOCK] @ columns)
        for at in range(block.shape[0]):
            part = slice(block.indptr[at], block.indptr[at + 1])
            found, values = block.indices[part], block.data[part]
            if len(found) > nearest + 1:
                found = found[np.argpartition(-values, nearest)[: nearest + 1]]
            for other in found.tolist():
                if other != start + at:
                    yield start + at, other


def find_duplicates(
    *,
    texts: Sequence[str],
    vectors: Floats,
    least: float = 0.25,
    per_text: int = 10,
    copies_listed: int = 200,
    seed: int = 0,
) -> tuple[Pair, ...]:
    """Return the pairs of texts that most likely say the same, the likeliest first.

    Copies (the same words in the same order, whatever the punctuation) are found first and pair with the first of
    them; every other pair is between one text of each wording. So ten thousand copies make no hundred million pairs.

    Parameters
    ----------
    texts : sequence of str, length n
    vectors : float array, shape (n, d)
        Their vectors, of length 1 or 0.
    least : float
        Pairs that score less are left out.
    per_text : int
        How many of its best pairs each text keeps. A pair stays where either of its two texts keeps it.
    copies_listed : int
        How many copies of one wording are listed; what is beyond is a mass mailing and listed no further.

    Raises
    ------
    ValueError
        If there are not as many vectors as texts.

    Examples
    --------
    >>> vectors = np.array([[1, 0], [1, 0], [0.8, 0.6], [0, 1]], dtype=np.float32)
    >>> texts = ["Map is slow", "map is slow!", "The map takes long", "Invoice is wrong"]
    >>> [(pair.first, pair.second, pair.why) for pair in find_duplicates(texts=texts, vectors=vectors, least=0.65)]
    [(0, 1, 'word for word the same'), (0, 2, 'meaning 0.80, both say map')]
    """
    if len(texts) != len(vectors):
        raise ValueError("There must be one vector a text")
    kept, further = _copies([lexical.raw_words(text) for text in texts])
    pairs = [
        Pair(first, other, 1.0, 1.0, 1.0, (), is_copy=True)
        for first, others in further.items()
        for other in others[:copies_listed]
    ]
    pairs += _alike(
        texts=[texts[at] for at in kept],
        vectors=vectors[kept],
        places=kept,
        least=least,
        per_text=per_text,
        seed=seed,
    )
    pairs.sort(key=lambda pair: (-pair.score, pair.first, pair.second))
    return tuple(pairs)


def _alike(
    *, texts: Sequence[str], vectors: Floats, places: Sequence[int], least: float, per_text: int, seed: int
) -> list[Pair]:
    if len(texts) < 2:
        return []
    vocabulary, counts = lexical.count_words([lexical.words(text) for text in texts])
    rarities = vocabulary.rarities()
    weights = lexical.tf_idf(counts=counts, rarity=rarities)
    share = _richness(counts)
    near = neighbours.nearest_others(vectors=vectors, k=min(NEAREST, len(texts) - 1), seed=seed)
    found = {
        (min(row, int(other)), max(row, int(other)))
        for row, others in enumerate(near.index)
        for other in others
        if other >= 0
    }
    for row, other in _by_words(weights, counts=vocabulary.counts, nearest=NEAREST):
        found.add((min(row, other), max(row, other)))
    sides = np.array(sorted(found), dtype=np.int64)
    cosines = np.einsum("ij,ij->i", vectors[sides[:, 0]], vectors[sides[:, 1]])
    overlaps = np.asarray(weights[sides[:, 0]].multiply(weights[sides[:, 1]]).sum(axis=1)).ravel()
    scores = np.clip((1.0 - share) * cosines + share * overlaps, 0.0, 0.99)
    chosen = _best_of_each(sides, scores, texts=len(texts), per_text=per_text) & (scores >= least)
    names = list(vocabulary.ids)
    pairs = []
    for at in np.flatnonzero(chosen).tolist():
        row, other = int(sides[at, 0]), int(sides[at, 1])
        first, second = sorted((places[row], places[other]))
        shared = np.intersect1d(_row(counts, row), _row(counts, other))
        rarest = shared[np.argsort(-rarities[shared], kind="stable")][:5]
        pairs.append(
            Pair(
                first,
                second,
                float(scores[at]),
                float(cosines[at]),
                float(overlaps[at]),
                tuple(names[word] for word in rarest.tolist()),
            )
        )
    return pairs


def _row(matrix: scipy.sparse.csr_matrix, at: int) -> npt.NDArray[np.int64]:
    found: npt.NDArray[np.int64] = matrix.indices[matrix.indptr[at] : matrix.indptr[at + 1]]
    return found


def _best_of_each(
    sides: npt.NDArray[np.int64], scores: Floats, *, texts: int, per_text: int
) -> npt.NDArray[np.bool_]:
    """Mark the pairs that are among the best of either of their texts."""
    count = np.zeros(texts, dtype=np.int64)
    chosen = np.zeros(len(sides), dtype=bool)
    for at in np.argsort(-scores, kind="stable").tolist():
        row, other = sides[at]
        chosen[at] = count[row] < per_text or count[other] < per_text
        count[row] += 1
        count[other] += 1
    return chosen


@dataclass(frozen=True, slots=True)
class Rated:
    """One text among those compared with a new one."""

    position: int
    score: float
    cosine: float
    words: tuple[str, ...]

    @property
    def why(self) -> str:
        """The reason, for a person."""
        means = f"meaning {self.cosine:.2f}"
        return f"{means}, both say {', '.join(self.words)}" if self.words else f"{means}, in other words"


def score_pairs(
    *, text: str, vector: Floats, others: Sequence[str], vectors: Floats, share: float = 0.35
) -> tuple[Rated, ...]:
    """Rate each of a few texts (candidates of a search) by how likely it says what a new one says, best first.

    Meant for suggestions while somebody types: words are weighed by how rare they are among the candidates and by
    their length, and unfinished last words count where a candidate has a word that starts so.

    Parameters
    ----------
    vector : float array, shape (d,)
    vectors : float array, shape (n, d)
    share : float
        How much the words count beside the meaning.

    Examples
    --------
    >>> found = score_pairs(text="map slo", vector=np.array([1.0, 0.0]), others=["Invoice", "The map is slow"],
    ...     vectors=np.array([[0.0, 1.0], [0.8, 0.6]]))
    >>> found[0].position, found[0].words
    (1, ('slow', 'map'))
    """
    if len(others) != len(vectors):
        raise ValueError("There must be one vector a text")
    mine = dict.fromkeys(lexical.words(text))
    cut = [set(lexical.words(other)) for other in others]
    vocabulary, _ = lexical.count_words([[*words] for words in cut])
    last = next(reversed(mine), "")
    cosines = vectors @ vector if len(others) else np.zeros(0)
    rated = []
    for position, theirs in enumerate(cut):
        shared = {word for word in mine if word in theirs}
        if last and last not in shared and not text.endswith((" ", ".", "?", "!")):
            shared |= set(sorted(word for word in theirs if word.startswith(last) and len(last) > 1)[:1])
        total = sum(vocabulary.rarity(word) for word in mine)
        overlap = sum(vocabulary.rarity(word) for word in shared) / total if total > 0 else 0.0
        alike = likeness(cosine=float(cosines[position]), overlap=min(1.0, overlap), share=share)
        names = sorted(shared, key=lambda word: (-vocabulary.rarity(word), -len(word), word))[:5]
        rated.append(Rated(position, alike.score, alike.cosine, tuple(names)))
    return tuple(sorted(rated, key=lambda one: (-one.score, one.position)))
