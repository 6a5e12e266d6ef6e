"""The list of needs: filters, inline ratings, deeds on many, download."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core import signing
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    StreamingHttpResponse,
)
from django.middleware.csrf import get_token
from django.template.loader import get_template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET, require_POST

from roadbed.core.evidence import figures
from roadbed.core.records import lists as record_lists
from roadbed.core.records import selectors as records
from roadbed.core.tables import sources, writing
from roadbed.core.tables.responses import export_response
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.models import Product
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights.forms.needs import RatingForm
from roadbed.modules.insights.models import Need
from roadbed.modules.insights.selectors import needs as selectors
from roadbed.modules.insights.selectors import outline_figures
from roadbed.modules.insights.selectors.outline_scope import Scope
from roadbed.modules.insights.services import needs as services
from roadbed.modules.insights.services import needs_in_bulk, outline_words
from roadbed.web import edits, filters, formats, pagination, parts, responses, tables, toasts
from roadbed_engines.stats.trend import Direction

LIST_NAME = "insights.needs"
UNDO_SALT = "roadbed.insights.needs.undo"
UNDO_SECONDS = 60 * 60 * 24
RATINGS = ("importance", "satisfaction")
TONES = {Direction.RISING: "warn", Direction.FALLING: "", Direction.STEADY: "", Direction.UNCLEAR: "outline"}

COLUMNS = (
    tables.Column("title", "Need", main=True, sortable=True),
    tables.Column(
        "impact",
        "Impact",
        numeric=True,
        sortable=True,
        hint="What each voice counts, added up; open it to see how",
    ),
    tables.Column("people", "People", numeric=True, sortable=True, hint="Distinct people who asked or voted"),
    tables.Column("accounts", "Customers", numeric=True, sortable=True, hint="Distinct accounts"),
    tables.Column("revenue", "Revenue", numeric=True, sortable=True, hint="A year, over these accounts"),
    tables.Column(
        "strength",
        "Strength",
        numeric=True,
        sortable=True,
        shown=False,
        hint="Sum of the strongest word of each",
    ),
    tables.Column(
        "votes", "Votes", numeric=True, sortable=True, shown=False, hint="Without words of their own"
    ),
    tables.Column("trend", "Trend", hint="Share of all people, last 90 days over the 270 before"),
    tables.Column("importance", "Importance", numeric=True, hint="0 to 10"),
    tables.Column("satisfaction", "Satisfaction", numeric=True, hint="0 to 10"),
    tables.Column("opportunity", "Opportunity", numeric=True, sortable=True, hint="0 to 20"),
    tables.Column("answered", "Answered", tight=True),
    tables.Column("latest", "Last heard", sortable=True, tight=True),
    tables.Column("product", "Product", shown=False, tight=True),
    tables.Column("created", "Written", sortable=True, shown=False, tight=True),
)
FILTERS = filters.FilterSet(
    filters=(
        filters.Text("q", "Search needs", search=True),
        filters.Choice("product", "Product", pinned=True),
        filters.Choice("segment", "Segment", pinned=True),
        filters.Boolean("answered", "Answered", yes="by a feature", no="by nothing yet"),
        filters.Boolean("rated", "Rated", yes="rated", no="not rated"),
        filters.NumberRange("impact", "Impact"),
        filters.NumberRange("people", "People"),
        filters.NumberRange("revenue", "Revenue"),
        filters.DateRange("heard", "Last heard"),
        filters.MultiChoice("tag", "Tag"),
        filters.Boolean("archived", "Archived", yes="only archived", no="not archived"),
    ),
    sorts=(
        filters.SortOption("impact", "Impact"),
        filters.SortOption("people", "People"),
        filters.SortOption("accounts", "Customers"),
        filters.SortOption("revenue", "Revenue"),
        filters.SortOption("strength", "Strength"),
        filters.SortOption("votes", "Votes"),
        filters.SortOption("opportunity", "Opportunity"),
        filters.SortOption("latest", "Last heard"),
        filters.SortOption("created", "Written"),
        filters.SortOption("title", "Title", first="asc"),
    ),
    default_sort="-people",
)
ORDER = {
    "impact": "tally__impact",
    "votes": "tally__votes",
    "people": "tally__people",
    "accounts": "tally__accounts",
    "revenue": "tally__revenue",
    "strength": "tally__strength",
    "opportunity": "score",
    "latest": "tally__latest_at",
    "created": "created_at",
    "title": "title",
}


def options_for(access: Access) -> dict[str, list[filters.Option]]:
    """Return the choices that only the database knows."""
    workspace_id = access.workspace.pk
    products = Product.objects.filter(workspace_id=workspace_id, archived_at__isnull=True)
    segments = selectors.all_segments(workspace_id=workspace_id)
    return {
        "product": [filters.Option(one.slug, one.name) for one in products],
        "segment": [filters.Option(one.key, one.title) for one in segments],
        "tag": [filters.Option(name, name) for name in records.tag_names(workspace_id=workspace_id)],
    }


def resolved(access: Access, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters with the segment itself in place of its key."""
    found = dict(values)
    if found.get("segment"):
        found["segment"] = selectors.segment_with_key(workspace_id=access.workspace.pk, key=found["segment"])
    return found


