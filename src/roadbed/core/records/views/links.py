"""Tying records together."""

from __future__ import annotations

from django.core import signing
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.records import kinds, selectors
from roadbed.core.records import services as records
from roadbed.core.records.models import Link, Record, Relation
from roadbed.core.records.views.shared import back_to, record_or_404, refused
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role

SALT = "roadbed.records.unlink"


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Choose another record and how it is related; link them."""
    record = record_or_404(access, key)
    if request.method == "GET":
        choices = [(f"{relation}", relation.label) for relation in Relation]
        choices += [
            (f"-{relation}", relation.inverse_label)
            for relation in Relation
            if relation.inverse_label != relation.label
        ]
        context = {
            "record": record,
            "record_base": f"/w/{access.workspace.slug}/{record.key}/",
            "choices": sorted(choices, key=lambda choice: choice[1]),
        }
        return render(request, "records/fragments/link.html", context)
    wanted = request.POST.get("relation", "")
    if wanted.removeprefix("-") not in Relation.values:
        return back_to(request, access, record, "Choose how they are related.", tone="bad")
    other = _target(access, request.POST.get("target", ""))
    if other is None:
        return back_to(request, access, record, "Choose the record to link to.", tone="bad")
    source, target = (other, record) if wanted.startswith("-") else (record, other)
    try:
        records.create_link(
            source=source,
            target=target,
            relation=Relation(wanted.removeprefix("-")),
            note=request.POST.get("note", "")[:300],
            actor=access.actor,
            at=timezone.now(),
        )
    except ValidationError as error:
        return refused(request, access, record, error)
    return back_to(request, access, record, f"{record.key} and {other.key} are linked")


def _target(access: Access, key: str) -> Record | None:
    """Return the record that a form names by key, or None."""
    return (
        Record.objects.in_workspace(access.workspace.pk, circles=access.circle_ids)
        .by_key(key.strip())
        .first()
    )


@page(role=Role.MAKER)
@require_POST
def remove(request: HttpRequest, access: Access, link_id: int) -> HttpResponse:
    """Remove a link, with undo."""
    link = (
        Link.objects.select_related("source", "target")
        .filter(pk=link_id, workspace_id=access.workspace.pk)
        .first()
    )
    if link is None or not all(end.is_visible_to(access.circle_ids) for end in (link.source, link.target)):
        raise Http404
    kept = signing.dumps([link.source_id, link.target_id, link.relation, link.note], salt=SALT)
    source = link.source
    try:
        records.remove_link(link=link, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        return refused(request, access, source, error)
    undo = f"/w/{access.workspace.slug}/links/restore/{kept}/"
    return back_to(request, access, source, "Link removed", undo_url=undo)


@page(role=Role.MAKER)
@require_POST
def restore(request: HttpRequest, access: Access, kept: str) -> HttpResponse:
    """Bring a removed link back."""
    try:
        source_id, target_id, relation, note = signing.loads(kept, salt=SALT, max_age=24 * 3600)
    except signing.BadSignature as error:
        raise Http404 from error
    live = Record.objects.in_workspace(access.workspace.pk, circles=access.circle_ids)
    ends = live.in_bulk([source_id, target_id])
    if len(ends) != 2:
        raise Http404
    source, target = ends[source_id], ends[target_id]
    records.create_link(
        source=source,
        target=target,
        relation=Relation(relation),
        note=note,
        actor=access.actor,
        at=timezone.now(),
    )
    return back_to(request, access, source, "Link restored")


@page()
@require_GET
def find(request: HttpRequest, access: Access) -> HttpResponse:
    """Records to choose from, for type-ahead: ``?q=…&kind=need&kind=feature``."""
    known = {kind.name for kind in kinds.all_kinds()}
    only = [name for name in request.GET.getlist("kind") if name in known]
    without = request.GET.get("without", "")
    hits = selectors.find_targets(
        workspace_id=access.workspace.pk,
        workspace_slug=access.workspace.slug,
        query=request.GET.get("q", "")[:200],
        only=only,
        circles=access.circle_ids,
    )
    context = {"hits": [hit for hit in hits if hit.key != without], "q": request.GET.get("q", "")}
    return render(request, "records/fragments/choices.html", context)
