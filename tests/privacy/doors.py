"""Every door that reads: all GET addresses of the permission matrix, with what each may be asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.db import transaction

from tests.people import Someone
from tests.permissions import knock, routes, samples, sent, table
from tests.privacy.world import SHARED, World

PORTAL = "p/<slug:workspace>/"
RULES = table.gather()
READ = [
    route
    for route in sorted(
        {each.route: each for each in routes.every_route()}.values(), key=lambda each: each.route
    )
    if route.route.startswith((routes.WORKSPACE, routes.API, PORTAL)) and "GET" in RULES.get(route.route, {})
]
OF_FEEDBACK = (
    "insights/feedback/<",
    "insights/triage/",
    "<slug:workspace>/feedback/<",
    "<key:key>/",
    "records/<key>",
)


def _address(route: routes.Route, parts: dict[str, Any], query: str) -> str:
    path = routes.address(route.route, parts)
    return f"{path}?{query}" if query else path


def addresses(world: World, person: Someone) -> Iterator[str]:
    """Every address that reads, with everything that it can be asked about a private piece."""
    for route in READ:
        names = list(route.converters)
        parts = samples.parts_of(route.route, names, world.scene)
        asked = sent.ASKED.get(route.route, "")
        yield _address(route, parts, asked)
        for made in ("need", "second need", "feature", "account", "person"):
            if {"key", "number"} & set(names) and route.route.split("<key:key>/")[0] == routes.WORKSPACE:
                yield _address(route, {**parts, "key": world.scene.made[made].key}, asked)
        if "board" in names:
            for board in world.boards.values():
                yield _address(route, {**parts, "board": board.slug}, asked)
        if "boards/" in route.route:
            for board in world.boards.values():
                yield _address(route, {**parts, "key": board.key, "number": board.number}, asked)
        if not {"key", "number"} & set(names):
            yield _address(route, parts, f"{asked}&q={SHARED}".lstrip("&"))
        if any(place in route.route for place in OF_FEEDBACK):
            for piece in world.unseen(person)[:3]:
                own = {**parts, "key": piece.key, "number": piece.number}
                yield _address(route, own, asked)
    base = f"/w/{world.scene.workspace.slug}/"
    for piece in world.unseen(person):
        yield f"{base}insights/?at={piece.key}"
        yield f"{base}palette/?q={piece.key}"
        yield f"{base}search/?q={piece.key}"
        yield f"{base}settings/activity/?key={piece.key}"
    for target in world.targets():
        yield f"{base}insights/feedback/?backs={target.key}"
    for query in ("?show=all", ""):
        yield f"{base}inbox/{query}"
    yield f"{base}insights/feedback/?tag=routing"
    yield f"{base}insights/feedback/?linked=yes"
    yield f"/api/v1/{world.scene.workspace.slug}/records?deleted=true"
    for kind in ("csv", "json", "ndjson"):
        yield f"{base}export/feedback/?as={kind}"


def read(person: Someone, path: str) -> tuple[int, str]:
    """Open an address as somebody, and return its status and everything that came back."""
    browser = knock.Browser(person.browser.cookies["sessionid"].value)
    with transaction.atomic():
        answer: Any = browser.get(path)
        body = b"".join(answer) if answer.streaming else answer.content
        transaction.set_rollback(True)
    return answer.status_code, f"{answer.headers} {body.decode(errors='replace')}"


_NOISE = (
    re.compile(r"<time[^>]*>[^<]*</time>"),
    re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"'),
    re.compile(r'"X-CSRFToken":\s*"[^"]*"|X-CSRFToken[^}]*'),
    re.compile(r'data-token="[^"]*"'),
    re.compile(r"nonce-[^'\"]*|nonce=\"[^\"]*\""),
    re.compile(r"[\w-]{8,}:[\w-]{5,}:[\w-]{20,}"),
    re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d[^",< ]*'),
    re.compile(r"'Expires': '[^']*'"),
    re.compile(r"'Content-Length': '[^']*'"),
    re.compile(r"<lastBuildDate>[^<]*"),
)


def plain(text: str) -> str:
    """Return an answer without what differs from one request to the next."""
    for noise in _NOISE:
        text = noise.sub("·", text)
    return text
