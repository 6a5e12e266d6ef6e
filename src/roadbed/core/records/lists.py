"""What every list of records shares: the views that were saved of it, and the rows that a form picked."""

from __future__ import annotations

from django.core.exceptions import TooManyFieldsSent
from django.http import Http404, HttpRequest, QueryDict

from roadbed.core.records import selectors
from roadbed.core.workspaces.access import Access
from roadbed.web import tables


def saved_views(access: Access, *, list_name: str, base: str) -> tuple[tables.SavedView, ...]:
    """Return the views of the list at `base` that the member may open: their own, and those that are shared."""
    own = f"/w/{access.workspace.slug}/views/"
    return tuple(
        tables.SavedView(
            name=view.name,
            url=f"{base}?{view.query}" if view.query else base,
            query=view.query,
            shared=view.is_shared,
            delete_url=f"{own}{view.pk}/delete/" if view.member_id == access.member.pk else "",
        )
        for view in selectors.saved_views(member=access.member, list_name=list_name)
    )


def everything(request: HttpRequest) -> QueryDict | None:
    """Return the filters whose every row a form means (``everything=yes``); None where it picked rows one by one."""
    if request.POST.get("everything") != "yes":
        return None
    try:
        return QueryDict(request.POST.get("query", ""))
    except TooManyFieldsSent as error:
        raise Http404 from error


def picked_ids(request: HttpRequest) -> list[int]:
    """Return the numbers of the rows that a form picked one by one; what is no number is left out."""
    return [int(text) for text in request.POST.getlist("ids") if text.isdecimal() and len(text) < 16]
