"""The board, the list and the tree: three ways to look at one plan."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from roadbed.core.records import lists as record_lists
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import selectors, services
from roadbed.modules.roadmap.forms import lists
from roadbed.modules.roadmap.models import Deed, Feature, Horizon, Release, Status
from roadbed.modules.roadmap.views import shared
from roadbed.web import boards, formats, pagination, responses, tables, toasts

LIST_NAME = "roadmap.features"
_FIGURES = (
    tables.Column(
        "impact",
        "Impact",
        numeric=True,
        sortable=True,
        hint="What each voice counts, added up; open it to see how",
    ),
    tables.Column("people", "People", numeric=True, sortable=True, hint="Distinct people behind it"),
    tables.Column("accounts", "Customers", numeric=True, sortable=True, hint="Distinct accounts"),
    tables.Column("revenue", "Revenue", numeric=True, sortable=True, hint="A year, over these accounts"),
)
_PLACE = (
    tables.Column("status", "Status", tight=True),
    tables.Column("horizon", "Horizon", tight=True),
    tables.Column("release", "Release", tight=True),
)
_MAKING = (tables.Column("team", "Team", tight=True), tables.Column("owner", "Owner", tight=True))
_TITLE = tables.Column("title", "Feature", main=True, sortable=True)


def columns_for(access: Access) -> tuple[tables.Column, ...]:
    """The columns: the business view leads with the figures, the technical view with who makes it."""
    rest = (
        tables.Column("strength", "Evidence", sortable=True, tight=True),
        tables.Column("latest", "Last heard", sortable=True, shown=False, tight=True),
        tables.Column("lane", "Lane", shown=False, tight=True),
        tables.Column("level", "Level", shown=False, tight=True),
        tables.Column("target", "Target", shown=False, tight=True),
        tables.Column("product", "Product", shown=False, tight=True),
        tables.Column("updated", "Changed", sortable=True, tight=True),
    )
    if access.member.is_technical:
        impact, people, _, revenue = _FIGURES
        status, _, release = _PLACE
        fewer = (
            tables.Column("accounts", "Customers", numeric=True, sortable=True, shown=False),
            tables.Column("horizon", "Horizon", tight=True, shown=False),
        )
        return (_TITLE, status, release, *_MAKING, impact, people, revenue, *rest, *fewer)
    hidden = tuple(tables.Column(column.key, column.label, tight=True, shown=False) for column in _MAKING)
    return (_TITLE, *_FIGURES, *_PLACE, *rest, *hidden)


def _card(access: Access, feature: Feature) -> boards.Card:
    tally = getattr(feature, "tally", None)
    facts = []
    if tally and tally.people:
        facts.append(f"{tally.people} people · {tally.accounts} customers")
        if tally.revenue:
            facts.append(formats.money(tally.revenue, currency=access.workspace.currency))
    return boards.Card(
        id=str(feature.pk),
        key=feature.key,
        title=feature.title,
        url=shared.feature_url(access, feature),
        note=(feature.team.name if feature.team else "") if access.member.is_technical else "",
        chips=(shared.status_chip(feature), shared.evidence_chip(access, feature)),
        facts=tuple(facts),
    )


@page()
@require_GET
def board(request: HttpRequest, access: Access) -> HttpResponse:
    """Now, next, later."""
    path = shared.base(access)
    state = lists.FILTERS.parse(request.GET, path=path, options=lists.options_for(access))
    columns = tuple(
        boards.BoardColumn(
            key=str(horizon),
            label=horizon.label,
            cards=tuple(_card(access, feature) for feature in cards),
            total=total,
            more_url=f"{path}list/?horizon={horizon}&open=yes" if total > len(cards) else "",
        )
        for horizon, cards, total in selectors.board_columns(
            workspace_id=access.workspace.pk, filters=state.values
        )
    )
    context = {
        "board": boards.Board(
            id="roadmap",
            label="Roadmap by horizon",
            columns=columns,
            move_url=f"{path}place/" if access.can_make else "",
        ),
        "state": state,
        "switch": shared.switch(access, "board"),
        "base": path,
        "is_empty": not state.is_filtered and not any(column.count for column in columns),
    }
    return responses.page(request, "roadmap/board.html", context)


@page(role=Role.MAKER)
@require_POST
def place(request: HttpRequest, access: Access) -> HttpResponse:
    """Move a card of the board: to a column, before another card or to its end."""
    feature = shared.feature_of_row(access, request.POST.get("card", ""))
    horizon = request.POST.get("column", "")
    if feature is None or horizon not in Horizon.values:
        raise Http404
    before = shared.feature_of_row(access, request.POST.get("before", ""))
    deed = services.place_feature(
        feature=feature, horizon=Horizon(horizon), before=before, actor=access.actor, at=timezone.now()
    )
    # The island that drags has moved the card itself; the menu of a card is a boosted form, and wants the page.
    if responses.wants_fragment(request):
        answer = HttpResponse(status=204)
        if deed is not None:
            toasts.send(answer, deed.summary, undo_url=shared.undo_url(access, deed))
        return answer
    return shared.done(request, access, deed, otherwise=shared.base(access))


def _bulk(access: Access) -> tuple[tables.BulkAction, ...]:
    if not access.can_make:
        return ()
    path = f"{shared.base(access)}bulk/"
    releases = (
        Release.objects.in_workspace(access.workspace.pk).filter(kind="release").order_by("-ship_date")[:50]
    )
    return (
        tables.BulkAction("Status", f"{path}status/", name="value", options=tuple(Status.choices)),
        tables.BulkAction("Horizon", f"{path}horizon/", name="value", options=tuple(Horizon.choices)),
        tables.BulkAction(
            "Release",
            f"{path}release/",
            name="value",
            options=(("", "none"), *((str(one.number), one.title) for one in releases)),
        ),
        tables.BulkAction("Delete", f"{path}delete/", icon="trash", danger=True),
    )


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """Every feature, filtered and sorted."""
    path = f"{shared.base(access)}list/"
    state = lists.FILTERS.parse(request.GET, path=path, options=lists.options_for(access))
    rows = selectors.filter_features(workspace_id=access.workspace.pk, filters=state.values)
    order = pagination.order_for(state.sort, columns=lists.ORDER)
    found = pagination.paginate(rows, order=order, cursor=state.cursor)
    columns = columns_for(access)
    shown = tables.choose(columns, state=state)
    table = tables.Table(
        id="features",
        caption="Features",
        noun="features",
        columns=columns,
        state=state,
        page=found,
        rows=tuple(
            tables.Row(
                id=str(feature.pk),
                label=feature.key,
                url=shared.feature_url(access, feature),
                cells=shared.cells(access, feature, shown=shown),
            )
            for feature in found.rows
        ),
        bulk=_bulk(access),
        views=record_lists.saved_views(access, list_name=LIST_NAME, base=path),
        save_view_url=f"/w/{access.workspace.slug}/views/?list={LIST_NAME}",
        export_url=f"{path}export/",
        empty=tables.Empty(
            "No features yet",
            "A feature is any node of the plan: an area, a feature or a story.",
            action="Add the first feature" if access.can_make else "",
            url=f"{shared.base(access)}new/" if access.can_make else "",
        ),
    )
    context = {
        "table": table,
        "state": state,
        "list_name": LIST_NAME,
        "switch": shared.switch(access, "list"),
        "base": shared.base(access),
    }
    return responses.page(request, "roadmap/list.html", context)


def picked(request: HttpRequest, access: Access) -> list[int]:
    """Return the picked features; with ``everything=yes`` those that the list's filters leave."""
    if (query := record_lists.everything(request)) is not None:
        state = lists.FILTERS.parse(query, path="", options=lists.options_for(access))
        rows = selectors.filter_features(workspace_id=access.workspace.pk, filters=state.values)
        return list(rows.order_by("pk").values_list("pk", flat=True)[: services.MOST])
    return record_lists.picked_ids(request)


