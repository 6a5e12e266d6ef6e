"""The islands in Chromium, on the gallery: what a person presses, and what they see then."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

import roadbed.web
from roadbed.web.gallery import PARTS
from tests import people

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.web.gallery_urls"),
]
AXE = Path(roadbed.web.__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    found = shutil.which("chromium")
    with sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread, which Django takes for an async view.
        before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"] if found else [])
        yield browser
        browser.close()
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console complained of: a breach of the policy is an error there."""
    return []


@pytest.fixture
def show(
    chromium: Browser, live_server: LiveServer, ada: people.Someone, complaints: list[str]
) -> Iterator[Open]:
    contexts: list[BrowserContext] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "status of 4" not in message.text:
            complaints.append(message.text)

    def open_page(part: str, *, width: int = 1440, scheme: str = "light") -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        session = ada.browser.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{live_server.url}{ada.base}parts/{part}/")
        page.wait_for_function("() => Boolean(window.htmx && customElements.get('data-table'))")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


class TestEverywhere:
    @pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "light")])
    @pytest.mark.parametrize("part", list(PARTS))
    def test_axe_finds_nothing_and_nothing_sticks_out(
        self, show: Open, part: str, width: int, scheme: str
    ) -> None:
        page = show(part, width=width, scheme=scheme)
        page.evaluate(AXE.read_text())
        found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    def test_a_link_changes_the_page_without_loading_it_and_back_returns(self, show: Open) -> None:
        page = show("lists")
        page.evaluate("window.kept = true")
        page.get_by_role("link", name="States").click()
        expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
        assert page.evaluate("window.kept")
        assert page.evaluate("document.activeElement.id") == "main"
        page.go_back()
        expect(page.get_by_role("heading", name="Needs")).to_be_visible()

    def test_the_scheme_is_remembered(self, show: Open) -> None:
        page = show("basics")
        page.locator("main [data-theme-choice=dark]").click()
        page.reload()
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"

    def test_single_keys_can_be_switched_off(self, show: Open) -> None:
        page = show("lists")
        page.keyboard.press("?")
        page.get_by_label("Single keys do something").uncheck()
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        expect(page.locator("#shortcuts")).to_be_hidden()
        page.reload()
        page.keyboard.press("?")
        expect(page.locator("#shortcuts")).to_be_hidden()
        page.keyboard.press("Control+k")
        expect(page.locator("#palette")).to_be_visible()


class TestLists:
    def test_filters_and_order_live_in_the_address(self, show: Open) -> None:
        page = show("lists")
        page.get_by_role("button", name="status any").click()
        page.locator("#filter-status").get_by_label("Open").check()
        page.locator("#filter-status").get_by_role("button", name="Show").click()
        expect(page.locator("tbody tr")).to_have_count(4)
        page.get_by_role("link", name="Revenue a year").click()
        page.wait_for_url("**/?status=open&sort=-revenue")
        page.get_by_role("link", name="Take away the filter status").click()
        expect(page.locator("tbody tr")).to_have_count(8)

    def test_rows_are_walked_and_picked_with_keys_and_ranges(self, show: Open) -> None:
        page = show("lists")
        for key in ("j", "j", "x", "Shift+J", "Shift+J"):
            page.keyboard.press(key)
        expect(page.locator("[data-count]")).to_have_text("3 picked")
        page.locator("[data-pick]").nth(5).click()
        page.locator("[data-pick]").nth(7).click(modifiers=["Shift"])
        expect(page.locator("[data-count]")).to_have_text("6 picked")

    def test_a_deed_on_the_picked_keeps_them_and_offers_undo(self, show: Open) -> None:
        page = show("lists")
        page.locator("[data-pick]").first.check()
        page.get_by_role("button", name="Archive").last.click()
        expect(page.locator("#toasts")).to_contain_text("Changed what you picked.")
        expect(page.locator("[data-count]")).to_have_text("1 picked")
        page.locator("#toasts").get_by_role("button", name="Undo").click()
        expect(page.locator("#toasts")).to_contain_text("Everything is as it was.")


