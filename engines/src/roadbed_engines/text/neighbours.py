"""The nearest neighbours of every vector among its own kind, exact where that is cheap and nearly so above.

References
----------
.. [1] J. Sivic, A. Zisserman (2003), Video Google, ICCV 2003: search within the cells of a k-means partition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.floating[Any]]
Indices = npt.NDArray[np.int32]
Similarities = npt.NDArray[np.float32]

EXACT = 30_000
BLOCK_CELLS = 24_000_000
"""How many similarities are held at a time: about 100 MB."""
PROBES = 12
SAMPLE = 40
ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Neighbours:
    """For each of n vectors its k nearest others, nearest first; ties go to the lower index.

    `index` has shape (n, k), -1 where there are fewer than k others; `similarity` has the same shape, cosines.
    """

    index: Indices
    similarity: Similarities


def nearest_others(*, vectors: Vectors, k: int = 10, exact: int = EXACT, seed: int = 0) -> Neighbours:
    """Find the k nearest others of every vector by cosine.

    Up to `exact` vectors every pair is compared. Above, vectors are parted into about √n cells by k-means,
    and each is compared with the members of the twelve cells whose centres are nearest to it: about 98 in
    100 of the true neighbours are found, in a fraction of the time. The same input and seed give the same
    answer.

    Parameters
    ----------
    vectors : float array, shape (n, d)
        Rows of length 1 (or 0), so that a product is a cosine.
    k : int
        At least 1.
    exact : int
        Up to how many vectors all pairs are compared.
    seed : int
        Chooses the vectors that the cells are learnt from.

    Raises
    ------
    ValueError
        If k is less than 1 or the vectors are no table.

    Examples
    --------
    >>> found = nearest_others(vectors=np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]]), k=1)
    >>> found.index[:, 0].tolist()
    [2, 2, 1]
    """
    if k < 1:
        raise ValueError("k must be at least 1")
    if vectors.ndim != 2:
        raise ValueError("vectors must have shape (n, d)")
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    n = len(rows)
    index = np.full((n, k), -1, dtype=np.int32)
    similarity = np.full((n, k), -np.inf, dtype=np.float32)
    if n > 1 and n <= exact:
        _all_pairs(rows, index, similarity)
    elif n > 1:
        _by_cells(rows, index, similarity, seed=seed)
    similarity[index < 0] = 0.0
    return Neighbours(index=index, similarity=similarity)


def nearest_among(
    *, queries: Vectors, vectors: Vectors, k: int = 10, exact: int = EXACT, seed: int = 0
) -> Neighbours:
    """Find, for each query, its k nearest among the vectors.

    Every pair is compared where there are few of either; many queries among more than `exact` vectors are compared
    with the members of the twelve nearest cells, as `nearest_others` does.

    Parameters
    ----------
    queries : float array, shape (m, d)
    vectors : float array, shape (n, d)

    Examples
    --------
    >>> nearest_among(queries=np.array([[1.0, 0.1]]), vectors=np.eye(2), k=2).index.tolist()
    [[0, 1]]
    """
    asked = np.ascontiguousarray(queries, dtype=np.float32)
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    index = np.full((len(asked), k), -1, dtype=np.int32)
    similarity = np.full((len(asked), k), -np.inf, dtype=np.float32)
    width = min(k, len(rows))
    if width and len(asked) > exact < len(rows):
        _by_cells(rows, index, similarity, asked=asked, seed=seed)
    elif width:
        step = max(1, BLOCK_CELLS // len(rows))
        for start in range(0, len(asked), step):
            best, values = _top(asked[start : start + step] @ rows.T, width)
            index[start : start + step, :width] = best
            similarity[start : start + step, :width] = values
    similarity[index < 0] = 0.0
    return Neighbours(index=index, similarity=similarity)


def _top(found: Similarities, k: int) -> tuple[Indices, Similarities]:
    """Return the k largest of each row, largest first, ties by place."""
    if k < found.shape[1]:
        best = np.argpartition(found, -k, axis=1)[:, -k:]
    else:
        best = np.broadcast_to(np.arange(found.shape[1]), found.shape)
    best = np.sort(best, axis=1)
    values = np.take_along_axis(found, best, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1).astype(np.int32), np.take_along_axis(values, order, axis=1)


def _all_pairs(rows: Similarities, index: Indices, similarity: Similarities) -> None:
    n, k = index.shape
    width = min(k, n - 1)
    step = max(1, BLOCK_CELLS // n)
    for start in range(0, n, step):
        found = rows[start : start + step] @ rows.T
        count = len(found)
        found[np.arange(count), np.arange(start, start + count)] = -np.inf
        best, values = _top(found, width)
        index[start : start + count, :width] = best
        similarity[start : start + count, :width] = values


def _by_cells(
    rows: Similarities,
    index: Indices,
    similarity: Similarities,
    *,
    asked: Similarities | None = None,
    seed: int,
) -> None:
    """Fill in the nearest rows of those that ask: others than these, or the rows themselves, each but itself."""
    asking_all = rows if asked is None else asked
    k = index.shape[1]
    centres = _centres(rows, cells=max(8, int(len(rows) ** 0.5)), seed=seed)
    probes = min(PROBES, len(centres))
    near = _nearest_cells(asking_all, centres, probes)
    own_cell = near[:, 0] if asked is None else _nearest_cells(rows, centres, 1)[:, 0]
    members = _groups(own_cell, len(centres))
    askers = _groups(near.ravel(), len(centres))
    for cell, inside in enumerate(members):
        if not len(inside):
            continue
        held = rows[inside]
        width = min(k, len(inside))
        step = max(1, BLOCK_CELLS // len(inside))
        asking = askers[cell] // probes
        for start in range(0, len(asking), step):
            these = asking[start : start + step]
            found = asking_all[these] @ held.T
            if asked is None:
                # Both lists are sorted, so a vector's own place among the members is one search away.
                place = np.searchsorted(inside, these)
                own = np.flatnonzero(inside[np.minimum(place, len(inside) - 1)] == these)
                found[own, place[own]] = -np.inf
            best, values = _top(found, width)
            _merge(index, similarity, these, inside[best].astype(np.int32), values)
    index[~np.isfinite(similarity)] = -1


def _nearest_cells(rows: Similarities, centres: Similarities, count: int) -> Indices:
    near = np.empty((len(rows), count), dtype=np.int32)
    step = max(1, BLOCK_CELLS // len(centres))
    for start in range(0, len(rows), step):
        near[start : start + step], _ = _top(rows[start : start + step] @ centres.T, count)
    return near


def _merge(
    index: Indices, similarity: Similarities, rows: npt.NDArray[Any], best: Indices, values: Similarities
) -> None:
    both = np.concatenate([similarity[rows], values], axis=1)
    names = np.concatenate([index[rows], best], axis=1)
    order = np.lexsort((names, -both), axis=1)[:, : index.shape[1]]
    similarity[rows] = np.take_along_axis(both, order, axis=1)
    index[rows] = np.take_along_axis(names, order, axis=1)


def _groups(cells: Indices, count: int) -> list[npt.NDArray[np.int64]]:
    """Return, for each cell, the places that hold its number, in their order."""
    order = np.argsort(cells, kind="stable")
    return np.split(order, np.searchsorted(cells[order], np.arange(1, count)))


def _centres(rows: Similarities, *, cells: int, seed: int) -> Similarities:
    chance = np.random.default_rng(seed)
    sample = rows[np.sort(chance.choice(len(rows), size=min(len(rows), cells * SAMPLE), replace=False))]
    centres = sample[chance.choice(len(sample), size=cells, replace=False)].copy()
    step = max(1, BLOCK_CELLS // cells)
    for _ in range(ROUNDS):
        nearest = np.concatenate(
            [np.argmax(sample[at : at + step] @ centres.T, axis=1) for at in range(0, len(sample), step)]
        )
        order = np.argsort(nearest, kind="stable")
        filled, first = np.unique(nearest[order], return_index=True)
        sums = np.add.reduceat(sample[order], first, axis=0)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centres[filled] = np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 0)
    return centres
