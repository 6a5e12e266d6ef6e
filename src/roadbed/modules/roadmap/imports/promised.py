"""Promises of a table that nobody can keep any more: they come in as they stand, and are named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from roadbed.core.tables.targets import Outcome, ParsedRow, Run
from roadbed.modules.roadmap.models import Hardness, Status

OVER = frozenset({Status.SHIPPED, Status.DROPPED})


def note(run: Run, rows: Sequence[ParsedRow], *, ids: Mapping[int, int], outcome: Outcome) -> None:
    """Say of each row whose promised day has passed, though it is neither out nor dropped, that it has."""
    today = run.at.date()
    for index, row in enumerate(rows):
        day = row.values.get("due_date")
        is_hard = row.values.get("due_kind") == Hardness.HARD
        if index not in ids or not is_hard or not isinstance(day, date) or day >= today:
            continue
        if row.values.get("status") in OVER:
            continue
        outcome.partly += 1
        outcome.rejects.append(
            (index, f"It was kept, and its promised day, {day:%-d %B %Y}, has passed: agree on a new one.")
        )
