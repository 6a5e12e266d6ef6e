"""Every address, collected from the apps.

An app's ``urls.py`` may offer ``workspace_patterns`` (below ``/w/<slug>/``) and ``root_patterns``; its ``api.py`` a
``router`` (below ``/api/v1/<slug>/``), which `roadbed.config.api` collects.
"""

from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path

from roadbed.config import api_docs, health
from roadbed.config.api import api

workspace_patterns: list[URLPattern | URLResolver] = []
root_patterns: list[URLPattern | URLResolver] = []
for _app in apps.get_app_configs():
    if _app.name.startswith("roadbed.") and find_spec(f"{_app.name}.urls"):
        _urls = import_module(f"{_app.name}.urls")
        workspace_patterns += getattr(_urls, "workspace_patterns", [])
        root_patterns += getattr(_urls, "root_patterns", [])

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
    path("version", health.version, name="version"),
    path("robots.txt", health.robots, name="robots"),
    path("api/docs/", api_docs.reference, name="api-docs"),
    *root_patterns,
    path("accounts/", include("allauth.urls")),
    path("api/v1/", api.urls),
    path("w/<slug:workspace>/", include(workspace_patterns)),
]
