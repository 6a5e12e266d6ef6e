"""What visitors do: submit, vote, follow, say. Everything works without the script; then by a link in the mail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.http import require_http_methods, require_POST

from roadbed.core.gates import services as gates
from roadbed.modules.portal.forms.public import IdeaForm, RemarkForm, WhoForm
from roadbed.modules.portal.models import Listing
from roadbed.modules.portal.selectors import listings, standings
from roadbed.modules.portal.services import listings as services
from roadbed.modules.portal.services import remarks, visitors, voices
from roadbed.modules.portal.views.board import entry_context, line_of, tabs_of
from roadbed.modules.portal.views.doors import (
    Visit,
    back,
    by_script,
    count,
    door,
    guest_of,
    host_of,
    show,
    solved,
    tell,
)

PUZZLES = {"vote": 15, "write": 17}
"""How hard the puzzle before each door is, in bits."""
MAILS = gates.Limit(5, timedelta(hours=1))
"""How often one address is written to, whoever asks."""
NO_ADDRESS = "Leave your e-mail address: the link we send confirms that it is you."


def _published_or_404(visit: Visit, code: str) -> Listing:
    listing = listings.find(board=visit.board, code=code, caller=visit.caller)
    if listing is None or not listing.is_published:
        raise Http404
    return listing


def _said(form: WhoForm, error: ValidationError) -> None:
    if hasattr(error, "error_dict"):
        for name, found in error.error_dict.items():
            form.add_error(name if name in form.fields else None, [str(one.messages[0]) for one in found])
    else:
        form.add_error(None, error.messages)


def _sent(request: HttpRequest, visit: Visit, email: str) -> HttpResponse:
    return show(request, visit, "portal/sent.html", {"email": email, "tabs": tabs_of(visit, "")})


def _confirm(request: HttpRequest, visit: Visit, form: WhoForm, deed: dict[str, Any]) -> HttpResponse:
    """Keep what somebody nameless wants to do until their address is confirmed."""
    email = form.cleaned_data["email"]
    count(request, visit, "mail")
    gates.take(door="portal.mail", who=f"address:{email.lower()}", limit=MAILS, at=visit.now)
    visitors.ask_for_link(
        board=visit.board,
        email=email,
        name=form.cleaned_data["name"],
        host=host_of(request),
        guest=visit.caller.guest,
        deed=deed,
        at=visit.now,
    )
    return _sent(request, visit, email)


@door
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Submit something: first whether others asked for it already, then the words."""
    if not visit.board.takes_posts:
        raise Http404
    form = IdeaForm(request.POST or None, initial={"title": request.GET.get("title", "")[:200]})
    context = {"form": form, "tabs": tabs_of(visit, "board"), "needs_who": visit.caller.visitor is None}
    if request.method != "POST":
        asked = request.GET.get("title", "").replace("\x00", "")
        context["similar"] = _similar(visit, asked) if asked else []
        return show(request, visit, "portal/new.html", context)
    if form.is_trapped:
        tell(visit, "Thank you. It waits to be read.")
        return HttpResponseRedirect(visit.base)
    if form.is_valid():
        answer = _submit(request, visit, form)
        if answer is not None:
            return answer
    title = form.data.get("title", "")
    context["similar"] = _similar(visit, title) if title else []
    return show(request, visit, "portal/new.html", context, status=422)


def _submit(request: HttpRequest, visit: Visit, form: IdeaForm) -> HttpResponse | None:
    """Do it, ask for a confirmation, or add to the form what is missing."""
    words = {name: form.cleaned_data[name] for name in ("title", "text")}
    visitor = visit.caller.visitor
    count(request, visit, "write")
    try:
        if visitor is None and form.cleaned_data["email"]:
            return _confirm(request, visit, form, {"do": "submit", **words})
        if visitor is None and not visit.board.allows_anonymous:
            form.add_error("email", NO_ADDRESS)
            return None
        if visitor is None and not solved(request, visit, "write"):
            form.add_error("email", f"{NO_ADDRESS} Without one, this form needs JavaScript.")
            return None
        listing = services.submit(
            board=visit.board,
            visitor=visitor,
            guest="" if visitor else guest_of(visit),
            name=form.cleaned_data["name"],
            at=visit.now,
            **words,
        )
    except ValidationError as error:
        _said(form, error)
        return None
    tell(visit, "Thank you. Others see it from now on." if listing.is_published else "Thank you.")
    return HttpResponseRedirect(f"{visit.base}entries/{listing.code}/")


def _similar(visit: Visit, text: str) -> list[dict[str, Any]]:
    words = standings.wordings(workspace_id=visit.workspace.pk)
    found = listings.similar(board=visit.board, caller=visit.caller, text=text[:400])
    wants = listings.wants_of(listings=[one.listing for one in found], caller=visit.caller)
    return [{**line_of(one.listing, wants, words, visit), "shared": one.shared} for one in found]


