"""Moderation: read what waits, by keyboard; publish, refuse with a reason, or merge into what stands there already."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from roadbed.core.records import services as records
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.portal.models import Listing, Remark
from roadbed.modules.portal.selectors import desk
from roadbed.modules.portal.selectors import listings as reads
from roadbed.modules.portal.selectors.doors import Caller
from roadbed.modules.portal.services import listings as services
from roadbed.modules.portal.services import merging, remarks
from roadbed.modules.portal.views import desk as shared
from roadbed.web import responses, toasts

SHOWN = 40
REASONS = (
    "This is spam.",
    "It holds private details. Please send it again without them.",
    "This is a question for support, and they write to you.",
    "We do not understand it yet. Please say it in other words.",
)


def _lines(access: Access, listings: list[Listing], said: list[Remark], at: str) -> list[dict[str, Any]]:
    lines = [
        {
            "name": f"listing-{listing.pk}",
            "title": listing.title,
            "who": listing.author_name or "Somebody nameless",
            "board": listing.board.title,
            "at": listing.created_at,
            "is_remark": False,
            "listing": listing,
        }
        for listing in listings
    ] + [
        {
            "name": f"remark-{remark.pk}",
            "title": remark.body[:120],
            "who": remark.author_name or "Somebody nameless",
            "board": remark.listing.board.title,
            "at": remark.created_at,
            "is_remark": True,
            "remark": remark,
            "listing": remark.listing,
        }
        for remark in said
    ]
    lines.sort(key=lambda line: (line["at"], line["name"]))
    for line in lines:
        line["url"] = f"{shared.base(access, 'queue/')}?at={line['name']}"
        line["current"] = line["name"] == at
    return lines[:SHOWN]


@page(role=Role.MAKER)
@require_GET
def show(request: HttpRequest, access: Access) -> HttpResponse:
    """What waits, the oldest first, and one of it to read."""
    place = shared.place(access)
    listings = list(desk.waiting_listings(**place)[:SHOWN])
    said = list(desk.waiting_remarks(**place)[:SHOWN])
    lines = _lines(access, listings, said, request.GET.get("at", ""))
    chosen = next((line for line in lines if line["current"]), lines[0] if lines else None)
    following = None
    if chosen is not None:
        chosen["current"] = True
        index = lines.index(chosen)
        following = lines[index + 1] if index + 1 < len(lines) else lines[index - 1] if index else None
    context: dict[str, Any] = {
        "lines": lines,
        "chosen": chosen,
        "count": desk.count_waiting(access),
        "base": shared.base(access),
        "next": following["url"] if following else shared.base(access, "queue/"),
        "reasons": REASONS,
    }
    if chosen is not None:
        listing = chosen["listing"]
        context["listing_url"] = shared.listing_url(access, listing)
        context["record_url"] = shared.record_url(access, listing)
        if not chosen["is_remark"]:
            caller = Caller(member_circles=access.circle_ids)
            alike = reads.similar(
                board=listing.board, caller=caller, text=f"{listing.title} {listing.text[:300]}", limit=6
            )
            context["alike"] = [one for one in alike if one.listing.pk != listing.pk]
    return responses.page(request, "portal/desk/queue.html", context)


def _done(
    request: HttpRequest, access: Access, text: str, *, undo: str = "", listing: Listing | None = None
) -> HttpResponseRedirect:
    toasts.add(request, text, undo_url=undo)
    otherwise = shared.listing_url(access, listing) if listing else shared.base(access, "queue/")
    return responses.back(request, otherwise=otherwise)


def _not(request: HttpRequest, access: Access, error: Exception, listing: Listing) -> HttpResponseRedirect:
    words = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
    toasts.add(request, words, tone="bad")
    return HttpResponseRedirect(shared.listing_url(access, listing))


@page(role=Role.MAKER)
@require_POST
def publish(request: HttpRequest, access: Access, listing_id: int) -> HttpResponse:
    """Let visitors see it."""
    listing = shared.listing_or_404(access, listing_id)
    services.publish(listing=listing, actor=access.actor, at=timezone.now())
    undo = f"{shared.listing_url(access, listing)}wait/"
    return _done(request, access, f"Published “{listing.title}”.", undo=undo, listing=listing)


@page(role=Role.MAKER)
@require_POST
def refuse(request: HttpRequest, access: Access, listing_id: int) -> HttpResponse:
    """Keep it from the board, and say why."""
    listing = shared.listing_or_404(access, listing_id)
    try:
        services.refuse(
            listing=listing, reason=request.POST.get("reason", ""), actor=access.actor, at=timezone.now()
        )
    except ValidationError as error:
        return _not(request, access, error, listing)
    undo = f"{shared.listing_url(access, listing)}wait/"
    return _done(request, access, f"Refused “{listing.title}”.", undo=undo, listing=listing)


@page(role=Role.MAKER)
@require_POST
def wait(request: HttpRequest, access: Access, listing_id: int) -> HttpResponse:
    """Take a decision back."""
    listing = shared.listing_or_404(access, listing_id)
    services.wait_again(listing=listing, actor=access.actor, at=timezone.now())
    return _done(request, access, f"“{listing.title}” waits again.", listing=listing)


@page(role=Role.MAKER)
@require_POST
def merge(request: HttpRequest, access: Access, listing_id: int) -> HttpResponse:
    """Let it live on in another listing of the board."""
    listing = shared.listing_or_404(access, listing_id)
    wanted = request.POST.get("into", "")
    into = (
        desk.listings(**shared.place(access)).filter(pk=int(wanted), board=listing.board).first()
        if wanted.isdecimal() and len(wanted) < 16
        else None
    )
    if into is None:
        return _not(request, access, ValidationError("Choose another listing of the same board."), listing)
    try:
        merging.merge(listing=listing, into=into, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        return _not(request, access, error, listing)
    undo = f"{shared.listing_url(access, listing)}unmerge/"
    return _done(request, access, f"“{listing.title}” lives on in “{into.title}”.", undo=undo, listing=into)


@page(role=Role.MAKER)
@require_POST
def unmerge(request: HttpRequest, access: Access, listing_id: int) -> HttpResponse:
    """Take a merge back."""
    listing = shared.listing_or_404(access, listing_id)
    try:
        merging.undo(listing=listing, actor=access.actor, at=timezone.now())
    except (ValidationError, records.NotUndoableError) as error:
        return _not(request, access, error, listing)
    return _done(request, access, f"“{listing.title}” stands alone again.", listing=listing)


@page(role=Role.MAKER)
@require_POST
def decide(request: HttpRequest, access: Access, remark_id: int, state: str) -> HttpResponse:
    """Publish a comment, refuse it, or let it wait again."""
    remark = shared.remark_or_404(access, remark_id)
    remarks.decide(remark=remark, state=state, actor=access.actor, at=timezone.now())
    words = {"published": "The comment is public.", "refused": "The comment is refused."}
    undo = shared.base(access, f"remarks/{remark.pk}/wait/") if state in words else ""
    return _done(request, access, words.get(state, "The comment waits again."), undo=undo)
