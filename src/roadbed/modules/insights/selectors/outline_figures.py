"""The figures of an outline: how much stands behind each need within a scope, and whether it rises."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeVar

from django.core.cache import cache
from django.db.models import Count, Q

from roadbed.core.records.models import ActivityHead, Link, Record, Relation
from roadbed.modules.insights.selectors.outline_scope import (
    Scope,
    heard,
    midnight,
    needs_in,
    private_feedback,
    rows,
    said,
)
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats.trend import Direction, Trend, share_trend

T = TypeVar("T")
RECENT = dt.timedelta(days=90)
BEFORE = dt.timedelta(days=270)
REMEMBERED_SECONDS = 60
"""How long a count is kept while nothing is written. Each write in the workspace ends it at once."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What stands behind one need. People, accounts and revenue are over distinct people and accounts."""

    need_id: int
    number: int
    quotes: int = 0
    people: int = 0
    accounts: int = 0
    revenue: Decimal = Decimal(0)
    strength: int = 0
    deal_breakers: int = 0
    first_at: dt.datetime | None = None
    latest_at: dt.datetime | None = None
    importance: Decimal | None = None
    satisfaction: Decimal | None = None

    @property
    def opportunity(self) -> Decimal | None:
        """Importance plus what is missing of it; None while the need is not rated."""
        if self.importance is None or self.satisfaction is None:
            return None
        return self.importance + max(self.importance - self.satisfaction, Decimal(0))


@dataclass(frozen=True, slots=True)
class Windows:
    """The two stretches that a trend compares. All ends are days; each stretch leaves its end out."""

    before_from: dt.date
    recent_from: dt.date
    end: dt.date

    @classmethod
    def up_to(cls, last: dt.date) -> Windows:
        """The 90 days up to and with a day, and the 270 days before them."""
        end = last + dt.timedelta(days=1)
        return cls(before_from=end - RECENT - BEFORE, recent_from=end - RECENT, end=end)


@dataclass(frozen=True, slots=True)
class NeedTrend:
    """A need's trend, or why there is none; with the counts that it was read from."""

    people: tuple[int, int]
    voices: tuple[int, int]
    trend: Trend | None = None
    refusal: str = ""

    @property
    def direction(self) -> Direction:
        """Rising, steady, falling or unclear."""
        return self.trend.direction if self.trend else Direction.UNCLEAR

    @property
    def rank(self) -> tuple[float, float]:
        """What needs are ordered by: how fast it rises at the least, then as estimated. Refusals come last."""
        return (self.trend.change.low, self.trend.change.ratio) if self.trend else (-1.0, -1.0)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what was said is linked to a need."""

    pieces: int
    linked: int

    @property
    def unlinked(self) -> int:
        """Pieces that no need has words of."""
        return self.pieces - self.linked


_COUNT = """
WITH said(target, feedback, speaker, account, strength, at) AS ({said}),
total(target, quotes, first_at, latest_at) AS (
    SELECT target, COUNT(*), MIN(at), MAX(at) FROM said GROUP BY target
),
loudest(target, strongest) AS (SELECT target, MAX(strength) FROM said GROUP BY target, speaker),
people(target, people, strength, deal_breakers) AS (
    SELECT target, COUNT(*), SUM(strongest), SUM(CASE WHEN strongest = 3 THEN 1 ELSE 0 END)
    FROM loudest GROUP BY target
),
customer(target, account) AS (SELECT DISTINCT target, account FROM said WHERE account IS NOT NULL),
paid(target, accounts, revenue) AS (
    SELECT customer.target, COUNT(*), COALESCE(SUM(account.revenue), 0)
    FROM customer
    JOIN records_record own ON own.id = customer.account AND own.deleted_at IS NULL
    JOIN insights_account account ON account.record_id = customer.account
    GROUP BY customer.target
)
SELECT total.target, total.quotes, people.people, COALESCE(paid.accounts, 0), COALESCE(paid.revenue, 0),
       people.strength, people.deal_breakers, total.first_at, total.latest_at
