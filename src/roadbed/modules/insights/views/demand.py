"""Who asks for a need or a feature: the rows behind each figure, and the score taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from roadbed.core.evidence import figures
from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.records import kinds
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access, page
from roadbed.modules.insights.models import Segment
from roadbed.modules.insights.selectors import demand as selectors
from roadbed.modules.insights.selectors import needs, outline_figures, weighting
from roadbed.modules.insights.selectors import votes as vote_reads
from roadbed.modules.insights.selectors.outline_scope import Scope
from roadbed.modules.insights.services import outline_words
from roadbed.modules.insights.views import shared
from roadbed.modules.insights.views.needs import TONES
from roadbed.web import formats, responses
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats.proportions import Share, share_of

FIGURES = ("impact", "people", "customers", "revenue", "strength")
FEW = 8
LEVEL_TONES = {4: "bad", 3: "warn", 2: "", 1: "outline", 0: "outline"}
VOTERS_SHOWN = 20


def record_or_404(access: Access, key: str) -> Record:
    """Return the need or feature with that key; a stranger's and a missing one look the same."""
    try:
        return selectors.wanted_record(workspace_id=access.workspace.pk, key=key, circles=access.circle_ids)
    except Record.DoesNotExist as error:
        raise Http404 from error


def level_chip(level: int) -> dict[str, str]:
    """Return what a voice of a level is called, with its tone."""
    return {"label": selectors.level_label(level), "tone": LEVEL_TONES[level]}


