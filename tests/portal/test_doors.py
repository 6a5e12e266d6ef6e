"""Who may open which board, and what strangers learn: nothing."""

from __future__ import annotations

import re

import pytest
from django.core import mail

from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.core.workspaces import services as workspaces
from roadbed.modules.insights import services as insights
from roadbed.modules.portal.models import EntryLink, Listing, Visitor
from roadbed.modules.portal.services import boards, merging
from roadbed.modules.portal.services import listings as listing_services
from tests.people import NOW
from tests.portal import factories


def text_of(answer):
    """A page without what changes with every request."""
    return re.sub(r"csrf\w*|[A-Za-z0-9]{64}", "", answer.content.decode())


@pytest.fixture
def circle(workspace, ben):
    return workspaces.make_circle(
        workspace=workspace, name="Partners", members=[ben.member.pk], actor=ben.actor, at=NOW
    )


@pytest.fixture
def private(workspace, circle):
    return factories.open_board(
        workspace, title="Partners", audience="private", circle=circle, guests="mira@halden.example"
    )


class TestWhoComesIn:
    def test_a_stranger_and_a_missing_board_look_the_same(self, private):
        browser = factories.browser_of()
        closed = browser.get(factories.base(private))
        missing = browser.get("/p/northwind/nothing/")
        elsewhere = browser.get("/p/nowhere/nothing/")
        assert {closed.status_code, missing.status_code, elsewhere.status_code} == {404}
        assert text_of(closed) == text_of(missing) == text_of(elsewhere)

    def test_signing_in_looks_the_same_too(self, private):
        browser = factories.browser_of()
        pages = [browser.get(f"{place}sign-in/") for place in (factories.base(private), "/p/nowhere/none/")]
        assert [page.status_code for page in pages] == [200, 200]
        assert text_of(pages[0]) == text_of(pages[1])
        answers = [
            browser.post(f"{place}sign-in/", {"email": "eve@elsewhere.example"})
            for place in (factories.base(private), "/p/nowhere/none/")
        ]
        assert text_of(answers[0]) == text_of(answers[1])
        jobs.run_waiting()
        assert mail.outbox == []

    def test_a_guest_of_a_private_board_comes_in(self, workspace, private):
        guest = factories.browser_of(factories.visitor_of(workspace))
        other = factories.browser_of(factories.visitor_of(workspace, "jo@copperline.example", "Jo"))
        assert guest.get(factories.base(private)).status_code == 200
        assert other.get(factories.base(private)).status_code == 404

    def test_a_domain_can_be_a_guest(self, workspace, circle):
        board = factories.open_board(
            workspace, title="Halden", audience="private", circle=circle, guests="@halden.example"
        )
        guest = factories.browser_of(factories.visitor_of(workspace))
        assert guest.get(factories.base(board)).status_code == 200

    def test_customers_are_known_by_their_account(self, workspace, ben):
        board = factories.open_board(workspace, title="Customers", audience="customers")
        insights.create_account(
            workspace=workspace, name="Halden", domain="halden.example", actor=ben.actor, at=NOW
        )
        customer = factories.visitor_of(workspace)
        passer_by = factories.visitor_of(workspace, "someone@example.org", "Someone")
        assert factories.browser_of(customer).get(factories.base(board)).status_code == 200
        assert factories.browser_of(passer_by).get(factories.base(board)).status_code == 404

    def test_members_of_the_circle_look_in_and_others_do_not(self, private, ben, cleo, eve):
        assert ben.get(factories.base(private)).status_code == 200
        assert cleo.get(factories.base(private)).status_code == 404
        assert eve.get(factories.base(private)).status_code == 404

    def test_a_visitor_of_one_workspace_is_nobody_in_another(self, workspace, eve):
        there = factories.open_board(eve.member.workspace, title="There", audience="customers")
        visitor = factories.visitor_of(workspace)
        assert factories.browser_of(visitor).get(factories.base(there)).status_code == 404

    def test_signing_out_everywhere_ends_old_cookies(self, workspace, private):
        visitor = factories.visitor_of(workspace)
        old, other = factories.browser_of(visitor), factories.browser_of(visitor)
        other.post(f"{factories.base(private)}sign-out/", {"everywhere": "yes"})
        assert old.get(factories.base(private)).status_code == 404

    def test_a_deleted_board_is_gone(self, workspace, ben):
        board = factories.open_board(workspace)
        records.delete_record(record=board, actor=ben.actor, at=NOW)
        assert factories.browser_of().get(factories.base(board)).status_code == 404

    def test_crawlers_stay_out_of_what_is_not_public(self, workspace, private, ben):
        public = factories.open_board(workspace)
        assert "X-Robots-Tag" not in factories.browser_of().get(factories.base(public)).headers
        assert "noindex" in ben.get(factories.base(private)).headers["X-Robots-Tag"]


