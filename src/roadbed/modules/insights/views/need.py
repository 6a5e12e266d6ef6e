"""One need: its page, its words, and the forms that write and change it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.evidence import figures
from roadbed.core.records import kinds, markdown, pages
from roadbed.core.records import services as records
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights.forms.needs import NeedForm
from roadbed.modules.insights.models import Need, Strength
from roadbed.modules.insights.selectors import needs as selectors
from roadbed.modules.insights.selectors import outline_figures, outline_parts
from roadbed.modules.insights.selectors.outline_scope import Scope
from roadbed.modules.insights.services import needs as services
from roadbed.modules.insights.services import outline_words
from roadbed.modules.insights.views.needs import TONES, base, need_or_404, rating_edit
from roadbed.web import charts, edits, filters, formats, pagination, receipts, responses, toasts
from roadbed_engines.priority.opportunity import Served, opportunity

QUOTES_A_PAGE = 10
QUOTES = filters.FilterSet(
    filters=(
        filters.MultiChoice(
            "strength",
            "Strength",
            options=[filters.Option(str(one.value), one.label) for one in reversed(Strength)],
            pinned=True,
        ),
        filters.Choice("segment", "Segment", pinned=True),
    ),
    sorts=(filters.SortOption("strength", "Strength"), filters.SortOption("said", "Date")),
    default_sort="-strength",
)
QUOTE_ORDER = {"strength": "strength", "said": "feedback__said_at"}
CHIP_TONES = {
    Strength.DEAL_BREAKER: "bad",
    Strength.IMPORTANT: "warn",
    Strength.USEFUL: "",
    Strength.NICE: "outline",
}
SERVED_TONES = {Served.UNDERSERVED: "warn", Served.SERVED: "good", Served.OVERSERVED: ""}


def _part(label: str, value: str, url: str = "") -> receipts.Part:
    return receipts.Part(label=label, value=value, url=url)


def _opportunity(need: Need) -> dict[str, Any]:
    """The score with its receipt: the formula, who set the figures, when, and from where."""
    if need.importance is None or need.satisfaction is None:
        return {"figure": None, "found": None, "rating": None}
    found = opportunity(importance=float(need.importance), satisfaction=float(need.satisfaction))
    rating = selectors.last_rating(need=need)
    who = f"{rating.who}, {outline_words.full_day(rating.at)}" if rating else "nobody in the history"
    figure = receipts.Receipt(
        value=formats.number(found.score, digits=1),
        title="Opportunity",
        parts=(
            _part("Importance", formats.number(need.importance, digits=1)),
            _part("Satisfaction today", formats.number(need.satisfaction, digits=1)),
            _part("What is missing", formats.number(found.gap, digits=1)),
            _part("Set by", who),
            _part("From", need.rated_from or "not said"),
        ),
        total=_part("Importance + what is missing", f"{formats.number(found.score, digits=1)} of 20"),
        method="Ulwick (2002): importance + max(importance − satisfaction, 0). Above 10 it is underserved.",
    )
    return {"figure": figure, "found": found, "rating": rating, "tone": SERVED_TONES[found.served]}


def _trend(need: Need) -> tuple[outline_figures.NeedTrend, receipts.Receipt]:
    scope = Scope(workspace_id=need.workspace_id)
    today = timezone.localdate()
    trends = outline_figures.trends(scope, need_ids=[need.pk], last=today)
    found = trends.get(need.pk)
    if found is None:
        windows = outline_figures.Windows.up_to(today)
        voices = outline_figures.voices(scope, windows=windows)
        found = outline_figures.read_trend(people=(0, 0), voices=voices)
    figure = receipts.Receipt(
        value=outline_words.trend_words(found),
        title="Trend",
        parts=tuple(_part(label, value) for label, value in outline_words.trend_receipt(found)),
        method=outline_words.TREND_METHOD,
    )
    return found, figure


def _chart(need: Need, *, now: Any, words: str) -> charts.Chart:
    months = selectors.months_of(need=need, now=now)
    rows = [{"month": one.month.isoformat(), "quotes": one.quotes, "people": one.people} for one in months]
    total = sum(one.quotes for one in months)
    return charts.Chart(
        id="months",
        title="Quotes a month",
        summary=f"{formats.plural(total, 'quote')} in the last {len(months)} months; {words}.",
        spec=charts.lines(rows, x="month", y="quotes", y_title="Quotes", height=160),
        rows=rows,
        columns=(("month", "Month"), ("quotes", "Quotes"), ("people", "People")),
    )


def _quotes(request: HttpRequest, access: Access, need: Need) -> dict[str, Any]:
    """The words about the need: one page, filtered by the address."""
    segments = selectors.all_segments(workspace_id=access.workspace.pk)
    options = {"segment": [filters.Option(one.key, one.title) for one in segments]}
    state = QUOTES.parse(request.GET, path=request.path, options=options)
    chosen = state.values.get("segment")
    segment = selectors.segment_with_key(workspace_id=access.workspace.pk, key=chosen) if chosen else None
    strengths = [int(one) for one in state.values.get("strength", ())]
    rows = selectors.quotes_of(need=need, strengths=strengths, segment=segment)
    order = pagination.order_for(state.sort, columns=QUOTE_ORDER)
    found = pagination.paginate(rows, order=order, cursor=state.cursor, size=QUOTES_A_PAGE)
    cited = selectors.cite(found.rows, workspace=access.workspace.slug)
    return {
        "state": state,
        "quotes": [{"quote": one, "tone": CHIP_TONES[one.strength]} for one in cited],
        "quotes_page": found,
        "currency": access.workspace.currency,
        "quotes_next": state.url(after=found.next) if found.next else "",
        "quotes_previous": state.url(after=found.previous) if found.previous else "",
    }


@page()
@require_GET
def show(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """One need with everything that stands behind it."""
    try:
        need = need_or_404(access, number)
    except Http404:
        survivor = selectors.survivor_of(workspace_id=access.workspace.pk, number=number)
        if survivor is None:
            raise
        return HttpResponseRedirect(kinds.url_of(survivor, workspace=access.workspace.slug))
    now = timezone.now()
    trend, trend_figure = _trend(need)
    chart = _chart(need, now=now, words=outline_words.trend_words(trend))
    if download := charts.download(request, chart):
        return download
    if responses.wants_fragment(request):
        context = {"need": need, **_quotes(request, access, need)}
        return responses.page(request, "insights/needs/show.html", context, fragment="quotes")
    slug = access.workspace.slug
    answers = outline_parts.answers(workspace_id=access.workspace.pk, workspace=slug, need_ids=[need.pk])
    url = f"{base(access)}{need.number}/"
    context = {
        **pages.record_context(access=access, record=need, now=now),
        **_quotes(request, access, need),
        "need": need,
        "base": base(access),
        "url": url,
        "description": markdown.render(need.description, workspace=slug),
        "facts": figures.asking_facts(
            record=need, tally=getattr(need, "tally", None), workspace=access.workspace
        ),
        "demand_url": figures.demand_url(need, workspace=slug),
        "opportunity": _opportunity(need),
        "importance_edit": rating_edit(access, need, "importance"),
        "satisfaction_edit": rating_edit(access, need, "satisfaction"),
        "source_edit": edits.InlineEdit(
            id=f"need-{need.pk}-source",
            label="Where the two figures come from",
            name="rated_from",
            value=need.rated_from,
            url=f"{url}source/" if access.can_make else "",
            display=need.rated_from if access.can_make else need.rated_from or "not said",
            placeholder="Say where they come from",
        ),
        "trend": trend,
        "trend_tone": TONES[trend.direction],
        "trend_figure": trend_figure,
        "chart": chart,
        "answers": answers.get(need.pk, []),
        "shares": selectors.segment_shares(need=need, workspace=slug),
    }
    return responses.page(request, "insights/needs/show.html", context)


@page(role=Role.MAKER)
@require_POST
def set_source(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Say where importance and satisfaction come from, where it is read."""
    need = need_or_404(access, number)
    typed = " ".join(request.POST.get("rated_from", "").split())
    error = ""
    try:
        changes = {"rated_from": typed}
        services.change_need(need=need, changes=changes, actor=access.actor, at=timezone.now())
    except ValidationError as refused:
        error = " ".join(refused.messages)
    if not responses.wants_fragment(request):
        return responses.back(request, otherwise=f"{base(access)}{number}/")
    edit = edits.InlineEdit(
        id=f"need-{need.pk}-source",
        label="Where the two figures come from",
        name="rated_from",
        value=typed,
        url=request.path,
        placeholder="Say where they come from",
        error=error,
    )
    status = 422 if error else 200
    return responses.page(request, "components/inline_edit.html", {"edit": edit}, status=status)


