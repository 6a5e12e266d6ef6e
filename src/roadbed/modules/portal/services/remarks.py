"""What is said in public under a listing."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.modules.portal.models import Listing, Remark, State, Visitor
from roadbed.modules.portal.services import voices
from roadbed.modules.portal.services.listings import clean_words


def _count(listing_id: int) -> None:
    shown = Remark.objects.filter(listing_id=listing_id, state=State.PUBLISHED).count()
    Listing.objects.filter(pk=listing_id).update(remarks_count=shown)


def _checked(body: str) -> str:
    words = clean_words(body)
    if len(words) < 2:
        raise ValidationError({"body": "Write something first."})
    if len(words) > 5000:
        raise ValidationError({"body": "Keep it to 5,000 characters."})
    return words


@transaction.atomic
def say(
    *,
    listing: Listing,
    body: str,
    at: datetime,
    visitor: Visitor | None = None,
    guest: str = "",
) -> Remark:
    """Let a visitor say something; where the board is moderated it waits to be read. Whoever speaks follows.

    Raises
    ------
    ValidationError
        If there are no words, or too many.
    """
    remark = Remark.objects.create(
        listing=listing,
        author_id=visitor.person_id if visitor else None,
        author_name=visitor.display_name[:80] if visitor else "",
        guest="" if visitor else guest,
        body=_checked(body),
        state=State.WAITING if listing.board.is_moderated else State.PUBLISHED,
        created_at=at,
    )
    if visitor is not None:
        voices.follow(listing=listing, visitor=visitor, at=at)
    _count(listing.pk)
    return remark


@transaction.atomic
def say_officially(*, listing: Listing, body: str, actor: Actor, at: datetime) -> Remark:
    """Let a maker say something in public, marked as the makers' word."""
    remark = Remark.objects.create(
        listing=listing,
        author_name=actor.name[:80],
        member_id=actor.user_id,
        is_official=True,
        body=_checked(body),
        state=State.PUBLISHED,
        created_at=at,
    )
    records.record_activity(
        record=listing.record,
        about=listing.board,
        actor=actor,
        verb="said in public",
        at=at,
        changes={"board": listing.board.key, "text": remark.body[:280]},
    )
    _count(listing.pk)
    return remark


@transaction.atomic
def decide(*, remark: Remark, state: str, actor: Actor, at: datetime) -> None:
    """Publish a remark, refuse it, or let it wait again.

    Raises
    ------
    ValidationError
        If there is no such state.
    """
    if state not in State.values:
        raise ValidationError({"state": "A remark is waiting, published or refused."})
    if remark.state == state:
        return
    before, remark.state = remark.state, state
    remark.save(update_fields=["state"])
    records.record_activity(
        record=remark.listing.record,
        about=remark.listing.board,
        actor=actor,
        verb="moderated a remark",
        at=at,
        changes={"board": remark.listing.board.key, "state": [before, state], "text": remark.body[:280]},
    )
    _count(remark.listing_id)


def recount(*, listing_ids: list[int]) -> None:
    """Count the published remarks of these listings anew."""
    for listing_id in listing_ids:
        _count(listing_id)
