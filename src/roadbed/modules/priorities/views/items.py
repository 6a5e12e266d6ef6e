"""One item by one lens: how its score came about, and its figures."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.priorities import services
from roadbed.modules.priorities.forms.figures import PaceForm, read_range, write_range
from roadbed.modules.priorities.models import Figure, Lens, Pace, Source
from roadbed.modules.priorities.selectors import reading
from roadbed.modules.priorities.views import drawings, shared
from roadbed.web import charts, parts, responses, toasts


def _line(line: reading.InputLine, past: list[Figure], typed: str | None, error: str) -> dict[str, Any]:
    known = line.known
    figure = known.figure if known else None
    said = ""
    if line.tipping is not None:
        tip = line.tipping
        said = (
            f"would cross the cut at {shared.figure(tip.needed)}, {shared.chance(tip.share)} likely"
            if tip.needed is not None
            else "cannot move it across the cut by itself"
        )
    return {
        "name": line.name,
        "label": line.label,
        "unit": line.unit,
        "hint": line.hint,
        "figure": line.figure,
        "value": typed if typed is not None else write_range(known.range) if known and figure else "",
        "evidence": write_range(known.range) if known and not figure else "",
        "source": shared.SOURCES.get(Source(known.source), "") if known else "",
        "by": figure.given_by.display_name if figure and figure.given_by else "",
        "at": parts.when(figure.given_at) if figure else "",
        "note": figure.note if figure else "",
        "drawn": shared.span(line.low, line.middle, line.high) if known else "",
        "doubt": f"{line.doubt:.0%}" if line.doubt >= 0.005 else "",
        "meter": parts.meter(line.doubt, label=f"{line.doubt:.0%} of the doubt")
        if line.doubt >= 0.005
        else "",
        "tipping": said,
        "error": error,
        "past": [
            {
                "value": write_range(one.range),
                "by": one.given_by.display_name if one.given_by else "",
                "at": parts.when(one.given_at),
                "note": one.note,
            }
            for one in past
            if not one.is_current
        ],
    }


def _page(
    request: HttpRequest,
    access: Access,
    lens: Lens,
    record: Record,
    *,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    pace: PaceForm | None = None,
) -> HttpResponse:
    ranking = reading.ranking_of(lens)
    place = reading.place_of(lens, record)
    today = timezone.localdate()
    worked = reading.work_out(lens, record, place=place, bar=ranking.bar if ranking else 0.0, today=today)
    past = reading.history(record, {line.figure for line in worked.lines})
    chart = drawings.histogram(worked, lens)
    if chart and (download := charts.download(request, chart)):
        return download
    stored = Pace.objects.filter(record_id=record.pk).first()
    initial = {
        "profile": stored.profile if stored else "standard",
        "due_date": stored.due_date if stored else None,
    }
    context = {
        **shared.context_of(access, lens, "ranking"),
        "record": record,
        "record_url": shared.record_url(access, record),
        "item_url": shared.item_url(access, lens, record),
        "place": place,
        "rank": shared.rank_words(place, ranking.scored) if place and ranking else "",
        "bar": shared.rank_bar(place, ranking) if place and ranking else "",
        "first": shared.chance(place.first) if place and place.first else "",
        "top": shared.chance(place.top) if place and place.rank_middle else "",
        "lines": [
            _line(line, past[line.figure], (typed or {}).get(line.name), (errors or {}).get(line.name, ""))
            for line in worked.lines
        ],
        "score": shared.span(worked.low, worked.middle, worked.high) if not worked.problem else "",
        "problem": worked.problem,
        "formula": lens.definition["formula"],
        "chart": chart,
        "pace": pace or PaceForm(initial=initial),
        "has_pace": bool(lens.definition["delayed"]),
        "others": [
            {
                "title": one.ranking.lens.title,
                "url": shared.item_url(access, one.ranking.lens, record),
                "bar": shared.rank_bar(one, one.ranking),
            }
            for one in reading.standing_of(record)
            if one.ranking_id != lens.pk
        ],
    }
    if typed is not None or (pace and pace.is_bound):
        return responses.form_page(request, "priorities/item.html", context)
    return responses.page(request, "priorities/item.html", context)


@page()
@require_GET
def show(request: HttpRequest, access: Access, number: int, key: str) -> HttpResponse:
    """How one score came about."""
    return _page(request, access, shared.lens_or_404(access, number), shared.rankable_or_404(access, key))


@page(role=Role.MAKER)
@require_POST
def say(request: HttpRequest, access: Access, number: int, key: str) -> HttpResponse:
    """Keep what was typed for the inputs; an emptied one is taken back."""
    lens, record = shared.lens_or_404(access, number), shared.rankable_or_404(access, key)
    typed, errors, said, gone = {}, {}, [], []
    note = request.POST.get("note", "").replace("\x00", "")[:300]
    for one in lens.definition["inputs"]:
        name = one["name"]
        if f"figure-{name}" not in request.POST:
            continue
        typed[name] = request.POST[f"figure-{name}"].strip()
        if not typed[name]:
            gone.append(one["figure"])
            continue
        try:
            given = read_range(typed[name])
        except ValidationError as error:
            errors[name] = " ".join(error.messages)
            continue
        current = Figure.objects.filter(record_id=record.pk, name=one["figure"], is_current=True).first()
        if (
            current is None
            or current.range.low != given.low
            or (current.range.high, current.range.likely) != (given.high, given.likely)
        ):
            said.append(services.Said(record, one["figure"], given, note))
    if not errors:
        now = timezone.now()
        try:
            fresh = services.say_figures(said=said, actor=access.actor, at=now) if said else 0
        except ValidationError as error:
            errors = dict.fromkeys(typed, "")
            errors[next(iter(typed))] = " ".join(error.messages)
        else:
            taken = sum(
                services.take_back_figure(record=record, name=name, actor=access.actor, at=now)
                for name in gone
            )
            if fresh or taken:
                toasts.add(request, f"{record.key} is rated; the ranking follows.")
            return HttpResponseRedirect(shared.item_url(access, lens, record))
    return _page(request, access, lens, record, typed=typed, errors=errors)


@page(role=Role.MAKER)
@require_POST
def pace(request: HttpRequest, access: Access, number: int, key: str) -> HttpResponse:
    """Say how waiting costs."""
    lens, record = shared.lens_or_404(access, number), shared.rankable_or_404(access, key)
    form = PaceForm(request.POST)
    if form.is_valid():
        services.set_pace(record=record, **form.cleaned_data, actor=access.actor, at=timezone.now())
        toasts.add(request, f"{record.key} has its profile of delay.")
        return HttpResponseRedirect(shared.item_url(access, lens, record))
    return _page(request, access, lens, record, pace=form)
