"""The themes of a workspace: list, map, what fits nowhere, and how fine they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_POST

from roadbed.core.jobs import views as job_views
from roadbed.core.records import lists as record_lists
from roadbed.core.tables import sources, writing
from roadbed.core.tables.responses import export_response
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights.forms import themes as forms
from roadbed.modules.insights.models import Theme
from roadbed.modules.insights.models.themes import BROADEST, FINEST
from roadbed.modules.insights.selectors import choices, narrowing
from roadbed.modules.insights.selectors import themes as selectors
from roadbed.modules.insights.services import theme_deeds
from roadbed.modules.insights.services import themes as services
from roadbed.modules.insights.views import shared, theme_map
from roadbed.modules.insights.views.theme_pieces import POOL_COLUMNS, pool_rows
from roadbed.web import filters, formats, pagination, parts, responses, tables, toasts

LIST_NAME = "insights.themes"
UNDO_SALT = "roadbed.insights.themes.undo"
UNDO_SECONDS = 60 * 60 * 24
TONES = {"rising": "warn", "falling": "good", "steady": "", "unclear": "outline"}
ICONS = {"rising": "▲ ", "falling": "▼ "}
COLUMNS = (
    tables.Column("title", "Theme", main=True, sortable=True),
    tables.Column("line", "26 weeks"),
    tables.Column("people", "People", numeric=True, sortable=True, hint="Distinct people who spoke of it"),
    tables.Column("accounts", "Customers", numeric=True, sortable=True, hint="Distinct accounts"),
    tables.Column("revenue", "Revenue", numeric=True, sortable=True, hint="A year, over these accounts"),
    tables.Column(
        "change", "Trend", sortable=True, hint="Share of all people, last 4 weeks over the 12 before"
    ),
    tables.Column("recent", "Last 4 weeks", numeric=True, sortable=True, hint="People", shown=False),
    tables.Column("mood", "Sounds", hint="Share of its feedback that sounds negative or positive"),
    tables.Column("within", "Within", shown=False),
    tables.Column("latest", "Last heard", sortable=True, tight=True),
)


def base(access: Access) -> str:
    """The address of the list."""
    return shared.place(access, "themes/")


def options_for(access: Access) -> dict[str, list[filters.Option]]:
    """Return the choices that only the database knows."""
    workspace_id = access.workspace.pk
    return {
        "segment": choices.segments(workspace_id=workspace_id),
        "within": [
            filters.Option(one.key, one.title) for one in selectors.broad_themes(workspace_id=workspace_id)
        ],
    }


def resolved(access: Access, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters with the segment itself in place of its key."""
    found = dict(values)
    if found.get("segment"):
        found["segment"] = selectors.segment_with_key(workspace_id=access.workspace.pk, key=found["segment"])
    return found


def trend_chip(theme: Theme) -> SafeString:
    """Return the trend in a word, with what it is read from."""
    if not theme.direction:
        return parts.quiet("too few")
    hint = (
        f"{theme.recent} people in the last four weeks; "
        f"{theme.usual:.1f} in four weeks over the twelve before"
    )
    if theme.change is not None and theme.change < 999:
        hint += f"; their share of all voices is {theme.change:.1f} times what it was"
    word = f"{ICONS.get(theme.direction, '')}{theme.direction}"
    return format_html('<span title="{}">{}</span>', hint, parts.chip(word, tone=TONES[theme.direction]))


def mood_cell(theme: Theme) -> SafeString:
    """Return how its feedback sounds, as a bar in two colours with the shares in words."""
    bad, good = theme.mood.get("negative", 0), theme.mood.get("positive", 0)
    total = bad + good + theme.mood.get("neutral", 0)
    if not total:
        return parts.quiet("–")
    left, right = 100 * bad / total, 100 * good / total
    label = f"{left:.0f}% negative, {right:.0f}% positive, of {formats.plural(total, 'piece')}"
    return format_html(
        '<svg class="mood-bar" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<title>{}</title><rect class="mood-bar__all" width="100" height="6"/>'
        '<rect class="mood-bar__bad" width="{}" height="6"/>'
        '<rect class="mood-bar__good" x="{}" width="{}" height="6"/></svg>',
        label,
        label,
        f"{left:.1f}",
        f"{100 - right:.1f}",
        f"{right:.1f}",
    )


def _title(theme: Theme, url: str, alerts: int) -> SafeString:
    marks = []
    if alerts:
        marks.append(parts.chip(formats.plural(alerts, "alert"), tone="bad", icon="warning"))
    if theme.is_by_hand:
        marks.append(parts.chip("made by hand", tone="outline"))
    if theme.is_pinned:
        marks.append(parts.chip("pinned", tone="outline"))
    if theme.is_broad:
        marks.append(parts.chip("broad", tone="outline"))
    return parts.joined([parts.title(theme.title, url=url, key_text=theme.key), *marks])


