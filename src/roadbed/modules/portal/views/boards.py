"""The makers' boards: make, change, see what stands on them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.records import markdown, pages
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.portal.forms.desk import BoardForm, PutForm
from roadbed.modules.portal.models import Standing, State
from roadbed.modules.portal.selectors import colours, desk, standings
from roadbed.modules.portal.selectors.listings import plain
from roadbed.modules.portal.services import boards as services
from roadbed.modules.portal.services import listings as listing_services
from roadbed.modules.portal.views import desk as shared
from roadbed.web import filters, formats, pagination, parts, responses, tables, toasts

COLUMNS = (
    tables.Column("title", "Listing", main=True, sortable=True),
    tables.Column("state", "State", tight=True),
    tables.Column("standing", "Stands at", tight=True),
    tables.Column("people", "People", numeric=True, sortable=True, hint="Known people who want it"),
    tables.Column("nameless", "Nameless", numeric=True, hint="Votes of visitors without a name"),
    tables.Column("created", "Since", tight=True, sortable=True),
)
FILTERS = filters.FilterSet(
    filters=(
        filters.Text("q", "Search", search=True),
        filters.MultiChoice(
            "state", "State", options=[filters.Option(one.value, one.label) for one in State], pinned=True
        ),
        filters.MultiChoice(
            "standing",
            "Stands at",
            options=[filters.Option(one.value, one.label) for one in Standing],
            pinned=True,
        ),
        filters.MultiChoice(
            "kind",
            "Kind",
            options=[
                filters.Option("feedback", "Feedback"),
                filters.Option("need", "Needs"),
                filters.Option("feature", "Features"),
            ],
        ),
    ),
    sorts=(
        filters.SortOption("people", "People"),
        filters.SortOption("created", "Since"),
        filters.SortOption("title", "Title", first="asc"),
    ),
    default_sort="-people",
)
ORDER = {"people": "people", "created": "created_at", "title": "title"}


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """Every board that the member may see, and what waits."""
    found = list(desk.boards(**shared.place(access)).order_by("title", "pk")[:200])
    figures = desk.figures(board_ids=[board.pk for board in found])
    lines = [
        {
            "board": board,
            "url": shared.board_url(access, board),
            "public_url": shared.public_url(board),
            "chip": shared.audience_chip(board),
            "figures": figures.get(board.pk),
            "intro": " ".join(board.intro.split())[:180],
        }
        for board in found
    ]
    context = {"lines": lines, "base": shared.base(access), "waiting": desk.count_waiting(access)}
    return responses.page(request, "portal/desk/boards.html", context)


def _rows(access: Access, found: Any) -> tuple[tables.Row, ...]:
    words = standings.wordings(workspace_id=access.workspace.pk)
    return tuple(
        tables.Row(
            id=str(listing.pk),
            label=listing.title,
            url=shared.listing_url(access, listing),
            cells={
                "title": parts.title(
                    listing.title, url=shared.listing_url(access, listing), key_text=listing.record.key
                ),
                "state": shared.state_chip(listing.state),
                "standing": shared.standing_chip(listing, words),
                "people": formats.number(listing.people),
                "nameless": formats.number(listing.nameless) if listing.nameless else parts.quiet("–"),
                "created": parts.when(listing.created_at),
            },
        )
        for listing in found
    )


@page()
@require_GET
def show(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """One board, and what stands on it."""
    board = shared.board_or_404(access, number)
    url = shared.board_url(access, board)
    state = FILTERS.parse(request.GET, path=url)
    rows = desk.listings(**shared.place(access)).filter(board=board)
    for word in plain(state.values.get("q", "")).split()[:8]:
        rows = rows.filter(words__contains=word)
    for name, column in (("state", "state__in"), ("standing", "standing__in"), ("kind", "record__kind__in")):
        if state.values.get(name):
            rows = rows.filter(**{column: state.values[name]})
    order = pagination.order_for(state.sort, columns=ORDER)
    found = pagination.paginate(rows, order=order, cursor=state.cursor)
    table = tables.Table(
        id="listings",
        caption="Listings",
        noun="listings",
        columns=COLUMNS,
        state=state,
        page=found,
        rows=_rows(access, found.rows),
        empty=tables.Empty(
            "Nothing stands here yet",
            "Put a need or a feature on the board, or wait for what visitors submit.",
            action="Put something on the board" if access.can_make else "",
            url=f"{shared.base(access)}put/?board={board.pk}" if access.can_make else "",
        ),
    )
    context = {
        **pages.record_context(access=access, record=board, now=timezone.now(), with_chain=False),
        "board": board,
        "url": url,
        "base": shared.base(access),
        "public_url": shared.public_url(board),
        "chip": shared.audience_chip(board),
        "figures": desk.figures(board_ids=[board.pk]).get(board.pk),
        "unconfirmed": desk.unconfirmed(board=board, at=timezone.now()),
        "intro": markdown.render(board.intro),
        "table": table,
        "state": state,
        "is_adjusted": not colours.is_used_as_is(board.accent),
    }
    return responses.page(request, "portal/desk/board.html", context)


def _form(request: HttpRequest, access: Access, form: BoardForm, **context: Any) -> HttpResponse:
    whole = {"form": form, "base": shared.base(access), **context}
    if form.is_bound:
        return responses.form_page(request, "portal/desk/board_form.html", whole)
    return responses.page(request, "portal/desk/board_form.html", whole)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, access: Access) -> HttpResponse:
    """Open a board."""
    form = BoardForm(request.POST or None, workspace=access.workspace, circles=access.circle_ids)
    if request.method == "POST" and form.is_valid():
        try:
            board = services.create_board(
                workspace=access.workspace, **form.cleaned_data, actor=access.actor, at=timezone.now()
            )
        except ValidationError as error:
            shared.refused(form, error)
        else:
            toasts.add(request, f"{board.title} is open.")
            return HttpResponseRedirect(shared.board_url(access, board))
    return _form(request, access, form)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Change a board."""
    board = shared.board_or_404(access, number)
    form = BoardForm(
        request.POST or None,
        workspace=access.workspace,
        circles=access.circle_ids,
        initial=BoardForm.initial_of(board),
    )
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        values["slug"] = values["slug"] or board.slug
        try:
            services.change_board(board=board, changes=values, actor=access.actor, at=timezone.now())
        except ValidationError as error:
            shared.refused(form, error)
        else:
            toasts.add(request, f"{board.title} is changed.")
            return HttpResponseRedirect(shared.board_url(access, board))
        board = shared.board_or_404(access, number)
    return _form(request, access, form, board=board, url=shared.board_url(access, board))


