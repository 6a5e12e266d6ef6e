"""The append-only history."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema

from roadbed.core.api.auth import access_of
from roadbed.core.records import selectors
from roadbed.core.records.api.schemas import READ_PROBLEMS, ActivityOut
from roadbed.core.records.models import Activity

router = Router(tags=["activity"])


class ActivityQuery(Schema):
    """Which deeds."""

    limit: int = Field(50, ge=1, le=200)
    before: int | None = Field(None, ge=1, le=2**62, description="Only deeds before this sequence.")
    verb: str = Field("", max_length=40)


class ActivityPage(Schema):
    """A page of history, the newest first."""

    items: list[ActivityOut]
    next: int | None = Field(None, description="`before` of the next page; null on the last.")


def _page(rows: Any, query: ActivityQuery) -> dict[str, Any]:
    if query.before is not None:
        rows = rows.filter(sequence__lt=query.before)
    if query.verb:
        rows = rows.filter(verb=query.verb)
    found = list(rows.order_by("-sequence")[: query.limit + 1])
    items = found[: query.limit]
    return {"items": items, "next": items[-1].sequence if len(found) > query.limit else None}


@router.get(
    "records/{key}/activity",
    response={200: ActivityPage, **READ_PROBLEMS},
    operation_id="list_record_activity",
    url_name="record-activity",
)
def list_record_activity(
    request: HttpRequest, workspace: Path[str], key: str, query: Query[ActivityQuery]
) -> dict[str, Any]:
    """List what was done to a record, the newest first."""
    access = access_of(request)
    record = selectors.access_record(workspace_id=access.workspace.pk, key=key, circles=access.circle_ids)
    return _page(Activity.objects.filter(record_id=record.pk).visible_to(access.circle_ids), query)


@router.get(
    "activity",
    response={200: ActivityPage, **READ_PROBLEMS},
    operation_id="list_activity",
    url_name="activity",
)
def list_activity(request: HttpRequest, workspace: Path[str], query: Query[ActivityQuery]) -> dict[str, Any]:
    """List what was done in the workspace, the newest first."""
    access = access_of(request)
    rows = Activity.objects.filter(workspace_id=access.workspace.pk)
    return _page(rows.visible_to(access.circle_ids), query)
