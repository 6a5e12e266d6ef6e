"""What the makers' pages share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import Http404

from roadbed.core.records import kinds
from roadbed.core.workspaces.access import Access
from roadbed.modules.portal.models import Board, Listing, News, Remark, Standing, State
from roadbed.modules.portal.selectors import desk
from roadbed.modules.portal.selectors.standings import Said
from roadbed.modules.portal.services import letters
from roadbed.web import parts

STATE_TONES = {State.WAITING: "warn", State.PUBLISHED: "good", State.REFUSED: "outline"}
AUDIENCE_TONES = {"public": "good", "customers": "accent", "private": "warn"}


def base(access: Access, path: str = "") -> str:
    """Return an address below the portal's place in the workspace."""
    return f"/w/{access.workspace.slug}/portal/{path}"


def place(access: Access) -> dict[str, Any]:
    """Return where reads of this member begin."""
    return {"workspace_id": access.workspace.pk, "circles": access.circle_ids}


def board_or_404(access: Access, number: int) -> Board:
    """Return the board, or answer as if there were none."""
    try:
        return desk.board(number=number, **place(access))
    except Board.DoesNotExist as error:
        raise Http404 from error


def listing_or_404(access: Access, listing_id: int) -> Listing:
    """Return the listing, or answer as if there were none."""
    try:
        return desk.listing(listing_id=listing_id, **place(access))
    except Listing.DoesNotExist as error:
        raise Http404 from error


def remark_or_404(access: Access, remark_id: int) -> Remark:
    """Return the remark, or answer as if there were none."""
    try:
        return desk.remark(remark_id=remark_id, **place(access))
    except Remark.DoesNotExist as error:
        raise Http404 from error


def news_or_404(access: Access, news_id: int) -> News:
    """Return the entry, or answer as if there were none."""
    boards = desk.boards(**place(access)).values("pk")
    found = News.objects.filter(pk=news_id, board__in=boards).select_related("board", "record").first()
    if found is None:
        raise Http404
    return found


def board_url(access: Access, board: Board) -> str:
    """Return the address of a board's page for makers."""
    return base(access, f"boards/{board.number}/")


def listing_url(access: Access, listing: Listing) -> str:
    """Return the address of a listing's page for makers."""
    return base(access, f"listings/{listing.pk}/")


def public_url(board: Board, listing: Listing | None = None) -> str:
    """Return where visitors find it."""
    start = f"/p/{board.workspace.slug}/{board.slug}/" if not board.domain else letters.address_of(board)
    return f"{start}entries/{listing.code}/" if listing else start


def record_url(access: Access, listing: Listing) -> str:
    """Return the address of the record behind a listing."""
    return kinds.url_of(listing.record, workspace=access.workspace.slug)


def state_chip(state: str) -> str:
    """Return a listing's or remark's state as a chip."""
    return parts.chip(State(state).label, tone=STATE_TONES[State(state)])


def standing_chip(listing: Listing, words: Mapping[str, Said]) -> str:
    """Return where a listing stands as a chip, in the workspace's words."""
    said = words[Standing(listing.standing).value]
    return parts.chip(said.label, tone=said.tone)


def audience_chip(board: Board) -> str:
    """Return whom a board is open to as a chip."""
    return parts.chip(str(board.get_audience_display()), tone=AUDIENCE_TONES[board.audience])


def refused(form: Form, error: ValidationError) -> None:
    """Put what a service refused beside the fields that it is about."""
    if hasattr(error, "error_dict"):
        for name, messages in error.message_dict.items():
            form.add_error(name if name in form.fields else None, messages)
    else:
        form.add_error(None, error.messages)
