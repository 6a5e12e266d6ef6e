"""Reading needs: the list, one need, its words, its months."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, DecimalField, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import TruncMonth
from django.utils import timezone

from roadbed.core.records import kinds
from roadbed.core.records.models import Activity, Link, Record
from roadbed.modules.insights.models import Need, Segment
from roadbed.modules.insights.selectors import demand, outline_figures, outline_parts
from roadbed.modules.insights.selectors.outline_parts import ANSWERING, Citation
from roadbed.modules.insights.selectors.outline_scope import Scope, midnight, said, sane

MONTHS_SHOWN = 18

OPPORTUNITY = Case(
    When(Q(importance__isnull=True) | Q(satisfaction__isnull=True), then=Value(None)),
    When(importance__gt=F("satisfaction"), then=F("importance") * 2 - F("satisfaction")),
    default=F("importance"),
    output_field=DecimalField(max_digits=4, decimal_places=1),
)
"""Ulwick's score as SQL; the engine's formula is the reference, and a test holds the two together."""


def _between(name: str, wanted: Any) -> Q:
    condition = Q()
    if wanted.low is not None:
        condition &= Q(**{f"{name}__gte": wanted.low})
    if wanted.high is not None:
        condition &= Q(**{f"{name}__lte": wanted.high})
    return condition


def _days(name: str, wanted: Any) -> Q:
    condition = Q()
    if wanted.low is not None:
        condition &= Q(**{f"{name}__gte": midnight(sane(wanted.low))})
    if wanted.high is not None:
        condition &= Q(**{f"{name}__lt": midnight(sane(wanted.high) + dt.timedelta(days=1))})
    return condition


def list_needs(*, workspace_id: int, filters: Mapping[str, Any]) -> QuerySet[Need]:
    """Return the needs of a workspace that the filters leave, with `tally`, `score` and `answered`.

    Parameters
    ----------
    filters : mapping
        Of the list page: `q`, `product` (slug), `segment` (a `Segment`), `tag` (names), `answered`,
        `rated`, `people`, `revenue`, `heard` (ranges) and `archived`. What is absent does not narrow.
    """
    needs: QuerySet[Need] = Need.objects.in_workspace(workspace_id).filter(kind="need")
    needs = needs.filter(archived_at__isnull=not filters.get("archived", False))
    for word in str(filters.get("q", "")).split()[:8]:
        hit = Q(title__icontains=word) | Q(description__icontains=word) | Q(expectation__icontains=word)
        needs = needs.filter(
            hit | Q(pk__in=Record.objects.in_workspace(workspace_id).by_key(word).values("pk"))
        )
    if filters.get("product"):
        needs = needs.filter(product__slug=filters["product"])
    if filters.get("segment") is not None:
        inside = said(Scope(workspace_id=workspace_id, segment=filters["segment"]))
        needs = needs.filter(pk__in=inside.values("target_id"))
    if filters.get("tag"):
        needs = needs.filter(record_tags__tag__name__in=filters["tag"]).distinct()
    if filters.get("rated") is not None:
        rated = Q(importance__isnull=False, satisfaction__isnull=False)
        needs = needs.filter(rated if filters["rated"] else ~rated)
    for name in ("people", "revenue", "impact"):
        if filters.get(name) is not None:
            needs = needs.filter(_between(f"tally__{name}", filters[name]))
    if filters.get("heard") is not None:
        needs = needs.filter(_days("tally__latest_at", filters["heard"]))
    answered = Exists(
        Link.objects.filter(target_id=OuterRef("pk"), relation__in=ANSWERING, source__deleted_at__isnull=True)
    )
    if filters.get("answered") is not None:
        needs = needs.filter(answered if filters["answered"] else ~answered)
    return needs.select_related("tally", "product").annotate(score=OPPORTUNITY, answered=answered)


def access_need(*, workspace_id: int, number: int) -> Need:
    """Return the need, or raise `Need.DoesNotExist`, for strangers too."""
    needs = Need.objects.in_workspace(workspace_id).select_related("tally", "product", "created_by")
    found: Need = needs.get(prefix="N", number=number)
    return found


def survivor_of(*, workspace_id: int, number: int) -> Record | None:
    """Return the need that one with this number was merged into, if it was."""
    gone = Need.objects.filter(
        workspace_id=workspace_id, prefix="N", number=number, merged_into__isnull=False
    )
    found = gone.select_related("merged_into").first()
    return found.merged_into if found else None


@dataclass(frozen=True, slots=True)
class Rating:
    """Who last set importance or satisfaction, and when."""

    who: str
    at: dt.datetime


def last_rating(*, need: Need) -> Rating | None:
    """Return who rated the need last, from its history."""
    deeds = Activity.objects.filter(record_id=need.pk, verb__in=("changed", "created"))
    rated = Q(changes__has_key="importance") | Q(changes__has_key="satisfaction")
    found = deeds.filter(rated).order_by("-sequence").first()
    if found is None:
        found = deeds.filter(verb="created").order_by("-sequence").first()
    return Rating(who=found.actor_name, at=found.at) if found else None


def quotes_of(
    *, need: Need, strengths: Collection[int] = (), segment: Segment | None = None
) -> QuerySet[Any]:
    """Return the words about a need, ready for `outline_parts.citation`; sort them before they are cut."""
    quotes = said(Scope(workspace_id=need.workspace_id, segment=segment)).filter(target_id=need.pk)
    if strengths:
        quotes = quotes.filter(strength__in=list(strengths))
    found: QuerySet[Any] = outline_parts.cited(quotes)
    return found


def cite(quotes: Sequence[Any], *, workspace: str) -> list[Citation]:
    """Return quotes as a page shows them."""
    return [outline_parts.citation(quote, workspace=workspace) for quote in quotes]


@dataclass(frozen=True, slots=True)
class Month:
    """What was said about a need in one month."""

    month: dt.date
    quotes: int
    people: int


def months_of(*, need: Need, now: dt.datetime) -> list[Month]:
    """Return the last eighteen months, also those in which nothing was said, oldest first."""
    today = timezone.localdate(now)
    first = dt.date(today.year, today.month, 1)
    months = [_back(first, count) for count in range(MONTHS_SHOWN - 1, -1, -1)]
    spoken = (
        said(Scope(workspace_id=need.workspace_id, since=months[0]))
        .filter(target_id=need.pk)
        .order_by()
        .annotate(month=TruncMonth("feedback__said_at"))
        .values("month")
        .annotate(quotes=Count("pk"), people=Count("speaker", distinct=True))
    )
    counted = {timezone.localdate(row["month"]): (row["quotes"], row["people"]) for row in spoken}
    return [Month(month, *counted.get(month, (0, 0))) for month in months]


def _back(first: dt.date, months: int) -> dt.date:
    index = first.year * 12 + first.month - 1 - months
    return dt.date(index // 12, index % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class SegmentShare:
    """What one segment says about a need, by quote or vote, and how many of its customers were heard at all."""

    key: str
    title: str
    url: str
    people: int
    accounts: int
    size: int
    revenue: Decimal
    unpriced: int


def segment_shares(*, need: Need, workspace: str) -> list[SegmentShare]:
    """Return how each segment stands to a need, in a number of queries that does not grow with the segments."""
    segments = outline_parts.segments_of(need.workspace_id)
    if not segments:
        return []
    named = (need.pk, tuple((segment.pk, segment.version) for segment in segments))
    found = outline_figures.remember(
        "need_shares",
        Scope(workspace_id=need.workspace_id),
        named,
        compute=lambda: demand.by_segment(
            workspace_id=need.workspace_id, record_ids=[need.pk], segments=segments
        ),
    )
    heard = demand.heard_accounts(workspace_id=need.workspace_id, segments=segments)
    own = found.get(need.pk, {})
    shares = []
    for segment in segments:
        said = own.get(segment.pk)
        shares.append(
            SegmentShare(
                key=segment.key,
                title=segment.title,
                url=kinds.url_of(segment, workspace=workspace),
                people=said.people if said else 0,
                accounts=said.accounts if said else 0,
                size=heard.get(segment.pk, 0),
                revenue=said.revenue if said else Decimal(0),
                unpriced=said.unpriced if said else 0,
            )
        )
    return shares


def segment_with_key(*, workspace_id: int, key: str) -> Segment | None:
    """Return the segment with a key such as ``S-3``, or None."""
    plain = key.replace("\x00", "")
    found: Segment | None = Segment.objects.in_workspace(workspace_id).by_key(plain).first()
    return found


def all_segments(*, workspace_id: int) -> QuerySet[Segment]:
    """Return the segments to choose from, by name."""
    segments: QuerySet[Segment] = Segment.objects.in_workspace(workspace_id).not_archived()
    return segments.filter(kind="segment").order_by("title")[:200]
