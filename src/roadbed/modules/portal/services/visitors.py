"""Let somebody in by a link in their mail, once; and let them go, with everything that is theirs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F

from roadbed.core.accounts import keys
from roadbed.core.jobs import services as jobs
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights import facade as insights
from roadbed.modules.portal.models import (
    Board,
    EntryLink,
    Follow,
    GuestVote,
    Listing,
    Remark,
    Silence,
    Visitor,
)
from roadbed.modules.portal.selectors import doors
from roadbed.modules.portal.selectors import listings as shown
from roadbed.modules.portal.services import listings, remarks, voices

LINK_LIFETIME = timedelta(hours=1)
DEED_LIFETIME = timedelta(days=2)
"""A submission waits longer for its address to be confirmed than a mere wish to come in."""
SEEN_AT_MOST = timedelta(hours=1)


def clean_address(email: str) -> str:
    """Return an address as it is kept.

    Raises
    ------
    ValidationError
        If it cannot be one.
    """
    found = email.strip().lower()
    try:
        validate_email(found)
    except ValidationError as error:
        raise ValidationError({"email": "Write an e-mail address, such as mira@example.com."}) from error
    return found


@transaction.atomic
def ask_for_link(
    *,
    board: Board,
    email: str,
    host: str,
    at: datetime,
    name: str = "",
    guest: str = "",
    deed: Mapping[str, Any] | None = None,
) -> bool:
    """Send an address a link into the board, if the board admits it. The caller tells the asker the same either way.

    Parameters
    ----------
    host : str
        Where the portal was used, such as ``https://ideas.example.com``; the link leads there.
    deed : mapping, optional
        What is done once the link is used: a submission, a vote, a remark.

    Raises
    ------
    ValidationError
        If the address cannot be one.
    """
    address = clean_address(email)
    if not doors.admits(board=board, email=address):
        return False
    link = EntryLink.objects.create(
        workspace=board.workspace,
        board=board,
        email=address,
        name=" ".join(name.replace("\x00", "").split())[:80],
        deed=dict(deed or {}),
        host=host[:200],
        guest=guest,
        created_at=at,
        expires_at=at + (DEED_LIFETIME if deed else LINK_LIFETIME),
    )
    jobs.enqueue_on_commit("portal.send_link", workspace_id=board.workspace_id, link_id=link.pk)
    return True


@transaction.atomic
def give_secret(*, link: EntryLink) -> str:
    """Make the link's secret, as the mail is written; only its hash is kept."""
    secret = keys.make()
    link.token_hash = keys.digest(secret)
    link.save(update_fields=["token_hash"])
    return secret


def find_link(*, secret: str, board: Board, at: datetime) -> EntryLink | None:
    """Return the link if it can still be used on this board."""
    return (
        EntryLink.objects.select_related("board", "workspace", "board__circle")
        .filter(token_hash=keys.digest(secret), board=board, used_at__isnull=True, expires_at__gt=at)
        .first()
    )


@transaction.atomic
def register(*, workspace: Workspace, email: str, name: str, at: datetime) -> Visitor:
    """Return the visitor with a confirmed address, known or new; a new one is tied to the person they are."""
    visitor = Visitor.objects.filter(workspace=workspace, email__iexact=email).first()
    if visitor is None:
        person = insights.welcome(
            workspace=workspace, email=email, name=name, actor=voices.actor_of(None), at=at
        )
        return Visitor.objects.create(
            workspace=workspace, person_id=person.id, email=email, name=name, created_at=at, seen_at=at
        )
    if name and not visitor.name:
        visitor.name = name
        visitor.save(update_fields=["name"])
    return visitor


@transaction.atomic
def use_link(*, link: EntryLink, at: datetime) -> tuple[Visitor, Listing | None]:
    """Use a link up: its holder is a visitor from then on, and what they wanted to do is done.

    Raises
    ------
    ValidationError
        If it was used meanwhile, the board admits the address no more, or the deed cannot be done any more.
    """
    if not EntryLink.objects.filter(pk=link.pk, used_at__isnull=True).update(used_at=at):
        raise ValidationError("This link was used already.")
    if not doors.admits(board=link.board, email=link.email):
        raise ValidationError("This link leads nowhere any more.")
    visitor = register(workspace=link.workspace, email=link.email, name=link.name, at=at)
    if link.guest:
        _take_over(visitor=visitor, guest=link.guest, at=at)
    return visitor, _do(link=link, visitor=visitor, at=at)


def _take_over(*, visitor: Visitor, guest: str, at: datetime) -> None:
    """What the nameless visitor did in this browser was the visitor's doing."""
    votes = GuestVote.objects.filter(guest=guest, listing__board__home_id=visitor.workspace_id)
    for vote in votes.select_related("listing", "listing__board", "listing__record"):
        listing = vote.listing
        vote.delete()
        if listing.record.deleted_at is None and listing.merged_into_id is None:
            voices.vote(listing=listing, visitor=visitor, at=at)
    Remark.objects.filter(guest=guest, listing__board__home_id=visitor.workspace_id).update(
        guest="", author_id=visitor.person_id, author_name=visitor.display_name[:80]
    )


