"""What visitors read: the board, one entry, the roadmap."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from roadbed.core.records import markdown
from roadbed.modules.portal.forms.public import RemarkForm
from roadbed.modules.portal.models import Listing, Standing, State
from roadbed.modules.portal.selectors import doors, listings, standings
from roadbed.modules.portal.selectors.standings import Said
from roadbed.modules.portal.views.doors import Visit, base_of, caller_of, door, finish, show
from roadbed.web import pagination

PAGE = 20
EXCERPT = 240
COLUMNS = (("now", "Now"), ("next", "Next"), ("later", "Later"))


def line_of(listing: Listing, wants: listings.Wants, words: dict[str, Said], visit: Visit) -> dict[str, Any]:
    """Return what one line of a list shows."""
    text = " ".join(listing.text.split())
    return {
        "listing": listing,
        "url": f"{visit.base}entries/{listing.code}/",
        "said": words[listing.standing],
        "excerpt": text[:EXCERPT] + ("…" if len(text) > EXCERPT else ""),
        "voted": listing.pk in wants.voted or listing.pk in wants.authored,
        "authored": listing.pk in wants.authored,
        "followed": listing.pk in wants.followed,
        "may_vote": not listing.is_closed,
    }


def tabs_of(visit: Visit, current: str) -> list[dict[str, Any]]:
    """Return the places of a board."""
    places = [("board", "Ideas", "")]
    if visit.board.shows_roadmap:
        places.append(("roadmap", "Roadmap", "roadmap/"))
    if visit.board.shows_changelog:
        places.append(("changelog", "Changelog", "changelog/"))
    return [
        {"label": label, "url": f"{visit.base}{path}", "current": name == current}
        for name, label, path in places
    ]


@door
@require_safe
def index(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The board: what others asked for, in three orders, by words and by where it stands."""
    sort = request.GET.get("sort", "")
    sort = sort if sort in listings.SORTS else "trending"
    query = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:120]
    chosen = [value for value in request.GET.getlist("standing") if value in Standing.values]
    words = standings.wordings(workspace_id=visit.workspace.pk)
    rows = listings.search(board=visit.board, caller=visit.caller, query=query, standings=chosen)
    page = pagination.paginate(
        rows, order=listings.SORTS[sort], cursor=request.GET.get("cursor", ""), size=PAGE
    )
    wants = listings.wants_of(listings=page.rows, caller=visit.caller)
    counts = listings.count_by_standing(board=visit.board, caller=visit.caller)
    context = {
        "tabs": tabs_of(visit, "board"),
        "page": page,
        "lines": [line_of(listing, wants, words, visit) for listing in page.rows],
        "sort": sort,
        "sorts": [
            {"name": name, "label": label, "current": name == sort}
            for name, label in listings.SORT_LABELS.items()
        ],
        "query": query,
        "standings": [
            {"said": words[standing], "count": counts[standing], "current": standing in chosen}
            for standing in Standing.values
            if counts.get(standing)
        ],
        "total": sum(counts.values()),
        "is_narrowed": bool(query or chosen),
        "waiting": [
            {"listing": listing, "url": f"{visit.base}entries/{listing.code}/"}
            for listing in listings.waiting_of(board=visit.board, caller=visit.caller)
        ],
        "intro": markdown.render(visit.board.intro),
    }
    return show(request, visit, "portal/board.html", context)


def entry_context(visit: Visit, listing: Listing, form: RemarkForm) -> dict[str, Any]:
    """Return what the page of one entry shows."""
    words = standings.wordings(workspace_id=visit.workspace.pk)
    wants = listings.wants_of(listings=[listing], caller=visit.caller)
    steps = listings.steps_of(listing=listing)
    return {
        "tabs": tabs_of(visit, "board"),
        "line": line_of(listing, wants, words, visit),
        "listing": listing,
        "said": words[listing.standing],
        "reason": listing.standing_reason or words[listing.standing].about,
        "text": markdown.render(listing.text),
        "official": markdown.render(listing.answer) if listing.answer else "",
        "steps": [
            {"step": step, "said": words[step.standing], "reason": step.reason or words[step.standing].about}
            for step in reversed(steps)
        ],
        "remarks": [
            {
                "remark": remark,
                "html": markdown.render(remark.body),
                "name": remark.author_name or "Somebody",
                "waits": remark.state == State.WAITING,
            }
            for remark in listings.remarks_of(listing=listing, caller=visit.caller)
        ],
        "merged": listings.merged_here(listing=listing),
        "form": form,
        "may_say": listing.is_published,
        "needs_who": visit.caller.visitor is None,
    }


@door
@require_safe
def entry(request: HttpRequest, visit: Visit, code: str) -> HttpResponse:
    """One entry: what was asked for, where it stands and why, what was answered and said."""
    listing = listings.find(board=visit.board, code=code, caller=visit.caller)
    if listing is None:
        raise Http404
    if listing.code != code:
        return HttpResponseRedirect(f"{visit.base}entries/{listing.code}/")
    return show(request, visit, "portal/entry.html", entry_context(visit, listing, RemarkForm()))


@door
@require_safe
def roadmap(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The roadmap as it is, as far as it stands on this board."""
    if not visit.board.shows_roadmap:
        raise Http404
    words = standings.wordings(workspace_id=visit.workspace.pk)
    found = listings.on_roadmap(board=visit.board, caller=visit.caller)
    every = [listing for column in found.values() for listing in column]
    wants = listings.wants_of(listings=every, caller=visit.caller)

    def lines(name: str) -> list[dict[str, Any]]:
        return [line_of(listing, wants, words, visit) for listing in found[name]]

    context = {
        "tabs": tabs_of(visit, "roadmap"),
        "columns": [{"name": name, "label": label, "lines": lines(name)} for name, label in COLUMNS],
        "done": lines("done"),
        "is_empty": not every,
    }
    return show(request, visit, "portal/roadmap.html", context)


@require_safe
def home(request: HttpRequest, workspace: str) -> HttpResponse:
    """The boards of a workspace that the caller may open; a workspace without any looks like none."""
    place = doors.find_workspace(slug=workspace)
    caller = caller_of(request, place) if place else None
    boards = doors.open_boards(workspace=place, caller=caller) if place and caller else []
    if place is None or not boards:
        raise Http404
    if len(boards) == 1:
        return HttpResponseRedirect(base_of(request, workspace, boards[0].slug))
    lines = [
        {
            "board": board,
            "url": f"/p/{place.slug}/{board.slug}/",
            "intro": markdown.render(board.intro),
            "votes": listings.votes_on(board=board),
        }
        for board in boards
    ]
    response = render(request, "portal/home.html", {"workspace": place, "lines": lines, "base": ""})
    return finish(request, response, None)
