"""Whatever is sent to whichever address, the answer is never "our fault", and never an error of the database."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils.datastructures import MultiValueDict
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.permissions import knock, routes, samples, scene, sent

pytestmark = pytest.mark.slow

ADDRESSES = sorted({each.route: each for each in routes.every_route()}.values(), key=lambda each: each.route)
HUGE = (0, 2**31, 2**63 - 1, 2**63, 10**30)
WEIRD = (
    "",
    " ",
    "0",
    "-1",
    "1e999",
    "NaN",
    "null",
    "true",
    "'; DROP TABLE x; --",
    "<script>alert(1)</script>",
    "%00",
    "a\x00b",
    "\ud7ff\ue000",
    "\u202egnp.exe",
    "👩‍🚒" * 40,
    "x" * 5000,
    "２",
    "٣",
    "²",
    "9" * 40,
    "2026-02-30",
    "0000-00-00",
    "9999-12-31T23:59:59Z",
    "../../etc/passwd",
    "=cmd|' /C calc'!A0",
    "[[1]]",
    "{}",
    "yes",
)
NAMES = (
    "q", "page", "limit", "cursor", "sort", "before", "after", "product", "kind", "person", "verb", "key",
    "view", "columns", "status", "source", "state", "segment", "people", "revenue", "strength", "heard",
    "archived", "text", "title", "name", "email", "role", "department", "version", "target", "relation",
    "body", "tags", "value", "column", "card", "everything", "query", "ids", "next", "data", "as", "chart",
    "start", "end", "first", "last", "number", "hour", "file", "format", "at", "undo", "importance",
    "satisfaction", "rule", "account", "list", "layout", "mapping", "external_id", "rating", "date",
    "said_at", "level", "horizon", "release",
)  # fmt: skip
"""Fields that pages and programs know; others are made up."""
EXAMPLES = 4 if connection.vendor == "sqlite" else 2
"""Draws for each address; what a view makes of them is the same on both databases."""
ALLOWED_500: dict[str, str] = {}
"""Addresses that may answer 500 or more, each with the reason."""

weird_text = st.sampled_from(WEIRD) | st.text(max_size=40)
fields = st.dictionaries(
    st.sampled_from(NAMES) | st.text(string.ascii_lowercase, min_size=1, max_size=8), weird_text, max_size=6
)
whole_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(HUGE) | st.floats() | weird_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=10,
)
header_values = st.text(string.printable.strip(), max_size=60)
headers = st.fixed_dictionaries(
    {},
    optional={
        "If-Match": header_values | st.sampled_from(['"1"', '"99999999999"', "*", 'W/"1"', '""']),
        "HX-Request": st.sampled_from(["true", "maybe"]),
        "HX-Request-Type": st.sampled_from(["partial", "full", "?"]),
        "Accept": header_values,
        "Accept-Language": header_values,
        "Range": header_values,
        "X-Forwarded-For": header_values,
        "Referer": header_values,
    },
)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[scene.Scene]:
    """One scene for all: each request below is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield scene.build()
        transaction.set_rollback(True)


def some_part(route: routes.Route, name: str, world: scene.Scene, luck: random.Random) -> Any:
    """Return what is there, something that is not, or nonsense that still fits the converter."""
    usual = samples.parts_of(route.route, [name], world)[name]
    converter = type(route.converters[name]).__name__
    if name == "workspace" or luck.random() < 0.6:
        return usual
    if converter == "IntConverter":
        return luck.choice(HUGE)
    if converter == "SlugConverter":
        return luck.choice(["nothing", "x" * 300, "-", "_", "9" * 30])
    if converter == "KeyConverter":
        return luck.choice(["N-999999999", "ZZZZZZ-1", "n-1", "N-0", "F-000000001"])
    return luck.choice(
        ["nothing", "x" * 300, "N-99999999999999999999", "%F0%9F%A6%8A", "a b", "1:2:3", "%E0%A4%A"]
    )


def as_ada(world: scene.Scene) -> knock.Browser:
    return knock.Browser(world.ada.browser.cookies["sessionid"].value)


def send(
    world: scene.Scene, route: routes.Route, data: dict[str, Any], luck: random.Random
) -> tuple[str, int]:
    """Send one request and return how it was answered."""
    parts = {name: some_part(route, name, world, luck) for name in route.converters}
    path = routes.address(route.route, parts)
    browser = as_ada(world)
    method = luck.choice(["get", "post", "put", "patch", "delete"])
    usual = sent.sent_to(method=method.upper(), route=route.route, scene=world) if luck.random() < 0.5 else {}
    extra: dict[str, Any] = {"headers": data["headers"]}
    if method == "get":
        extra["data"] = {**data["query"]}
    elif path.startswith("/api/"):
        body: Any = data["json"]
        if isinstance(body, dict):
            body = {**usual, **body}
        text = luck.choice([json.dumps(body), json.dumps(data["form"]), "{", "\x00", "[" * 200, '"\\ud800"'])
        extra |= {"data": text, "content_type": "application/json"}
    elif method == "post":
        extra["data"] = {**usual, **data["form"]}
    with transaction.atomic():
        answer = getattr(browser, method)(path, **extra)
        if answer.streaming:
            for _ in answer.streaming_content:
                pass
        transaction.set_rollback(True)
    return f"{method.upper()} {path[:200]} {extra}", answer.status_code


def test_the_scene_is_made_through_the_services(db: None) -> None:
    assert scene.build().made


@pytest.mark.django_db
@pytest.mark.parametrize("route", ADDRESSES, ids=lambda each: each.route or "/")
def test_is_never_our_fault(world: scene.Scene, route: routes.Route) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(
        data=st.fixed_dictionaries({"headers": headers, "query": fields, "form": fields, "json": whole_json}),
        seed=st.integers(0, 2**16),
    )
    def check(data: dict[str, Any], seed: int) -> None:
        luck = random.Random(seed)  # noqa: S311 - to choose what is sent, not to keep anything secret
        for _ in range(2):
            request, status = send(world, route, data, luck)
            assert status < 500 or route.route in ALLOWED_500, request

    check()


CURSORS = (*WEIRD, "eyJ4IjoxfQ:1abc:sig")
PLACES = ("cursor", "before", "after")
LISTING = [
    each
    for each in ADDRESSES
    if not each.route.startswith("accounts/") and not set(each.converters) - {"workspace"}
]


@pytest.mark.django_db
@pytest.mark.parametrize("route", LISTING, ids=lambda each: each.route or "/")
def test_a_bad_cursor_is_refused_or_begins_anew(
    world: scene.Scene, route: routes.Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address that never looks at a cursor, not even to write it into a link, is asked with one alone."""
    looked: set[str] = set()
    one, several = MultiValueDict.__getitem__, MultiValueDict.lists

    def read_one(self: Any, key: str) -> Any:
        looked.add(key)
        return one(self, key)

    def read_several(self: Any) -> Any:
        looked.update(self)
        return several(self)

    monkeypatch.setattr(MultiValueDict, "__getitem__", read_one)
    monkeypatch.setattr(MultiValueDict, "lists", read_several)
    path = routes.address(route.route, {"workspace": world.workspace.slug})
    faults = []
    for cursor in CURSORS:
        status = as_ada(world).get(path, dict.fromkeys(PLACES, cursor)).status_code
        if status >= 500:
            faults.append(f"{status} for {cursor!r:.60}")
        if not looked.intersection(PLACES):
            break
    assert faults == [], "\n".join([path, *faults])
