"""What stands in the way of starting an experiment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What is missing or would go wrong, where, and what mends it. What does not stop a start is only said."""

    place: str
    sentence: str
    stops: bool = True
