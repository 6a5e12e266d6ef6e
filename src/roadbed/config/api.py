"""The one API, collected from the apps' routers."""

from __future__ import annotations

from http import HTTPStatus
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from roadbed import __version__
from roadbed.core.api import problems
from roadbed.core.api.auth import SessionAuth, TokenAuth
from roadbed.core.api.throttling import TokenThrottle

EVERYWHERE = (400, 401, 403, 404, 422, 429)
"""How any operation may be refused: unreadable, unknown caller, too low a role, missing, wrong fields, too often."""
OPEN = {"get_me"}
"""What takes no workspace, and so knows of none that is missing."""


class RoadbedAPI(NinjaAPI):
    """Ninja's API, whose document says of each operation how it can fail, and as what."""

    _documents: dict[str, OpenAPISchema]

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        self._documents = {}

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the document with every refusal as problem+json.

        It is made once a process: it takes a second, and anybody may ask for it.
        """
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        if prefix not in self._documents:
            self._documents[prefix] = self._write_document(prefix)
        return self._documents[prefix]

    def _write_document(self, prefix: str) -> OpenAPISchema:
        schema = super().get_openapi_schema(path_prefix=prefix)
        problem = problems.ProblemOut
        schema["components"]["schemas"][problem.__name__] = problem.model_json_schema()
        reference = {"schema": {"$ref": f"#/components/schemas/{problem.__name__}"}}
        for methods in schema["paths"].values():
            for operation in methods.values():
                answers = operation["responses"]
                for status in EVERYWHERE:
                    if status not in answers and not (status == 404 and operation["operationId"] in OPEN):
                        answers[status] = {"description": HTTPStatus(status).phrase}
                for status, answer in answers.items():
                    if int(status) >= 400:
                        answer["content"] = {"application/problem+json": reference}
        return schema


api = RoadbedAPI(
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
