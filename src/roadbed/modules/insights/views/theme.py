"""One theme: its page, and the deeds on it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.records import kinds, markdown, pages
from roadbed.core.records import services as records
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights.forms import themes as forms
from roadbed.modules.insights.models import Dimension, Theme
from roadbed.modules.insights.selectors import narrowing
from roadbed.modules.insights.selectors import themes as selectors
from roadbed.modules.insights.selectors import trends as trend_selectors
from roadbed.modules.insights.services import themes as services
from roadbed.modules.insights.views import shared, trend_charts
from roadbed.modules.insights.views import themes as list_views
from roadbed.modules.insights.views.theme_pieces import COLUMNS, piece_rows
from roadbed.web import charts, edits, filters, formats, pagination, receipts, responses, tables, toasts

PIECES_A_PAGE = 12
WEEKS_SHOWN = 52


def theme_or_404(access: Access, number: int) -> Theme:
    """Return the theme with that number; a stranger's and a missing one look the same."""
    found: Theme = shared.found_or_404(
        selectors.access_theme, workspace_id=access.workspace.pk, number=number
    )
    return found


def _url(access: Access, theme: Theme) -> str:
    return f"{list_views.base(access)}{theme.number}/"


def _part(label: str, value: str, url: str = "") -> receipts.Part:
    return receipts.Part(label=label, value=value, url=url)


def _facts(access: Access, theme: Theme) -> list[dict[str, Any]]:
    """The counts, each opening to what it is made of."""
    tally = getattr(theme, "tally", None)
    if tally is None:
        return []
    as_of = formats.day(timezone.localtime(tally.counted_at), today=timezone.localdate())
    rows = shared.place(access, f"feedback/?theme={theme.key}")
    currency = access.workspace.currency
    pieces = receipts.Receipt(
        value=formats.number(tally.quotes),
        title="Pieces of feedback",
        parts=(_part("All of them, as a list", formats.number(tally.quotes), rows),),
        method="Open feedback that is in the theme; wordings merged into one count with it.",
        as_of=as_of,
    )
    people = receipts.Receipt(
        value=formats.number(tally.people),
        title="Distinct people",
        parts=(
            _part("Pieces of feedback", formats.number(tally.quotes), rows),
            _part("People behind them", formats.number(tally.people)),
        ),
        method="Everybody counts once; a piece without a name counts as one person.",
        as_of=as_of,
    )
    revenue = receipts.Receipt(
        value=formats.money(tally.revenue, currency=currency) if tally.revenue else "–",
        title="Revenue a year",
        parts=(
            _part("Customers", formats.number(tally.accounts)),
            _part("Sum", formats.money_exact(tally.revenue, currency=currency)),
        ),
        method="The yearly revenue of the distinct customers, as far as it is known.",
        as_of=as_of,
    )
    return [
        {"label": "People", "figure": people},
        {"label": "Customers", "value": formats.number(tally.accounts)},
        {"label": "Revenue a year", "figure": revenue},
        {"label": "Feedback", "figure": pieces},
        {"label": "Last four weeks", "figure": _recent(theme, as_of)},
    ]


def _recent(theme: Theme, as_of: str) -> receipts.Receipt:
    change = (
        "–" if theme.change is None else f"{theme.change:.2f} times" if theme.change < 999 else "from nothing"
    )
    return receipts.Receipt(
        value=formats.plural(theme.recent, "person", "people"),
        title="Last four weeks",
        parts=(
            _part("People in the last four weeks", formats.number(theme.recent)),
            _part("People in four weeks, over the twelve before", formats.number(theme.usual, digits=1)),
            _part("Share of all voices, now over then", change),
        ),
        method=(
            "Rising or falling where the whole 95% interval of the ratio of shares lies on one side of 1; it takes "
            "five people to say anything."
        ),
        as_of=as_of,
    )


def _moods(theme: Theme) -> list[dict[str, Any]]:
    """What people like and dislike, as far as it was read: each leads to the pieces."""
    words = (
        ("praise", "praise it", "good"),
        ("problem", "have a problem", "bad"),
        ("request", "ask for something", ""),
        ("question", "ask a question", ""),
        ("negative", "sound negative", "bad"),
        ("positive", "sound positive", "good"),
    )
    total = sum(theme.mood.get(name, 0) for name in ("negative", "neutral", "positive")) or sum(
        theme.mood.get(name, 0) for name in ("praise", "problem", "request", "question")
    )
    return [
        {
            "name": name,
            "label": label,
            "tone": tone,
            "count": theme.mood[name],
            "share": 100 * theme.mood[name] / total,
            "url": f"?mood={name}#pieces",
        }
        for name, label, tone in words
        if total and theme.mood.get(name)
    ]