def _change(access: Access, what: str, value: str) -> dict[str, Any]:
    if what == "status" and value in Status.values:
        return {"status": value, "status_reason": "Changed with others" if value == Status.DROPPED else ""}
    if what == "horizon" and value in Horizon.values:
        return {"horizon": value}
    if what == "release":
        if not value:
            return {"release": None}
        rows = Release.objects.in_workspace(access.workspace.pk)
        release = rows.filter(number=int(value)).first() if value.isdecimal() and len(value) < 10 else None
        if release is not None:
            return {"release": release}
    raise Http404


@page(role=Role.MAKER)
@require_POST
def bulk(request: HttpRequest, access: Access, what: str) -> HttpResponse:
    """Change or delete the picked features as one deed, with undo."""
    ids = picked(request, access)
    who = {"actor": access.actor, "at": timezone.now()}
    otherwise = f"{shared.base(access)}list/"
    try:
        if what == "delete":
            result = services.delete_many(workspace_id=access.workspace.pk, record_ids=ids, **who)  # type: ignore[arg-type]  # keyed above
        else:
            changes = _change(access, what, request.POST.get("value", ""))
            result = services.change_many(
                workspace_id=access.workspace.pk,
                record_ids=ids,
                changes=changes,
                **who,  # type: ignore[arg-type]  # keyed above
            )
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
        return responses.back(request, otherwise=otherwise)
    if result.refused:
        first = result.refused[0]
        toasts.add(request, f"{len(result.refused)} left alone: {first.key}: {first.reason}", tone="warn")
    return shared.done(request, access, result.deed, otherwise=otherwise)


@page(role=Role.MAKER)
@require_POST
def undo(request: HttpRequest, access: Access, deed_id: int) -> HttpResponse:
    """Take a deed back."""
    try:
        deed = services.access_deed(workspace_id=access.workspace.pk, deed_id=deed_id)
    except Deed.DoesNotExist as error:
        raise Http404 from error
    try:
        undone = services.undo_deed(deed=deed, actor=access.actor, at=timezone.now())
    except services.NotUndoableError as error:
        toasts.add(request, str(error), tone="warn")
    else:
        kept = f" {', '.join(undone.kept)} changed since and stayed." if undone.kept else ""
        toasts.add(request, f"Undone: {deed.summary}{kept}")
    return responses.back(request, otherwise=shared.base(access))