FROM total JOIN people ON people.target = total.target LEFT JOIN paid ON paid.target = total.target
"""


def _kept(scope: Scope) -> list[Figures]:
    """Every need with its tally, as it was counted when its evidence last changed."""
    names = (
        "pk", "number", "tally__quotes", "tally__people", "tally__accounts", "tally__revenue",
        "tally__strength", "tally__deal_breakers", "tally__first_at", "tally__latest_at", "importance",
        "satisfaction",
    )  # fmt: skip
    found = []
    for row in needs_in(scope).values_list(*names):
        pk, number, *counts = row
        quotes, people, accounts, revenue, strength, breakers = (count or 0 for count in counts[:6])
        found.append(
            Figures(
                need_id=pk,
                number=number,
                quotes=quotes,
                people=people,
                accounts=accounts,
                revenue=Decimal(revenue),
                strength=strength,
                deal_breakers=breakers,
                first_at=counts[6],
                latest_at=counts[7],
                importance=counts[8],
                satisfaction=counts[9],
            )
        )
    return found


def _moment(value: Any) -> dt.datetime | None:
    """Return what the driver gives for a date and time: text without a zone on SQLite, which keeps UTC."""
    if isinstance(value, str):
        value = dt.datetime.fromisoformat(value)
    if isinstance(value, dt.datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=dt.UTC)
    return value if isinstance(value, dt.datetime) else None


def _counted(scope: Scope) -> list[Figures]:
    """Every need with its figures counted anew within the scope, in one statement."""
    inner = said(scope).filter(target_id__in=needs_in(scope).values("pk"))
    columns = ("target_id", "feedback_id", "speaker", "customer", "strength", "feedback__said_at")
    counted = {row[0]: row for row in rows(_COUNT, said_in=inner.values_list(*columns))}
    found = []
    for bare in _kept(scope):
        nothing = Figures(
            need_id=bare.need_id,
            number=bare.number,
            importance=bare.importance,
            satisfaction=bare.satisfaction,
        )
        row = counted.get(bare.need_id)
        if row is None:
            found.append(nothing)
            continue
        found.append(
            replace(
                nothing,
                quotes=row[1],
                people=row[2],
                accounts=row[3],
                revenue=round(Decimal(row[4]), 2),
                strength=int(row[5]),
                deal_breakers=int(row[6]),
                first_at=_moment(row[7]),
                latest_at=_moment(row[8]),
            )
        )
    return found


def figures(scope: Scope) -> list[Figures]:
    """Return every need of the scope with what stands behind it: kept tallies where they hold, else counted anew."""
    if not scope.narrows_feedback:
        return _kept(scope)
    return remember("figures", scope, compute=lambda: _counted(scope))


def remember(name: str, scope: Scope, *more: object, compute: Callable[[], T]) -> T:
    """Return what was counted a moment ago for the same scope, if nothing was written in the workspace since."""
    head = ActivityHead.objects.filter(workspace_id=scope.workspace_id).values_list("hash", flat=True).first()
    seed = f"{head}{scope.signature!r}{more!r}"
    key = f"insights.{name}:{hashlib.sha256(seed.encode()).hexdigest()}"
    kept: T | None = cache.get(key)
    if kept is None:
        kept = compute()
        cache.set(key, kept, timeout=REMEMBERED_SECONDS)
    return kept


def voices(scope: Scope, *, windows: Windows) -> tuple[int, int]:
    """How many distinct people said anything at all (in the scope's segment and sources) in each stretch."""
    wide = replace(scope, product_id=None, since=None, until=None)

    def count() -> tuple[int, int]:
        edge = midnight(windows.recent_from)
        within = heard(replace(wide, since=windows.before_from, until=windows.end)).order_by()
        counted = within.aggregate(
            before=Count("speaker", distinct=True, filter=Q(said_at__lt=edge)),
            recent=Count("speaker", distinct=True, filter=Q(said_at__gte=edge)),
        )
        return counted["before"], counted["recent"]

    return remember("voices", wide, windows, compute=count)


def trends(scope: Scope, *, need_ids: Collection[int] | None, last: dt.date) -> Mapping[int, NeedTrend]:
    """Return the trend of these needs (None: of all) up to and with a day, in two queries.

    The scope's period does not narrow a trend: it always compares the last 90 days with the 270 days before.
    """
    windows = Windows.up_to(last)
    chosen = None if need_ids is None else tuple(sorted(need_ids))
    return remember(
        "trends",
        scope,
        windows,
        chosen,
        compute=lambda: _trends(scope, windows=windows, need_ids=chosen),
    )


def _trends(scope: Scope, *, windows: Windows, need_ids: Collection[int] | None) -> Mapping[int, NeedTrend]:
    total = voices(scope, windows=windows)
    within = said(replace(scope, since=windows.before_from, until=windows.end))
    chosen = needs_in(scope).values("pk") if need_ids is None else list(need_ids)
    edge = midnight(windows.recent_from)
    spoken = (
        within.filter(target_id__in=chosen)
        .order_by()
        .values("target_id")
        .annotate(
            before=Count("speaker", distinct=True, filter=Q(feedback__said_at__lt=edge)),
            recent=Count("speaker", distinct=True, filter=Q(feedback__said_at__gte=edge)),
        )
    )
    return {
        row["target_id"]: read_trend(people=(row["before"], row["recent"]), voices=total) for row in spoken
    }


def read_trend(*, people: tuple[int, int], voices: tuple[int, int]) -> NeedTrend:
    """Return the trend that the counts allow, or the reason that they allow none."""
    try:
        return NeedTrend(people=people, voices=voices, trend=share_trend(people=people, voices=voices))
    except NotEnoughDataError as error:
        return NeedTrend(people=people, voices=voices, refusal=str(error))


def coverage(scope: Scope) -> Coverage:
    """How many pieces were heard within the scope, and from how many of them a need has words."""
    return remember("coverage", scope, compute=lambda: _covered(scope))


def _covered(scope: Scope) -> Coverage:
    pieces = heard(scope)
    if scope.product_id:
        pieces = pieces.filter(Q(product_id=scope.product_id) | Q(product_id__isnull=True))
    # A wording that lives on in another piece is heard, but is no piece of its own.
    pieces = pieces.exclude(pk__in=_gone(scope.workspace_id)).order_by()
    needs = Record.objects.in_workspace(scope.workspace_id).filter(kind="need")
    links = Link.objects.filter(relation=Relation.SUPPORTS, target_id__in=needs.values("pk"))
    if scope.narrows_feedback or scope.product_id:
        links = links.filter(source_id__in=pieces.values("pk"))
    else:
        links = links.filter(source__insights_feedback__home_id=scope.workspace_id)
        links = links.exclude(source_id__in=_gone(scope.workspace_id))
        links = links.exclude(source_id__in=private_feedback(scope.workspace_id).values("pk"))
    linked = links.values("source_id").distinct().count()
    return Coverage(pieces=pieces.count(), linked=linked)


def _gone(workspace_id: int) -> Any:
    """Pieces that are deleted, those that live on in another one included."""
    gone = Record.objects.filter(workspace_id=workspace_id, kind="feedback", deleted_at__isnull=False)
    return gone.values("pk")
