"""Boards for programs: list, get, open, change."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Path, Query, Router
from ninja.responses import Status as Answer

from roadbed.core.api import etags
from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Circle
from roadbed.modules.portal.api import shared
from roadbed.modules.portal.api.schemas import (
    CHANGE_PROBLEMS,
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    BoardFields,
    BoardIn,
    BoardOut,
)
from roadbed.modules.portal.models import Board
from roadbed.modules.portal.selectors import desk
from roadbed.modules.portal.services import boards as services

router = Router(tags=["portal"])


def _fields(access: Access, given: dict[str, Any]) -> dict[str, Any]:
    found = shared.without_nulls(given)
    if "address" in found:
        found["slug"] = found.pop("address")
    if "guests" in found:
        found["guests"] = "\n".join(found["guests"])
    if "circle" in found:
        name = found["circle"]
        circles = Circle.objects.filter(workspace=access.workspace, pk__in=access.circle_ids)
        found["circle"] = circles.filter(name__iexact=name).first() if name else None
        if name and found["circle"] is None:
            raise ValidationError({"circle": "You are in no circle of that name."})
    return found


@router.get(
    "boards",
    response={200: PageOut[BoardOut], **READ_PROBLEMS},
    operation_id="list_boards",
    url_name="boards",
)
def list_boards(request: HttpRequest, workspace: Path[str], query: Query[PageQuery]) -> dict[str, Any]:
    """List the boards that you may see, the newest first."""
    access = access_of(request)
    items, following = page_by_id(desk.boards(**shared.place(access)), query)
    return {"items": items, "next": following}


@router.post(
    "boards",
    response={201: BoardOut, **WRITE_PROBLEMS},
    operation_id="create_board",
    url_name="boards",
)
def create_board(
    request: HttpRequest, workspace: Path[str], body: BoardIn, response: HttpResponse
) -> Answer[Board]:
    """Open a board."""
    access = shared.maker(request)
    made = services.create_board(
        workspace=access.workspace,
        **_fields(access, body.dict(exclude_unset=True)),
        actor=access.actor,
        at=timezone.now(),
    )
    etags.put(response, made)
    return Answer(201, made)


@router.get(
    "boards/{key}",
    response={200: BoardOut, **READ_PROBLEMS},
    operation_id="get_board",
    url_name="board",
)
def get_board(request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse) -> Board:
    """Read a board."""
    board = shared.board_of(access_of(request), key)
    etags.put(response, board)
    return board


@router.patch(
    "boards/{key}",
    response={200: BoardOut, **CHANGE_PROBLEMS},
    operation_id="change_board",
    url_name="board",
)
def change_board(
    request: HttpRequest, workspace: Path[str], key: str, body: BoardFields, response: HttpResponse
) -> Board:
    """Change a board; what is left out stays. Needs If-Match."""
    access = shared.maker(request)
    board = shared.board_of(access, key)
    services.change_board(
        board=board,
        changes=_fields(access, body.dict(exclude_unset=True)),
        expected_version=etags.expected_version(request),
        actor=access.actor,
        at=timezone.now(),
    )
    fresh = shared.board_of(access, key)
    etags.put(response, fresh)
    return fresh