class TestRecords:
    def test_a_title_is_edited_where_it_is_read(self, show: Open) -> None:
        page = show("records")
        page.locator("#edit-title .inline-edit__show").click()
        page.keyboard.press("Control+A")
        page.keyboard.press("Delete")
        page.keyboard.press("Enter")
        expect(page.locator("#edit-title").get_by_role("alert")).to_have_text("Give it a title.")
        page.locator("#edit-title input[name=title]").fill("A better title")
        page.keyboard.press("Enter")
        expect(page.locator("#edit-title .inline-edit__show")).to_be_focused()
        expect(page.locator("#edit-title")).to_contain_text("A better title")

    def test_escape_gives_an_edit_up(self, show: Open) -> None:
        page = show("records")
        page.locator("#edit-title .inline-edit__show").click()
        page.keyboard.type("Nonsense")
        page.keyboard.press("Escape")
        expect(page.locator("#edit-title .inline-edit__show")).to_be_focused()
        expect(page.locator("#edit-title")).to_contain_text("Reroute a courier")

    def test_a_figure_opens_to_its_parts(self, show: Open) -> None:
        page = show("records")
        page.get_by_role("button", name="41 people at 17 customers").click()
        expect(page.get_by_role("dialog", name="Who asked")).to_contain_text("Dispatchers")


class TestBoards:
    def test_a_card_is_dragged_and_a_refused_move_is_taken_back(self, show: Open) -> None:
        page = show("boards")
        grip = page.locator("[data-card=f-128] [data-drag]").bounding_box()
        column = page.locator("[data-column=next]").bounding_box()
        assert grip is not None
        assert column is not None
        page.mouse.move(grip["x"] + 8, grip["y"] + 8)
        page.mouse.down()
        page.mouse.move(column["x"] + 80, column["y"] + 60, steps=5)
        page.mouse.up()
        expect(page.locator("[data-column=next] [data-card=f-128]")).to_be_visible()
        expect(page.locator("#toasts")).to_contain_text("Moved F-128.")
        page.locator("[data-card=f-77] [data-drag]").press("ArrowRight")
        expect(page.locator("#toasts")).to_contain_text("takes no cards")
        expect(page.locator("[data-column=later] [data-card=f-77]")).to_be_visible()

    def test_a_card_moves_by_its_menu_too(self, show: Open) -> None:
        page = show("boards")
        page.get_by_role("button", name="Move F-90 to…").click()
        page.locator("#plan-move-f-90").get_by_role("button", name="Later").click()
        expect(page.locator("#toasts")).to_contain_text("Moved F-90.")

    def test_a_closed_branch_stays_closed(self, show: Open) -> None:
        page = show("boards")
        page.get_by_role("button", name="Open or close F-128").click()
        expect(page.locator("#tree-f-140")).to_be_hidden()
        page.reload()
        expect(page.locator("#tree-f-140")).to_be_hidden()

    def test_a_row_is_dragged_between_others_and_moved_by_keys(self, show: Open) -> None:
        page = show("boards")
        grip, row = page.locator("#tree-grip-f-131"), page.locator("#tree-f-128")
        grip.scroll_into_view_if_needed()
        start, over = grip.bounding_box(), row.bounding_box()
        assert start is not None
        assert over is not None
        page.mouse.move(start["x"] + 8, start["y"] + 8)
        page.mouse.down()
        page.mouse.move(over["x"] + 60, over["y"] + 3, steps=4)
        expect(row).to_have_class(re.compile("is-drop-before"))
        page.mouse.move(over["x"] + 60, over["y"] + over["height"] / 2, steps=2)
        expect(row).to_have_class(re.compile("is-drop-under"))
        page.mouse.up()
        expect(page.locator("#toasts")).to_contain_text("Moved under F-128.")
        assert not page.locator(".tree__ghost").count()
        # Nothing can be dropped on itself or on what lies under it, and Escape lets go.
        start = page.locator("#tree-grip-area-1").bounding_box()
        assert start is not None
        page.mouse.move(start["x"] + 8, start["y"] + 8)
        page.mouse.down()
        page.mouse.move(over["x"] + 60, over["y"] + 14, steps=2)
        assert not page.locator("[class*=is-drop]").count()
        page.keyboard.press("Escape")
        assert not page.locator(".tree__ghost").count()
        page.mouse.up()
        page.locator("#tree-grip-f-131").press("ArrowUp")
        expect(page.locator("#toasts")).to_contain_text("Moved before F-128.")
        page.locator("#tree-grip-f-131").press("ArrowLeft")
        expect(page.locator("#toasts")).to_contain_text("Moved after AREA-1.")
        page.locator("#tree-grip-f-90").press("ArrowUp")
        expect(page.locator("#announcer")).to_contain_text("cannot go further")


