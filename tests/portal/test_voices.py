"""Votes, submissions, comments: by name, nameless, and by machines."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError

from roadbed.core.gates import services as gates
from roadbed.core.gates.models import Allowance
from roadbed.core.jobs import services as jobs
from roadbed.core.records.models import Record
from roadbed.modules.insights import facade as insights
from roadbed.modules.insights.models import Feedback, Person
from roadbed.modules.portal.models import Follow, Listing, Remark, Visitor
from roadbed.modules.portal.services import listings, merging, remarks, standings, visitors, voices
from roadbed.modules.roadmap import services as roadmap
from roadbed.modules.roadmap.models import Horizon, Status
from tests.people import NOW
from tests.portal import factories


def solve(puzzle, bits):
    """What the browser's worker does."""
    number = 0
    while not gates.is_answer(puzzle=puzzle, answer=str(number), bits=bits):
        number += 1
    return str(number)


@pytest.fixture
def board(workspace):
    return factories.open_board(workspace)


@pytest.fixture
def mira(workspace):
    return factories.visitor_of(workspace)


@pytest.fixture
def feature(workspace, ben):
    made, _ = roadmap.create_feature(
        workspace=workspace,
        draft=roadmap.Draft(title="Reroute", horizon=Horizon.NOW),
        actor=ben.actor,
        at=NOW,
    )
    return made


class TestVotes:
    def test_a_vote_is_on_the_record_and_counts_a_person_once(self, board, mira):
        listing = factories.submit(board, "Dark screen")
        voices.vote(listing=listing, visitor=mira, at=NOW)
        voices.vote(listing=listing, visitor=mira, at=NOW)
        listing.refresh_from_db()
        assert listing.votes == 2  # whoever wrote it, and Mira
        assert mira.person_id in insights.voters_of(record_id=listing.record_id)

    def test_it_can_be_taken_back(self, board, mira):
        listing = factories.submit(board, "Dark screen")
        voices.vote(listing=listing, visitor=mira, at=NOW)
        voices.unvote(listing=listing, visitor=mira, at=NOW)
        listing.refresh_from_db()
        assert listing.votes == 1

    def test_who_votes_follows(self, board, mira):
        listing = factories.submit(board, "Dark screen")
        voices.vote(listing=listing, visitor=mira, at=NOW)
        assert Follow.objects.filter(listing=listing, person_id=mira.person_id).exists()

    def test_nameless_votes_are_no_people(self, board):
        listing = factories.submit(board, "Dark screen")
        voices.vote_as_guest(listing=listing, guest="a" * 64, at=NOW)
        listing.refresh_from_db()
        assert (listing.people, listing.nameless, listing.votes) == (1, 1, 2)
        assert not Person.objects.exists()

    def test_a_vote_on_behalf_shows_on_the_board(self, board, mira, ben):
        listing = factories.submit(board, "Dark screen")
        insights.vote(
            workspace_id=board.workspace_id,
            person_id=mira.person_id,
            record_id=listing.record_id,
            actor=ben.actor,
            at=NOW,
        )
        listing.refresh_from_db()
        assert listing.votes == 2

    def test_late_votes_are_hotter_than_early_ones(self):
        old = voices.warmed(voices.starting_heat(NOW), before=0, after=4, at=NOW)
        new = voices.warmed(voices.starting_heat(NOW), before=0, after=3, at=NOW + 3 * voices.HALF_LIFE)
        assert new > old
        assert voices.warmed(old, before=4, after=3, at=NOW) < old

    def test_nothing_is_voted_for_once_it_is_decided(self, board, mira, ben):
        listing = factories.submit(board, "Dark screen")
        standings.set_standing(listing=listing, standing="declined", reason="No.", actor=ben.actor, at=NOW)
        factories.browser_of(mira).post(f"{factories.base(board)}entries/{listing.code}/vote/")
        listing.refresh_from_db()
        assert listing.votes == 1


