"""Tie records together and undo it; tag them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records.models import Link, Record, RecordTag, Relation, Tag
from roadbed.core.records.services.activity import record_activity

LinkListener = Callable[[Link, Actor, datetime], None]
_LISTENERS: list[LinkListener] = []


def on_link_changed(listener: LinkListener) -> None:
    """Call `listener(link, actor, at)` when a link is made or removed (its figures may need a recount)."""
    if listener not in _LISTENERS:
        _LISTENERS.append(listener)


@transaction.atomic
def create_link(
    *, source: Record, target: Record, relation: Relation, actor: Actor, at: datetime, note: str = ""
) -> Link:
    """Link two records of one workspace; the same link twice is one link.

    Raises
    ------
    ValidationError
        If they belong to different workspaces, are the same record, or one is deleted.
    """
    if source.workspace_id != target.workspace_id:
        raise ValidationError("Records of two workspaces cannot be linked.")
    if source.is_deleted or target.is_deleted:
        raise ValidationError("A deleted record cannot be linked. Restore it first.")
    existing = Link.objects.filter(source_id=source.pk, target_id=target.pk, relation=relation).first()
    if existing is not None:
        return existing
    link = Link(
        workspace_id=source.workspace_id,
        source_id=source.pk,
        target_id=target.pk,
        relation=relation,
        note=note,
        created_at=at,
        created_by_id=actor.user_id,
    )
    link.full_clean(exclude={"created_by"})
    link.save()
    facts = {"relation": str(relation), "source": source.key, "target": target.key}
    record_activity(record=source, about=target, actor=actor, verb="linked", at=at, changes=facts)
    for listener in _LISTENERS:
        listener(link, actor, at)
    return link


@transaction.atomic
def remove_link(*, link: Link, actor: Actor, at: datetime) -> None:
    """Remove a link. Both records stay."""
    facts = {"relation": link.relation, "source": link.source.key, "target": link.target.key}
    record_activity(record=link.source, about=link.target, actor=actor, verb="unlinked", at=at, changes=facts)
    source_id, target_id = link.source_id, link.target_id
    link.delete()
    link.source_id, link.target_id = source_id, target_id
    for listener in _LISTENERS:
        listener(link, actor, at)


@transaction.atomic
def set_tags(*, record: Record, names: list[str], actor: Actor, at: datetime) -> list[Tag]:
    """Give the record exactly these tags, making those that the workspace does not have yet."""
    wanted: dict[str, str] = {}
    for name in names:
        clean = " ".join(name.split())[:60]
        if clean:
            wanted.setdefault(clean.lower(), clean)
    existing = {tag.name.lower(): tag for tag in Tag.objects.filter(workspace_id=record.workspace_id)}
    for lowered, name in wanted.items():
        if lowered not in existing:
            existing[lowered] = Tag.objects.create(workspace_id=record.workspace_id, name=name)
    tags = [existing[lowered] for lowered in wanted]
    current = {row.tag_id: row.tag.name for row in record.record_tags.select_related("tag")}
    chosen = {tag.pk for tag in tags}
    if set(current) == chosen:
        return tags
    RecordTag.objects.filter(record_id=record.pk).exclude(tag_id__in=chosen).delete()
    RecordTag.objects.bulk_create(
        [RecordTag(record_id=record.pk, tag=tag) for tag in tags if tag.pk not in current]
    )
    differences = {"tags": [sorted(current.values()), sorted(tag.name for tag in tags)]}
    record_activity(record=record, actor=actor, verb="tagged", at=at, changes=differences)
    return tags
