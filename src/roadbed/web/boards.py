"""A board: columns of cards that can be moved by dragging, by a menu, or by keys."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """One card. `facts` and `chips` are finished HTML (`roadbed.web.parts`)."""

    id: str
    key: str
    title: str
    url: str
    note: str = ""
    chips: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """One column; `more_url` leads to the rest where only the first cards are drawn."""

    key: str
    label: str
    cards: tuple[Card, ...]
    total: int | None = None
    note: str = ""
    more_url: str = ""

    @property
    def count(self) -> int:
        """How many cards the column has, drawn or not."""
        return self.total if self.total is not None else len(self.cards)


@dataclass(frozen=True, slots=True)
class Board:
    """What ``components/board.html`` needs.

    `move_url` takes a POST with `card`, `column` and `before` (the id of the card that follows, or empty for the end),
    and `next` from the menu. Without it nothing can be moved.
    """

    id: str
    label: str
    columns: tuple[BoardColumn, ...]
    move_url: str = ""