class TestNameless:
    @pytest.fixture
    def open_board(self, workspace):
        return factories.open_board(workspace, title="Open", allows_anonymous=True)

    def puzzle(self, browser, board, door):
        answer = json.loads(browser.post(f"{factories.base(board)}puzzle/", {"door": door}).content)
        return {"puzzle": answer["puzzle"], "answer": solve(answer["puzzle"], answer["bits"])}

    def test_a_solved_puzzle_votes_once(self, open_board):
        listing = factories.submit(open_board, "Dark screen")
        browser, place = factories.browser_of(), f"{factories.base(open_board)}entries/{listing.code}/"
        solved = self.puzzle(browser, open_board, "vote")
        assert browser.post(f"{place}vote/", solved).status_code == 302
        listing.refresh_from_db()
        assert listing.nameless == 1
        assert "sign-in" in factories.browser_of().post(f"{place}vote/", solved).url
        browser.post(f"{place}unvote/")
        listing.refresh_from_db()
        assert listing.nameless == 0

    def test_without_an_answer_a_link_is_offered(self, open_board):
        listing = factories.submit(open_board, "Dark screen")
        browser, place = factories.browser_of(), f"{factories.base(open_board)}entries/{listing.code}/"
        for sent in ({}, {"puzzle": "x", "answer": "1"}):
            assert "sign-in" in browser.post(f"{place}vote/", sent).url
        asked = browser.post(f"{place}vote/", headers={"X-Portal": "fragment"})
        assert asked.status_code == 401
        assert "sign-in" in json.loads(asked.content)["sign_in"]

    def test_a_puzzle_opens_its_own_door_alone(self, open_board):
        solved = self.puzzle(factories.browser_of(), open_board, "vote")
        assert not gates.open_with(**solved, door="portal.write", at=NOW + timedelta(minutes=1))

    def test_an_old_puzzle_opens_nothing(self, db):
        puzzle = gates.set_puzzle(door="x", at=NOW, bits=4)
        answer = solve(puzzle, 4)
        late = NOW + gates.PUZZLE_LIFETIME + timedelta(seconds=1)
        assert not gates.open_with(puzzle=puzzle, answer=answer, door="x", at=late)
        assert gates.open_with(puzzle=puzzle, answer=answer, door="x", at=NOW)
        assert not gates.open_with(puzzle=puzzle, answer=answer, door="x", at=NOW)

    def test_our_sum_is_the_real_one(self):
        puzzle = gates.set_puzzle(door="x", at=NOW, bits=9)
        answer = solve(puzzle, 9)
        assert hashlib.sha256(f"{puzzle}:{answer}".encode()).hexdigest().startswith("00")

    def test_a_nameless_idea_is_feedback_of_nobody(self, open_board):
        browser = factories.browser_of()
        sent = {"title": "Dark screen", "text": "", **self.puzzle(browser, open_board, "write")}
        answer = browser.post(f"{factories.base(open_board)}new/", sent)
        assert answer.status_code == 302
        piece = Feedback.objects.get()
        assert (piece.person, piece.source) == (None, "portal")
        page = browser.get(answer.url).content.decode()
        assert "Dark screen" in page
        assert "yours" in page

    def test_votes_go_along_when_the_address_is_confirmed(self, open_board):
        listing = factories.submit(open_board, "Dark screen")
        voices.vote_as_guest(listing=listing, guest="g" * 64, at=NOW)
        visitors.ask_for_link(board=open_board, email="mira@halden.example", host="", guest="g" * 64, at=NOW)
        link = open_board_link()
        visitors.use_link(link=link, at=NOW)
        listing.refresh_from_db()
        assert (listing.people, listing.nameless) == (2, 0)

    def test_a_board_that_wants_names_sets_no_puzzles(self, board):
        assert (
            factories.browser_of().post(f"{factories.base(board)}puzzle/", {"door": "vote"}).status_code
            == 404
        )


def open_board_link():
    from roadbed.modules.portal.models import EntryLink

    return EntryLink.objects.select_related("board", "workspace").get()