def _pieces(request: HttpRequest, access: Access, theme: Theme, leaves: list[int]) -> dict[str, Any]:
    workspace_id = access.workspace.pk
    sources = narrowing.values_of_feedback(workspace_id=workspace_id, column="source")
    options = {
        "segment": list_views.options_for(access)["segment"],
        "source": [filters.Option(name, name) for name in sources],
    }
    state = forms.PIECES.parse(request.GET, path=_url(access, theme), options=options)
    wanted = list_views.resolved(access, state.values)
    rows = selectors.pieces_of(theme=theme, filters=wanted, leaves=leaves)
    order = pagination.order_for(state.sort, columns=forms.PIECES_ORDER)
    found = pagination.paginate(
        rows.select_related("feedback", "feedback__person", "feedback__account"),
        order=order,
        cursor=state.cursor,
        size=PIECES_A_PAGE,
        count_cap=1000,
    )
    themes = {one.pk: one for one in selectors.live(workspace_id=workspace_id).filter(pk__in=leaves)}
    base = list_views.base(access)
    extra = f"?source={theme.key}"
    table = tables.Table(
        id="pieces",
        caption="What they say",
        noun="pieces",
        columns=COLUMNS,
        state=state,
        page=found,
        rows=piece_rows(access, found.rows, themes=themes),
        bulk=(
            tables.BulkAction("Move to…", f"{base}{theme.number}/pieces/move/", icon="arrow-right"),
            tables.BulkAction("Split off…", f"{base}{theme.number}/pieces/split/", icon="tree"),
            tables.BulkAction("Not about this", f"{base}{theme.number}/pieces/out/", icon="cross"),
        )
        if access.can_make
        else (),
        empty=tables.Empty(
            "Nothing in it yet", "Put feedback into it, give it words, or wait for the next look."
        ),
    )
    return {"table": table, "state": state, "extra": extra}


