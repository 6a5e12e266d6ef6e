"""Undo an import: what it made goes (and can be restored), what it changed is as before."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import kinds
from roadbed.core.records import services as records
from roadbed.core.records.models import Activity, Record
from roadbed.core.search.models import SearchEntry
from roadbed.core.tables import targets
from roadbed.core.tables.models import Import, ImportBatch, ImportChange
from roadbed.core.tables.record_writer import reindex
from roadbed.core.tables.services.running import Clock, Told, hold_workspace

State = Import.State
CHUNK = 500


def undo_import(*, run: Import, actor: Actor, now: Clock, told: Told | None = None) -> Import:
    """Undo batch by batch, the last one first. Records that were worked on since stay as they are, and are counted."""
    batches = list(
        run.batches.filter(undone_at__isnull=True).order_by("-number").values_list("pk", flat=True)
    )
    for count, pk in enumerate(batches, start=1):
        with transaction.atomic():
            hold_workspace(run.workspace_id)
            held = Import.objects.select_for_update().get(pk=run.pk)
            batch = ImportBatch.objects.select_for_update().get(pk=pk)
            if held.state == State.UNDOING and batch.undone_at is None:
                _undo_batch(held, batch, actor, now())
        if told is not None:
            told(count, len(batches))
    with transaction.atomic():
        moment = now()
        Import.objects.filter(pk=run.pk, state=State.UNDOING).update(
            state=State.UNDONE, undone_at=moment, progress_at=moment
        )
    return Import.objects.get(pk=run.pk)


def _undo_batch(run: Import, batch: ImportBatch, actor: Actor, at: datetime) -> None:
    # Before anybody goes who is known by such a row alone.
    others = [pk for first, last in batch.others for pk in range(first, last + 1)]
    if others and (remove := targets.get(run.target).remove_others) is not None:
        remove(run.workspace_id, others, at)
    touched = _put_back(run, batch, actor, at)
    put_back = sum(len(ids) for ids in touched.values())
    removed, kept = 0, 0
    # What stands on another goes first; who stands on whom shows by going round until nothing more can go.
    waiting = sorted(batch.created, key=lambda kind: kind != targets.get(run.target).kind)
    for _ in range(len(waiting)):
        kept = 0
        for kind in waiting:
            for first, last in batch.created[kind]:
                gone, stayed = _remove(run, kind, (first, last), actor, at)
                touched.setdefault(kind, []).extend(gone)
                removed, kept = removed + len(gone), kept + stayed
        if not kept:
            break
    follow = targets.get(run.target).follow
    if follow is not None:
        follow(run.workspace_id, {}, touched, at)
    batch.undone_at = at
    batch.save(update_fields=["undone_at"])
    Import.objects.filter(pk=run.pk).update(kept_count=F("kept_count") + kept, progress_at=at)
    facts = {"import": run.pk, "file": run.shown_name, "removed": removed, "put back": put_back, "kept": kept}
    records.record_activity(
        workspace_id=run.workspace_id, actor=actor, verb="undid an import", at=at, changes=facts
    )


def _touched(ids: Collection[int], since: datetime) -> set[int]:
    """Return the records that somebody did something with since."""
    return set(
        Activity.objects.filter(record_id__in=ids, at__gte=since)
        .values_list("record_id", flat=True)
        .distinct()
    )


def _remove(
    run: Import, kind: str, span: tuple[int, int], actor: Actor, at: datetime
) -> tuple[list[int], int]:
    ids = list(
        Record.objects.filter(workspace_id=run.workspace_id, kind=kind, deleted_at__isnull=True)
        .filter(pk__gte=span[0], pk__lte=span[1])
        .values_list("pk", flat=True)
    )
    if not ids:
        return [], 0
    keep = _touched(ids, run.created_at)
    keep |= set(_others(run).filter(record_id__in=ids).values_list("record_id", flat=True))
    for target in targets.all_targets():
        if target.kind == kind and target.in_use is not None:
            keep |= set(target.in_use(run.workspace_id, [pk for pk in ids if pk not in keep]))
    gone = [pk for pk in ids if pk not in keep]
    Record.objects.filter(pk__in=gone).update(
        deleted_at=at, updated_at=at, updated_by_id=actor.user_id, version=F("version") + 1
    )
    SearchEntry.objects.filter(record_id__in=gone).delete()
    return gone, len(ids) - len(gone)


def _others(run: Import) -> Any:
    """The changes of later imports that still stand."""
    return ImportChange.objects.filter(
        batch__run__workspace_id=run.workspace_id, batch__undone_at__isnull=True
    ).filter(batch__run_id__gt=run.pk)


def _put_back(run: Import, batch: ImportBatch, actor: Actor, at: datetime) -> dict[str, list[int]]:
    changes = list(batch.changes.all())
    ids = [change.record_id for change in changes]
    keep = _touched(ids, batch.written_at)
    keep |= set(_others(run).filter(record_id__in=ids).values_list("record_id", flat=True))
    count = 0
    by_kind: dict[str, list[int]] = {}
    give_back = targets.get(run.target).give_back
    for change in changes:
        if change.record_id in keep:
            continue
        model = kinds.get(change.kind).model
        fields = {each.attname: each for each in model._meta.concrete_fields}
        values: dict[str, Any] = {
            fields[name].name if not name.endswith("_id") else name: fields[name].to_python(value)
            for name, value in change.before.items()
            if name in fields
        }
        stored = model.objects.filter(pk=change.record_id).first()
        if stored is None:
            continue
        for name, value in values.items():
            setattr(stored, name, value)
        stored.version += 1
        stored.updated_at = max(at, stored.created_at)
        stored.updated_by_id = actor.user_id
        stored.save()
        if give_back is not None:
            give_back(change.record_id, change.before)
        by_kind.setdefault(change.kind, []).append(change.record_id)
        count += 1
    for kind, changed in by_kind.items():
        reindex(kinds.get(kind).model, changed)
    Import.objects.filter(pk=run.pk).update(kept_count=F("kept_count") + len(changes) - count)
    return by_kind
