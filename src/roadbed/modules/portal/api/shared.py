"""What the operations of this module share."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest

from roadbed.core.api.auth import access_of
from roadbed.core.api.problems import MissingError
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role
from roadbed.modules.portal.models import Board, Listing, News, Remark
from roadbed.modules.portal.selectors import desk


def maker(request: HttpRequest) -> Access:
    """Return the maker who is asking."""
    return access_of(request, role=Role.MAKER)


def place(access: Access) -> dict[str, Any]:
    """Return where reads of this member begin."""
    return {"workspace_id": access.workspace.pk, "circles": access.circle_ids}


def board_of(access: Access, key: str) -> Board:
    """Return a board by its key.

    Raises
    ------
    MissingError
        If there is none that the member may see.
    """
    found = desk.boards(**place(access)).by_key(key).first()  # type: ignore[attr-defined]  # a record's query set
    if found is None:
        raise MissingError
    board: Board = found
    return board


def listing_of(access: Access, listing_id: int) -> Listing:
    """Return a listing by its number, or raise `MissingError`."""
    try:
        return desk.listing(listing_id=listing_id, **place(access))
    except Listing.DoesNotExist as error:
        raise MissingError from error


def remark_of(access: Access, remark_id: int) -> Remark:
    """Return a remark by its number, or raise `MissingError`."""
    try:
        return desk.remark(remark_id=remark_id, **place(access))
    except Remark.DoesNotExist as error:
        raise MissingError from error


def news_of(access: Access, news_id: int) -> News:
    """Return an entry by its number, or raise `MissingError`."""
    boards = desk.boards(**place(access)).values("pk")
    found = News.objects.filter(pk=news_id, board__in=boards).select_related("board", "record").first()
    if found is None:
        raise MissingError
    return found


def record_of(access: Access, key: str) -> Record:
    """Return a record that the member may see, by its key.

    Raises
    ------
    ValidationError
        If there is none.
    """
    found: Record | None = (
        Record.objects.in_workspace(access.workspace.pk, circles=access.circle_ids).by_key(key).first()
    )
    if found is None:
        raise ValidationError({"record": f"There is no {key} here."})
    return found


def without_nulls(values: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that were sent and are not null.

    Raises
    ------
    ValidationError
        If a text holds a NUL, which no column keeps.
    """
    found = {name: value for name, value in values.items() if value is not None}
    for name, value in found.items():
        texts = value if isinstance(value, list) else [value]
        if any(isinstance(text, str) and "\x00" in text for text in texts):
            raise ValidationError({name: "Null characters cannot be stored."})
    return found
