"""Keeping the index in step, inside the transaction of the write it follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import transaction

from roadbed.core.records import bulk, kinds
from roadbed.core.records.models import Comment, Record
from roadbed.core.search.models import SearchEntry
from roadbed.core.search.waking import wake

BODY_LIMIT = 20_000


def put_record(*, record: Record, body: str) -> None:
    """Index a record under its title and further words, replacing what was there."""
    SearchEntry.objects.update_or_create(
        record_id=record.pk,
        comment=None,
        defaults={
            "workspace_id": record.workspace_id,
            "kind": record.kind,
            "title": record.title,
            "body": body[:BODY_LIMIT],
            "updated_at": record.updated_at,
        },
    )
    wake(workspace_id=record.workspace_id)


def put_many(rows: Iterable[Sequence[Any]]) -> int:
    """Index many new records at once; a row is (workspace id, record id, kind, title, body, updated at)."""
    workspaces: set[int] = set()

    def noted() -> Iterator[Sequence[Any]]:
        for row in rows:
            workspaces.add(row[0])
            yield row

    count = bulk.insert(
        SearchEntry, ["workspace_id", "record_id", "kind", "title", "body", "updated_at"], noted()
    )
    for workspace_id in workspaces:
        wake(workspace_id=workspace_id)
    return count


def put_comment(*, comment: Comment, record: Record) -> None:
    """Index a comment; finding it leads to its record."""
    SearchEntry.objects.update_or_create(
        comment_id=comment.pk,
        defaults={
            "record_id": record.pk,
            "workspace_id": record.workspace_id,
            "kind": "comment",
            "title": "",
            "body": comment.body[:BODY_LIMIT],
            "updated_at": comment.edited_at or comment.created_at,
        },
    )
    wake(workspace_id=record.workspace_id)


def remove_record(*, record_id: int) -> None:
    """Take a record and its comments out of the index."""
    SearchEntry.objects.filter(record_id=record_id).delete()


def remove_comment(*, comment_id: int) -> None:
    """Take a comment out of the index."""
    SearchEntry.objects.filter(comment_id=comment_id).delete()


@transaction.atomic
def reindex_comments(*, record_id: int) -> None:
    """Index the comments of a record anew, after they moved or came back."""
    SearchEntry.objects.filter(record_id=record_id, comment__isnull=False).delete()
    for comment in Comment.objects.select_related("record").filter(
        record_id=record_id, deleted_at__isnull=True
    ):
        SearchEntry.objects.filter(comment_id=comment.pk).delete()
        put_comment(comment=comment, record=comment.record)


@transaction.atomic
def rebuild(*, workspace_id: int) -> int:
    """Index a whole workspace anew and return the number of entries."""
    SearchEntry.objects.filter(workspace_id=workspace_id).delete()
    count = 0
    for kind in kinds.all_kinds():
        records = kind.model.objects.behind_walls_too(workspace_id).order_by("pk").iterator(chunk_size=2000)
        count += put_many(
            (
                workspace_id,
                record.pk,
                kind.name,
                record.title,
                kind.body(record)[:BODY_LIMIT],
                record.updated_at,
            )
            for record in records
        )
    comments = Comment.objects.select_related("record").filter(
        record__workspace_id=workspace_id, record__deleted_at__isnull=True, deleted_at__isnull=True
    )
    for comment in comments.iterator(chunk_size=2000):
        put_comment(comment=comment, record=comment.record)
        count += 1
    return count