@page()
@require_GET
def show(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """One theme with what is said, by whom, how often, and why each piece is in it."""
    try:
        theme = theme_or_404(access, number)
    except Http404:
        survivor = selectors.survivor_of(workspace_id=access.workspace.pk, number=number)
        if survivor is None:
            raise
        return HttpResponseRedirect(kinds.url_of(survivor, workspace=access.workspace.slug))
    now = timezone.now()
    last = trend_selectors.last_week(workspace_id=access.workspace.pk, now=now)
    first = last - dt.timedelta(weeks=WEEKS_SHOWN - 1)
    weeks = trend_selectors.weeks_of(
        workspace_id=access.workspace.pk,
        dimension=Dimension.THEME,
        values=[str(theme.pk)],
        first=first,
        last=last,
    )[str(theme.pk)]
    alerts = list(
        trend_selectors.alerts_of(workspace_id=access.workspace.pk, filters={"theme": theme.pk}).order_by(
            "-week"
        )[:8]
    )
    marks = trend_charts.releases(access, first=first, last=last)
    chart = trend_charts.one_line(id="weeks", name=theme.title, weeks=weeks, marks=marks, alerts=alerts)
    if download := charts.download(request, chart):
        return download
    leaves = selectors.leaves_of(theme=theme)
    url = _url(access, theme)
    context = {
        **pages.record_context(access=access, record=theme, now=now, with_chain=False),
        **({} if theme.is_broad else _pieces(request, access, theme, leaves)),
        "all_url": shared.place(access, f"feedback/?theme={theme.key}"),
        "theme": theme,
        "base": list_views.base(access),
        "url": url,
        "description": markdown.render(theme.description, workspace=access.workspace.slug),
        "facts": _facts(access, theme),
        "moods": _moods(theme),
        "trend_chip": list_views.trend_chip(theme),
        "chart": chart,
        "alerts": trend_charts.alert_lines(access, alerts),
        "shares": selectors.segment_shares(theme=theme, leaves=leaves),
        "children": selectors.children_of(theme=theme) if theme.is_broad else [],
        "needs": selectors.linked_needs(theme=theme),
        "currency": access.workspace.currency,
        "title_edit": _title_edit(access, theme),
    }
    return responses.page(request, "insights/themes/show.html", context)


def _title_edit(
    access: Access, theme: Theme, *, typed: str | None = None, error: str = ""
) -> edits.InlineEdit:
    return edits.InlineEdit(
        id=f"theme-{theme.pk}-title",
        label=f"Name of {theme.key}",
        name="title",
        value=theme.title if typed is None else typed,
        url=f"{_url(access, theme)}name/" if access.can_make else "",
        error=error,
    )


@page(role=Role.MAKER)
@require_POST
def rename(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Name a theme where its name is read. No later run takes the name away."""
    theme = theme_or_404(access, number)
    typed = " ".join(request.POST.get("title", "").replace("\x00", "").split())
    error = ""
    try:
        services.change_theme(theme=theme, changes={"title": typed}, actor=access.actor, at=timezone.now())
    except ValidationError as refused:
        error = " ".join(refused.messages)
    if not responses.wants_fragment(request):
        if error:
            toasts.add(request, error, tone="bad")
        return responses.back(request, otherwise=_url(access, theme))
    edit = _title_edit(access, theme, typed=typed, error=error)
    return responses.page(
        request, "components/inline_edit.html", {"edit": edit}, status=422 if error else 200
    )


@page(role=Role.MAKER)
@require_POST
def set_pin(request: HttpRequest, access: Access, number: int, *, pinned: bool) -> HttpResponse:
    """Pin a theme, or let it go."""
    theme = theme_or_404(access, number)
    run = services.pin if pinned else services.unpin
    run(theme=theme, actor=access.actor, at=timezone.now())
    opposite = f"{_url(access, theme)}{'unpin' if pinned else 'pin'}/"
    words = "pinned: its feedback stays where it is" if pinned else "unpinned"
    toasts.add(request, f"{theme.title} {words}", undo_url=opposite)
    return responses.back(request, otherwise=_url(access, theme))


@page(role=Role.MAKER)
@require_POST
def make_need(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Write a need from the theme, backed by what is nearest its middle."""
    theme = theme_or_404(access, number)
    title = request.POST.get("title", "").replace("\x00", "")
    try:
        need = services.make_need(theme=theme, title=title, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        shared.say_refused(request, error)
        return responses.back(request, otherwise=_url(access, theme))
    toasts.add(request, f"{need.key} written, with the quotes nearest the middle of the theme")
    return HttpResponseRedirect(kinds.url_of(need, workspace=access.workspace.slug))


def _form(access: Access, data: Any = None, *, theme: Theme | None = None, **initial: Any) -> forms.ThemeForm:
    instance = theme if theme is not None else Theme(workspace=access.workspace)
    return forms.ThemeForm(data, instance=instance, workspace_id=access.workspace.pk, initial=initial)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, access: Access) -> HttpResponse:
    """Make a theme by hand."""
    base = list_views.base(access)
    if request.method == "GET":
        return responses.page(request, "insights/themes/form.html", {"form": _form(access), "base": base})
    form = _form(access, request.POST)
    if form.is_valid():
        try:
            theme = services.create_theme(
                workspace=access.workspace, actor=access.actor, at=timezone.now(), **form.values()
            )
        except ValidationError as error:
            shared.add_errors(form, error)
        else:
            toasts.add(request, f"{theme.title} made. What fits it moves in at the next look.")
            return HttpResponseRedirect(_url(access, theme))
    return responses.form_page(request, "insights/themes/form.html", {"form": form, "base": base})


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Change a theme's name, description, words and place."""
    theme = theme_or_404(access, number)
    context: dict[str, Any] = {"theme": theme, "base": list_views.base(access), "url": _url(access, theme)}
    if request.method == "GET":
        context["form"] = _form(access, theme=theme, version=theme.version)
        return responses.page(request, "insights/themes/form.html", context)
    form = _form(access, request.POST, theme=theme)
    context["form"] = form
    if form.is_valid():
        try:
            services.change_theme(
                theme=theme_or_404(access, number),
                changes=form.values(),
                actor=access.actor,
                at=timezone.now(),
                expected_version=form.cleaned_data["version"],
            )
        except records.StaleRecordError:
            form.add_error(None, "Somebody changed this theme meanwhile. Look at it again, then save anew.")
        except ValidationError as error:
            shared.add_errors(form, error)
        else:
            toasts.add(request, f"{theme.key} saved")
            return HttpResponseRedirect(_url(access, theme))
    return responses.form_page(request, "insights/themes/form.html", context)
