"""Other looks at lenses: benefit and cost, worth learning next, and lenses side by side."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from roadbed.core.workspaces.access import Access, page
from roadbed.modules.priorities.selectors import reading
from roadbed.modules.priorities.views import drawings, shared
from roadbed.web import charts, responses

MOST_DOTS = 60
MOST_ROWS = 40
MOST_LENSES = 4


@page()
@require_GET
def plot(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Benefit against cost, with ranges."""
    lens = shared.lens_or_404(access, number)
    ranking = reading.ranking_of(lens)
    chart = None
    if ranking and lens.definition["cost"]:
        places = reading.places(lens, filters={"scored": True}).order_by("position")[:MOST_DOTS]
        chart = drawings.two_by_two(list(places), lens, price=ranking.price)
    if chart and (download := charts.download(request, chart)):
        return download
    context = {**shared.context_of(access, lens, "plot"), "chart": chart, "most": MOST_DOTS}
    return responses.page(request, "priorities/plot.html", context)


@page()
@require_GET
def learn(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Which question is worth answering next, and how."""
    lens = shared.lens_or_404(access, number)
    ranking = reading.ranking_of(lens)
    labels = {one["name"]: one["label"] for one in lens.definition["inputs"]}
    lines = []
    for question in reading.asked(lens)[:MOST_ROWS]:
        gaining = [one for one in question.offers if one["net"] > 0 and one["stands_out"]]
        best = max(gaining, key=lambda one: one["net"], default=None)
        lines.append(
            {
                "question": question,
                "label": labels.get(question.name, question.name).lower(),
                "url": shared.item_url(access, lens, question.record),
                "worth": shared.figure(question.worth),
                "error": shared.figure(2 * question.error),
                "chance": shared.chance(question.chance),
                "best": best,
                "offers": [
                    {**one, "worth": shared.figure(one["worth"]), "net_words": shared.figure(one["net"]),
                     "gains": one["net"] > 0 and one["stands_out"], "cost_words": shared.figure(one["cost"])}
                    for one in question.offers
                ],
            }
        )  # fmt: skip
    context = {
        **shared.context_of(access, lens, "learn"),
        "lines": lines,
        "everything": shared.figure(ranking.everything) if ranking else "",
        "price": shared.figure(ranking.price) if ranking else "",
    }
    return responses.page(request, "priorities/learn.html", context)


@page()
@require_GET
def compare(request: HttpRequest, access: Access) -> HttpResponse:
    """Lenses side by side: what each puts first, and where they part."""
    every = list(reading.lenses(workspace_id=access.workspace.pk)[:50])
    asked = [text for text in request.GET.getlist("lens") if text.isdecimal() and len(text) < 10]
    chosen = [one for one in every if str(one.number) in asked]
    if not chosen and every:
        chosen = [one for one in every if one.subject == every[0].subject]
    chosen = chosen[:MOST_LENSES]
    lines = []
    for record, places in reading.side_by_side(chosen, limit=MOST_ROWS):
        known = [place.position for place in places.values() if place.rank_middle is not None]
        lines.append(
            {
                "record": record,
                "url": shared.record_url(access, record),
                "cells": [
                    shared.rank_bar(places[one.pk], ranking)
                    if one.pk in places and (ranking := reading.ranking_of(one))
                    else "–"
                    for one in chosen
                ],
                "apart": max(known) - min(known) if len(known) > 1 else 0,
            }
        )
    context = {
        "base": shared.base(access),
        "lines": lines,
        "heads": [{"lens": one, "url": shared.lens_url(access, one)} for one in chosen],
        "choices": [{"lens": one, "on": one in chosen} for one in every],
    }
    return responses.page(request, "priorities/compare.html", context)
