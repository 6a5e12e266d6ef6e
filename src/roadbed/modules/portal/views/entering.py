"""Coming in by a link, one's own page, and going for good."""

from __future__ import annotations

import json

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from roadbed.core.gates import services as gates
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.portal.forms.public import EntryForm, NameForm
from roadbed.modules.portal.models import Board, Follow, Listing, Remark, Visitor
from roadbed.modules.portal.selectors import doors, listings, standings
from roadbed.modules.portal.services import letters, visitors
from roadbed.modules.portal.views.board import line_of, tabs_of
from roadbed.modules.portal.views.doors import (
    LIMITS,
    Visit,
    base_of,
    caller_of,
    count,
    door,
    finish,
    host_of,
    let_in,
    let_out,
    show,
    tell,
)
from roadbed.modules.portal.views.writing import MAILS

DEEDS = frozenset({"vote", "follow"})


def _place(workspace: str, board: str) -> tuple[Workspace | None, Board | None]:
    place = doors.find_workspace(slug=workspace)
    return place, doors.find_board(workspace_id=place.pk, slug=board) if place else None


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest, workspace: str, board: str) -> HttpResponse:
    """Ask for a link. The page is the same whether the board is there or not, and so is its answer."""
    now = timezone.now()
    place, found = _place(workspace, board)
    visit = None
    if place is not None and found is not None:
        visit = Visit(
            workspace=place,
            board=found,
            caller=caller_of(request, place),
            base=base_of(request, workspace, board),
            now=now,
        )
    known = visit is not None and doors.may_open(board=visit.board, caller=visit.caller)
    form = EntryForm(request.POST or None)
    wanted = request.POST.get("do") or request.GET.get("do") or ""
    context = {
        "form": form,
        "deed": wanted if wanted in DEEDS else "",
        "code": "".join(filter(str.isalnum, request.POST.get("code") or request.GET.get("code") or ""))[:12],
    }
    if request.method == "POST" and form.is_valid():
        if not form.is_trapped:
            try:
                _ask(request, visit, form, context)
            except gates.TooOftenError as error:
                seen = visit if known else None
                late = _plain(request, seen, "portal/problem.html", {"problem": str(error)}, status=429)
                late.headers["Retry-After"] = str(max(1, round(error.wait.total_seconds())))
                return late
        context["email"] = form.cleaned_data["email"]
        return _plain(request, visit if known else None, "portal/sent.html", context)
    status = 422 if request.method == "POST" else 200
    return _plain(request, visit if known else None, "portal/sign_in.html", context, status=status)


def _ask(request: HttpRequest, visit: Visit | None, form: EntryForm, context: dict[str, object]) -> None:
    address = gates.address_of(request)
    at = timezone.now()
    # Counted before the board is looked at, or the limit would tell which boards there are.
    gates.take(door="portal.mail", who=f"net:{address}", limit=LIMITS["mail"][1], at=at)
    email = str(form.cleaned_data["email"])
    gates.take(door="portal.mail", who=f"address:{email.lower()}", limit=MAILS, at=at)
    if visit is None:
        return
    deed = {"do": context["deed"], "code": context["code"]} if context["deed"] and context["code"] else None
    visitors.ask_for_link(
        board=visit.board,
        email=email,
        name=str(form.cleaned_data["name"]),
        host=host_of(request),
        guest=visit.caller.guest,
        deed=deed,
        at=at,
    )


def _plain(
    request: HttpRequest,
    visit: Visit | None,
    template: str,
    context: dict[str, object],
    *,
    status: int = 200,
) -> HttpResponse:
    """Render a page that names the board only to those who may open it."""
    if visit is not None:
        return finish(
            request,
            show(request, visit, template, {**context, "tabs": tabs_of(visit, "")}, status=status),
            visit,
        )
    return finish(request, render(request, template, {**context, "base": ""}, status=status), None)


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, workspace: str, board: str, secret: str) -> HttpResponse:
    """Open a link: GET shows one button, so that a mail scanner cannot use it up; POST comes in."""
    now = timezone.now()
    place, found = _place(workspace, board)
    link = visitors.find_link(secret=secret, board=found, at=now) if found else None
    if place is None or found is None or link is None:
        context: dict[str, object] = {
            "problem": "This link was used already, or is too old. Ask for another."
        }
        return _plain(request, None, "portal/problem.html", context, status=404)
    visit = Visit(
        workspace=place,
        board=found,
        caller=caller_of(request, place),
        base=base_of(request, workspace, board),
        now=now,
    )
    if request.method != "POST":
        shown = show(request, visit, "portal/enter.html", {"link": link, "deed": link.deed.get("do", "")})
        return finish(request, shown, visit)
    try:
        visitor, listing = visitors.use_link(link=link, at=now)
    except ValidationError as error:
        return _plain(request, None, "portal/problem.html", {"problem": " ".join(error.messages)}, status=404)
    let_in(visit, visitor)
    done = {
        "submit": "Thank you. It is on its way."
        if listing is not None and not listing.is_published
        else "Thank you. Others see it from now on.",
        "vote": "Your vote counts.",
        "say": "Thank you for your comment.",
        "follow": "You hear by mail when something happens here.",
    }
    tell(visit, done.get(str(link.deed.get("do", "")), "You are signed in."))
    target = f"{visit.base}entries/{listing.code}/" if listing is not None else visit.base
    return finish(request, HttpResponseRedirect(target), visit)


