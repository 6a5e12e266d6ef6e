"""What makers see: their boards, what waits for them, and what stands where."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from roadbed.core import prepared
from roadbed.core.records import places
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access
from roadbed.modules.portal.models import Board, EntryLink, Listing, Remark, State
from roadbed.web import formats


def boards(*, workspace_id: int, circles: Collection[int] = ()) -> QuerySet[Board]:
    """Return the boards that a member of these circles may see."""
    # The kind leads to the few boards by an index; without it the planner reads every record of the workspace.
    rows: QuerySet[Board] = Board.objects.in_workspace(workspace_id, circles=circles).filter(kind="board")
    return rows.select_related("circle", "workspace", "logo")


def board(*, workspace_id: int, number: int, circles: Collection[int] = ()) -> Board:
    """Return a board, or raise `Board.DoesNotExist`, for strangers too."""
    return boards(workspace_id=workspace_id, circles=circles).get(number=number)


def listings(*, workspace_id: int, circles: Collection[int] = ()) -> QuerySet[Listing]:
    """Return what stands on these boards, in any state."""
    rows = Listing.objects.filter(
        board__in=boards(workspace_id=workspace_id, circles=circles).values("pk"), merged_into__isnull=True
    )
    alive: QuerySet[Listing] = rows.alive()
    return alive.select_related("board", "record", "board__workspace")


def listing(*, workspace_id: int, listing_id: int, circles: Collection[int] = ()) -> Listing:
    """Return a listing, merged ones too, or raise `Listing.DoesNotExist`."""
    rows = Listing.objects.filter(board__in=boards(workspace_id=workspace_id, circles=circles).values("pk"))
    alive: QuerySet[Listing] = rows.alive()
    merged = rows.filter(merged_into__isnull=False)
    found: Listing = (
        (alive | merged.filter(board__deleted_at__isnull=True))
        .select_related("board", "record", "board__workspace", "merged_into")
        .get(pk=listing_id)
    )
    return found


def remark(*, workspace_id: int, remark_id: int, circles: Collection[int] = ()) -> Remark:
    """Return a remark, or raise `Remark.DoesNotExist`."""
    return Remark.objects.select_related("listing", "listing__board", "listing__record").get(
        pk=remark_id, listing__in=listings(workspace_id=workspace_id, circles=circles).values("pk")
    )


def waiting_listings(*, workspace_id: int, circles: Collection[int] = ()) -> QuerySet[Listing]:
    """Return what waits to be read, the oldest first."""
    rows = listings(workspace_id=workspace_id, circles=circles).filter(state=State.WAITING)
    return rows.order_by("created_at", "pk")


def waiting_remarks(*, workspace_id: int, circles: Collection[int] = ()) -> QuerySet[Remark]:
    """Return the remarks that wait to be read, the oldest first."""
    # Asked of each remark that waits: as a list, all that stands on the boards would be read for a few of them.
    seen = Exists(listings(workspace_id=workspace_id, circles=circles).filter(pk=OuterRef("listing_id")))
    rows = Remark.objects.filter(seen, state=State.WAITING)
    return rows.select_related("listing", "listing__board", "listing__record").order_by("created_at", "pk")


def count_waiting(access: Access) -> int:
    """How much waits for moderation, for the navigation; nobody who cannot moderate is told."""
    if not access.can_make:
        return 0
    # The boards are few, and every page asks: with their ids at hand both counts are short statements.
    ids = _BOARDS.numbers(workspace=access.workspace.pk, circles=access.circle_ids)
    return _LISTINGS.count(boards=ids) + _REMARKS.count(boards=ids) if ids else 0


def _boards(workspace: int, circles: Collection[int]) -> QuerySet[Board]:
    return boards(workspace_id=workspace, circles=circles).select_related(None).order_by()


def _standing(boards: Collection[int]) -> QuerySet[Listing]:
    rows: QuerySet[Listing] = Listing.objects.filter(board_id__in=boards, merged_into__isnull=True).alive()
    return rows.order_by()


def _listings(boards: Collection[int]) -> QuerySet[Listing]:
    return _standing(boards).filter(state=State.WAITING)


def _remarks(boards: Collection[int]) -> QuerySet[Remark]:
    return Remark.objects.filter(
        Exists(_standing(boards).filter(pk=OuterRef("listing_id"))),
        state=State.WAITING,
        listing__board_id__in=boards,
    ).order_by()


_BOARDS, _LISTINGS, _REMARKS = (prepared.Question(each) for each in (_boards, _listings, _remarks))


@dataclass(frozen=True, slots=True)
class Figures:
    """How a board does."""

    published: int
    waiting: int
    votes: int
    nameless: int


def figures(*, board_ids: Sequence[int]) -> dict[int, Figures]:
    """Return how boards do, in one query."""
    shown = Q(state=State.PUBLISHED)
    rows = Listing.objects.filter(board_id__in=board_ids, merged_into__isnull=True)
    alive: QuerySet[Listing] = rows.alive()
    counted = (
        alive.order_by()
        .values("board_id")
        .annotate(
            published=Count("pk", filter=shown),
            waiting=Count("pk", filter=Q(state=State.WAITING)),
            votes=Sum("people", filter=shown),
            nameless=Sum("nameless", filter=shown),
        )
    )
    return {
        row["board_id"]: Figures(
            row["published"], row["waiting"], int(row["votes"] or 0), int(row["nameless"] or 0)
        )
        for row in counted
    }


def listings_of_record(*, workspace_id: int, record_id: int, circles: Collection[int] = ()) -> list[Listing]:
    """Return where a record stands."""
    rows = listings(workspace_id=workspace_id, circles=circles).filter(record_id=record_id)
    return list(rows.order_by("board__title"))


def unconfirmed(*, board: Board, at: datetime) -> int:
    """How many submissions wait for their address to be confirmed."""
    return (
        EntryLink.objects.filter(board=board, used_at__isnull=True, expires_at__gt=at)
        .exclude(deed={})
        .count()
    )


def body_of_board(found: Any) -> str:
    """The words that search finds a board by."""
    return str(found.intro)


def describe_board(found: Any) -> Mapping[str, str]:
    """What other pages say of a board in a line."""
    return {"Open to": found.get_audience_display()}


def places_of(access: Access, record: Record) -> places.Places | None:
    """Where a record stands on boards, for its own page; nothing for kinds that cannot."""
    if record.kind not in {"feedback", "need", "feature"}:
        return None
    found = listings_of_record(
        workspace_id=access.workspace.pk, record_id=record.pk, circles=access.circle_ids
    )
    base = f"/w/{access.workspace.slug}/portal/"
    shown = tuple(
        places.Place(
            label=listing.board.title,
            url=f"{base}listings/{listing.pk}/",
            note=f"{listing.get_state_display().lower()}, {formats.plural(listing.votes, 'vote')}",
        )
        for listing in found
    )
    return places.Places(
        title="On the portal",
        shown=shown,
        deed="Put on a board" if access.can_make and not record.is_deleted else "",
        deed_url=f"{base}put/?key={record.key}",
    )
