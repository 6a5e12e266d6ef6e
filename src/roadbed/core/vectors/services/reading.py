"""Reading texts with a model, once each: in batches, so that stopping loses a batch at most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from roadbed.core.accounts.actors import Actor
from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.core.search.models import SearchEntry
from roadbed.core.search.waking import TASK
from roadbed.core.vectors import embedders
from roadbed.core.vectors.models import Passage, Reader, TextVector, digest_of
from roadbed.core.vectors.services.cutting import cut, drop_orphans, stale_entries, text_of, touch

ENTRIES = 128
"""How many entries are cut and read between two commits."""
TEXTS = 256
"""How many texts another model reads between two commits."""

Progress = Callable[[int, int | None, str], None]


@dataclass(frozen=True, slots=True)
class Caught:
    """What one run did: entries cut, texts read, and the model that is in use after it."""

    cut: int
    read: int
    model: str


def standing(*, workspace_id: int) -> Reader:
    """Return which model reads this workspace, for a look: where nothing was read yet, nothing is written."""
    found = Reader.objects.filter(workspace_id=workspace_id).first()
    return found or Reader(workspace_id=workspace_id, model=embedders.default())


def reader_of(*, workspace_id: int) -> Reader:
    """Return which model reads this workspace, deciding for the default where nobody chose."""
    reader, _ = Reader.objects.get_or_create(
        workspace_id=workspace_id, defaults={"model": embedders.default()}
    )
    return reader


@transaction.atomic
def choose_model(*, workspace_id: int, model: str, actor: Actor, at: datetime) -> Reader:
    """Let another model read this workspace; the one in use goes on answering until all texts are read anew.

    Choosing the one in use again calls a change off.

    Raises
    ------
    ModelMissingError
        If there is no such model, or its package is not installed.
    """
    embedders.get(model)
    reader = Reader.objects.select_for_update().get(pk=reader_of(workspace_id=workspace_id).pk)
    before = reader.wanted or reader.model
    if model == before:
        return reader
    reader.wanted = "" if model == reader.model else model
    reader.save(update_fields=["wanted"])
    records.record_activity(
        workspace_id=workspace_id,
        actor=actor,
        verb="changed the model of meaning",
        at=at,
        changes={"model": [before, model]},
    )
    if reader.wanted:
        jobs.enqueue_on_commit(TASK, workspace_id=workspace_id, key="embed")
    return reader


def has_work(*, workspace_id: int) -> bool:
    """Whether anything was written or decided that passages and vectors do not show yet."""
    reader = Reader.objects.filter(workspace_id=workspace_id).first()
    if reader is not None and reader.wanted:
        return True
    return stale_entries(workspace_id=workspace_id).exists()


def catch_up(*, workspace_id: int, progress: Progress | None = None, threads: int = 1) -> Caught:
    """Cut what was written, and read what has no vector yet. Each batch is committed by itself.

    Whoever stops it (by raising in `progress`) loses nothing that was committed; the next run goes on there.

    Raises
    ------
    ModelMissingError
        If the model is not installed.
    """
    reader = reader_of(workspace_id=workspace_id)
    say = progress or (lambda done, total, note: None)
    drop_orphans(workspace_id=workspace_id)
    done, read = _follow(workspace_id=workspace_id, model=reader.model, say=say, threads=threads)
    read += _read_all(workspace_id=workspace_id, model=reader.model, say=say, threads=threads)
    if reader.wanted:
        read += _read_all(workspace_id=workspace_id, model=reader.wanted, say=say, threads=threads)
        Reader.objects.filter(pk=reader.pk, wanted=reader.wanted).update(model=reader.wanted, wanted="")
        touch(workspace_id=workspace_id)
        reader.refresh_from_db()
    return Caught(cut=done, read=read, model=reader.model)


def forget_unused(*, limit: int = 20_000) -> int:
    """Delete vectors of texts that nobody holds any more, or of models that nobody uses; return how many."""
    models = {name for pair in Reader.objects.values_list("model", "wanted") for name in pair if name}
    held = Passage.objects.filter(digest=OuterRef("digest"))
    unused = TextVector.objects.filter(~Exists(held)) | TextVector.objects.exclude(model__in=models)
    ids = list(unused.values_list("pk", flat=True)[:limit])
    for start in range(0, len(ids), 500):
        TextVector.objects.filter(pk__in=ids[start : start + 500]).delete()
    return len(ids)


def _follow(*, workspace_id: int, model: str, say: Progress, threads: int) -> tuple[int, int]:
    """Cut and read the entries that were written, so that a passage is never there without its vector."""
    total = stale_entries(workspace_id=workspace_id).count()
    done = read = last = 0
    while total:
        rows = stale_entries(workspace_id=workspace_id).filter(pk__gt=last).order_by("pk")
        entries = list(rows[:ENTRIES])
        if not entries:
            break
        made = [(words, passages) for entry in entries for words, passages in cut(entry).items()]
        # Reading takes seconds; nothing is locked meanwhile.
        fresh = _read({passages[0].digest: words for words, passages in made}, model=model, threads=threads)
        with transaction.atomic():
            # One writer at a time in a workspace: whoever refreshes may rely on ids growing.
            Reader.objects.select_for_update().get(workspace_id=workspace_id)
            _keep(fresh)
            Passage.objects.filter(entry_id__in=[entry.pk for entry in entries]).delete()
            Passage.objects.bulk_create(
                [passage for _, passages in made for passage in passages], batch_size=500
            )
            touch(workspace_id=workspace_id)
        done, last, read = done + len(entries), entries[-1].pk, read + len(fresh)
        say(done, max(done, total), "Reading texts")
    return done, read


def _read(texts: dict[str, str], *, model: str, threads: int) -> list[TextVector]:
    """Return a vector, not saved, of each text (by digest) that has none yet."""
    known: set[str] = set()
    digests = list(texts)
    for start in range(0, len(digests), 500):
        rows = TextVector.objects.filter(model=model, digest__in=digests[start : start + 500])
        known.update(rows.values_list("digest", flat=True))
    fresh = {digest: text for digest, text in texts.items() if digest not in known}
    if not fresh:
        return []
    vectors = embedders.get(model, threads=threads).encode(list(fresh.values())).astype("<f2")
    return [
        TextVector(model=model, digest=digest, vector=row.tobytes())
        for digest, row in zip(fresh, vectors, strict=True)
    ]


def _keep(vectors: list[TextVector]) -> None:
    """Save vectors; one that somebody else saved in the meantime is as good."""
    TextVector.objects.bulk_create(vectors, ignore_conflicts=True, batch_size=500)


def _unread(*, workspace_id: int, model: str) -> QuerySet[Passage]:
    known = TextVector.objects.filter(model=model, digest=OuterRef("digest"))
    return Passage.objects.filter(~Exists(known), workspace_id=workspace_id)


def _read_all(*, workspace_id: int, model: str, say: Progress, threads: int) -> int:
    """Read the passages that have no vector of this model: all of them, when the model is new here."""
    ids = list(_unread(workspace_id=workspace_id, model=model).order_by("pk").values_list("pk", flat=True))
    read = 0
    for start in range(0, len(ids), TEXTS):
        fresh = _read(_texts(ids[start : start + TEXTS]), model=model, threads=threads)
        with transaction.atomic():
            _keep(fresh)
            touch(workspace_id=workspace_id)
        read += len(fresh)
        say(min(start + TEXTS, len(ids)), len(ids), "Reading texts anew")
    return read


def _texts(passage_ids: list[int]) -> dict[str, str]:
    """Return the texts of passages by digest; what was edited in the meantime is left for the next run."""
    rows = list(Passage.objects.filter(pk__in=passage_ids).values_list("entry_id", "start", "end", "digest"))
    entries = SearchEntry.objects.only("title", "body").in_bulk([entry_id for entry_id, *_ in rows])
    words = {pk: text_of(entry) for pk, entry in entries.items()}
    texts: dict[str, str] = {}
    for entry_id, start, end, digest in rows:
        text = words.get(entry_id, "")[start:end]
        if digest not in texts and digest_of(text) == digest:
            texts[digest] = text
    return texts
