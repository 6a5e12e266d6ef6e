"""The graph of near texts that themes are found in, and how it falls apart.

References
----------
.. [1] V. A. Traag, L. Waltman, N. J. van Eck (2019), From Louvain to Leiden, Scientific Reports 9, 5233.
.. [2] A. Lancichinetti, S. Fortunato (2012), Consensus clustering in complex networks, Scientific Reports 2, 336.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from roadbed_engines.text import neighbours as near
from roadbed_engines.text import tongues
from roadbed_engines.text.embedding import unit

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Vectors = npt.NDArray[np.float32]
Groups = npt.NDArray[np.int32]

NEIGHBOURS = 15
POWER = 6
RESOLUTIONS = tuple(round(0.2 * 1.26**step, 2) for step in range(22))
EVEN = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0
"""Evens out what neighbouring resolutions score, or chance would choose among like ones."""
MANY = 50_000
RESOLUTIONS_OF_MANY = (0.05, 0.15, 0.4, 1.0, 2.5, 6.0)
"""Among more texts each has nearer neighbours, so the same resolution is finer; and each try takes seconds."""
RUNS = 8
"""How many runs have to agree."""
FEW = 0.1
MUCH = 0.03
BROADS = (0.1, 0.18, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 4.5, 7.0, 11.0)
FEWEST_TO_JOIN = 5


def distinct(vectors: Vectors) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Tell which rows say something, and which say the very same.

    Returns
    -------
    the rows to keep, shape (u,); for every row its place among them or -1, shape (n,); how many rows each
    stands for, shape (u,).

    >>> distinct(np.array([[1, 0], [0, 0], [1, 0], [0, 1]], dtype=np.float32))
    (array([0, 3]), array([ 0, -1,  0,  1]), array([2, 1]))
    """
    places: dict[bytes, int] = {}
    keep: list[int] = []
    same = np.full(len(vectors), -1, dtype=np.int64)
    for row in np.flatnonzero(np.any(vectors != 0, axis=1)):
        # A digest, not the row itself: of a million texts the rows alone would be kept a second time.
        content = hashlib.blake2b(vectors[row].tobytes(), digest_size=16).digest()
        place = places.setdefault(content, len(keep))
        if place == len(keep):
            keep.append(int(row))
        same[row] = place
    copies = np.bincount(same[same >= 0], minlength=len(keep)).astype(np.int64)
    return np.array(keep, dtype=np.int64), same, copies


