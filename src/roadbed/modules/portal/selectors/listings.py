"""What stands on a board, as one caller may see it. Only public words are ever searched."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When

from roadbed.modules.insights import facade as insights
from roadbed.modules.portal.models import (
    Board,
    Follow,
    GuestVote,
    Listing,
    Remark,
    Standing,
    State,
    StatusNote,
)
from roadbed.modules.portal.selectors.doors import Caller

WORD = re.compile(r"[^\W_]{2,}", re.UNICODE)
SORTS = {
    "top": ("-votes", "-pk"),
    "new": ("-published_at", "-pk"),
    "trending": ("-heat", "-pk"),
}
SORT_LABELS = {"trending": "Trending", "top": "Most wanted", "new": "Newest"}
COMMON = frozenset({
    "the", "and", "for", "with", "that", "this", "from", "have", "when", "what", "would", "could", "should", "are",
    "you", "your", "our", "not", "but", "can", "all", "any", "into", "there", "they", "them", "has", "was", "will",
    "please", "want", "need", "able", "also", "more", "than", "some", "like", "just", "make", "its", "get", "use",
})  # fmt: skip
MOST_WORDS = 10


def plain(*parts: str) -> str:
    """Return texts as they are searched: one case, single spaces."""
    return " ".join(" ".join(parts).casefold().split())


def own(caller: Caller) -> Q:
    """What the caller submitted."""
    mine = Q(pk__in=())
    if caller.person_id is not None:
        mine |= Q(author_id=caller.person_id)
    if caller.guest:
        mine |= Q(guest=caller.guest)
    return mine


def visible(*, board: Board, caller: Caller) -> QuerySet[Listing]:
    """What the caller sees on a board that they may open."""
    rows = Listing.objects.filter(board=board)
    published: QuerySet[Listing] = rows.published()
    if board.submit_only and caller.member_circles is None:
        return published.filter(own(caller))
    return published


def search(
    *, board: Board, caller: Caller, query: str = "", standings: Collection[str] = ()
) -> QuerySet[Listing]:
    """What the caller sees, narrowed by words (all of them) and by where things stand."""
    rows = visible(board=board, caller=caller)
    for word in plain(query).split()[:MOST_WORDS]:
        rows = rows.filter(words__contains=word)
    if standings:
        rows = rows.filter(standing__in=standings)
    return rows


def count_by_standing(*, board: Board, caller: Caller) -> dict[str, int]:
    """How many the caller sees, by where they stand."""
    rows = visible(board=board, caller=caller).order_by().values("standing").annotate(count=Count("pk"))
    return {row["standing"]: row["count"] for row in rows}


def waiting_of(*, board: Board, caller: Caller) -> list[Listing]:
    """What the caller submitted and others do not see yet, or will not."""
    mine = Listing.objects.filter(own(caller), board=board, merged_into__isnull=True)
    alive: QuerySet[Listing] = mine.alive()
    return list(alive.exclude(state=State.PUBLISHED).order_by("-created_at")[:20])


def find(*, board: Board, code: str, caller: Caller) -> Listing | None:
    """Return the listing at an address: a published one, one of the caller's own, or what it was merged into."""
    rows = Listing.objects.filter(board=board)
    found = rows.filter(code=code).select_related("record", "board", "merged_into").first()
    for _ in range(5):
        if found is None or found.merged_into_id is None:
            break
        found = rows.filter(pk=found.merged_into_id).select_related("record", "board", "merged_into").first()
    if found is None:
        return None
    seen = visible(board=board, caller=caller).filter(pk=found.pk)
    alive: QuerySet[Listing] = Listing.objects.filter(own(caller), pk=found.pk).alive()
    return found if seen.exists() or alive.exists() else None


def telling_words(text: str) -> list[str]:
    """Return the words of a text that tell it apart, the longest first."""
    found = dict.fromkeys(word for word in WORD.findall(plain(text)) if word not in COMMON and len(word) > 2)
    return sorted(found, key=len, reverse=True)[:MOST_WORDS]


@dataclass(frozen=True, slots=True)
class Likeness:
    """A listing that may say the same, and the words that it shares."""

    listing: Listing
    shared: tuple[str, ...]


