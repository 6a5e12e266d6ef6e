"""What waiting costs: profiles of delay, and what a prerequisite inherits from what needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Draws = NDArray[np.float64]
Figures = float | Draws
Profile = Literal["standard", "urgent", "fixed date", "intangible"]
PROFILES: tuple[str, ...] = get_args(Profile)
TURN = 8.0
"""Weeks after which an urgent loss slackens and an intangible one begins."""


class CircleError(ValueError):
    """Items wait for each other in a circle, which `items` names."""

    def __init__(self, items: Sequence[object]) -> None:
        super().__init__("these wait for each other in a circle: " + " → ".join(str(item) for item in items))
        self.items = tuple(items)


def value_lost(*, profile: str, weeks_late: Figures, a_week: Figures, due_in: float = 0.0) -> Figures:
    """Return what waiting so many weeks costs, in the unit of `a_week`; figures or draws of them.

    *standard* loses the same each week; *urgent* loses twice as fast in the beginning and half after eight weeks;
    *fixed date* loses nothing until `due_in` weeks have passed, then everything that eight weeks would cost at once;
    *intangible* begins after eight weeks.

    Raises
    ------
    ValueError
        If there is no such profile.

    References
    ----------
    .. [1] D. J. Anderson (2010), Kanban, chapter 11 (classes of service and their profiles).

    Examples
    --------
    >>> value_lost(profile="urgent", weeks_late=10, a_week=10)
    170.0
    """
    late = np.maximum(np.asarray(weeks_late, dtype=float), 0.0)
    match profile:
        case "standard":
            weeks = late
        case "urgent":
            weeks = 2 * np.minimum(late, TURN) + 0.5 * np.maximum(late - TURN, 0.0)
        case "fixed date":
            weeks = np.where((late > due_in) & (late > 0), TURN, 0.0)
        case "intangible":
            weeks = np.maximum(late - TURN, 0.0)
        case _:
            raise ValueError(f"there is no profile of delay {profile!r}; there are {', '.join(PROFILES)}")
    lost = np.asarray(a_week) * weeks
    return float(lost) if np.ndim(lost) == 0 else lost


def cost_a_week(*, profile: str, a_week: Figures, wait: float, due_in: float = 0.0) -> Figures:
    """Return what a week of waiting costs on average, if an item waits `wait` weeks: what WSJF divides by duration.

    Examples
    --------
    A date in six weeks costs nothing to whom waits four, and all at once to whom waits eight:

    >>> cost_a_week(profile="fixed date", a_week=10, wait=4, due_in=6)
    0.0
    >>> cost_a_week(profile="fixed date", a_week=10, wait=8, due_in=6)
    10.0
    """
    if wait <= 0:
        raise ValueError("the wait is a number of weeks above 0")
    return value_lost(profile=profile, weeks_late=wait, a_week=a_week, due_in=due_in) / wait


def waiting_for(needs: Mapping[int, Sequence[int]]) -> dict[int, frozenset[int]]:
    """Return, for each item that others need, everything that waits for it, near or far.

    Parameters
    ----------
    needs : mapping
        By item, the items that have to be there before it.

    Raises
    ------
    CircleError
        If items wait for each other in a circle.
    """
    try:
        order = list(TopologicalSorter({item: list(before) for item, before in needs.items()}).static_order())
    except CycleError as error:
        raise CircleError(error.args[1]) from None
    waits: dict[int, set[int]] = {}
    for item in reversed(order):
        above = {item} | waits.get(item, set())
        for before in needs.get(item, ()):
            waits.setdefault(before, set()).update(above)
    return {item: frozenset(found) for item, found in waits.items()}


def inherit(*, costs: Draws, needs: Mapping[int, Sequence[int]]) -> Draws:
    """Return the cost of delay of each item with that of everything which waits for it.

    Nothing that waits can begin before what it needs, so each week that a prerequisite is late makes all of it late.
    An item that is reached along two paths counts once.

    Parameters
    ----------
    costs : array of float, shape (items,) or (runs, items)
    needs : mapping
        By the place of an item, the places of what it needs.

    References
    ----------
    .. [1] T. Magennis, cost-of-delay sheets of Focused Objective: a prerequisite inherits its children's cost.

    Examples
    --------
    >>> inherit(costs=np.array([1.0, 10.0, 5.0]), needs={1: [0], 2: [0, 1]}).tolist()
    [16.0, 15.0, 5.0]
    """
    found = np.array(costs, dtype=float)
    for item, waiting in waiting_for(needs).items():
        found[..., item] = costs[..., item] + costs[..., sorted(waiting)].sum(axis=-1)
    return found
