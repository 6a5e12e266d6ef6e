"""MoSCoW: four classes, and the share of the effort that each takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from roadbed_engines.errors import NotEnoughDataError

CLASSES = ("must", "should", "could", "won't")
MOST_MUST = 0.6
"""DSDM: where musts take more than this share of the effort, nothing is left that could give way."""


@dataclass(frozen=True, slots=True)
class Share:
    """One class: how many items, how much effort, and which share of the effort of all that is not won't."""

    name: str
    items: int
    effort: float
    share: float


@dataclass(frozen=True, slots=True)
class Moscow:
    """The classes in their order, and whether the musts leave room to give way."""

    shares: tuple[Share, ...]
    leaves_room: bool


def shares_of_effort(*, classes: Sequence[str], efforts: Sequence[float]) -> Moscow:
    """Return the share of the effort per class.

    Parameters
    ----------
    classes : sequence of str
        ``must``, ``should``, ``could`` or ``won't``, one an item.
    efforts : sequence of float
        In one unit, not below 0.

    Raises
    ------
    NotEnoughDataError
        If what is to be done takes no effort at all.

    References
    ----------
    .. [1] Agile Business Consortium (2014), The DSDM Agile Project Framework, chapter 10 (at most 60% musts).

    Examples
    --------
    >>> found = shares_of_effort(classes=["must", "must", "should", "won't"], efforts=[4, 3, 3, 9])
    >>> [(one.name, one.share) for one in found.shares], found.leaves_room
    ([('must', 0.7), ('should', 0.3), ('could', 0.0), ("won't", 0.0)], False)
    """
    if len(classes) != len(efforts):
        raise ValueError("each item has one class and one effort")
    unknown = sorted(set(classes) - set(CLASSES))
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no class; there are {', '.join(CLASSES)}")
    if any(effort < 0 for effort in efforts):
        raise ValueError("an effort is not below 0")
    pairs = list(zip(classes, efforts, strict=True))
    total = sum(effort for name, effort in pairs if name != CLASSES[-1])
    if total <= 0:
        raise NotEnoughDataError("what is to be done takes no effort yet: estimate it first")
    found = []
    for name in CLASSES:
        own = [effort for other, effort in pairs if other == name]
        share = sum(own) / total if name != CLASSES[-1] else 0.0
        found.append(Share(name=name, items=len(own), effort=float(sum(own)), share=share))
    return Moscow(shares=tuple(found), leaves_room=found[0].share <= MOST_MUST)
