"""Releases: list, get, plan, change, ship."""

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
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Product
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import selectors, services
from roadbed.modules.roadmap.api.schemas import (
    CHANGE_PROBLEMS,
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    ReleaseFields,
    ReleaseIn,
    ReleaseOut,
    ShipIn,
)
from roadbed.modules.roadmap.models import Release

router = Router(tags=["roadmap"])


class ReleasesQuery(PageQuery):
    """Which releases."""

    q: str = Field("", max_length=200)
    product: str = Field("", max_length=40)
    state: str = Field("", max_length=8)


@router.get(
    "releases",
    response={200: PageOut[ReleaseOut], **READ_PROBLEMS},
    operation_id="list_releases",
    url_name="releases",
)
def list_releases(request: HttpRequest, workspace: Path[str], query: Query[ReleasesQuery]) -> dict[str, Any]:
    """List releases, the newest first."""
    access = access_of(request)
    filters = {
        "q": query.q.replace("\x00", ""),
        "product": query.product.replace("\x00", ""),
        "state": query.state,
    }
    rows = selectors.filter_releases(workspace_id=access.workspace.pk, filters=filters)
    items, following = page_by_id(rows, query)
    return {"items": items, "next": following}


def _release(access: Access, number: int) -> Release:
    return selectors.access_release(workspace_id=access.workspace.pk, number=number)


def _number(key: str) -> int:
    prefix, _, number = key.upper().rpartition("-")
    if prefix != "R" or not number.isdecimal() or len(number) > 9:
        raise Release.DoesNotExist
    return int(number)


@router.get(
    "releases/{key}",
    response={200: ReleaseOut, **READ_PROBLEMS},
    operation_id="get_release",
    url_name="release",
)
def get_release(request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse) -> Release:
    """Get a release by its key."""
    release = _release(access_of(request), _number(key))
    etags.put(response, release)
    return release


def _fields(access: Access, given: dict[str, Any]) -> dict[str, Any]:
    if any(isinstance(value, str) and "\x00" in value for value in given.values()):
        raise ValidationError("Null characters cannot be stored.")
    if given.get("product"):
        product = Product.objects.filter(workspace=access.workspace, slug=given["product"]).first()
        if product is None:
            raise ValidationError({"product": f"There is no product {given['product']} here."})
        given["product"] = product
    elif "product" in given:
        given["product"] = None
    return given


@router.post(
    "releases",
    response={201: ReleaseOut, **WRITE_PROBLEMS},
    operation_id="create_release",
    url_name="releases",
)
def create_release(
    request: HttpRequest, workspace: Path[str], body: ReleaseIn, response: HttpResponse
) -> Answer[Release]:
    """Plan a release."""
    access = access_of(request, role=Role.MAKER)
    given = {name: value for name, value in body.dict(exclude_unset=True).items() if value is not None}
    release, _ = services.create_release(
        workspace=access.workspace,
        draft=services.ReleaseDraft(**_fields(access, given)),
        actor=access.actor,
        at=timezone.now(),
    )
    etags.put(response, release)
    return Answer(201, release)


@router.patch(
    "releases/{key}",
    response={200: ReleaseOut, **CHANGE_PROBLEMS},
    operation_id="change_release",
    url_name="release",
)
def change_release(
    request: HttpRequest, workspace: Path[str], key: str, body: ReleaseFields, response: HttpResponse
) -> Release:
    """Change a release; what is left out stays. Needs If-Match."""
    access = access_of(request, role=Role.MAKER)
    release = _release(access, _number(key))
    expected = etags.expected_version(request)
    given = body.dict(exclude_unset=True)
    kept = {
        name: value
        for name, value in given.items()
        if value is not None or name in {"product", "start_date", "ship_date"}
    }
    services.change_release(
        release=release,
        changes=_fields(access, kept),
        expected_version=expected,
        actor=access.actor,
        at=timezone.now(),
    )
    fresh = _release(access, _number(key))
    etags.put(response, fresh)
    return fresh


@router.post(
    "releases/{key}/ship",
    response={200: ReleaseOut, **CHANGE_PROBLEMS},
    operation_id="ship_release",
    url_name="release-ship",
)
def ship_release(
    request: HttpRequest, workspace: Path[str], key: str, body: ShipIn, response: HttpResponse
) -> Release:
    """Say that a release is out. Needs If-Match."""
    access = access_of(request, role=Role.MAKER)
    release = _release(access, _number(key))
    now = timezone.now()
    services.ship_release(
        release=release,
        shipped_at=now,
        unfinished=body.unfinished,
        expected_version=etags.expected_version(request),
        actor=access.actor,
        at=now,
    )
    fresh = _release(access, _number(key))
    etags.put(response, fresh)
    return fresh
