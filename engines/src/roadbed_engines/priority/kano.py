"""Kano's survey: what a feature does for satisfaction when it is there, and when it is not.

References
----------
.. [1] C. Berger et al. (1993), Kano's methods for understanding customer-defined quality, Center for Quality of
   Management Journal 2 (4), 3-36.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roadbed_engines.errors import NotEnoughDataError

Draws = NDArray[np.float64]
ANSWERS = ("like", "must-be", "neutral", "live with", "dislike")
"""To "how do you feel if it is there?" and "… if it is not?", in the order of the source's table."""
_TABLE = ("QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ")
CATEGORIES = {
    "A": "attractive",
    "O": "one-dimensional",
    "M": "must-be",
    "I": "indifferent",
    "R": "reverse",
    "Q": "questionable",
}


@dataclass(frozen=True, slots=True)
class Kano:
    """Berger's coefficients: how much more satisfied with it (0 to 1), how much less without (-1 to 0)."""

    better: float
    worse: float
    category: str
    answers: int


def categorise(*, there: str, not_there: str) -> str:
    """Return the category of one person's pair of answers, by the evaluation table of [1]_.

    Examples
    --------
    >>> categorise(there="like", not_there="dislike"), categorise(there="neutral", not_there="dislike")
    ('O', 'M')
    """
    for answer in (there, not_there):
        if answer not in ANSWERS:
            raise ValueError(f"{answer!r} is no answer; there are {', '.join(ANSWERS)}")
    return _TABLE[ANSWERS.index(there)][ANSWERS.index(not_there)]


def count_answers(pairs: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Return how many pairs of answers (there, not there) fall into each category."""
    counted = Counter(categorise(there=there, not_there=missing) for there, missing in pairs)
    return {name: counted.get(name, 0) for name in CATEGORIES}


def _parts(counts: Mapping[str, int]) -> dict[str, int]:
    parts = {name: counts.get(name, 0) for name in "MOAI"}  # ties go to the more demanding category
    if any(count < 0 for count in counts.values()):
        raise ValueError("a count of answers is not below 0")
    if sum(parts.values()) == 0:
        raise NotEnoughDataError("nobody answered in a way that the coefficients count")
    return parts


def kano(*, counts: Mapping[str, int]) -> Kano:
    """Return the coefficients of a Kano survey's answers to one feature.

    Parameters
    ----------
    counts : mapping
        Answers by category: A (attractive), O (one-dimensional), M (must-be), I (indifferent); R (reverse) and Q
        (questionable) are left out of the coefficients, as in the source.

    Raises
    ------
    NotEnoughDataError
        If no answer is A, O, M or I.

    Examples
    --------
    >>> found = kano(counts={"A": 10, "O": 30, "M": 40, "I": 20})
    >>> found.better, found.worse, found.category
    (0.4, -0.7, 'M')
    """
    parts = _parts(counts)
    total = sum(parts.values())
    return Kano(
        better=(parts["A"] + parts["O"]) / total,
        worse=-(parts["O"] + parts["M"]) / total,
        category=max(parts, key=lambda name: parts[name]),
        answers=total,
    )


def draw_coefficients(
    *, counts: Mapping[str, int], runs: int, chance: np.random.Generator
) -> tuple[Draws, Draws]:
    """Return draws of (better, worse), as sure as the number of answers makes them (Dirichlet, Jeffreys' prior).

    Examples
    --------
    >>> better, worse = draw_coefficients(
    ...     counts={"A": 10, "O": 30, "M": 40, "I": 20}, runs=20_000, chance=np.random.default_rng(1)
    ... )
    >>> bool(abs(better.mean() - 0.4) < 0.01), bool(abs(worse.mean() + 0.7) < 0.01)
    (True, True)
    """
    parts = _parts(counts)
    shares = chance.dirichlet([parts[name] + 0.5 for name in "AOMI"], size=runs)
    return shares[:, 0] + shares[:, 1], -(shares[:, 1] + shares[:, 2])