class TestSubmitting:
    def test_a_moderated_idea_waits_and_its_author_is_told(self, workspace, mira, ben):
        board = factories.open_board(workspace, title="Moderated", is_moderated=True)
        browser = factories.browser_of(mira)
        browser.post(f"{factories.base(board)}new/", {"title": "Dark screen", "text": "At night."})
        listing = Listing.objects.get()
        assert listing.state == "waiting"
        assert "Dark screen" in browser.get(factories.base(board)).content.decode()
        assert "Dark screen" not in factories.browser_of().get(factories.base(board)).content.decode()
        listings.publish(listing=listing, actor=ben.actor, at=NOW)
        jobs.run_waiting()
        assert mail.outbox[-1].to == ["mira@halden.example"]
        assert "List-Unsubscribe" in mail.outbox[-1].extra_headers

    def test_a_refusal_needs_a_reason_and_tells_it(self, workspace, mira, ben):
        board = factories.open_board(workspace, title="Moderated", is_moderated=True)
        listing = factories.submit(board, "Dark screen", visitor=mira)
        with pytest.raises(ValidationError):
            listings.refuse(listing=listing, reason=" ", actor=ben.actor, at=NOW)
        listings.refuse(listing=listing, reason="Ask support.", actor=ben.actor, at=NOW)
        jobs.run_waiting()
        assert "Ask support." in mail.outbox[-1].body

    def test_without_an_address_the_words_are_kept_in_the_form(self, board):
        answer = factories.browser_of().post(
            f"{factories.base(board)}new/", {"title": "Dark screen", "text": "At night."}
        )
        assert answer.status_code == 422
        assert "At night." in answer.content.decode()

    def test_the_words_wait_for_their_address(self, board):
        browser = factories.browser_of()
        browser.post(
            f"{factories.base(board)}new/",
            {"title": "Dark screen", "text": "", "email": "mira@halden.example", "name": "Mira"},
        )
        assert not Listing.objects.exists()
        visitors.use_link(link=open_board_link(), at=NOW)
        listing = Listing.objects.get()
        assert listing.author_name == "Mira"
        assert Feedback.objects.get().person.email == "mira@halden.example"

    def test_a_machine_in_the_trap_changes_nothing(self, board, mira):
        sent = {"title": "Watches!", "website": "https://spam.example"}
        factories.browser_of(mira).post(f"{factories.base(board)}new/", sent)
        assert not Listing.objects.exists()

    def test_somebody_who_writes_all_the_time_has_to_wait(self, board, mira):
        browser = factories.browser_of(mira)
        statuses = [
            browser.post(f"{factories.base(board)}new/", {"title": f"Dark screen {n}"}).status_code
            for n in range(22)
        ]
        assert statuses[-1] == 429
        assert "halden" not in "".join(Allowance.objects.values_list("digest", flat=True))

    def test_what_others_asked_for_is_found_while_typing(self, board):
        factories.submit(board, "Warn me before a window is missed")
        factories.submit(board, "A dark screen for night tours", "The white map blinds me.")
        found = factories.browser_of().post(
            f"{factories.base(board)}similar/", {"title": "dark screens at night"}
        )
        page = found.content.decode()
        assert "night tours" in page
        assert "Warn me" not in page
        assert "“dark”" in page

    @pytest.mark.parametrize("title", ["", "abc", "x" * 201])
    def test_titles_have_a_length(self, board, mira, title):
        with pytest.raises(ValidationError):
            factories.submit(board, title, visitor=mira)

    def test_hostile_words_are_words(self, board, mira):
        listing = factories.submit(
            board,
            "<script>alert(1)</script> 👩‍🚒 \u202e",
            "[x](javascript:alert(1)) <img src=x>",
            visitor=mira,
        )
        page = factories.browser_of().get(f"{factories.base(board)}entries/{listing.code}/").content.decode()
        assert "<script>alert" not in page
        assert "javascript:alert" not in page.replace("&#x27;", "") or 'href="javascript' not in page
        assert "<img src=x" not in page


