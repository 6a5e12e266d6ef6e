"""Today: what waits for me, and what changed since my last visit."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from roadbed.core.records import selectors, today
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.models import Member
from roadbed.web import responses

VISIT_GAP = timedelta(minutes=30)
"""A pause this long ends a visit."""


@page()
@require_GET
def show(request: HttpRequest, access: Access) -> HttpResponse:
    """What waits and what changed."""
    now = timezone.now()
    since = access.member.seen_at or now - timedelta(days=7)
    changes = selectors.changes_since(
        workspace_id=access.workspace.pk,
        workspace=access.workspace.slug,
        since=since,
        not_by=access.member.user_id,
        watcher=access.member,
    )
    context = {
        "now": now,
        "since": since,
        "is_first_visit": access.member.seen_at is None,
        "waiting": today.waiting(access=access, now=now),
        "changes": changes,
    }
    return responses.page(request, "records/today.html", context)


def visit_times(*, member: Member, now: datetime) -> dict[str, datetime | None]:
    """Return the visit bookkeeping as it is after the member is seen at `now`."""
    if member.visit_at is None or now - member.visit_at > VISIT_GAP:
        return {"seen_at": member.visit_at, "visit_at": now}
    return {"visit_at": now}


@page()
@require_POST
def visit(request: HttpRequest, access: Access) -> HttpResponse:
    """Note that the member is here; the page sends it by itself, since reading a page writes nothing."""
    Member.objects.filter(pk=access.member.pk).update(**visit_times(member=access.member, now=timezone.now()))
    return HttpResponse(status=204)


@page()
@require_POST
def seen(request: HttpRequest, access: Access) -> HttpResponse:
    """Count everything up to now as seen."""
    now = timezone.now()
    Member.objects.filter(pk=access.member.pk).update(seen_at=now, visit_at=now)
    return responses.back(request, otherwise=f"/w/{access.workspace.slug}/")
