"""Making words evidence, weighing them and taking them back."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from roadbed.core.records import selectors as records
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights import services
from roadbed.modules.insights.models import Quote, Strength
from roadbed.modules.insights.views import shared
from roadbed.modules.insights.views.feedback import piece_or_404
from roadbed.web import responses, toasts


def chosen_target(request: HttpRequest, access: Access) -> Record:
    """Return the need or feature that a form chose; without the script the best match of what was typed.

    Raises
    ------
    ValidationError
        If nothing was chosen, or it is not there.
    """
    workspace_id, slug = access.workspace.pk, access.workspace.slug
    key = request.POST.get("target", "").strip()
    if not key and request.POST.get("q", "").strip():
        hits = records.find_targets(
            workspace_id=workspace_id,
            workspace_slug=slug,
            query=request.POST["q"][:200],
            only=sorted(services.target_kinds()),
            limit=1,
        )
        key = hits[0].key if hits else ""
    target: Record | None = Record.objects.in_workspace(workspace_id).by_key(key).first() if key else None
    if target is None:
        raise ValidationError("Choose the need or the feature that these words are about.")
    return target


def chosen_words(request: HttpRequest, text: str) -> tuple[int, int]:
    """Return where the selected words lie; the whole text where none are selected.

    The page counts a line end as one character; a text that was imported with two is counted anew.
    """
    start = shared.whole_number(request.POST.get("start", ""))
    end = shared.whole_number(request.POST.get("end", ""))
    if start is None or end is None or end <= start:
        return 0, len(text)
    if "\r\n" in text:
        places = [
            place
            for place, letter in enumerate(text)
            if not (letter == "\r" and text[place + 1 : place + 2] == "\n")
        ]
        places.append(len(text))
        start, end = places[min(start, len(places) - 1)], places[min(end, len(places) - 1)]
    return start, min(end, len(text))


def chosen_strength(request: HttpRequest) -> int:
    """Return the strength that a form chose."""
    found = shared.whole_number(request.POST.get("strength", ""), otherwise=int(Strength.USEFUL))
    return found if found in Strength.values else int(Strength.USEFUL)


@page(role=Role.MAKER)
@require_POST
def add(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Make words of a piece evidence for a need or a feature."""
    piece = piece_or_404(access, number)
    here = shared.place(access, f"feedback/{number}/")
    start, end = chosen_words(request, piece.text)
    try:
        deed = services.accept(
            feedback=piece,
            target=chosen_target(request, access),
            start=start,
            end=end,
            strength=chosen_strength(request),
            note=request.POST.get("note", "")[:300],
            stay=piece.is_triaged or request.POST.get("stay") == "yes",
            actor=access.actor,
            at=timezone.now(),
        )
    except ValidationError as error:
        shared.say_refused(request, error)
    else:
        toasts.add(request, "These words are evidence now", undo_url=shared.undo_url(access, deed))
    return responses.back(request, otherwise=here)


def _quote_or_404(access: Access, quote_id: int) -> Quote:
    rows = Quote.objects.select_related("feedback__merged_into", "target").filter(pk=quote_id)
    quote = rows.filter(feedback__home_id=access.workspace.pk).first()
    if quote is None or not quote.feedback.is_visible_to(access.circle_ids):
        raise Http404
    return quote


@page(role=Role.MAKER)
@require_POST
def weigh(request: HttpRequest, access: Access, quote_id: int) -> HttpResponse:
    """Say anew how much the speaker wants it."""
    quote = _quote_or_404(access, quote_id)
    here = shared.place(access, f"feedback/{quote.feedback.number}/")
    with services.doing(workspace_id=access.workspace.pk) as deed:
        services.change_quote(
            quote=quote, strength=chosen_strength(request), actor=access.actor, at=timezone.now()
        )
    toasts.add(
        request,
        f"{quote.get_strength_display()} for {quote.target.key}",
        undo_url="" if deed.is_empty else shared.undo_url(access, deed),
    )
    return responses.back(request, otherwise=here)


@page(role=Role.MAKER)
@require_POST
def remove(request: HttpRequest, access: Access, quote_id: int) -> HttpResponse:
    """Take words back as evidence, with undo."""
    quote = _quote_or_404(access, quote_id)
    key, here = quote.target.key, shared.place(access, f"feedback/{quote.feedback.number}/")
    with services.doing(workspace_id=access.workspace.pk) as deed:
        services.remove_quote(quote=quote, actor=access.actor, at=timezone.now())
    toasts.add(request, f"No longer evidence for {key}", undo_url=shared.undo_url(access, deed))
    return responses.back(request, otherwise=here)
