"""What the views of this module share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms import BaseForm
from django.http import Http404, HttpRequest

from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access
from roadbed.web import toasts

M = TypeVar("M", bound=Model)


def place(access: Access, path: str = "") -> str:
    """Return an address of this module."""
    return f"/w/{access.workspace.slug}/insights/{path}"


def undo_url(access: Access, deed: Any) -> str:
    """Return the address that takes a deed back."""
    return place(access, f"undo/{deed.first}-{deed.last}/")


def found_or_404(read: Any, **where: Any) -> Any:
    """Return what the selector finds; a stranger's and a missing one look the same."""
    try:
        return read(**where)
    except Record.DoesNotExist as error:
        raise Http404 from error


def whole_number(text: str, *, otherwise: int | None = None) -> int | None:
    """Return a number that a form sent, or what stands for none."""
    return int(text) if text.isdecimal() and len(text) < 10 else otherwise


def say_refused(request: HttpRequest, error: ValidationError) -> None:
    """Leave a notice of why a deed was refused."""
    toasts.add(request, " ".join(error.messages), tone="bad")


def add_errors(form: BaseForm, error: ValidationError) -> None:
    """Put what a service refused beside the fields that it belongs to."""
    known: Mapping[str, list[str]] = (
        error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    )
    for name, messages in known.items():
        for message in messages:
            form.add_error(name if name in form.fields else None, message)