class TestTalking:
    def test_a_comment_waits_where_the_board_is_moderated(self, workspace, mira, ben):
        board = factories.open_board(workspace, title="Moderated", is_moderated=True)
        listing = factories.submit(board, "Dark screen")
        listings.publish(listing=listing, actor=ben.actor, at=NOW)
        place = f"{factories.base(board)}entries/{listing.code}/"
        browser = factories.browser_of(mira)
        browser.post(f"{place}say/", {"body": "Zebra crossing"})
        assert "Only you see this yet" in browser.get(place).content.decode()
        assert "Zebra" not in factories.browser_of().get(place).content.decode()
        remarks.decide(remark=Remark.objects.get(), state="published", actor=ben.actor, at=NOW)
        assert "Zebra" in factories.browser_of().get(place).content.decode()
        listing.refresh_from_db()
        assert listing.remarks_count == 1

    def test_followers_hear_of_an_answer_once_and_can_stop_it(self, board, mira, ben):
        listing = factories.submit(board, "Dark screen")
        voices.vote(listing=listing, visitor=mira, at=NOW)
        listings.answer(listing=listing, text="We build it.", actor=ben.actor, at=NOW)
        jobs.run_waiting()
        assert [letter.to for letter in mail.outbox] == [["mira@halden.example"]]
        off = mail.outbox[0].extra_headers["List-Unsubscribe"].strip("<>").partition("testserver")[2]
        assert factories.browser_of().get(off).status_code == 200
        assert Visitor.objects.get().takes_mail
        factories.browser_of().post(off)
        assert not Visitor.objects.get().takes_mail
        listings.answer(listing=listing, text="It is built.", actor=ben.actor, at=NOW)
        jobs.run_waiting()
        assert len(mail.outbox) == 1


class TestStandings:
    def test_a_feature_stands_where_the_plan_says(self, board, feature, ben):
        listing = listings.put_on_board(
            board=board, record=feature, title="Reroute", text="", actor=ben.actor, at=NOW
        )
        roadmap.change_status(
            feature=feature, status=Status.DEVELOPMENT, reason="Zebra pays", actor=ben.actor, at=NOW
        )
        jobs.run_waiting()
        listing.refresh_from_db()
        assert listing.standing == "started"
        page = factories.browser_of().get(f"{factories.base(board)}entries/{listing.code}/").content.decode()
        assert "In progress" in page
        assert "Zebra" not in page

    def test_a_submission_follows_the_feature_that_it_backs(self, board, feature, mira, ben):
        listing = factories.submit(board, "Dark screen", visitor=mira)
        insights.back(
            workspace_id=board.workspace_id,
            feedback_id=listing.record_id,
            record_id=feature.pk,
            actor=ben.actor,
            at=NOW,
        )
        roadmap.change_status(feature=feature, status=Status.PLANNED, actor=ben.actor, at=NOW)
        jobs.run_waiting()
        listing.refresh_from_db()
        assert listing.standing == "planned"

    def test_the_words_are_the_workspaces_own(self, workspace, board, feature, ben):
        standings.set_wording(
            workspace=workspace,
            standing="planned",
            label="In the basket",
            about="Soon.",
            actor=ben.actor,
            at=NOW,
        )
        roadmap.change_status(feature=feature, status=Status.PLANNED, actor=ben.actor, at=NOW)
        listings.put_on_board(board=board, record=feature, title="Reroute", text="", actor=ben.actor, at=NOW)
        assert "In the basket" in factories.browser_of().get(factories.base(board)).content.decode()

    def test_what_was_set_by_hand_stays_until_it_is_let_go(self, board, feature, ben):
        listing = listings.put_on_board(
            board=board, record=feature, title="Reroute", text="", actor=ben.actor, at=NOW
        )
        standings.set_standing(
            listing=listing, standing="exploring", reason="We ask around.", actor=ben.actor, at=NOW
        )
        roadmap.change_status(feature=feature, status=Status.PLANNED, actor=ben.actor, at=NOW)
        jobs.run_waiting()
        listing.refresh_from_db()
        assert listing.standing == "exploring"
        standings.follow_the_plan(listing=listing, actor=ben.actor, at=NOW)
        listing.refresh_from_db()
        assert listing.standing == "planned"

    def test_the_public_roadmap_is_a_filter_of_the_real_one(self, board, feature, workspace, ben):
        other, _ = roadmap.create_feature(
            workspace=workspace,
            draft=roadmap.Draft(title="Zebra plan", horizon=Horizon.NOW),
            actor=ben.actor,
            at=NOW,
        )
        listings.put_on_board(board=board, record=feature, title="Reroute", text="", actor=ben.actor, at=NOW)
        page = factories.browser_of().get(f"{factories.base(board)}roadmap/").content.decode()
        assert "Reroute" in page
        assert other.title not in page