def _rows(access: Access, themes: tuple[Theme, ...]) -> tuple[tables.Row, ...]:
    currency = access.workspace.currency
    alerts = selectors.new_alerts_of(ids=[theme.pk for theme in themes])
    found = []
    for theme in themes:
        tally = getattr(theme, "tally", None)
        url = f"{base(access)}{theme.number}/"
        cells: dict[str, str] = {
            "title": _title(theme, url, alerts.get(theme.pk, 0)),
            "line": parts.sparkline(theme.weekly, label=f"Pieces a week over half a year: {theme.weekly}"),
            "people": formats.number(tally.people if tally else 0),
            "accounts": formats.number(tally.accounts if tally else 0),
            "revenue": formats.money(tally.revenue, currency=currency) if tally and tally.revenue else "–",
            "change": trend_chip(theme),
            "recent": formats.number(theme.recent),
            "mood": mood_cell(theme),
            "within": theme.parent.title if theme.parent else "–",
            "latest": parts.when(tally.latest_at if tally else None, style="day"),
        }
        found.append(tables.Row(id=str(theme.pk), label=theme.key, url=url, cells=cells))
    return tuple(found)


def _about(access: Access) -> dict[str, Any]:
    """What stands above the list and the map: the last look, the one under way, how fine."""
    workspace_id = access.workspace.pk
    run = selectors.last_run(workspace_id=workspace_id)
    job = selectors.job_under_way(workspace_id=workspace_id)
    chosen = selectors.chosen_resolution(workspace_id=workspace_id)
    return {
        "run": run,
        "job": job_views.progress_of(access=access, job=job) if job else None,
        "chosen": chosen,
        "fineness": chosen
        or (min(max(run.resolution, BROADEST), FINEST) if run and run.resolution else 10.0),
        "broadest": BROADEST,
        "finest": FINEST,
        "base": base(access),
        "assigned": run.pieces - run.unassigned if run else 0,
    }


def _ways(access: Access, state: filters.State, current: str) -> list[dict[str, Any]]:
    query = f"?{state.querystring}" if state.querystring else ""
    return [
        {"label": "List", "url": f"{base(access)}{query}", "current": current == "list"},
        {"label": "Map", "url": f"{base(access)}map/{query}", "current": current == "map"},
    ]


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """The themes as a list."""
    state = forms.THEMES.parse(request.GET, path=base(access), options=options_for(access))
    order = pagination.order_for(state.sort, columns=forms.THEMES_ORDER)
    rows = selectors.list_themes(workspace_id=access.workspace.pk, filters=resolved(access, state.values))
    found = pagination.paginate(rows, order=order, cursor=state.cursor)
    archived = bool(state.values.get("archived"))
    table = tables.Table(
        id="themes",
        caption="Themes",
        noun="themes",
        columns=COLUMNS,
        state=state,
        page=found,
        rows=_rows(access, found.rows),
        bulk=(
            tables.BulkAction("Pin", f"{base(access)}many/pin/", icon="pin"),
            tables.BulkAction("Unpin", f"{base(access)}many/unpin/"),
            tables.BulkAction(
                "Bring back" if archived else "Archive",
                f"{base(access)}many/{'unarchive' if archived else 'archive'}/",
                icon="archive",
            ),
        )
        if access.can_make
        else (),
        views=record_lists.saved_views(access, list_name=LIST_NAME, base=base(access)),
        save_view_url=f"/w/{access.workspace.slug}/views/?list={LIST_NAME}",
        export_url=f"{base(access)}export/",
        empty=tables.Empty(
            "No themes yet",
            "They are found in what people say, from eight pieces on. Or make one by words or examples.",
            action="Make a theme" if access.can_make else "",
            url=f"{base(access)}new/" if access.can_make else "",
        ),
    )
    context = {
        **_about(access),
        "table": table,
        "state": state,
        "list_name": LIST_NAME,
        "ways": _ways(access, state, "list"),
    }
    return responses.page(request, "insights/themes/index.html", context)


@page()
@require_GET
def show_map(request: HttpRequest, access: Access) -> HttpResponse:
    """The themes as a map: alike is near, area is people, colour is trend."""
    path = f"{base(access)}map/"
    state = forms.THEMES.parse(request.GET, path=path, options=options_for(access))
    rows = selectors.list_themes(workspace_id=access.workspace.pk, filters=resolved(access, state.values))
    themes = selectors.on_map(themes=rows)
    alerts = selectors.new_alerts_of(ids=[theme.pk for theme in themes])
    context = {
        **_about(access),
        "state": state,
        "drawing": theme_map.draw(themes=themes, base=base(access), alerts=alerts),
        "count": len(themes),
        "ways": _ways(access, state, "map"),
    }
    return responses.page(request, "insights/themes/map.html", context)


@page()
@require_GET
def export(request: HttpRequest, access: Access) -> StreamingHttpResponse:
    """The list as it is filtered, as a table; ``?format=`` says as which."""
    format_ = request.GET.get("format", "csv")
    if format_ not in writing.FORMATS:
        raise Http404
    state = forms.THEMES.parse(request.GET, options=options_for(access))
    within = selectors.list_themes(workspace_id=access.workspace.pk, filters=resolved(access, state.values))
    asked = sources.Asked(workspace_id=access.workspace.pk, within=within)
    return export_response(sources.get("themes"), asked, format=format_)


