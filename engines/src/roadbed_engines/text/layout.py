"""Themes as a map: what is alike lies near, what is large takes room, and nothing covers anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

WIDTH, HEIGHT = 1.6, 1.0
FILLED = 0.4
"""The share of the map that the discs cover together."""
SMALLEST, LARGEST = 0.012, 0.16
GAP = 0.006
STEPS = 400


@dataclass(frozen=True, slots=True)
class Layout:
    """Discs on a field of 1.6 by 1: `centre` has shape (n, 2), `radius` shape (n,)."""

    centre: Floats
    radius: Floats


def radii(sizes: Sequence[float] | Floats) -> Floats:
    """Return the radius of each disc: areas are as the sizes are, and together they fill a third of the map.

    >>> found = radii([1.0] * 9 + [4.0])
    >>> bool(found[9] > found[0])
    True
    """
    weights = np.maximum(np.asarray(sizes, dtype=np.float64), 0.5)
    scale = np.sqrt(FILLED * WIDTH * HEIGHT / (np.pi * weights.sum())) if len(weights) else 0.0
    limited: Floats = np.clip(np.sqrt(weights) * scale, SMALLEST, LARGEST)
    return limited


def lay_out(
    *, vectors: npt.NDArray[np.floating], sizes: Sequence[float], groups: Sequence[int] | None = None
) -> Layout:
    """Put discs for vectors on a field of 1.6 by 1, without two of them overlapping.

    The two directions in which the vectors differ most give the first places. Then discs that overlap push each
    other apart while each is drawn to its first place and, a little, to the middle of its group. There is no chance
    in it: the same input gives the same map, and a mirror image is ruled out by a sign rule.

    Parameters
    ----------
    vectors : float array, shape (n, d)
        The middle of each theme.
    sizes : sequence of float, length n
        What the area stands for, such as people.
    groups : sequence of int, length n, optional
        Discs of one group (not negative) are kept near each other.

    Raises
    ------
    ValueError
        If the lengths differ.

    Examples
    --------
    >>> found = lay_out(vectors=np.eye(3), sizes=[5, 3, 1])
    >>> found.centre.shape, bool((found.radius > 0).all())
    ((3, 2), True)
    """
    rows = np.asarray(vectors, dtype=np.float64)
    n = len(rows)
    if len(sizes) != n or (groups is not None and len(groups) != n):
        raise ValueError("vectors, sizes and groups must have one entry a theme")
    radius = radii(sizes)
    if n == 0:
        return Layout(centre=np.zeros((0, 2)), radius=radius)
    home = _spread(_two_directions(rows))
    belongs = np.full(n, -1) if groups is None else np.asarray(groups)
    centre = home.copy()
    for step in range(STEPS):
        pull = 0.04 * (1 - step / STEPS)
        centre += pull * (home - centre)
        for group in np.unique(belongs[belongs >= 0]):
            own = belongs == group
            centre[own] += 1.2 * pull * (centre[own].mean(axis=0) - centre[own])
        _push_apart(centre, radius)
        _keep_inside(centre, radius)
    for _ in range(STEPS):
        if not _push_apart(centre, radius):
            break
        _keep_inside(centre, radius)
    return Layout(centre=centre, radius=radius)


def _two_directions(rows: Floats) -> Floats:
    """Return the first two principal components, each with its largest entry positive."""
    centred = rows - rows.mean(axis=0)
    left, strength, _ = np.linalg.svd(centred, full_matrices=False)
    flat = np.zeros((len(rows), 2))
    used = min(2, left.shape[1])
    flat[:, :used] = left[:, :used] * strength[:used]
    for column in range(2):
        if flat[np.abs(flat[:, column]).argmax(), column] < 0:
            flat[:, column] *= -1
    return flat


def _spread(flat: Floats) -> Floats:
    """Return places over the whole field: half by rank, half by distance, so that a far one does not crowd the rest."""
    n = len(flat)
    placed = np.zeros((n, 2))
    for column, length in enumerate((WIDTH, HEIGHT)):
        values = flat[:, column]
        ranks = np.empty(n)
        # Ties keep their order, or two equal themes would lie on one point for ever.
        ranks[np.argsort(values, kind="stable")] = (np.arange(n) + 0.5) / n
        reach = np.ptp(values) or 1.0
        placed[:, column] = length * (0.6 * ranks + 0.4 * (0.1 + 0.8 * (values - values.min()) / reach))
    placed[:, 1] += 1e-6 * np.arange(n)
    return placed


def _push_apart(centre: Floats, radius: Floats) -> bool:
    """Move every overlapping pair apart by half of the overlap each; say whether there was one."""
    apart = centre[:, None, :] - centre[None, :, :]
    distance = np.sqrt((apart**2).sum(axis=2))
    np.fill_diagonal(distance, np.inf)
    overlap = radius[:, None] + radius[None, :] + GAP - distance
    touching = overlap > 1e-4
    if not touching.any():
        return False
    direction = apart / np.maximum(distance, 1e-9)[:, :, None]
    # The smaller gives way: each moves by the other's share of the two areas.
    area = radius**2
    share = area[None, :] / (area[:, None] + area[None, :])
    centre += (direction * (np.where(touching, overlap, 0.0) * share)[:, :, None]).sum(axis=1) * 0.7
    return True


def _keep_inside(centre: Floats, radius: Floats) -> None:
    centre[:, 0] = np.clip(centre[:, 0], radius, WIDTH - radius)
    centre[:, 1] = np.clip(centre[:, 1], radius, HEIGHT - radius)
