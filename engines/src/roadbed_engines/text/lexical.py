"""Texts by their words: how they are cut, how rare a word is, and who shares the rare ones (BM25 and TF-IDF)."""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from roadbed_engines.text.stems import stem

Floats = npt.NDArray[np.float32]

LONGEST = 20_000
"""Characters of a text that are read. What a person says fits; a pasted log must not weigh like a book."""
_STOPPED = (
    "a about above after again against all am an and any are aren as at be because been before being below "
    "between both but by can cannot could couldn d did didn do does doesn doing don down during each else few for "
    "from further get got had hadn has hasn have haven having he her here hers herself him himself his how i if in "
    "into is isn it its itself just ll m me more most my myself no nor not now of off on once only or other our ours "
    "ourselves out over own please re s same shan she should shouldn so some such t than that the their theirs them "
    "themselves then there these they this those through to too under until up upon us ve very was wasn we were "
    "weren what when where which while who whom whose why will with won would wouldn you your yours yourself "
    "yourselves"
)
STOP_WORDS = frozenset(_STOPPED.split())
_TOKEN = re.compile(r"\d+(?:[.,:]\d+)+|[^\W_]+")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")


def fold(text: str) -> str:
    """Return a text in lower case without accents, so that *Café* and *cafe* are one word.

    Examples
    --------
    >>> fold("Ärger im Café")
    'arger im cafe'
    """
    text = text[:LONGEST]
    if text.isascii():
        return text.lower()
    split = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFKC", "".join(c for c in split if not "\u0300" <= c <= "\u036f"))


def raw_words(text: str) -> list[str]:
    """Return the words of a text as they are written, folded; numbers with their points stay whole.

    Scripts written without spaces (Han, Kana, Thai) come as overlapping pairs of characters.

    Examples
    --------
    >>> raw_words("Port browser.tabs to 2.49.5!")
    ['port', 'browser', 'tabs', 'to', '2.49.5']
    >>> raw_words("配達が遅い")
    ['配達', '達が', 'が遅', '遅い']
    """
    found: list[str] = []
    for token in _TOKEN.findall(fold(text)):
        if token.isascii():
            found.append(token)
            continue
        at = 0
        for run in _UNSPACED.finditer(token):
            if run.start() > at:
                found.append(token[at : run.start()])
            chars = run.group()
            found += [chars[i : i + 2] for i in range(max(1, len(chars) - 1))]
            at = run.end()
        if at < len(token):
            found.append(token[at:])
    return found


def words(text: str) -> list[str]:
    """Return the stems of a text's words, without stop words unless there is nothing else.

    Examples
    --------
    >>> words("The routes were planned at night")
    ['rout', 'plan', 'night']
    >>> words("To be or not to be")
    ['to', 'be', 'or', 'not', 'to', 'be']
    """
    raw = raw_words(text)
    kept = [stem(word) for word in raw if word not in STOP_WORDS]
    return kept or raw


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Every word of a collection, and how many of its texts have it."""

    ids: dict[str, int]
    counts: npt.NDArray[np.int64]
    texts: int

    def rarity(self, word: str) -> float:
        """Return how much a shared word says: BM25's inverse document frequency; unknown words are the rarest."""
        at = self.ids.get(word)
        count = 0 if at is None else int(self.counts[at])
        return float(np.log(1.0 + (self.texts - count + 0.5) / (count + 0.5)))

    def rarities(self) -> Floats:
        """Return the rarity of every word, by its id."""
        odds = (self.texts - self.counts + 0.5) / (self.counts + 0.5)
        return np.log1p(odds).astype(np.float32)


