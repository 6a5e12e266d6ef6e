"""The team radar: sessions, voting, and what came of it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.records import kinds, markdown, pages
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.alignment import services
from roadbed.modules.alignment.forms.sessions import SessionForm
from roadbed.modules.alignment.models import Session, State
from roadbed.modules.alignment.selectors import results
from roadbed.web import parts, responses, toasts

TONES = {State.VOTING: "accent", State.OPEN: "good", State.CLOSED: "outline"}
LOW_LEVEL, HIGH_LEVEL = 0.5, 0.75
SAID = {
    "open": "The votes are open.",
    "again": "Another round begins; votes are hidden again.",
    "close": "The session is closed.",
}


def base(access: Access, path: str = "") -> str:
    """Return an address below the module's place in the workspace."""
    return f"/w/{access.workspace.slug}/alignment/{path}"


def session_url(access: Access, session: Session) -> str:
    """Return the address of a session."""
    return base(access, f"sessions/{session.number}/")


def _session_or_404(access: Access, number: int) -> Session:
    try:
        return results.session(workspace_id=access.workspace.pk, number=number)
    except Session.DoesNotExist as error:
        raise Http404 from error


def _state_chip(session: Session) -> SafeString:
    label = f"Voting, round {session.round}" if session.is_voting else str(session.get_state_display())
    return parts.chip(label, tone=TONES[State(session.state)])


def _level(value: float | None) -> SafeString:
    """Return an agreement as a meter and a word: colour repeats what the words say."""
    if value is None:
        return parts.quiet("too few votes")
    tone = "bad" if value < LOW_LEVEL else "good" if value >= HIGH_LEVEL else "warn"
    return parts.meter(value, label=f"{value:.0%} agreement", tone=tone, text=f"{value:.0%}")


