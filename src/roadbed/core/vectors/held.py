"""The passages of a workspace and their vectors, as one process holds them."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from django.conf import settings

from roadbed.core.vectors import embedders
from roadbed.core.vectors.models import Passage, TextVector
from roadbed.core.vectors.shelf import Shelf
from roadbed_engines.text import signs

Matrix = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]
WASTE = 4096
"""From how many rows on a file that is half waste is written anew."""


@dataclass(frozen=True, slots=True)
class Table:
    """The passages of one workspace as this process last saw them; one row each, the row on the shelf too."""

    passage: Numbers
    record: Numbers
    comment: Numbers
    ordinal: Numbers
    start: Numbers
    end: Numbers
    row: Numbers
    kind: npt.NDArray[np.int16]
    matrix: Matrix
    signs: signs.Signs
    digests: list[str]

    def kept(self, places: npt.NDArray[Any]) -> list[Any]:
        """Return the columns narrowed to some places."""
        columns: list[Any] = [
            self.passage,
            self.record,
            self.comment,
            self.ordinal,
            self.start,
            self.end,
            self.kind,
        ]
        return [column[places] for column in columns]


_kinds: dict[str, int] = {}
"""Kinds of record by the number that this process gave them: a hundred thousand words are slow to compare."""


def _number_of(kind: str) -> int:
    return _kinds.setdefault(kind, len(_kinds))


def of_kinds(view: Table, kinds: Collection[str]) -> npt.NDArray[np.bool_]:
    """Return which passages belong to records of some kinds."""
    # By a table of the kinds, which are few: comparing each passage with each kind wanted is ten times slower.
    wanted = np.zeros(max(len(_kinds), 1), dtype=bool)
    wanted[[_kinds[kind] for kind in kinds if kind in _kinds]] = True
    return wanted[view.kind]


def _table(columns: list[Any], digests: list[str], shelf: Shelf) -> Table:
    passage, record, comment, ordinal, start, end, kind = columns
    row = np.fromiter((shelf.row_of(digest) for digest in digests), dtype=np.int64, count=len(digests))
    return Table(passage, record, comment, ordinal, start, end, row, kind, shelf.matrix, shelf.signs, digests)


class View:
    """What this process holds of one workspace and model. Its table is replaced, never changed."""

    def __init__(self, *, workspace_id: int, model: str) -> None:
        self.workspace_id = workspace_id
        self.model = model
        self._state = "never"
        self._lock = threading.Lock()
        folder = Path(settings.ROADBED_DATA) / "vectors" / f"{workspace_id}-{model}"
        self._shelf = Shelf(folder=folder, dimensions=embedders.get(model).dimensions)
        self.table = self._load(after=0)

    def refresh(self, *, state: str) -> Table:
        """Take in what was written since; the table at a state of the reader's."""
        with self._lock:
            if state != self._state:
                self._take_in()
                self._state = state
            return self.table

    def _take_in(self) -> None:
        last = int(self.table.passage.max(initial=0))
        # A passage is never there without its vector, save for a model that was just chosen.
        if (self.table.row < 0).any() or not len(self.table.passage):
            self.table = self._load(after=0)
            return
        fresh = self._load(after=last)
        count = Passage.objects.filter(workspace_id=self.workspace_id).count()
        if len(self.table.passage) + len(fresh.passage) != count:
            living = Passage.objects.filter(workspace_id=self.workspace_id, pk__lte=last)
            ids = np.fromiter(living.values_list("pk", flat=True).iterator(), dtype=np.int64)
            places = np.flatnonzero(np.isin(self.table.passage, ids))
        else:
            places = np.arange(len(self.table.passage))
        columns = [
            np.concatenate(pair)
            for pair in zip(self.table.kept(places), fresh.kept(np.arange(len(fresh.passage))), strict=True)
        ]
        digests = [self.table.digests[place] for place in places] + fresh.digests
        self.table = _table(columns, digests, self._shelf)

    def _load(self, *, after: int) -> Table:
        rows = Passage.objects.filter(workspace_id=self.workspace_id, pk__gt=after).order_by("pk")
        found = list(
            rows.values_list(
                "pk", "record_id", "comment_id", "ordinal", "start", "end", "digest", "record__kind"
            )
        )
        digests = [row[6] for row in found]
        self._fill(digests, all_of_them=not after)
        table = np.array(
            [
                (pk, record, comment or 0, ordinal, start, end)
                for pk, record, comment, ordinal, start, end, *_ in found
            ],
            dtype=np.int64,
        ).reshape(-1, 6)
        kinds = np.array([_number_of(row[7]) for row in found], dtype=np.int16)
        return _table([*table.T, kinds], digests, self._shelf)

    def _fill(self, digests: list[str], *, all_of_them: bool) -> None:
        distinct = list(dict.fromkeys(digests))
        missing = self._shelf.missing(distinct)
        held = len(self._shelf.matrix)
        if all_of_them and held > WASTE and held > 2 * (len(distinct) - len(missing)):
            self._shelf.empty()
            missing = distinct
        for start in range(0, len(missing), 500):
            some = missing[start : start + 500]
            rows = TextVector.objects.filter(model=self.model, digest__in=some)
            vectors = {
                digest: np.frombuffer(bytes(vector), dtype="<f2")
                for digest, vector in rows.values_list("digest", "vector")
            }
            if vectors:
                self._shelf.add(list(vectors), np.stack(list(vectors.values())).astype(np.float32))
