"""What many texts are about: groups of neighbours, found without being told how many there are.

References
----------
.. [1] V. A. Traag, L. Waltman, N. J. van Eck (2019), From Louvain to Leiden, Scientific Reports 9, 5233.
.. [2] J. Reichardt, S. Bornholdt (2006), Physical Review E 74, 016110: modularity with a resolution.
.. [3] H. W. Kuhn (1955), Naval Research Logistics Quarterly 2, 83-97: the assignment of new themes to old.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from roadbed_engines.text import graphs, tongues
from roadbed_engines.text import neighbours as near

Vectors = npt.NDArray[np.floating[Any]]
Assignment = npt.NDArray[np.int32]

UNASSIGNED = -1
SMALLEST = 3
LEAST = 0.5
MOST = 200_000
"""Among more texts, themes are found in so many of them, drawn by lot; the others go where their nearest are."""


@dataclass(frozen=True, slots=True)
class Themes:
    """Which theme each item belongs to, finely and broadly, -1 where it belongs to none.

    `assignment` and `broad` have shape (n,). Themes are numbered by size, the largest first; `parents[theme]`
    is the broad theme that the whole fine theme lies in. `resolution` is the one that was used.
    """

    assignment: Assignment
    broad: Assignment
    parents: tuple[int, ...]
    resolution: float
    languages: tuple[str, ...] = ()
    """The code of the language that most texts of each fine theme are in, where languages were given."""

    @property
    def count(self) -> int:
        """How many fine themes there are."""
        return len(self.parents)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where new items belong: arrays of shape (m,).

    `theme` is -1 where nothing known is near enough. `confidence`, 0 to 1, is the share of the neighbours'
    weight that voted for it. `nearest` is the row, among the known, of the nearest that did (or -1), and
    `similarity` its cosine.
    """

    theme: Assignment
    confidence: npt.NDArray[np.float32]
    nearest: npt.NDArray[np.int32]
    similarity: npt.NDArray[np.float32]


def find_themes(
    *,
    vectors: Vectors,
    resolution: float | None = None,
    broad_resolution: float | None = None,
    neighbours: int = graphs.NEIGHBOURS,
    smallest: int = SMALLEST,
    pinned: Mapping[int, int] | None = None,
    languages: Sequence[str] | None = None,
    seed: int = 0,
) -> Themes:
    """Group texts by meaning.

    Each text is tied to its nearest others, the nearer the stronger; Leiden then looks for groups that hold
    together more than chance would tie them [1]_ [2]_. Texts that are the same count once there, and all of
    them in a theme's size. Groups of fewer than `smallest` texts are no theme: their texts stay unassigned,
    as do texts that say nothing (rows of zeros). Fine themes that belong together form broad ones.

    Parameters
    ----------
    vectors : float array, shape (n, d)
        Rows of length 1, or 0 for a text that says nothing.
    resolution : float, optional
        The higher, the finer the themes; a theme is split where its parts are tied less than `resolution`
        times as strongly as chance would. Without one, it is chosen from the data (`graphs.split`).
    broad_resolution : float, optional
        The same for broad themes, over the fine ones; without one, there are about as many as the root of
        the number of fine ones.
    neighbours : int
        To how many others each text is tied.
    smallest : int
        The fewest texts that make a theme.
    pinned : mapping of int to int, optional
        Row to theme, for texts that a person has put where they are. Whatever the numbers mean to the caller,
        texts pinned alike are kept in one theme of the answer, and texts pinned differently in different ones.
    languages : sequence of str, length n, optional
        The code of each text's language, empty where it is unknown. Languages of more than a few texts are kept apart:
        no theme holds two of them. For models that read one language; give none for a model that reads many.
    seed : int
        The same input and seed give the same answer.

    Raises
    ------
    ValueError
        If the vectors are no table, or a parameter is out of its range.

    Examples
    --------
    >>> rows = np.repeat(np.eye(3), 5, axis=0)
    >>> found = find_themes(vectors=rows)
    >>> found.count, found.assignment.tolist()
    (3, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2])
    """
    if vectors.ndim != 2:
        raise ValueError("vectors must have shape (n, d)")
    if smallest < 1 or neighbours < 1:
        raise ValueError("smallest and neighbours must be at least 1")
    if min(resolution or 1.0, broad_resolution or 1.0) <= 0 or 0 in (resolution, broad_resolution):
        raise ValueError("a resolution must be more than 0")
    rows = np.asarray(vectors, dtype=np.float32)
    if languages is not None and len(languages) != len(rows):
        raise ValueError("vectors and languages must be equally long")
    said, same, copies = graphs.distinct(rows)
    if not len(said):
        nothing = np.full(len(rows), UNASSIGNED, dtype=np.int32)
        return Themes(assignment=nothing, broad=nothing.copy(), parents=(), resolution=resolution or 0.0)
    core = _core(len(said), seed=seed)
    heart = rows[said[core]]
    tongue = (
        tongues.spoken(languages=[languages[row] for row in said[core]]) if languages is not None else None
    )
    graph = graphs.tie(vectors=heart, neighbours=neighbours, tongue=tongue, seed=seed)
    groups, used = graphs.split(graph, vectors=heart, resolution=resolution, seed=seed)
    if tongue is not None:
        tongue = tongues.fill(graph, tongue=tongue)
        groups = tongues.part(groups, tongue=tongue)
    if len(core) < len(said):
        groups = _with_the_rest(rows, said, core=core, heart=heart, groups=groups)
    groups = _big_enough(groups, copies, smallest)
    spoken = same >= 0
    assignment = np.full(len(rows), UNASSIGNED, dtype=np.int32)
    assignment[spoken] = groups[same[spoken]]
    if pinned:
        assignment = _respect(assignment, pinned)
    assignment = _by_size(assignment)
    fine = np.full(len(said), UNASSIGNED, dtype=np.int32)
    fine[same[spoken]] = assignment[spoken]
    fine = fine[core]
    parents = graphs.join(graph, fine, resolution=broad_resolution, seed=seed)
    count = int(assignment.max(initial=-1)) + 1
    parents = np.concatenate([parents, np.arange(len(parents), count)]).astype(np.int32)[:count]
    if tongue is not None:
        parents = tongues.part(parents, tongue=tongues.of_groups(fine, tongue=tongue, count=count))
    broad = np.full(len(rows), UNASSIGNED, dtype=np.int32)
    inside = assignment >= 0
    broad[inside] = parents[assignment[inside]]
    ordered = _by_size(broad)
    for theme in range(count):
        parents[theme] = ordered[np.argmax(assignment == theme)]
    return Themes(
        assignment=assignment,
        broad=ordered,
        parents=tuple(int(one) for one in parents),
        resolution=used,
        languages=_languages(assignment, languages, count=count) if languages is not None else (),
    )


