"""Frozen plans: keeping one, what changed since, and how scope and work grew."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from roadbed.core.records import kinds
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.models import Product
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap.models import Baseline
from roadbed.modules.roadmap.selectors import baselines as selectors
from roadbed.modules.roadmap.services import baselines as services
from roadbed.modules.roadmap.views import shared
from roadbed.web import charts, formats, pagination, parts, responses, tables, toasts

MOST_CHANGES = 200
BIGGEST_NUMBER = 2**31 - 1
COLUMNS = (
    tables.Column("name", "Baseline", main=True),
    tables.Column("at", "Frozen", tight=True),
    tables.Column("items", "Features", numeric=True),
    tables.Column("shipped", "Shipped", numeric=True),
    tables.Column("effort", "Person-days", numeric=True, hint="Middle estimates of what has one"),
    tables.Column("unestimated", "Without estimate", numeric=True),
    tables.Column("compare", "Since then", tight=True),
)


def base(access: Access) -> str:
    """The address of the page."""
    return f"{shared.base(access)}baselines/"


def changes_url(access: Access, since: Baseline) -> str:
    """Where is told what changed since a baseline."""
    return f"{shared.base(access)}changes/?since={since.number}"


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """The burn-up, and every baseline."""
    workspace_id = access.workspace.pk
    product = Product.objects.filter(
        workspace_id=workspace_id, slug=request.GET.get("product", "")[:60].replace("\x00", "")
    ).first()
    points = selectors.burn_up(workspace_id=workspace_id, scope=f"product:{product.pk}" if product else "all")
    chart = _burn_chart(points)
    if download := charts.download(request, chart):
        return download
    rows = selectors.baselines_of(workspace_id=workspace_id)
    cursor = request.GET.get("after", "")[:200]
    found = pagination.paginate(rows, order=("-number", "-pk"), cursor=cursor, size=50)
    table = tables.Table(
        id="baselines",
        caption="Baselines",
        noun="baselines",
        columns=COLUMNS,
        page=found,
        rows=tuple(_row(access, one) for one in found.rows),
    )
    context = {
        "base": base(access),
        "switch": shared.switch(access, "baselines"),
        "table": table,
        "chart": chart if len(points) > 1 else None,
        "points": points,
        "products": _products(access, product),
        "following": f"{base(access)}?after={found.next}" if found.next else "",
    }
    return responses.page(request, "roadmap/baselines.html", context)


def _products(access: Access, chosen: Product | None) -> list[dict[str, object]]:
    rows = Product.objects.filter(workspace_id=access.workspace.pk).order_by("name")
    ways: list[dict[str, object]] = [{"label": "All", "url": base(access), "current": chosen is None}]
    ways += [
        {"label": one.name, "url": f"{base(access)}?product={one.slug}", "current": one == chosen}
        for one in rows[:8]
    ]
    return ways if len(ways) > 2 else []


def _row(access: Access, one: Baseline) -> tables.Row:
    items, shipped, effort, _, unestimated = one.totals.get("all", [0, 0, 0, 0, 0])
    url = changes_url(access, one)
    by = one.by.display_name if one.by else "every day"
    return tables.Row(
        id=str(one.number),
        label=str(one),
        url=url,
        cells={
            "name": parts.title(str(one), url=url, key_text=f"#{one.number}"),
            "at": parts.when(one.at) if one.kind == Baseline.Kind.NAMED else parts.quiet(by),
            "items": formats.number(items),
            "shipped": formats.number(shipped),
            "effort": formats.number(effort, digits=1),
            "unestimated": formats.number(unestimated),
            "compare": parts.link("What changed since", url=url),
        },
    )


def _burn_chart(points: list[selectors.Burn]) -> charts.Chart:
    rows = [
        {"day": point.day.isoformat(), "what": what, "features": value}
        for point in points
        for what, value in (("planned", point.items), ("shipped", point.shipped))
    ]
    summary = "Nothing is frozen yet."
    if points:
        first, last = points[0], points[-1]
        summary = (
            f"{last.shipped} of {last.items} features shipped; {first.items} were planned on "
            f"{formats.day(first.day, today=last.day)}."
        )
    return charts.Chart(
        id="burn",
        title="Features planned and shipped",
        summary=summary,
        spec=charts.lines(rows, x="day", y="features", series="what", y_title="Features"),
        rows=rows,
    )


@page(role=Role.MAKER)
@require_http_methods(["POST"])
def freeze(request: HttpRequest, access: Access) -> HttpResponse:
    """Keep the plan as it stands, under a name."""
    try:
        made = services.freeze_plan(
            workspace=access.workspace,
            name=request.POST.get("name", ""),
            actor=access.actor,
            at=timezone.now(),
        )
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
    else:
        toasts.add(request, f"Baseline “{made.name}” is kept. Nothing that changes from now on changes it.")
    return HttpResponseRedirect(base(access))


def _asked(access: Access, text: str) -> Baseline | None:
    """Return the baseline that an address names by its number or by a day."""
    workspace_id = access.workspace.pk
    if not text:
        return None
    try:
        if text.isdecimal():
            number = int(text) if len(text) < 10 else BIGGEST_NUMBER
            return selectors.access_baseline(workspace_id=workspace_id, number=number)
        return selectors.baseline_before(workspace_id=workspace_id, day=date.fromisoformat(text))
    except (Baseline.DoesNotExist, ValueError) as error:
        raise Http404 from error


@page()
@require_GET
def changes(request: HttpRequest, access: Access) -> HttpResponse:
    """What changed from one baseline to another, or until now."""
    workspace_id = access.workspace.pk
    since = _asked(access, request.GET.get("since", ""))
    until = _asked(access, request.GET.get("until", ""))
    known = list(selectors.baselines_of(workspace_id=workspace_id)[:60])
    if since is None and known:
        since = known[-1] if len(known) < 8 else known[7]
    found = []
    if since is not None:
        earlier, later = (
            (until, since) if until is not None and until.number < since.number else (since, until)
        )
        found = selectors.changes_between(
            workspace_id=workspace_id, earlier=earlier, later=later, circles=sorted(access.circle_ids)
        )
    context = {
        "base": base(access),
        "here": f"{shared.base(access)}changes/",
        "switch": shared.switch(access, "baselines"),
        "since": since,
        "until": until,
        "known": known,
        "lines": [_line(access, one) for one in found[:MOST_CHANGES]],
        "counts": _counts(found),
        "left": max(0, len(found) - MOST_CHANGES),
    }
    return responses.page(request, "roadmap/changes.html", context)


def _counts(found: list[selectors.RecordChange]) -> list[dict[str, object]]:
    later = [one.slipped for one in found if one.slipped > 0]
    sooner = [one.slipped for one in found if one.slipped < 0]
    return [
        {"label": "Changed", "value": sum(one.what == "changed" for one in found)},
        {"label": "Added", "value": sum(one.what == "added" for one in found)},
        {"label": "Gone", "value": sum(one.what == "removed" for one in found)},
        {"label": "Later", "value": len(later), "note": f"at most {max(later)} days" if later else ""},
        {"label": "Sooner", "value": len(sooner), "note": f"at most {-min(sooner)} days" if sooner else ""},
    ]


def _line(access: Access, change: selectors.RecordChange) -> dict[str, Any]:
    tone = {"added": "good", "removed": "bad"}.get(change.what, "")
    return {
        "record": change.record,
        "url": kinds.url_of(change.record, workspace=access.workspace.slug)
        if change.what != "removed"
        else "",
        "what": {"added": "added", "removed": "gone"}.get(change.what, ""),
        "tone": tone,
        "fields": [
            {"change": one, "moved": shared.moved(one.days), "tone": "bad" if (one.days or 0) > 0 else "good"}
            for one in change.fields
        ],
    }


@page()
@require_GET
def slips(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """How the dates of one feature or release moved, from baseline to baseline."""
    rows = Record.objects.in_workspace(access.workspace.pk, circles=sorted(access.circle_ids)).by_key(key)
    record = rows.filter(kind__in=["feature", "release"]).first()
    if record is None:
        raise Http404
    context = {
        "record": record,
        "url": kinds.url_of(record, workspace=access.workspace.slug),
        "slips": shared.slip_lines(record),
        "base": base(access),
    }
    return responses.page(request, "roadmap/slips.html", context)
