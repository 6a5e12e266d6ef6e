"""Make one record of two, and take it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import kinds
from roadbed.core.records.models import Comment, Link, Merge, Record, RecordTag, Watch
from roadbed.core.records.services.activity import record_activity
from roadbed.core.records.services.records import NotUndoableError
from roadbed.core.search import services as search


@dataclass(frozen=True, slots=True)
class Mover:
    """How a module's own rows follow a merge: `move` returns what `move_back` needs (plain JSON)."""

    name: str
    move: Callable[[Record, Record], Any]
    move_back: Callable[[Record, Record, Any], None]


_MOVERS: dict[str, Mover] = {}


def register_mover(mover: Mover) -> None:
    """Let a module's rows follow merges."""
    _MOVERS[mover.name] = mover


def _move_links(merged: Record, survivor: Record) -> Any:
    moved, dropped = [], []
    for link in Link.objects.filter(Q(source_id=merged.pk) | Q(target_id=merged.pk)):
        source = survivor.pk if link.source_id == merged.pk else link.source_id
        target = survivor.pk if link.target_id == merged.pk else link.target_id
        twin = Link.objects.filter(source_id=source, target_id=target, relation=link.relation).exists()
        if source == target or twin:
            kept = {
                name: getattr(link, name)
                for name in ("source_id", "target_id", "relation", "note", "created_by_id")
            }
            dropped.append({**kept, "created_at": link.created_at.isoformat()})
            link.delete()
            continue
        moved.append([link.pk, link.source_id, link.target_id])
        Link.objects.filter(pk=link.pk).update(source_id=source, target_id=target)
    return {"moved": moved, "dropped": dropped}


def _move_links_back(merged: Record, survivor: Record, trail: Any) -> None:
    for pk, source, target in trail["moved"]:
        Link.objects.filter(pk=pk).update(source_id=source, target_id=target)
    for row in trail["dropped"]:
        facts = {**row, "created_at": datetime.fromisoformat(row["created_at"])}
        Link.objects.create(workspace_id=merged.workspace_id, **facts)


def _move_comments(merged: Record, survivor: Record) -> Any:
    moved = list(Comment.objects.filter(record_id=merged.pk).values_list("pk", flat=True))
    Comment.objects.filter(pk__in=moved).update(record_id=survivor.pk)
    search.reindex_comments(record_id=survivor.pk)
    return moved


def _move_comments_back(merged: Record, survivor: Record, trail: Any) -> None:
    Comment.objects.filter(pk__in=trail).update(record_id=merged.pk)
    search.reindex_comments(record_id=merged.pk)


def _copy_watchers(merged: Record, survivor: Record) -> Any:
    have = set(Watch.objects.filter(record_id=survivor.pk).values_list("member_id", flat=True))
    new = [row for row in Watch.objects.filter(record_id=merged.pk) if row.member_id not in have]
    made = [Watch(record_id=survivor.pk, member_id=row.member_id, created_at=row.created_at) for row in new]
    Watch.objects.bulk_create(made)
    return [row.member_id for row in made]


def _drop_watchers(merged: Record, survivor: Record, trail: Any) -> None:
    Watch.objects.filter(record_id=survivor.pk, member_id__in=trail).delete()


def _copy_tags(merged: Record, survivor: Record) -> Any:
    have = set(RecordTag.objects.filter(record_id=survivor.pk).values_list("tag_id", flat=True))
    new = [
        tag
        for tag in RecordTag.objects.filter(record_id=merged.pk).values_list("tag_id", flat=True)
        if tag not in have
    ]
    RecordTag.objects.bulk_create([RecordTag(record_id=survivor.pk, tag_id=tag) for tag in new])
    return new


def _drop_tags(merged: Record, survivor: Record, trail: Any) -> None:
    RecordTag.objects.filter(record_id=survivor.pk, tag_id__in=trail).delete()


register_mover(Mover("links", _move_links, _move_links_back))
register_mover(Mover("comments", _move_comments, _move_comments_back))
register_mover(Mover("watchers", _copy_watchers, _drop_watchers))
register_mover(Mover("tags", _copy_tags, _drop_tags))