def place(
    *, vectors: Vectors, known: Vectors, assignment: Assignment, neighbours: int = 10, least: float = LEAST
) -> Placement:
    """Put new items where their nearest known ones are, by a vote weighted by the square of the cosine.

    Parameters
    ----------
    vectors : float array, shape (m, d)
        The new items.
    known : float array, shape (n, d)
        Items whose theme is known.
    assignment : int array, shape (n,)
        Their themes; those at -1 vote for none.
    neighbours : int
        How many have a vote.
    least : float
        The least cosine to the nearest voter of the winning theme; below, an item stays unassigned.

    Raises
    ------
    ValueError
        If the known items and their themes are not equally many.

    Examples
    --------
    >>> found = place(vectors=np.array([[0.8, 0.6]]), known=np.eye(2), assignment=np.array([4, 7]))
    >>> found.theme.tolist(), found.nearest.tolist(), round(float(found.confidence[0]), 2)
    ([4], [0], 0.64)
    """
    if len(known) != len(assignment):
        raise ValueError("known and assignment must be equally long")
    count = len(vectors)
    theme = np.full(count, UNASSIGNED, dtype=np.int32)
    confidence = np.zeros(count, dtype=np.float32)
    nearest = np.full(count, -1, dtype=np.int32)
    similarity = np.zeros(count, dtype=np.float32)
    if not count or not len(known):
        return Placement(theme=theme, confidence=confidence, nearest=nearest, similarity=similarity)
    found = near.nearest_among(queries=vectors, vectors=known, k=neighbours)
    themes = np.where(found.index >= 0, np.asarray(assignment)[found.index], UNASSIGNED)
    weights = np.where(found.index >= 0, np.clip(found.similarity, 0.0, None) ** 2, 0.0)
    # What each voter's theme gets in all; of equal ones the lower theme wins.
    votes = np.stack([(weights * (themes == each[:, None])).sum(axis=1) for each in themes.T], axis=1)
    votes[themes < 0] = 0.0
    best = votes.max(axis=1)
    winner = np.where(votes >= best[:, None] * (1 - 1e-9), themes, np.iinfo(np.int32).max)
    winner = np.where(winner >= 0, winner, np.iinfo(np.int32).max).min(axis=1)
    first = np.argmax(themes == winner[:, None], axis=1)
    rows = np.arange(count)
    held = np.flatnonzero((best > 0) & (found.similarity[rows, first] >= least))
    theme[held], confidence[held] = winner[held], (best / np.maximum(weights.sum(axis=1), 1e-12))[held]
    nearest[held], similarity[held] = found.index[held, first[held]], found.similarity[held, first[held]]
    return Placement(theme=theme, confidence=confidence, nearest=nearest, similarity=similarity)


