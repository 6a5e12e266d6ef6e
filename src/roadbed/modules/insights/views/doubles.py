"""Pieces that may say the same: while somebody writes, and on a page of their own."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from roadbed.core.records import services as records
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights.models import Double
from roadbed.modules.insights.selectors import doubles as selectors
from roadbed.modules.insights.services import cleaning, doubles
from roadbed.modules.insights.views import shared
from roadbed.modules.insights.views.feedback import who_said
from roadbed.web import responses, toasts

WAITING_CAP = 1000
DEEDS = {
    "merge": (doubles.merge, "merged"),
    "apart": (doubles.keep_apart, "kept apart"),
    "skip": (doubles.skip, "left for another day"),
    "reopen": (doubles.reopen, "waiting again"),
}


@page(role=Role.CONTRIBUTOR)
@require_GET
def similar(request: HttpRequest, access: Access) -> HttpResponse:
    """What was said before that is like the words being typed."""
    found = selectors.similar_to(
        workspace_id=access.workspace.pk,
        text=request.GET.get("text", "")[:4000],
        circles=access.circle_ids,
    )
    context = {"similar": found, "base": shared.place(access, "feedback/")}
    return render(request, "insights/doubles/similar.html", context)


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """The pairs that wait, one of them to decide, and what was decided lately."""
    workspace_id, circles = access.workspace.pk, access.circle_ids
    base = shared.place(access, "duplicates/")
    every = selectors.to_decide(workspace_id=workspace_id, circles=circles)
    pairs = list(every[: selectors.PAGE])
    wanted = shared.whole_number(request.GET.get("at", ""))
    place = next((index for index, pair in enumerate(pairs) if pair.pk == wanted), 0)
    chosen = pairs[place] if pairs else None
    after = pairs[place + 1] if place + 1 < len(pairs) else pairs[0] if place else None
    chosen_settings = cleaning.settings_of(workspace_id=workspace_id)
    waiting = every.order_by()[: WAITING_CAP + 1].count()
    context: dict[str, Any] = {
        "pairs": pairs,
        "chosen": chosen,
        "following": f"{base}?at={after.pk}" if after else base,
        "waiting": f"{WAITING_CAP:,}+" if waiting > WAITING_CAP else f"{waiting:,}",
        "decided": selectors.decided(workspace_id=workspace_id, circles=circles, most=20),
        "undo": shared.whole_number(request.GET.get("undo", "")) or "",
        "base": base,
        "insights": shared.place(access),
        "all_url": shared.place(access, "feedback/"),
        "settings_url": f"/w/{access.workspace.slug}/settings/reading/",
        "automatic": f"from {chosen_settings.merge_from:.2f}" if chosen_settings.merges_doubles else "off",
    }
    if chosen is not None:
        context["sides"] = [
            {"piece": chosen.older, "name": "was here first", "who": who_said(chosen.older)},
            {"piece": chosen.newer, "name": "came later", "who": who_said(chosen.newer)},
        ]
    return responses.page(request, "insights/doubles/index.html", context)


@page(role=Role.MAKER)
@require_POST
def decide(request: HttpRequest, access: Access, pair: int, deed: str) -> HttpResponse:
    """Merge a pair, keep it apart, skip it, or take that back, and go on to the next."""
    try:
        found = selectors.access_double(workspace_id=access.workspace.pk, pk=pair, circles=access.circle_ids)
    except (Double.DoesNotExist, OverflowError) as error:
        raise Http404 from error
    do, word = DEEDS[deed]
    names = f"{found.older.key} and {found.newer.key}"
    back = responses.back(request, otherwise=shared.place(access, "duplicates/"))
    try:
        do(double=found, actor=access.actor, at=timezone.now())
    except (ValidationError, records.NotUndoableError) as error:
        text = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
        toasts.add(request, text, tone="warn")
        return back
    undo_url = shared.place(access, f"duplicates/{pair}/reopen/") if deed != "reopen" else ""
    toasts.add(request, f"{names} {word}", undo_url=undo_url)
    if deed == "reopen":
        return back
    joiner = "&" if "?" in back.url else "?"
    return HttpResponseRedirect(f"{back.url}{joiner}undo={pair}" if "duplicates/" in back.url else back.url)
