"""Trends: what is said more and less, week by week, and the weeks that stand out."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights.forms import trends as forms
from roadbed.modules.insights.models import Dimension, TrendAlert
from roadbed.modules.insights.selectors import themes as theme_selectors
from roadbed.modules.insights.selectors import trends as selectors
from roadbed.modules.insights.services import alerts as services
from roadbed.modules.insights.views import shared, trend_charts
from roadbed.web import charts, filters, formats, pagination, parts, responses, tables, toasts

ALERTS_A_PAGE = 20
ROWS_SHOWN = 16
ID_MAX = 2**53  # beyond what any database counts to
COLUMNS = (
    tables.Column("name", "What", main=True),
    tables.Column("line", "Week by week"),
    tables.Column("total", "Pieces", numeric=True),
    tables.Column("recent", "Last 4 weeks", numeric=True),
    tables.Column("usual", "Usual 4 weeks", numeric=True, hint="Over the twelve before"),
    tables.Column(
        "change", "Since when it differs", hint="Where the weekly number changed and stayed changed"
    ),
)
EMPTY = {
    "theme": "Once themes are found, their weeks are counted here.",
    "segment": "Make a segment, and its accounts are counted here week by week.",
    "version": "Import feedback with a column called Version, and each version gets a line.",
    "source": "Feedback that says where it comes from is counted here by source.",
}


def base(access: Access) -> str:
    """The address of the page."""
    return shared.place(access, "trends/")


def _rows(lines: list[selectors.Line]) -> tuple[tables.Row, ...]:
    found = []
    for line in lines:
        counts = line.weeks.counts
        usual = sum(counts[-16:-4]) / 3
        changes = line.changes
        cells: dict[str, str] = {
            "name": parts.title(line.name, url=line.url),
            "line": parts.sparkline(
                counts, label=f"Pieces a week: {', '.join(map(str, counts[-12:]))} in the last twelve"
            ),
            "total": formats.number(line.total),
            "recent": formats.number(sum(counts[-4:])),
            "usual": formats.number(usual, digits=1),
            "change": trend_charts.change_words(changes[-1]) if changes else parts.quiet("no lasting change"),
        }
        found.append(tables.Row(id=line.value or "all", label=line.name, url=line.url, cells=cells))
    return tuple(found)


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """Lines by theme, segment, version or source; below them the weeks that stand out."""
    state = forms.TRENDS.parse(request.GET, path=base(access))
    by = state.values.get("by", Dimension.THEME)
    span = int(state.values.get("span", "52"))
    workspace = access.workspace
    now = timezone.now()
    last = selectors.last_week(workspace_id=workspace.pk, now=now)
    first = last - dt.timedelta(weeks=span - 1)
    leaves = None
    if by == Dimension.THEME:
        fine = theme_selectors.live(workspace_id=workspace.pk).filter(
            is_broad=False, archived_at__isnull=True
        )
        leaves = {str(pk) for pk in fine.values_list("pk", flat=True)}
    lines = selectors.lines(
        workspace=workspace, dimension=by, first=first, last=last, most=ROWS_SHOWN, leaves=leaves
    )
    marks = trend_charts.releases(access, first=first, last=last)
    shown = lines[: selectors.LINES_SHOWN]
    chart = trend_charts.many_lines(id="weeks", title=f"Pieces a week by {by}", lines=shown, marks=marks)
    if download := charts.download(request, chart):
        return download
    context = {
        "state": state,
        "base": base(access),
        "ways": _ways(access, state, by),
        "chart": chart if lines else None,
        "by": by,
        "table": tables.Table(id="lines", caption="Lines", noun="lines", columns=COLUMNS, rows=_rows(lines)),
        "empty_text": EMPTY.get(by, ""),
        "marks": marks,
        "last": last,
        **_alerts(request, access, state),
    }
    return responses.page(request, "insights/trends/index.html", context)


def _ways(access: Access, state: filters.State, by: str) -> list[dict[str, Any]]:
    return [
        {
            "label": f"By {dimension.label.lower()}",
            "url": state.url(by=dimension.value),
            "current": by == dimension,
        }
        for dimension in (Dimension.THEME, Dimension.SEGMENT, Dimension.VERSION, Dimension.SOURCE)
    ]


def _alerts(request: HttpRequest, access: Access, state: filters.State) -> dict[str, Any]:
    wanted = {"state": state.values.get("alerts") or (TrendAlert.State.NEW, TrendAlert.State.KNOWN)}
    rows = selectors.alerts_of(workspace_id=access.workspace.pk, filters=wanted)
    order = pagination.order_for(state.sort, columns=forms.ALERTS_ORDER)
    found = pagination.paginate(rows, order=order, cursor=state.cursor, size=ALERTS_A_PAGE)
    return {
        "alerts": trend_charts.alert_lines(access, found.rows),
        "alerts_page": found,
        "alerts_next": state.url(after=found.next) if found.next else "",
        "alerts_previous": state.url(after=found.previous) if found.previous else "",
    }


DEEDS = {
    "acknowledge": (TrendAlert.State.KNOWN, "acknowledged"),
    "dismiss": (TrendAlert.State.DISMISSED, "dismissed"),
    "reopen": (TrendAlert.State.NEW, "new again"),
}
BACK = {
    TrendAlert.State.NEW: "reopen",
    TrendAlert.State.KNOWN: "acknowledge",
    TrendAlert.State.DISMISSED: "dismiss",
}


@page(role=Role.MAKER)
@require_POST
def decide(request: HttpRequest, access: Access, alert_id: int, deed: str) -> HttpResponse:
    """Acknowledge an alert, dismiss it, or make it new again."""
    alert = alert_or_404(access, alert_id)
    state, words = DEEDS[deed]
    before = TrendAlert.State(alert.state)
    try:
        services.decide(
            alert=alert, state=state, note=request.POST.get("note"), actor=access.actor, at=timezone.now()
        )
    except ValidationError as error:
        shared.say_refused(request, error)
    else:
        undo = shared.place(access, f"alerts/{alert.pk}/{BACK[before]}/") if before != state else ""
        toasts.add(request, f"Alert {words}: {alert.name}", undo_url=undo)
    return responses.back(request, otherwise=base(access))


def alert_or_404(access: Access, alert_id: int) -> TrendAlert:
    """Return the alert with that id; a stranger's and a missing one look the same."""
    if alert_id > ID_MAX:
        raise Http404
    try:
        return selectors.access_alert(workspace_id=access.workspace.pk, alert_id=alert_id)
    except TrendAlert.DoesNotExist as error:
        raise Http404 from error
