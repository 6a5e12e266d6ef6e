"""What waits for what, from a table: predecessors as Microsoft Project writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.tables.targets import Outcome, ParsedRow, Run
from roadbed.modules.roadmap import selectors
from roadbed.modules.roadmap.models import Dependency, Feature, Tie, graphs
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
            outcome.partly += 1
            outcome.rejects.append((index, f"It was kept, but not what it waits for: {error}"))
    if run.is_dry:
        pending.clear()
        return
    indices = {row.key: index for index, row in enumerate(rows) if row.key}
    ready = [(each, on) for each in pending if (on := find(each[2])) is not None]
    if not ready:
        return
    taken = {id(each) for each, _ in ready}
    pending[:] = [each for each in pending if id(each) not in taken]
    ids = {each[0] for each, _ in ready} | {on for _, on in ready}
    tied = _Ties(run, ids)
    for (own, key, _, tie, lag), on in ready:
        reason = tied.tie(own, on, tie, lag)
        if reason and key in indices:
            outcome.partly += 1
            outcome.rejects.append((indices[key], f"It was kept, but not what it waits for: {reason}"))


class _Ties:
    """What is needed to tie many: read once a batch, so that the time is linear in the rows."""

    def __init__(self, run: Run, ids: Collection[int]) -> None:
        self.run = run
        rows: Any = Feature.objects.in_workspace(run.workspace_id)
        self.features: dict[int, Feature] = rows.in_bulk(list(ids))
        known = Dependency.objects.filter(feature_id__in=ids, on__isnull=False)
        self.known = set(known.values_list("feature_id", "on_id"))
        if "roadmap:graph" not in run.memory:
            run.memory["roadmap:graph"] = selectors.graph_of(workspace_id=run.workspace_id)
        self.graph: graphs.Graph = run.memory["roadmap:graph"]
        self._learn_parents(ids)

    def _learn_parents(self, ids: Collection[int]) -> None:
        """Tell the graph where what came since it was read lies in the tree."""
        unknown = {pk for pk in ids if pk not in self.graph.parents}
        parents = dict(self.graph.parents)
        while unknown:
            found = dict(Feature.objects.filter(pk__in=unknown).values_list("pk", "parent_id"))
            parents |= found
            unknown = {pk for pk in found.values() if pk is not None and pk not in parents}
        self.graph.parents = parents

    def tie(self, own: int, on: int, tie: Tie, lag: int) -> str:
        """Tie one; return why it cannot be."""
        if (own, on) in self.known:
            return ""  # as somebody here has it
        feature, other = self.features.get(own), self.features.get(on)
        if feature is None or other is None:
            return "One of them is gone."
        try:
            with transaction.atomic():
                dependencies.add_dependency(
                    feature=feature,
                    on=other,
                    tie=tie,
                    lag=lag,
                    actor=self.run.actor,
                    at=self.run.at,
                    graph=self.graph,
                )
        except ValidationError as error:
            return " ".join(error.messages)
        self.known.add((own, on))
        return ""
