"""The pages of feedback, triage, customers and segments."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.records import services as records
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights import services
from roadbed.modules.insights.models import Account, Feedback, Need, Quote, Segment
from tests import people
from tests.insights import factories as make
from tests.people import Someone

pytestmark = pytest.mark.django_db
FLEET = {"match": "all", "conditions": [{"field": "attributes.vans", "operator": "gt", "value": "50"}]}


def fill(workspace: Workspace, count: int) -> None:
    """Accounts, people, quoted feedback, needs, tags, in that number each."""
    for i in range(count):
        halden = make.account(
            workspace, f"Account {i}", revenue=Decimal(1000 * i), attributes={"vans": 40 + i}
        )
        mira = make.person(workspace, f"Person {i}", account=halden)
        piece = make.feedback(
            workspace, f"We phone every driver, {i} times", person=mira, account=halden, source="call"
        )
        records.set_tags(record=piece, names=[f"tag {i}"], actor=make.ACTOR, at=people.NOW)
        make.quote(piece, make.need(workspace, f"Phone fewer drivers {i}"))
        make.feedback(
            workspace, f"Waiting {i}: drivers want a map", person=mira, account=halden, source="mail"
        )


PAGES = (
    "insights/",
    "insights/feedback/",
    "insights/feedback/?state=done&source=call&said_from=2026-01-01&linked=yes&columns=who,tags,backs",
    "insights/feedback/?q=drivers&sort=rating",
    "insights/feedback/1/",
    "insights/accounts/",
    "insights/accounts/1/",
    "insights/people/",
    "insights/people/1/",
    "insights/segments/",
    "insights/segments/1/",
)


class TestPages:
    def test_queries_do_not_grow_with_rows(self, ben: Someone, workspace: Workspace) -> None:
        def count(path: str) -> int:
            ben.get(path)
            with CaptureQueriesContext(connection) as found:
                assert ben.get(path).status_code == 200
            return len(found)

        services.create_segment(
            workspace=workspace, name="Fleet", rule=FLEET, actor=make.ACTOR, at=people.NOW
        )
        fill(workspace, 2)
        few = {path: count(path) for path in PAGES}
        fill(workspace, 9)
        assert {path: count(path) for path in PAGES} == few

    @pytest.mark.parametrize("path", [*PAGES, "insights/feedback/new/", "insights/accounts/1/edit/"])
    def test_strangers_see_nothing(self, eve: Someone, workspace: Workspace, path: str) -> None:
        fill(workspace, 1)
        assert eve.get(f"/w/{workspace.slug}/{path}").status_code == 404

    @pytest.mark.parametrize(
        "path",
        [
            "insights/feedback/new/",
            "insights/feedback/1/edit/",
            "insights/accounts/new/",
            "insights/accounts/1/edit/",
            "insights/people/new/",
            "insights/people/1/edit/",
            "insights/segments/new/",
            "insights/segments/1/edit/",
            "insights/segments/preview/?match=all&field=revenue&operator=gt&value=10",
        ],
    )
    def test_forms_open_for_makers(self, ben: Someone, workspace: Workspace, path: str) -> None:
        fill(workspace, 1)
        services.create_segment(
            workspace=workspace, name="Fleet", rule=FLEET, actor=make.ACTOR, at=people.NOW
        )
        assert ben.get(path).status_code == 200

    def test_viewers_read_but_cannot_triage(self, dan: Someone, workspace: Workspace) -> None:
        fill(workspace, 1)
        assert dan.get("insights/").status_code == 200
        assert dan.post("insights/triage/1/skipped/").status_code == 403

    def test_contributors_take_in_feedback(self, cleo: Someone, workspace: Workspace) -> None:
        sent = {"text": "The map is slow", "said_at": "2026-10-30T09:00", "account_name": "Halden Freight"}
        answer = cleo.post("insights/feedback/new/", {**sent, "person_name": "Mira"})
        assert answer.status_code == 302
        piece = Feedback.objects.get()
        assert (piece.title, piece.account.title, piece.person.account) == (
            "The map is slow",
            "Halden Freight",
            piece.account,
        )

    def test_a_refused_form_says_why(self, ben: Someone, workspace: Workspace) -> None:
        answer = ben.post("insights/feedback/new/", {"text": " ", "said_at": "2026-10-30T09:00"})
        assert answer.status_code == 422
        assert "What they said: fill this in." in answer.content.decode()


class TestDownloads:
    def test_the_list_comes_as_it_is_filtered(self, dan: Someone, workspace: Workspace) -> None:
        make.feedback(workspace, "Kept words", source="mail")
        make.feedback(workspace, "Other words", source="call")
        answer = dan.get("insights/feedback/export/?source=mail&format=csv")
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        assert "Kept words" in text
        assert "Other words" not in text

    @pytest.mark.parametrize("name", ["accounts", "people"])
    def test_customers_come_too(self, dan: Someone, workspace: Workspace, name: str) -> None:
        fill(workspace, 1)
        answer = dan.get(f"insights/{name}/export/?format=json")
        assert b"0" in b"".join(answer.streaming_content)


class TestTriage:
    def test_linking_words_goes_on_to_the_next_and_u_takes_it_back(
        self, ben: Someone, workspace: Workspace
    ) -> None:
        need = make.need(workspace)
        first = make.feedback(workspace, "Twice last week a van went to the wrong depot")
        make.feedback(workspace, "Another one")
        page = ben.get(f"insights/?at={first.key}").content.decode()
        assert "2 of 2 left" in page
        answer = ben.post(
            f"insights/triage/{first.number}/link/",
            {
                "target": need.key,
                "start": "16",
                "end": "21",
                "strength": "3",
                "next": "/w/northwind/insights/?at=FB-2",
            },
        )
        quote = Quote.objects.get()
        assert (quote.text, quote.strength) == ("a van", 3)
        first.refresh_from_db()
        assert first.state == "done"
        assert answer.url.startswith("/w/northwind/insights/?at=FB-2&undo=")
        after = ben.get(answer.url).content.decode()
        assert "1 of 2 left" in after
        span = answer.url.rpartition("undo=")[2]
        assert f"/insights/undo/{span}/" in after
        ben.post(f"insights/undo/{span}/")
        first.refresh_from_db()
        assert (first.state, Quote.objects.count()) == ("new", 0)
        assert EvidenceTally.objects.get(record=need.pk).quotes == 0

    def test_without_a_script_the_words_typed_find_the_target(
        self, ben: Someone, workspace: Workspace
    ) -> None:
        need, piece = make.need(workspace), make.feedback(workspace)
        ben.post(f"insights/triage/{piece.number}/link/", {"q": "calling the driver"})
        assert Quote.objects.get().target_id == need.pk
        assert Quote.objects.get().text == piece.text

    def test_nothing_chosen_is_refused_in_words(self, ben: Someone, workspace: Workspace) -> None:
        piece = make.feedback(workspace)
        answer = ben.post(f"insights/triage/{piece.number}/link/", {}, follow=True)
        assert "Choose the need or the feature" in answer.content.decode()

    def test_a_new_need_is_backed_by_these_words(self, ben: Someone, workspace: Workspace) -> None:
        piece = make.feedback(workspace)
        answer = ben.post(f"insights/triage/{piece.number}/need/", {"title": "Reroute on the road"})
        need = Need.objects.get()
        assert EvidenceTally.objects.get(record=need.pk).people == 1
        ben.post(f"insights/undo/{answer.url.rpartition('undo=')[2]}/")
        assert not Need.objects.in_workspace(workspace.pk).exists()

    def test_skip_and_undo(self, ben: Someone, ada: Someone, workspace: Workspace) -> None:
        piece = make.feedback(workspace)
        answer = ben.post(f"insights/triage/{piece.number}/skipped/")
        span = answer.url.rpartition("undo=")[2]
        ada.post(f"insights/undo/{span}/")
        piece.refresh_from_db()
        assert piece.state == "skipped", "nobody undoes another's deed here"
        ben.post(f"insights/undo/{span}/")
        piece.refresh_from_db()
        assert piece.state == "new"

    def test_suggestions_say_which_words_are_shared(self, ben: Someone, workspace: Workspace) -> None:
        make.need(workspace, "Phone fewer drivers when a road closes")
        make.feedback(workspace, "When a road closes we phone every dispatcher")
        page = ben.get("insights/").content.decode()
        assert "shares “closes”, “phone”" in page

    def test_an_empty_inbox_praises(self, ben: Someone, workspace: Workspace) -> None:
        piece = make.feedback(workspace)
        services.skip(feedback=piece, actor=make.ACTOR, at=people.NOW)
        assert "The inbox is empty" in ben.get("insights/").content.decode()


class TestMany:
    @pytest.fixture
    def picked(self, workspace: Workspace) -> list[int]:
        return [make.feedback(workspace, f"Word {i}").number for i in range(3)]

    def undo(self, ben: Someone) -> None:
        first = Feedback.objects.first()
        assert first is not None
        last = first.activities.order_by("-sequence").values_list("sequence", flat=True)[0]
        ben.post(f"insights/undo/{last - 20 if last > 20 else 1}-{last}/")

    def test_linking_asks_for_a_target_first(
        self, ben: Someone, workspace: Workspace, picked: list[int]
    ) -> None:
        need = make.need(workspace)
        assert (
            "Link 3 pieces to" in ben.post("insights/feedback/many/link/", {"ids": picked}).content.decode()
        )
        ben.post("insights/feedback/many/link/", {"ids": picked, "target": need.key, "strength": "2"})
        assert EvidenceTally.objects.get(record=need.pk).strength == 6
        assert set(Feedback.objects.values_list("state", flat=True)) == {"done"}

    def test_everything_that_the_filters_leave(
        self, ben: Someone, workspace: Workspace, picked: list[int]
    ) -> None:
        make.feedback(workspace, "Elsewhere", source="mail")
        sent = {"everything": "yes", "query": "source=mail", "state": "skipped"}
        ben.post("insights/feedback/many/state/", sent)
        assert Feedback.objects.filter(state="skipped").count() == 1

    def test_deleting_has_an_undo(self, ben: Someone, workspace: Workspace, picked: list[int]) -> None:
        answer = ben.post("insights/feedback/many/delete/", {"ids": picked}, follow=True)
        assert not Feedback.objects.in_workspace(workspace.pk).exists()
        url = answer.content.decode().split("/insights/undo/")[1].split("/")[0]
        ben.post(f"insights/undo/{url}/")
        assert Feedback.objects.in_workspace(workspace.pk).count() == 3

    def test_tagging(self, ben: Someone, workspace: Workspace, picked: list[int]) -> None:
        ben.post("insights/feedback/many/tag/", {"ids": picked, "tags": "urgent, maps"})
        page = ben.get("insights/feedback/?tag=urgent").content.decode()
        assert page.count("data-row=") == 3


class TestQuotes:
    def test_words_are_marked_and_can_be_taken_back(self, ben: Someone, workspace: Workspace) -> None:
        need, piece = make.need(workspace), make.feedback(workspace)
        ben.post(f"insights/feedback/{piece.number}/quotes/", {"target": need.key, "start": "0", "end": "18"})
        page = ben.get(f"insights/feedback/{piece.number}/").content.decode()
        assert "When a road closes</mark> we phone every driver." in page
        quote = Quote.objects.get()
        ben.post(f"insights/quotes/{quote.pk}/weigh/", {"strength": "3"})
        assert EvidenceTally.objects.get(record=need.pk).deal_breakers == 1
        ben.post(f"insights/quotes/{quote.pk}/remove/")
        assert not Quote.objects.exists()
        assert not piece.links_out.exists()

    def test_a_link_with_quotes_on_it_is_not_cut(self, ben: Someone, workspace: Workspace) -> None:
        need, piece = make.need(workspace), make.feedback(workspace)
        make.quote(piece, need)
        link = piece.links_out.get()
        answer = ben.post(f"links/{link.pk}/remove/", follow=True)
        assert "Quotes stand on this link" in answer.content.decode()
        assert piece.links_out.exists()


class TestCustomers:
    def test_a_fact_is_changed_where_it_is_read(self, ben: Someone, workspace: Workspace) -> None:
        halden = make.account(workspace)
        partial: Any = {"HX-Request-Type": "partial"}
        answer = ben.post(f"insights/accounts/{halden.number}/set/", {"revenue": "84000"}, headers=partial)
        assert "€84,000" in answer.content.decode()
        answer = ben.post(f"insights/accounts/{halden.number}/set/", {"revenue": "much"}, headers=partial)
        assert answer.status_code == 422

    def test_twins_are_offered_for_merging(self, ben: Someone, workspace: Workspace) -> None:
        halden, twin = make.account(workspace), make.account(workspace, "Halden Ltd")
        assert "Merge into this" in ben.get(f"insights/accounts/{halden.number}/").content.decode()
        ben.post(f"{halden.key}/merge/", {"target": twin.key})
        assert Account.objects.in_workspace(workspace.pk).get() == halden

    def test_an_account_is_written_down_with_its_facts(self, ben: Someone, workspace: Workspace) -> None:
        ben.post(
            "insights/accounts/new/", {"title": "Halden", "revenue": "10", "attributes": "vans: 64\nvip: yes"}
        )
        assert Account.objects.get().attributes == {"vans": 64, "vip": True}

    def test_a_stale_form_is_refused(self, ben: Someone, workspace: Workspace) -> None:
        halden = make.account(workspace)
        answer = ben.post(f"insights/accounts/{halden.number}/edit/", {"title": "Other", "version": "9"})
        assert answer.status_code == 422

    def test_a_person_belongs_to_an_account_by_name_or_key(self, ben: Someone, workspace: Workspace) -> None:
        halden = make.account(workspace)
        ben.post("insights/people/new/", {"title": "Mira", "account_key": "halden freight"})
        ben.post("insights/people/new/", {"title": "Ole", "account_key": halden.key})
        assert halden.people.count() == 2


class TestSegments:
    def test_the_builder_keeps_a_rule(self, ben: Someone, workspace: Workspace) -> None:
        make.account(workspace, attributes={"vans": 64})
        make.account(workspace, "Small", attributes={"vans": "12"})
        sent = {
            "name": "Fleet",
            "match": "all",
            "field": ["attributes.vans", ""],
            "operator": ["gt", "is"],
            "value": ["50", ""],
        }
        answer = ben.post("insights/segments/new/", sent)
        assert answer.status_code == 302
        assert Segment.objects.get().rule == FLEET
        page = ben.get(f"insights/accounts/?segment={Segment.objects.get().key}").content.decode()
        assert "Halden Freight" in page
        assert "Small" not in page

    def test_a_rule_that_cannot_be_read_names_its_condition(self, ben: Someone, workspace: Workspace) -> None:
        sent = {"name": "Fleet", "match": "all", "field": ["revenue"], "operator": ["gt"], "value": ["much"]}
        answer = ben.post("insights/segments/new/", sent)
        assert answer.status_code == 422
        assert "Condition 1: “much” is not a number." in answer.content.decode()
