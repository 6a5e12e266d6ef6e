"""The gallery of parts inside a workspace, for those who build pages; `roadbed.web.gallery` draws it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.web import gallery


@page(role=Role.MAKER)
@require_safe
def show(request: HttpRequest, access: Access, part: str = "basics") -> HttpResponse:
    """Show one page of the gallery."""
    return gallery.gallery_view(request, part)


@page(role=Role.MAKER)
@require_http_methods(["GET", "HEAD", "POST"])
def do(request: HttpRequest, access: Access, part: str, name: str) -> HttpResponse:
    """Answer a deed of the gallery; none of them changes anything."""
    return gallery.deed(request, part, name)
