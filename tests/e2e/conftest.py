"""One house, one browser, and the people of the demo who walk through it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.e2e import house as houses
from tests.e2e.house import House

Visit = Callable[..., Page]
# What a busy machine needs; a page that is right answers at once and costs nothing of it.
expect.set_options(timeout=15_000)
WATCH = (
    "addEventListener('securitypolicyviolation', event => "
    "console.error(`the policy refused ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`))"
)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house") / "demo"
    if told := os.environ.get("TESTS_DEMO"):  # `bin/test` has just made it; otherwise it is made now
        shutil.copytree(told, folder, ignore=shutil.ignore_patterns("running.lock", "*-shm"))
    found, process = houses.open_house(folder)
    yield found
    houses.close_house(process)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = os.environ.get("ROADBED_CHROMIUM") or shutil.which("chromium")
    # Playwright keeps an event loop in this thread, which Django takes for an async view.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def sessions(house: House, chromium: Browser) -> Callable[[str], list[dict[str, str]]]:
    """Sign a person in by the one-time link, once for all journeys; returns their cookies."""
    known: dict[str, list[dict[str, str]]] = {}

    def cookies(person: str) -> list[dict[str, str]]:
        if person not in known:
            context = chromium.new_context()
            page = context.new_page()
            page.goto(house.sign_in_link(person))
            page.locator("main form button").first.click()
            page.wait_for_url("**/w/northwind/**")
            known[person] = [
                {"name": each["name"], "value": each["value"], "url": house.url} for each in context.cookies()
            ]
            context.close()
        return known[person]

    return cookies


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console complained of; a breach of the policy is among it."""
    return []


@pytest.fixture
def visit(
    house: House,
    chromium: Browser,
    sessions: Callable[[str], list[dict[str, str]]],
    complaints: list[str],
) -> Iterator[Visit]:
    """Open a page of the demo's workspace as one of its people."""
    contexts: list[BrowserContext] = []

    def note(message: ConsoleMessage) -> None:
        # A refused form is answered with 422, which the browser reports and the page shows.
        if message.type == "error" and "status of 422" not in message.text:
            complaints.append(message.text)

    def open_page(path: str = "", *, who: str = "ben", width: int = 1440, scheme: str = "light") -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
            locale="en-GB",
        )
        contexts.append(context)
        context.add_cookies(sessions(who))  # type: ignore[arg-type]  # three of the keys are enough
        context.add_init_script(WATCH)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(house.base + path)
        page.wait_for_function("() => Boolean(window.htmx)")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
