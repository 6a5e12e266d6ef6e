"""Portfolios: making, changing, pinning, and handing the answer to the roadmap."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.priorities.forms.portfolios import PortfolioForm
from roadbed.modules.priorities.models import Choice, Portfolio, Word
from roadbed.modules.priorities.selectors import proposals
from roadbed.modules.priorities.services import portfolios as services
from roadbed.modules.priorities.views import shared
from roadbed.web import parts, responses, toasts

MOST_OUT = 100
STATUS = {
    "optimal": ("Proven best", "good"),
    "feasible": ("Best found in the time", "warn"),
    "greedy": ("A good choice, not proven", "warn"),
}


def _form(request: HttpRequest, access: Access, form: PortfolioForm, **more: Any) -> HttpResponse:
    context = {"form": form, "base": shared.base(access), **more}
    if form.is_bound:
        return responses.form_page(request, "priorities/portfolio_form.html", context)
    return responses.page(request, "priorities/portfolio_form.html", context)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, access: Access) -> HttpResponse:
    """Make a portfolio."""
    form = PortfolioForm(request.POST or None, workspace=access.workspace)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_portfolio(
                workspace=access.workspace, **form.cleaned_data, actor=access.actor, at=timezone.now()
            )
        except ValidationError as error:
            shared.refused(form, error)
        else:
            toasts.add(request, f"{made.title} is being chosen.")
            return HttpResponseRedirect(shared.portfolio_url(access, made))
    return _form(request, access, form)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Change a portfolio."""
    portfolio = shared.portfolio_or_404(access, number)
    form = PortfolioForm(
        request.POST or None, workspace=access.workspace, initial=PortfolioForm.initial_of(portfolio)
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.change_portfolio(
                portfolio=portfolio, changes=form.cleaned_data, actor=access.actor, at=timezone.now()
            )
        except ValidationError as error:
            shared.refused(form, error)
        else:
            toasts.add(request, f"{portfolio.title} is being chosen anew.")
            return HttpResponseRedirect(shared.portfolio_url(access, portfolio))
    return _form(request, access, form, portfolio=portfolio, url=shared.portfolio_url(access, portfolio))


def _loads(portfolio: Portfolio, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return how full each team is in each period."""
    used: dict[tuple[str, int], float] = {}
    for line in lines:
        choice = line["choice"]
        used[choice.team, choice.period] = used.get((choice.team, choice.period), 0.0) + choice.effort
    found = []
    for team, rooms in portfolio.capacity.items():
        cells = []
        for period, room in enumerate(rooms):
            taken = used.get((team, period), 0.0)
            text = f"{taken:.3g} of {room:g}"
            cells.append(parts.meter(taken, most=room or 1.0, label=f"{team}: {text}", text=text))
        found.append({"team": team, "cells": cells})
    return found


@page()
@require_GET
def show(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """What a portfolio takes on, what it leaves, why, and what that changes on the roadmap."""
    portfolio = shared.portfolio_or_404(access, number)
    words = dict(portfolio.pins.values_list("record_id", "word"))
    choices = portfolio.choices.filter(record__deleted_at__isnull=True).select_related("record")
    inside = [_line(access, portfolio, one, words) for one in choices.filter(period__isnull=False)]
    left = choices.filter(period__isnull=True)
    out = [_line(access, portfolio, one, words) for one in left[:MOST_OUT]]
    label, tone = STATUS.get(portfolio.status, ("Not chosen yet", "outline"))
    moves = proposals.moves(portfolio)
    context = {
        "portfolio": portfolio,
        "url": shared.portfolio_url(access, portfolio),
        "base": shared.base(access),
        "lens_url": shared.lens_url(access, portfolio.lens),
        "status": parts.chip(label, tone=tone),
        "value": shared.figure(portfolio.value),
        "gap": f"{portfolio.bound / portfolio.value - 1:.1%}"
        if portfolio.status == "feasible" and portfolio.value
        else "",
        "periods": [
            {"name": name, "lines": [line for line in inside if line["choice"].period == at]}
            for at, name in enumerate(portfolio.periods)
        ],
        "out": out,
        "out_count": left.count(),
        "in_count": len(inside),
        "loads": _loads(portfolio, inside),
        "shares": [
            {**one, "name": one["objective"] or "No objective", "share_words": f"{one['share']:.0%}",
             "target": _target_words(one),
             "meter": parts.meter(one["share"], label=f"{one['share']:.0%} of the room",
                                  tone="bad" if one["off"] else "")}
            for one in portfolio.shares
        ],
        "moves": moves,
    }  # fmt: skip
    return responses.page(request, "priorities/portfolio.html", context)


def _line(access: Access, portfolio: Portfolio, choice: Choice, words: dict[int, str]) -> dict[str, Any]:
    return {
        "choice": choice,
        "url": shared.item_url(access, portfolio.lens, choice.record),
        "worth": shared.figure(choice.worth),
        "effort": shared.figure(choice.effort),
        "word": words.get(choice.record_id, ""),
    }


def _target_words(one: dict[str, Any]) -> str:
    least, most = one["least"], one["most"]
    if least is None and most is None:
        return ""
    if least is None:
        return f"at most {most:.0%}"
    return f"at least {least:.0%}" if most is None else f"{least:.0%} to {most:.0%}"


@page(role=Role.MAKER)
@require_POST
def solve(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Choose anew, in the background."""
    portfolio = shared.portfolio_or_404(access, number)
    services.ask_anew(portfolio=portfolio)
    toasts.add(request, f"{portfolio.title} is being chosen anew.")
    return responses.back(request, otherwise=shared.portfolio_url(access, portfolio))


@page(role=Role.MAKER)
@require_POST
def pin(request: HttpRequest, access: Access, number: int, key: str) -> HttpResponse:
    """Say that an item must be in, stays out, or is left to the sums."""
    portfolio, record = shared.portfolio_or_404(access, number), shared.rankable_or_404(access, key)
    word = request.POST.get("word", "")
    if word and word not in Word.values:
        raise Http404
    try:
        services.pin(portfolio=portfolio, record=record, word=word, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
    else:
        said = {"must": "must be in", "never": "stays out", "": "is left to the sums"}[word]
        toasts.add(request, f"{record.key} {said}; it is being chosen anew.")
    return responses.back(request, otherwise=shared.portfolio_url(access, portfolio))


@page(role=Role.MAKER)
@require_POST
def accept(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Hand the ticked moves to the roadmap."""
    portfolio = shared.portfolio_or_404(access, number)
    picked = {int(text) for text in request.POST.getlist("ids") if text.isdecimal() and len(text) < 16}
    moved, undo = services.accept(
        portfolio=portfolio, record_ids=picked, actor=access.actor, at=timezone.now()
    )
    if moved:
        toasts.add(request, f"Moved {moved} on the roadmap.", undo_url=f"/w/{access.workspace.slug}/{undo}")
    else:
        toasts.add(request, "Nothing was ticked that would move.", tone="warn")
    return responses.back(request, otherwise=shared.portfolio_url(access, portfolio))
