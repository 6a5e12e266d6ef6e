"""What is near in meaning, and the vectors themselves. Whoever may not see a record never learns that it is near."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.conf import settings

from roadbed.core.search.models import SearchEntry
from roadbed.core.vectors import embedders
from roadbed.core.vectors.held import Matrix, Table, View, of_kinds
from roadbed.core.vectors.looking import Look, Near
from roadbed.core.vectors.models import WHOLE, Passage, Reader
from roadbed.core.vectors.services.cutting import text_of
from roadbed.core.vectors.services.reading import standing
from roadbed_engines.text.embedding import Embedder

__all__ = [
    "Matrix",
    "Near",
    "RecordVectors",
    "embedder_of",
    "forget",
    "nearest",
    "texts_of",
    "vectors_of",
    "warm",
]

SINGLY = 8
"""Up to so many records are left out one by one; more are looked up together."""
OPEN = 12
"""How many workspaces a process keeps at hand."""


@dataclass(frozen=True, slots=True)
class RecordVectors:
    """The whole-text vectors of records: `ids` of length n, `matrix` of shape (n, d), and the model's id."""

    model: str
    ids: list[int]
    matrix: Matrix


_views: OrderedDict[tuple[str, int, str], View] = OrderedDict()
_views_lock = threading.Lock()


def _view(*, workspace_id: int) -> tuple[str, Table] | None:
    """Return the model that answers in this workspace, and its passages as they stand."""
    reader = Reader.objects.filter(workspace_id=workspace_id).first()
    if reader is None:
        return None
    key = (str(settings.ROADBED_DATA), workspace_id, reader.model)
    with _views_lock:
        view = _views.get(key)
        if view is None:
            view = _views[key] = View(workspace_id=workspace_id, model=reader.model)
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
    beside: Collection[int] = (),
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
    beside : collection of int
        Ids of a few records whose best passages come after the nearest, however far they are: twice `limit` of them.
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
    look = Look(view, np.asarray(vector, dtype=np.float32), workspace_id=workspace_id, circles=circles)
    places = np.flatnonzero(allowed & (view.row >= 0))
    named = places[np.isin(view.record[places], list(beside))] if beside else places[:0]
    others = look.foremost(named, most=2 * limit)
    likely = look.likeliest(places)
    found, all_near = look.best(likely, limit=limit, least=least, at_once=others)
    if all_near and len(found) < limit and len(likely) < len(places):
        # What is likeliest stands behind walls for the most part: then every row is compared.
        found, _ = look.best(places, limit=limit, least=least, at_once=others)
    return found + look.rest(others, but=found)


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
        chosen &= of_kinds(view, kinds)
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


def _allowed(
    view: Table,
    *,
    kinds: Collection[str],
    within: Iterable[int] | None,
    without: Collection[int],
    whole: bool | None,
) -> npt.NDArray[np.bool_]:
    allowed = np.ones(len(view.row), dtype=bool)
    if kinds:
        allowed &= of_kinds(view, kinds)
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
