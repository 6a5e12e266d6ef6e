"""One vector looked for in a table: what is likely, what is near, and what of it may be seen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from roadbed.core.records.models import Record
from roadbed.core.vectors.held import Matrix, Table
from roadbed.core.vectors.models import Passage
from roadbed_engines.text import signs

Places = npt.NDArray[np.intp]
FEW = 6
"""Where fewer than one row in so many is looked at, the others are not multiplied."""
SIEVED = 32_768
"""From so many rows on, those that are likeliest by their signs are compared in full, and the others are not."""
KEPT, SHARE_KEPT = 4096, 0.04
"""How many those are: at least so many, and at least so large a share."""


@dataclass(frozen=True, slots=True)
class Near:
    """A passage that is near, and how near: the cosine, up to 1."""

    passage_id: int
    record_id: int
    comment_id: int | None
    ordinal: int
    start: int
    end: int
    similarity: float


class Look:
    """One vector looked for in a table, by somebody who may see some of it."""

    def __init__(self, view: Table, vector: Matrix, *, workspace_id: int, circles: Collection[int]) -> None:
        self._view, self._vector = view, vector
        self._workspace_id, self._circles = workspace_id, circles
        self._shown: dict[int, bool] = {}

    def likeliest(self, places: Places) -> Places:
        """Narrow many places down to those that may be among the nearest."""
        if len(places) < SIEVED:
            return places
        keep = max(KEPT, round(SHARE_KEPT * len(places)))
        rows = self._view.row[places]
        return places[signs.likeliest(known=self._view.signs, vector=self._vector, rows=rows, keep=keep)]

    def foremost(self, places: Places, *, most: int) -> Places:
        """Narrow places down to the nearest visible of them: a book that is named is not read from end to end."""
        if len(places) <= most:
            return places
        passages = self._view.passage[places].tolist()
        visible = self._visible(passages)
        places = places[[passage in visible for passage in passages]]
        scores = _scores(self._view, self._vector, places)
        return places[np.sort(np.argsort(-scores, kind="stable")[:most])]

    def best(self, places: Places, *, limit: int, least: float, at_once: Places) -> tuple[list[Near], bool]:
        """Return the nearest that are visible, and whether all places were near enough."""
        scores = _scores(self._view, self._vector, places)
        near_enough = scores >= least
        all_near = bool(near_enough.all())
        places, scores = places[near_enough], scores[near_enough]
        passages = self._view.passage[places]
        found: list[Near] = []
        seen = 0
        width = max(limit * 2, 32)
        while len(found) < limit and seen < len(scores):
            width = min(width, len(scores))
            best = np.argpartition(scores, len(scores) - width)[len(scores) - width :]
            best = best[np.lexsort((passages[best], -scores[best]))][seen:]
            visible = self._visible(np.concatenate([passages[best], self._view.passage[at_once]]).tolist())
            found += [
                _near(self._view, int(places[at]), float(scores[at]))
                for at in best
                if int(passages[at]) in visible
            ]
            seen, width = width, width * 8
        return found[:limit], all_near

    def rest(self, places: Places, *, but: Sequence[Near]) -> list[Near]:
        """Return what is visible at these places and not there yet, however far."""
        have = {one.passage_id for one in but}
        scores = _scores(self._view, self._vector, places).tolist()
        visible = self._visible(self._view.passage[places].tolist()) - have
        return [
            _near(self._view, int(place), score)
            for place, score in zip(places, scores, strict=True)
            if int(self._view.passage[place]) in visible
        ]

    def _visible(self, passages: Sequence[int]) -> set[int]:
        fresh = [pk for pk in dict.fromkeys(passages) if pk not in self._shown]
        if fresh:
            shown = _visible(self._workspace_id, fresh, self._circles)
            self._shown.update((pk, pk in shown) for pk in fresh)
        return {pk for pk in passages if self._shown[pk]}


def _scores(view: Table, vector: Matrix, places: npt.NDArray[Any]) -> Matrix:
    """Return the cosine of every passage at these places."""
    matrix = np.asarray(view.matrix)
    # Rows that lie apart are dearer to fetch than to multiply: only a few of them are taken out one by one.
    if len(places) * FEW < len(matrix):
        # Row by row: a product of matrices wakes threads that cost more than these few rows.
        few: Matrix = np.vecdot(matrix[view.row[places]], vector)
        return few
    every: Matrix = (matrix @ vector)[view.row[places]]
    return every


def _visible(workspace_id: int, passage_ids: list[int], circles: Collection[int]) -> set[int]:
    """Return those passages that are still there, of records that the asker may see now."""
    visible: set[int] = set()
    for start in range(0, len(passage_ids), 500):
        # Two looks by primary key: as one, SQLite would list every record of the workspace first.
        there = dict(
            Passage.objects.filter(pk__in=passage_ids[start : start + 500]).values_list("pk", "record_id")
        )
        records = Record.objects.in_workspace(workspace_id, circles=circles).filter(
            pk__in=set(there.values())
        )
        shown = set(records.values_list("pk", flat=True))
        visible.update(pk for pk, record_id in there.items() if record_id in shown)
    return visible


def _near(view: Table, at: int, similarity: float) -> Near:
    return Near(
        passage_id=int(view.passage[at]),
        record_id=int(view.record[at]),
        comment_id=int(view.comment[at]) or None,
        ordinal=int(view.ordinal[at]),
        start=int(view.start[at]),
        end=int(view.end[at]),
        similarity=similarity,
    )
