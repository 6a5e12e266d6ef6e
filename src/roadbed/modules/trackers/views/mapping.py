"""Which way fields travel, which status is which, who is who, and what comes in and goes out."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import facade as roadmap
from roadbed.modules.trackers.forms import connections as forms
from roadbed.modules.trackers.models import Connection
from roadbed.modules.trackers.selectors import connections as selectors
from roadbed.modules.trackers.services import connecting as services
from roadbed.modules.trackers.views import shared
from roadbed.web import responses, toasts


def _context(access: Access, connection: Connection, maps: forms.Maps, errors: list[str]) -> dict[str, Any]:
    incoming, outgoing = connection.incoming, connection.outgoing
    return {
        "connection": connection,
        "url": shared.url_of(access, connection),
        "base": shared.base(access),
        "maps": maps,
        "errors": errors,
        "incoming": incoming,
        "incoming_labels": ", ".join(incoming.get("labels") or ()),
        "incoming_kinds": ", ".join(incoming.get("kinds") or ()),
        "incoming_levels": "\n".join(
            f"{kind} = {level}" for kind, level in (incoming.get("levels") or {}).items()
        ),
        "outgoing": outgoing,
        "choices": roadmap.CHOICES,
    }


@page(role=Role.MAKER)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, access: Access, connection_id: int) -> HttpResponse:
    """Map a connection."""
    connection = shared.connection_or_404(access, connection_id)
    maps = forms.maps(
        connection=connection, members=selectors.member_choices(workspace_id=access.workspace.pk)
    )
    if request.method != "POST":
        return responses.page(request, "trackers/map.html", _context(access, connection, maps, []))
    try:
        services.map_connection(
            connection=connection,
            asked=forms.read(connection=connection, sent=request.POST, shown=maps),
            actor=access.actor,
            at=timezone.now(),
        )
    except ValidationError as error:
        context = _context(access, connection, maps, error.messages)
        return responses.form_page(request, "trackers/map.html", context)
    toasts.add(request, f"{connection.name} is mapped. A dry run shows what it means.")
    return HttpResponseRedirect(shared.url_of(access, connection))
