"""Connections through the API: list, make, test, map, start, look, take away, and what each look did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Query, Router
from ninja.responses import Status as Answer

from roadbed.core.api import problems
from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.api.problems import MissingError
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Product
from roadbed.core.workspaces.roles import Role
from roadbed.modules.trackers.api import schemas
from roadbed.modules.trackers.models import Connection
from roadbed.modules.trackers.selectors import connections as selectors
from roadbed.modules.trackers.services import connecting as services
from roadbed.modules.trackers.services import syncing
from roadbed.modules.trackers.services.connectors.base import TrackerError, WaitError

router = Router(tags=["trackers"])
MAPS = ("directions", "statuses_in", "statuses_out", "people", "incoming", "outgoing")


def find(access: Access, connection_id: int, *, with_deleted: bool = False) -> Connection:
    """Return the connection, or say that there is nothing here."""
    try:
        return selectors.access_connection(
            workspace_id=access.workspace.pk, connection_id=connection_id, with_deleted=with_deleted
        )
    except ObjectDoesNotExist as error:
        raise MissingError from error


def _check(value: Any) -> Any:
    """Refuse null characters, which no database keeps."""
    if isinstance(value, str) and "\x00" in value:
        raise ValidationError("A text holds a null character.")
    if isinstance(value, dict):
        for name, each in value.items():
            _check(name)
            _check(each)
    if isinstance(value, list):
        for each in value:
            _check(each)
    return value


def _out(connection: Connection, totals: selectors.Totals, now: datetime) -> dict[str, Any]:
    return {
        "id": connection.pk,
        "name": connection.name,
        "kind": connection.kind,
        "product": connection.product.slug if connection.product else None,
        "settings": connection.settings,
        "offered": connection.offered,
        "health": connection.health(now=now)[0],
        "is_on": connection.is_on,
        "in_step": totals.live,
        "conflicts": totals.conflicts,
        "came_apart": totals.apart,
        "held_back": totals.held,
        "last_run_at": connection.last_run_at,
        "last_good_at": connection.last_good_at,
        "last_heard_at": connection.last_heard_at,
        "next_run_at": connection.next_run_at,
        "waits_until": connection.waits_until,
        "last_error": connection.last_error,
        "created_at": connection.created_at,
    }


def _one(access: Access, connection_id: int) -> dict[str, Any]:
    connection = find(access, connection_id)
    totals = selectors.totals_of(connection_ids=[connection.pk])[connection.pk]
    return _out(connection, totals, timezone.now())


def _product(access: Access, slug: str | None) -> Product | None:
    if slug is None:
        return None
    found = Product.objects.filter(workspace_id=access.workspace.pk, slug=slug).first()
    if found is None:
        raise ValidationError({"product": f"There is no product {slug} here."})
    return found


@router.get(
    "trackers",
    response={200: PageOut[schemas.TrackerOut], **problems.READ},
    operation_id="list_trackers",
    url_name="tracker-list",
)
def list_trackers(request: HttpRequest, workspace: Path[str], query: Query[PageQuery]) -> dict[str, Any]:
    """List the connections, with how each does."""
    access, now = access_of(request), timezone.now()
    rows = selectors.list_connections(workspace_id=access.workspace.pk, filters={})
    items, following = page_by_id(rows, query)
    totals = selectors.totals_of(connection_ids=[each.pk for each in items])
    return {"items": [_out(each, totals[each.pk], now) for each in items], "next": following}


@router.post(
    "trackers",
    response={201: schemas.TrackerOut, **problems.WRITE},
    operation_id="create_tracker",
    url_name="tracker-list",
)
def create_tracker(
    request: HttpRequest, workspace: Path[str], body: schemas.TrackerIn
) -> Answer[dict[str, Any]]:
    """Make a connection. It does nothing until it is tested, mapped and started."""
    access = access_of(request, role=Role.MAKER)
    given = _check(body.dict())
    made = services.create_connection(
        workspace=access.workspace,
        kind=given["kind"],
        name=given["name"],
        product=_product(access, given["product"]),
        settings=given["settings"],
        actor=access.actor,
        at=timezone.now(),
    )
    return Answer(201, _one(access, made.pk))


@router.get(
    "trackers/{int:connection_id}",
    response={200: schemas.TrackerOut, **problems.READ},
    operation_id="get_tracker",
    url_name="tracker",
)
def get_tracker(request: HttpRequest, workspace: Path[str], connection_id: int) -> dict[str, Any]:
    """Get one connection."""
    return _one(access_of(request), connection_id)


@router.patch(
    "trackers/{int:connection_id}",
    response={200: schemas.TrackerOut, **problems.WRITE},
    operation_id="change_tracker",
    url_name="tracker",
)
def change_tracker(
    request: HttpRequest, workspace: Path[str], connection_id: int, body: schemas.TrackerFields
) -> dict[str, Any]:
    """Change where a connection leads."""
    access = access_of(request, role=Role.MAKER)
    given = _check(body.dict(exclude_unset=True))
    services.change_connection(
        connection=find(access, connection_id),
        name=given.get("name"),
        product=_product(access, given.get("product")),
        clears_product="product" in given and given["product"] is None,
        settings=given.get("settings"),
        actor=access.actor,
        at=timezone.now(),
    )
    return _one(access, connection_id)


@router.delete(
    "trackers/{int:connection_id}",
    response={204: None, **problems.WRITE},
    operation_id="delete_tracker",
    url_name="tracker",
)
def delete_tracker(request: HttpRequest, workspace: Path[str], connection_id: int) -> Answer[None]:
    """Take a connection away. Features and issues stay as they are."""
    access = access_of(request, role=Role.MAKER)
    services.delete_connection(connection=find(access, connection_id), actor=access.actor, at=timezone.now())
    return Answer(204, None)


@router.post(
    "trackers/{int:connection_id}/restore",
    response={200: schemas.TrackerOut, **problems.WRITE},
    operation_id="restore_tracker",
    url_name="tracker-restore",
)
def restore_tracker(request: HttpRequest, workspace: Path[str], connection_id: int) -> dict[str, Any]:
    """Put a connection back, paused."""
    access = access_of(request, role=Role.MAKER)
    services.restore_connection(
        connection=find(access, connection_id, with_deleted=True), actor=access.actor, at=timezone.now()
    )
    return _one(access, connection_id)


@router.post(
    "trackers/{int:connection_id}/test",
    response={200: schemas.TrackerOut, **problems.WRITE},
    operation_id="test_tracker",
    url_name="tracker-test",
)
def test_tracker(request: HttpRequest, workspace: Path[str], connection_id: int) -> dict[str, Any]:
    """Ask the tracker what it has. Where it refuses, the answer says why."""
    access = access_of(request, role=Role.MAKER)
    try:
        services.ask(connection=find(access, connection_id), now=timezone.now)
    except (TrackerError, WaitError) as error:
        raise ValidationError(str(error)) from error
    return _one(access, connection_id)


def _maps(connection: Connection) -> dict[str, Any]:
    return {name: getattr(connection, name) for name in MAPS}


@router.get(
    "trackers/{int:connection_id}/maps",
    response={200: schemas.TrackerMapsOut, **problems.READ},
    operation_id="get_tracker_maps",
    url_name="tracker-maps",
)
def get_maps(request: HttpRequest, workspace: Path[str], connection_id: int) -> dict[str, Any]:
    """Get which way fields travel, which status is which, who is who, and what comes in and goes out."""
    return _maps(find(access_of(request), connection_id))


@router.patch(
    "trackers/{int:connection_id}/maps",
    response={200: schemas.TrackerMapsOut, **problems.WRITE},
    operation_id="change_tracker_maps",
    url_name="tracker-maps",
)
def change_maps(
    request: HttpRequest, workspace: Path[str], connection_id: int, body: schemas.TrackerMapsIn
) -> dict[str, Any]:
    """Map a connection."""
    access = access_of(request, role=Role.MAKER)
    asked = {
        name: value for name, value in _check(body.dict(exclude_unset=True)).items() if value is not None
    }
    done = services.map_connection(
        connection=find(access, connection_id), asked=asked, actor=access.actor, at=timezone.now()
    )
    return _maps(done)


@router.put(
    "trackers/{int:connection_id}/state",
    response={200: schemas.TrackerOut, **problems.WRITE},
    operation_id="switch_tracker",
    url_name="tracker-state",
)
def switch_tracker(
    request: HttpRequest, workspace: Path[str], connection_id: int, body: schemas.TrackerSwitchIn
) -> dict[str, Any]:
    """Start a connection, pause it, or go on with it."""
    access = access_of(request, role=Role.MAKER)
    services.switch_connection(
        connection=find(access, connection_id), on=body.on, actor=access.actor, at=timezone.now()
    )
    return _one(access, connection_id)


@router.post(
    "trackers/{int:connection_id}/looks",
    response={202: schemas.TrackerLookOut, **problems.WRITE},
    operation_id="look_at_tracker",
    url_name="tracker-look",
)
def look(
    request: HttpRequest, workspace: Path[str], connection_id: int, body: schemas.TrackerLookIn
) -> Answer[dict[str, Any]]:
    """Queue a look, or a dry run."""
    access = access_of(request, role=Role.MAKER)
    connection = find(access, connection_id)
    if not body.dry_run and not connection.is_on:
        raise ValidationError("Start the connection first.")
    if not connection.offered.get("fields"):
        raise ValidationError("Test the connection first, so that it is known what the tracker has.")
    return Answer(202, {"job": syncing.enqueue(connection, is_dry=body.dry_run).pk})


@router.get(
    "trackers/{int:connection_id}/runs",
    response={200: PageOut[schemas.TrackerRunOut], **problems.READ},
    operation_id="list_tracker_runs",
    url_name="tracker-runs",
)
def list_runs(
    request: HttpRequest, workspace: Path[str], connection_id: int, query: Query[PageQuery]
) -> dict[str, Any]:
    """List what each look did, the newest first."""
    rows = selectors.runs_of(connection=find(access_of(request), connection_id))
    items, following = page_by_id(rows, query)
    return {"items": items, "next": following}


@router.get(
    "trackers/{int:connection_id}/runs/{int:run_id}/entries",
    response={200: PageOut[schemas.TrackerEntryOut], **problems.READ},
    operation_id="list_tracker_entries",
    url_name="tracker-entries",
)
def list_entries(
    request: HttpRequest, workspace: Path[str], connection_id: int, run_id: int, query: Query[PageQuery]
) -> dict[str, Any]:
    """List the deeds of a look, in their order."""
    connection = find(access_of(request), connection_id)
    try:
        run = selectors.access_run(connection=connection, run_id=run_id)
    except ObjectDoesNotExist as error:
        raise MissingError from error
    items, following = page_by_id(selectors.entries_of(run=run), query, newest_first=False)
    return {
        "items": [
            {
                "id": each.pk,
                "at": each.at,
                "deed": each.deed,
                "feature": each.record.key if each.record else None,
                "issue": each.key,
                "url": each.url,
                "field": each.field,
                "before": each.before,
                "after": each.after,
                "note": each.note,
            }
            for each in items
        ],
        "next": following,
    }
