"""What the views share: addresses, what is missing, cells, the drawing of a range of ranks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import Http404
from django.utils.html import format_html
from django.utils.safestring import SafeString

from roadbed.core.records import kinds
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access
from roadbed.modules.priorities.models import Lens, Place, Portfolio, Ranking, Source
from roadbed.modules.priorities.selectors import reading
from roadbed.web import formats, parts

SOURCES = {
    Source.PERSON: "",
    Source.VOTES: "votes",
    Source.IMPORT: "a file",
    Source.ESTIMATE: "the roadmap’s estimate",
    Source.EVIDENCE: "what was heard",
}


def base(access: Access, path: str = "") -> str:
    """Return an address below the module's place in the workspace."""
    return f"/w/{access.workspace.slug}/priorities/{path}"


def lens_url(access: Access, lens: Lens, path: str = "") -> str:
    """Return the address of a lens."""
    return base(access, f"lenses/{lens.number}/{path}")


def item_url(access: Access, lens: Lens, record: Record) -> str:
    """Return where one score is worked out."""
    return lens_url(access, lens, f"items/{record.key.lower()}/")


def portfolio_url(access: Access, portfolio: Portfolio, path: str = "") -> str:
    """Return the address of a portfolio."""
    return base(access, f"portfolios/{portfolio.number}/{path}")


def record_url(access: Access, record: Record) -> str:
    """Return the address of a record."""
    return kinds.url_of(record, workspace=access.workspace.slug)


def lens_or_404(access: Access, number: int) -> Lens:
    """Return the lens, or answer as if there were none."""
    try:
        return reading.lens(workspace_id=access.workspace.pk, number=number)
    except Lens.DoesNotExist as error:
        raise Http404 from error


def portfolio_or_404(access: Access, number: int) -> Portfolio:
    """Return the portfolio, or answer as if there were none."""
    try:
        return reading.portfolio(workspace_id=access.workspace.pk, number=number)
    except Portfolio.DoesNotExist as error:
        raise Http404 from error


def rankable_or_404(access: Access, key: str) -> Record:
    """Return the feature or need, or answer as if there were none."""
    try:
        return reading.rankable(workspace_id=access.workspace.pk, key=key)
    except Record.DoesNotExist as error:
        raise Http404 from error


def switch(access: Access, lens: Lens, current: str) -> list[dict[str, object]]:
    """Return the ways to look at a lens."""
    ways = (
        ("ranking", "Ranking", ""),
        ("plot", "Benefit and cost", "plot/"),
        ("learn", "Worth learning", "learn/"),
    )
    return [
        {"label": label, "url": lens_url(access, lens, path), "current": name == current}
        for name, label, path in ways
    ]


def rank_words(place: Place, of: int) -> str:
    """Return a range of ranks as a person would say it."""
    if place.rank_low is None or place.rank_high is None:
        return "not ranked"
    if place.rank_low == place.rank_high:
        return f"rank {place.rank_low} of {of}"
    return f"rank {place.rank_low} to {place.rank_high} of {of}"


def rank_bar(place: Place, ranking: Ranking) -> SafeString:
    """Return the drawing of a range of ranks: the span, the middle, and where the cut lies."""
    if place.rank_low is None or place.rank_high is None or place.rank_middle is None:
        return parts.quiet("left out")
    of = max(ranking.scored, 2)

    def at(rank: float) -> float:
        return (rank - 0.5) / of * 120

    low, high = at(place.rank_low - 0.5), at(place.rank_high + 0.5)
    tone = "open" if place.is_coin_flip else "in" if place.top >= 0.5 else "out"
    label = f"{rank_words(place, ranking.scored)}, most likely {place.rank_middle}"
    cut = min(at(ranking.cut + 0.5), 120.0)
    return format_html(
        '<span class="rankbar rankbar--{}"><svg viewBox="0 0 120 14" role="img" aria-label="{}">'
        '<rect class="rankbar__track" x="0" y="6" width="120" height="2"/>'
        '<line class="rankbar__cut" x1="{}" x2="{}" y1="0" y2="14"/>'
        '<rect class="rankbar__span" x="{}" y="4" width="{}" height="6" rx="2"/>'
        '<circle cx="{}" cy="7" r="3"/></svg><span class="num">{}</span></span>',
        tone,
        label,
        *(f"{x:.1f}" for x in (cut, cut, low, max(high - low, 2.0), at(place.rank_middle))),
        f"{place.rank_low}–{place.rank_high}" if place.rank_low != place.rank_high else f"{place.rank_low}",
    )


def chance(value: float) -> str:
    """Return a share of draws, never as surely none or all."""
    if value <= 0.005:
        return "<1%"
    if value >= 0.995:
        return ">99%"
    return f"{value:.0%}"


def figure(value: float | None) -> str:
    """Return a figure in few digits."""
    if value is None:
        return "–"
    if abs(value) >= 1_000:
        return formats.number(round(value))
    return f"{value:.3g}"


def span(low: float | None, middle: float | None, high: float | None) -> SafeString:
    """Return a middle with its range."""
    if middle is None:
        return parts.quiet("–")
    if low == high:
        return format_html("{}", figure(middle))
    return format_html('{} <span class="quiet">{}–{}</span>', figure(middle), figure(low), figure(high))


def doubt_words(place: Place, labels: Mapping[str, str]) -> SafeString:
    """Return which input the doubt comes from."""
    if not place.doubt:
        return parts.quiet("none")
    name, share = max(place.doubt.items(), key=lambda pair: pair[1])
    return format_html('{} <span class="quiet">{}</span>', labels.get(name, name), f"{share:.0%}")


def moved(place: Place) -> SafeString:
    """Return how far it moved since the ranking before."""
    if place.before is None or place.rank_middle is None or place.before == place.position:
        return parts.quiet("–")
    by = place.before - place.position
    arrow, tone = ("▲", "good") if by > 0 else ("▼", "bad")
    return format_html(
        '<span class="moved moved--{}" title="was {}">{} {}</span>', tone, place.before, arrow, abs(by)
    )


def refused(form: Form, error: ValidationError) -> None:
    """Put what a service refused beside the fields that it is about."""
    if hasattr(error, "error_dict"):
        for name, messages in error.message_dict.items():
            form.add_error(name if name in form.fields else None, messages)
    else:
        form.add_error(None, error.messages)


def context_of(access: Access, lens: Lens, current: str) -> dict[str, Any]:
    """Return what every page of a lens needs."""
    return {
        "lens": lens,
        "ranking": reading.ranking_of(lens),
        "url": lens_url(access, lens),
        "base": base(access),
        "switch": switch(access, lens, current),
    }
