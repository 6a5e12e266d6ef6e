"""The reference of the API as a page, drawn on the server from the OpenAPI document."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from roadbed.config.api import api
from roadbed.web import responses

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or a property: its name, type, whether it is needed, and what it is."""

    name: str
    type: str
    is_required: bool
    text: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, ready to be read."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answers: tuple[tuple[str, str, tuple[Field, ...]], ...]
    curl: str


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document as plain data."""
    found: dict[str, Any] = json.loads(
        json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"), default=str)
    )
    return found


def _resolve(schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    if name:
        found: dict[str, Any] = document()["components"]["schemas"].get(name, {})
        return found
    return schema


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        values = _resolve(schema).get("enum")
        return " | ".join(map(str, values)) if values else name
    for union in ("anyOf", "oneOf", "allOf"):
        if union in schema:
            return " or ".join(_type(part) for part in schema[union])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return " ".join(part for part in (schema.get("type", "anything"), schema.get("format", "")) if part)


def _fields(schema: dict[str, Any]) -> tuple[Field, ...]:
    whole = _resolve(schema)
    needed = set(whole.get("required", ()))
    return tuple(
        Field(name, _type(part), name in needed, part.get("description", ""))
        for name, part in whole.get("properties", {}).items()
    )


def _schema_of(content: dict[str, Any]) -> dict[str, Any]:
    for kind in content.get("content", {}).values():
        found: dict[str, Any] = kind.get("schema", {})
        return found
    return {}


def _curl(method: str, path: str, body: tuple[Field, ...], headers: list[str]) -> str:
    parts = ["curl"]
    if method != "get":
        parts.append(f"-X {method.upper()}")
    parts.append('-H "Authorization: Bearer $ROADBED_TOKEN"')
    parts.extend(f"-H '{name}: \"1\"'" for name in headers)
    if body:
        sample = {part.name: f"<{part.type}>" for part in body if part.is_required}
        parts.append(f"--json '{json.dumps(sample)}'")
    parts.append(f'"$ROADBED_URL{path.replace("{", "<").replace("}", ">")}"')
    return " \\\n  ".join(parts)


def _operation(method: str, path: str, found: dict[str, Any]) -> Operation:
    parameters = tuple(
        Field(
            each["name"],
            _type(each.get("schema", {})),
            bool(each.get("required")),
            each.get("description") or each.get("schema", {}).get("description", ""),
            each["in"],
        )
        for each in found.get("parameters", ())
    )
    body = _fields(_schema_of(found.get("requestBody", {})))
    answers = tuple(
        (status, _type(_schema_of(answer)) if _schema_of(answer) else "", _fields(_schema_of(answer)))
        for status, answer in found.get("responses", {}).items()
        if status.startswith("2")
    )
    headers = [part.name for part in parameters if part.place == "header"]
    return Operation(
        id=found["operationId"],
        method=method.upper(),
        path=path,
        summary=found.get("summary", ""),
        text=found.get("description", ""),
        parameters=parameters,
        body=body,
        answers=answers,
        curl=_curl(method, path, body, headers),
    )


@cache
def _groups() -> list[tuple[str, list[Operation]]]:
    groups: dict[str, list[Operation]] = {}
    for path, methods in document()["paths"].items():
        for method in METHODS:
            if method in methods:
                found = methods[method]
                groups.setdefault((found.get("tags") or ["other"])[0], []).append(
                    _operation(method, path, found)
                )
    return sorted(groups.items(), key=lambda group: (group[0] != "me", group[0]))


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """Show every operation by subject, with what it takes, what it gives, and a command to copy."""
    context = {"groups": _groups(), "about": document()["info"]}
    return responses.page(request, "workspaces/api_docs.html", context)