def tie(
    *,
    vectors: Vectors,
    neighbours: int = NEIGHBOURS,
    power: float = POWER,
    tongue: tongues.Spoken | None = None,
    seed: int = 0,
) -> csr_matrix:
    """Tie each text to its nearest others by a power of the cosine; a tie from either side counts for both.

    With `tongue`, the number of each text's language, no two texts of different languages are tied.
    """
    from scipy.sparse import csr_matrix

    n = len(vectors)
    k = min(neighbours, max(3, n // 4), n - 1)
    if k < 1:
        return csr_matrix((n, n))
    found = near.nearest_others(vectors=vectors, k=k, seed=seed)
    if tongue is not None:
        found = tongues.among_their_own(found, vectors=vectors, tongue=tongue)
    inside = ((found.index >= 0) & (found.similarity > 0)).ravel()
    weights = found.similarity.ravel()[inside].astype(np.float64) ** power
    starts = np.repeat(np.arange(n, dtype=np.int32), k)[inside]
    graph = csr_matrix((weights, (starts, found.index.ravel()[inside])), shape=(n, n))
    both = graph.maximum(graph.T).tocsr()
    both.sort_indices()
    return both


def split(
    graph: csr_matrix,
    *,
    vectors: Vectors,
    resolution: float | None = None,
    seed: int = 0,
) -> tuple[Groups, float]:
    """Let the graph fall into groups, at the resolution given or at the one that the data speak for.

    Without one, several are tried, from broad to fine. The groups that are told apart best (`apartness`,
    evened out over neighbouring resolutions) are taken, where far fewer groups than expected among so many
    texts have to be told apart much better, and far more of them a little better: two halves of everything
    are often told apart well, and so are many small knots.
    """
    settle = agree if len(vectors) <= MANY else leiden
    if resolution is not None:
        return settle(graph, resolution=resolution, seed=seed), resolution
    tried = RESOLUTIONS if len(vectors) <= MANY else RESOLUTIONS_OF_MANY
    found = [leiden(graph, resolution=each, seed=seed) for each in tried]
    apart = np.array([apartness(vectors, groups) for groups in found])
    if len(vectors) <= MANY:
        apart = np.convolve(np.pad(apart, len(EVEN) // 2, mode="edge"), EVEN, mode="valid")
    off = np.log([int(groups.max(initial=0)) + 1 for groups in found]) - np.log(expected(len(vectors)))
    best = int(np.argmax(apart - FEW * np.minimum(off, 0.0) ** 2 - MUCH * np.maximum(off, 0.0) ** 2))
    if settle is leiden:
        return found[best], tried[best]
    return agree(graph, resolution=tried[best], seed=seed), tried[best]


def expected(texts: int) -> float:
    """Return about how many themes so many texts have, where nothing else is known: 2 n^0.4.

    >>> [round(expected(n)) for n in (30, 1_000, 100_000)]
    [8, 32, 200]
    """
    return float(2.0 * max(texts, 1) ** 0.4)


def apartness(vectors: Vectors, groups: Groups) -> float:
    """Return how much nearer texts are to the rest of their own group than to the next group, -2 to 1.5.

    The silhouette with centres instead of pairs, plus half the difference of the two cosines. Each text is
    left out of its own group's centre: a group of one, or of what lies together by chance, gains nothing.

    >>> round(apartness(np.eye(2, dtype=np.float32).repeat(2, axis=0), np.array([0, 0, 1, 1])), 2)
    1.5
    """
    sizes = np.bincount(groups)
    if len(sizes) < 2:
        return 0.0
    sums = np.zeros((len(sizes), vectors.shape[1]), dtype=np.float32)
    order = np.argsort(groups, kind="stable")
    sums[:] = np.add.reduceat(vectors[order], np.searchsorted(groups[order], np.arange(len(sizes))), axis=0)
    centres = unit(sums)
    total = 0.0
    step = max(1, near.BLOCK_CELLS // len(sizes))
    for start in range(0, len(vectors), step):
        rows, inside = vectors[start : start + step], groups[start : start + step]
        found = rows @ centres.T
        own = np.einsum("ij,ij->i", rows, unit(sums[inside] - rows))
        found[np.arange(len(rows)), inside] = -1.0
        to_own, to_next = 1.0 - own, 1.0 - found.max(axis=1)
        margin = to_next - to_own
        total += float(np.sum(margin / np.maximum(np.maximum(to_own, to_next), 1e-9) + 0.5 * margin))
    return total / len(vectors)


def agree(graph: csr_matrix, *, resolution: float, seed: int = 0) -> Groups:
    """Return the groups that several runs agree on: ties count the more, the oftener both ends fell together [2]_.

    One run depends on chance at the edges of its groups; what most of them say does so much less.
    """
    from scipy.sparse import csr_matrix

    if graph.nnz == 0:
        return leiden(graph, resolution=resolution, seed=seed)
    ties = graph.tocoo()
    together = np.zeros(len(ties.data))
    for run in range(RUNS):
        groups = leiden(graph, resolution=resolution, seed=seed * RUNS + run, rounds=2)
        together += groups[ties.row] == groups[ties.col]
    # Ties that never held are kept as a trace, so that no text is cut off from all others.
    weights = ties.data * np.maximum((together / RUNS) ** 3, 1e-9)
    agreed = csr_matrix((weights, (ties.row, ties.col)), shape=graph.shape)
    agreed.sort_indices()
    return leiden(agreed, resolution=resolution, seed=seed, rounds=2)


def leiden(graph: csr_matrix, *, resolution: float, seed: int = 0, rounds: int = 1) -> Groups:
    """Return the group of each node, shape (n,), 0 and up; a node without ties is a group of its own [1]_."""
    import graspologic_native

    n = graph.shape[0]
    if graph.nnz == 0:
        return np.arange(n, dtype=np.int32)
    _, found = graspologic_native.leiden_csr(
        graph.indptr.astype(np.int64),
        graph.indices.astype(np.int32),
        graph.data.astype(np.float64),
        n,
        resolution=resolution,
        iterations=rounds,
        seed=seed,
    )
    groups = np.full(n, -1, dtype=np.int64)
    groups[np.fromiter(found.keys(), dtype=np.int64, count=len(found))] = np.fromiter(
        found.values(), dtype=np.int64, count=len(found)
    )
    alone = groups < 0
    groups[alone] = groups.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    _, places = np.unique(groups, return_inverse=True)
    return places.astype(np.int32)


def join(graph: csr_matrix, groups: Groups, *, resolution: float | None = None, seed: int = 0) -> Groups:
    """Return the broad group of each fine one, shape (groups,): the same, over the graph of the groups.

    Without a resolution, the one is taken whose number of broad groups is nearest to the root of the number
    of fine ones. Fewer than five groups are left as they are.
    """
    from scipy.sparse import csr_matrix

    count = int(groups.max(initial=-1)) + 1
    if count < FEWEST_TO_JOIN:
        return np.arange(count, dtype=np.int32)
    inside = np.flatnonzero(groups >= 0)
    belongs: Any = csr_matrix((np.ones(len(inside)), (inside, groups[inside])), shape=(graph.shape[0], count))
    between = (belongs.T @ graph @ belongs).tocsr()
    between.setdiag(0)
    between.eliminate_zeros()
    between.sort_indices()
    if resolution is not None:
        return leiden(between, resolution=resolution, seed=seed)
    found = [leiden(between, resolution=each, seed=seed) for each in BROADS]
    off = [abs(np.log(int(each.max(initial=0)) + 1) - 0.5 * np.log(count)) for each in found]
    return found[int(np.argmin(off))]
