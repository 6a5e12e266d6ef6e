"""The one API, collected from the apps' routers."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from ninja import NinjaAPI

from roadbed import __version__
from roadbed.core.api import problems
from roadbed.core.api.auth import SessionAuth, TokenAuth
from roadbed.core.api.throttling import TokenThrottle

api = NinjaAPI(
    title="Roadbed",
    version="1",
    description=(
        "Everything that a screen does. Send a token as `Authorization: Bearer …`. Lists come in cursor pages; "
        "a change needs the ETag you read as `If-Match`; errors are problem+json (RFC 9457)."
    ),
    auth=[TokenAuth(), SessionAuth()],
    throttle=[TokenThrottle()],
    docs_url=None,
    urls_namespace="api",
    openapi_extra={"info": {"x-product-version": __version__}},
)
problems.install(api)
for _app in apps.get_app_configs():
    if _app.name.startswith("roadbed.") and find_spec(f"{_app.name}.api"):
        _module = import_module(f"{_app.name}.api")
        if hasattr(_module, "root_router"):
            api.add_router("/", _module.root_router)
        api.add_router("/{slug:workspace}/", _module.router)
