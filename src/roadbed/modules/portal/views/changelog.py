"""What is out: the changelog, its feeds, and what a board's pages are dressed in."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed
from django.views.decorators.http import require_safe

from roadbed.core.files import services as files
from roadbed.core.records import markdown
from roadbed.modules.portal.selectors import colours, news
from roadbed.modules.portal.services import boards
from roadbed.modules.portal.views.board import tabs_of
from roadbed.modules.portal.views.doors import Visit, door, host_of, show
from roadbed.web import pagination

PAGE = 12
FEED_LENGTH = 30
YEAR = 60 * 60 * 24 * 365


@door
@require_safe
def index(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The changelog, the newest first."""
    if not visit.board.shows_changelog:
        raise Http404
    page = pagination.paginate(
        news.published(board=visit.board),
        order=("-published_at", "-pk"),
        cursor=request.GET.get("cursor", ""),
        size=PAGE,
    )
    context = {
        "tabs": tabs_of(visit, "changelog"),
        "page": page,
        "entries": [{"entry": entry, "html": markdown.render(entry.text)} for entry in page.rows],
    }
    return show(request, visit, "portal/changelog.html", context)


@door
@require_safe
def feed(request: HttpRequest, visit: Visit, form: str) -> HttpResponse:
    """The changelog as a feed, for readers and other programs."""
    if not visit.board.shows_changelog:
        raise Http404
    shape = Atom1Feed if form == "atom" else Rss201rev2Feed
    home = f"{host_of(request)}{visit.base}"
    found = shape(
        title=f"{visit.board.title}: changelog",
        link=f"{home}changelog/",
        description=f"What is new, from {visit.workspace.name}.",
        feed_url=f"{home}changelog/{form}.xml",
        language="en-gb",
    )
    for entry in news.published(board=visit.board)[:FEED_LENGTH]:
        link = f"{home}changelog/#{entry.code}"
        found.add_item(
            title=entry.title,
            link=link,
            description=str(markdown.render(entry.text)),
            unique_id=link,
            pubdate=entry.published_at,
            updateddate=entry.updated_at,
        )
    response = HttpResponse(found.writeString("utf-8"), content_type=f"application/{form}+xml; charset=utf-8")
    if visit.board.is_public:
        response["Cache-Control"] = "public, max-age=600"
    return response


@door
@require_safe
def style(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The board's own colour as a style sheet. Every value in it is made by us."""
    response = HttpResponse(colours.style_sheet(visit.board.accent), content_type="text/css; charset=utf-8")
    response["Cache-Control"] = f"private, max-age={YEAR}, immutable"
    return response


@door
@require_safe
def logo(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The board's picture."""
    kept = visit.board.logo
    path = files.path_of(kept) if kept is not None else None
    if path is None or not path.is_file():
        raise Http404
    with path.open("rb") as file:
        kind = boards.kind_of_picture(file.read(16))
    if not kind:
        raise Http404
    response = HttpResponse(path.read_bytes(), content_type=kind)
    response["Cache-Control"] = "private, max-age=86400"
    response["Content-Disposition"] = "inline"
    return response


@door
@require_safe
def robots(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What crawlers may read on a domain of the board's own."""
    lines = ["User-agent: *"]
    if visit.board.is_public:
        lines += [f"Disallow: {visit.base}{path}" for path in ("me/", "new/", "off/", "sign-in/")]
    else:
        lines.append("Disallow: /")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
