"""What the demo's people do in a morning, in Chromium."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Visit
from tests.e2e.house import House

pytestmark = pytest.mark.browser
NEW_VOICE = """
select piece.number, piece.prefix || '-' || piece.number, need.number, need.prefix || '-' || need.number
from insights_feedback as said join records_record as piece on piece.id = said.record_id
join records_record as need on need.kind = 'need' and need.deleted_at is null
where said.state = 'new' and said.person_id is not null and not exists (
  select 1 from insights_quote as quote join insights_feedback as other on other.record_id = quote.feedback_id
  where quote.target_id = need.id and other.person_id = said.person_id)
order by need.id, piece.id limit 1
"""
"""A piece that waits, and a need that its speaker has not asked for yet."""
SELECT = """words => {
  const source = document.querySelector('[data-quote-source]');
  const text = [...source.childNodes].find(node => node.nodeType === 3 && node.data.trim().length > words);
  const start = text.data.search(/[^ \\n]/), range = document.createRange();
  range.setStart(text, start);
  range.setEnd(text, start + words);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  return text.data.slice(start, start + words);
}"""


def said(page: Page, words: str | re.Pattern[str]) -> None:
    """Wait until a notice says so."""
    expect(page.locator("#toasts")).to_contain_text(words)


def people_of(house: House, need: int) -> int:
    tally = "select people from evidence_evidencetally join records_record on id = record_id"
    found = house.ask(f"{tally} where kind = 'need' and number = ?", need)
    return int(found[0][0]) if found else 0


class TestSigningIn:
    def test_the_link_signs_in_once_and_only_once(self, house: House, chromium: Browser) -> None:
        link = house.sign_in_link("ruth")
        context = chromium.new_context()
        page = context.new_page()
        page.goto(link)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("button", name=re.compile("Ruth Solberg"))).to_be_visible()
        context.clear_cookies()
        page.goto(link)
        expect(page.get_by_role("heading", name="This link has done its work")).to_be_visible()
        context.close()


class TestTriage:
    def test_ben_works_through_three_pieces_without_the_mouse(self, visit: Visit, house: House) -> None:
        page = visit("insights/")
        reading = page.locator("#read .said-by .key")
        seen = [reading.inner_text()]
        for key, words in (("s", "skipped"), ("d", "triaged")):
            page.keyboard.press(key)
            said(page, f"{seen[-1]} {words}")
            expect(reading).not_to_have_text(seen[-1])
            seen.append(reading.inner_text())
        page.keyboard.press("3")
        page.keyboard.press("n")
        page.keyboard.type("Know on Monday what the week will cost")
        page.keyboard.press("Enter")
        said(page, f"{seen[-1]} backs the new N-")
        assert len({*seen, reading.inner_text()}) == 4

    def test_linked_words_make_a_needs_people_grow_and_undo_takes_them_back(
        self, visit: Visit, house: House
    ) -> None:
        [(_, piece, number, need)] = house.ask(NEW_VOICE)
        before = people_of(house, number)
        page = visit(f"insights/?at={piece}")
        words = page.evaluate(SELECT, 18)
        page.get_by_role("button", name="Link these words").click()
        expect(page.locator("[data-quote-shown]")).to_contain_text(words)
        with page.expect_response("**/find/**"):
            page.locator("[id^=target-q]").fill(need)
        page.locator(f"#target-list input[value='{need}']").check()
        page.keyboard.press("Enter")
        said(page, f"{piece} backs {need}")
        assert people_of(house, number) == before + 1

        other = visit(f"insights/feedback/{piece.removeprefix('FB-')}/")
        expect(other.locator("mark").filter(has_text=words)).to_be_visible()

        with page.expect_response("**/insights/undo/**"):
            page.keyboard.press("u")
        assert people_of(house, number) == before


class TestImporting:
    def test_a_file_is_read_understood_and_brought_in_and_its_bad_rows_are_given_back(
        self, visit: Visit, tmp_path: Path
    ) -> None:
        file = tmp_path / "helpdesk.csv"
        rows = [
            "id,created,text,customer,email",
            "H-1,2026-03-02,The map is white in the tunnel,Halden Freight,mira@halden.example",
            "H-2,2026-03-03,Please let us print the run,Halden Freight,jon@halden.example",
            "H-3,the day before,No day on this one,Halden Freight,jon@halden.example",
        ]
        file.write_text("\n".join(rows) + "\n", encoding="utf-8")
        page = visit("import/new/")
        page.locator("input[type=file]").set_input_files(file)
        page.get_by_label("What does each row hold?").select_option("feedback")
        page.get_by_role("button", name="Read the file").click()
        expect(page.get_by_role("heading", name="helpdesk.csv")).to_be_visible()
        expect(page.get_by_role("region", name="Preview")).to_contain_text("The map is white in the tunnel")
        page.get_by_role("button", name="Dry run").click()
        expect(page.get_by_text(re.compile("Of 3 rows, 2 would be new"))).to_be_visible(timeout=30_000)
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.get_by_role("region", name="Rejected rows")).to_contain_text(
            "the day before", timeout=30_000
        )
        with page.expect_download() as rejects:
            page.get_by_role("link", name="All of them as CSV").click()
        assert "H-3" in rejects.value.path().read_text(encoding="utf-8-sig")


class TestPlanning:
    def test_a_card_moves_by_its_menu_and_goes_back(self, visit: Visit) -> None:
        page = visit("roadmap/")
        here, there = page.locator("[data-column=next]"), page.locator("[data-column=later]")
        card = here.locator("[data-card]").first
        name = card.get_attribute("data-card")
        card.get_by_role("button", name=re.compile("^Move .* to…$")).click()
        card.get_by_role("button", name="Later", exact=True).click()
        expect(there.locator(f"[data-card='{name}']")).to_be_visible()
        page.locator("#toasts").get_by_role("button", name="Undo").click()
        expect(here.locator(f"[data-card='{name}']")).to_be_visible()

    def test_a_card_moves_by_the_arrow_keys_and_stays(self, visit: Visit) -> None:
        page = visit("roadmap/")
        card = page.locator("[data-column=later] [data-card]").first
        name = card.get_attribute("data-card")
        card.locator("[data-drag]").focus()
        with page.expect_response("**/roadmap/place/"):
            page.keyboard.press("ArrowLeft")
        page.reload()
        expect(page.locator(f"[data-column=next] [data-card='{name}']")).to_be_visible()

    def test_a_status_is_changed_in_its_place(self, visit: Visit, house: House) -> None:
        ask = "select prefix || '-' || number from records_record join roadmap_feature on record_id = id"
        [(key,)] = house.ask(f"{ask} where status = 'planned' and level = 'feature' order by id limit 1")
        page = visit(f"roadmap/features/{key}/")
        page.get_by_role("button", name=f"Status of {key}: Planned").click()
        page.locator("#feature-status select").select_option(label="In development")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name=f"Status of {key}: In development")).to_be_visible()
        expect(page.locator(".page__header")).to_contain_text("In development")
        page.get_by_role("button", name=f"Horizon of {key}").click()
        page.locator("#feature-horizon select").select_option(label="Later")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name=f"Horizon of {key}: Later")).to_be_visible()
        ours = "status = 'development' and horizon = 'later' and prefix || '-' || number = ?"
        assert house.ask(f"{ask} where {ours}", key)


class TestEvidence:
    def test_a_features_chain_leads_from_words_and_its_figures_open_to_their_parts(
        self, visit: Visit, house: House
    ) -> None:
        ask = (
            "select prefix || '-' || number from records_record join evidence_evidencetally on record_id = id"
        )
        [(key,)] = house.ask(f"{ask} where kind = 'feature' order by people desc limit 1")
        page = visit(f"roadmap/features/{key}/")
        page.locator("#evidence summary").first.click()
        expect(page.locator("#evidence .thread__parts li").first).to_be_visible()
        page.get_by_role("link", name="whole chain").click()
        expect(page.get_by_role("heading", name="Evidence, from the first word to the last")).to_be_visible()
        expect(page.locator(".thread")).to_contain_text("Heard")
        expect(page.locator(".thread blockquote").first).to_be_visible()
        expect(page.locator(".thread details").first).to_have_attribute("open", "")

    def test_a_needs_figure_shows_what_it_is_made_of(self, visit: Visit) -> None:
        page = visit("insights/needs/1/")
        page.locator("button.receipt").first.click()
        expect(page.locator(".receipt-sheet:popover-open tr").first).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(".receipt-sheet:popover-open")).to_have_count(0)


class TestOutline:
    def test_it_ranks_needs_and_is_taken_along_as_markdown_and_pdf(self, visit: Visit) -> None:
        page = visit("insights/outline/")
        first = page.locator(".outline__need h2").first.inner_text()
        starts = {"Markdown": b"#", "PDF": b"%PDF"}
        for label, start in starts.items():
            page.get_by_role("button", name="Download").first.click()
            with page.expect_download() as file:
                page.get_by_role("link", name=re.compile(label)).click()
            content = file.value.path().read_bytes()
            assert content.startswith(start)
            if label == "Markdown":
                assert first.split(" ", 1)[1] in content.decode()
            page.keyboard.press("Escape")


class TestMovingAbout:
    def test_a_key_in_the_palette_leads_to_its_record(self, visit: Visit) -> None:
        page = visit()
        page.keyboard.press("Control+k")
        page.get_by_role("combobox", name="Ask, search or jump to").fill("N-1")
        expect(page.get_by_role("option").first).to_contain_text("N-1")
        page.keyboard.press("Enter")
        page.wait_for_url("**/insights/needs/1/")

    def test_words_in_the_palette_find_what_holds_them(self, visit: Visit) -> None:
        page = visit()
        page.keyboard.press("Control+k")
        page.get_by_role("combobox", name="Ask, search or jump to").fill("reroute")
        expect(page.get_by_role("option").first).to_contain_text("Reroute")

    def test_one_press_turns_the_business_view_into_the_technical(self, visit: Visit) -> None:
        page = visit("roadmap/")
        page.get_by_role("button", name="Business view").click()
        expect(page.get_by_role("button", name="Technical view")).to_be_visible()
        page.reload()
        page.get_by_role("button", name="Technical view").click()
        expect(page.get_by_role("button", name="Business view")).to_be_visible()
