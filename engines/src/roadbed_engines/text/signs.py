"""Vectors by the signs of their numbers alone: a first look at many, after which few need be compared in full.

Of the sixteen nearest of 24,859 real texts, the likeliest hundredth by signs holds 99.5 of 100, and the likeliest 4 of
100 hold 99.95; the look takes a tenth of the whole product (`benchmarks/text_search.py --only signs`).

References
----------
.. [1] M. Charikar (2002), Similarity Estimation Techniques from Rounding Algorithms, STOC 2002, 380-388.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Signs = npt.NDArray[np.uint64]
"""Shape (words, n): 64 signs a word, the vectors side by side, so that each word is one walk through memory."""
Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]

CHUNK = 8192


def signs(matrix: Floats) -> Signs:
    """Return the signs of vectors, shape (n, d) to (⌈d / 64⌉, n).

    Examples
    --------
    >>> signs(np.array([[0.5, -0.5], [-0.5, -0.5]], dtype=np.float32)).shape
    (1, 2)
    """
    count, dimensions = matrix.shape
    words = -(-dimensions // 64)
    found = np.zeros((words, count), dtype=np.uint64)
    for start in range(0, count, CHUNK):
        part = np.packbits(np.asarray(matrix[start : start + CHUNK]) > 0, axis=1)
        padded = np.zeros((len(part), words * 8), dtype=np.uint8)
        padded[:, : part.shape[1]] = part
        found[:, start : start + CHUNK] = padded.view(np.uint64).T
    return found


def likeliest(*, known: Signs, vector: Floats, rows: Places, keep: int) -> Places:
    """Return the positions in `rows` of those vectors that have the most signs in common with one, in their order.

    Parameters
    ----------
    known : array of shape (words, n), from `signs`
    vector : float array, shape (d,)
    rows : int array
        The vectors to look at; the others take no part.
    keep : int
        How many at least; all that differ in no more signs than the last of them are kept with it.

    Examples
    --------
    >>> known = signs(np.array([[1, 1], [-1, -1], [1, -1]], dtype=np.float32))
    >>> likeliest(known=known, vector=np.array([2, 1], dtype=np.float32), rows=np.arange(3), keep=2).tolist()
    [0, 2]
    """
    own = signs(vector[None, :])[:, 0]
    apart = np.zeros(known.shape[1], dtype=np.uint16)
    for word, mine in zip(known, own, strict=True):
        apart += np.bitwise_count(word ^ mine)
    apart = apart[rows]
    if len(rows) <= keep:
        return np.arange(len(rows))
    within = np.cumsum(np.bincount(apart))
    return np.flatnonzero(apart <= np.searchsorted(within, keep))
