"""A list as a file, with the filters that it has on the screen."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_GET

from roadbed.core.tables import responses as downloads
from roadbed.core.tables import sources, writing
from roadbed.core.workspaces.access import Access, page
from roadbed.modules.insights.forms import lists
from roadbed.modules.insights.selectors import choices
from roadbed.modules.insights.selectors import customers as customer_selectors
from roadbed.modules.insights.selectors import feedback as feedback_selectors

LISTS: dict[str, Any] = {
    "feedback": (lists.FEEDBACK, choices.for_feedback, feedback_selectors.list_feedback),
    "accounts": (lists.ACCOUNTS, choices.for_accounts, customer_selectors.list_accounts),
    "people": (lists.PEOPLE, choices.for_people, customer_selectors.list_people),
}


@page()
@require_GET
def download(request: HttpRequest, access: Access, name: str) -> HttpResponseBase:
    """Download the list as it is filtered; ``?format=`` says as what."""
    declared, options, read = LISTS[name]
    kind = request.GET.get("format", "csv")
    if kind not in writing.FORMATS:
        raise Http404
    workspace_id = access.workspace.pk
    # Only feedback can be private to a circle; the other lists are the same for everybody.
    seen: dict[str, Any] = {"circles": access.circle_ids} if name == "feedback" else {}
    state = declared.parse(request.GET, options=options(workspace_id=workspace_id, **seen))
    if state.errors:
        raise Http404
    rows = read(
        workspace_id=workspace_id,
        filters=choices.resolve(workspace_id=workspace_id, values=state.values),
        **seen,
    )
    asked = sources.Asked(workspace_id=workspace_id, within=rows, circles=access.circle_ids)
    return downloads.export_response(sources.get(name), asked, format=kind)
