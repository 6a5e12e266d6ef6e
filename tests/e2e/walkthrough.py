"""Draws the pictures of the walk-through of real questions: `bin/screenshots thunderbird FILE.csv [--keep ROOM]`.

Does what docs/tutorial/thunderbird.md says, with the commands that it names, and photographs what a person sees then:
a workspace, the import, the reading in the background, and the pages. Reading a year of questions takes a while; a room
that is kept is found again. Authors are salted hashes in the file, and no page that names them is photographed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e import house as houses
from tests.e2e import screenshots
from tests.e2e.house import House

PERSON = "you@example.org"
WORKSPACE = "thunderbird"
UNDER_WAY = "select count(*) from jobs_job where state in ('queued', 'running') and name not like 'notify.%'"
READ = "select (select count(*) from vectors_textvector), (select count(*) from insights_feedback)"
PATIENCE = 4 * 3600
PAGES = (("thunderbird-themes", "insights/themes/"),)
"""Pages of figures: what quotes people's sentences stays where the file is."""


def prepare(room: Path, file: Path) -> House:
    """Make the workspace and bring the file in, as the tutorial does; a room that has them is left as it is."""
    room.mkdir(parents=True, exist_ok=True)
    house = houses.plan_house(room / "data", workspace=WORKSPACE)
    if not (house.data / "roadbed.sqlite3").exists():
        house.data.mkdir(exist_ok=True)
        house.run("user", "create", PERSON, "--name", "You", "--workspace", "Thunderbird")
        house.run("import", str(file), "--into", "feedback")
    return house


def wait_until_read(house: House) -> None:
    """Wait until the worker has read all of it, and say how far it is."""
    began, said = time.monotonic(), 0.0
    while house.ask(UNDER_WAY) != [(0,)]:
        if time.monotonic() - began > PATIENCE:
            raise TimeoutError("The worker did not come to an end.")
        if time.monotonic() - said > 60:
            said = time.monotonic()
            [(read, every)] = house.ask(READ)
            print(f"{read:,} texts read of {every:,} or more", flush=True)  # noqa: T201 - a long wait says how far it is
        time.sleep(2)


def draw(house: House, page: Page, folder: Path) -> list[Path]:
    """Take every picture at 1440 by 900."""
    drawn = []
    for name, path in PAGES:
        page.goto(house.base + path)
        page.wait_for_function("() => Boolean(window.htmx)")
        page.wait_for_load_state("networkidle")
        drawn.append(folder / f"{name}.png")
        page.screenshot(path=drawn[-1], animations="disabled", caret="hide")
    return drawn


def visit(house: House, browser: Browser, folder: Path) -> list[Path]:
    """Sign in and draw."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, reduced_motion="reduce", locale="en-GB", timezone_id="UTC"
    )
    page = context.new_page()
    page.goto(house.sign_in_link(PERSON))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/w/**")
    drawn = draw(house, page, folder)
    context.close()
    return drawn


def main(arguments: list[str]) -> int:
    """Bring the file in, wait, draw, and stop."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, help="thunderbird_questions_2025.csv")
    parser.add_argument("folder", type=Path, nargs="?", default=screenshots.FOLDER)
    parser.add_argument("--keep", type=Path, help="a room to leave the data in, and to find it in again")
    options = parser.parse_args(arguments)
    room = (
        nullcontext(str(options.keep))
        if options.keep
        else tempfile.TemporaryDirectory(prefix="roadbed-walk-")
    )
    with room as place:
        house = prepare(Path(place), options.file.resolve())
        process = houses.start(house, "up")
        try:
            wait_until_read(house)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=screenshots.chromium(), args=["--no-sandbox"]
                )
                drawn = visit(house, browser, options.folder)
                browser.close()
        finally:
            houses.close_house(process)
    return screenshots.report(drawn)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