class TestLinks:
    def ask(self, browser, board, email="mira@halden.example", **more):
        browser.post(f"{factories.base(board)}sign-in/", {"email": email, **more})
        jobs.run_waiting()
        found = re.search(r"/p/\S+/sign-in/\w+/", mail.outbox[-1].body) if mail.outbox else None
        return found.group(0) if found else ""

    def test_a_link_lets_in_once(self, workspace):
        board = factories.open_board(workspace)
        browser = factories.browser_of()
        link = self.ask(browser, board)
        assert browser.get(link).status_code == 200
        assert not Visitor.objects.exists()
        assert browser.post(link).status_code == 302
        assert browser.get(f"{factories.base(board)}me/").status_code == 200
        assert factories.browser_of().post(link).status_code == 404

    def test_only_the_hash_is_kept(self, workspace):
        link = self.ask(factories.browser_of(), factories.open_board(workspace))
        secret = link.rstrip("/").rpartition("/")[2]
        kept = EntryLink.objects.get()
        assert secret not in kept.token_hash
        assert len(kept.token_hash) == 64

    def test_an_old_link_leads_nowhere(self, workspace):
        link = self.ask(factories.browser_of(), factories.open_board(workspace))
        EntryLink.objects.update(expires_at=NOW)
        assert factories.browser_of().post(link).status_code == 404

    def test_an_address_is_written_to_a_few_times_an_hour(self, workspace):
        board = factories.open_board(workspace)
        answers = [
            factories.browser_of().post(f"{factories.base(board)}sign-in/", {"email": "mira@halden.example"})
            for _ in range(7)
        ]
        assert [answer.status_code for answer in answers][-1] == 429
        assert answers[-1].headers["Retry-After"].isdecimal()
        jobs.run_waiting()
        assert len(mail.outbox) == 5

    def test_a_vote_waits_for_its_link(self, workspace):
        board = factories.open_board(workspace)
        listing = factories.submit(board, "Dark screen")
        browser = factories.browser_of()
        place = f"{factories.base(board)}entries/{listing.code}/"
        answer = browser.post(f"{place}vote/")
        assert "do=vote" in answer.url
        link = self.ask(browser, board, do="vote", code=listing.code)
        listing.refresh_from_db()
        assert listing.votes == 1
        browser.post(link)
        listing.refresh_from_db()
        assert listing.votes == 2

    def test_a_trapped_machine_gets_no_mail(self, workspace):
        board = factories.open_board(workspace)
        self.ask(factories.browser_of(), board, website="https://spam.example")
        assert mail.outbox == []


