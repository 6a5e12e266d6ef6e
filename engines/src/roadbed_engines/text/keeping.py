"""From groups that were found just now to themes that stay: what people decided holds, and names keep their meaning."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from roadbed_engines.text.themes import match_themes

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
    movable = np.where(np.isin(before, list(fixed)), NONE, before)
    taken = {
        group: theme
        for group, theme in match_themes(
            before=movable.astype(np.int32), after=found.astype(np.int32), least=0
        ).items()
        # Measured by all that either holds, not only by what was in a theme both times.
        if ((found == group) & (before == theme)).sum()
        >= ENOUGH * min((found == group).sum(), (before == theme).sum())
    }
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
