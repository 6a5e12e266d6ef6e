"""What a portfolio would change on the roadmap."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from roadbed.modules.priorities.models import Choice, Portfolio
from roadbed.modules.roadmap import facade as roadmap

HORIZONS = ("now", "next", "later")
LABELS = {"now": "Now", "next": "Next", "later": "Later", "none": "Not placed"}


@dataclass(frozen=True, slots=True)
class Move:
    """One feature that would stand elsewhere."""

    choice: Choice
    key: str
    title: str
    url: str
    was: str
    to: str

    @property
    def was_label(self) -> str:
        """Where it stands, in words."""
        return LABELS.get(self.was, self.was)

    @property
    def to_label(self) -> str:
        """Where it would stand, in words."""
        return LABELS[self.to]


def horizon_of(period: int | None, now: str) -> str:
    """Return where a choice stands on the board: the first period is now, the second next, what is out comes later."""
    if period is not None:
        return HORIZONS[min(period, len(HORIZONS) - 1)]
    return "later" if now in {"now", "next"} else now


def moves(portfolio: Portfolio) -> list[Move]:
    """Return what would move, read against the roadmap as it is now; two queries."""
    # What is out and was not placed stays as it is: of ten thousand candidates only few can move.
    rows = list(portfolio.choices.filter(Q(period__isnull=False) | Q(horizon__in=["now", "next"])))
    slug = portfolio.workspace.slug
    known = roadmap.summaries(portfolio.workspace_id, slug, [row.record_id for row in rows])
    found = []
    for row in rows:
        feature = known.get(row.record_id)
        if feature is None or feature.is_closed:
            continue
        to = horizon_of(row.period, feature.horizon)
        if to != feature.horizon:
            found.append(Move(row, feature.key, feature.title, feature.url, feature.horizon, to))
    return found