def match_themes(
    *,
    before: Assignment,
    after: Assignment,
    pinned: Mapping[int, int] | None = None,
    least: float = 0.2,
) -> dict[int, int]:
    """Find which new theme carries on which old one, so that names, links and trends stay with it.

    Every item that was and is in a theme ties the two; the one-to-one assignment with the most ties is
    taken [3]_. A pair is left out where fewer than `least` of the smaller theme's items are shared.

    Parameters
    ----------
    before, after : int array, shape (n,)
        Old and new theme of the same items, -1 for none.
    pinned : mapping of int to int, optional
        Row to old theme, for texts that a person has put there. The new theme that holds most of a pinned
        theme's texts carries it on, whatever the other items say.
    least : float
        Between 0 and 1.

    Returns
    -------
    dict of new theme to old theme; new themes that carry on none are not in it.

    Raises
    ------
    ValueError
        If `before` and `after` are not equally long.

    Examples
    --------
    >>> match_themes(before=np.array([5, 5, 5, 9, 9]), after=np.array([1, 1, 0, 0, 0]))
    {0: 9, 1: 5}
    """
    if len(before) != len(after):
        raise ValueError("before and after must be equally long")
    both = (before >= 0) & (after >= 0)
    old, rows = np.unique(before[both], return_inverse=True)
    new, columns = np.unique(after[both], return_inverse=True)
    if not len(old) or not len(new):
        return {}
    from scipy.optimize import linear_sum_assignment

    shared = np.zeros((len(old), len(new)))
    np.add.at(shared, (rows, columns), 1)
    weight = shared.copy()
    place_of = {int(one): place for place, one in enumerate(old)}
    new_of = {int(one): place for place, one in enumerate(new)}
    held: set[tuple[int, int]] = set()
    for row, theme in (pinned or {}).items():
        pair = (place_of.get(int(theme), -1), new_of.get(int(after[row]), -1))
        if min(pair) >= 0:
            weight[pair] += len(before)
            held.add(pair)
    smaller = np.minimum(shared.sum(axis=1)[:, None], shared.sum(axis=0)[None, :])
    matched: dict[int, int] = {}
    for row, column in zip(*linear_sum_assignment(weight, maximize=True), strict=True):
        enough = shared[row, column] > 0 and shared[row, column] >= least * smaller[row, column]
        if enough or (row, column) in held:
            matched[int(new[column])] = int(old[row])
    return dict(sorted(matched.items()))


def _core(count: int, *, seed: int) -> npt.NDArray[np.int64]:
    """Return the places of the texts that themes are found in: all of them, or `MOST` drawn by lot."""
    if count <= MOST:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, size=MOST, replace=False))


def _with_the_rest(
    rows: npt.NDArray[np.float32],
    said: npt.NDArray[np.int64],
    *,
    core: npt.NDArray[np.int64],
    heart: npt.NDArray[np.float32],
    groups: Assignment,
) -> Assignment:
    """Return the group of every text; those outside the core go by the vote of their nearest inside, or have none."""
    every = np.full(len(said), UNASSIGNED, dtype=np.int32)
    every[core] = groups
    outside = np.ones(len(said), dtype=bool)
    outside[core] = False
    rest = np.flatnonzero(outside)
    for start in range(0, len(rest), MOST):
        part = rest[start : start + MOST]
        every[part] = place(vectors=rows[said[part]], known=heart, assignment=groups).theme
    return every


def _languages(assignment: Assignment, languages: Sequence[str], *, count: int) -> tuple[str, ...]:
    codes, numbers = np.unique(np.array(languages, dtype=str), return_inverse=True)
    tongue = np.where(codes[numbers] == "", tongues.UNKNOWN, numbers).astype(np.int32)
    most = tongues.of_groups(assignment, tongue=tongue, count=count)
    return tuple("" if one < 0 else str(codes[one]) for one in most.tolist())


def _big_enough(groups: Assignment, copies: npt.NDArray[np.int64], smallest: int) -> Assignment:
    inside = groups >= 0
    sizes = np.bincount(groups[inside], weights=copies[inside])
    return np.where(inside & (sizes[groups] >= smallest), groups, UNASSIGNED).astype(np.int32)


def _by_size(assignment: Assignment) -> Assignment:
    """Number themes anew: the largest first, then the one that comes first."""
    names, first, places, sizes = np.unique(
        assignment, return_index=True, return_inverse=True, return_counts=True
    )
    order = sorted(range(len(names)), key=lambda at: (names[at] < 0, -sizes[at], first[at]))
    rank = np.empty(len(names), dtype=np.int32)
    for new, at in enumerate(order):
        rank[at] = UNASSIGNED if names[at] < 0 else new
    return rank[places].astype(np.int32)


def _respect(assignment: Assignment, pinned: Mapping[int, int]) -> Assignment:
    """Bring texts pinned alike into one theme each, and texts pinned differently into different ones.

    The theme that holds most of a pin's texts (among those no stronger pin has taken) becomes the pin's;
    where none is left it gets a new one. Everything that was not pinned stays where it was found.
    """
    out = assignment.copy()
    rows_of: dict[int, list[int]] = {}
    for row, theme in pinned.items():
        rows_of.setdefault(int(theme), []).append(int(row))
    taken: set[int] = set()
    fresh = int(assignment.max(initial=-1)) + 1
    for _, rows in sorted(rows_of.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        found = assignment[rows]
        names, sizes = np.unique(found[found >= 0], return_counts=True)
        free = [(-int(size), int(name)) for name, size in zip(names, sizes, strict=True) if name not in taken]
        if free:
            theme = min(free)[1]
        else:
            theme, fresh = fresh, fresh + 1
        taken.add(theme)
        out[rows] = theme
    return out
