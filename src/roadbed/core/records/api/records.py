"""Records of any kind: list, get, delete, restore, archive, merge, find."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Path, Query, Router
from ninja.responses import Status as Answer

from roadbed.core.api import etags
from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.api.problems import MissingError
from roadbed.core.evidence import chain as chains
from roadbed.core.records import selectors, standings
from roadbed.core.records import services as records
from roadbed.core.records.api.schemas import (
    CHANGE_PROBLEMS,
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    ChainOut,
    CircleBody,
    HitOut,
    MergeIn,
    MergeOut,
    RecordOut,
    StandingOut,
)
from roadbed.core.records.models import Merge, Record
from roadbed.core.search import selectors as search
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role

router = Router(tags=["records"])


def _record(access: Access, key: str, *, deleted: bool = False) -> Record:
    return selectors.access_record(
        workspace_id=access.workspace.pk, key=key, deleted=deleted, circles=access.circle_ids
    )


class RecordsQuery(PageQuery):
    """Which records."""

    kind: str = Field("", max_length=24, description="Only this kind.")
    external_id: str = Field("", max_length=200)
    archived: bool | None = None
    deleted: bool = False


@router.get(
    "records",
    response={200: PageOut[RecordOut], **READ_PROBLEMS},
    operation_id="list_records",
    url_name="records",
)
def list_records(request: HttpRequest, workspace: Path[str], query: Query[RecordsQuery]) -> dict[str, Any]:
    """List records of any kind, the newest first."""
    access = access_of(request)
    read = Record.objects.deleted_in_workspace if query.deleted else Record.objects.in_workspace
    rows = read(access.workspace.pk, circles=access.circle_ids)
    if query.kind:
        rows = rows.filter(kind=query.kind)
    if query.external_id:
        rows = rows.filter(external_id=query.external_id)
    if query.archived is not None:
        rows = rows.filter(archived_at__isnull=not query.archived)
    items, following = page_by_id(rows.select_related("product"), query)
    return {"items": items, "next": following}


@router.get(
    "records/{key}", response={200: RecordOut, **READ_PROBLEMS}, operation_id="get_record", url_name="record"
)
def get_record(request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse) -> Record:
    """Get a record in short; its kind's own address has all its fields."""
    record = _record(access_of(request), key)
    etags.put(response, record)
    return record


@router.delete(
    "records/{key}", response={204: None, **CHANGE_PROBLEMS}, operation_id="delete_record", url_name="record"
)
def delete_record(request: HttpRequest, workspace: Path[str], key: str) -> Answer[None]:
    """Delete a record; it can be restored."""
    access = access_of(request, role=Role.MAKER)
    record = _record(access, key)
    expected = etags.expected_version(request)
    if expected is not None and expected != record.version:
        raise records.StaleRecordError(record, expected)
    records.delete_record(record=record, actor=access.actor, at=timezone.now())
    return Answer(204, None)


@router.post(
    "records/{key}/restore",
    response={200: RecordOut, **WRITE_PROBLEMS},
    operation_id="restore_record",
    url_name="record-restore",
)
def restore_record(request: HttpRequest, workspace: Path[str], key: str) -> Record:
    """Bring a deleted record back."""
    access = access_of(request, role=Role.MAKER)
    record = _record(access, key, deleted=True)
    records.restore_record(record=record, actor=access.actor, at=timezone.now())
    return record


@router.post(
    "records/{key}/archive",
    response={200: RecordOut, **WRITE_PROBLEMS},
    operation_id="archive_record",
    url_name="record-archive",
)
def archive_record(request: HttpRequest, workspace: Path[str], key: str) -> Record:
    """Put a record away."""
    access = access_of(request, role=Role.MAKER)
    record = selectors.whole(_record(access, key))
    records.archive_record(record=record, actor=access.actor, at=timezone.now())
    return record


@router.post(
    "records/{key}/unarchive",
    response={200: RecordOut, **WRITE_PROBLEMS},
    operation_id="unarchive_record",
    url_name="record-unarchive",
)
def unarchive_record(request: HttpRequest, workspace: Path[str], key: str) -> Record:
    """Bring an archived record back."""
    access = access_of(request, role=Role.MAKER)
    record = selectors.whole(_record(access, key))
    records.unarchive_record(record=record, actor=access.actor, at=timezone.now())
    return record