@door
@require_POST
def sign_out(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Leave, in this browser or in all of them."""
    if visit.caller.visitor is not None and request.POST.get("everywhere"):
        visitors.sign_out_everywhere(visitor=visit.caller.visitor)
    let_out(visit)
    if not visit.board.is_public:
        return HttpResponseRedirect(f"{visit.base}sign-in/")
    tell(visit, "You are signed out.")
    return HttpResponseRedirect(visit.base)


def _own(visit: Visit) -> Visitor:
    if visit.caller.visitor is None:
        raise Http404
    return visit.caller.visitor


@door
@require_http_methods(["GET", "HEAD", "POST"])
def me(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What is kept of the visitor on this board: votes, follows, submissions, remarks; name and mail."""
    if visit.caller.visitor is None:
        return HttpResponseRedirect(f"{visit.base}sign-in/")
    visitor = visit.caller.visitor
    if request.method == "POST":
        count(request, visit, "vote")
        form = NameForm(request.POST)
        if form.is_valid():
            visitors.rename(visitor=visitor, name=form.cleaned_data["name"])
            visitors.set_mail(visitor=visitor, wanted=request.POST.get("takes_mail") == "yes")
            tell(visit, "Kept.")
            return HttpResponseRedirect(f"{visit.base}me/")
    else:
        form = NameForm(initial={"name": visitor.name})
    words = standings.wordings(workspace_id=visit.workspace.pk)
    shown = listings.visible(board=visit.board, caller=visit.caller)
    followed = Follow.objects.filter(person_id=visitor.person_id).values("listing_id")
    rows = list(shown.filter(pk__in=followed).order_by("-standing_at", "-pk")[:200])
    wants = listings.wants_of(listings=rows, caller=visit.caller)
    own = Listing.objects.filter(board=visit.board, author_id=visitor.person_id, merged_into__isnull=True)
    context = {
        "tabs": tabs_of(visit, ""),
        "form": form,
        "lines": [line_of(listing, wants, words, visit) for listing in rows],
        "own": [
            {
                "listing": listing,
                "url": f"{visit.base}entries/{listing.code}/",
                "said": words[listing.standing],
            }
            for listing in own.filter(record__deleted_at__isnull=True).order_by("-created_at")[:200]
        ],
        "remarks": Remark.objects.filter(author_id=visitor.person_id, listing__board=visit.board)
        .select_related("listing")
        .order_by("-created_at")[:100],
    }
    return show(request, visit, "portal/me.html", context)


@door
@require_safe
def export(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Everything that is kept of the visitor, as JSON."""
    found = json.dumps(visitors.export(visitor=_own(visit)), indent=2, ensure_ascii=False)
    response = HttpResponse(found, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@door
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Be forgotten. GET says what that means; POST does it."""
    visitor = _own(visit)
    if request.method != "POST":
        return show(request, visit, "portal/erase.html", {"tabs": tabs_of(visit, "")})
    visitors.erase(visitor=visitor, at=visit.now)
    let_out(visit)
    if not visit.board.is_public:
        return HttpResponseRedirect(f"{visit.base}sign-in/")
    tell(visit, "You are forgotten here.")
    return HttpResponseRedirect(visit.base)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def off(request: HttpRequest, workspace: str, board: str, token: str) -> HttpResponse:
    """Hear no more by mail, without signing in. Mail programs send the POST by themselves (RFC 8058)."""
    place = doors.find_workspace(slug=workspace)
    visitor_id = letters.visitor_of_token(token)
    visitor = (
        Visitor.objects.filter(pk=visitor_id, workspace=place).first()
        if place is not None and visitor_id is not None
        else None
    )
    if visitor is None:
        raise Http404
    done = request.method == "POST"
    if done:
        visitors.set_mail(visitor=visitor, wanted=False)
    # No board is named: the token opens none.
    return finish(request, render(request, "portal/off.html", {"done": done, "base": ""}), None)
