"""Listings for programs: what stands on boards, moderation, and what is said in public."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router
from ninja.responses import Status as Answer

from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.modules.portal.api import shared
from roadbed.modules.portal.api.schemas import (
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    ListingFields,
    ListingIn,
    ListingMergeIn,
    ListingOut,
    ListingState,
    ListingStateIn,
    RemarkIn,
    RemarkOut,
    RemarkStateIn,
    StandingIn,
)
from roadbed.modules.portal.models import Listing, Remark, Standing, State
from roadbed.modules.portal.selectors import desk
from roadbed.modules.portal.selectors.listings import plain
from roadbed.modules.portal.services import listings as services
from roadbed.modules.portal.services import merging, remarks, standings

router = Router(tags=["portal"])


class ListingsQuery(PageQuery):
    """Which listings."""

    board: str = Field("", max_length=20, description="A board's key.")
    state: ListingState | None = None
    standing: Standing | None = None
    q: str = Field("", max_length=120, description="Words that all of them have.")


@router.get(
    "listings",
    response={200: PageOut[ListingOut], **READ_PROBLEMS},
    operation_id="list_listings",
    url_name="listings",
)
def list_listings(request: HttpRequest, workspace: Path[str], query: Query[ListingsQuery]) -> dict[str, Any]:
    """List what stands on the boards that you may see, the newest first."""
    access = access_of(request)
    rows = desk.listings(**shared.place(access))
    if query.board:
        rows = rows.filter(board=shared.board_of(access, query.board))
    if query.state:
        rows = rows.filter(state=query.state)
    if query.standing:
        rows = rows.filter(standing=query.standing)
    for word in plain(query.q.replace("\x00", "")).split()[:8]:
        rows = rows.filter(words__contains=word)
    items, following = page_by_id(rows, query)
    return {"items": items, "next": following}


@router.post(
    "listings",
    response={201: ListingOut, **WRITE_PROBLEMS},
    operation_id="create_listing",
    url_name="listings",
)
def create_listing(request: HttpRequest, workspace: Path[str], body: ListingIn) -> Answer[Listing]:
    """Put a need, a feature or a piece of feedback on a board, in words for customers."""
    access = shared.maker(request)
    words = shared.without_nulls({"title": body.title, "text": body.text})
    made = services.put_on_board(
        board=shared.board_of(access, body.board),
        record=shared.record_of(access, body.record),
        **words,
        actor=access.actor,
        at=timezone.now(),
    )
    return Answer(201, shared.listing_of(access, made.pk))


@router.get(
    "listings/{int:listing_id}",
    response={200: ListingOut, **READ_PROBLEMS},
    operation_id="get_listing",
    url_name="listing",
)
def get_listing(request: HttpRequest, workspace: Path[str], listing_id: int) -> Listing:
    """Read a listing."""
    return shared.listing_of(access_of(request), listing_id)


@router.patch(
    "listings/{int:listing_id}",
    response={200: ListingOut, **WRITE_PROBLEMS},
    operation_id="change_listing",
    url_name="listing",
)
def change_listing(
    request: HttpRequest, workspace: Path[str], listing_id: int, body: ListingFields
) -> Listing:
    """Change what visitors read: title, text, answer. The record itself stays as it is."""
    access = shared.maker(request)
    listing = shared.listing_of(access, listing_id)
    given = shared.without_nulls(body.dict(exclude_unset=True))
    now = timezone.now()
    if {"title", "text"} & set(given):
        services.reword(
            listing=listing,
            title=given.get("title", listing.title),
            text=given.get("text", listing.text),
            actor=access.actor,
            at=now,
        )
    if "answer" in given:
        services.answer(listing=listing, text=given["answer"], actor=access.actor, at=now)
    return shared.listing_of(access, listing_id)


@router.delete(
    "listings/{int:listing_id}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="delete_listing",
    url_name="listing",
)
def delete_listing(request: HttpRequest, workspace: Path[str], listing_id: int) -> Answer[None]:
    """Take a record off a board. What a visitor submitted is refused instead."""
    access = shared.maker(request)
    services.take_off(listing=shared.listing_of(access, listing_id), actor=access.actor, at=timezone.now())
    return Answer(204, None)


@router.put(
    "listings/{int:listing_id}/state",
    response={200: ListingOut, **WRITE_PROBLEMS},
    operation_id="moderate_listing",
    url_name="listing-state",
)
def moderate_listing(
    request: HttpRequest, workspace: Path[str], listing_id: int, body: ListingStateIn
) -> Listing:
    """Publish a listing, refuse it with a reason, or let it wait again. Its author is told."""
    access = shared.maker(request)
    listing = shared.listing_of(access, listing_id)
    now = timezone.now()
    if body.state == State.PUBLISHED.value:
        services.publish(listing=listing, actor=access.actor, at=now)
    elif body.state == State.REFUSED.value:
        reason = body.reason.replace("\x00", "")
        services.refuse(listing=listing, reason=reason, actor=access.actor, at=now)
    else:
        services.wait_again(listing=listing, actor=access.actor, at=now)
    return shared.listing_of(access, listing_id)


@router.put(
    "listings/{int:listing_id}/standing",
    response={200: ListingOut, **WRITE_PROBLEMS},
    operation_id="set_listing_standing",
    url_name="listing-standing",
)
def set_standing(request: HttpRequest, workspace: Path[str], listing_id: int, body: StandingIn) -> Listing:
    """Say where a listing stands and why, or let it follow the plan again."""
    access = shared.maker(request)
    listing = shared.listing_of(access, listing_id)
    if body.standing is None:
        standings.follow_the_plan(listing=listing, actor=access.actor, at=timezone.now())
    else:
        standings.set_standing(
            listing=listing,
            standing=body.standing,
            reason=body.reason.replace("\x00", ""),
            actor=access.actor,
            at=timezone.now(),
        )
    return shared.listing_of(access, listing_id)


@router.put(
    "listings/{int:listing_id}/merge",
    response={200: ListingOut, **WRITE_PROBLEMS},
    operation_id="merge_listing",
    url_name="listing-merge",
)
def merge_listing(
    request: HttpRequest, workspace: Path[str], listing_id: int, body: ListingMergeIn
) -> Listing:
    """Let a listing live on in another of its board, or take that back. Voices, followers and wordings stay."""
    access = shared.maker(request)
    listing = shared.listing_of(access, listing_id)
    if body.into is None:
        merging.undo(listing=listing, actor=access.actor, at=timezone.now())
    else:
        into = desk.listings(**shared.place(access)).filter(pk=body.into).first()
        if into is None:
            raise ValidationError({"into": "There is no such listing here."})
        merging.merge(listing=listing, into=into, actor=access.actor, at=timezone.now())
    return shared.listing_of(access, listing_id)


@router.get(
    "listings/{int:listing_id}/remarks",
    response={200: PageOut[RemarkOut], **READ_PROBLEMS},
    operation_id="list_remarks",
    url_name="listing-remarks",
)
def list_remarks(
    request: HttpRequest, workspace: Path[str], listing_id: int, query: Query[PageQuery]
) -> dict[str, Any]:
    """List what is said in public under a listing, the newest first; what waits and what was refused too."""
    listing = shared.listing_of(access_of(request), listing_id)
    items, following = page_by_id(Remark.objects.filter(listing=listing), query)
    return {"items": items, "next": following}


@router.post(
    "listings/{int:listing_id}/remarks",
    response={201: RemarkOut, **WRITE_PROBLEMS},
    operation_id="create_remark",
    url_name="listing-remarks",
)
def create_remark(
    request: HttpRequest, workspace: Path[str], listing_id: int, body: RemarkIn
) -> Answer[Remark]:
    """Say something in public, as the makers."""
    access = shared.maker(request)
    words = shared.without_nulls({"body": body.body})
    made = remarks.say_officially(
        listing=shared.listing_of(access, listing_id), **words, actor=access.actor, at=timezone.now()
    )
    return Answer(201, made)


@router.put(
    "remarks/{int:remark_id}/state",
    response={200: RemarkOut, **WRITE_PROBLEMS},
    operation_id="moderate_remark",
    url_name="remark-state",
)
def moderate_remark(
    request: HttpRequest, workspace: Path[str], remark_id: int, body: RemarkStateIn
) -> Remark:
    """Publish a remark, refuse it, or let it wait again."""
    access = shared.maker(request)
    remark = shared.remark_of(access, remark_id)
    remarks.decide(remark=remark, state=body.state, actor=access.actor, at=timezone.now())
    return remark
