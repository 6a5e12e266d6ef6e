"""Deeds on many pieces of feedback at once, and undo."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights import services
from roadbed.modules.insights.models import Feedback, Strength
from roadbed.modules.insights.views import shared
from roadbed.modules.insights.views.feedback import picked
from roadbed.web import formats, responses, toasts

WORDS = {"new": "put back into the inbox", "skipped": "skipped", "done": "triaged"}


@page(role=Role.MAKER)
@require_POST
def do(request: HttpRequest, access: Access, deed: str) -> HttpResponse:
    """Link, tag, move or delete the picked pieces. Linking and tagging first ask what with."""
    base = shared.place(access, "feedback/")
    numbers = picked(request, access)
    if not numbers:
        toasts.add(request, "Nothing to do: pick some pieces first.", tone="")
        return responses.back(request, otherwise=base)
    asks = {"link": "target", "tag": "tags"}.get(deed)
    if asks is not None and asks not in request.POST:
        context = {
            "deed": deed,
            "numbers": numbers,
            "count": formats.plural(len(numbers), "piece"),
            "base": base,
            "next": request.POST.get("next", base),
            "strengths": Strength.choices,
        }
        return responses.page(request, "insights/feedback/many.html", context)
    try:
        done, words = _run(request, access, deed, numbers)
    except ValidationError as error:
        shared.say_refused(request, error)
        return responses.back(request, otherwise=base)
    undo = "" if done.is_empty else shared.undo_url(access, done)
    toasts.add(request, f"{formats.plural(done.count, 'piece')} {words}", undo_url=undo)
    return responses.back(request, otherwise=base)


def _run(request: HttpRequest, access: Access, deed: str, numbers: list[int]) -> tuple[services.Deed, str]:
    workspace_id, actor, at = access.workspace.pk, access.actor, timezone.now()
    where: dict[str, Any] = {
        "workspace_id": workspace_id,
        "numbers": numbers,
        "circles": access.circle_ids,
    }
    if deed == "delete":
        done = services.delete_many(**where, actor=actor, at=at)
        return done, "deleted"
    if deed == "accept":
        done, left = services.accept_many(
            workspace_id=workspace_id,
            workspace_slug=access.workspace.slug,
            numbers=numbers,
            circles=access.circle_ids,
            actor=actor,
            at=at,
        )
        stays = f"; {formats.plural(left, 'piece')} without a likely target stayed" if left else ""
        return done, f"accepted as suggested{stays}"
    if deed == "tag":
        names = request.POST.get("tags", "").split(",")[:50]
        done = services.tag_many(**where, names=names, actor=actor, at=at)
        return done, "tagged"
    if deed == "link":
        key = request.POST.get("target", "")
        target = Record.objects.in_workspace(workspace_id).by_key(key).first()
        if target is None:
            raise ValidationError("Choose the need or the feature to link them to.")
        done = services.link_many(
            **where,
            target=target,
            strength=shared.whole_number(request.POST.get("strength", ""), otherwise=Strength.USEFUL) or 0,
            actor=actor,
            at=at,
        )
        return done, f"linked to {target.key}"
    state = request.POST.get("state", "")
    if state not in Feedback.State.values:
        raise ValidationError("Choose a state.")
    done = services.set_state_of_many(**where, state=state, actor=actor, at=at)
    return done, WORDS[state]


@page(role=Role.MAKER)
@require_POST
def undo(request: HttpRequest, access: Access, first: int, last: int) -> HttpResponse:
    """Take back a deed of one's own."""
    try:
        done = services.undo(
            workspace_id=access.workspace.pk,
            first=first,
            last=last,
            actor=access.actor,
            at=timezone.now(),
            circles=access.circle_ids,
        )
    except (records.NotUndoableError, ValidationError) as error:
        text = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
        toasts.add(request, text, tone="warn")
    else:
        toasts.add(request, f"Undone: {formats.plural(done.count, 'record')} as before")
    return responses.back(request, otherwise=shared.place(access))
