"""What is near in meaning, and the vectors themselves. Whoever may not see a record never learns that it is near."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from django.conf import settings

from roadbed.core.records.models import Record
from roadbed.core.search.models import SearchEntry
from roadbed.core.vectors import embedders
from roadbed.core.vectors.models import WHOLE, Passage, Reader, TextVector
from roadbed.core.vectors.services.cutting import text_of
from roadbed.core.vectors.services.reading import standing
from roadbed.core.vectors.shelf import Shelf
from roadbed_engines.text.embedding import Embedder

Matrix = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]
WASTE = 4096
"""From how many rows on a file that is half waste is written anew."""
FEW = 6
"""Where fewer than one row in so many is looked at, the others are not multiplied."""
SINGLY = 8
"""Up to so many records are left out one by one; more are looked up together."""
OPEN = 12
"""How many workspaces a process keeps at hand."""


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


@dataclass(frozen=True, slots=True)
class RecordVectors:
    """The whole-text vectors of records: `ids` of length n, `matrix` of shape (n, d), and the model's id."""

    model: str
    ids: list[int]
    matrix: Matrix


@dataclass(frozen=True, slots=True)
class _Table:
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


def _of_kinds(view: _Table, kinds: Collection[str]) -> npt.NDArray[np.bool_]:
    # By a table of the kinds, which are few: comparing each passage with each kind wanted is ten times slower.
    wanted = np.zeros(max(len(_kinds), 1), dtype=bool)
    wanted[[_kinds[kind] for kind in kinds if kind in _kinds]] = True
    return wanted[view.kind]


def _table(columns: list[Any], digests: list[str], shelf: Shelf) -> _Table:
    passage, record, comment, ordinal, start, end, kind = columns
    row = np.fromiter((shelf.row_of(digest) for digest in digests), dtype=np.int64, count=len(digests))
    return _Table(passage, record, comment, ordinal, start, end, row, kind, shelf.matrix, digests)


class _View:
    """What this process holds of one workspace and model. Its table is replaced, never changed."""

    def __init__(self, *, workspace_id: int, model: str) -> None:
        self.workspace_id = workspace_id
        self.model = model
        self._state = "never"
        self._lock = threading.Lock()
        folder = Path(settings.ROADBED_DATA) / "vectors" / f"{workspace_id}-{model}"
        self._shelf = Shelf(folder=folder, dimensions=embedders.get(model).dimensions)
        self.table = self._load(after=0)

    def refresh(self, *, state: str) -> _Table:
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

    def _load(self, *, after: int) -> _Table:
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


_views: OrderedDict[tuple[str, int, str], _View] = OrderedDict()
_views_lock = threading.Lock()


def _view(*, workspace_id: int) -> tuple[str, _Table] | None:
    """Return the model that answers in this workspace, and its passages as they stand."""
    reader = Reader.objects.filter(workspace_id=workspace_id).first()
    if reader is None:
        return None
    key = (str(settings.ROADBED_DATA), workspace_id, reader.model)
    with _views_lock:
        view = _views.get(key)
        if view is None:
            view = _views[key] = _View(workspace_id=workspace_id, model=reader.model)
        _views.move_to_end(key)
        while len(_views) > OPEN:
            _views.popitem(last=False)
    return reader.model, view.refresh(state=reader.state)


def forget() -> None:
    """Let go of every table that this process holds: for a database whose rows went back in time."""
    with _views_lock:
        _views.clear()


def warm() -> None:
    """Load the models and tables that a server process will be asked of, so that no first question waits for them."""
    readers = list(Reader.objects.order_by("-workspace_id")[:OPEN])
    for model in sorted({reader.model for reader in readers} or {embedders.default()}):
        embedders.get(model).encode(["Which words are read first?"], kind="query")
    for reader in readers:
        _view(workspace_id=reader.workspace_id)


def embedder_of(*, workspace_id: int, threads: int = 1) -> Embedder:
    """Return the model that reads this workspace, for what a person is typing.

    Raises
    ------
    ModelMissingError
        If it is not installed any more.
    """
    return embedders.get(standing(workspace_id=workspace_id).model, threads=threads)


