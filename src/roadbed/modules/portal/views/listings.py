"""One listing as its makers see it: public words, answer, where it stands, what is said."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.records import markdown
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.portal.forms.desk import StandingForm, WordsForm
from roadbed.modules.portal.models import Follow, Listing, Remark
from roadbed.modules.portal.selectors import standings
from roadbed.modules.portal.services import listings as services
from roadbed.modules.portal.services import remarks
from roadbed.modules.portal.services import standings as standing_services
from roadbed.modules.portal.views import desk as shared
from roadbed.web import responses, toasts


@page()
@require_GET
def show(request: HttpRequest, access: Access, listing_id: int) -> HttpResponse:
    """A listing with everything that is public about it, and what is not."""
    listing = shared.listing_or_404(access, listing_id)
    words = standings.wordings(workspace_id=access.workspace.pk)
    said = Remark.objects.filter(listing=listing).order_by("created_at", "pk")[:300]
    form = StandingForm(initial={"standing": listing.standing, "reason": listing.standing_reason})
    form.fields["standing"].choices = [(one.standing, one.label) for one in words.values()]  # type: ignore[attr-defined]  # a choice field
    context: dict[str, Any] = {
        "listing": listing,
        "board": listing.board,
        "url": shared.listing_url(access, listing),
        "base": shared.base(access),
        "board_url": shared.board_url(access, listing.board),
        "public_url": shared.public_url(listing.board, listing),
        "record_url": shared.record_url(access, listing),
        "state_chip": shared.state_chip(listing.state),
        "standing_chip": shared.standing_chip(listing, words),
        "text": markdown.render(listing.text),
        "steps": [
            {"step": step, "said": words[step.standing]} for step in listing.steps.order_by("-at", "-pk")[:50]
        ],
        "remarks": [
            {
                "remark": remark,
                "html": markdown.render(remark.body),
                "chip": shared.state_chip(remark.state),
                "name": remark.author_name or "Somebody nameless",
            }
            for remark in said
        ],
        "followers": Follow.objects.filter(listing=listing).count(),
        "form": form,
    }
    return responses.page(request, "portal/desk/listing.html", context)


def _tried(request: HttpRequest, access: Access, listing: Listing, text: str, deed: Any) -> HttpResponse:
    try:
        deed()
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
    else:
        toasts.add(request, text)
    return responses.back(request, otherwise=shared.listing_url(access, listing))


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def reword(request: HttpRequest, access: Access, listing_id: int) -> HttpResponse:
    """Change what visitors read."""
    listing = shared.listing_or_404(access, listing_id)
    form: Form = WordsForm(request.POST or None, initial={"title": listing.title, "text": listing.text})
    if request.method == "POST" and form.is_valid():
        try:
            services.reword(listing=listing, **form.cleaned_data, actor=access.actor, at=timezone.now())
        except ValidationError as error:
            shared.refused(form, error)
        else:
            toasts.add(request, "Visitors read the new words.")
            return responses.back(request, otherwise=shared.listing_url(access, listing))
    context = {
        "form": form,
        "listing": listing,
        "url": shared.listing_url(access, listing),
        "base": shared.base(access),
        "said": listing.record.title,
    }
    if form.is_bound:
        return responses.form_page(request, "portal/desk/words.html", context)
    return responses.page(request, "portal/desk/words.html", context)


@page(role=Role.MAKER)
@require_POST
def answer(request: HttpRequest, access: Access, listing_id: int) -> HttpResponse:
    """Say something to it as its makers."""
    listing = shared.listing_or_404(access, listing_id)
    words = request.POST.get("answer", "")
    told = "The answer is public, and followers hear of it." if words.strip() else "The answer is gone."
    return _tried(
        request,
        access,
        listing,
        told,
        lambda: services.answer(listing=listing, text=words, actor=access.actor, at=timezone.now()),
    )


@page(role=Role.MAKER)
@require_POST
def stand(request: HttpRequest, access: Access, listing_id: int) -> HttpResponse:
    """Say where it stands and why, or let it follow the plan again."""
    listing = shared.listing_or_404(access, listing_id)
    if request.POST.get("follow"):
        return _tried(
            request,
            access,
            listing,
            "It follows the plan.",
            lambda: standing_services.follow_the_plan(listing=listing, actor=access.actor, at=timezone.now()),
        )
    return _tried(
        request,
        access,
        listing,
        "Visitors read where it stands.",
        lambda: standing_services.set_standing(
            listing=listing,
            standing=request.POST.get("standing", ""),
            reason=request.POST.get("reason", ""),
            actor=access.actor,
            at=timezone.now(),
        ),
    )


@page(role=Role.MAKER)
@require_POST
def say(request: HttpRequest, access: Access, listing_id: int) -> HttpResponse:
    """Comment in public, as one of the makers."""
    listing = shared.listing_or_404(access, listing_id)
    return _tried(
        request,
        access,
        listing,
        "Everybody reads your comment.",
        lambda: remarks.say_officially(
            listing=listing, body=request.POST.get("body", ""), actor=access.actor, at=timezone.now()
        ),
    )


@page(role=Role.MAKER)
@require_POST
def take_off(request: HttpRequest, access: Access, listing_id: int) -> HttpResponse:
    """Take a record off the board."""
    listing = shared.listing_or_404(access, listing_id)
    title, board = listing.title, listing.board
    try:
        services.take_off(listing=listing, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
        return HttpResponseRedirect(shared.listing_url(access, listing))
    toasts.add(request, f"“{title}” is off the board.")
    return HttpResponseRedirect(shared.board_url(access, board))
