"""The plan as a tree: product, area, feature, story; level by level."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.models import Product
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import selectors, services
from roadbed.modules.roadmap.models import Feature
from roadbed.modules.roadmap.views import fields, plan, shared
from roadbed.web import formats, responses, tables, toasts

ROWS = 100
"""Rows drawn at once; what lies under them is fetched when it is opened."""
LEVELS = 3
EDITABLE = ("title", "status", "horizon", "release", "team", "owner")
HIDDEN = frozenset({"updated", "accounts", "strength"})
MOST_INDENT = 10


def _columns(access: Access) -> tuple[tables.Column, ...]:
    return tuple(
        tables.Column(column.key, column.label, numeric=column.numeric, main=column.main, tight=column.tight)
        for column in plan.columns_for(access)
        if column.shown and column.key not in HIDDEN
    )


def _cells(access: Access, feature: Feature, shown: frozenset[str]) -> dict[str, str]:
    made = shared.cells(access, feature, shown=shown)
    if access.can_make:
        for name in EDITABLE:
            if name in made:
                made[name] = fields.cell(
                    access,
                    feature,
                    name,
                    made[name] if name == "title" else fields.shown(access, feature, name),
                )
    return made


def _menu(access: Access, feature: Feature) -> tuple[tables.MenuItem, ...]:
    url = shared.feature_url(access, feature)
    look = tables.MenuItem("Show it alone", f"?under={feature.key}", icon="eye")
    if not access.can_make:
        return (tables.MenuItem("Open", url, icon="arrow-right"), look)
    return (
        tables.MenuItem("Add one under it", f"{shared.base(access)}new/?parent={feature.key}", icon="plus"),
        tables.MenuItem("Move to…", f"{url}move/", icon="folder", dialog=True),
        look,
    )


def _row(
    access: Access, feature: Feature, *, depth: int, below: Sequence[Feature], shown: frozenset[str]
) -> tables.Row:
    branch = bool(getattr(feature, "has_children", False))
    unread = branch and not below
    url = shared.feature_url(access, feature)
    return tables.Row(
        id=str(feature.pk),
        label=feature.key,
        url=url,
        cells=_cells(access, feature, shown),
        menu=_menu(access, feature),
        depth=min(depth, MOST_INDENT),
        branch=branch,
        open=bool(below),
        move_url=f"{url}move/" if access.can_make else "",
        takes=access.can_make,
        load_url=f"{shared.base(access)}tree/rows/?under={feature.key}&depth={depth + 1}" if unread else "",
    )


def _rows(
    access: Access,
    features: Iterable[Feature],
    *,
    depth: int,
    opened: dict[int, list[Feature]],
    shown: frozenset[str],
) -> list[tables.Row]:
    rows: list[tables.Row] = []
    for feature in features:
        below = opened.get(feature.pk, [])
        rows.append(_row(access, feature, depth=depth, below=below, shown=shown))
        rows.extend(_rows(access, below, depth=depth + 1, opened=opened, shown=shown))
    return rows


def _open_first(access: Access, roots: list[Feature]) -> dict[int, list[Feature]]:
    """Read the first levels, as many whole branches as there is room for; one query a level."""
    opened: dict[int, list[Feature]] = {}
    level, budget = roots, ROWS - len(roots)
    for _ in range(LEVELS - 1):
        parents = []
        for one in level:
            if getattr(one, "has_children", False):
                budget -= getattr(one, "width", 0) or 0
                if budget < 0:
                    break
                parents.append(one.pk)
        if not parents:
            break
        level = selectors.levels_below(workspace_id=access.workspace.pk, parent_ids=parents)
        for one in level:
            if one.parent_id is not None:
                opened.setdefault(one.parent_id, []).append(one)
    return opened


def _with_products(
    access: Access, roots: list[Feature], opened: dict[int, list[Feature]], shown: frozenset[str]
) -> list[tables.Row]:
    """Lay the roots under their products, where there are several."""
    rows: list[tables.Row] = []
    ordered = sorted(roots, key=lambda one: (one.product is None, one.product.name if one.product else ""))
    for product, found in groupby(ordered, key=lambda one: one.product):
        under = list(found)
        name = product.name if product else "Without a product"
        count = formats.plural(len(under), "area or feature", "areas and features")
        title = format_html('<span><b>{}</b> <span class="quiet num">{}</span></span>', name, count)
        rows.append(
            tables.Row(
                id=f"product-{product.pk if product else 0}",
                label=name,
                cells={"title": title},
                branch=True,
                takes=access.can_make and product is not None,
            )
        )
        rows.extend(_rows(access, under, depth=1, opened=opened, shown=shown))
    return rows


@page()
@require_GET
def show(request: HttpRequest, access: Access) -> HttpResponse:
    """The tree, its first levels; ``?under=F-12`` starts lower."""
    path = f"{shared.base(access)}tree/"
    under = request.GET.get("under", "")
    start = shared.feature_or_404(access, under) if under else None
    product = access.member.product.slug if access.member.product else ""
    roots = selectors.level_of_tree(
        workspace_id=access.workspace.pk,
        parent_id=start.pk if start else None,
        product=product,
        limit=ROWS + 1,
    )
    is_cut, roots = len(roots) > ROWS, roots[:ROWS]
    opened = _open_first(access, roots)
    columns = _columns(access)
    shown = frozenset(column.key for column in columns)
    several = start is None and len({one.product_id for one in roots}) > 1
    rows = (
        _with_products(access, roots, opened, shown)
        if several
        else _rows(access, roots, depth=0, opened=opened, shown=shown)
    )
    table = tables.Table(
        id="tree",
        caption="Roadmap as a tree",
        noun="features",
        columns=columns,
        rows=tuple(rows),
        empty=tables.Empty(
            "No plan yet",
            "Begin with an area, and put features under it.",
            action="Add the first area" if access.can_make else "",
            url=f"{shared.base(access)}new/?level=area" if access.can_make else "",
        ),
    )
    context = {
        "table": table,
        "start": start,
        "path_up": selectors.path_of(start) if start else [],
        "path": path,
        "switch": shared.switch(access, "tree"),
        "base": shared.base(access),
        "is_cut": is_cut,
    }
    return responses.page(request, "roadmap/tree.html", context)


@page()
@require_GET
def rows(request: HttpRequest, access: Access) -> HttpResponse:
    """The rows right under a feature (the roots without one): what a branch fetches when it is opened."""
    under = request.GET.get("under", "")
    feature = shared.feature_or_404(access, under) if under else None
    depth = request.GET.get("depth", "")
    found = selectors.level_of_tree(
        workspace_id=access.workspace.pk, parent_id=feature.pk if feature else None, limit=ROWS + 1
    )
    columns = _columns(access)
    shown = frozenset(column.key for column in columns)
    table = tables.Table(
        id="tree",
        caption="Roadmap as a tree",
        columns=columns,
        rows=tuple(
            _rows(
                access,
                found[:ROWS],
                depth=int(depth) if depth.isdecimal() and len(depth) < 4 else int(feature is not None),
                opened={},
                shown=shown,
            )
        ),
    )
    context = {
        "table": table,
        "more": f"{shared.base(access)}tree/?under={under}" if len(found) > ROWS else "",
    }
    return render(request, "roadmap/tree_rows.html", context)


@page(role=Role.MAKER)
@require_POST
def step(request: HttpRequest, access: Access, key: str, way: str) -> HttpResponse:
    """Move a feature one place up or down among its siblings."""
    feature = shared.feature_or_404(access, key)
    beside = selectors.sibling_of(feature, is_before=way == "up")
    deed = None
    if beside is not None:
        deed = services.move_feature(
            feature=feature,
            parent=feature.parent,
            before=beside if way == "up" else None,
            after=beside if way == "down" else None,
            actor=access.actor,
            at=timezone.now(),
        )
    return shared.done(request, access, deed, otherwise=f"{shared.base(access)}tree/")


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Put a feature under another one, beside one, or at the top."""
    feature = shared.feature_or_404(access, key)
    if request.method == "GET":
        url = shared.feature_url(access, feature)
        here = urlsplit(request.headers.get("Referer", ""))
        back = f"{here.path}?{here.query}" if here.path.startswith("/w/") else url
        return render(request, "roadmap/move.html", {"feature": feature, "url": url, "back": back})
    otherwise = shared.feature_url(access, feature)
    try:
        deed = services.move_feature(
            feature=feature, **_place(request, access), actor=access.actor, at=timezone.now()
        )
    except ValidationError as error:
        if responses.wants_fragment(request):
            return HttpResponse(" ".join(error.messages), status=409, content_type="text/plain")
        toasts.add(request, " ".join(error.messages), tone="bad")
        return responses.back(request, otherwise=otherwise)
    # The tree that a row was dragged in is drawn anew; the dialog is a boosted form, and wants the page.
    if responses.wants_fragment(request):
        answer = responses.event("page:refresh")
        if deed is not None:
            toasts.send(answer, deed.summary, undo_url=shared.undo_url(access, deed))
        return answer
    return shared.done(request, access, deed, otherwise=otherwise)


def _row_or_404(access: Access, row: str) -> Feature:
    feature = shared.feature_of_row(access, row)
    if feature is None:
        raise Http404
    return feature


def _place(request: HttpRequest, access: Access) -> dict[str, Any]:
    """Return where a feature shall lie: what was chosen (`target`, a key) or dropped on (`beside`, a row), and how."""
    if request.POST.get("top") == "yes":
        return {"parent": None}
    row = request.POST.get("beside", "")
    name, _, number = row.rpartition("-")
    if name == "product" and number.isdecimal() and len(number) < 19:
        products = Product.objects.filter(workspace=access.workspace, archived_at__isnull=True)
        return {"parent": None, "product": get_object_or_404(products, pk=int(number))}
    other = _row_or_404(access, row) if row else shared.feature_or_404(access, request.POST.get("target", ""))
    how = request.POST.get("place", "under")
    if how not in {"before", "after"}:
        return {"parent": other}
    return {"parent": other.parent, how: other}
