"""Saying who sees a record."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from roadbed.core.records import services as records
from roadbed.core.records.views.shared import back_to, record_or_404, refused
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.models import Circle
from roadbed.core.workspaces.roles import Role


@page(role=Role.MAKER)
@require_POST
def move(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Make a record private to one of one's own circles, or (an empty choice) open to everybody."""
    record = record_or_404(access, key)
    wanted = request.POST.get("circle", "").strip()
    circle = None
    if wanted:
        sound = wanted.isascii() and wanted.isdecimal() and len(wanted) < 16
        own = access.member.circles
        circle = own.filter(pk=int(wanted)).first() if sound else None
        if circle is None:
            raise Http404
    try:
        moved = records.move_to_circle(
            record=record,
            circle=circle,
            actor=access.actor,
            at=timezone.now(),
            actor_circles=access.circle_ids,
        )
    except ValidationError as error:
        return refused(request, access, record, error)
    if moved is None:
        return back_to(request, access, record, f"{record.key} stays as it was", tone="")
    return back_to(request, access, record, _told(record.key, circle))


def _told(key: str, circle: Circle | None) -> str:
    return f"Only {circle.name} sees {key} now" if circle else f"Everybody here sees {key} now"
