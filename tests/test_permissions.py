"""Every address × method × {anonymous, viewer, contributor, maker, owner, other workspace, removed, reading token}."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.http import HttpResponseBase
from django.test.utils import CaptureQueriesContext

from tests.permissions import knock, routes, samples, scene, sent, table

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
    browser = knock.Browser(sessions(world).get(who, ""))
    headers = {"Authorization": f"Bearer {world.reading}"} if who == "reading token" else {}
    path = routes.address(route.route, samples.parts_of(route.route, list(route.converters), world))
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


def is_program(route: routes.Route) -> bool:
    return route.route.startswith(routes.API)


def leads_to_sign_in(answer: HttpResponseBase) -> bool:
    return answer.status_code == 302 and answer.headers["Location"].startswith("/accounts/login/")


def test_the_scene_is_made_through_the_services(db: None) -> None:
    assert scene.build().made


def test_every_address_is_declared_and_every_declared_one_exists() -> None:
    known = {each.route for each in CHECKED}
    assert sorted(known - set(RULES)) == [], "add these to a table in tests/permissions/"
    assert sorted(set(RULES) - known) == [], "these are gone: take them out of tests/permissions/"


def test_the_guard_of_a_page_is_the_declared_one() -> None:
    guarded = {each.route: each.role for each in OURS if each.role}
    declared = {route: {rule.level for rule in RULES.get(route, {}).values()} for route in guarded}
    assert declared == {route: {role} for route, role in guarded.items()}


def test_every_page_of_a_workspace_declares_its_guard() -> None:
    unguarded = [each.route for each in OURS if each.route.startswith(routes.WORKSPACE) and not each.role]
    assert unguarded == []


def members_reach_as_far_as_their_role(world: scene.Scene, route: routes.Route) -> Iterator[str]:
    for method, rule in RULES[route.route].items():
        reached = set()
        for role in ROLES:
            status = ask(world, route, method, role).status_code
            is_below = ROLES.index(role) < ROLES.index(rule.level)
            if status >= 500:
                yield f"{method} as {role}: {status}"
            elif is_below and status != 403:
                yield f"{method} as {role}: {status}, though it needs {rule.level}"
            elif not is_below and status not in REFUSED:
                reached.add(role)
            elif not is_below and not (rule.is_own and status in {403, 404}):
                yield f"{method} as {role}: {status}, though {rule.level} is enough"
        if not reached:
            yield f"{method}: nobody reaches it"


def visitors_sign_in_first(world: scene.Scene, route: routes.Route) -> Iterator[str]:
    for method in RULES[route.route]:
        answer = ask(world, route, method, "anonymous")
        is_sent_away = answer.status_code == 401 if is_program(route) else leads_to_sign_in(answer)
        if not is_sent_away:
            yield f"{method} as anonymous: {answer.status_code}"


def strangers_see_nothing(world: scene.Scene, route: routes.Route) -> Iterator[str]:
    for method in RULES[route.route]:
        for who in ("other workspace", "removed"):
            status = ask(world, route, method, who).status_code
            if status != 404:
                yield f"{method} as {who}: {status}"


def a_reading_token_only_reads(world: scene.Scene, route: routes.Route) -> Iterator[str]:
    for method, rule in RULES[route.route].items():
        answer = ask(world, route, method, "reading token")
        if not is_program(route):
            is_right = leads_to_sign_in(answer)  # a page takes no tokens
        elif method == "GET" and rule.level == "viewer":
            is_right = answer.status_code not in REFUSED or rule.is_own
        else:
            is_right = answer.status_code == 403
        if not is_right:
            yield f"{method} with a reading token: {answer.status_code}"


def what_is_not_declared_is_no_method_of_it(world: scene.Scene, route: routes.Route) -> Iterator[str]:
    for method in METHODS:
        if method not in RULES[route.route]:
            status = ask(world, route, method, "owner").status_code
            if status != 405:
                yield f"{method} as owner: {status}, though it is not declared"


def reading_writes_nothing(world: scene.Scene, route: routes.Route) -> Iterator[str]:
    if "GET" in RULES[route.route]:
        with CaptureQueriesContext(connection) as queries:
            ask(world, route, "GET", "owner")
        for query in queries:
            is_write = query["sql"].lstrip().upper().startswith(WRITES)
            if is_write and not any(name in query["sql"] for name in BOOKKEEPING):
                yield f"GET as owner writes: {query['sql']}"


def visitors_and_people_at_a_public_door(world: scene.Scene, route: routes.Route) -> Iterator[str]:
    for method, rule in RULES[route.route].items():
        visitor = ask(world, route, method, "anonymous")
        needs_person = rule.level == "signed-in"
        if visitor.status_code >= 500:
            yield f"{method} as anonymous: {visitor.status_code}"
        if needs_person and not leads_to_sign_in(visitor) and visitor.status_code != 401:
            yield f"{method} as anonymous: {visitor.status_code}, though one has to be signed in"
        for who in ("viewer", "owner", "other workspace", "removed"):
            answer = ask(world, route, method, who)
            if answer.status_code >= 500:
                yield f"{method} as {who}: {answer.status_code}"
            if needs_person and leads_to_sign_in(answer) and "logout" not in route.route:
                yield f"{method} as {who}: is asked to sign in again"


BEFORE_ANY_ROW = (
    visitors_sign_in_first,
    a_reading_token_only_reads,
    what_is_not_declared_is_no_method_of_it,
)
"""What is decided before a row of the database is read, and so is asked on the first database alone."""
INSIDE = (
    members_reach_as_far_as_their_role,
    strangers_see_nothing,
    reading_writes_nothing,
    *(BEFORE_ANY_ROW if connection.vendor == "sqlite" else ()),
)
OUTSIDE = (visitors_and_people_at_a_public_door, reading_writes_nothing)
"""What holds at every address of a workspace, and at every other; one test asks it all of one address."""


@pytest.mark.django_db
@pytest.mark.parametrize("route", CHECKED, ids=lambda each: each.route or "/")
def test_an_address_answers_as_declared(world: scene.Scene, route: routes.Route) -> None:
    rules = INSIDE if route in OURS else OUTSIDE
    faults = [f"{rule.__name__}: {fault}" for rule in rules for fault in rule(world, route)]
    assert faults == [], "\n".join([route.route, *faults])
