"""What an outline says, in sentences, and as plain data for programs and documents."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone

from roadbed.modules.insights.models import rules
from roadbed.modules.insights.selectors.outline import RANK_LABELS, Entry, Outline
from roadbed.modules.insights.selectors.outline_figures import Coverage, Figures, NeedTrend
from roadbed.modules.insights.selectors.outline_parts import Citation
from roadbed.web import formats
from roadbed_engines.stats.rates import RateRatio
from roadbed_engines.stats.trend import Direction

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
TREND_METHOD = (
    "Trend: the share of all people heard who spoke of the need, in the last 90 days over the 270 days before, with an "
    "exact 95% interval (Przyborowski and Wilenski 1940). Rising or falling means that the whole interval lies above "
    "or below 1; steady, that it rules out a doubling and a halving. Of twenty steady needs, one will still look "
    "as if it moved."
)
PEOPLE_METHOD = (
    "People and customers are counted once, however often they said it. Words of a piece without a name count as one "
    "person. Revenue is the yearly sum over the customers, as far as it is known."
)
OPPORTUNITY_METHOD = (
    "Opportunity: importance plus what is missing of it, importance + max(importance − satisfaction, 0), from 0 to 20 "
    "(Ulwick 2002)."
)


def full_day(value: dt.date | dt.datetime) -> str:
    """Return ``12 November 2026``, for documents that are read much later."""
    day = timezone.localtime(value).date() if isinstance(value, dt.datetime) else value
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def people_words(figures: Figures, *, currency: str) -> str:
    """Return ``41 people at 17 customers, €1.24M a year between them``."""
    words = formats.plural(figures.people, "person", "people")
    if not figures.people:
        return "nobody has spoken of it"
    if not figures.accounts:
        return f"{words}, no customer known"
    words += f" at {formats.plural(figures.accounts, 'customer')}"
    if not figures.revenue:
        return f"{words}, revenue unknown"
    together = " between them" if figures.accounts > 1 else ""
    return f"{words}, {formats.money(figures.revenue, currency=currency)} a year{together}"


def times(ratio: float) -> str:
    """Return ``2.1`` or ``0.08``: two figures that matter."""
    if 0 < ratio < 0.0095:
        return "<0.01"
    return formats.number(ratio, digits=0 if ratio >= 9.95 else 1 if ratio >= 0.095 else 2)


def ratio_words(change: RateRatio) -> str:
    """Return ``2.1× (1.3–3.4)``; where nobody spoke of it before, only what it is at the least."""
    if math.isinf(change.ratio):
        return f"at least {times(change.low)}×, as nobody spoke of it before"
    return f"{times(change.ratio)}× ({times(change.low)}–{times(change.high)})"


def trend_words(trend: NeedTrend) -> str:
    """Return ``rising: 2.1× (1.3–3.4)``, or that there are too few to say."""
    if trend.trend is None:
        return "too few to say whether it rises"
    label = "too few to say" if trend.direction is Direction.UNCLEAR else trend.direction.value
    return f"{label}: {ratio_words(trend.trend.change)}"


def trend_receipt(trend: NeedTrend) -> list[tuple[str, str]]:
    """Return the counts that a trend was read from, line by line."""
    lines = []
    for place, label in ((1, "last 90 days"), (0, "270 days before")):
        people, voices = trend.people[place], trend.voices[place]
        share = formats.percent(people / voices, digits=1) if voices else "–"
        lines.append((f"People, {label}", f"{formats.number(people)} of {formats.number(voices)} ({share})"))
    if trend.trend is None:
        lines.append(("Why no trend", trend.refusal))
    else:
        lines.append(("Ratio of the shares", ratio_words(trend.trend.change)))
        lines.append(("p-value", f"{trend.trend.change.p_value:.3f}"))
    return lines


def summary(entry: Entry, *, currency: str) -> str:
    """Return a need in one sentence: who, how much, which way."""
    return f"{people_words(entry.figures, currency=currency)}; {trend_words(entry.trend)}."


def rating_words(entry: Entry) -> str:
    """Return how important the need is and how well it is met, where somebody said so."""
    figures = entry.figures
    if figures.importance is None and figures.satisfaction is None:
        return ""
    parts = [
        f"{name} {formats.number(value, digits=1)} of 10"
        for name, value in (("importance", figures.importance), ("satisfaction", figures.satisfaction))
        if value is not None
    ]
    if figures.opportunity is not None:
        parts.append(f"opportunity {formats.number(figures.opportunity, digits=1)} of 20")
    source = f" (from {entry.rated_from})" if entry.rated_from else ""
    return ", ".join(parts) + source


def coverage_words(found: Coverage) -> str:
    """Return how much of what was said is not linked yet, without softening it."""
    if not found.pieces:
        return "There is no feedback in this scope yet."
    if not found.unlinked:
        return f"All {formats.plural(found.pieces, 'piece')} of feedback are linked to a need."
    of = f"{formats.number(found.unlinked)} of {formats.plural(found.pieces, 'piece')} of feedback"
    return f"{of} {'is' if found.unlinked == 1 else 'are'} not yet linked to a need."


def silent_words(outline: Outline) -> str:
    """Return how many needs were left out, because nobody within the scope spoke of them."""
    if not outline.silent:
        return ""
    if outline.silent == 1:
        return "1 need has no feedback behind it here and is left out."
    return f"{formats.number(outline.silent)} needs have no feedback behind them here and are left out."


def scope_words(outline: Outline) -> list[tuple[str, str]]:
    """Return what was asked, name and value."""
    scope = outline.question.scope
    lines = [("Product", outline.product.name if outline.product else "all")]
    if scope.segment:
        rule = rules.parse(scope.segment.rule).label
        lines.append(
            ("Segment", f"{scope.segment.key} {scope.segment.title}" + (f" ({rule})" if rule else ""))
        )
    if scope.since or scope.until:
        start = f"from {full_day(scope.since)}" if scope.since else "from the beginning"
        end = f" to {full_day(scope.until - dt.timedelta(days=1))}" if scope.until else ""
        lines.append(("Heard", start + end))
    if scope.sources:
        lines.append(("Source", ", ".join(scope.sources)))
    lines.append(("Ranked by", RANK_LABELS[outline.question.rank]))
    return lines


def citation_words(quote: Citation) -> str:
    """Return who said it, when and where, for below the words."""
    parts = [quote.speaker, full_day(quote.said_at), quote.source, quote.strength.label.lower()]
    return " · ".join(part for part in parts if part)


def methods(outline: Outline) -> Sequence[str]:
    """Return how the figures came about, for the foot of the document."""
    rated = any(entry.figures.opportunity is not None for entry in outline.entries)
    return [PEOPLE_METHOD, TREND_METHOD, *([OPPORTUNITY_METHOD] if rated else [])]


def address(path: str) -> str:
    """Return the whole address of a page, for documents that leave the house."""
    return f"{settings.ROADBED_URL}{path}"


def title(outline: Outline) -> str:
    """Return the document's title."""
    return f"What customers need: {outline.product.name if outline.product else outline.workspace.name}"


