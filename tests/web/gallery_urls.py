"""The product's addresses, and the gallery inside a workspace, for the browser to press."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import path

from roadbed.config import urls
from roadbed.core.workspaces import access
from roadbed.web import gallery


@access.page()
def show(request: HttpRequest, own: access.Access, /, **kwargs: Any) -> HttpResponseBase:
    return gallery.gallery_view(request, **kwargs)


@access.page()
def do(request: HttpRequest, own: access.Access, /, **kwargs: Any) -> HttpResponseBase:
    return gallery.deed(request, **kwargs)


urlpatterns = [
    path("w/<slug:workspace>/parts/<slug:part>/", show),
    path("w/<slug:workspace>/parts/<slug:part>/do/<slug:name>/", do),
    *urls.urlpatterns,
]
