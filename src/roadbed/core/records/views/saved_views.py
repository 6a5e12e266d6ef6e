"""Keeping a list's filters under a name."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from roadbed.core.records import services as records
from roadbed.core.records.models import SavedView
from roadbed.core.workspaces.access import Access, page
from roadbed.web import responses, toasts


@page()
@require_POST
def save(request: HttpRequest, access: Access) -> HttpResponse:
    """Keep the filters of a list; the same name again replaces one's own."""
    try:
        view = records.save_view(
            member=access.member,
            list_name=request.POST.get("list") or request.GET.get("list", ""),
            name=request.POST.get("name", ""),
            query=request.POST.get("query", ""),
            is_shared=request.POST.get("shared") in {"on", "yes"} and access.can_contribute,
            at=timezone.now(),
        )
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
    else:
        toasts.add(request, f"View “{view.name}” saved")
    return responses.back(request, otherwise=f"/w/{access.workspace.slug}/")


@page()
@require_POST
def delete(request: HttpRequest, access: Access, view_id: int) -> HttpResponse:
    """Forget a saved view of one's own."""
    deleted, _ = SavedView.objects.filter(pk=view_id, member=access.member).delete()
    if not deleted:
        raise Http404
    toasts.add(request, "View forgotten")
    return responses.back(request, otherwise=f"/w/{access.workspace.slug}/")
