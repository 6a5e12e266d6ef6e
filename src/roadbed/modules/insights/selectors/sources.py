"""Reads of the ways in, how each does, and what came of the pieces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate

from roadbed.core.accounts import keys
from roadbed.modules.insights.models import Arrival, Source

ID_MAX = 2**53
WINDOW = timedelta(days=30)
LAGS = 3_000


@dataclass(frozen=True, slots=True)
class Health:
    """How a source did in the last thirty days."""

    new: int = 0
    refused: int = 0
    lag: float | None = None
    """Seconds between being said and being here, for the middle one of the newest pieces."""
    days: tuple[int, ...] = ()
    """New pieces a day, the oldest day first."""


def list_sources(*, workspace_id: int, filters: Mapping[str, Any]) -> QuerySet[Source]:
    """Return the sources that fit."""
    rows: QuerySet[Source] = Source.objects.in_workspace(workspace_id).select_related("product")
    if text := filters.get("q"):
        rows = rows.filter(name__icontains=text)
    if kinds := filters.get("kind"):
        rows = rows.filter(kind__in=kinds)
    if "on" in filters:
        rows = rows.filter(paused_at__isnull=filters["on"])
    return rows


def access_source(*, workspace_id: int, source_id: int, with_deleted: bool = False) -> Source:
    """Return the source, or raise `Source.DoesNotExist`, for strangers too."""
    if source_id > ID_MAX:
        raise Source.DoesNotExist
    rows = (
        Source.objects.filter(workspace_id=workspace_id)
        if with_deleted
        else Source.objects.in_workspace(workspace_id)
    )
    found: Source = rows.select_related("workspace", "product").get(pk=source_id)
    return found


def find_by_token(*, token: str, kinds: Collection[str]) -> Source | None:
    """Return the source with that address; none for one that was taken away, or whose workspace is closed."""
    if not token or len(token) > 100:
        return None
    found: Source | None = (
        Source.objects.filter(
            token_digest=keys.digest(token),
            kind__in=list(kinds),
            deleted_at__isnull=True,
            workspace__closed_at__isnull=True,
        )
        .select_related("workspace", "product")
        .first()
    )
    return found


def health_of(*, source_ids: Collection[int], now: datetime) -> dict[int, Health]:
    """Return how each source did of late, in three queries for all of them."""
    since = now - WINDOW
    rows = Arrival.objects.filter(source_id__in=list(source_ids), at__gte=since).order_by()
    counts = {
        row["source_id"]: row
        for row in rows.values("source_id").annotate(
            new=Count("pk", filter=Q(outcome=Arrival.Outcome.NEW)),
            refused=Count("pk", filter=Q(outcome=Arrival.Outcome.REFUSED, retried_at__isnull=True)),
        )
    }
    fresh = rows.filter(outcome=Arrival.Outcome.NEW)
    lags: dict[int, list[int]] = defaultdict(list)
    for source_id, lag in (
        fresh.filter(lag_seconds__isnull=False).order_by("-pk").values_list("source_id", "lag_seconds")[:LAGS]
    ):
        if lag is not None and len(lags[source_id]) < 50:
            lags[source_id].append(lag)
    days: dict[int, dict[Any, int]] = defaultdict(dict)
    for source_id, day, count in (
        fresh.annotate(day=TruncDate("at")).values_list("source_id", "day").annotate(count=Count("pk"))
    ):
        days[source_id][day] = count
    dates = [(since + timedelta(days=offset)).date() for offset in range(1, WINDOW.days + 1)]
    return {
        pk: Health(
            new=counts.get(pk, {}).get("new", 0),
            refused=counts.get(pk, {}).get("refused", 0),
            lag=float(median(lags[pk])) if lags.get(pk) else None,
            days=tuple(days[pk].get(date, 0) for date in dates) if pk in days else (),
        )
        for pk in source_ids
    }


def arrivals(*, source: Source, outcome: str = "") -> QuerySet[Arrival]:
    """Return what came through a source, with the records that were made of it."""
    rows: QuerySet[Arrival] = Arrival.objects.filter(source=source).select_related("record")
    return rows.filter(outcome=outcome) if outcome else rows


def access_arrival(*, source: Source, arrival_id: int) -> Arrival:
    """Return one arrival of a source.

    Raises
    ------
    ObjectDoesNotExist
        If it is none of this source's.
    """
    if arrival_id > ID_MAX:
        raise ObjectDoesNotExist
    found: Arrival = Arrival.objects.select_related("source__workspace", "source__product").get(
        pk=arrival_id, source=source
    )
    return found
