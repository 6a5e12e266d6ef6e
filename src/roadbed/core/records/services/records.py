"""Make, change, archive, delete and restore a record of any kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import F

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import bulk, kinds
from roadbed.core.records.models import Activity, Record, Watch
from roadbed.core.records.services import circles
from roadbed.core.records.services.activity import record_activity
from roadbed.core.search import services as search
from roadbed.core.workspaces.models import Member

R = TypeVar("R", bound=Record)


class StaleRecordError(Exception):
    """Somebody changed the record since it was read."""

    def __init__(self, record: Record, expected: int) -> None:
        self.record = record
        self.expected = expected
        super().__init__(
            f"{record.key} is at version {record.version}, not {expected}: somebody changed it meanwhile."
        )


class NotUndoableError(Exception):
    """The deed cannot be undone, because something else was done since."""


def _index(record: Record) -> None:
    kind = kinds.get(record.kind)
    search.put_record(record=record, body=kind.body(record))


@transaction.atomic
def create_record(
    *, record: R, actor: Actor, at: datetime, verb: str = "created", prefix: str | None = None
) -> R:
    """Give a new, unsaved record its key, save it, and write it into the history and the index.

    Parameters
    ----------
    record : Record
        An instance of a registered kind with its workspace and its own fields set.
    prefix : str, optional
        One of the kind's prefixes; its first by default.

    Raises
    ------
    ValidationError
        If a field or a constraint refuses.
    """
    kind = next(kind for kind in kinds.all_kinds() if kind.model is type(record))
    record.kind = kind.name
    record.prefix = prefix or kind.prefixes[0]
    if record.prefix not in kind.prefixes:
        raise ValueError(f"{record.prefix} is not a prefix of {kind.name}")
    circles.check_circle(kind=kind.name, circle=record.circle, workspace_id=record.workspace_id)
    record.number = bulk.reserve_numbers(workspace_id=record.workspace_id, prefix=record.prefix, count=1)
    record.created_at = record.updated_at = at
    record.created_by_id = record.updated_by_id = actor.user_id
    record.full_clean()
    record.save(force_insert=True)
    record_activity(record=record, actor=actor, verb=verb, at=at, changes={"title": [None, record.title]})
    _index(record)
    if actor.user_id is not None and actor.via in {"page", "api"}:
        watch_as(record=record, user_id=actor.user_id, at=at)
    return record


@transaction.atomic
def change_record(
    *,
    record: R,
    changes: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
    verb: str = "changed",
) -> R:
    """Set fields, check, save, and write what changed (before → after). Nothing happens where nothing differs.

    Raises
    ------
    StaleRecordError
        If `expected_version` is given and is no longer the record's.
    ValidationError
        If a field or a constraint refuses.
    """
    current = Record.objects.select_for_update().values_list("version", flat=True).get(pk=record.pk)
    record.version = current
    if expected_version is not None and current != expected_version:
        raise StaleRecordError(record, expected_version)
    # The instance may be old, or may already carry the new values (a model form sets them): the row decides.
    stored = type(record).objects.get(pk=record.pk)
    differences: dict[str, list[Any]] = {}
    names: list[str] = []
    for name, value in changes.items():
        before = getattr(stored, name)
        setattr(record, name, value)
        if before != value:
            differences[name] = [before, value]
            names.append(name)
    if not differences:
        return record
    record.full_clean()
    record.version = current + 1
    record.updated_at = max(at, stored.created_at)
    record.updated_by_id = actor.user_id
    record.save(update_fields=[*names, "version", "updated_at", "updated_by"])
    record_activity(record=record, actor=actor, verb=verb, at=at, changes=differences)
    _index(record)
    return record


@transaction.atomic
def touch_record(*, record: Record, actor: Actor, at: datetime) -> None:
    """Count a change that is kept in another table (links, tags) in the record's version."""
    Record.objects.filter(pk=record.pk).update(
        version=F("version") + 1, updated_at=at, updated_by_id=actor.user_id
    )
    record.refresh_from_db(fields=["version", "updated_at", "updated_by"])


@transaction.atomic
def archive_record(*, record: Record, actor: Actor, at: datetime) -> None:
    """Put a record away; it stays readable and searchable."""
    change_record(record=record, changes={"archived_at": at}, actor=actor, at=at, verb="archived")


@transaction.atomic
def unarchive_record(*, record: Record, actor: Actor, at: datetime) -> None:
    """Bring an archived record back."""
    change_record(record=record, changes={"archived_at": None}, actor=actor, at=at, verb="unarchived")


@transaction.atomic
def delete_record(*, record: Record, actor: Actor, at: datetime) -> Activity:
    """Take a record out of every list. Nothing is lost: `restore_record` brings it back whole."""
    changed = Record.objects.filter(pk=record.pk, deleted_at__isnull=True).update(
        deleted_at=at, version=F("version") + 1, updated_at=at, updated_by_id=actor.user_id
    )
    if not changed:
        raise NotUndoableError(f"{record.key} is already deleted.")
    record.refresh_from_db(fields=["deleted_at", "version", "updated_at", "updated_by"])
    search.remove_record(record_id=record.pk)
    return record_activity(record=record, actor=actor, verb="deleted", at=at)


@transaction.atomic
def restore_record(*, record: Record, actor: Actor, at: datetime) -> Activity:
    """Bring a deleted record back, with its links, comments and history."""
    changed = Record.objects.filter(pk=record.pk, deleted_at__isnull=False, merged_into__isnull=True).update(
        deleted_at=None, version=F("version") + 1, updated_at=at, updated_by_id=actor.user_id
    )
    if not changed:
        raise NotUndoableError(f"{record.key} is not deleted, or lives on in another record.")
    record.refresh_from_db(fields=["deleted_at", "version", "updated_at", "updated_by"])
    whole = kinds.get(record.kind).model.objects.get(pk=record.pk)
    _index(whole)
    search.reindex_comments(record_id=record.pk)
    return record_activity(record=record, actor=actor, verb="restored", at=at)


def watch_as(*, record: Record, user_id: int, at: datetime) -> None:
    """Let the member with that user follow the record; nothing happens where they do already."""
    member = Member.objects.filter(workspace_id=record.workspace_id, user_id=user_id).first()
    if member is not None:
        Watch.objects.get_or_create(record_id=record.pk, member=member, defaults={"created_at": at})
