"""One form on one page: ask, save, say what was done, and go back to where it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from roadbed.core.workspaces.access import Access
from roadbed.modules.roadmap.forms.shapes import PlanForm
from roadbed.modules.roadmap.models import Deed
from roadbed.modules.roadmap.views import shared
from roadbed.web import responses, toasts


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, where to go, and how to undo it."""

    message: str
    url: str = ""
    deed: Deed | None = None
    undo_url: str = ""


def put_errors(form: forms.Form, error: ValidationError) -> None:
    """Show what a service refused beside the fields that it is about."""
    if hasattr(error, "error_dict"):
        for name, messages in error.message_dict.items():
            form.add_error(name if name in form.fields else None, messages)
    else:
        form.add_error(None, error.messages)


def ask(
    request: HttpRequest,
    access: Access,
    *,
    form_class: type[PlanForm],
    heading: str,
    back: str,
    save: Callable[[dict[str, Any]], Done],
    initial: Mapping[str, Any] | None = None,
    crumb: str = "Roadmap",
    crumb_url: str = "",
    intro: str = "",
    deed: str = "Save",
    hidden: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Answer GET with the form, and POST by saving it; a refusal stands beside its field (422).

    Parameters
    ----------
    save : callable
        Given the cleaned data; may raise `ValidationError`.
    back : str
        Where Cancel leads, and saving where `Done` does not say otherwise.
    """
    context: dict[str, Any] = {
        "heading": heading,
        "back": back,
        "crumb": crumb,
        "crumb_url": crumb_url or shared.base(access),
        "intro": intro,
        "deed": deed,
        "hidden": dict(hidden or {}),
    }
    if request.method == "GET":
        form = form_class(workspace=access.workspace, initial=dict(initial or {}))
        return responses.page(request, "roadmap/asking.html", {**context, "form": form})
    form = form_class(request.POST, workspace=access.workspace)
    if form.is_valid():
        try:
            done = save(form.cleaned_data)
        except ValidationError as error:
            put_errors(form, error)
        else:
            toasts.add(request, done.message, undo_url=done.undo_url or shared.undo_url(access, done.deed))
            return HttpResponseRedirect(done.url or back)
    return responses.form_page(request, "roadmap/asking.html", {**context, "form": form})
