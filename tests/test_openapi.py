"""The OpenAPI document: kept as a snapshot, and held to by what the API answers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections, connection, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from ninja import Schema
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from roadbed.config import api_docs
from tests.permissions import samples, scene

SNAPSHOT = Path(__file__).parent / "snapshots" / "openapi.json"
WRITE = "WRITE_SNAPSHOTS=1 .venv/bin/pytest tests/test_openapi.py -k kept_one"
EXAMPLES = {True: 12, False: 6} if connection.vendor == "sqlite" else {True: 4, False: 3}
"""By whether there is a body, which has far more to vary than an address. What is drawn and how it is read is the same
on both databases; the second is asked whether it answers alike."""
CHECKS = (
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
)
"""What is asked of every answer. Whether data that the schema refuses is refused is the parser's own to test."""


def written() -> str:
    """Return the document as it is kept: sorted, so that a difference is a change."""
    found = {name: part for name, part in api_docs.document().items() if name != "servers"}
    found["info"] = {name: part for name, part in found["info"].items() if name != "x-product-version"}
    return json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def test_the_document_is_the_kept_one() -> None:
    if os.environ.get("WRITE_SNAPSHOTS"):
        SNAPSHOT.write_text(written())
    assert SNAPSHOT.read_text() == written(), f"The API has changed. If that is meant, run: {WRITE}"


def test_it_is_made_once_a_process() -> None:
    assert api_docs.api.get_openapi_schema() is api_docs.api.get_openapi_schema()


def test_every_operation_says_how_it_can_fail() -> None:
    for path, methods in api_docs.document()["paths"].items():
        for method, operation in methods.items():
            answers = set(operation["responses"])
            assert "401" in answers, (method, path)
            assert operation["operationId"] == operation["operationId"].lower(), (method, path)


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [
        operation["operationId"]
        for methods in api_docs.document()["paths"].values()
        for operation in methods.values()
    ]
    assert len(names) == len(set(names))


def test_no_two_schemas_share_a_name() -> None:
    def below(kind: type[Schema]) -> set[type[Schema]]:
        return {kind}.union(*(below(child) for child in kind.__subclasses__()))

    ours = [
        kind.__name__
        for kind in below(Schema)
        if kind.__module__.startswith("roadbed.") and "[" not in kind.__name__
    ]
    assert sorted({name for name in ours if ours.count(name) > 1}) == [], (
        "the document can keep only one of them"
    )


@pytest.fixture
def open_connections() -> Iterator[None]:
    """Keep the connection open between requests, as Django's own test client does."""
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


def operations() -> list[Any]:
    """Every operation of the document, as schemathesis reads it.

    The kept one, since each worker gathers these before it runs a test: that it is the product's is a test above.
    """
    schema = schemathesis.openapi.from_dict(json.loads(SNAPSHOT.read_text()))
    schema.app = WSGIHandler()
    return [found.ok() for found in schema.get_all_operations()]


def name_of(operation: Any) -> str:
    return f"{operation.method.upper()} {operation.path}"


def aim(case: Any, world: scene.Scene) -> None:
    """Let the captured parts of the address mean what is there."""
    route = case.operation.path.lstrip("/").replace("{workspace}", "<slug:workspace>")
    names = list(case.path_parameters or {})
    known = [name for name in names if name in samples.SAMPLES]
    case.path_parameters.update(samples.parts_of(route.replace("{", "<").replace("}", ">"), known, world))


@pytest.fixture(scope="module")
def world(module_database: None) -> scene.Scene:
    return scene.build()


@pytest.mark.django_db
@pytest.mark.parametrize("operation", operations(), ids=name_of)
def test_what_it_answers_is_what_the_document_says(
    operation: Any, world: scene.Scene, open_connections: None
) -> None:
    headers = {"Authorization": f"Bearer {world.writing}"}
    cases = operation.as_strategy() | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @settings(
        max_examples=EXAMPLES[bool(operation.body)],
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, is_aimed=st.booleans())
    def ask(*, case: Any, is_aimed: bool) -> None:
        if case.path_parameters:
            case.path_parameters["workspace"] = world.workspace.slug
            if is_aimed:
                aim(case, world)
        with transaction.atomic():
            answer = case.call(headers=headers)
            transaction.set_rollback(True)
        case.validate_response(answer, checks=CHECKS)

    ask()
