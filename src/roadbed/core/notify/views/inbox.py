"""The inbox: what waits for me, unread first."""

from __future__ import annotations

from datetime import datetime

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from roadbed.core.notify import selectors
from roadbed.core.notify.services import notices
from roadbed.core.workspaces.access import Access, page
from roadbed.web import pagination, responses, toasts

UNDO_SALT = "roadbed.notify.undo"
ID_MAX = 2**53


def _inbox_url(access: Access) -> str:
    return f"/w/{access.workspace.slug}/inbox/"


@page()
@require_GET
def show(request: HttpRequest, access: Access) -> HttpResponse:
    """Show what is unread; with ?show=all everything, the newest first."""
    show_all = request.GET.get("show") == "all"
    found = pagination.paginate(
        selectors.inbox(access=access, unread_only=not show_all),
        order=("-pk",),
        cursor=request.GET.get("after", ""),
    )
    url = _inbox_url(access)
    context = {
        "notices": found.rows,
        "page": found,
        "show_all": show_all,
        "inbox_url": url,
        "next_url": f"{url}?{'show=all&' if show_all else ''}after={found.next}" if found.next else "",
        "tabs": [
            {"label": "Unread", "url": url, "current": not show_all, "count": selectors.count_unread(access)},
            {"label": "All", "url": f"{url}?show=all", "current": show_all, "count": None},
        ],
    }
    return responses.page(request, "notify/inbox.html", context)


def _ids(request: HttpRequest) -> list[int]:
    return [
        int(text)
        for text in request.POST.getlist("ids")
        if text.isascii() and text.isdigit() and len(text) < 16
    ]


@page()
@require_POST
def read(request: HttpRequest, access: Access) -> HttpResponse:
    """Mark some notices as read, or all with ``everything=yes``."""
    now = timezone.now()
    everything = request.POST.get("everything") == "yes"
    changed = notices.mark_read(member=access.member, ids=None if everything else _ids(request), at=now)
    if changed:
        undo = signing.dumps(now.isoformat(), salt=UNDO_SALT)
        text = "Marked as read" if len(changed) == 1 else f"Marked {len(changed)} as read"
        toasts.add(request, f"{text}.", undo_url=f"{_inbox_url(access)}undo/{undo}/")
    return responses.back(request, otherwise=_inbox_url(access))


@page()
@require_POST
def undo(request: HttpRequest, access: Access, kept: str) -> HttpResponse:
    """Make what was marked at that moment unread again."""
    try:
        read_at = datetime.fromisoformat(signing.loads(kept, salt=UNDO_SALT))
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise Http404 from error
    notices.mark_unread(member=access.member, read_at=read_at)
    return responses.back(request, otherwise=_inbox_url(access))


@page()
@require_POST
def open_notice(request: HttpRequest, access: Access, notice_id: int) -> HttpResponse:
    """Mark a notice as read and go where it leads."""
    if notice_id > ID_MAX:
        raise Http404
    notice = notices.notices_of(member=access.member).filter(pk=notice_id).first()
    if notice is None:
        raise Http404
    notices.mark_read(member=access.member, ids=[notice.pk], at=timezone.now())
    return redirect(notice.url)


@page()
@require_POST
def unread(request: HttpRequest, access: Access, notice_id: int) -> HttpResponse:
    """Make a notice unread again."""
    if notice_id > ID_MAX or not notices.mark_unread(member=access.member, ids=[notice_id]):
        raise Http404
    return responses.back(request, otherwise=f"{_inbox_url(access)}?show=all")