def base(access: Access) -> str:
    """The address of the list."""
    return f"/w/{access.workspace.slug}/insights/needs/"


def rating_edit(
    access: Access, need: Need, name: str, *, typed: str | None = None, error: str = ""
) -> edits.InlineEdit:
    """Return the figure as it is changed in its place; who may not, reads it."""
    value = getattr(need, name)
    text = formats.number(value, digits=1) if value is not None else ""
    return edits.InlineEdit(
        id=f"need-{need.pk}-{name}",
        label=f"{name.capitalize()} of {need.key}",
        name=name,
        value=text if typed is None else typed,
        url=f"{base(access)}{need.number}/rate/" if access.can_make else "",
        display=text if access.can_make else text or "–",
        kind="number",
        placeholder="Rate",
        error=error,
    )


def opportunity_mark(need: Need) -> SafeString:
    """Return the score in an element that an answer can replace."""
    text = formats.number(need.opportunity, digits=1)
    return format_html('<span class="num" id="need-{}-opportunity">{}</span>', need.pk, text)


def trend_chip(trend: outline_figures.NeedTrend | None) -> SafeString:
    """Return the trend in a word and its ratio; a dash where it is too few to say anything at all."""
    if trend is None or trend.trend is None:
        return parts.quiet("too few")
    word = trend.direction.value
    shown = (
        parts.quiet(word)
        if trend.direction is Direction.UNCLEAR
        else parts.chip(word, tone=TONES[trend.direction])
    )
    return format_html('<span title="{}">{}</span>', outline_words.trend_words(trend), shown)


def _rating_stencils(access: Access, request: HttpRequest) -> dict[tuple[str, bool], str]:
    """Return the inline field of each figure once, rated and not, with marks where the rows differ.

    A hundred fields rendered one by one would cost more than all the rest of the list.
    """
    component, token = get_template("components/inline_edit.html"), get_token(request)
    found = {}
    for name in RATINGS:
        for value in ("@value@", ""):
            edit = edits.InlineEdit(
                id=f"need-@pk@-{name}",
                label=f"{name.capitalize()} of @key@",
                name=name,
                value=value,
                url=f"{base(access)}@number@/rate/" if access.can_make else "",
                display=value if access.can_make else value or "–",
                kind="number",
                placeholder="Rate",
            )
            found[name, bool(value)] = component.render({"edit": edit, "csrf_token": token})
    return found


def _rating_cell(stencils: Mapping[tuple[str, bool], str], need: Need, name: str) -> SafeString:
    """Fill the marks of a stencil: all of them are numbers, or keys of ours."""
    value = getattr(need, name)
    cell = stencils[name, value is not None]
    marks = {"pk": need.pk, "key": need.key, "number": need.number, "value": formats.number(value, digits=1)}
    for mark, text in marks.items():
        cell = cell.replace(f"@{mark}@", str(text))
    return mark_safe(cell)  # noqa: S308 - rendered by the template; only numbers and keys were put in


