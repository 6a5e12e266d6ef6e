"""The pages and the API of reading, private words and duplicates, as people use them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roadbed.core.vectors import services as vectors
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models import Assignment, Double, Feedback, Quote, Reading, RedactionRule, Theme
from roadbed.modules.insights.services import doubles, readings
from tests import people
from tests.insights import factories as make
from tests.insights.test_redaction import KEPT, SAID, switch
from tests.people import Someone

pytestmark = pytest.mark.django_db
ROADS = (
    "When a road closes we phone every driver. The invoices of the last month are fine, thank you. "
    "It would be great to move stops from one van to another while both are on the road."
)


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    """Vectors are kept in files beside the database; each test has its own."""
    settings.ROADBED_DATA = tmp_path


def read(workspace: Workspace) -> None:
    list(readings.read_everything(workspace_id=workspace.pk, at=people.NOW))
    vectors.catch_up(workspace_id=workspace.pk)


def undo(someone: Someone, url: str) -> Any:
    return someone.post(f"insights/undo/{url.rpartition('undo=')[2]}/")


class TestInbox:
    def test_everything_is_suggested_with_how_sure_and_why(self, ben: Someone, workspace: Workspace) -> None:
        need = make.need(workspace, "Move stops on the road without phoning every driver when a road closes")
        for number in range(4):
            make.quote(make.feedback(workspace, f"{ROADS} Again {number}"), need)
        make.feedback(workspace, ROADS)
        read(workspace)
        page = ben.get("insights/?q=invoices").content.decode()
        assert "likely: " in page
        assert f'value="{need.key}" data-key="7" data-key-label="{need.key}" checked' in page
        assert "of the 4 pieces most like this back it" in page
        assert "sure: “" in page
        assert 'class="mark--suggested"' in page

    def test_enter_accepts_all_and_u_takes_all_back(self, ben: Someone, workspace: Workspace) -> None:
        need, piece = make.need(workspace), make.feedback(workspace, ROADS)
        theme = Theme.objects.create(
            workspace=workspace,
            title="Roads",
            kind="theme",
            prefix="TH",
            number=1,
            created_at=people.NOW,
            updated_at=people.NOW,
        )
        answer = ben.post(
            f"insights/triage/{piece.number}/link/",
            {
                "target": need.key,
                "start": "0",
                "end": "41",
                "strength": "2",
                "intent": "problem",
                "sentiment": "negative",
                "theme": str(theme.number),
            },
        )
        row = Reading.objects.get(pk=piece.pk)
        assert (row.intent, row.intent_by, row.sentiment, row.sentiment_by) == (
            "problem",
            "person",
            "negative",
            "person",
        )
        assert Assignment.objects.get(pk=piece.pk).theme_id == theme.pk
        assert Quote.objects.get().text == ROADS[:41]
        piece.refresh_from_db()
        assert piece.state == "done"
        undo(ben, answer.url)
        piece.refresh_from_db()
        assert (piece.state, Quote.objects.count(), Assignment.objects.count()) == ("new", 0, 0)
        assert Reading.objects.get(pk=piece.pk).intent_by == "machine"

    def test_with_nothing_to_link_what_it_is_is_enough(self, ben: Someone, workspace: Workspace) -> None:
        piece = make.feedback(workspace, ROADS)
        ben.post(f"insights/triage/{piece.number}/link/", {"intent": "praise"})
        piece.refresh_from_db()
        assert piece.state == "done"
        assert Reading.objects.get(pk=piece.pk).intent == "praise"

    def test_many_are_accepted_and_the_rest_stays(self, ben: Someone, workspace: Workspace) -> None:
        need = make.need(workspace, "Phone every driver when a road closes")
        like = make.feedback(workspace, "A road closes, so we phone every driver")
        make.quote(make.feedback(workspace, "A road closes and we phone every driver"), need)
        other = make.feedback(workspace, "Zebra quince")
        read(workspace)
        answer = ben.post("insights/feedback/many/accept/", {"ids": [like.number, other.number]}, follow=True)
        assert (
            "1 piece accepted as suggested; 1 piece without a likely target stayed" in answer.content.decode()
        )
        states = dict(Feedback.objects.values_list("pk", "state"))
        assert (states[like.pk], states[other.pk]) == ("done", "new")

    def test_private_words_are_shown_and_taken_out_with_one_key(
        self, ben: Someone, workspace: Workspace
    ) -> None:
        switch(workspace, "suggest")
        piece = make.feedback(workspace, SAID)
        read(workspace)
        page = ben.get("insights/").content.decode()
        assert "Looks private" in page
        assert "mira.oduya@halden.example</s>" in page
        ben.post(f"insights/feedback/{piece.number}/redact/")
        piece.refresh_from_db()
        assert piece.text == KEPT
        assert "Looks private" not in ben.get("insights/").content.decode()

    def test_left_private_words_are_not_shown_again(self, ben: Someone, workspace: Workspace) -> None:
        switch(workspace, "suggest")
        piece = make.feedback(workspace, SAID)
        read(workspace)
        ben.post(f"insights/feedback/{piece.number}/leave/")
        read(workspace)
        assert "Looks private" not in ben.get("insights/").content.decode()


class TestFeedback:
    def test_the_list_narrows_by_what_was_read(self, dan: Someone, workspace: Workspace) -> None:
        make.feedback(workspace, "The planner crashes with an error")
        make.feedback(workspace, "Please add a dark mode for night shifts, would be great")
        read(workspace)
        for query, count in (
            ("intent=problem", 1),
            ("intent=request,problem", 2),
            ("intent=praise", 0),
            ("spoken=en", 2),
        ):
            page = dan.get(f"insights/feedback/?{query.replace(',', '&intent=')}").content.decode()
            assert page.count("data-row=") == count, query
        found = dan.api("GET", "feedback?filter=intent%3Drequest").json()["items"]
        assert [one["text"][:10] for one in found] == ["Please add"]

    def test_the_file_has_it_too(self, dan: Someone, workspace: Workspace) -> None:
        make.feedback(workspace, "The planner crashes with an error")
        read(workspace)
        text = b"".join(dan.get("insights/feedback/export/?format=csv").streaming_content).decode()
        assert "Intent,Sentiment,Language read" in text
        assert "problem,negative" in text

    def test_a_correction_on_the_page(self, ben: Someone, dan: Someone, workspace: Workspace) -> None:
        piece = make.feedback(workspace, ROADS)
        assert dan.post(f"insights/feedback/{piece.number}/read/", {"intent": "praise"}).status_code == 403
        ben.post(f"insights/feedback/{piece.number}/read/", {"intent": "praise"})
        assert Reading.objects.get(pk=piece.pk).intent == "praise"
        assert "a person said so" in ben.get(f"insights/feedback/{piece.number}/").content.decode()

    def test_what_was_said_before_shows_while_somebody_writes(
        self, cleo: Someone, workspace: Workspace
    ) -> None:
        make.feedback(workspace, "When a road closes we phone every driver")
        read(workspace)
        answer = cleo.get("insights/feedback/similar/?text=when+a+road+closes+we+phone+each+driver")
        assert "FB-1" in answer.content.decode()
        assert "FB-1" not in cleo.get("insights/feedback/similar/?text=wh").content.decode()


class TestDuplicates:
    @pytest.fixture
    def pair(self, workspace: Workspace) -> Double:
        make.feedback(workspace, "When a road closes we phone every driver")
        make.feedback(workspace, "When a road closes we phone every driver!")
        read(workspace)
        doubles.find(workspace_id=workspace.pk, at=people.NOW)
        return Double.objects.get()

    def test_merge_and_undo_by_key(self, ben: Someone, workspace: Workspace, pair: Double) -> None:
        page = ben.get("insights/duplicates/").content.decode()
        assert "1 left" in page
        assert "alike: " in page
        answer = ben.post(
            f"insights/duplicates/{pair.pk}/merge/", {"next": "/w/northwind/insights/duplicates/"}
        )
        assert answer.url.endswith(f"undo={pair.pk}")
        assert "No duplicates wait" in ben.get(answer.url).content.decode()
        assert Feedback.objects.in_workspace(workspace.pk).count() == 1
        ben.post(f"insights/duplicates/{pair.pk}/reopen/")
        assert Feedback.objects.in_workspace(workspace.pk).count() == 2

    def test_strangers_and_viewers(
        self, dan: Someone, eve: Someone, workspace: Workspace, pair: Double
    ) -> None:
        assert dan.get("insights/duplicates/").status_code == 200
        assert dan.post(f"insights/duplicates/{pair.pk}/merge/").status_code == 403
        assert eve.get(f"/w/{workspace.slug}/insights/duplicates/").status_code == 404
        assert eve.post(f"insights/duplicates/{pair.pk}/merge/").status_code == 404

    def test_the_api_decides_too(
        self, ben: Someone, dan: Someone, workspace: Workspace, pair: Double
    ) -> None:
        listed = dan.api("GET", "duplicates").json()["items"]
        assert [(one["older"], one["newer"], one["state"]) for one in listed] == [("FB-1", "FB-2", "open")]
        answer = ben.api("PUT", f"duplicates/{pair.pk}/state", {"state": "different"})
        assert answer.json()["state"] == "different"
        assert ben.api("PUT", f"duplicates/{pair.pk}/state", {"state": "different"}).status_code == 200
        assert dan.api("GET", "duplicates").json()["items"] == []

    def test_a_pair_behind_a_wall_is_shown_to_nobody_else(
        self, ben: Someone, workspace: Workspace, pair: Double
    ) -> None:
        from roadbed.core.workspaces import services as workspaces

        circle = workspaces.make_circle(workspace=workspace, name="Counsel", actor=make.ACTOR, at=people.NOW)
        Feedback.objects.filter(pk=pair.newer_id).update(circle=circle)
        assert "No duplicates wait" in ben.get("insights/duplicates/").content.decode()
        assert ben.post(f"insights/duplicates/{pair.pk}/merge/").status_code == 404


class TestSettings:
    def test_owners_choose_and_viewers_read(self, ada: Someone, dan: Someone, workspace: Workspace) -> None:
        assert dan.post("settings/reading/redaction/", {"redaction": "on"}).status_code == 403
        answer = ada.post(
            "settings/reading/redaction/", {"redaction": "on", "kinds": ["card", "email"], "region": "de"}
        )
        assert answer.status_code == 302
        page = dan.get("settings/reading/").content.decode()
        assert 'value="on" checked' in page
        assert "it takes 60 labels" in page
        got = dan.api("GET", "reading-settings").json()
        assert (got["redaction"], got["kinds"], got["region"]) == ("on", ["email", "card"], "DE")

    def test_an_unsafe_pattern_is_refused_with_what_to_change(
        self, ada: Someone, workspace: Workspace
    ) -> None:
        answer = ada.post("settings/reading/patterns/", {"name": "bad", "pattern": "(a+)+$"})
        assert answer.status_code == 422
        assert "Give the inner one a fixed count" in answer.content.decode()
        assert not RedactionRule.objects.exists()

    def test_patterns_come_and_go(self, ada: Someone, eve: Someone, workspace: Workspace) -> None:
        answer = ada.api("POST", "redaction-rules", {"name": "badge", "pattern": r"HF-\d{5}"})
        assert answer.status_code == 201, answer.content
        rule = answer.json()["id"]
        assert eve.post(f"settings/reading/patterns/{rule}/remove/").status_code == 404
        assert "HF-" in ada.get("settings/reading/").content.decode()
        ada.post(f"settings/reading/patterns/{rule}/remove/")
        assert not RedactionRule.objects.exists()

    @pytest.mark.parametrize("merge_from", ["", "nan", "2", "0.1", "x"])
    def test_a_careless_threshold_is_refused(
        self, ada: Someone, workspace: Workspace, merge_from: str
    ) -> None:
        answer = ada.post("settings/reading/merging/", {"merges_doubles": "yes", "merge_from": merge_from})
        assert answer.status_code == 422


class TestReadingByApi:
    def test_it_is_read_corrected_and_handed_back(
        self, ben: Someone, dan: Someone, workspace: Workspace
    ) -> None:
        make.feedback(workspace, "The planner crashes with an error")
        got = dan.api("GET", "feedback/FB-1/reading").json()
        assert (got["intent"]["label"], got["intent"]["by"]) == ("problem", "machine")
        assert got["statements"][0]["intent"] == "problem"
        got = ben.api("PATCH", "feedback/FB-1/reading", {"intent": "request"}).json()
        assert (got["intent"]["label"], got["intent"]["by"]) == ("request", "person")
        ben.api("PATCH", "feedback/FB-1/reading", {"intent": None})
        read(workspace)
        assert dan.api("GET", "feedback/FB-1/reading").json()["intent"]["label"] == "problem"
        assert ben.api("PATCH", "feedback/FB-1/reading", {"intent": "rant"}).status_code == 422

    def test_redacting(self, ben: Someone, workspace: Workspace) -> None:
        make.feedback(workspace, SAID)
        assert ben.api("POST", "feedback/FB-1/redact").json() == {"counts": {"card": 1, "email": 1}}
        assert ben.api("POST", "feedback/FB-1/redact").status_code == 422


class TestGrowth:
    @pytest.mark.parametrize(
        "path", ["insights/duplicates/", "settings/reading/", "insights/", "insights/feedback/1/"]
    )
    def test_queries_do_not_grow_with_rows(self, ben: Someone, workspace: Workspace, path: str) -> None:
        need = make.need(workspace, "Phone every driver when a road closes")
        counts = []
        for more in (4, 12):
            for number in range(more):
                make.quote(
                    make.feedback(workspace, f"A road closes and we phone every driver {more} {number}"), need
                )
                make.feedback(workspace, f"Road closes, we phone every driver in the morning {more} {number}")
            read(workspace)
            doubles.find(workspace_id=workspace.pk, at=people.NOW)
            ben.get(path)
            with CaptureQueriesContext(connection) as found:
                assert ben.get(path).status_code == 200
            counts.append(len(found))
        assert counts[0] == counts[1]
