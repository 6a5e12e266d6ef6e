"""Needs: list, get, add, change."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Path, Query, Router
from ninja.responses import Status as Answer

from roadbed.core.api import etags
from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights import services
from roadbed.modules.insights.api import shared
from roadbed.modules.insights.api.schemas import (
    CHANGE_PROBLEMS,
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    NeedChange,
    NeedIn,
    NeedOut,
)
from roadbed.modules.insights.models import Need
from roadbed.modules.insights.selectors import narrowing
from roadbed.modules.insights.selectors import needs as selectors

router = Router(tags=["needs"])
EMPTIABLE = frozenset({"importance", "satisfaction", "product"})


class NeedsQuery(PageQuery):
    """Which needs."""

    q: str = Field("", max_length=200, description="Words, or a key.")


def _need(access: Access, key: str) -> Need:
    return selectors.access_need(workspace_id=access.workspace.pk, number=shared.number_of(key, "N"))


@router.get(
    "needs",
    response={200: PageOut[NeedOut], **READ_PROBLEMS},
    operation_id="list_needs",
    url_name="needs",
)
def list_needs(request: HttpRequest, workspace: Path[str], query: Query[NeedsQuery]) -> dict[str, Any]:
    """List needs, the newest first."""
    access = access_of(request)
    rows = (
        Need.objects.in_workspace(access.workspace.pk).filter(kind="need").select_related("product", "tally")
    )
    if query.q:
        rows = rows.filter(narrowing.by_words(workspace_id=access.workspace.pk, query=query.q, kind="need"))
    items, following = page_by_id(rows, query)
    return {"items": items, "next": following}


@router.post(
    "needs",
    response={201: NeedOut, **WRITE_PROBLEMS},
    operation_id="create_need",
    url_name="needs",
)
def create_need(
    request: HttpRequest, workspace: Path[str], body: NeedIn, response: HttpResponse
) -> Answer[Need]:
    """Add a need."""
    access = access_of(request, role=Role.MAKER)
    fields = shared.resolve(access, shared.given(body))
    made = services.create_need(workspace=access.workspace, **fields, actor=access.actor, at=timezone.now())
    etags.put(response, made)
    return Answer(201, made)


@router.get(
    "needs/{key}",
    response={200: NeedOut, **READ_PROBLEMS},
    operation_id="get_need",
    url_name="need",
)
def get_need(request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse) -> Need:
    """Get a need."""
    found = _need(access_of(request), key)
    etags.put(response, found)
    return found


@router.patch(
    "needs/{key}",
    response={200: NeedOut, **CHANGE_PROBLEMS},
    operation_id="change_need",
    url_name="need",
)
def change_need(
    request: HttpRequest, workspace: Path[str], key: str, body: NeedChange, response: HttpResponse
) -> Need:
    """Change a need; what is left out stays. Needs If-Match."""
    access = access_of(request, role=Role.MAKER)
    need = _need(access, key)
    expected = etags.expected_version(request)
    changes = shared.resolve(access, shared.given(body, keep_empty=EMPTIABLE))
    services.change_need(
        need=need, changes=changes, expected_version=expected, actor=access.actor, at=timezone.now()
    )
    fresh = _need(access, key)
    etags.put(response, fresh)
    return fresh