@transaction.atomic
def merge_records(*, survivor: Record, merged: Record, actor: Actor, at: datetime) -> Merge:
    """Move everything that hangs on `merged` to `survivor` and take `merged` out of the lists.

    Its own wording stays with it, and its key leads to the survivor from then on.

    Raises
    ------
    ValidationError
        If they are of different kinds, workspaces or circles, the same record, or one is already gone.
    """
    if survivor.pk == merged.pk:
        raise ValidationError("A record cannot be merged with itself.")
    if survivor.workspace_id != merged.workspace_id or survivor.kind != merged.kind:
        raise ValidationError("Only two records of one kind and one workspace can be merged.")
    if survivor.circle_id != merged.circle_id:
        # Else words that only a circle may see would live on where everybody looks.
        raise ValidationError("Only two records that the same people may see can be merged.")
    if survivor.is_deleted or merged.is_deleted:
        raise ValidationError("A deleted record cannot be merged. Restore it first.")
    moved = {name: mover.move(merged, survivor) for name, mover in _MOVERS.items()}
    Record.objects.filter(pk=merged.pk).update(
        deleted_at=at,
        merged_into_id=survivor.pk,
        version=F("version") + 1,
        updated_at=at,
        updated_by_id=actor.user_id,
    )
    Record.objects.filter(pk=survivor.pk).update(
        version=F("version") + 1, updated_at=at, updated_by_id=actor.user_id
    )
    for record in (survivor, merged):
        record.refresh_from_db(fields=["version", "updated_at", "updated_by", "deleted_at", "merged_into"])
    search.remove_record(record_id=merged.pk)
    search.reindex_comments(record_id=survivor.pk)
    merge = Merge.objects.create(
        workspace_id=survivor.workspace_id,
        survivor_id=survivor.pk,
        merged_id=merged.pk,
        moved=moved,
        merged_at=at,
        merged_by_id=actor.user_id,
    )
    facts = {"merged": merged.key, "title": merged.title, "into": survivor.key, "merge": merge.pk}
    record_activity(record=survivor, actor=actor, verb="merged", at=at, changes=facts)
    record_activity(record=merged, actor=actor, verb="merged away", at=at, changes=facts)
    return merge


@transaction.atomic
def undo_merge(*, merge: Merge, actor: Actor, at: datetime) -> Record:
    """Take a merge back: everything returns to where it was. Returns the record that was merged away.

    Raises
    ------
    NotUndoableError
        If it was undone already, or the survivor has itself been merged or deleted since.
    """
    merge = Merge.objects.select_for_update().get(pk=merge.pk)
    survivor, merged = merge.survivor, merge.merged
    if merge.undone_at is not None:
        raise NotUndoableError("This merge was undone already.")
    if survivor.is_deleted:
        raise NotUndoableError(f"{survivor.key} is gone itself. Bring it back first.")
    for name, trail in merge.moved.items():
        _MOVERS[name].move_back(merged, survivor, trail)
    Record.objects.filter(pk=merged.pk).update(
        deleted_at=None,
        merged_into=None,
        version=F("version") + 1,
        updated_at=at,
        updated_by_id=actor.user_id,
    )
    Record.objects.filter(pk=survivor.pk).update(version=F("version") + 1, updated_at=at)
    merge.undone_at = at
    merge.save(update_fields=["undone_at"])
    whole: Record = kinds.get(merged.kind).model.objects.get(pk=merged.pk)
    search.put_record(record=whole, body=kinds.get(whole.kind).body(whole))
    search.reindex_comments(record_id=merged.pk)
    search.reindex_comments(record_id=survivor.pk)
    facts = {"merged": merged.key, "from": survivor.key, "merge": merge.pk}
    record_activity(record=survivor, actor=actor, verb="unmerged", at=at, changes=facts)
    record_activity(record=whole, actor=actor, verb="unmerged", at=at, changes=facts)
    return whole