@page(role=Role.MAKER)
@require_POST
def look(request: HttpRequest, access: Access) -> HttpResponse:
    """Look at all feedback again, now."""
    services.look_again(workspace_id=access.workspace.pk, actor=access.actor)
    toasts.add(request, "Looking at all feedback again. What you decided stays as it is.", tone="")
    return responses.back(request, otherwise=base(access))


@page(role=Role.MAKER)
@require_POST
def set_fineness(request: HttpRequest, access: Access) -> HttpResponse:
    """Say how broad or fine themes shall be; nothing sent leaves it to the feedback."""
    typed = request.POST.get("resolution", "").strip()
    try:
        wanted = float(typed) if typed and request.POST.get("automatic") != "yes" else None
        services.choose_resolution(
            workspace=access.workspace, resolution=wanted, actor=access.actor, at=timezone.now()
        )
    except ValidationError as error:
        shared.say_refused(request, error)
    except ValueError:
        toasts.add(request, f"Choose a number from {BROADEST:g} to {FINEST:g}.", tone="bad")
    else:
        toasts.add(request, "Finding themes anew. Names, pins and moves stay.", tone="")
    return responses.back(request, otherwise=base(access))


def picked(request: HttpRequest, access: Access) -> list[int]:
    """Return the ids of the picked themes; with ``everything=yes`` those that the list's filters leave."""
    if (query := record_lists.everything(request)) is not None:
        state = forms.THEMES.parse(query, options=options_for(access))
        rows = selectors.list_themes(workspace_id=access.workspace.pk, filters=resolved(access, state.values))
        return list(rows.order_by("pk").values_list("pk", flat=True)[: theme_deeds.MOST])
    return record_lists.picked_ids(request)


WORDS = {"pin": "pinned", "unpin": "unpinned", "archive": "archived", "unarchive": "brought back"}
OPPOSITES = {"pin": "unpin", "unpin": "pin", "archive": "unarchive", "unarchive": "archive"}


@page(role=Role.MAKER)
@require_POST
def do_many(request: HttpRequest, access: Access, deed: str) -> HttpResponse:
    """Pin, unpin, archive or bring back the picked themes, with undo."""
    done = theme_deeds.do_many(
        deed=deed,
        workspace_id=access.workspace.pk,
        ids=picked(request, access),
        actor=access.actor,
        at=timezone.now(),
    )
    if done:
        kept = signing.dumps([OPPOSITES[deed], done], salt=UNDO_SALT, compress=True)
        undo_url = f"{base(access)}undo/{kept}/"
        toasts.add(request, f"{formats.plural(len(done), 'theme')} {WORDS[deed]}", undo_url=undo_url)
    else:
        toasts.add(request, "Nothing to do: pick some themes first.", tone="")
    return responses.back(request, otherwise=base(access))


@page(role=Role.MAKER)
@require_POST
def undo(request: HttpRequest, access: Access, kept: str) -> HttpResponse:
    """Take a deed on many themes back."""
    try:
        deed, ids = signing.loads(kept, salt=UNDO_SALT, max_age=UNDO_SECONDS)
    except signing.BadSignature as error:
        raise Http404 from error
    done = theme_deeds.do_many(
        deed=deed, workspace_id=access.workspace.pk, ids=ids, actor=access.actor, at=timezone.now()
    )
    toasts.add(request, f"{formats.plural(len(done), 'theme')} as before")
    return responses.back(request, otherwise=base(access))


@page()
@require_GET
def pool(request: HttpRequest, access: Access) -> HttpResponse:
    """Feedback that is in no theme."""
    path = f"{base(access)}unassigned/"
    workspace_id = access.workspace.pk
    sources_ = narrowing.values_of_feedback(workspace_id=workspace_id, column="source")
    options = {"source": [filters.Option(name, name) for name in sources_]}
    state = forms.POOL.parse(request.GET, path=path, options=options)
    rows = selectors.unassigned(workspace_id=workspace_id, filters=state.values)
    order = pagination.order_for(state.sort, columns=forms.POOL_ORDER)
    found = pagination.paginate(rows.only("pk", "said_at"), order=order, cursor=state.cursor, count_cap=1000)
    table = tables.Table(
        id="pool",
        caption="Feedback in no theme",
        noun="pieces",
        columns=POOL_COLUMNS,
        state=state,
        page=found,
        rows=pool_rows(access, [row.pk for row in found.rows]),
        bulk=(
            tables.BulkAction("Put into a theme…", f"{base(access)}pieces/move/", icon="tag"),
            tables.BulkAction("Make a theme of them…", f"{base(access)}pieces/make/", icon="plus"),
        )
        if access.can_make
        else (),
        empty=tables.Empty(
            "Everything is in a theme", "What comes in and is like nothing else waits here.", kind="cleared"
        ),
    )
    context = {**_about(access), "table": table, "state": state}
    return responses.page(request, "insights/themes/pool.html", context)