def similar(*, board: Board, caller: Caller, text: str, limit: int = 5) -> list[Likeness]:
    """Return what may say the same, of what the caller may see: whatever shares most of the telling words.

    A word counts by its length, its stem suffices, and words of the title count twice.
    """
    stems = [_stem(word) for word in telling_words(text)]
    if not stems:
        return []
    hits = [
        Case(When(words__contains=stem, then=Value(len(stem))), default=Value(0), output_field=IntegerField())
        + Case(
            When(title__icontains=stem, then=Value(len(stem))), default=Value(0), output_field=IntegerField()
        )
        for stem in stems
    ]
    score = hits[0]
    for hit in hits[1:]:
        score = score + hit
    least = max(4, sum(len(stem) for stem in stems) * 2 // 5)
    rows = visible(board=board, caller=caller).annotate(likeness=score).filter(likeness__gte=least)
    found = []
    for listing in rows.order_by("-likeness", "-votes", "-pk")[:limit]:
        shared = tuple(
            dict.fromkeys(
                word for word in WORD.findall(listing.words) if any(word.startswith(stem) for stem in stems)
            )
        )
        found.append(Likeness(listing=listing, shared=shared[:4]))
    return found


def _stem(word: str) -> str:
    for ending in ("ations", "ation", "ings", "ing", "ers", "ies", "ed", "es", "er", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


@dataclass(frozen=True, slots=True)
class Wants:
    """Which listings the caller voted for, and which they follow; by number of the listing."""

    voted: frozenset[int]
    followed: frozenset[int]
    authored: frozenset[int]


def wants_of(*, listings: Sequence[Listing], caller: Caller) -> Wants:
    """Return what the caller wants among these, in three queries at most."""
    voted: set[int] = set()
    followed: set[int] = set()
    authored: set[int] = set()
    if caller.person_id is not None:
        by_record = {listing.record_id: listing.pk for listing in listings}
        voted = {
            by_record[record_id]
            for record_id in insights.votes_of(person_id=caller.person_id, record_ids=list(by_record))
        }
        follows = Follow.objects.filter(person_id=caller.person_id, listing__in=listings)
        followed = set(follows.values_list("listing_id", flat=True))
        authored = {listing.pk for listing in listings if listing.author_id == caller.person_id}
    elif caller.guest:
        votes = GuestVote.objects.filter(guest=caller.guest, listing__in=listings)
        voted = set(votes.values_list("listing_id", flat=True))
        authored = {listing.pk for listing in listings if listing.guest and listing.guest == caller.guest}
    return Wants(frozenset(voted), frozenset(followed), frozenset(authored))


def remarks_of(*, listing: Listing, caller: Caller) -> list[Remark]:
    """Return the public remarks, and the caller's own that wait; never what was refused, never internal comments."""
    shown = Q(state=State.PUBLISHED)
    if caller.person_id is not None:
        shown |= Q(state=State.WAITING, author_id=caller.person_id)
    if caller.guest:
        shown |= Q(state=State.WAITING, guest=caller.guest)
    return list(Remark.objects.filter(shown, listing=listing).order_by("created_at", "pk")[:500])


def steps_of(*, listing: Listing) -> list[StatusNote]:
    """Return the way of a listing, step by step."""
    return list(StatusNote.objects.filter(listing=listing).order_by("at", "pk")[:100])


def merged_here(*, listing: Listing) -> int:
    """How many other submissions were merged into this one."""
    return Listing.objects.filter(merged_into=listing).count()


def on_roadmap(*, board: Board, caller: Caller) -> dict[str, list[Listing]]:
    """Return the features that stand on the board, by now, next, later and done: a filter of the real roadmap."""
    rows = visible(board=board, caller=caller).filter(record__kind="feature")
    open_rows = rows.exclude(standing__in=(Standing.DONE, Standing.DECLINED)).filter(
        horizon__in=("now", "next", "later")
    )
    columns: dict[str, list[Listing]] = {"now": [], "next": [], "later": []}
    for listing in open_rows.order_by("-votes", "-pk")[:300]:
        columns[listing.horizon].append(listing)
    done = rows.filter(standing=Standing.DONE)
    columns["done"] = list(done.order_by("-standing_at", "-pk")[:12])
    return columns


def votes_on(*, board: Board) -> int:
    """All votes on what is published on a board."""
    rows: QuerySet[Listing] = Listing.objects.filter(board=board).published()
    return int(rows.aggregate(total=Sum("votes"))["total"] or 0)


def newest_first(rows: QuerySet[Listing]) -> QuerySet[Listing]:
    """Order rows by when they came."""
    return rows.order_by(F("created_at").desc(), "-pk")
