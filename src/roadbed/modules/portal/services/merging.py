"""Make one wish of two, and take it back. Every wording, voice and follower stays."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.records.models import Merge, Record
from roadbed.modules.insights import facade as insights
from roadbed.modules.portal.models import Follow, GuestVote, Listing
from roadbed.modules.portal.services import voices


def _copy_follows(source: Listing, target: Listing) -> list[int]:
    have = set(Follow.objects.filter(listing=target).values_list("person_id", flat=True))
    new = [row for row in Follow.objects.filter(listing=source) if row.person_id not in have]
    Follow.objects.bulk_create(
        [Follow(listing=target, person_id=row.person_id, created_at=row.created_at) for row in new]
    )
    return [row.person_id for row in new]


def _copy_guests(source: Listing, target: Listing) -> list[str]:
    have = set(GuestVote.objects.filter(listing=target).values_list("guest", flat=True))
    voices_of = [(row.guest, row.voted_at) for row in GuestVote.objects.filter(listing=source)]
    if source.guest:
        voices_of.append((source.guest, source.created_at))
    new = {guest: voted_at for guest, voted_at in voices_of if guest not in have}
    GuestVote.objects.bulk_create(
        [GuestVote(listing=target, guest=guest, voted_at=voted_at) for guest, voted_at in new.items()]
    )
    return list(new)


@transaction.atomic
def merge(*, listing: Listing, into: Listing, actor: Actor, at: datetime) -> None:
    """Let one listing of a board live on in another: its address leads there, and who wanted it wants that.

    Two submissions become one record (the core's merge, which keeps both wordings). A submission that asks for a need
    or a feature on the board becomes evidence for it, and its voices become votes.

    Raises
    ------
    ValidationError
        If both are the same, stand on different boards, or one is merged or gone.
    """
    if listing.pk == into.pk or listing.board_id != into.board_id:
        raise ValidationError({"into": "Choose another listing of the same board."})
    if listing.merged_into_id is not None or into.merged_into_id is not None:
        raise ValidationError({"into": "One of the two was merged already."})
    if not into.is_published:
        raise ValidationError({"into": "Choose one that is published: visitors will be led there."})
    trail: dict[str, Any] = {"follows": _copy_follows(listing, into), "guests": _copy_guests(listing, into)}
    if listing.record.kind == into.record.kind:
        # The mover below lets this listing follow its record.
        made = records.merge_records(
            survivor=Record.objects.get(pk=into.record_id),
            merged=Record.objects.get(pk=listing.record_id),
            actor=actor,
            at=at,
        )
        trail["merge"] = made.pk
    elif listing.record.kind == "feedback":
        trail |= _back(listing, into, actor=actor, at=at)
    else:
        raise ValidationError(
            {"into": f"{listing.record.key} and {into.record.key} are of different kinds. Link them instead."}
        )
    Listing.objects.filter(pk=listing.pk).update(merged_into=into, merge_trail=trail)
    listing.merged_into, listing.merge_trail = into, trail
    voices.recount(listings=[into], at=at)


def _back(listing: Listing, into: Listing, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """Make a submission evidence for a need or a feature, and its voices votes for it."""
    place: dict[str, Any] = {
        "workspace_id": listing.board.workspace_id,
        "circles": voices.circles_of(listing),
    }
    quoted = insights.back(
        feedback_id=listing.record_id, record_id=into.record_id, actor=actor, at=at, **place
    )
    people = insights.voters_of(record_id=listing.record_id)
    if listing.author_id is not None:
        people = people | {listing.author_id}
    known = insights.voters_of(record_id=into.record_id)
    for person_id in sorted(people - known):
        insights.vote(person_id=person_id, record_id=into.record_id, actor=actor, at=at, **place)
    return {"quote": quoted, "votes": sorted(people - known)}


@transaction.atomic
def undo(*, listing: Listing, actor: Actor, at: datetime) -> None:
    """Take a merge back: both listings stand as before.

    Raises
    ------
    ValidationError
        If it is not merged.
    NotUndoableError
        If what it was merged into is itself gone.
    """
    into, trail = listing.merged_into, listing.merge_trail
    if into is None:
        raise ValidationError("This was not merged.")
    Listing.objects.filter(pk=listing.pk).update(merged_into=None, merge_trail={})
    listing.merged_into, listing.merge_trail = None, {}
    if "merge" in trail:
        found = Merge.objects.get(pk=trail["merge"])
        if found.undone_at is None:
            records.undo_merge(merge=found, actor=actor, at=at)
    place: dict[str, Any] = {
        "workspace_id": listing.board.workspace_id,
        "circles": voices.circles_of(listing),
    }
    for person_id in trail.get("votes", ()):
        insights.unvote(person_id=person_id, record_id=into.record_id, actor=actor, at=at, **place)
    if trail.get("quote"):
        insights.unback(quote_id=trail["quote"], actor=actor, at=at)
    Follow.objects.filter(listing=into, person_id__in=trail.get("follows", ())).delete()
    GuestVote.objects.filter(listing=into, guest__in=trail.get("guests", ())).delete()
    listing.refresh_from_db()
    rows = Listing.objects.filter(pk__in=[listing.pk, into.pk]).select_related("board", "record")
    voices.recount(listings=list(rows), at=at)


def _move(merged: Record, survivor: Record) -> Any:
    """Listings of the merged record stand for the survivor; where both stand on a board, one leads to the other."""
    there = {row.board_id: row for row in Listing.objects.filter(record_id=survivor.pk)}
    moved, led = [], []
    for listing in Listing.objects.filter(record_id=merged.pk, merged_into__isnull=True):
        twin = there.get(listing.board_id)
        if twin is None:
            moved.append(listing.pk)
        else:
            led.append([listing.pk, twin.pk])
            Listing.objects.filter(pk=listing.pk).update(merged_into=twin)
    Listing.objects.filter(pk__in=moved).update(record_id=survivor.pk)
    return {"moved": moved, "led": led}


def _move_back(merged: Record, survivor: Record, trail: Any) -> None:
    Listing.objects.filter(pk__in=trail["moved"]).update(record_id=merged.pk)
    for listing_id, twin_id in trail["led"]:
        Listing.objects.filter(pk=listing_id, merged_into_id=twin_id).update(merged_into=None, merge_trail={})


def register() -> None:
    """Let listings follow merges of records."""
    records.register_mover(records.Mover("portal.listings", _move, _move_back))