def _do(*, link: EntryLink, visitor: Visitor, at: datetime) -> Listing | None:
    deed = link.deed
    if not deed:
        return None
    if deed["do"] == "submit":
        return listings.submit(
            board=link.board, title=deed["title"], text=deed["text"], visitor=visitor, at=at
        )
    caller = doors.Caller(visitor=visitor)
    # Read again: the listing may have been refused, merged or deleted while the mail was on its way.
    listing = shown.find(board=link.board, code=deed["code"], caller=caller)
    if listing is None:
        return None
    if deed["do"] == "vote":
        voices.vote(listing=listing, visitor=visitor, at=at)
    elif deed["do"] == "follow":
        voices.follow(listing=listing, visitor=visitor, at=at)
    elif deed["do"] == "say":
        remarks.say(listing=listing, body=deed["body"], visitor=visitor, at=at)
    return listing


def find_visitor(*, visitor_id: int, generation: int, workspace_id: int) -> Visitor | None:
    """Return the visitor that a cookie names, unless they signed out everywhere since."""
    return Visitor.objects.filter(
        pk=visitor_id, generation=generation, workspace_id=workspace_id, person__deleted_at__isnull=True
    ).first()


@transaction.atomic
def rename(*, visitor: Visitor, name: str) -> None:
    """Go by another name from now on."""
    visitor.name = " ".join(name.replace("\x00", "").split())[:80]
    visitor.save(update_fields=["name"])


@transaction.atomic
def set_mail(*, visitor: Visitor, wanted: bool) -> None:
    """Want to hear by mail, or not. Wanting it again ends the silence that was asked for in a mail."""
    Visitor.objects.filter(pk=visitor.pk).update(takes_mail=wanted)
    if wanted:
        Silence.objects.filter(
            workspace_id=visitor.workspace_id, email=visitor.email.lower(), why=Silence.Why.ASKED
        ).delete()
    visitor.takes_mail = wanted


@transaction.atomic
def sign_out_everywhere(*, visitor: Visitor) -> None:
    """Sign every browser out."""
    Visitor.objects.filter(pk=visitor.pk).update(generation=F("generation") + 1)


@transaction.atomic
def erase(*, visitor: Visitor, at: datetime) -> None:
    """Forget a visitor: name, address, votes and follows. What they wrote stays, written by somebody."""
    actor = voices.actor_of(None)
    person_id, workspace = visitor.person_id, visitor.workspace
    touched = list(
        Listing.objects.filter(follows__person_id=person_id).select_related("board", "record").distinct()
    )
    voted = insights.votes_of(person_id=person_id)
    touched += list(
        Listing.objects.filter(record_id__in=voted, board__home=workspace)
        .exclude(pk__in=[listing.pk for listing in touched])
        .select_related("board", "record")
    )
    Follow.objects.filter(person_id=person_id).delete()
    Listing.objects.filter(author_id=person_id).update(author=None, author_name="")
    Remark.objects.filter(author_id=person_id).update(author=None, author_name="")
    EntryLink.objects.filter(workspace=workspace, email__iexact=visitor.email).delete()
    visitor.delete()
    insights.forget_person(person_id=person_id, actor=actor, at=at)
    voices.recount(listings=touched, at=at)


def export(*, visitor: Visitor) -> dict[str, Any]:
    """Return everything that is kept of a visitor, for themselves."""
    voted = insights.votes_of(person_id=visitor.person_id)
    every = Listing.objects.filter(board__home_id=visitor.workspace_id).select_related("board")
    follows = Follow.objects.filter(person_id=visitor.person_id).select_related("listing")
    said = Remark.objects.filter(author_id=visitor.person_id).select_related("listing")
    mine = every.filter(author_id=visitor.person_id)
    return {
        "email": visitor.email,
        "name": visitor.name,
        "since": visitor.created_at.isoformat(),
        "takes_mail": visitor.takes_mail,
        "votes": sorted(listing.title for listing in every.filter(record_id__in=voted)),
        "follows": [{"title": row.listing.title, "since": row.created_at.isoformat()} for row in follows],
        "submissions": [
            {
                "board": listing.board.title,
                "title": listing.title,
                "text": listing.text,
                "state": listing.state,
                "at": listing.created_at.isoformat(),
            }
            for listing in mine.order_by("created_at")
        ],
        "remarks": [
            {"on": row.listing.title, "text": row.body, "state": row.state, "at": row.created_at.isoformat()}
            for row in said
        ],
    }