@dataclass(frozen=True, slots=True)
class LexicalIndex:
    """Texts by words: ``counts`` (texts × words) and what BM25 makes of them."""

    vocabulary: Vocabulary
    counts: scipy.sparse.csr_matrix
    weights: scipy.sparse.csc_matrix
    """BM25 weight of each word in each text; the score of a query is the sum of its words' columns."""

    def scores(self, query: str) -> Floats:
        """Return the BM25 score of every text for a query; repeated words count once."""
        total = np.zeros(self.counts.shape[0], dtype=np.float32)
        indptr, rows, data = self.weights.indptr, self.weights.indices, self.weights.data
        for word in dict.fromkeys(words(query)):
            at = self.vocabulary.ids.get(word)
            if at is not None:
                part = slice(indptr[at], indptr[at + 1])
                total[rows[part]] += data[part]
        return total

    def shared_words(self, first: int, second: int, *, most: int = 5) -> tuple[str, ...]:
        """Return the stems that two texts share, the rarest first."""
        mine, theirs = self._words_of(first), self._words_of(second)
        rarities = self.vocabulary.counts
        both = sorted(mine & theirs, key=lambda at: (int(rarities[at]), at))[:most]
        names = list(self.vocabulary.ids)
        return tuple(names[at] for at in both)

    def _words_of(self, row: int) -> set[int]:
        part = slice(self.counts.indptr[row], self.counts.indptr[row + 1])
        return set(self.counts.indices[part].tolist())


def count_words(texts: Sequence[Sequence[str]]) -> tuple[Vocabulary, scipy.sparse.csr_matrix]:
    """Return the vocabulary of texts that are cut into words, and how often each has each (texts × words)."""
    ids: dict[str, int] = {}
    indptr, indices, data = array("q", [0]), array("q"), array("f")
    for text in texts:
        for word, times in Counter(text).items():
            indices.append(ids.setdefault(word, len(ids)))
            data.append(times)
        indptr.append(len(indices))
    matrix = scipy.sparse.csr_matrix(
        (
            np.frombuffer(data, dtype=np.float32) if data else np.zeros(0, np.float32),
            np.frombuffer(indices, dtype=np.int64) if indices else np.zeros(0, np.int64),
            np.frombuffer(indptr, dtype=np.int64),
        ),
        shape=(len(texts), max(1, len(ids))),
        copy=True,
    )
    matrix.sort_indices()
    found = np.bincount(matrix.indices, minlength=max(1, len(ids))).astype(np.int64)
    return Vocabulary(ids=ids, counts=found, texts=len(texts)), matrix


def index(*, texts: Sequence[str], k1: float = 1.2, b: float = 0.75) -> LexicalIndex:
    """Index texts by their words.

    Parameters
    ----------
    k1, b : float
        BM25's saturation and its share of length normalisation; those of SQLite's FTS5.

    References
    ----------
    .. [1] S. Robertson, H. Zaragoza (2009), The Probabilistic Relevance Framework: BM25 and Beyond.

    Examples
    --------
    >>> found = index(texts=["The van was late again", "The invoice was wrong", ""])
    >>> [round(float(score), 2) for score in found.scores("late vans")]
    [1.63, 0.0, 0.0]
    """
    vocabulary, counts = count_words([words(text) for text in texts])
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    mean = float(lengths.mean()) if len(lengths) and lengths.any() else 1.0
    norm = (k1 * (1.0 - b + b * lengths / mean)).astype(np.float32)
    weights = counts.tocoo()
    rarity = vocabulary.rarities()
    times = weights.data
    weighted = scipy.sparse.csc_matrix(
        (rarity[weights.col] * times * (k1 + 1.0) / (times + norm[weights.row]), (weights.row, weights.col)),
        shape=counts.shape,
        dtype=np.float32,
    )
    return LexicalIndex(vocabulary=vocabulary, counts=counts, weights=weighted)


def tf_idf(*, counts: scipy.sparse.csr_matrix, rarity: Floats) -> scipy.sparse.csr_matrix:
    """Return counts as rows of length one: (1 + ln count) × rarity, so that a product of rows is their cosine.

    Rows without a word stay empty.
    """
    matrix = counts.astype(np.float32).copy()
    matrix.data = (1.0 + np.log(matrix.data)) * rarity[matrix.indices]
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scale = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return scipy.sparse.csr_matrix(scipy.sparse.diags(scale.astype(np.float32)) @ matrix)


def grams(text: str, *, sizes: tuple[int, ...] = (3, 4, 5)) -> list[str]:
    """Return the runs of letters within each word (with its edges), which misspelt and joined words share.

    Examples
    --------
    >>> grams("a van", sizes=(3,))
    [' a ', ' va', 'van', 'an ']
    """
    found: list[str] = []
    for word in raw_words(text):
        edged = f" {word} "
        for size in sizes:
            found += [edged[i : i + size] for i in range(len(edged) - size + 1)]
    return found
