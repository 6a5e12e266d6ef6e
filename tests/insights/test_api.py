"""Everything that the pages of this module do, the API does."""

from __future__ import annotations

from typing import Any

import pytest

from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models import Feedback, Quote
from tests.insights import factories as make
from tests.people import Someone

pytestmark = pytest.mark.django_db


class TestFeedback:
    def test_a_contributor_sends_what_somebody_said(self, cleo: Someone, workspace: Workspace) -> None:
        sent = {"text": "The map is slow", "account_name": "Halden", "person_email": "mira@halden.example"}
        answer = cleo.api("POST", "feedback", sent)
        assert answer.status_code == 201, answer.content
        assert answer.json()["key"] == "FB-1"
        assert answer.json()["person"] == "P-1"
        assert answer.headers["ETag"] == '"1"'

    def test_words_cannot_be_changed_and_a_stale_change_is_refused(
        self, ben: Someone, workspace: Workspace
    ) -> None:
        make.feedback(workspace)
        assert ben.api("PATCH", "feedback/FB-1", {"source": "call"}).status_code == 428
        assert ben.api("PATCH", "feedback/FB-1", {"source": "call"}, If_Match='"7"').status_code == 412
        answer = ben.api("PATCH", "feedback/FB-1", {"source": "call", "text": "Other"}, If_Match='"1"')
        assert answer.json()["source"] == "call"
        assert answer.json()["text"].startswith("When a road closes")

    def test_the_list_takes_the_filters_of_the_page(self, dan: Someone, workspace: Workspace) -> None:
        make.feedback(workspace, source="mail")
        make.feedback(workspace, source="call")
        found = dan.api("GET", "feedback?filter=source%3Dmail%26state%3Dnew").json()["items"]
        assert [one["source"] for one in found] == ["mail"]
        assert dan.api("GET", "feedback?filter=source%3Dfax").status_code == 422

    def test_pages_follow_each_other(self, dan: Someone, workspace: Workspace) -> None:
        for _ in range(3):
            make.feedback(workspace)
        first = dan.api("GET", "feedback?limit=2").json()
        rest = dan.api("GET", f"feedback?limit=2&cursor={first['next']}").json()
        assert [one["key"] for one in first["items"] + rest["items"]] == ["FB-3", "FB-2", "FB-1"]
        assert rest["next"] is None

    def test_triage(self, ben: Someone, dan: Someone, workspace: Workspace) -> None:
        make.feedback(workspace)
        assert dan.api("PUT", "feedback/FB-1/state", {"state": "done"}).status_code == 403
        assert ben.api("PUT", "feedback/FB-1/state", {"state": "done"}).json()["state"] == "done"
        assert ben.api("PUT", "feedback/FB-1/state", {"state": "lost"}).status_code == 422

    def test_deleting_and_restoring(self, ben: Someone, workspace: Workspace) -> None:
        make.feedback(workspace)
        assert ben.api("DELETE", "records/FB-1", If_Match="*").status_code in {200, 204}
        assert ben.api("GET", "feedback/FB-1").status_code == 404


class TestQuotes:
    def test_words_become_evidence_and_are_taken_back(self, ben: Someone, workspace: Workspace) -> None:
        need = make.need(workspace)
        make.feedback(workspace)
        sent = {"target": need.key, "start": 0, "end": 18, "strength": 3}
        answer = ben.api("POST", "feedback/FB-1/quotes", sent)
        assert answer.status_code == 201, answer.content
        assert answer.json()["text"] == "When a road closes"
        assert EvidenceTally.objects.get(record=need.pk).deal_breakers == 1
        quote = answer.json()["id"]
        assert ben.api("PATCH", f"quotes/{quote}", {"strength": 0}).json()["strength"] == 0
        assert len(ben.api("GET", "feedback/FB-1/quotes").json()) == 1
        assert ben.api("DELETE", f"quotes/{quote}").status_code == 204
        assert not Quote.objects.exists()

    def test_words_outside_the_text_are_refused(self, ben: Someone, workspace: Workspace) -> None:
        need = make.need(workspace)
        make.feedback(workspace, "Short")
        answer = ben.api("POST", "feedback/FB-1/quotes", {"target": need.key, "start": 3, "end": 90})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["message"] == "Select words between 0 and 5."

    def test_an_account_cannot_be_backed(self, ben: Someone, workspace: Workspace) -> None:
        make.feedback(workspace)
        make.account(workspace)
        assert ben.api("POST", "feedback/FB-1/quotes", {"target": "A-1"}).status_code == 422


KINDS: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    (
        "accounts",
        "A-1",
        {"title": "Halden", "revenue": "84000.00", "attributes": {"vans": 64}},
        {"plan": "Fleet"},
    ),
    ("people", "P-1", {"title": "Mira", "email": "mira@halden.example"}, {"job_title": "Dispatcher"}),
    ("needs", "N-1", {"title": "Reroute", "importance": "8.6"}, {"satisfaction": "3.1"}),
    (
        "segments",
        "S-1",
        {"title": "Fleet", "rule": {"conditions": [{"field": "plan", "operator": "is", "value": "Fleet"}]}},
        {"note": "Large ones"},
    ),
]


@pytest.mark.parametrize(("path", "key", "sent", "change"), KINDS)
class TestKinds:
    def test_makers_add_and_change(
        self, ben: Someone, workspace: Workspace, path: str, key: str, sent: Any, change: Any
    ) -> None:
        answer = ben.api("POST", path, sent)
        assert answer.status_code == 201, answer.content
        assert answer.json()["key"] == key
        answer = ben.api("PATCH", f"{path}/{key}", change, If_Match=answer.headers["ETag"])
        assert answer.status_code == 200, answer.content
        assert {name: answer.json()[name] for name in change} == change
        assert answer.json()["title"] == sent["title"]
        assert [one["key"] for one in ben.api("GET", path).json()["items"]] == [key]
        assert [one["key"] for one in ben.api("GET", f"{path}?q={sent['title']}").json()["items"]] == [key]

    def test_viewers_read_and_strangers_see_nothing(
        self,
        ben: Someone,
        dan: Someone,
        eve: Someone,
        workspace: Workspace,
        path: str,
        key: str,
        sent: Any,
        change: Any,
    ) -> None:
        ben.api("POST", path, sent)
        assert dan.api("GET", f"{path}/{key}").status_code == 200
        assert dan.api("POST", path, sent).status_code == 403
        assert eve.api("GET", f"{path}/{key}").status_code == 404
        assert eve.api("GET", f"/api/v1/{workspace.slug}/{path}").status_code == 404


def test_a_segment_says_whom_it_takes_in(ben: Someone, workspace: Workspace) -> None:
    make.account(workspace, plan="Fleet", revenue=10)
    ben.api("POST", "segments", KINDS[3][2])
    assert ben.api("GET", "segments/S-1/membership").json() == {
        "accounts": 1,
        "people": 0,
        "revenue": "10.00",
    }
    assert Feedback.objects.count() == 0
