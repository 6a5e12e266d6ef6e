"""Draws the pictures of the documentation from the demo: `bin/screenshots [FOLDER]`."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.e2e import house as houses
from tests.e2e.house import House

FOLDER = Path(__file__).parents[2] / "docs" / "images"
LIMIT = 300_000
RICHEST = """
select number from records_record join evidence_evidencetally on record_id = id
where kind = 'need' and deleted_at is null order by people desc, id limit 1
"""
SPLIT = """
select record.prefix || '-' || record.number from records_record as record
join roadmap_feature as feature on feature.record_id = record.id
where feature.level = 'feature' and feature.status = 'development'
order by (select count(*) from roadmap_feature as story where story.parent_id = record.id) desc, record.id limit 1
"""
"""The feature under way with most stories under it."""


def pictures(house: House) -> list[tuple[str, str, str]]:
    """Return the name, the page and the scheme of every picture."""
    [(need,)], [(feature,)] = house.ask(RICHEST), house.ask(SPLIT)
    return [
        ("feature", f"roadmap/features/{feature}/", "light"),
        ("feature-dark", f"roadmap/features/{feature}/", "dark"),
        ("need", f"insights/needs/{need}/", "light"),
        ("inbox", "insights/", "light"),
        ("needs", "insights/needs/", "light"),
        ("outline", "insights/outline/", "light"),
        ("sources", "insights/sources/", "light"),
        ("experiment", "experiments/e-7/", "light"),
        ("roadmap", "roadmap/", "light"),
        ("tree", "roadmap/tree/", "light"),
    ]


def draw(house: House, browser: Browser, *, folder: Path) -> list[Path]:
    """Take every picture as Ada sees it, at 1440 by 900."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, reduced_motion="reduce", locale="en-GB", timezone_id="UTC"
    )
    page = context.new_page()
    page.goto(house.sign_in_link("ada"))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/w/**")
    drawn = []
    for name, path, scheme in pictures(house):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.goto(house.base + path)
        page.wait_for_function("() => Boolean(window.htmx)")
        page.wait_for_load_state("networkidle")
        drawn.append(folder / f"{name}.png")
        page.screenshot(path=drawn[-1], animations="disabled", caret="hide")
    context.close()
    return drawn


def chromium() -> str | None:
    """Return the machine's browser; None leaves it to Playwright's own."""
    return os.environ.get("ROADBED_CHROMIUM") or shutil.which("chromium")


def report(drawn: list[Path]) -> int:
    """Say what was drawn; a picture that is too large for the repository is a failure."""
    too_large = [path.name for path in drawn if path.stat().st_size > LIMIT]
    for path in drawn:
        print(f"{path}  {path.stat().st_size // 1000} kB")  # noqa: T201 - a command says what it made
    if too_large:
        print(f"over {LIMIT // 1000} kB: {', '.join(too_large)}", file=sys.stderr)  # noqa: T201 - as above
    return 1 if too_large else 0


def main(arguments: list[str]) -> int:
    """Start a demo of its own, draw, and stop it."""
    folder = Path(arguments[0]) if arguments else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="roadbed-screenshots-") as room:
        house, process = houses.open_house(Path(room) / "demo")
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
                drawn = draw(house, browser, folder=folder)
                browser.close()
        finally:
            houses.close_house(process)
    return report(drawn)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