def _still(text: str) -> str:
    """Return words without the marks that would turn the direction of what stands around them."""
    return TURNS.sub("", text)


def _plain(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _trend_facts(trend: NeedTrend) -> dict[str, Any]:
    change = trend.trend.change if trend.trend else None

    def finite(value: float) -> float | None:
        return None if math.isinf(value) else round(value, 4)

    return {
        "direction": trend.direction.value,
        "ratio": finite(change.ratio) if change else None,
        "low": finite(change.low) if change else None,
        "high": finite(change.high) if change else None,
        "p_value": round(change.p_value, 6) if change else None,
        "people": {"before": trend.people[0], "recent": trend.people[1]},
        "voices": {"before": trend.voices[0], "recent": trend.voices[1]},
        "refusal": trend.refusal,
        "sentence": trend_words(trend),
    }


def _quote_facts(quote: Citation) -> dict[str, Any]:
    return {
        "text": _still(quote.text),
        "strength": quote.strength.label,
        "key": quote.key,
        "url": address(quote.url),
        "person": _still(quote.who),
        "account": _still(quote.account),
        "revenue": _plain(quote.revenue),
        "said_at": quote.said_at.isoformat(),
        "source": quote.source,
        "citation": _still(citation_words(quote)),
    }


def _entry_facts(entry: Entry, *, currency: str) -> dict[str, Any]:
    figures = entry.figures
    return {
        "rank": entry.rank,
        "tied": entry.tied,
        "key": entry.key,
        "url": address(entry.url),
        "title": _still(entry.title),
        "description": _still(entry.description),
        "expectation": _still(entry.expectation),
        "summary": summary(entry, currency=currency),
        "people_words": people_words(figures, currency=currency),
        "quotes_count": figures.quotes,
        "people": figures.people,
        "accounts": figures.accounts,
        "revenue": float(figures.revenue),
        "strength": figures.strength,
        "deal_breakers": figures.deal_breakers,
        "latest_at": figures.latest_at.isoformat() if figures.latest_at else None,
        "importance": _plain(figures.importance),
        "satisfaction": _plain(figures.satisfaction),
        "opportunity": _plain(figures.opportunity),
        "rated_from": entry.rated_from,
        "rating": rating_words(entry),
        "trend": _trend_facts(entry.trend),
        "quotes": [_quote_facts(quote) for quote in entry.quotes],
        "answers": [
            {"key": one.key, "title": one.title, "url": address(one.url), "status": one.status}
            for one in entry.answers
        ],
        "segments": [
            {"key": one.key, "title": one.title, "people": one.people, "accounts": one.accounts}
            for one in entry.segments
        ],
    }


def as_facts(outline: Outline) -> dict[str, Any]:
    """Return the whole outline as plain data: what the API answers, and what documents are made from."""
    question = outline.question
    return {
        "title": title(outline),
        "workspace": outline.workspace.name,
        "currency": outline.workspace.currency,
        "product": outline.product.slug if outline.product else None,
        "made_at": outline.made_at.isoformat(),
        "date": full_day(outline.made_at),
        "rank": question.rank,
        "limit": question.limit,
        "offset": question.offset,
        "next_offset": outline.next_offset,
        "total": outline.total,
        "left_out": outline.silent,
        "scope": [{"name": name, "value": value} for name, value in scope_words(outline)],
        "coverage": {
            "pieces": outline.coverage.pieces,
            "linked": outline.coverage.linked,
            "unlinked": outline.coverage.unlinked,
            "sentence": coverage_words(outline.coverage),
        },
        "notes": [note for note in (coverage_words(outline.coverage), silent_words(outline)) if note],
        "methods": list(methods(outline)),
        "needs": [_entry_facts(entry, currency=outline.workspace.currency) for entry in outline.entries],
    }


def segment_words(segments: Sequence[Mapping[str, Any]]) -> str:
    """Return ``Fleet 12 people at 4 customers · …``, leaving out segments that nobody of spoke."""
    told = []
    for one in segments:
        people = formats.plural(one["people"], "person", "people")
        if one["people"]:
            told.append(f"{one['title']} {people} at {formats.plural(one['accounts'], 'customer')}")
    return " · ".join(told)