@door
@require_POST
def similar(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What may say the same as the words typed so far; a fragment for our own script."""
    count(request, visit, "similar")
    text = request.POST.get("title", "").replace("\x00", "")
    context = {"similar": _similar(visit, text) if len(text.strip()) >= 4 else []}
    return show(request, visit, "portal/similar.html", context)


@door
@require_POST
def puzzle(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Set a puzzle for a nameless visitor's browser."""
    name = request.POST.get("door", "")
    if name not in PUZZLES or not visit.board.allows_anonymous:
        raise Http404
    count(request, visit, "puzzle")
    bits = PUZZLES[name]
    return JsonResponse(
        {"puzzle": gates.set_puzzle(door=f"portal.{name}", at=visit.now, bits=bits), "bits": bits}
    )


def _ask_who(visit: Visit, deed: str, code: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{visit.base}sign-in/?{urlencode({'do': deed, 'code': code})}")


def _voted(request: HttpRequest, visit: Visit, listing: Listing) -> HttpResponse:
    url = f"{visit.base}entries/{listing.code}/"
    if not by_script(request):
        return back(request, visit, otherwise=url)
    words = standings.wordings(workspace_id=visit.workspace.pk)
    wants = listings.wants_of(listings=[listing], caller=visit.caller)
    line = line_of(listing, wants, words, visit)
    if visit.caller.visitor is None:
        # The cookie of somebody nameless may be as young as this answer.
        line["voted"] = request.resolver_match is not None and request.resolver_match.kwargs["deed"] == "vote"
    return show(request, visit, "portal/vote.html", {"line": line, "size": request.POST.get("size", "")})


@door
@require_POST
def vote(request: HttpRequest, visit: Visit, code: str, deed: str) -> HttpResponse:
    """Want it, or want it no more."""
    listing = _published_or_404(visit, code)
    count(request, visit, "vote")
    visitor = visit.caller.visitor
    if listing.is_closed and deed == "vote":
        tell(visit, "This is decided, so votes change nothing any more.")
    elif visitor is not None and deed == "vote":
        voices.vote(listing=listing, visitor=visitor, at=visit.now)
    elif visitor is not None:
        voices.unvote(listing=listing, visitor=visitor, at=visit.now)
    elif deed == "unvote":
        if visit.caller.guest:
            voices.unvote_as_guest(listing=listing, guest=visit.caller.guest, at=visit.now)
    elif visit.board.allows_anonymous and solved(request, visit, "vote"):
        voices.vote_as_guest(listing=listing, guest=guest_of(visit), at=visit.now)
    elif by_script(request):
        return JsonResponse({"sign_in": _ask_who(visit, "vote", code).url}, status=401)
    else:
        return _ask_who(visit, "vote", code)
    return _voted(request, visit, listing)


@door
@require_POST
def follow(request: HttpRequest, visit: Visit, code: str, deed: str) -> HttpResponse:
    """Hear of it, or hear no more."""
    listing = _published_or_404(visit, code)
    count(request, visit, "vote")
    visitor = visit.caller.visitor
    if visitor is None:
        return _ask_who(visit, "follow", code)
    if deed == "follow":
        voices.follow(listing=listing, visitor=visitor, at=visit.now)
        tell(visit, "You hear by mail when something happens here.")
    else:
        voices.unfollow(listing=listing, visitor=visitor)
        tell(visit, "You hear no more of this.")
    return back(request, visit, otherwise=f"{visit.base}entries/{listing.code}/")


@door
@require_POST
def say(request: HttpRequest, visit: Visit, code: str) -> HttpResponse:
    """Say something in public."""
    listing = _published_or_404(visit, code)
    form = RemarkForm(request.POST)
    url = f"{visit.base}entries/{listing.code}/"
    if form.is_trapped:
        return HttpResponseRedirect(url)
    if form.is_valid():
        answer = _say(request, visit, listing, form)
        if answer is not None:
            return answer
    return show(request, visit, "portal/entry.html", entry_context(visit, listing, form), status=422)


def _say(request: HttpRequest, visit: Visit, listing: Listing, form: RemarkForm) -> HttpResponse | None:
    visitor = visit.caller.visitor
    count(request, visit, "write")
    try:
        if visitor is None and form.cleaned_data["email"]:
            deed = {"do": "say", "code": listing.code, "body": form.cleaned_data["body"]}
            return _confirm(request, visit, form, deed)
        if visitor is None and not visit.board.allows_anonymous:
            form.add_error("email", NO_ADDRESS)
            return None
        if visitor is None and not solved(request, visit, "write"):
            form.add_error("email", f"{NO_ADDRESS} Without one, this form needs JavaScript.")
            return None
        remark = remarks.say(
            listing=listing,
            body=form.cleaned_data["body"],
            visitor=visitor,
            guest="" if visitor else guest_of(visit),
            at=visit.now,
        )
    except ValidationError as error:
        _said(form, error)
        return None
    if remark.state != "published":
        tell(visit, "Thank you. Somebody reads it before others see it.")
    return HttpResponseRedirect(f"{visit.base}entries/{listing.code}/#remark-{remark.pk}")
