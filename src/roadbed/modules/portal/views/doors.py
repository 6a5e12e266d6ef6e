"""The gate before every public page: which board, who stands there, and may they. Strangers see what is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.crypto import get_random_string
from django.utils.http import url_has_allowed_host_and_scheme

from roadbed.core.gates import services as gates
from roadbed.core.workspaces.access import find_access
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.portal.models import Board, Visitor
from roadbed.modules.portal.selectors import colours, doors
from roadbed.modules.portal.services import visitors

P = ParamSpec("P")
VISITOR_COOKIE, GUEST_COOKIE, TOLD_COOKIE = "portal_visitor", "portal_guest", "portal_told"
VISITOR_SALT, GUEST_SALT, TOLD_SALT = "roadbed.portal.visitor", "roadbed.portal.guest", "roadbed.portal.told"
COOKIE_AGE = timedelta(days=180)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LIMITS: Mapping[str, tuple[gates.Limit, gates.Limit]] = {
    "vote": (gates.Limit(120, HOUR), gates.Limit(600, HOUR)),
    "write": (gates.Limit(20, HOUR), gates.Limit(60, HOUR)),
    "mail": (gates.Limit(6, HOUR), gates.Limit(30, HOUR)),
    "puzzle": (gates.Limit(60, MINUTE), gates.Limit(120, MINUTE)),
    "similar": (gates.Limit(90, MINUTE), gates.Limit(300, MINUTE)),
    "enter": (gates.Limit(30, HOUR), gates.Limit(60, HOUR)),
}
"""By door: how often one visitor, and how often one network address."""


@dataclass(slots=True)
class Visit:
    """Somebody at a board."""

    workspace: Workspace
    board: Board
    caller: doors.Caller
    base: str
    now: datetime
    cookies: dict[str, str] = field(default_factory=dict)
    """What the answer sets; an empty text takes a cookie away."""

    @property
    def path(self) -> str:
        """Where the cookies hold: the workspace's boards, or the whole of a domain of its own."""
        return "/" if self.base == "/" else f"/p/{self.workspace.slug}/"


View = Callable[Concatenate[HttpRequest, Visit, P], HttpResponse]


def _digest_of_guest(token: str) -> str:
    return gates.digest("guest", token)


def _read(request: HttpRequest, name: str, salt: str) -> Any:
    text = request.COOKIES.get(name, "")
    if not text:
        return None
    try:
        return signing.loads(text, salt=salt, max_age=COOKIE_AGE)
    except (signing.BadSignature, ValueError, TypeError):
        return None


def _visitor(request: HttpRequest, workspace: Workspace) -> Visitor | None:
    found = _read(request, VISITOR_COOKIE, VISITOR_SALT)
    if not isinstance(found, list) or len(found) != 2:
        return None
    visitor_id, generation = found
    return visitors.find_visitor(visitor_id=visitor_id, generation=generation, workspace_id=workspace.pk)


def caller_of(request: HttpRequest, workspace: Workspace) -> doors.Caller:
    """Return who is asking: by the visitor's cookie, the nameless one's, or a member's session."""
    guest = _read(request, GUEST_COOKIE, GUEST_SALT)
    circles = None
    if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
        access = find_access(user=request.user, workspace=workspace.slug, via="page")
        circles = access.circle_ids if access is not None else None
    return doors.Caller(
        visitor=_visitor(request, workspace),
        guest=_digest_of_guest(guest) if isinstance(guest, str) else "",
        member_circles=circles,
    )


def base_of(request: HttpRequest, workspace: str, board: str) -> str:
    """Return the address that everything of a board is below: its own domain's root, or its place in ours."""
    return "/" if getattr(request, "portal_domain", False) else f"/p/{workspace}/{board}/"


