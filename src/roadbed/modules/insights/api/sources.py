"""The ways in through the API: list, open, change, switch, look now, take away, and what came of each piece."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema
from ninja.responses import Status as Answer

from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.api.problems import MissingError
from roadbed.core.records.kinds import url_of
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Product
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights.api import shared
from roadbed.modules.insights.api.schemas import READ_PROBLEMS, WRITE_PROBLEMS
from roadbed.modules.insights.models import Arrival, Source
from roadbed.modules.insights.selectors import sources as selectors
from roadbed.modules.insights.services import intake, polling
from roadbed.modules.insights.services import sources as services

router = Router(tags=["sources"])
SourceKind = Literal["form", "mail", "hook", "github"]
SettingsIn = dict[str, str | int | list[str]]


class FeedbackSourceOut(Schema):
    """A way in, and how it does. Secrets are never given out again, but the address to makers."""

    id: int
    name: str
    kind: SourceKind
    product: str | None
    is_on: bool
    health: str = Field(description="Well, Waiting, Refusing, Late, Failing or Off.")
    settings: dict[str, Any]
    origin: str = Field(description="The external source of the records that it makes.")
    address: str | None = Field(
        description="Where a form stands; for makers also where a webhook is sent to."
    )
    new: int
    changed: int
    known: int
    refused: int
    last_arrival_at: datetime | None
    last_run_at: datetime | None
    next_run_at: datetime | None
    last_error: str
    last_error_at: datetime | None
    lag_seconds: float | None = Field(description="Usually between being said and being here, of late.")
    created_at: datetime


class SourceIn(Schema):
    """A source to open. What can be set of each kind stands in the guide to sources."""

    name: str = Field(min_length=1, max_length=60)
    kind: SourceKind
    product: str | None = Field(None, description="The slug of a product.")
    settings: SettingsIn = Field(default_factory=dict)


class SourceFields(Schema):
    """What to change. Settings that are not given stay as they are."""

    name: str | None = Field(None, min_length=1, max_length=60)
    product: str | None = Field(None, description="The slug of a product; null for none.")
    settings: SettingsIn | None = None


class SourceSwitchIn(Schema):
    """On or off."""

    on: bool


class ArrivalOut(Schema):
    """One piece on its way in, and what became of it."""

    id: int
    at: datetime
    external_id: str
    outcome: Literal["new", "changed", "known", "refused", "removed", "left_out"]
    key: str | None
    url: str | None
    detail: str
    can_retry: bool


class SourceArrivalQuery(PageQuery):
    """Which arrivals."""

    outcome: Literal["", "new", "changed", "known", "refused", "removed", "left_out"] = ""


class SourceLookOut(Schema):
    """The job that looks."""

    job: int


def _find(access: Access, source_id: int, *, with_deleted: bool = False) -> Source:
    try:
        return selectors.access_source(
            workspace_id=access.workspace.pk, source_id=source_id, with_deleted=with_deleted
        )
    except ObjectDoesNotExist as error:
        raise MissingError from error


def _address(source: Source, access: Access) -> str | None:
    token = source.token if source.token_digest else ""
    if not token:
        return None
    if source.kind == Source.Kind.FORM:
        return f"{settings.ROADBED_URL}/f/{token}/"
    return f"{settings.ROADBED_URL}/hooks/in/{token}/" if access.can_make else None


def _out(source: Source, *, access: Access, health: selectors.Health, now: datetime) -> dict[str, Any]:
    return {
        "id": source.pk,
        "name": source.name,
        "kind": source.kind,
        "product": source.product.slug if source.product else None,
        "is_on": source.is_on,
        "health": source.health(now=now)[0],
        "settings": source.settings,
        "origin": source.origin,
        "address": _address(source, access),
        "new": source.new_count,
        "changed": source.changed_count,
        "known": source.known_count,
        "refused": source.refused_count,
        "last_arrival_at": source.last_arrival_at,
        "last_run_at": source.last_run_at,
        "next_run_at": source.next_run_at,
        "last_error": source.last_error,
        "last_error_at": source.last_error_at,
        "lag_seconds": health.lag,
        "created_at": source.created_at,
    }


def _one(source: Source, access: Access) -> dict[str, Any]:
    now = timezone.now()
    health = selectors.health_of(source_ids=[source.pk], now=now)[source.pk]
    return _out(source, access=access, health=health, now=now)


def _product(access: Access, slug: str | None) -> Product | None:
    if slug is None:
        return None
    found = Product.objects.filter(workspace_id=access.workspace.pk, slug=slug).first()
    if found is None:
        raise ValidationError({"product": f"There is no product {slug} here."})
    return found


@router.get(
    "sources",
    response={200: PageOut[FeedbackSourceOut], **READ_PROBLEMS},
    operation_id="list_sources",
    url_name="source-list",
)
def list_sources(request: HttpRequest, workspace: Path[str], query: Query[PageQuery]) -> dict[str, Any]:
    """List the ways in, with how each does."""
    access, now = access_of(request), timezone.now()
    rows = selectors.list_sources(workspace_id=access.workspace.pk, filters={})
    items, following = page_by_id(rows, query)
    health = selectors.health_of(source_ids=[source.pk for source in items], now=now)
    return {
        "items": [_out(each, access=access, health=health[each.pk], now=now) for each in items],
        "next": following,
    }


@router.post(
    "sources",
    response={201: FeedbackSourceOut, **WRITE_PROBLEMS},
    operation_id="create_source",
    url_name="source-list",
)
def create_source(request: HttpRequest, workspace: Path[str], body: SourceIn) -> Answer[dict[str, Any]]:
    """Open a way in."""
    access = access_of(request, role=Role.MAKER)
    given = shared.given(body)
    source = services.create_source(
        workspace=access.workspace,
        kind=given["kind"],
        name=given["name"],
        product=_product(access, body.product),
        settings=given.get("settings", {}),
        actor=access.actor,
        at=timezone.now(),
    )
    return Answer(201, _one(source, access))


@router.get(
    "sources/{int:source_id}",
    response={200: FeedbackSourceOut, **READ_PROBLEMS},
    operation_id="get_source",
    url_name="source",
)
def get_source(request: HttpRequest, workspace: Path[str], source_id: int) -> dict[str, Any]:
    """Get one way in."""
    access = access_of(request)
    return _one(_find(access, source_id), access)


@router.patch(
    "sources/{int:source_id}",
    response={200: FeedbackSourceOut, **WRITE_PROBLEMS},
    operation_id="change_source",
    url_name="source",
)
def change_source(
    request: HttpRequest, workspace: Path[str], source_id: int, body: SourceFields
) -> dict[str, Any]:
    """Change a source."""
    access = access_of(request, role=Role.MAKER)
    source = _find(access, source_id)
    given = shared.given(body, keep_empty=frozenset({"product"}))
    services.change_source(
        source=source,
        name=given.get("name"),
        product=_product(access, given.get("product")),
        clears_product="product" in given and given["product"] is None,
        settings=given.get("settings"),
        actor=access.actor,
        at=timezone.now(),
    )
    return _one(_find(access, source_id), access)


@router.delete(
    "sources/{int:source_id}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="delete_source",
    url_name="source",
)
def delete_source(request: HttpRequest, workspace: Path[str], source_id: int) -> Answer[None]:
    """Take a source away. What came through it stays."""
    access = access_of(request, role=Role.MAKER)
    services.delete_source(source=_find(access, source_id), actor=access.actor, at=timezone.now())
    return Answer(204, None)


@router.post(
    "sources/{int:source_id}/restore",
    response={200: FeedbackSourceOut, **WRITE_PROBLEMS},
    operation_id="restore_source",
    url_name="source-restore",
)
def restore_source(request: HttpRequest, workspace: Path[str], source_id: int) -> dict[str, Any]:
    """Put a source back that was taken away."""
    access = access_of(request, role=Role.MAKER)
    source = _find(access, source_id, with_deleted=True)
    services.restore_source(source=source, actor=access.actor, at=timezone.now())
    return _one(_find(access, source_id), access)


@router.put(
    "sources/{int:source_id}/state",
    response={200: FeedbackSourceOut, **WRITE_PROBLEMS},
    operation_id="switch_source",
    url_name="source-state",
)
def switch_source(
    request: HttpRequest, workspace: Path[str], source_id: int, body: SourceSwitchIn
) -> dict[str, Any]:
    """Turn a source on or off."""
    access = access_of(request, role=Role.MAKER)
    services.switch_source(source=_find(access, source_id), on=body.on, actor=access.actor, at=timezone.now())
    return _one(_find(access, source_id), access)


@router.post(
    "sources/{int:source_id}/address",
    response={200: FeedbackSourceOut, **WRITE_PROBLEMS},
    operation_id="renew_source_address",
    url_name="source-address",
)
def renew_source_address(request: HttpRequest, workspace: Path[str], source_id: int) -> dict[str, Any]:
    """Give a form or a webhook a new address and signing secret; the old ones no longer work."""
    access = access_of(request, role=Role.MAKER)
    services.renew_address(source=_find(access, source_id), actor=access.actor, at=timezone.now())
    return _one(_find(access, source_id), access)


@router.post(
    "sources/{int:source_id}/look",
    response={202: SourceLookOut, **WRITE_PROBLEMS},
    operation_id="look_at_source",
    url_name="source-look",
)
def look_at_source(request: HttpRequest, workspace: Path[str], source_id: int) -> Answer[dict[str, int]]:
    """Look for news at a mailbox or a repository now, rather than when it is due."""
    access = access_of(request, role=Role.MAKER)
    source = _find(access, source_id)
    if not source.is_pulled or not source.is_on:
        raise ValidationError("There is nowhere to look: this source is told, or it is off.")
    return Answer(202, {"job": polling.enqueue(source).pk})


@router.get(
    "sources/{int:source_id}/arrivals",
    response={200: PageOut[ArrivalOut], **READ_PROBLEMS},
    operation_id="list_arrivals",
    url_name="source-arrivals",
)
def list_arrivals(
    request: HttpRequest, workspace: Path[str], source_id: int, query: Query[SourceArrivalQuery]
) -> dict[str, Any]:
    """List what came through a source and what became of it, the newest first."""
    access = access_of(request)
    source = _find(access, source_id)
    items, following = page_by_id(selectors.arrivals(source=source, outcome=query.outcome), query)
    return {"items": [_arrival(each, access) for each in items], "next": following}


@router.post(
    "sources/{int:source_id}/arrivals/{int:arrival_id}/retry",
    response={200: ArrivalOut, **WRITE_PROBLEMS},
    operation_id="retry_arrival",
    url_name="arrival-retry",
)
def retry_arrival(
    request: HttpRequest, workspace: Path[str], source_id: int, arrival_id: int
) -> dict[str, Any]:
    """Try once more what was refused or left out."""
    access = access_of(request, role=Role.MAKER)
    source = _find(access, source_id)
    try:
        arrival = selectors.access_arrival(source=source, arrival_id=arrival_id)
    except ObjectDoesNotExist as error:
        raise MissingError from error
    received = intake.retry(arrival=arrival, at=timezone.now())
    arrival.refresh_from_db()
    arrival.record, arrival.outcome, arrival.detail = received.feedback, received.outcome, received.detail
    return _arrival(arrival, access)


def _arrival(arrival: Arrival, access: Access) -> dict[str, Any]:
    record = arrival.record
    shown = record if record and (record.circle_id is None or record.circle_id in access.circle_ids) else None
    return {
        "id": arrival.pk,
        "at": arrival.at,
        "external_id": arrival.external_id,
        "outcome": arrival.outcome,
        "key": shown.key if shown else None,
        "url": settings.ROADBED_URL + url_of(shown, workspace=access.workspace.slug) if shown else None,
        "detail": arrival.detail,
        "can_retry": bool(arrival.payload) and arrival.retried_at is None,
    }