def _offset(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 7 else 0


def _chosen_segment(request: HttpRequest, access: Access) -> Segment | None:
    key = request.GET.get("segment", "")
    return needs.segment_with_key(workspace_id=access.workspace.pk, key=key) if key else None


def _score(hearing: selectors.Hearing, tally: EvidenceTally | None) -> dict[str, Any]:
    score = selectors.score(hearing, tally=tally)
    lines = [{"line": line, "chip": level_chip(line.level)} for line in score.lines]
    return {"score": score, "score_lines": lines, "weights": hearing.weights}


def share_words(share: Share | None) -> str:
    """Return ``38% (24–54%)``, or that nobody was heard."""
    if share is None:
        return "–"
    low, high = 100 * share.low, 100 * share.high
    return f"{formats.percent(share.share)} ({low:.0f}–{high:.0f}%)"


def share_or_none(accounts: int, heard: int) -> Share | None:
    """Return the share of the accounts heard, or None where none was."""
    try:
        return share_of(successes=min(accounts, heard), trials=heard)
    except NotEnoughDataError:
        return None


def _by_segment(
    access: Access, hearing: selectors.Hearing, segments: Sequence[Segment]
) -> list[dict[str, Any]]:
    own = selectors.segments_of(hearing, segments=segments) if segments else {}
    heard = selectors.heard_accounts(workspace_id=access.workspace.pk, segments=segments)
    lines = []
    for segment in segments:
        said = own.get(segment.pk)
        revenue = "–"
        if said is not None:
            unknown = said.unpriced >= said.accounts
            revenue = (
                "unknown" if unknown else formats.money(said.revenue, currency=access.workspace.currency)
            )
        lines.append(
            {
                "segment": segment,
                "people": said.people if said else 0,
                "accounts": said.accounts if said else 0,
                "heard": heard.get(segment.pk, 0),
                "share": share_words(share_or_none(said.accounts if said else 0, heard.get(segment.pk, 0))),
                "revenue": revenue,
            }
        )
    return lines


def _pages(rows: list[Any], *, offset: int, name: str, path: str, rest: str) -> dict[str, Any]:
    """Return the rows that are shown, and where the next and the previous ones are."""
    size = selectors.PAGE_SIZE
    more = len(rows) > size
    joined = f"&{rest}" if rest else ""
    return {
        "rows": rows[:size],
        "next": f"{path}?{name}={offset + size}{joined}#{name}" if more else "",
        "previous": f"{path}?{name}={max(0, offset - size)}{joined}#{name}" if offset else "",
    }


@page()
@require_GET
def show(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Everybody who asks for a record, and how it adds up."""
    record = record_or_404(access, key)
    workspace = access.workspace
    weights = weighting.weights_of(workspace_id=workspace.pk)
    segment = _chosen_segment(request, access)
    tally = selectors.tally_of(record)
    path = figures.demand_url(record, workspace=workspace.slug)
    rest = f"segment={segment.key}" if segment else ""
    places = {name: _offset(request, name) for name in ("people", "customers")}
    segments = selectors.segments_to_split(workspace_id=workspace.pk)
    split = [*segments, segment] if segment and segment not in segments else segments
    hearing = selectors.hear(record=record, weights=weights, split_by=split)
    people = selectors.askers(hearing, segment=segment, offset=places["people"])
    accounts = selectors.asking_accounts(hearing, segment=segment, offset=places["customers"])
    trend = outline_figures.trends(
        Scope(workspace_id=workspace.pk), need_ids=[record.pk], last=timezone.localdate()
    ).get(record.pk)
    votes = list(vote_reads.votes_for(record=record)[:VOTERS_SHOWN])
    context = {
        **_score(hearing, tally),
        "record": record,
        "record_url": kinds.url_of(record, workspace=workspace.slug),
        "kind": kinds.get(record.kind),
        "path": path,
        "insights": shared.place(access),
        "facts": figures.asking_facts(record=record, tally=tally, workspace=workspace),
        "tally": tally,
        "people": _pages(people, offset=places["people"], name="people", path=path, rest=rest),
        "accounts": _pages(accounts, offset=places["customers"], name="customers", path=path, rest=rest),
        "segment": segment,
        "shares": _by_segment(access, hearing, segments),
        "trend": trend,
        "trend_words": outline_words.trend_words(trend) if trend else "too few to say whether it rises",
        "trend_tone": TONES[trend.direction] if trend else "outline",
        "votes": votes,
        "votes_count": tally.votes if tally else 0,
        "currency": workspace.currency,
        "levels": {level: level_chip(level) for level in LEVEL_TONES},
    }
    return responses.page(request, "insights/demand/show.html", context)


@page()
@require_GET
def parts(request: HttpRequest, access: Access, key: str, figure: str) -> HttpResponse:
    """What one figure is made of: the rows that a receipt fetches when it is opened."""
    record = record_or_404(access, key)
    if figure not in FIGURES:
        raise Http404
    weights = weighting.weights_of(workspace_id=access.workspace.pk)
    context: dict[str, Any] = {
        "figure": figure,
        "insights": shared.place(access),
        "currency": access.workspace.currency,
        "levels": {level: level_chip(level) for level in LEVEL_TONES},
    }
    hearing = selectors.hear(record=record, weights=weights)
    if figure in {"customers", "revenue"}:
        found: list[Any] = list(selectors.asking_accounts(hearing, most=FEW))
        context |= {"rows": found[:FEW], "more": len(found) > FEW}
    elif figure == "people":
        askers = selectors.askers(hearing, most=FEW)
        context |= {"rows": askers[:FEW], "more": len(askers) > FEW}
    elif figure == "strength":
        context |= {"strengths": _strengths(hearing)}
    else:
        context |= _score(hearing, selectors.tally_of(record))
    return render(request, "insights/demand/parts.html", context)


def _strengths(hearing: selectors.Hearing) -> list[dict[str, Any]]:
    """Return how many people said it how strongly."""
    counts: dict[int, int] = {}
    for line in selectors.score(hearing, tally=None).lines:
        counts[line.level] = counts.get(line.level, 0) + line.people
    return [
        {
            "chip": level_chip(level),
            "people": counts[level],
            "points": counts[level] * max(0, level - 1 if level else 0),
        }
        for level in sorted(counts, reverse=True)
    ]
