"""What the views of this package share."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from roadbed.core.records import kinds, selectors
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access
from roadbed.web import responses, toasts


def record_or_404(access: Access, key: str, *, deleted: bool = False) -> Record:
    """Return the record with that key; a stranger's and a missing one look the same."""
    try:
        return selectors.access_record(
            workspace_id=access.workspace.pk, key=key, deleted=deleted, circles=access.circle_ids
        )
    except Record.DoesNotExist as error:
        raise Http404 from error


def url_of(access: Access, record: Record) -> str:
    """The record's address."""
    return kinds.url_of(record, workspace=access.workspace.slug)


def back_to(
    request: HttpRequest, access: Access, record: Record, text: str, *, tone: str = "good", undo_url: str = ""
) -> HttpResponse:
    """Return to the page the deed came from (or the record's), with a notice."""
    toasts.add(request, text, tone=tone, undo_url=undo_url)
    return responses.back(request, otherwise=url_of(access, record))


def refused(request: HttpRequest, access: Access, record: Record, error: ValidationError) -> HttpResponse:
    """Return to where the deed came from and say why it was refused."""
    return back_to(request, access, record, " ".join(error.messages), tone="bad")


def home(access: Access) -> HttpResponseRedirect:
    """Go to Today."""
    return HttpResponseRedirect(f"/w/{access.workspace.slug}/")
