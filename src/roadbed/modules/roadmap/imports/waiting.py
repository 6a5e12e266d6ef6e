"""What waits for what, from a table: predecessors as Microsoft Project writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.tables.targets import Outcome, ParsedRow, Run
from roadbed.modules.roadmap.models import Dependency, Feature, Tie
from roadbed.modules.roadmap.services import dependencies

PREDECESSOR = re.compile(
    r"^(?P<id>.+?)(?P<tie>FS|SS|FF|SF)?(?P<lag>[+-]\d+(?:[.,]\d+)?)?(?P<unit>[a-z]*)$", re.IGNORECASE
)
TIES = {"": Tie.FINISH_START, "FS": Tie.FINISH_START, "SS": Tie.START_START, "FF": Tie.FINISH_FINISH}
DAYS = {"h": 1 / 8, "m": 1 / 480, "min": 1 / 480, "w": 5, "wk": 5, "wks": 5}
"""Working days in a unit; a day of eight hours, a week of five days."""
Find = Callable[[str], int | None]


class NotAPredecessorError(ValueError):
    """A predecessor cannot be read, or the plan has none of its kind; the message says which."""


def read(text: str) -> list[tuple[str, Tie, int]]:
    """Return the ids, ties and lags (in working days) of a cell.

    >>> [(id, str(tie), lag) for id, tie, lag in read("4FS+2d; 7SS-8h; 9")]
    [('4', 'fs', 2), ('7', 'ss', -1), ('9', 'fs', 0)]
    """
    found = []
    for part in re.split(r"[;,]\s*(?=\S)", text.strip()):
        match = PREDECESSOR.match(part.strip())
        if match is None:
            raise NotAPredecessorError(f"“{part[:40]}” is no predecessor such as 4FS+2d.")
        tie = (match["tie"] or "").upper()
        if tie not in TIES:
            raise NotAPredecessorError(
                f"“{part[:40]}” waits from start to finish, which a roadmap does not know."
            )
        number = float((match["lag"] or "0").replace(",", "."))
        found.append((match["id"].strip(), TIES[tie], round(number * DAYS.get(match["unit"].casefold(), 1))))
    return found


def wait(run: Run, rows: Sequence[ParsedRow], *, find: Find, outcome: Outcome) -> None:
    """Tie rows to their predecessors. One further down in the file is waited for until it is there."""
    pending: list[tuple[int, str, str, Tie, int]] = run.memory.setdefault("roadmap waits", [])
    refused = {index for index, _ in outcome.rejects}
    for index, row in enumerate(rows):
        text = str(row.values.get("predecessors") or "")
        own = find(row.key) if row.key and index not in refused else None
        if not text or own is None:
            continue
        try:
            pending.extend((own, row.key, *each) for each in read(text))
        except NotAPredecessorError as error:
            outcome.rejects.append((index, f"It was kept, but not what it waits for: {error}"))
    if run.is_dry:
        pending.clear()
        return
    indices = {row.key: index for index, row in enumerate(rows) if row.key}
    for each in list(pending):
        own, key, on_key, tie, lag = each
        on = find(on_key)
        if on is None:
            continue
        pending.remove(each)
        reason = _tie(run, own, on, tie, lag)
        if reason and key in indices:
            outcome.rejects.append((indices[key], f"It was kept, but not what it waits for: {reason}"))


def _tie(run: Run, own: int, on: int, tie: Tie, lag: int) -> str:
    known = Dependency.objects.filter(feature_id=own, on_id=on)
    if known.exists():
        return ""  # as somebody here has it
    rows: Any = Feature.objects.in_workspace(run.workspace_id)
    try:
        with transaction.atomic():
            dependencies.add_dependency(
                feature=rows.get(pk=own), on=rows.get(pk=on), tie=tie, lag=lag, actor=run.actor, at=run.at
            )
    except (ValidationError, Feature.DoesNotExist) as error:
        return " ".join(error.messages) if isinstance(error, ValidationError) else "One of them is gone."
    return ""