@page(role=Role.MAKER)
@require_POST
def set_logo(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Give a board its sign, or take it away where no file is sent."""
    board = shared.board_or_404(access, number)
    file = request.FILES.get("logo")
    try:
        if file is None:
            services.remove_logo(board=board, actor=access.actor, at=timezone.now())
            toasts.add(request, "The logo is gone.")
        else:
            services.set_logo(board=board, file=file, actor=access.actor, at=timezone.now())
            toasts.add(request, "The board has its logo.")
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
    return HttpResponseRedirect(f"{shared.board_url(access, board)}edit/")


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def put(request: HttpRequest, access: Access) -> HttpResponse:
    """Put a record on a board, in words for customers."""
    boards = desk.boards(**shared.place(access)).order_by("title")
    chosen = request.GET.get("board", "")
    key = request.GET.get("key", "")[:20]
    record = _record(access, key) if key else None
    initial = {
        "board": int(chosen) if chosen.isdecimal() and len(chosen) < 16 else None,
        "key": key,
        "title": record.title[:200] if record else "",
    }
    form = PutForm(request.POST or None, boards=boards, initial=initial)
    if request.method == "POST" and form.is_valid():
        found = _record(access, form.cleaned_data["key"])
        board = form.cleaned_data["board"]
        if found is None:
            form.add_error("key", "There is no such record here.")
        else:
            try:
                listing = listing_services.put_on_board(
                    board=board,
                    record=found,
                    title=form.cleaned_data["title"],
                    text=form.cleaned_data["text"],
                    actor=access.actor,
                    at=timezone.now(),
                )
            except ValidationError as error:
                shared.refused(form, error)
            else:
                toasts.add(request, f"{found.key} stands on {board.title}.")
                return HttpResponseRedirect(shared.listing_url(access, listing))
    context = {
        "form": form,
        "base": shared.base(access),
        "record": record,
        "stands": desk.listings_of_record(record_id=record.pk, **shared.place(access)) if record else [],
        "has_boards": boards.exists(),
    }
    if form.is_bound:
        return responses.form_page(request, "portal/desk/put.html", context)
    return responses.page(request, "portal/desk/put.html", context)


def _record(access: Access, key: str) -> Record | None:
    found: Record | None = (
        Record.objects.in_workspace(access.workspace.pk, circles=access.circle_ids)
        .by_key(key.strip())
        .filter(kind__in=listing_services.KINDS)
        .first()
    )
    return found