def _rows(
    access: Access, request: HttpRequest, needs: tuple[Need, ...], shown: frozenset[str]
) -> tuple[tables.Row, ...]:
    trends: Mapping[int, outline_figures.NeedTrend] = {}
    if "trend" in shown and needs:
        scope = Scope(workspace_id=access.workspace.pk)
        ids = [need.pk for need in needs]
        trends = outline_figures.trends(scope, need_ids=ids, last=timezone.localdate())
    currency = access.workspace.currency
    stencils = _rating_stencils(access, request) if shown & set(RATINGS) else {}
    found = []
    for need in needs:
        tally = getattr(need, "tally", None)
        url = f"{base(access)}{need.number}/"
        cells: dict[str, str] = {
            "title": parts.title(need.title, url=url, key_text=need.key),
            "impact": parts.link(
                formats.number(tally.impact if tally else 0, digits=1),
                url=figures.demand_url(need, workspace=access.workspace.slug),
            ),
            "votes": formats.number(tally.votes if tally else 0),
            "people": formats.number(tally.people if tally else 0),
            "accounts": formats.number(tally.accounts if tally else 0),
            "revenue": figures.revenue_words(tally, currency=currency),
            "strength": formats.number(tally.strength if tally else 0),
            "trend": trend_chip(trends.get(need.pk)),
            "opportunity": opportunity_mark(need),
            "answered": parts.chip("yes", tone="good") if need.answered else parts.quiet("not yet"),  # type: ignore[attr-defined]  # annotated by the selector
            "latest": parts.when(tally.latest_at if tally else None, style="day"),
            "product": need.product.name if need.product else "–",
            "created": parts.when(need.created_at, style="day"),
        }
        for name in RATINGS:
            if name in shown:
                cells[name] = _rating_cell(stencils, need, name)
        found.append(tables.Row(id=str(need.pk), label=need.key, url=url, cells=cells))
    return tuple(found)


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """The needs of the workspace."""
    options = options_for(access)
    state = FILTERS.parse(request.GET, path=base(access), options=options)
    order = pagination.order_for(state.sort, columns=ORDER)
    rows = selectors.list_needs(workspace_id=access.workspace.pk, filters=resolved(access, state.values))
    found = pagination.paginate(rows, order=order, cursor=state.cursor)
    products = [("", "all products"), *((one.value, one.label) for one in options["product"])]
    table = tables.Table(
        id="needs",
        caption="Needs",
        noun="needs",
        columns=COLUMNS,
        state=state,
        page=found,
        rows=_rows(access, request, found.rows, tables.choose(COLUMNS, state=state)),
        bulk=(
            tables.BulkAction(
                "Bring back" if state.values.get("archived") else "Archive",
                f"{base(access)}{'unarchive' if state.values.get('archived') else 'archive'}/",
                icon="archive",
            ),
            tables.BulkAction("Product", f"{base(access)}move/", name="product", options=tuple(products)),
            tables.BulkAction("Delete", f"{base(access)}delete/", icon="trash", danger=True),
        )
        if access.can_make
        else (),
        views=record_lists.saved_views(access, list_name=LIST_NAME, base=base(access)),
        save_view_url=f"/w/{access.workspace.slug}/views/?list={LIST_NAME}",
        export_url=f"{base(access)}export/",
        empty=tables.Empty(
            "No needs yet",
            "A need says what people want to get done. Select words in a piece of feedback to back one.",
            action="Write the first need" if access.can_make else "",
            url=f"{base(access)}new/" if access.can_make else "",
        ),
    )
    context = {"table": table, "state": state, "list_name": LIST_NAME, "base": base(access)}
    return responses.page(request, "insights/needs/index.html", context)


@page()
@require_GET
def export(request: HttpRequest, access: Access) -> StreamingHttpResponse:
    """The list as it is filtered, as a table; ``?format=`` says as which."""
    format_ = request.GET.get("format", "csv")
    if format_ not in writing.FORMATS:
        raise Http404
    state = FILTERS.parse(request.GET, options=options_for(access))
    within = selectors.list_needs(workspace_id=access.workspace.pk, filters=resolved(access, state.values))
    asked = sources.Asked(workspace_id=access.workspace.pk, within=within)
    return export_response(sources.get("needs"), asked, format=format_)


