"""Every page of the demo's workspace in Chromium: axe, the console, and nothing that sticks out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

import roadbed.web
from roadbed.core.records import kinds
from tests.e2e.conftest import Visit
from tests.e2e.house import House
from tests.permissions import routes

pytestmark = pytest.mark.browser
AXE = (Path(roadbed.web.__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

ROW = """
select number, prefix || '-' || number from records_record
left join evidence_evidencetally on record_id = id
where kind = ? and deleted_at is null order by coalesce(people, 0) desc, id limit 1
"""
"""The row of a kind that has most to show."""
SPECIAL = {"insights/inbox/": "feedback", "": "feature"}
"""What a number or key means at addresses that are no kind's own."""
IDS = {
    "job_id": "select id from jobs_job where workspace_id = 1 order by id limit 1",
    "member_id": "select id from workspaces_member order by id limit 1",
    "part": "select 'basics'",
    "name": "select 'dialog'",
    "what": "select 'status'",
    "slug": "select 'dispatch'",
    "state": "select 'done'",
    "comment_id": "select id from records_comment where deleted_at is null order by id limit 1",
    "source_id": "select id from insights_source order by id limit 1",
    "kind": "select kind from insights_source order by id limit 1",
    "listing_id": "select id from portal_listing order by id limit 1",
    "news_id": "select id from portal_news order by id limit 1",
    "telling_id": "select id from portal_telling order by id limit 1",
    "board": "select slug from portal_board where audience = 'public' order by record_id limit 1",
    "code": "select code from portal_listing where state = 'published' order by id limit 1",
    "figure": "select 'people'",
}
ROOTS = (routes.WORKSPACE, "p/", "f/")
"""Where pages are: a workspace's, a portal's, a form's."""
NO_PAGE = ("/rows/", "/download/", "/export/", "/palette/", "/find/", "/progress/", "/do/")
"""Files and fragments, which have no page of their own."""


def fill(house: House, route: str, names: list[str]) -> str | None:
    """Return the address with the demo's rows in it, or None where the demo has no such row."""
    place = route.removeprefix(routes.WORKSPACE)
    parts: dict[str, Any] = {"workspace": "northwind"}
    for name in names:
        if name == "workspace":
            continue
        if name in {"number", "key"}:
            own = {kind.path.partition("{")[0]: kind.name for kind in kinds.all_kinds()}
            prefix = max((each for each in own | SPECIAL if place.startswith(each)), key=len)
            kind = (own | SPECIAL)[prefix]
            found = [row[name == "key" :] for row in house.ask(ROW, kind)]
        else:
            found = house.ask(IDS[name]) if name in IDS else []
        if not found:
            return None
        parts[name] = found[0][0]
    return routes.address(route, parts)


def every_page(house: House, page: Page) -> tuple[list[str], dict[str, list[str]]]:
    """Return each address of the workspace that answers GET with a page, and those that answer amiss."""
    found: list[str] = []
    amiss: dict[str, list[str]] = {}
    for route in routes.every_route():
        if not route.route.startswith(ROOTS) or any(each in f"/{route.route}" for each in NO_PAGE):
            continue
        path = fill(house, route.route, list(route.converters))
        if path is None:
            continue
        answer = page.request.get(house.url + path, max_redirects=0)
        if answer.status not in {200, 204, 301, 302, 405}:
            amiss[path] = [f"answers {answer.status}"]
        kind = answer.headers.get("content-type", "")
        if answer.status == 200 and "html" in kind and "<html" in answer.text()[:500]:
            found.append(path)
    sources = page.request.get(f"{house.base}insights/sources/{house.ask(IDS['source_id'])[0][0]}/")
    found += re.findall(r"/f/[\w-]+/", sources.text())[:1]
    return sorted(set(found)), amiss


def faults(page: Page, *, width: int) -> list[str]:
    """Return what axe and the ruler find wrong with the page that is open."""
    page.evaluate(AXE)
    ask = "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"
    result = page.evaluate(ask, TAGS)
    found = [
        f"{one['id']}: {node['html'][:200]} {' '.join(map(str, node['target']))}"
        for one in result["violations"]
        for node in one["nodes"][:3]
    ]
    wide = int(page.evaluate("document.documentElement.scrollWidth"))
    if wide > width:
        found.append(f"{wide} pixels wide where {width} are there")
    return found


READY = "() => window.htmx || !document.querySelector('script[src*=\"build/main\"]')"
"""A page of the workspace is ready with htmx; those of portals and forms need none."""


def walk(
    page: Page, house: House, addresses: list[str], complaints: list[str], *, width: int
) -> dict[str, list[str]]:
    """Open each address and gather its faults, the console's complaints among them."""
    found: dict[str, list[str]] = {}
    for address in addresses:
        page.goto(house.url + address)
        page.wait_for_function(READY)
        wrong = faults(page, width=width) + complaints
        complaints.clear()
        if wrong:
            found[address] = wrong
    return found


class TestEveryPage:
    def test_is_without_fault_for_an_owner_at_a_desk(
        self, visit: Visit, house: House, complaints: list[str]
    ) -> None:
        page = visit(who="ada")
        addresses, amiss = every_page(house, page)
        assert len(addresses) > 40
        assert amiss | walk(page, house, addresses, complaints, width=1440) == {}

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_is_without_fault_on_a_telephone(
        self, visit: Visit, house: House, complaints: list[str], scheme: str
    ) -> None:
        page = visit(who="ada", width=390, scheme=scheme)
        addresses, _ = every_page(house, page)
        # Each kind of page in one of the two schemes: half here, half there.
        half = addresses[::2] if scheme == "light" else addresses[1::2]
        assert walk(page, house, half, complaints, width=390) == {}

    def test_is_without_fault_in_the_dark(self, visit: Visit, house: House, complaints: list[str]) -> None:
        page = visit(who="ada", scheme="dark")
        addresses, _ = every_page(house, page)
        assert walk(page, house, addresses[::3], complaints, width=1440) == {}
