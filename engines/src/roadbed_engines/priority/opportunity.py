"""Ulwick's opportunity score: important, and badly served today."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Served(StrEnum):
    """How well a need is met today, in Ulwick's words."""

    UNDERSERVED = "underserved"
    SERVED = "appropriately served"
    OVERSERVED = "overserved"


@dataclass(frozen=True, slots=True)
class Opportunity:
    """The score, the two terms it is the sum of, and what it says."""

    score: float
    importance: float
    gap: float
    served: Served


def opportunity(*, importance: float, satisfaction: float) -> Opportunity:
    """Return importance + max(importance - satisfaction, 0), from 0 to 20.

    A need that is met better than it matters scores its importance alone. Above 10 a need is worth looking at
    (underserved); where satisfaction is above importance, it is overserved.

    Parameters
    ----------
    importance, satisfaction : float
        From 0 to 10. Ulwick takes the share of people who answer 4 or 5 on a five-point scale, times ten.

    Raises
    ------
    ValueError
        If a figure is not between 0 and 10.

    References
    ----------
    .. [1] A. W. Ulwick (2002), Turn Customer Input into Innovation, Harvard Business Review 80 (1), 91-97.
    .. [2] A. W. Ulwick (2005), What Customers Want, McGraw-Hill, chapter 3.

    Examples
    --------
    Minimising the recurrence of a blockage, in the angioplasty study of [1]_:

    >>> opportunity(importance=9.5, satisfaction=3.2).score
    15.8
    """
    for name, value in (("importance", importance), ("satisfaction", satisfaction)):
        if not 0.0 <= value <= 10.0:
            raise ValueError(f"{name} must lie between 0 and 10")
    gap = max(importance - satisfaction, 0.0)
    score = round(importance + gap, 10)
    if score > 10.0:
        served = Served.UNDERSERVED
    elif satisfaction > importance:
        served = Served.OVERSERVED
    else:
        served = Served.SERVED
    return Opportunity(score=score, importance=importance, gap=round(gap, 10), served=served)