def finish(request: HttpRequest, response: HttpResponse, visit: Visit | None) -> HttpResponse:
    """Send what every answer of the portal carries: cookies, and word to caches and crawlers."""
    response.headers.setdefault("Cache-Control", "private, no-cache")
    patch_vary_headers(response, ["Cookie"])
    if visit is None or not visit.board.is_public:
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
    for name, value in (visit.cookies if visit else {}).items():
        if not value:
            response.delete_cookie(name, path=visit.path if visit else "/", samesite="Lax")
            continue
        response.set_cookie(
            name,
            value,
            max_age=60 if name == TOLD_COOKIE else COOKIE_AGE,
            path=visit.path if visit else "/",
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response


def door(view: View[P]) -> Callable[..., HttpResponse]:
    """Guard a public page: whoever may not open the board sees what a missing page looks like."""

    @wraps(view)
    def guarded(
        request: HttpRequest, workspace: str, board: str, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        place = doors.find_workspace(slug=workspace)
        found = doors.find_board(workspace_id=place.pk, slug=board) if place else None
        if place is None or found is None:
            raise Http404
        caller = caller_of(request, place)
        if not doors.may_open(board=found, caller=caller):
            raise Http404
        visit = Visit(
            workspace=place,
            board=found,
            caller=caller,
            base=base_of(request, workspace, board),
            now=timezone.now(),
        )
        try:
            response = view(request, visit, *args, **kwargs)
        except gates.TooOftenError as error:
            response = too_often(request, visit, error)
        return finish(request, response, visit)

    return guarded


def frame(visit: Visit, **more: Any) -> dict[str, Any]:
    """Return what the frame of every page needs."""
    return {
        "visit": visit,
        "board": visit.board,
        "workspace": visit.workspace,
        "base": visit.base,
        "visitor": visit.caller.visitor,
        "is_member": visit.caller.member_circles is not None,
        "colours": f"{visit.base}colours.css?v={colours.version(visit.board.accent)}",
        **more,
    }


def show(
    request: HttpRequest, visit: Visit, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a page of the portal."""
    told = _read(request, TOLD_COOKIE, TOLD_SALT)
    if isinstance(told, str):
        visit.cookies.setdefault(TOLD_COOKIE, "")
    return render(request, template, {**frame(visit), "told": told, **context}, status=status)


def tell(visit: Visit, text: str) -> None:
    """Keep one sentence for the next page that this visitor sees."""
    visit.cookies[TOLD_COOKIE] = signing.dumps(text, salt=TOLD_SALT)


def too_often(request: HttpRequest, visit: Visit, error: gates.TooOftenError) -> HttpResponse:
    """Answer 429, in words."""
    response = show(request, visit, "portal/problem.html", {"problem": str(error)}, status=429)
    response.headers["Retry-After"] = str(max(1, round(error.wait.total_seconds())))
    return response


def count(request: HttpRequest, visit: Visit, door_name: str) -> None:
    """Count one knock for the visitor and for their network.

    Raises
    ------
    TooOftenError
        If either has knocked too often.
    """
    own, network = LIMITS[door_name]
    place = f"portal.{door_name}"
    gates.take(door=place, who=f"net:{gates.address_of(request)}", limit=network, at=visit.now)
    who = f"visitor:{visit.caller.visitor.pk}" if visit.caller.visitor else f"guest:{visit.caller.guest}"
    if visit.caller.visitor or visit.caller.guest:
        gates.take(door=place, who=who, limit=own, at=visit.now)


def guest_of(visit: Visit) -> str:
    """Return the digest of the nameless visitor, who gets a cookie if they have none."""
    if visit.caller.guest:
        return visit.caller.guest
    token = get_random_string(24)
    visit.cookies[GUEST_COOKIE] = signing.dumps(token, salt=GUEST_SALT)
    return _digest_of_guest(token)


def let_in(visit: Visit, visitor: Visitor) -> None:
    """Sign the visitor in, in this browser."""
    visit.cookies[VISITOR_COOKIE] = signing.dumps([visitor.pk, visitor.generation], salt=VISITOR_SALT)


def let_out(visit: Visit) -> None:
    """Sign the visitor out of this browser."""
    visit.cookies[VISITOR_COOKIE] = ""


def solved(request: HttpRequest, visit: Visit, door_name: str) -> bool:
    """Whether the request answers a puzzle for this door."""
    return gates.open_with(
        puzzle=request.POST.get("puzzle", ""),
        answer=request.POST.get("answer", ""),
        door=f"portal.{door_name}",
        at=visit.now,
    )


def back(request: HttpRequest, visit: Visit, *, otherwise: str) -> HttpResponseRedirect:
    """Return to the page that a form named in ``next``, where it is one of this board."""
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts=None, require_https=request.is_secure()
    ) and target.startswith(visit.base)
    return HttpResponseRedirect(target if safe else otherwise)


def host_of(request: HttpRequest) -> str:
    """Return scheme and host as the visitor uses them."""
    return f"{request.scheme}://{request.get_host()}"


def by_script(request: HttpRequest) -> bool:
    """Whether our own script is asking, which puts a fragment into the page."""
    return request.headers.get("X-Portal") == "fragment"
