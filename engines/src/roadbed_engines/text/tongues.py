"""Keeping languages apart: a model that reads one language puts all others together, whatever they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from roadbed_engines.text import neighbours as near

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Spoken = npt.NDArray[np.int32]
Groups = npt.NDArray[np.int32]
Vectors = npt.NDArray[np.float32]

UNKNOWN = -1
APART = 8
FEWEST = 3
SHARE = 500
"""A language has themes of its own from three texts on among a few dozen, from eight among more, and from one in five
hundred among thousands: with fewer, the detector's slips would make some."""
SURE = 0.7
"""A language that was told less surely than this is better taken as unknown here."""


def spoken(*, languages: Sequence[str]) -> Spoken | None:
    """Return the number of each text's language: 0 the commonest; -1 unknown, or of too few texts.

    None where there are fewer than two languages to keep apart.

    >>> spoken(languages=["en"] * 9 + ["de"] * 8 + ["", "fr"])[-4:].tolist()
    [1, 1, -1, -1]
    >>> spoken(languages=["en"] * 9 + ["fr"]) is None
    True
    """
    counts = Counter(code for code in languages if code)
    least = max(min(APART, max(FEWEST, len(languages) // 20)), len(languages) // SHARE)
    ordered = sorted(
        (code for code, count in counts.items() if count >= least), key=lambda c: (-counts[c], c)
    )
    if len(ordered) < 2:
        return None
    number = {code: place for place, code in enumerate(ordered)}
    return np.array([number.get(code, UNKNOWN) for code in languages], dtype=np.int32)


def among_their_own(found: near.Neighbours, *, vectors: Vectors, tongue: Spoken) -> near.Neighbours:
    """Return neighbours without those of another language; who lost half of theirs gets the nearest of their own.

    A text of unknown language (it is too short to tell) may have any neighbour, and be anybody's.
    """
    index, similarity = found.index.copy(), found.similarity.copy()
    k = index.shape[1]
    there = index >= 0
    other = tongue[np.maximum(index, 0)]
    foreign = there & (other >= 0) & (tongue[:, None] >= 0) & (other != tongue[:, None])
    index[foreign], similarity[foreign] = -1, 0.0
    bereft = (foreign.sum(axis=1) * 2 >= np.maximum(there.sum(axis=1), 1)) & foreign.any(axis=1)
    for number in np.unique(tongue[bereft]).tolist():
        own = np.flatnonzero(tongue == number)
        asking = np.flatnonzero(bereft & (tongue == number))
        width = min(k + 1, len(own))
        best = near.nearest_among(queries=vectors[asking], vectors=vectors[own], k=width)
        for place, row in enumerate(asking.tolist()):
            rows, cosines = own[best.index[place]], best.similarity[place]
            others = np.flatnonzero(rows != row)[:k]
            index[row], similarity[row] = -1, 0.0
            index[row, : len(others)] = rows[others]
            similarity[row, : len(others)] = cosines[others]
    return near.Neighbours(index=index, similarity=similarity)


def fill(graph: csr_matrix, *, tongue: Spoken) -> Spoken:
    """Return the languages with the unknown ones read off their ties; the commonest where there are none."""
    from scipy.sparse import csr_matrix

    lost = np.flatnonzero(tongue < 0)
    if not len(lost):
        return tongue
    known = np.flatnonzero(tongue >= 0)
    shape = (len(tongue), int(tongue.max()) + 1)
    speaks = csr_matrix((np.ones(len(known)), (known, tongue[known])), shape=shape)
    weights: Any = (graph[lost] @ speaks).toarray()
    out = tongue.copy()
    out[lost] = np.where(weights.sum(axis=1) > 0, weights.argmax(axis=1), 0)
    return out


def part(groups: Groups, *, tongue: Spoken) -> Groups:
    """Return groups of one language each; -1 stays -1.

    >>> part(np.array([0, 0, 0, 1, -1]), tongue=np.array([0, 0, 1, 1, 1])).tolist()
    [0, 0, 1, 2, -1]
    """
    pairs = np.stack([groups, tongue], axis=1)
    _, places = np.unique(pairs[groups >= 0], axis=0, return_inverse=True)
    out = np.full(len(groups), -1, dtype=np.int32)
    out[groups >= 0] = places.ravel()
    return out


def of_groups(groups: Groups, *, tongue: Spoken, count: int) -> Spoken:
    """Return the language that most of each group's texts are in; -1 where none is known."""
    found = np.full(count, UNKNOWN, dtype=np.int32)
    known = (groups >= 0) & (tongue >= 0)
    if known.any():
        votes = np.zeros((count, int(tongue.max()) + 1), dtype=np.int64)
        np.add.at(votes, (groups[known], tongue[known]), 1)
        found = np.where(votes.sum(axis=1) > 0, votes.argmax(axis=1), UNKNOWN).astype(np.int32)
    return found