@router.put(
    "records/{key}/circle",
    response={200: RecordOut, **WRITE_PROBLEMS},
    operation_id="set_circle",
    url_name="record-circle",
)
def set_circle(request: HttpRequest, workspace: Path[str], key: str, body: CircleBody) -> Record:
    """Make a record private to a circle that one is in, or open it to everybody."""
    access = access_of(request, role=Role.MAKER)
    record = _record(access, key)
    circle = access.member.circles.filter(pk=body.circle).first() if body.circle else None
    if body.circle and circle is None:
        raise ValidationError({"circle": "You are in no such circle."})
    records.move_to_circle(
        record=record,
        circle=circle,
        actor=access.actor,
        at=timezone.now(),
        actor_circles=access.circle_ids,
    )
    return record


@router.post(
    "records/{key}/merge",
    response={201: MergeOut, **WRITE_PROBLEMS},
    operation_id="merge_records",
    url_name="record-merge",
)
def merge_records(
    request: HttpRequest, workspace: Path[str], key: str, body: MergeIn
) -> Answer[dict[str, Any]]:
    """Let another record of the same kind live on in this one."""
    access = access_of(request, role=Role.MAKER)
    survivor = _record(access, key)
    merged = _record(access, body.key)
    merge = records.merge_records(survivor=survivor, merged=merged, actor=access.actor, at=timezone.now())
    return Answer(201, {"id": merge.pk, "survivor": survivor.key, "merged": merged.key})


@router.post(
    "merges/{int:merge_id}/undo",
    response={200: RecordOut, **WRITE_PROBLEMS},
    operation_id="undo_merge",
    url_name="merge-undo",
)
def undo_merge(request: HttpRequest, workspace: Path[str], merge_id: int) -> Record:
    """Take a merge back; answers the record that is one of its own again."""
    access = access_of(request, role=Role.MAKER)
    merge = Merge.objects.filter(pk=merge_id, workspace_id=access.workspace.pk).first()
    if merge is None or not merge.survivor.is_visible_to(access.circle_ids):
        raise MissingError
    return records.undo_merge(merge=merge, actor=access.actor, at=timezone.now())


@router.get(
    "records/{key}/chain",
    response={200: ChainOut, **READ_PROBLEMS},
    operation_id="get_chain",
    url_name="record-chain",
)
def get_chain(request: HttpRequest, workspace: Path[str], key: str) -> dict[str, Any]:
    """Get the evidence chain of a record."""
    access = access_of(request)
    record = _record(access, key)
    chain = chains.chain_of(record=record, workspace=access.workspace.slug)
    items = [item for line in chain.filled for item in line.items]
    return {"key": record.key, "items": items, "missing": [str(stage) for stage in chain.missing]}


@router.get(
    "records/{key}/standings",
    response={200: list[StandingOut], **READ_PROBLEMS},
    operation_id="get_standings",
    url_name="record-standings",
)
def get_standings(request: HttpRequest, workspace: Path[str], key: str) -> list[standings.Line]:
    """Get where a record stands by each lens, how far people agree about it, and what would change it."""
    access = access_of(request)
    found = standings.of(access=access, record=_record(access, key))
    return [line for one in found for line in one.lines]


class SearchQuery(PageQuery):
    """What to find."""

    q: str = Field(max_length=200)
    kind: str = Field("", max_length=24)


@router.get("search", response={200: list[HitOut], **READ_PROBLEMS}, operation_id="search", url_name="search")
def find(request: HttpRequest, workspace: Path[str], query: Query[SearchQuery]) -> list[search.Hit]:
    """Find records by key or words, the best first; comments lead to their records."""
    access = access_of(request)
    return search.find(
        workspace_id=access.workspace.pk,
        workspace_slug=access.workspace.slug,
        query=query.q,
        only=[query.kind] if query.kind else [],
        limit=query.limit,
        circles=access.circle_ids,
    )
