"""The outline: what customers need and expect, ranked, with the words it rests on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, get_args

from django.utils import timezone

from roadbed.core.records import kinds
from roadbed.core.workspaces.models import Product, Workspace
from roadbed.modules.insights.models import Need
from roadbed.modules.insights.selectors import outline_figures, outline_open, outline_parts
from roadbed.modules.insights.selectors.outline_figures import Coverage, Figures, NeedTrend
from roadbed.modules.insights.selectors.outline_open import OpenTheme
from roadbed.modules.insights.selectors.outline_parts import Answer, Citation, Share
from roadbed.modules.insights.selectors.outline_scope import Scope

Rank = Literal["people", "accounts", "revenue", "trend", "opportunity"]
RANKS: tuple[Rank, ...] = get_args(Rank)
RANK_LABELS: Mapping[Rank, str] = {
    "people": "distinct people",
    "accounts": "distinct accounts",
    "revenue": "yearly revenue behind it",
    "trend": "how fast it rises",
    "opportunity": "opportunity",
}
PAGE_SIZE = 10
MOST_AT_ONCE = 100
QUOTES = 3
MOST_QUOTES = 10


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of an outline. `limit` and `offset` cut the ranking; `quotes` is how many words each need shows."""

    scope: Scope
    rank: Rank = "people"
    limit: int = PAGE_SIZE
    offset: int = 0
    quotes: int = QUOTES


@dataclass(frozen=True, slots=True)
class Entry:
    """One need of the outline. Needs with the same figure share their rank."""

    rank: int
    tied: bool
    key: str
    url: str
    title: str
    description: str
    expectation: str
    figures: Figures
    trend: NeedTrend
    rated_from: str
    quotes: Sequence[Citation]
    answers: Sequence[Answer]
    segments: Sequence[Share]


@dataclass(frozen=True, slots=True)
class Outline:
    """A page of the ranking, and what must be known to read it."""

    workspace: Workspace
    product: Product | None
    question: Question
    made_at: dt.datetime
    last_day: dt.date
    entries: Sequence[Entry]
    total: int
    silent: int
    """Needs of the scope that nobody within it spoke of; they are left out of the ranking."""
    coverage: Coverage
    themes: Sequence[OpenTheme] = ()
    """Themes that many speak of and no need is written for; on the first page alone."""
    heard: Mapping[str, int] = field(default_factory=dict)
    """How many customers of each segment were heard, by its key; on the first page alone."""

    @property
    def next_offset(self) -> int | None:
        """Where the next page starts; None on the last."""
        end = self.question.offset + len(self.entries)
        return end if end < self.total else None


def _value(row: Figures, *, rank: Rank, trends: Mapping[int, NeedTrend]) -> tuple[float | Decimal, ...]:
    if rank == "trend":
        known = trends.get(row.need_id)
        return known.rank if known else (-1.0, -1.0)
    if rank == "opportunity":
        return (Decimal(-1) if row.opportunity is None else row.opportunity,)
    return (getattr(row, rank),)


def _spoken(row: Figures, *, rank: Rank) -> bool:
    """Whether a need belongs into the ranking: somebody spoke of it, or (for opportunity) it was rated."""
    return row.people > 0 or (rank == "opportunity" and row.opportunity is not None)


def last_day_of(scope: Scope, *, now: dt.datetime) -> dt.date:
    """The day that an outline looks back from: today, or the last day of its period if that is over."""
    today = timezone.localdate(now)
    return min(today, scope.until - dt.timedelta(days=1)) if scope.until else today


def ranking(
    question: Question, *, last_day: dt.date
) -> tuple[list[tuple[int, bool, Figures]], int, Mapping[int, NeedTrend]]:
    """Return every ranked need as (rank, whether it shares it, figures), how many were left out, and known trends."""
    rank = question.rank
    everything = outline_figures.figures(question.scope)
    spoken = [row for row in everything if _spoken(row, rank=rank)]
    trends: Mapping[int, NeedTrend] = {}
    if rank == "trend":
        trends = outline_figures.trends(question.scope, need_ids=None, last=last_day)
    worth = {row.need_id: _value(row, rank=rank, trends=trends) for row in spoken}
    # Ties stand in the order of people, then revenue, then age, so that the same question has the same
    # answer.
    spoken.sort(key=lambda row: (row.people, row.revenue, -row.number), reverse=True)
    spoken.sort(key=lambda row: worth[row.need_id], reverse=True)
    placed: list[tuple[int, bool, Figures]] = []
    for index, row in enumerate(spoken):
        same_before = index > 0 and worth[spoken[index - 1].need_id] == worth[row.need_id]
        same_after = index + 1 < len(spoken) and worth[spoken[index + 1].need_id] == worth[row.need_id]
        place = placed[-1][0] if same_before else index + 1
        placed.append((place, same_before or same_after, row))
    return placed, len(everything) - len(spoken), trends


def read_outline(*, workspace: Workspace, question: Question, now: dt.datetime) -> Outline:
    """Return a page of the outline, in a number of queries that depends on neither needs nor feedback."""
    scope = question.scope
    last_day = last_day_of(scope, now=now)
    placed, silent, trends = ranking(question, last_day=last_day)
    shown = placed[question.offset : question.offset + question.limit]
    ids = [row.need_id for _, _, row in shown]
    entries = _entries(workspace=workspace, question=question, shown=shown, trends=trends, last_day=last_day)
    product = Product.objects.filter(pk=scope.product_id).first() if scope.product_id else None
    return Outline(
        workspace=workspace,
        product=product,
        question=question,
        made_at=now,
        last_day=last_day,
        entries=entries if ids else (),
        total=len(placed),
        silent=silent,
        coverage=outline_figures.coverage(scope),
        themes=() if question.offset else outline_open.open_themes(scope, workspace=workspace),
        heard={}
        if question.offset or scope.narrows_feedback
        else outline_open.heard_by_segment(workspace_id=workspace.pk),
    )


def _entries(
    *,
    workspace: Workspace,
    question: Question,
    shown: Collection[tuple[int, bool, Figures]],
    trends: Mapping[int, NeedTrend],
    last_day: dt.date,
) -> list[Entry]:
    scope, slug = question.scope, workspace.slug
    ids = [row.need_id for _, _, row in shown]
    if not ids:
        return []
    needs = Need.objects.in_bulk(ids)
    trends = trends or outline_figures.trends(scope, need_ids=ids, last=last_day)
    nothing = outline_figures.read_trend(people=(0, 0), voices=(0, 0))
    quotes = outline_parts.strongest_quotes(scope, need_ids=ids, workspace=slug, most=question.quotes)
    answers = outline_parts.answers(workspace_id=workspace.pk, workspace=slug, need_ids=ids)
    segments = outline_parts.segments_of(workspace.pk)
    shares = (
        outline_parts.by_segment(scope, need_ids=ids, segments=segments, workspace=slug)
        if scope.narrows_feedback
        else outline_open.shares_of(scope, need_ids=ids, segments=segments, workspace=slug)
    )
    return [
        Entry(
            rank=place,
            tied=tied,
            key=needs[row.need_id].key,
            url=kinds.url_of(needs[row.need_id], workspace=slug),
            title=needs[row.need_id].title,
            description=needs[row.need_id].description,
            expectation=needs[row.need_id].expectation,
            figures=row,
            trend=trends.get(row.need_id, nothing),
            rated_from=needs[row.need_id].rated_from,
            quotes=quotes.get(row.need_id, ()),
            answers=answers.get(row.need_id, ()),
            segments=shares.get(row.need_id, ()),
        )
        for place, tied, row in shown
    ]
