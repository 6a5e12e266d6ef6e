"""What a voice counts in this workspace: seen by everybody, changed by owners."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights import services
from roadbed.modules.insights.models import Segment, Strength
from roadbed.modules.insights.models.demand import MOST_SEGMENTS, SPOKEN, Weights
from roadbed.modules.insights.selectors import weighting
from roadbed.web import responses, toasts

TEMPLATE = "insights/demand/weights.html"


def _fields(weights: Weights) -> list[dict[str, Any]]:
    fields: list[dict[str, Any]] = [
        {
            "name": f"strength_{int(level)}",
            "label": Strength(level).label,
            "value": weights.strengths[level],
            "default": SPOKEN[level],
        }
        for level in reversed(Strength)
    ]
    fields.append({"name": "vote", "label": "A vote without words", "value": weights.vote, "default": 1})
    return fields


def _typed(request: HttpRequest, segments: list[Segment]) -> dict[str, Any]:
    posted = request.POST
    given = {
        segment.key: posted.get(f"segment_{segment.number}", "").strip()
        for segment in segments
        if posted.get(f"segment_{segment.number}", "").strip()
    }
    return {
        "strengths": {str(int(level)): posted.get(f"strength_{int(level)}", "") for level in Strength},
        "vote": posted.get("vote", ""),
        "elsewhere": posted.get("elsewhere", ""),
        "segments": given,
        "money_per_point": posted.get("money_per_point", "").strip() or None,
    }


def _segments(access: Access) -> list[Segment]:
    rows = Segment.objects.in_workspace(access.workspace.pk).filter(kind="segment").order_by("title")
    return list(rows[: MOST_SEGMENTS * 2])


@page(role=Role.OWNER)
@require_POST
def save(request: HttpRequest, access: Access) -> HttpResponse:
    """Let voices count differently from now on."""
    edition = request.POST.get("edition", "")
    try:
        services.set_weights(
            workspace=access.workspace,
            weights=_typed(request, _segments(access)),
            expected_edition=int(edition) if edition.isdecimal() and len(edition) < 9 else None,
            actor=access.actor,
            at=timezone.now(),
        )
    except ValidationError as error:
        return responses.form_page(request, TEMPLATE, _context(access, errors=error.messages))
    toasts.add(request, "Weights saved; every need and feature is counted anew")
    return HttpResponseRedirect(f"/w/{access.workspace.slug}/settings/demand/")


@page()
@require_GET
def show(request: HttpRequest, access: Access) -> HttpResponse:
    """The weights, how they came to be, and the form that changes them."""
    return responses.page(request, TEMPLATE, _context(access, errors=[]))


def _context(access: Access, *, errors: list[str]) -> dict[str, Any]:
    workspace, segments = access.workspace, _segments(access)
    weights = weighting.weights_of(workspace_id=workspace.pk)
    return {
        "weights": weights,
        "fields": _fields(weights),
        "segments": [
            {
                "segment": segment,
                "name": f"segment_{segment.number}",
                "value": weights.segments.get(segment.number, ""),
            }
            for segment in segments
        ],
        "editions": weighting.editions_of(workspace_id=workspace.pk),
        "currency": workspace.currency,
        "errors": errors,
    }
