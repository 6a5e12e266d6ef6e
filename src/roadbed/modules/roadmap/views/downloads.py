"""The lists as files to download, with the filters of the page."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_GET

from roadbed.core.tables import writing
from roadbed.core.tables.responses import export_response
from roadbed.core.tables.sources import Asked
from roadbed.core.workspaces.access import Access, page
from roadbed.modules.roadmap import imports, selectors
from roadbed.modules.roadmap.forms import lists


def format_of(request: HttpRequest) -> str:
    """Return the format that is asked for."""
    wanted = request.GET.get("format", "csv")
    if wanted not in writing.FORMATS:
        raise Http404
    return wanted


@page()
@require_GET
def features(request: HttpRequest, access: Access) -> HttpResponseBase:
    """Download the features that the list's filters leave."""
    state = lists.FILTERS.parse(request.GET, options=lists.options_for(access))
    rows = selectors.filter_features(workspace_id=access.workspace.pk, filters=state.values)
    asked = Asked(workspace_id=access.workspace.pk, within=rows)
    return export_response(imports.FEATURE_SOURCE, asked, format=format_of(request))


@page()
@require_GET
def releases(request: HttpRequest, access: Access) -> HttpResponseBase:
    """Download the releases that the list's filters leave."""
    state = lists.RELEASE_FILTERS.parse(request.GET, options=lists.options_for(access))
    rows = selectors.filter_releases(workspace_id=access.workspace.pk, filters=state.values)
    asked = Asked(workspace_id=access.workspace.pk, within=rows)
    return export_response(imports.RELEASE_SOURCE, asked, format=format_of(request))
