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
from tests.permissions import routes, sent

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
HERE = {
    ("priorities/lenses/<int:number>/items/", "key"): "feature",
    ("priorities/portfolios/<int:number>/pins/", "key"): "feature",
}
"""The kind of a key behind a number of another kind."""
HERE_IDS = {("trackers/new/", "kind"): "select 'github'"}
"""What a name means at one address alone."""
IDS = {
    "job_id": "select id from jobs_job where workspace_id = 1 order by id limit 1",
    "member_id": "select id from workspaces_member order by id limit 1",
    "part": "select 'basics'",
    "name": "select 'dialog'",
    "what": "select 'status'",
    "slug": "select 'dispatch'",
    "state": "select 'done'",
    "comment_id": "select c.id from records_comment c join accounts_user u on u.id = c.author_id "
    "where c.deleted_at is null and u.email = 'ada@northwind.example' order by c.id limit 1",
    "source_id": "select id from insights_source order by id limit 1",
    "kind": "select kind from insights_source order by id limit 1",
    "listing_id": "select id from portal_listing order by id limit 1",
    "news_id": "select id from portal_news order by id limit 1",
    "telling_id": "select id from portal_telling order by id limit 1",
    "board": "select slug from portal_board where audience = 'public' order by record_id limit 1",
    "code": "select code from portal_listing where state = 'published' order by id limit 1",
    "figure": "select 'people'",
    "team_id": "select team_id from roadmap_seat order by id limit 1",
    "seat_id": "select id from roadmap_seat order by id limit 1",
    "round_id": "select id from roadmap_estimateround order by id limit 1",
    "dependency_id": "select id from roadmap_dependency order by id limit 1",
    "result_id": "select id from roadmap_keyresult order by id limit 1",
}
ROOTS = (routes.WORKSPACE, "p/", "f/")
"""Where pages are: a workspace's, a portal's, a form's."""
NO_PAGE = (
    "/rows/",
    "/download/",
    "/export/",
    "/palette/",
    "/find/",
    "/progress/",
    "/do/",
    "/logo/",
    "/erase/",
)
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
            special = [
                each for (start, asked), each in HERE.items() if asked == name and place.startswith(start)
            ]
            kind = special[0] if special else (own | SPECIAL)[prefix]
            found = [row[name == "key" :] for row in house.ask(ROW, kind)]
        else:
            special = [
                each for (start, asked), each in HERE_IDS.items() if asked == name and place.startswith(start)
            ]
            asked_for = special[0] if special else IDS.get(name)
            found = house.ask(asked_for) if asked_for else []
        if not found:
            return None
        parts[name] = found[0][0]
    query = sent.ASKED.get(route, "")
    return routes.address(route, parts) + (f"?{query}" if query else "")


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


def axe(page: Page, *, colours: bool) -> list[str]:
    """Return what axe finds wrong with the page that is open; the contrast of its colours takes as long as the rest."""
    ask = """([tags, colours]) => axe.run(document, {
        runOnly: {type: 'tag', values: tags},
        rules: {'color-contrast': {enabled: colours}},
        resultTypes: ['violations'],
    })"""
    result = page.evaluate(ask, [TAGS, colours])
    return [
        f"{one['id']}: {node['html'][:200]} {' '.join(map(str, node['target']))}"
        for one in result["violations"]
        for node in one["nodes"][:3]
    ]


READY = "() => window.htmx || !document.querySelector('script[src*=\"build/main\"]')"
"""A page of the workspace is ready with htmx; those of portals and forms need none."""
DESK, TELEPHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
SETTLED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def faults(page: Page, *, colours_at_desk: bool) -> list[str]:
    """Return what is wrong with the page that is open, at a desk and on a telephone.

    Colours are measured at one of the two: a page has the same ones at both.
    """
    page.evaluate(AXE)
    found = [f"desk: {each}" for each in axe(page, colours=colours_at_desk)]
    page.set_viewport_size(TELEPHONE)  # type: ignore[arg-type]  # it is one
    page.evaluate(SETTLED)
    found += [f"telephone: {each}" for each in axe(page, colours=not colours_at_desk)]
    wide = int(page.evaluate("document.documentElement.scrollWidth"))
    if wide > TELEPHONE["width"]:
        found.append(f"telephone: {wide} pixels wide")
    page.set_viewport_size(DESK)  # type: ignore[arg-type]  # as above
    return found


def test_every_page_is_without_fault_at_a_desk_and_on_a_telephone(
    visit: Visit, house: House, complaints: list[str]
) -> None:
    """Each page is opened once, every other one in the dark: axe, the console, and nothing that sticks out.

    Each address is asked once for what it answers with, and once by Chromium.
    """
    pages = [visit(who="ada", scheme=scheme) for scheme in ("light", "dark")]
    addresses, wrong = every_page(house, pages[0])
    assert len(addresses) > 90
    for number, address in enumerate(addresses):
        page = pages[number % 2]
        page.goto(house.url + address)
        page.wait_for_function(READY)
        if found := faults(page, colours_at_desk=number % 4 < 2) + complaints:
            wrong[address] = found
        complaints.clear()
    assert wrong == {}, "\n".join(f"{address}\n  " + "\n  ".join(each) for address, each in wrong.items())