class TestNothingLeaks:
    """What is private, unpublished, deleted or internal is neither shown nor counted."""

    def page(self, board, path="", browser=None):
        return (browser or factories.browser_of()).get(f"{factories.base(board)}{path}").content.decode()

    def test_unpublished_words_are_nowhere(self, workspace, ben):
        board = factories.open_board(workspace, is_moderated=True)
        waiting = factories.submit(board, "Zebra crossing waits")
        refused = factories.submit(board, "Zebra crossing refused")
        listing_services.refuse(listing=refused, reason="No.", actor=ben.actor, at=NOW)
        for path in ("", "?q=zebra", "?sort=new", "roadmap/", f"entries/{waiting.code}/"):
            assert "Zebra crossing" not in self.page(board, path)
        browser = factories.browser_of()
        found = browser.post(f"{factories.base(board)}similar/", {"title": "Zebra crossing"})
        assert "Zebra crossing" not in found.content.decode()

    def test_deleted_records_leave_the_board(self, workspace, ben):
        board = factories.open_board(workspace)
        listing = factories.submit(board, "Zebra crossing")
        assert "Zebra crossing" in self.page(board)
        records.delete_record(record=listing.record, actor=ben.actor, at=NOW)
        assert "Zebra crossing" not in self.page(board)
        assert (
            factories.browser_of().get(f"{factories.base(board)}entries/{listing.code}/").status_code == 404
        )

    def test_internal_comments_and_reasons_stay_inside(self, workspace, ben):
        board = factories.open_board(workspace)
        listing = factories.submit(board, "Dark screen")
        records.add_comment(record=listing.record, body="Zebra: they pay us nothing", actor=ben.actor, at=NOW)
        page = self.page(board, f"entries/{listing.code}/")
        assert "Zebra" not in page
        assert "0 comments" in page or "Comments" in page
        assert "Zebra" not in self.page(board, "?q=zebra") or "Nothing here says" in self.page(
            board, "?q=zebra"
        )

    def test_internal_words_cannot_be_probed_by_searching(self, workspace, ben):
        board = factories.open_board(workspace)
        listing = factories.submit(board, "Original zebra words")
        listing_services.reword(listing=listing, title="Public words", text="", actor=ben.actor, at=NOW)
        assert "Public words" not in self.page(board, "?q=zebra")
        assert "Public words" in self.page(board, "?q=public")

    def test_a_private_board_never_shows_through_a_public_one(self, workspace, private, ben, cleo):
        public = factories.open_board(workspace)
        mira = factories.visitor_of(workspace)
        secret = factories.submit(private, "Zebra price talk", visitor=mira)
        assert secret.record.circle_id == private.circle_id
        assert "Zebra" not in self.page(public)
        assert "Zebra" not in cleo.get("insights/feedback/").content.decode()
        assert "Zebra" not in cleo.get("portal/").content.decode()
        assert cleo.get(f"portal/listings/{secret.pk}/").status_code == 404
        assert "Zebra" in ben.get(f"portal/listings/{secret.pk}/").content.decode()
        record = ben.get(f"portal/boards/{private.number}/")
        assert record.status_code == 200

    def test_a_private_record_cannot_stand_on_an_open_board(self, workspace, private, ben):
        public = factories.open_board(workspace)
        secret = factories.submit(private, "Zebra price talk")
        with pytest.raises(Exception, match="private"):
            listing_services.put_on_board(
                board=public, record=secret.record, title="x", text="", actor=ben.actor, at=NOW
            )

    def test_a_letter_box_shows_each_their_own(self, workspace):
        board = factories.open_board(workspace, submit_only=True)
        mira = factories.visitor_of(workspace)
        jo = factories.visitor_of(workspace, "jo@copperline.example", "Jo")
        factories.submit(board, "Zebra of Mira", visitor=mira)
        factories.submit(board, "Lion of Jo", visitor=jo)
        page = self.page(board, browser=factories.browser_of(mira))
        assert "Zebra of Mira" in page
        assert "Lion" not in page
        assert "Zebra" not in self.page(board)

    def test_addresses_are_never_shown(self, workspace):
        board = factories.open_board(workspace)
        mira = factories.visitor_of(workspace, name="")
        listing = factories.submit(board, "Dark screen", visitor=mira)
        for path in ("", f"entries/{listing.code}/"):
            assert "halden.example" not in self.page(board, path)

    def test_a_merged_address_leads_to_the_survivor(self, workspace, ben):
        board = factories.open_board(workspace)
        one, other = factories.submit(board, "Dark screen"), factories.submit(board, "Black screen")
        merging.merge(listing=other, into=one, actor=ben.actor, at=NOW)
        answer = factories.browser_of().get(f"{factories.base(board)}entries/{other.code}/")
        assert answer.url.endswith(f"entries/{one.code}/")
        assert "Black screen" not in self.page(board)

    def test_another_workspace_sees_nothing_inside(self, workspace, eve):
        board = factories.open_board(workspace)
        listing = factories.submit(board, "Dark screen")
        assert eve.get(f"/w/northwind/portal/boards/{board.number}/").status_code == 404
        assert eve.get(f"portal/listings/{listing.pk}/").status_code == 404
        assert not Listing.objects.filter(board__home=eve.member.workspace).exists()

    def test_a_boards_wall_stays_where_it_was_built(self, private, ben):
        answer = ben.api("put", f"records/{private.key}/circle", {"circle": None})
        assert answer.status_code == 422
        private.refresh_from_db()
        assert private.circle_id is not None

    def test_the_wall_cannot_be_moved_under_what_was_said(self, workspace, private, ben):
        factories.submit(private, "Zebra price talk")
        with pytest.raises(Exception, match="Open another board"):
            boards.change_board(board=private, changes={"audience": "public"}, actor=ben.actor, at=NOW)
