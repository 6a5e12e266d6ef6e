"""From groups that were found just now to themes that stay: what people decided holds, and names keep their meaning."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NONE = -1
"""In no theme."""
ENOUGH = 0.2
"""A group takes a theme over if it shares this part of the smaller of both; less is chance."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Where everything belongs now.

    `theme` has shape (n,): the id of a theme that stood before, -1 for none, or -(2 + group) where the group is a
    new theme. `new` holds these groups, `gone` the themes that nothing is left of.
    """

    theme: Ids
    new: tuple[int, ...]
    gone: frozenset[int]


def settle(
    *,
    found: Ids,
    before: Ids,
    held: Flags,
    joined: Collection[int] = (),
    fixed: Collection[int] = (),
) -> Settled:
    """Match groups to the themes that stood before, without undoing what a person did.

    A piece that is held stays exactly where it is, in a theme or in none. Each other piece follows its group. A
    group takes the theme with which it shares most, each theme going to one group only, so that as many pieces as
    possible keep their theme; a group that shares too little with every theme is a new one. A theme that a person
    merged from several keeps every group most of whose known pieces are its own, so that it is not split again.

    Parameters
    ----------
    found : int array, shape (n,)
        The group of each piece, -1 for none.
    before : int array, shape (n,)
        The theme (0 or more) of each piece, -1 for none.
    held : bool array, shape (n,)
        Pieces that a person put where they are, or that lie in a pinned theme.
    joined : collection of int
        Themes that a person merged from several.
    fixed : collection of int
        Themes that take no group over, such as those a person made.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> settled = settle(
    ...     found=np.array([0, 0, 0, 1, 1, -1]), before=np.array([7, 7, -1, -1, -1, 7]),
    ...     held=np.array([False, False, False, False, True, False]),
    ... )
    >>> settled.theme.tolist(), settled.new
    ([7, 7, 7, -3, -1, -1], (1,))
    """
    if not found.shape == before.shape == held.shape:
        raise ValueError("found, before and held must have one entry a piece")
    taken = _match(found=found, before=before, fixed=frozenset(fixed))
    taken |= _stay_joined(found=found, before=before, joined=frozenset(joined) - set(fixed), taken=taken)
    theme = np.full(found.shape, NONE, dtype=np.int64)
    new = []
    for group in np.unique(found[found >= 0]).tolist():
        own = found == group
        if group in taken:
            theme[own] = taken[group]
        elif not held[own].all():
            theme[own] = -(2 + group)
            new.append(group)
    theme[held] = before[held]
    stood = set(np.unique(before[before >= 0]).tolist())
    return Settled(theme=theme, new=tuple(new), gone=frozenset(stood - set(np.unique(theme).tolist())))


def _overlaps(found: Ids, before: Ids) -> tuple[Ids, Ids, Ids]:
    """Return group, theme and count of every pair that shares a piece."""
    both = (found >= 0) & (before >= 0)
    pairs, counts = np.unique(np.stack([found[both], before[both]], axis=1), axis=0, return_counts=True)
    return pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64), counts.astype(np.int64)


def _match(*, found: Ids, before: Ids, fixed: frozenset[int]) -> dict[int, int]:
    from scipy.optimize import linear_sum_assignment

    groups, themes, counts = _overlaps(found, before)
    sizes_now = dict(zip(*(part.tolist() for part in np.unique(found, return_counts=True)), strict=True))
    sizes_then = dict(zip(*(part.tolist() for part in np.unique(before, return_counts=True)), strict=True))
    rows = np.unique(groups)
    columns = np.array([theme for theme in np.unique(themes).tolist() if theme not in fixed], dtype=np.int64)
    if not len(rows) or not len(columns):
        return {}
    shared = np.zeros((len(rows), len(columns)))
    place = {theme: index for index, theme in enumerate(columns.tolist())}
    for group, theme, count in zip(groups.tolist(), themes.tolist(), counts.tolist(), strict=True):
        enough = count >= ENOUGH * min(sizes_now[group], sizes_then[theme])
        if theme in place and enough:
            shared[np.searchsorted(rows, group), place[theme]] = count
    chosen_rows, chosen_columns = linear_sum_assignment(shared, maximize=True)
    return {
        int(rows[row]): int(columns[column])
        for row, column in zip(chosen_rows, chosen_columns, strict=True)
        if shared[row, column] > 0
    }


def _stay_joined(*, found: Ids, before: Ids, joined: frozenset[int], taken: dict[int, int]) -> dict[int, int]:
    """Return the groups without a theme most of whose known pieces lie in one that a person merged."""
    groups, themes, counts = _overlaps(found, before)
    known: dict[int, int] = {}
    for group, count in zip(groups.tolist(), counts.tolist(), strict=True):
        known[group] = known.get(group, 0) + count
    return {
        group: theme
        for group, theme, count in zip(groups.tolist(), themes.tolist(), counts.tolist(), strict=True)
        if theme in joined and group not in taken and 2 * count > known[group]
    }
