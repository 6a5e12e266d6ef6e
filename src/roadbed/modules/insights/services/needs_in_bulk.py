"""Deeds on many needs at once: one press, one stretch of history, one undo."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Product
from roadbed.modules.insights.models import Need
from roadbed.modules.insights.services import needs as one_by_one

MOST = 1000
"""More than this at once belongs into a job."""


def _chosen(*, workspace_id: int, ids: Collection[int]) -> list[Need]:
    rows = Need.objects.in_workspace(workspace_id).filter(kind="need", pk__in=list(ids)[:MOST])
    return list(rows.order_by("pk"))


@transaction.atomic
def archive_needs(*, workspace_id: int, ids: Collection[int], actor: Actor, at: datetime) -> list[int]:
    """Put needs away and return those that were not put away before."""
    done = [need for need in _chosen(workspace_id=workspace_id, ids=ids) if need.archived_at is None]
    for need in done:
        records.archive_record(record=need, actor=actor, at=at)
    return [need.pk for need in done]


@transaction.atomic
def unarchive_needs(*, workspace_id: int, ids: Collection[int], actor: Actor, at: datetime) -> list[int]:
    """Bring needs back from the archive."""
    done = [need for need in _chosen(workspace_id=workspace_id, ids=ids) if need.archived_at is not None]
    for need in done:
        records.unarchive_record(record=need, actor=actor, at=at)
    return [need.pk for need in done]


@transaction.atomic
def delete_needs(*, workspace_id: int, ids: Collection[int], actor: Actor, at: datetime) -> list[int]:
    """Delete needs; their words stay with the feedback."""
    done = _chosen(workspace_id=workspace_id, ids=ids)
    for need in done:
        records.delete_record(record=need, actor=actor, at=at)
    return [need.pk for need in done]


@transaction.atomic
def restore_needs(*, workspace_id: int, ids: Collection[int], actor: Actor, at: datetime) -> list[int]:
    """Bring deleted needs back."""
    gone = Record.objects.deleted_in_workspace(workspace_id).filter(kind="need", pk__in=list(ids)[:MOST])
    done = list(gone.order_by("pk"))
    for record in done:
        records.restore_record(record=record, actor=actor, at=at)
    return [record.pk for record in done]


@transaction.atomic
def move_needs(
    *, workspace_id: int, ids: Collection[int], product: Product | None, actor: Actor, at: datetime
) -> list[int]:
    """Give needs to a product (None: to all of them) and return those that were elsewhere."""
    wanted = product.pk if product else None
    done = [need for need in _chosen(workspace_id=workspace_id, ids=ids) if need.product_id != wanted]
    for need in done:
        one_by_one.change_need(need=need, changes={"product": product}, actor=actor, at=at)
    return [need.pk for need in done]
