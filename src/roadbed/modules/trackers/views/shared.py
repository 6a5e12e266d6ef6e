"""What the views of this module share."""

from __future__ import annotations

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.forms import BaseForm
from django.http import Http404, HttpRequest

from roadbed.core.workspaces.access import Access
from roadbed.modules.trackers.models import Binding, Connection
from roadbed.modules.trackers.selectors import connections as selectors
from roadbed.web import toasts

TONES = {
    "made_here": "accent",
    "made_there": "accent",
    "taken": "good",
    "given": "good",
    "merged": "good",
    "conflict": "warn",
    "refused": "bad",
    "gone": "warn",
    "moved": "warn",
    "orphan": "warn",
}


def base(access: Access) -> str:
    """Return the address of this module."""
    return f"/w/{access.workspace.slug}/trackers/"


def url_of(access: Access, connection: Connection) -> str:
    """Return the page of a connection."""
    return f"{base(access)}{connection.pk}/"


def connection_or_404(access: Access, connection_id: int, *, with_deleted: bool = False) -> Connection:
    """Return the connection; a stranger's and a missing one look the same."""
    try:
        return selectors.access_connection(
            workspace_id=access.workspace.pk, connection_id=connection_id, with_deleted=with_deleted
        )
    except ObjectDoesNotExist as error:
        raise Http404 from error


def binding_or_404(access: Access, binding_id: int) -> Binding:
    """Return the pair; a stranger's and a missing one look the same."""
    try:
        return selectors.access_binding(workspace_id=access.workspace.pk, binding_id=binding_id)
    except ObjectDoesNotExist as error:
        raise Http404 from error


def feature_url(access: Access, key: str) -> str:
    """Return the page of a feature."""
    return f"/w/{access.workspace.slug}/roadmap/features/{key.lower()}/"


def say_refused(request: HttpRequest, error: ValidationError) -> None:
    """Leave a notice of why a deed was refused."""
    toasts.add(request, " ".join(error.messages), tone="bad")


def add_errors(form: BaseForm, error: ValidationError) -> None:
    """Put what a service refused beside the fields that it belongs to."""
    known = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    for name, messages in known.items():
        for message in messages:
            form.add_error(name if name in form.fields else None, message)