@page(role=Role.MAKER)
@require_POST
def rate(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Set importance or satisfaction where it is read; answers with the same field, and the score beside it."""
    need = need_or_404(access, number)
    name = next((one for one in RATINGS if one in request.POST), "")
    if not name:
        return HttpResponseBadRequest("Send importance or satisfaction.")
    typed = request.POST[name].strip().replace(",", ".")
    form = RatingForm({"value": typed})
    if not form.is_valid():
        edit = rating_edit(access, need, name, typed=typed, error=" ".join(map(str, form.errors["value"])))
        return responses.page(request, "components/inline_edit.html", {"edit": edit}, status=422)
    changes = {name: form.cleaned_data["value"]}
    services.change_need(need=need, changes=changes, actor=access.actor, at=timezone.now())
    if not responses.wants_fragment(request):
        return responses.back(request, otherwise=base(access))
    context = {
        "edit": rating_edit(access, need, name),
        "need": need,
        "score": formats.number(need.opportunity, digits=1),
    }
    return responses.page(request, "insights/needs/rated.html", context)


def need_or_404(access: Access, number: int) -> Need:
    """Return the need with that number; a stranger's and a missing one look the same."""
    try:
        return selectors.access_need(workspace_id=access.workspace.pk, number=number)
    except Need.DoesNotExist as error:
        raise Http404 from error


def picked(request: HttpRequest, access: Access) -> list[int]:
    """Return the picked needs; with ``everything=yes`` those that the list's filters leave."""
    if (query := record_lists.everything(request)) is not None:
        state = FILTERS.parse(query, options=options_for(access))
        rows = selectors.list_needs(workspace_id=access.workspace.pk, filters=resolved(access, state.values))
        return list(rows.order_by("pk").values_list("pk", flat=True)[: needs_in_bulk.MOST])
    return record_lists.picked_ids(request)


@page(role=Role.MAKER)
@require_POST
def do_many(request: HttpRequest, access: Access, deed: str) -> HttpResponse:
    """Archive, bring back, delete or move the picked needs, with undo where there is one."""
    facts = {"workspace_id": access.workspace.pk, "ids": picked(request, access)}
    who = {"actor": access.actor, "at": timezone.now()}
    words, opposite = {
        "archive": ("archived", "unarchive"),
        "unarchive": ("brought back", "archive"),
        "delete": ("deleted", "restore"),
        "restore": ("restored", "delete"),
        "move": ("moved", ""),
    }[deed]
    if deed == "move":
        slug = request.POST.get("product", "")
        product = Product.objects.filter(workspace=access.workspace, slug=slug).first() if slug else None
        if slug and product is None:
            raise Http404
        done = needs_in_bulk.move_needs(**facts, product=product, **who)  # type: ignore[arg-type]  # keyed above
    else:
        run = getattr(needs_in_bulk, f"{deed}_needs")
        done = run(**facts, **who)
    undo = (
        f"{base(access)}undo/{signing.dumps([opposite, done], salt=UNDO_SALT, compress=True)}/"
        if opposite
        else ""
    )
    if done:
        toasts.add(request, f"{formats.plural(len(done), 'need')} {words}", undo_url=undo)
    else:
        toasts.add(request, "Nothing to do: pick some needs first.", tone="")
    return responses.back(request, otherwise=base(access))


@page(role=Role.MAKER)
@require_POST
def undo(request: HttpRequest, access: Access, kept: str) -> HttpResponse:
    """Take a deed on many needs back."""
    try:
        deed, ids = signing.loads(kept, salt=UNDO_SALT, max_age=UNDO_SECONDS)
    except signing.BadSignature as error:
        raise Http404 from error
    run = getattr(needs_in_bulk, f"{deed}_needs")
    done = run(workspace_id=access.workspace.pk, ids=ids, actor=access.actor, at=timezone.now())
    toasts.add(request, f"{formats.plural(len(done), 'need')} as before")
    return responses.back(request, otherwise=base(access))