def _bars(cell: results.Cell) -> SafeString:
    """Return the histogram of one cell."""
    most = max(cell.bars, default=0) or 1
    label = f"{cell.votes} votes from {cell.criterion.low:g} to {cell.criterion.high:g}: " + ", ".join(
        map(str, cell.bars)
    )
    rects = format_html_join(
        "",
        '<rect x="{}" y="{}" width="10" height="{}"/>',
        (
            (at * 12, f"{22 - 20 * count / most:.1f}", f"{20 * count / most + 2:.1f}")
            for at, count in enumerate(cell.bars)
        ),
    )
    return format_html(
        '<svg class="votes__bars" viewBox="0 0 58 24" role="img" aria-label="{}">{}</svg>', label, rects
    )


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """Every session, the newest first."""
    lines = [
        {
            "session": one,
            "url": session_url(access, one),
            "chip": _state_chip(one),
        }
        for one in results.sessions(workspace_id=access.workspace.pk)[:100]
    ]
    return responses.page(request, "alignment/index.html", {"lines": lines, "base": base(access)})


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, access: Access) -> HttpResponse:
    """Begin a session."""
    initial = {"items": request.GET.get("items", "")[:500]}
    form = SessionForm(request.POST or None, workspace=access.workspace, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_session(
                workspace=access.workspace, **form.cleaned_data, actor=access.actor, at=timezone.now()
            )
        except ValidationError as error:
            if hasattr(error, "error_dict"):
                for name, messages in error.message_dict.items():
                    form.add_error(name if name in form.fields else None, messages)
            else:
                form.add_error(None, error.messages)
        else:
            toasts.add(request, f"{made.title} takes votes.")
            return HttpResponseRedirect(session_url(access, made))
    context = {"form": form, "base": base(access)}
    if form.is_bound:
        return responses.form_page(request, "alignment/session_form.html", context)
    return responses.page(request, "alignment/session_form.html", context)


def _ballot(access: Access, session: Session) -> list[dict[str, Any]]:
    own = results.own_votes(session, access.member)
    criteria = results.criteria_for(session, access.member)
    return [
        {
            "item": item,
            "url": kinds.url_of(item.record, workspace=access.workspace.slug),
            "fields": [
                {
                    "name": f"vote-{item.pk}-{one.pk}",
                    "criterion": one,
                    "value": f"{own[item.pk, one.pk]:g}" if (item.pk, one.pk) in own else "",
                    "choices": _choices(one.low, one.high),
                }
                for one in criteria
            ],
        }
        for item in results.items_of(session)
    ]


def _choices(low: float, high: float) -> list[str]:
    """Return the whole steps of a short scale; a long one is typed."""
    if low == int(low) and high == int(high) and high - low <= 10:
        return [f"{value}" for value in range(int(low), int(high) + 1)]
    return []


def _shown(access: Access, found: results.Results) -> dict[str, Any]:
    return {
        "criteria": [summary.criterion for summary in found.summaries],
        "rows": [
            {
                "item": item,
                "url": kinds.url_of(item.record, workspace=access.workspace.slug),
                "cells": [
                    {
                        "cell": cell,
                        "bars": _bars(cell),
                        "mean": f"{cell.mean:.1f}" if cell.mean is not None else "–",
                        "level": _level(cell.level),
                        "departments": [f"{name} {mean:.1f}" for name, mean, _ in cell.by_department]
                        if len(cell.by_department) > 1
                        else [],
                    }
                    for cell in cells
                ],
            }
            for item, cells in found.rows
        ],
        "summaries": [
            {
                "label": one.criterion.label,
                "level": _level(one.level),
                "w": f"{one.concordance.w:.2f}" if one.concordance else "",
                "by_luck": one.concordance is not None and one.concordance.chance > 0.05,
                "departments": [(name, _level(level)) for name, level in one.by_department],
            }
            for one in found.summaries
        ],
        "differing": [
            {"name": one.voter, "away": f"{one.away:.0%}", "way": "above" if one.above > 0 else "below"}
            for one in found.differing
            if one.away >= 0.05
        ],
        "voters": found.voters,
        "round": found.round,
    }


@page()
@require_GET
def show(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """The ballot while votes are taken; afterwards what everybody said."""
    session = _session_or_404(access, number)
    may_vote = session.is_voting and access.can_contribute
    asked = request.GET.get("round", "")
    wanted = int(asked) if asked.isdecimal() and len(asked) < 4 else None
    if wanted is None and session.is_voting:
        wanted = session.round - 1 or None
    found = None
    if not session.is_voting or wanted:
        try:
            found = results.results(session, round=wanted)
        except results.HiddenError as error:
            raise Http404 from error
    context = {
        **pages.record_context(access=access, record=session, now=timezone.now(), with_chain=False),
        "session": session,
        "chip": _state_chip(session),
        "url": session_url(access, session),
        "base": base(access),
        "about": markdown.render(session.about),
        "ballot": _ballot(access, session) if may_vote else [],
        "voted": results.voters(session) if session.is_voting else [],
        "results": _shown(access, found) if found else None,
        "rounds": range(1, session.round + (0 if session.is_voting else 1)),
    }
    return responses.page(request, "alignment/session.html", context)


@page(role=Role.CONTRIBUTOR)
@require_POST
def vote(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Keep the votes of whoever sends them; an empty one is taken back."""
    session = _session_or_404(access, number)
    values: dict[tuple[int, int], float | None] = {}
    for name, text in request.POST.items():
        head, _, rest = name.partition("-")
        item, _, criterion = rest.partition("-")
        if head != "vote" or not (item.isdecimal() and criterion.isdecimal()) or len(rest) > 30:
            continue
        try:
            values[int(item), int(criterion)] = (
                float(str(text).replace(",", ".")) if str(text).strip() else None
            )
        except ValueError:
            toasts.add(request, f"“{str(text)[:20]}” is no figure.", tone="bad")
            return responses.back(request, otherwise=session_url(access, session))
    try:
        count = services.cast(
            session=session, member=access.member, values=values, actor=access.actor, at=timezone.now()
        )
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
    except services.NotVotingError as error:
        toasts.add(request, str(error), tone="warn")
    else:
        toasts.add(request, f"{count} votes of yours are kept. Nobody sees them before they are opened.")
    return responses.back(request, otherwise=session_url(access, session))


@page(role=Role.MAKER)
@require_POST
def decide(request: HttpRequest, access: Access, number: int, deed: str) -> HttpResponse:
    """Open the votes, vote again, close, or keep what came of it."""
    session = _session_or_404(access, number)
    now = timezone.now()
    try:
        if deed == "keep":
            kept = services.keep_as_figures(session=session, actor=access.actor, at=now)
            toasts.add(request, f"{kept} inputs of lenses are new; the rankings follow.")
        else:
            deeds = {"open": services.open_votes, "again": services.vote_again, "close": services.close}
            deeds[deed](session=session, actor=access.actor, at=now)
            toasts.add(request, SAID[deed])
    except services.NotVotingError as error:
        toasts.add(request, str(error), tone="warn")
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="warn")
    return responses.back(request, otherwise=session_url(access, session))
