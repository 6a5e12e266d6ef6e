"""Lenses: the list of them, making, changing, ranking and its pages."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.records import lists as record_lists
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.core.tables import writing
from roadbed.core.tables.responses import export_response
from roadbed.core.tables.sources import Asked
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.priorities import imports, services
from roadbed.modules.priorities.forms import lists
from roadbed.modules.priorities.forms.lenses import LensForm, NewLensForm, read_inputs
from roadbed.modules.priorities.models import Lens, Place, Ranking
from roadbed.modules.priorities.selectors import definitions, reading
from roadbed.modules.priorities.views import shared
from roadbed.web import pagination, parts, responses, tables, toasts

LIST_NAME = "priorities.ranking"
EMPTY = {"name": "", "label": "", "unit": "", "weight": 0.0, "figure": "", "evidence": ""}
"""The last row of a form: an input that may be added."""
COLUMNS = (
    tables.Column(
        "rank",
        "Rank",
        sortable=True,
        tight=True,
        hint="The ranks that hold nine draws in ten; the line is the cut",
    ),
    tables.Column("title", "Item", main=True),
    tables.Column(
        "top", "A place", numeric=True, sortable=True, hint="In how many draws it is among the first"
    ),
    tables.Column(
        "any",
        "Any weights",
        numeric=True,
        shown=False,
        hint="The same under all weights of the drivers alike: how much of its place is the weights’ doing",
    ),
    tables.Column("first", "Leads", numeric=True, sortable=True, hint="In how many draws it comes first"),
    tables.Column(
        "score", "Score", numeric=True, sortable=True, hint="Median, and what holds eight draws in ten"
    ),
    tables.Column("worth", "Benefit", numeric=True, sortable=True, shown=False),
    tables.Column("cost", "Cost", numeric=True, sortable=True),
    tables.Column("doubt", "Most in doubt", tight=True, hint="The input that most of its doubt comes from"),
    tables.Column("moved", "Moved", tight=True, hint="Since the ranking before"),
)


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """Every lens with its first few, what is worth learning, and the portfolios."""
    found = list(reading.lenses(workspace_id=access.workspace.pk)[:50])
    heads: dict[int, list[Place]] = {}
    rows = Place.objects.filter(
        ranking_id__in=[one.pk for one in found], position__lte=3, rank_middle__isnull=False
    )
    for place in (
        rows.filter(record__deleted_at__isnull=True, record__circle__isnull=True)
        .select_related("record")
        .order_by("position")
    ):
        heads.setdefault(place.ranking_id, []).append(place)
    lines = []
    for one in found:
        ranking = reading.ranking_of(one)
        lines.append(
            {
                "lens": one,
                "url": shared.lens_url(access, one),
                "ranking": ranking,
                "stability": f"{ranking.stability:.0%}" if ranking and ranking.scored else "",
                "first": [
                    {
                        "title": place.record.title,
                        "key": place.record.key,
                        "url": shared.item_url(access, one, place.record),
                        "bar": shared.rank_bar(place, ranking),
                    }
                    for place in heads.get(one.pk, ())
                    if ranking is not None
                ],
            }
        )
    context = {
        "lines": lines,
        "base": shared.base(access),
        "portfolios": [
            {"portfolio": one, "url": shared.portfolio_url(access, one)}
            for one in reading.portfolios(workspace_id=access.workspace.pk)[:20]
        ],
    }
    return responses.page(request, "priorities/index.html", context)


def _rows(access: Access, lens: Lens, ranking: Ranking, found: Any) -> tuple[tables.Row, ...]:
    labels = {one["name"]: one["label"] for one in lens.definition["inputs"]}
    rows = []
    for place in found:
        url = shared.item_url(access, lens, place.record)
        note = place.left_out if place.rank_middle is None else ""
        title = parts.title(place.record.title, url=url, key_text=place.record.key, note=note)
        cells: dict[str, str] = {"title": title}
        if place.rank_middle is None:
            cells |= {"rank": parts.quiet("left out"), "score": parts.quiet("–")}
            cells |= dict.fromkeys(
                ("top", "any", "first", "worth", "cost", "doubt", "moved"), parts.quiet("")
            )
        else:
            flip = (
                parts.chip(shared.chance(place.top), tone="warn")
                if place.is_coin_flip
                else shared.chance(place.top)
            )
            cells |= {
                "rank": shared.rank_bar(place, ranking),
                "top": flip,
                "any": shared.chance(place.top_any_weights)
                if place.top_any_weights is not None
                else parts.quiet("–"),
                "first": shared.chance(place.first) if place.first else parts.quiet("–"),
                "score": shared.span(place.score_low, place.score, place.score_high),
                "worth": shared.span(place.worth_low, place.worth, place.worth_high),
                "cost": shared.span(place.cost_low, place.cost, place.cost_high),
                "doubt": shared.doubt_words(place, labels),
                "moved": shared.moved(place),
            }
        rows.append(tables.Row(id=str(place.record_id), label=place.record.key, url=url, cells=cells))
    return tuple(rows)


@page()
@require_GET
def show(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """The ranking by one lens."""
    lens = shared.lens_or_404(access, number)
    url = shared.lens_url(access, lens)
    state = lists.FILTERS.parse(request.GET, path=url, options=lists.options_for(access))
    ranking = reading.ranking_of(lens)
    order = pagination.order_for(state.sort, columns=lists.ORDER)
    found = pagination.paginate(reading.places(lens, filters=state.values), order=order, cursor=state.cursor)
    table = tables.Table(
        id="ranking",
        caption=f"Ranking by {lens.title}",
        noun="items",
        columns=COLUMNS,
        state=state,
        page=found,
        rows=_rows(access, lens, ranking, found.rows) if ranking else (),
        views=record_lists.saved_views(access, list_name=LIST_NAME, base=url),
        save_view_url=f"/w/{access.workspace.slug}/views/?list={LIST_NAME}",
        export_url=f"{url}export/",
        empty=tables.Empty(
            "Nothing to rank yet",
            "A lens ranks what is open. Give an item its figures and it appears here with the ranks it may have.",
            action="To the roadmap",
            url=f"/w/{access.workspace.slug}/roadmap/",
        ),
    )
    flips = reading.places(lens, filters={"flip": True}).count() if ranking else 0
    context = {
        **shared.context_of(access, lens, "ranking"),
        "table": table,
        "state": state,
        "list_name": LIST_NAME,
        "flips": flips,
        "classes": reading.classes_of(lens) if lens.method == "moscow" else None,
        "stability": f"{ranking.stability:.0%}" if ranking else "",
        "formula": lens.definition["formula"],
    }
    return responses.page(request, "priorities/ranking.html", context)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, access: Access) -> HttpResponse:
    """Make a lens."""
    form = NewLensForm(request.POST or None, workspace=access.workspace)
    if request.method == "POST" and form.is_valid():
        try:
            lens = services.create_lens(
                workspace=access.workspace, **form.cleaned_data, actor=access.actor, at=timezone.now()
            )
        except ValidationError as error:
            shared.refused(form, error)
        else:
            toasts.add(request, f"{lens.title} is ranking.")
            return HttpResponseRedirect(shared.lens_url(access, lens))
    context = {"form": form, "base": shared.base(access)}
    if form.is_bound:
        return responses.form_page(request, "priorities/lens_new.html", context)
    return responses.page(request, "priorities/lens_new.html", context)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Change what a lens is made of."""
    lens = shared.lens_or_404(access, number)
    form = LensForm(request.POST or None, initial=LensForm.initial_of(lens))
    inputs = lens.definition["inputs"]
    if request.method == "POST":
        try:
            inputs = read_inputs(request.POST, lens.definition)
        except ValidationError as error:
            form.is_valid()
            form.add_error(None, error.messages)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        expected = values.pop("version")
        definition = {
            **lens.definition,
            "inputs": inputs,
            **{name: values.pop(name) for name in ("formula", "worth", "cost")},
        }
        if definition["delayed"] not in {one["name"] for one in inputs}:
            definition["delayed"] = ""
        try:
            services.change_lens(
                lens=lens,
                changes={**values, "definition": definition},
                actor=access.actor,
                at=timezone.now(),
                expected_version=expected,
            )
        except ValidationError as error:
            shared.refused(form, error)
        except records.StaleRecordError as error:
            form.add_error(None, f"{error} Look at it again before you save.")
        else:
            toasts.add(request, f"{lens.title} is changed, and ranks anew.")
            return HttpResponseRedirect(shared.lens_url(access, lens))
        lens = shared.lens_or_404(access, number)
    context = {
        "form": form,
        "lens": lens,
        "url": shared.lens_url(access, lens),
        "base": shared.base(access),
        "inputs": [*inputs, EMPTY],
        "evidence": definitions.EVIDENCE.items(),
        "versions": lens.versions.select_related("made_by")[:20],
    }
    if form.is_bound:
        return responses.form_page(request, "priorities/lens_form.html", context)
    return responses.page(request, "priorities/lens_form.html", context)


@page(role=Role.MAKER)
@require_POST
def rank(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Rank by a lens now."""
    lens = shared.lens_or_404(access, number)
    found = services.rank(lens=lens, at=timezone.now())
    toasts.add(request, found.refusal or f"Ranked {found.scored} by {lens.title}.")
    return responses.back(request, otherwise=shared.lens_url(access, lens))


@page()
@require_GET
def export(request: HttpRequest, access: Access, number: int) -> HttpResponseBase:
    """Download the inputs of what the list's filters leave, as importing reads them."""
    lens = shared.lens_or_404(access, number)
    state = lists.FILTERS.parse(request.GET, path="", options=lists.options_for(access))
    wanted = request.GET.get("format", "csv")
    if wanted not in writing.FORMATS:
        return responses.back(request, otherwise=shared.lens_url(access, lens))
    within = Record.objects.visible_to().filter(
        pk__in=reading.places(lens, filters=state.values).order_by().values("record_id")
    )
    asked = Asked(workspace_id=access.workspace.pk, within=within)
    return export_response(imports.RANKING_FIGURES, asked, format=wanted)
