"""Circles: who may see what is private to them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from roadbed.core.workspaces import selectors, services
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.forms import CircleForm
from roadbed.core.workspaces.models import Circle
from roadbed.core.workspaces.roles import Role
from roadbed.web import responses, toasts


def _context(access: Access, form: CircleForm | None = None) -> dict[str, Any]:
    workspace_id = access.workspace.pk
    rows: list[dict[str, Any]] = []
    for circle in selectors.circles(workspace_id=workspace_id):
        people = [member for member in circle.members.all() if member.removed_at is None]
        row = {"circle": circle, "people": people, "is_in": circle.pk in access.circle_ids}
        if access.can_own:
            initial = {
                "name": circle.name,
                "description": circle.description,
                "members": [member.pk for member in people],
            }
            row["form"] = CircleForm(
                workspace_id=workspace_id, auto_id=f"circle-{circle.pk}-%s", initial=initial
            )
        rows.append(row)
    return {"rows": rows, "form": form or CircleForm(workspace_id=workspace_id)}


@page()
@require_safe
def show(request: HttpRequest, access: Access) -> HttpResponse:
    """The circles and who is in them."""
    return responses.page(request, "workspaces/circles.html", _context(access))


@page(role=Role.OWNER)
@require_POST
def add(request: HttpRequest, access: Access) -> HttpResponse:
    """Make a circle."""
    form = CircleForm(request.POST, workspace_id=access.workspace.pk)
    if form.is_valid():
        try:
            services.make_circle(
                workspace=access.workspace,
                name=form.cleaned_data["name"],
                description=form.cleaned_data["description"],
                members=[member.pk for member in form.cleaned_data["members"]],
                actor=access.actor,
                at=timezone.now(),
            )
            return redirect("settings-circles", workspace=access.workspace.slug)
        except ValidationError as error:
            form.add_error("name", error.messages)
    return responses.form_page(request, "workspaces/circles.html", _context(access, form))


@page(role=Role.OWNER)
@require_POST
def change(request: HttpRequest, access: Access, circle_id: int) -> HttpResponse:
    """Rename a circle, or change who is in it."""
    circle = get_object_or_404(Circle, workspace=access.workspace, pk=circle_id)
    form = CircleForm(request.POST, workspace_id=access.workspace.pk)
    try:
        if form.is_valid():
            services.change_circle(
                circle=circle,
                name=form.cleaned_data["name"],
                description=form.cleaned_data["description"],
                members=[member.pk for member in form.cleaned_data["members"]],
                actor=access.actor,
                at=timezone.now(),
            )
        else:
            toasts.add(request, "A circle needs a name, and members of this workspace.", tone="bad")
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
    return redirect("settings-circles", workspace=access.workspace.slug)


@page(role=Role.OWNER)
@require_POST
def remove(request: HttpRequest, access: Access, circle_id: int) -> HttpResponse:
    """Remove a circle that holds nothing."""
    circle = get_object_or_404(Circle, workspace=access.workspace, pk=circle_id)
    try:
        services.remove_circle(circle=circle, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
    else:
        toasts.add(request, f"The circle {circle.name} is gone.")
    return redirect("settings-circles", workspace=access.workspace.slug)
