"""The workspace itself: its name, products, history, deleted records, and closing it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from roadbed.core.records import kinds
from roadbed.core.records import selectors as records
from roadbed.core.records.models import Activity, Record
from roadbed.core.records.services import verify_chain
from roadbed.core.workspaces import selectors, services
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.forms import CloseForm, ProductForm, WorkspaceForm
from roadbed.core.workspaces.models import Product
from roadbed.core.workspaces.roles import Role
from roadbed.web import responses, toasts

ROWS = 50
LARGEST = 2**63 - 1


@page()
@require_http_methods(["GET", "HEAD"])
def general(request: HttpRequest, access: Access) -> HttpResponse:
    """Name and currency."""
    form = WorkspaceForm(initial={"name": access.workspace.name, "currency": access.workspace.currency})
    return responses.page(request, "workspaces/general.html", {"form": form})


@page(role=Role.OWNER)
@require_POST
def change(request: HttpRequest, access: Access) -> HttpResponse:
    """Change name and currency."""
    form = WorkspaceForm(request.POST)
    if form.is_valid():
        try:
            services.change_workspace(
                workspace=access.workspace, **form.cleaned_data, actor=access.actor, at=timezone.now()
            )
            toasts.add(request, "The workspace's settings are kept.")
            return redirect("settings", workspace=access.workspace.slug)
        except ValidationError as error:
            form.add_error(None, error.messages)
    access.workspace.refresh_from_db()
    return responses.form_page(request, "workspaces/general.html", {"form": form})


def _products_context(access: Access, form: ProductForm | None = None) -> dict[str, Any]:
    rows = [
        {
            "product": product,
            "form": ProductForm(
                auto_id=f"product-{product.pk}-%s",
                initial={"name": product.name, "description": product.description},
            ),
        }
        for product in selectors.products(workspace_id=access.workspace.pk)
    ]
    return {"rows": rows, "form": form or ProductForm()}


@page()
@require_http_methods(["GET", "HEAD"])
def products(request: HttpRequest, access: Access) -> HttpResponse:
    """What the organisation makes."""
    return responses.page(request, "workspaces/products.html", _products_context(access))


@page(role=Role.OWNER)
@require_POST
def add_product(request: HttpRequest, access: Access) -> HttpResponse:
    """Add a product."""
    form = ProductForm(request.POST)
    if form.is_valid():
        try:
            services.add_product(
                workspace=access.workspace, **form.cleaned_data, actor=access.actor, at=timezone.now()
            )
            return redirect("settings-products", workspace=access.workspace.slug)
        except ValidationError as error:
            form.add_error(None, error.messages)
    return responses.form_page(request, "workspaces/products.html", _products_context(access, form))


@page(role=Role.OWNER)
@require_POST
def change_product(request: HttpRequest, access: Access, slug: str) -> HttpResponse:
    """Rename or describe a product."""
    product = get_object_or_404(Product, workspace=access.workspace, slug=slug)
    form = ProductForm(request.POST)
    if form.is_valid():
        services.change_product(product=product, **form.cleaned_data, actor=access.actor, at=timezone.now())
    else:
        toasts.add(request, "A product needs a name of at most 120 letters.", tone="bad")
    return redirect("settings-products", workspace=access.workspace.slug)


@page(role=Role.OWNER)
@require_POST
def archive_product(request: HttpRequest, access: Access, slug: str) -> HttpResponse:
    """Put a product away; it can be undone."""
    product = get_object_or_404(Product, workspace=access.workspace, slug=slug)
    services.archive_product(product=product, actor=access.actor, at=timezone.now())
    undo = reverse("settings-product-unarchive", kwargs={"workspace": access.workspace.slug, "slug": slug})
    toasts.add(request, f"{product.name} is put away.", undo_url=undo)
    return redirect("settings-products", workspace=access.workspace.slug)


@page(role=Role.OWNER)
@require_POST
def unarchive_product(request: HttpRequest, access: Access, slug: str) -> HttpResponse:
    """Bring a product back."""
    product = get_object_or_404(Product, workspace=access.workspace, slug=slug)
    services.unarchive_product(product=product, actor=access.actor, at=timezone.now())
    return redirect("settings-products", workspace=access.workspace.slug)


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and int(text[:20]) <= LARGEST else None


def _filtered(request: HttpRequest, access: Access) -> tuple[QuerySet[Activity], dict[str, str]]:
    """The activity that the address asks for, the newest first. What cannot be read is left out."""
    chosen = {name: request.GET.get(name, "").strip()[:80] for name in ("person", "verb", "kind", "key")}
    rows = Activity.objects.filter(workspace_id=access.workspace.pk).visible_to(access.circle_ids)
    rows = rows.order_by("-sequence")
    if (person := _whole(chosen["person"])) is not None:
        rows = rows.filter(actor_id=person)
    if chosen["verb"]:
        rows = rows.filter(verb=chosen["verb"])
    if chosen["key"]:
        rows = rows.filter(record_key__iexact=chosen["key"])
    if chosen["kind"]:
        found = next((kind for kind in kinds.all_kinds() if kind.name == chosen["kind"]), None)
        prefixes = found.prefixes if found else ()
        matches = Q(pk__in=[])
        for prefix in prefixes:
            matches |= Q(record_key__startswith=f"{prefix}-")
        rows = rows.filter(matches)
    return rows, chosen


@page()
@require_safe
def activity(request: HttpRequest, access: Access) -> HttpResponse:
    """Everything that was done in the workspace."""
    rows, chosen = _filtered(request, access)
    if (before := _whole(request.GET.get("before", ""))) is not None:
        rows = rows.filter(sequence__lt=before)
    found = list(rows[: ROWS + 1])
    verbs = (
        Activity.objects.filter(workspace_id=access.workspace.pk)
        .visible_to(access.circle_ids)
        .order_by("verb")
    )
    context = {
        "lines": [records.describe(row) for row in found[:ROWS]],
        "older": found[ROWS - 1].sequence if len(found) > ROWS else None,
        "chosen": chosen,
        "people": list(selectors.members(workspace_id=access.workspace.pk)),
        "verbs": list(verbs.values_list("verb", flat=True).distinct()),
        "kinds": list(kinds.all_kinds()),
    }
    return responses.page(request, "workspaces/activity.html", context)


def _cell(value: Any) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


@page()
@require_safe
def export_activity(request: HttpRequest, access: Access) -> StreamingHttpResponse:
    """The filtered history as CSV, with the hashes that tie it together."""
    rows, _ = _filtered(request, access)

    def lines() -> Iterator[str]:
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        names = ("sequence", "at", "person", "via", "verb", "key", "changes", "previous_hash", "hash")
        writer.writerow(names)
        for row in rows.iterator(chunk_size=2000):
            facts = (
                row.actor_name,
                row.via,
                row.verb,
                row.record_key,
                row.changes,
                row.previous_hash,
                row.hash,
            )
            writer.writerow([row.sequence, row.at.isoformat(), *map(_cell, facts)])
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
        yield buffer.getvalue()

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{access.workspace.slug}-activity.csv"'
    return response


@page()
@require_safe
def verify(request: HttpRequest, access: Access) -> HttpResponse:
    """Walk the whole chain of hashes and say whether it holds."""
    faults = []
    for fault in verify_chain(workspace_id=access.workspace.pk):
        faults.append(fault)
        if len(faults) == ROWS:
            break
    count = Activity.objects.filter(workspace_id=access.workspace.pk).count()
    return responses.page(request, "workspaces/verify.html", {"faults": faults, "count": count})


@page(role=Role.MAKER)
@require_safe
def deleted(request: HttpRequest, access: Access) -> HttpResponse:
    """Records that were deleted and can be brought back."""
    rows = Record.objects.deleted_in_workspace(access.workspace.pk, circles=access.circle_ids)
    rows = rows.select_related("updated_by")
    if (before := _whole(request.GET.get("before", ""))) is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: ROWS + 1])
    rows_shown = [{"record": row, "kind": kinds.get(row.kind).label} for row in found[:ROWS]]
    older = found[ROWS - 1].pk if len(found) > ROWS else None
    return responses.page(request, "workspaces/deleted.html", {"rows": rows_shown, "older": older})


@page(role=Role.OWNER)
@require_safe
def danger(request: HttpRequest, access: Access) -> HttpResponse:
    """Closing the workspace."""
    return responses.page(request, "workspaces/danger.html", {"form": CloseForm()})


@page(role=Role.OWNER)
@require_POST
def close(request: HttpRequest, access: Access) -> HttpResponse:
    """Close the workspace once its name is typed."""
    form = CloseForm(request.POST)
    if form.is_valid():
        try:
            services.close_workspace(
                workspace=access.workspace,
                confirmation=form.cleaned_data["confirmation"],
                actor=access.actor,
                at=timezone.now(),
            )
            undo = reverse("workspace-reopen", kwargs={"slug": access.workspace.slug})
            toasts.add(request, f"{access.workspace.name} is closed.", undo_url=undo)
            return redirect("workspaces")
        except ValidationError as error:
            form.add_error("confirmation", error.messages)
    return responses.form_page(request, "workspaces/danger.html", {"form": form})


@page()
@require_POST
def leave(request: HttpRequest, access: Access) -> HttpResponse:
    """Leave the workspace oneself."""
    try:
        services.remove_member(member=access.member, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
        return redirect("profile", workspace=access.workspace.slug)
    return redirect("home")