def nearest(
    *,
    workspace_id: int,
    text: str = "",
    vector: Matrix | None = None,
    circles: Collection[int] = (),
    kinds: Collection[str] = (),
    within: Iterable[int] | None = None,
    without: Collection[int] = (),
    whole: bool | None = None,
    limit: int = 20,
    least: float = 0.0,
) -> list[Near]:
    """Return the passages nearest in meaning, the nearest first, among those that the asker may see.

    What may not be seen is left out before ranking: passages are ranked among the candidates only, and each
    candidate is checked against the tables as they stand, so that a wall that went up a second
    ago holds.

    Parameters
    ----------
    text, vector
        What to look for: words, read with the workspace's model, or a vector of that model.
    circles : collection of int
        The circles of whoever asks; open records are always looked at.
    kinds : collection of str
        Kinds of record to stay within; empty means all.
    within : iterable of int, optional
        Ids of records to stay within.
    without : collection of int
        Ids of records to leave out, such as the one that is being looked at.
    whole : bool, optional
        True for whole records and comments alone, False for passages alone; both by default.
    limit : int
        How many at most.
    least : float
        The least cosine.
    """
    found_view = _view(workspace_id=workspace_id)
    if found_view is None or limit < 1 or not len(found_view[1].matrix):
        return []
    view = found_view[1]
    if vector is None:
        vector = embedder_of(workspace_id=workspace_id).encode([text], kind="query")[0]
    allowed = _allowed(view, kinds=kinds, within=within, without=without, whole=whole)
    places = np.flatnonzero(allowed & (view.row >= 0))
    scores = _scores(view, np.asarray(vector, dtype=np.float32), places)
    near_enough = scores >= least
    places, scores = places[near_enough], scores[near_enough]
    found: list[Near] = []
    seen = 0
    width = max(limit * 2, 32)
    while len(found) < limit and seen < len(scores):
        width = min(width, len(scores))
        best = np.argpartition(scores, len(scores) - width)[len(scores) - width :]
        best = best[np.lexsort((view.passage[places[best]], -scores[best]))][seen:]
        visible = _visible(workspace_id, view.passage[places[best]].tolist(), circles)
        found += [
            _near(view, int(places[at]), float(scores[at]))
            for at in best
            if int(view.passage[places[at]]) in visible
        ]
        seen, width = width, width * 8
    return found[:limit]


def vectors_of(
    *, workspace_id: int, record_ids: Iterable[int] | None = None, kinds: Collection[str] = ()
) -> RecordVectors:
    """Return the vector of each record's whole text; records that have none yet are left out.

    Without `record_ids`, those of all records of the kinds: private, archived and merged ones too, so the
    caller must narrow them down to what is meant to be seen.
    """
    found = _view(workspace_id=workspace_id)
    if found is None:
        # Not `reader_of`, which makes the row: reading a page writes nothing.
        model = embedders.default()
        empty = np.empty((0, embedders.get(model).dimensions), dtype=np.float32)
        return RecordVectors(model=model, ids=[], matrix=empty)
    model, view = found
    chosen = (view.ordinal == WHOLE) & (view.comment == 0) & (view.row >= 0)
    if kinds:
        chosen &= _of_kinds(view, kinds)
    if record_ids is not None:
        chosen &= np.isin(view.record, np.fromiter(record_ids, dtype=np.int64))
    places = np.flatnonzero(chosen)
    places = places[np.argsort(view.record[places], kind="stable")]
    return RecordVectors(
        model=model,
        ids=view.record[places].tolist(),
        matrix=np.asarray(view.matrix[view.row[places]], dtype=np.float32),
    )


def texts_of(passage_ids: Collection[int]) -> dict[int, str]:
    """Return the words of passages; one whose record was written anew since is left out."""
    rows = Passage.objects.filter(pk__in=passage_ids).values_list("pk", "entry_id", "start", "end", "read_at")
    found = list(rows)
    entries = SearchEntry.objects.in_bulk([entry_id for _, entry_id, *_ in found])
    return {
        pk: text_of(entries[entry_id])[start:end]
        for pk, entry_id, start, end, read_at in found
        if entry_id in entries and entries[entry_id].updated_at == read_at
    }


def _scores(view: _Table, vector: Matrix, places: npt.NDArray[Any]) -> Matrix:
    """Return the cosine of every passage at these places."""
    matrix = np.asarray(view.matrix)
    # Rows that lie apart are dearer to fetch than to multiply: only a few of them are taken out one by one.
    if len(places) * FEW < len(matrix):
        few: Matrix = matrix[view.row[places]] @ vector
        return few
    every: Matrix = (matrix @ vector)[view.row[places]]
    return every


def _allowed(
    view: _Table,
    *,
    kinds: Collection[str],
    within: Iterable[int] | None,
    without: Collection[int],
    whole: bool | None,
) -> npt.NDArray[np.bool_]:
    allowed = np.ones(len(view.row), dtype=bool)
    if kinds:
        allowed &= _of_kinds(view, kinds)
    if within is not None:
        allowed &= np.isin(view.record, np.fromiter(within, dtype=np.int64))
    if len(without) <= SINGLY:
        for one in without:
            allowed &= view.record != one
    else:
        allowed &= ~np.isin(view.record, np.fromiter(without, dtype=np.int64))
    if whole is not None:
        allowed &= (view.ordinal == WHOLE) == whole
    return allowed


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


def _near(view: _Table, at: int, similarity: float) -> Near:
    return Near(
        passage_id=int(view.passage[at]),
        record_id=int(view.record[at]),
        comment_id=int(view.comment[at]) or None,
        ordinal=int(view.ordinal[at]),
        start=int(view.start[at]),
        end=int(view.end[at]),
        similarity=similarity,
    )