def _form(
    access: Access, data: Any = None, *, need: Need | None = None, initial: Mapping[str, Any] | None = None
) -> NeedForm:
    instance = need if need is not None else Need(workspace=access.workspace)
    return NeedForm(data, instance=instance, workspace_id=access.workspace.pk, initial=dict(initial or {}))


def _refuse(form: ModelForm[Need], error: ValidationError) -> None:
    """Show what the service refused beside the field that it belongs to."""
    if hasattr(error, "error_dict"):
        for name, messages in error.message_dict.items():
            form.add_error(name if name in form.fields else None, messages)
    else:
        form.add_error(None, error.messages)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, access: Access) -> HttpResponse:
    """Write a need down."""
    product = access.member.product
    if request.method == "GET":
        initial = {"product": product, "title": request.GET.get("title", "")[:300]}
        context = {"form": _form(access, initial=initial), "base": base(access)}
        return responses.page(request, "insights/needs/form.html", context)
    form = _form(access, request.POST)
    if form.is_valid():
        try:
            need = services.create_need(
                workspace=access.workspace, actor=access.actor, at=timezone.now(), **form.values()
            )
        except ValidationError as error:
            _refuse(form, error)
        else:
            toasts.add(request, f"{need.key} written down")
            return HttpResponseRedirect(f"{base(access)}{need.number}/")
    return responses.form_page(request, "insights/needs/form.html", {"form": form, "base": base(access)})


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Change a need's words, product and rating."""
    need = need_or_404(access, number)
    context: dict[str, Any] = {"need": need, "base": base(access)}
    if request.method == "GET":
        context["form"] = _form(access, need=need, initial={"version": need.version})
        return responses.page(request, "insights/needs/form.html", context)
    form = _form(access, request.POST, need=need)
    context["form"] = form
    if form.is_valid():
        try:
            services.change_need(
                need=need,
                changes=form.values(),
                actor=access.actor,
                at=timezone.now(),
                expected_version=form.cleaned_data["version"],
            )
        except records.StaleRecordError:
            form.add_error(None, "Somebody changed this need meanwhile. Look at it again, then save anew.")
        except ValidationError as error:
            _refuse(form, error)
        else:
            toasts.add(request, f"{need.key} saved")
            return HttpResponseRedirect(f"{base(access)}{need.number}/")
    return responses.form_page(request, "insights/needs/form.html", context)
