"""Votes and following. A vote is on the record; the board only keeps how many there are, to order by."""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Count

from roadbed.core.accounts.actors import Actor
from roadbed.modules.insights import facade as insights
from roadbed.modules.portal.models import Follow, GuestVote, Listing, Visitor

HALF_LIFE = timedelta(days=14)
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def actor_of(visitor: Visitor | None) -> Actor:
    """Return who does a deed that came through the portal: no user, but a name."""
    name = visitor.display_name if visitor else "Somebody"
    return Actor(user_id=None, name=f"{name} on the portal", via="page")


def _age(at: datetime) -> float:
    return (at - EPOCH) / HALF_LIFE


def warmed(heat: float, *, before: int, after: int, at: datetime) -> float:
    """Return the heat after the votes went from one number to another.

    Heat is log₂ Σ 2^(age of each vote in half-lives): each vote counts half as much after two weeks, and since all fade
    alike, the order by heat stays true without anybody counting again. A vote that is taken back takes an average one.
    """
    if after > before:
        low, high = sorted((heat, _age(at) + math.log2(after - before)))
        return high + math.log2(1 + 2.0 ** max(low - high, -60))
    if after < before:
        return heat + math.log2(after / before) if after else _age(at) - 60
    return heat


def starting_heat(at: datetime) -> float:
    """Return the heat of what was just published: as if half a vote had been cast for it."""
    return _age(at) - 1


def circles_of(listing: Listing) -> frozenset[int]:
    """Return the wall that a deed on this listing happens behind."""
    circle = listing.board.circle_id
    return frozenset() if circle is None else frozenset({circle})


@transaction.atomic
def recount(*, listings: Collection[Listing], at: datetime) -> None:
    """Count anew who wants these listings: known people by their votes, and nameless visitors beside them."""
    if not listings:
        return
    people = insights.count_voters(record_ids=[listing.record_id for listing in listings])
    guests = dict(
        GuestVote.objects.filter(listing__in=[listing.pk for listing in listings])
        .order_by()
        .values("listing_id")
        .annotate(count=Count("pk"))
        .values_list("listing_id", "count")
    )
    for listing in listings:
        known, nameless = people.get(listing.record_id, 0), guests.get(listing.pk, 0)
        votes = known + nameless
        if (listing.people, listing.nameless, listing.votes) == (known, nameless, votes):
            continue
        listing.heat = warmed(listing.heat, before=listing.votes, after=votes, at=at)
        listing.people, listing.nameless, listing.votes = known, nameless, votes
        Listing.objects.filter(pk=listing.pk).update(
            people=known, nameless=nameless, votes=votes, heat=listing.heat
        )


@transaction.atomic
def vote(*, listing: Listing, visitor: Visitor, at: datetime) -> None:
    """Let a visitor want a listing; whoever votes hears of it from then on."""
    insights.vote(
        workspace_id=listing.board.workspace_id,
        person_id=visitor.person_id,
        record_id=listing.record_id,
        actor=actor_of(visitor),
        at=at,
        circles=circles_of(listing),
    )
    follow(listing=listing, visitor=visitor, at=at)
    recount(listings=[listing], at=at)


@transaction.atomic
def unvote(*, listing: Listing, visitor: Visitor, at: datetime) -> None:
    """Take the visitor's vote back."""
    insights.unvote(
        workspace_id=listing.board.workspace_id,
        person_id=visitor.person_id,
        record_id=listing.record_id,
        actor=actor_of(visitor),
        at=at,
        circles=circles_of(listing),
    )
    recount(listings=[listing], at=at)


@transaction.atomic
def vote_as_guest(*, listing: Listing, guest: str, at: datetime) -> None:
    """Let a nameless visitor want a listing."""
    GuestVote.objects.get_or_create(listing=listing, guest=guest, defaults={"voted_at": at})
    recount(listings=[listing], at=at)


@transaction.atomic
def unvote_as_guest(*, listing: Listing, guest: str, at: datetime) -> None:
    """Take a nameless vote back."""
    GuestVote.objects.filter(listing=listing, guest=guest).delete()
    recount(listings=[listing], at=at)


@transaction.atomic
def follow(*, listing: Listing, visitor: Visitor, at: datetime) -> None:
    """Let a visitor hear of a listing."""
    Follow.objects.get_or_create(listing=listing, person_id=visitor.person_id, defaults={"created_at": at})


@transaction.atomic
def unfollow(*, listing: Listing, visitor: Visitor) -> None:
    """Let a visitor hear no more of a listing."""
    Follow.objects.filter(listing=listing, person_id=visitor.person_id).delete()
