"""Reading a record and what hangs on it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from roadbed.core.records import kinds
from roadbed.core.records.models import Comment, Link, Merge, Record, RecordTag, Relation, Tag
from roadbed.core.search import selectors as search


def access_record(
    *, workspace_id: int, key: str, deleted: bool = False, circles: Collection[int] = ()
) -> Record:
    """Return the record with that key, or raise `Record.DoesNotExist`, for strangers too."""
    manager = Record.objects
    read = manager.everything_in if deleted else manager.in_workspace
    rows = read(workspace_id, circles=circles)
    found: Record = rows.by_key(key).select_related("workspace", "merged_into", "circle").get()
    return found


def whole(record: Record) -> Record:
    """Return the record as its own kind, with the kind's fields."""
    found: Record = kinds.get(record.kind).model.objects.get(pk=record.pk)
    return found


def access_comment(*, workspace_id: int, comment_id: int, circles: Collection[int] = ()) -> Comment:
    """Return a comment (also a deleted one), or raise `Comment.DoesNotExist`."""
    live = Record.objects.in_workspace(workspace_id, circles=circles)
    return Comment.objects.select_related("record").get(pk=comment_id, record__in=live)


def comments_of(*, record_id: int) -> QuerySet[Comment]:
    """The comments on a record, oldest first."""
    return Comment.objects.filter(record_id=record_id, deleted_at__isnull=True).select_related("author")


def tags_of(*, record_id: int) -> QuerySet[Tag]:
    """The tags on a record."""
    return Tag.objects.filter(record_tags__record_id=record_id)


def tag_names(*, workspace_id: int, circles: Collection[int] = ()) -> QuerySet[Tag, str]:
    """The names of the workspace's tags, without those that only records private to others have."""
    private = Record.objects.filter(workspace_id=workspace_id, circle__isnull=False)
    walled = RecordTag.objects.filter(tag_id=OuterRef("pk"), record_id__in=private.values("pk"))
    seen = Q(record__circle__isnull=True) | Q(record__circle_id__in=list(circles))
    shown = RecordTag.objects.filter(seen, tag_id=OuterRef("pk"))
    rows = Tag.objects.filter(workspace_id=workspace_id).exclude(Exists(walled) & ~Exists(shown))
    return rows.order_by("name").values_list("name", flat=True)


def merges_of(*, record_id: int) -> QuerySet[Merge]:
    """What was merged into a record and not taken back."""
    return Merge.objects.filter(survivor_id=record_id, undone_at__isnull=True).select_related("merged")


@dataclass(frozen=True, slots=True)
class LinkLine:
    """A link as one of its ends sees it."""

    link_id: int
    phrase: str
    key: str
    title: str
    kind_label: str
    url: str
    record_id: int
    archived: bool


def links_of(
    *,
    record: Record,
    workspace: str,
    without: Collection[str] = (),
    limit: int = 50,
    circles: Collection[int] = (),
) -> list[LinkLine]:
    """The links of a record, both ways, newest first; `without` leaves out kinds that the page shows by itself.

    A link to what is private to a circle that is not among `circles` is left out.
    """
    links = (
        Link.objects.filter(Q(source_id=record.pk) | Q(target_id=record.pk))
        .select_related("source", "target")
        .order_by("-id")
    )
    for kind in without:
        links = links.exclude(
            Q(source__kind=kind, target_id=record.pk) | Q(target__kind=kind, source_id=record.pk)
        )
    for end in ("source", "target"):
        unseen = Q(**{f"{end}__circle__isnull": False}) & ~Q(**{f"{end}__circle_id__in": list(circles)})
        links = links.exclude(~Q(**{f"{end}_id": record.pk}) & unseen)
    lines: list[LinkLine] = []
    for link in links[: limit * 2]:
        outward = link.source_id == record.pk
        other = link.target if outward else link.source
        if other.is_deleted:
            continue
        relation = Relation(link.relation)
        lines.append(
            LinkLine(
                link_id=link.pk,
                phrase=relation.label if outward else relation.inverse_label,
                key=other.key,
                title=other.title,
                kind_label=kinds.get(other.kind).label,
                url=kinds.url_of(other, workspace=workspace),
                record_id=other.pk,
                archived=other.archived_at is not None,
            )
        )
    return lines[:limit]


def find_targets(
    *,
    workspace_id: int,
    workspace_slug: str,
    query: str,
    only: Collection[str] = (),
    limit: int = 8,
    circles: Collection[int] = (),
) -> list[search.Hit]:
    """Records to link to, for type-ahead; without words the newest of the kinds asked for."""
    if query.strip():
        return search.find(
            workspace_id=workspace_id,
            workspace_slug=workspace_slug,
            query=query,
            only=only,
            limit=limit,
            circles=circles,
        )
    rows = Record.objects.in_workspace(workspace_id, circles=circles).not_archived()
    rows = rows.filter(kind__in=list(only)) if only else rows
    return [
        search.hit_of(record, workspace_slug=workspace_slug)
        for record in rows.order_by("-updated_at")[:limit]
    ]