class TestTriage:
    def test_selected_words_are_offered_and_filled_in_by_code_points(self, show: Open) -> None:
        page = show("triage")
        page.evaluate(
            """() => {
              const source = document.querySelector('[data-quote-source]');
              source.textContent = '🚚 When a road closes we phone.';
              const range = document.createRange();
              range.setStart(source.firstChild, 7);
              range.setEnd(source.firstChild, 21);
              getSelection().addRange(range);
            }"""
        )
        page.get_by_role("button", name="Link these words").click()
        # JavaScript counts the lorry as two; Python, and so the server, as one.
        assert page.locator("[name=quote]").input_value() == "a road closes"
        assert (page.locator("[name=start]").input_value(), page.locator("[name=end]").input_value()) == (
            "7",
            "20",
        )

    def test_words_are_selected_with_the_keyboard_alone(self, show: Open) -> None:
        page = show("triage")
        page.get_by_role("button", name="Select words with the keyboard").press("Enter")
        page.keyboard.press("Shift+Control+ArrowRight")
        page.keyboard.press("Enter")
        assert page.locator("[name=quote]").input_value() == "When"

    def test_j_and_k_walk_over_the_list(self, show: Open) -> None:
        page = show("triage")
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("k")
        expect(page.locator("[data-item]").nth(1)).to_have_attribute("aria-current", "true")


class TestStates:
    def test_a_dialog_takes_the_focus_and_gives_it_back(self, show: Open) -> None:
        page = show("states")
        page.keyboard.press("c")
        expect(page.get_by_role("dialog", name="New need").get_by_label("Need")).to_be_focused()
        page.keyboard.type("Say when the van comes")
        page.keyboard.press("Enter")
        expect(page.locator("#dialog")).to_be_hidden()
        expect(page.locator("#toasts")).to_contain_text("Saved the need.")

    def test_a_refusal_is_said_and_nothing_is_swapped(self, show: Open) -> None:
        page = show("states")
        page.get_by_role("button", name="refused").click()
        expect(page.locator("#toasts").get_by_role("alert")).to_contain_text("Your role does not allow this.")

    def test_the_interactive_chart_keeps_to_the_policy(self, show: Open) -> None:
        page = show("charts")
        page.get_by_role("button", name="Explore").first.click()
        expect(page.locator(".chart__live svg")).to_be_visible()

    def test_typed_words_are_not_left_behind_unasked(self, show: Open) -> None:
        page = show("forms")
        asked: list[str] = []

        def stay(dialog: Dialog) -> None:
            asked.append(dialog.message)
            dialog.dismiss()

        page.on("dialog", stay)
        page.locator("form[data-guard] [name=title]").fill("Half a thought")
        page.get_by_role("link", name="Charts").click()
        assert asked == ["What you typed is not saved. Leave it behind?"]
        assert page.locator("form[data-guard] [name=title]").input_value() == "Half a thought"