class TestMerging:
    def test_two_submissions_become_one_and_can_part_again(self, workspace, board, mira, ben):
        jo = factories.visitor_of(workspace, "jo@copperline.example", "Jo")
        one = factories.submit(board, "Dark screen", visitor=mira)
        other = factories.submit(board, "Black screen", visitor=jo)
        merging.merge(listing=other, into=one, actor=ben.actor, at=NOW)
        one.refresh_from_db()
        assert Follow.objects.filter(listing=one, person_id=jo.person_id).exists()
        assert Record.objects.get(pk=other.record_id).merged_into_id == one.record_id
        other.refresh_from_db()
        merging.undo(listing=other, actor=ben.actor, at=NOW)
        other.refresh_from_db()
        one.refresh_from_db()
        assert other.merged_into is None
        assert Record.objects.get(pk=other.record_id).deleted_at is None
        assert not Follow.objects.filter(listing=one, person_id=jo.person_id).exists()

    def test_a_submission_becomes_evidence_for_a_feature(self, board, feature, mira, ben):
        target = listings.put_on_board(
            board=board, record=feature, title="Reroute", text="", actor=ben.actor, at=NOW
        )
        listing = factories.submit(board, "Let me reroute", visitor=mira)
        merging.merge(listing=listing, into=target, actor=ben.actor, at=NOW)
        target.refresh_from_db()
        assert mira.person_id in insights.voters_of(record_id=feature.pk)
        assert target.votes == 1
        merging.undo(listing=listing, actor=ben.actor, at=NOW)
        target.refresh_from_db()
        assert target.votes == 0


class TestGoing:
    def test_everything_can_be_taken_along(self, board, mira):
        listing = factories.submit(board, "Dark screen", visitor=mira)
        remarks.say(listing=listing, body="Please", visitor=mira, at=NOW)
        answer = factories.browser_of(mira).get(f"{factories.base(board)}me/export/")
        kept = json.loads(answer.content)
        assert kept["email"] == "mira@halden.example"
        assert kept["submissions"][0]["title"] == "Dark screen"
        assert kept["remarks"][0]["text"] == "Please"

    def test_being_forgotten_takes_name_address_and_votes(self, workspace, board, mira):
        other = factories.submit(board, "Louder bell")
        listing = factories.submit(board, "Dark screen", visitor=mira)
        voices.vote(listing=other, visitor=mira, at=NOW)
        remarks.say(listing=other, body="Please", visitor=mira, at=NOW)
        browser = factories.browser_of(mira)
        assert browser.get(f"{factories.base(board)}me/erase/").status_code == 200
        browser.post(f"{factories.base(board)}me/erase/")
        assert not Visitor.objects.exists()
        person = Person.objects.get()
        assert (person.email, person.title) == ("", "Somebody who asked to be forgotten")
        other.refresh_from_db()
        listing.refresh_from_db()
        assert other.votes == 1
        assert (listing.author, listing.author_name) == (None, "")
        assert Feedback.objects.get(pk=listing.record_id).person is None
        page = browser.get(f"{factories.base(board)}entries/{other.code}/").content.decode()
        assert "Please" in page
        assert "Mira" not in page
