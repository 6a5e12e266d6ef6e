"""Correcting what was read in a piece, and taking private words out of it."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights import services
from roadbed.modules.insights.models.readings import ASPECTS
from roadbed.modules.insights.services import readings
from roadbed.modules.insights.views import shared
from roadbed.modules.insights.views.feedback import piece_or_404
from roadbed.web import formats, responses, toasts


@page(role=Role.MAKER)
@require_POST
def correct(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Say what a piece is; no later run changes that."""
    piece = piece_or_404(access, number)
    at = timezone.now()
    try:
        with services.doing(workspace_id=access.workspace.pk) as deed:
            for aspect in ASPECTS:
                label = request.POST.get(aspect, "")
                if label:
                    readings.correct(feedback=piece, aspect=aspect, label=label, actor=access.actor, at=at)
    except ValidationError as error:
        shared.say_refused(request, error)
    else:
        if not deed.is_empty:
            toasts.add(request, f"{piece.key} is read as you say", undo_url=shared.undo_url(access, deed))
    return responses.back(request, otherwise=shared.place(access, f"feedback/{number}/"))


@page(role=Role.MAKER)
@require_POST
def redact(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Take the private words out of a piece, for good."""
    piece = piece_or_404(access, number)
    try:
        counts = services.redact_feedback(feedback=piece, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        shared.say_refused(request, error)
    else:
        toasts.add(
            request, f"{formats.plural(sum(counts.values()), 'private word')} taken out of {piece.key}"
        )
    return responses.back(request, otherwise=shared.place(access, f"feedback/{number}/"))


@page(role=Role.MAKER)
@require_POST
def leave(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Leave the words that look private as they are."""
    piece = piece_or_404(access, number)
    if services.leave_private(feedback=piece, actor=access.actor, at=timezone.now()):
        toasts.add(request, f"{piece.key} stays as it is")
    return responses.back(request, otherwise=shared.place(access, f"feedback/{number}/"))
