"""One record: its short address, history, deleting, archiving, tags, watching, merging."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.evidence import chain
from roadbed.core.records import kinds, selectors
from roadbed.core.records import services as records
from roadbed.core.records.models import Merge
from roadbed.core.records.views.shared import back_to, record_or_404, refused, url_of
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.web import responses, toasts


@page()
@require_GET
def show(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Lead from the short address to the record's page; from a merged record to the one it lives on in."""
    record = record_or_404(access, key, deleted=True)
    if record.merged_into is not None:
        return HttpResponseRedirect(url_of(access, record.merged_into))
    if record.is_deleted:
        return render(
            request, "records/deleted.html", {"record": record, "kind": kinds.get(record.kind)}, status=404
        )
    if record.key != key:
        return HttpResponsePermanentRedirect(f"/w/{access.workspace.slug}/{record.key}/")
    return HttpResponseRedirect(url_of(access, record))


@page()
@require_GET
def show_chain(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """The whole evidence chain of a record, every figure opening to its parts."""
    record = record_or_404(access, key)
    context = {
        "record": record,
        "kind": kinds.get(record.kind),
        "record_url": url_of(access, record),
        "record_base": f"/w/{access.workspace.slug}/{record.key}/",
        "chain": chain.chain_of(record=record, workspace=access.workspace.slug),
    }
    return responses.page(request, "evidence/chain.html", context)


@page()
@require_GET
def show_activity(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """The whole history of a record, page by page."""
    record = record_or_404(access, key)
    before = request.GET.get("before", "")
    lines = selectors.activity_of_record(
        record_id=record.pk,
        limit=51,
        before=int(before) if before.isdecimal() and len(before) < 16 else None,
        circles=access.circle_ids,
    )
    context = {
        "record": record,
        "record_url": url_of(access, record),
        "lines": lines[:50],
        "older": lines[49].sequence if len(lines) > 50 else None,
    }
    return responses.page(request, "records/activity.html", context)


@page(role=Role.MAKER)
@require_POST
def delete(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Delete a record, with undo."""
    record = record_or_404(access, key)
    records.delete_record(record=record, actor=access.actor, at=timezone.now())
    toasts.add(
        request,
        f"{record.key} deleted",
        undo_url=f"/w/{access.workspace.slug}/{record.key}/restore/",
        tone="good",
    )
    return responses.back(request, otherwise=f"/w/{access.workspace.slug}/")


@page(role=Role.MAKER)
@require_POST
def restore(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Bring a deleted record back."""
    record = record_or_404(access, key, deleted=True)
    try:
        records.restore_record(record=record, actor=access.actor, at=timezone.now())
    except records.NotUndoableError as error:
        toasts.add(request, str(error), tone="warn")
        return responses.back(request, otherwise=f"/w/{access.workspace.slug}/")
    toasts.add(request, f"{record.key} restored")
    return HttpResponseRedirect(url_of(access, record))


@page(role=Role.MAKER)
@require_POST
def archive(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Put a record away, with undo."""
    record = selectors.whole(record_or_404(access, key))
    records.archive_record(record=record, actor=access.actor, at=timezone.now())
    undo = f"/w/{access.workspace.slug}/{record.key}/unarchive/"
    return back_to(request, access, record, f"{record.key} archived", undo_url=undo)


@page(role=Role.MAKER)
@require_POST
def unarchive(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Bring an archived record back."""
    record = selectors.whole(record_or_404(access, key))
    records.unarchive_record(record=record, actor=access.actor, at=timezone.now())
    return back_to(request, access, record, f"{record.key} is back from the archive")


@page()
@require_POST
def watch(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Follow a record, or stop (``watching`` is ``no``)."""
    record = record_or_404(access, key)
    if request.POST.get("watching") == "no":
        records.stop_watching(record=record, member=access.member)
    else:
        records.start_watching(record=record, member=access.member, at=timezone.now())
    if responses.wants_fragment(request):
        context = {
            "record_base": f"/w/{access.workspace.slug}/{record.key}/",
            "watching": request.POST.get("watching") != "no",
        }
        return render(request, "records/parts/watch.html", context)
    return responses.back(request, otherwise=url_of(access, record))


@page(role=Role.MAKER)
@require_POST
def tag(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Set the tags of a record from a comma-separated list."""
    record = record_or_404(access, key)
    names = request.POST.get("tags", "").split(",")[:50]
    tags = records.set_tags(record=record, names=names, actor=access.actor, at=timezone.now())
    if responses.wants_fragment(request):
        context = {"tags": tags, "record_base": f"/w/{access.workspace.slug}/{record.key}/", "access": access}
        return render(request, "records/parts/tags.html", context)
    return back_to(request, access, record, "Tags saved")


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def merge(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Choose what to merge into this record, and do it, with undo."""
    record = record_or_404(access, key)
    if request.method == "GET":
        context = {
            "record": record,
            "kind": kinds.get(record.kind),
            "record_base": f"/w/{access.workspace.slug}/{key}/",
        }
        return render(request, "records/fragments/merge.html", context)
    other = record_or_404(access, request.POST.get("target", ""))
    try:
        done = records.merge_records(survivor=record, merged=other, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        return refused(request, access, record, error)
    undo = f"/w/{access.workspace.slug}/merges/{done.pk}/undo/"
    return back_to(request, access, record, f"{other.key} now lives on in {record.key}", undo_url=undo)


@page(role=Role.MAKER)
@require_POST
def undo_merge(request: HttpRequest, access: Access, merge_id: int) -> HttpResponse:
    """Take a merge back."""
    done = (
        Merge.objects.filter(pk=merge_id, workspace_id=access.workspace.pk).select_related("survivor").first()
    )
    if done is None or not done.survivor.is_visible_to(access.circle_ids):
        raise Http404
    try:
        record = records.undo_merge(merge=done, actor=access.actor, at=timezone.now())
    except records.NotUndoableError as error:
        return back_to(request, access, done.survivor, str(error), tone="warn")
    return back_to(request, access, record, f"{record.key} is a record of its own again")
