"""Every address × method × {anonymous, viewer, contributor, maker, owner, other workspace, removed, reading token}."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.http import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.permissions import routes, scene, sent, table

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ROLES = ("viewer", "contributor", "maker", "owner")
REFUSED = {401, 403, 404, 405}
NOT_ADDRESSES = {"api/v1/"}
"""What the resolver holds that is no address of its own: ninja's root only serves to build others."""
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
BOOKKEEPING = ('"django_session"', '"usersessions_usersession"', '"account_emailaddress"')
"""What a GET may write: sessions, which allauth purges as it lists them, and its own row for a person's address."""

RULES = table.gather()
ADDRESSES = sorted({each.route: each for each in routes.every_route()}.values(), key=lambda each: each.route)
CHECKED = [each for each in ADDRESSES if each.route not in NOT_ADDRESSES]
OURS = [each for each in CHECKED if each.route.startswith((routes.WORKSPACE, routes.API))]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[scene.Scene]:
    """One scene for all: each request below is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield scene.build()
        transaction.set_rollback(True)


def sessions(world: scene.Scene) -> dict[str, str]:
    people = {
        "owner": world.ada,
        "maker": world.ben,
        "contributor": world.cleo,
        "viewer": world.dan,
        "other workspace": world.eve,
        "removed": world.gone,
    }
    return {who: person.browser.cookies["sessionid"].value for who, person in people.items()}


def ask(world: scene.Scene, route: routes.Route, method: str, who: str) -> HttpResponseBase:
    """Send one request as somebody, and undo whatever it did."""
    browser = Client(raise_request_exception=False)
    headers = {}
    if who == "reading token":
        headers["Authorization"] = f"Bearer {world.reading}"
    elif who != "anonymous":
        browser.cookies["sessionid"] = sessions(world)[who]
    path = routes.address(route.route, scene.parts_of(route.route, list(route.converters), world))
    query = sent.ASKED.get(route.route, "")
    body = sent.sent_to(method=method, route=route.route, scene=world)
    extra: dict[str, Any] = {}
    if (form := sent.UPLOADED.get((method, route.route))) is not None:
        file = SimpleUploadedFile("feedback.csv", b"id,text\n1,More colours\n", content_type="text/csv")
        extra = {"data": {**form, "file": file}}
    elif path.startswith("/api/") and method != "GET":
        extra = {"data": json.dumps(body), "content_type": "application/json"}
    elif method == "POST":
        extra = {"data": body}
    address = f"{path}?{query}" if query else path
    with transaction.atomic():
        answer: Any = getattr(browser, method.lower())(address, headers=headers, **extra)
        if not answer.streaming:
            _ = answer.content
        transaction.set_rollback(True)
    return answer  # type: ignore[no-any-return]  # the test client has no types here


def leads_to_sign_in(answer: HttpResponseBase) -> bool:
    return answer.status_code == 302 and answer.headers["Location"].startswith("/accounts/login/")


def test_the_scene_is_made_through_the_services(db: None) -> None:
    assert scene.build().made


def test_every_address_is_declared_and_every_declared_one_exists() -> None:
    known = {each.route for each in CHECKED}
    assert sorted(known - set(RULES)) == [], "add these to a table in tests/permissions/"
    assert sorted(set(RULES) - known) == [], "these are gone: take them out of tests/permissions/"


@pytest.mark.parametrize("route", [each for each in OURS if each.role], ids=lambda each: each.route)
def test_the_guard_of_a_page_is_the_declared_one(route: routes.Route) -> None:
    assert {rule.level for rule in RULES[route.route].values()} == {route.role}


def test_every_page_of_a_workspace_declares_its_guard() -> None:
    unguarded = [each.route for each in OURS if each.route.startswith(routes.WORKSPACE) and not each.role]
    assert unguarded == []


@pytest.mark.parametrize("route", OURS, ids=lambda each: each.route)
class TestInsideAWorkspace:
    def test_members_reach_as_far_as_their_role(self, world: scene.Scene, route: routes.Route) -> None:
        for method, rule in RULES[route.route].items():
            reached = set()
            for role in ROLES:
                status = ask(world, route, method, role).status_code
                assert status < 500, (method, role, status)
                if ROLES.index(role) < ROLES.index(rule.level):
                    assert status == 403, (method, role, status)
                elif status not in REFUSED:
                    reached.add(role)
                else:
                    assert rule.is_own, (method, role, status)
                    assert status in {403, 404}, (method, role, status)
            assert reached, (method, "nobody reaches it")

    def test_visitors_sign_in_first(self, world: scene.Scene, route: routes.Route) -> None:
        for method in RULES[route.route]:
            answer = ask(world, route, method, "anonymous")
            if route.route.startswith(routes.API):
                assert answer.status_code == 401, method
            else:
                assert leads_to_sign_in(answer), method

    @pytest.mark.parametrize("who", ["other workspace", "removed"])
    def test_strangers_see_nothing(self, world: scene.Scene, route: routes.Route, who: str) -> None:
        for method in RULES[route.route]:
            assert ask(world, route, method, who).status_code == 404, method

    def test_a_reading_token_only_reads(self, world: scene.Scene, route: routes.Route) -> None:
        for method, rule in RULES[route.route].items():
            answer = ask(world, route, method, "reading token")
            if not route.route.startswith(routes.API):
                assert leads_to_sign_in(answer), (method, "a page takes no tokens")
            elif method == "GET" and rule.level == "viewer":
                assert answer.status_code not in REFUSED or rule.is_own, method
            else:
                assert answer.status_code == 403, (method, answer.status_code)

    def test_what_is_not_declared_is_no_method_of_it(self, world: scene.Scene, route: routes.Route) -> None:
        for method in METHODS:
            if method not in RULES[route.route]:
                assert ask(world, route, method, "owner").status_code == 405, method


@pytest.mark.parametrize(
    "route", [each for each in CHECKED if each not in OURS], ids=lambda each: each.route or "/"
)
def test_outside_a_workspace(world: scene.Scene, route: routes.Route) -> None:
    for method, rule in RULES[route.route].items():
        visitor = ask(world, route, method, "anonymous")
        assert visitor.status_code < 500, method
        if rule.level == "signed-in":
            assert leads_to_sign_in(visitor) or visitor.status_code == 401, (method, visitor.status_code)
        for who in ("viewer", "owner", "other workspace", "removed"):
            answer = ask(world, route, method, who)
            assert answer.status_code < 500, (method, who)
            if rule.level == "signed-in":
                assert not leads_to_sign_in(answer) or "logout" in route.route, (method, who)


@pytest.mark.parametrize(
    "route",
    [each for each in CHECKED if "GET" in RULES.get(each.route, {})],
    ids=lambda each: each.route or "/",
)
def test_reading_writes_nothing(world: scene.Scene, route: routes.Route) -> None:
    with CaptureQueriesContext(connection) as queries:
        ask(world, route, "GET", "owner")
    written = [
        query["sql"]
        for query in queries
        if query["sql"].lstrip().upper().startswith(WRITES)
        and not any(name in query["sql"] for name in BOOKKEEPING)
    ]
    assert written == []
