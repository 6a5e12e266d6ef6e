"""The outline in a few sentences, each with its rows; long ones are written by a job; questions are kept as views."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache

from roadbed.core.jobs import services as jobs
from roadbed.core.jobs.models import Job, State
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights import services
from roadbed.modules.insights.models import Segment
from roadbed.modules.insights.selectors import outline
from roadbed.modules.insights.selectors.outline_scope import Scope
from roadbed.modules.insights.services import outline_draft, outline_files
from tests import people
from tests.insights import factories as make

NOW = people.NOW


@pytest.fixture(autouse=True)
def _forget() -> None:
    cache.clear()


def read(workspace: Workspace, **scope: Any) -> outline.Outline:
    question = outline.Question(scope=Scope(workspace_id=workspace.pk, **scope), limit=50)
    return outline.read_outline(workspace=workspace, question=question, now=NOW)


def voice(workspace: Workspace, need: Any, name: str, *, plan: str = "Fleet", strength: int = 1) -> None:
    account = make.account(workspace, f"{name} Ltd", plan=plan, revenue=Decimal(10_000))
    person = make.person(workspace, name, account=account)
    make.quote(make.feedback(workspace, f"{name} says it in words", person=person), need, strength=strength)


def segment(workspace: Workspace) -> Segment:
    rule = {"match": "all", "conditions": [{"field": "plan", "operator": "is", "value": "Fleet"}]}
    return services.create_segment(workspace=workspace, name="Fleets", rule=rule, actor=make.ACTOR, at=NOW)


@pytest.mark.django_db
class TestSentences:
    def test_every_sentence_names_its_rows(self, workspace: Workspace) -> None:
        segment(workspace)
        first = make.need(workspace, expectation="The phone shows the new stop")
        second = make.need(workspace, "Hear of a delay")
        for name in ("Mira", "Tom", "Jo"):
            voice(workspace, first, name, strength=3)
        voice(workspace, second, "Ann", plan="Solo")
        passages = outline_draft.draft(read(workspace))
        assert [passage.title for passage in passages] == [
            "What they need",
            "What they expect",
            "What changes, and what is open",
            "By segment",
        ]
        assert all(sentence.sources for passage in passages for sentence in passage.sentences)
        text = passages[0].sentences[0].text
        assert text == (
            "Most of all they need to change a run without calling the driver: 3 people at 3 customers, €30k a year "
            "between them."
        )
        by_segment = passages[3].sentences[0]
        assert "3 of 3 customers heard" in by_segment.text
        assert by_segment.sources[0].url.endswith("?segment=S-1#customers")

    def test_sources_lead_somewhere(self, dan: people.Someone, workspace: Workspace) -> None:
        need = make.need(workspace, expectation="Within seconds")
        voice(workspace, need, "Mira", strength=3)
        for passage in outline_draft.draft(read(workspace)):
            for sentence in passage.sentences:
                for source in sentence.sources:
                    assert dan.get(source.url.partition("#")[0]).status_code == 200, sentence.text
        page = dan.get("insights/outline/").content.decode()
        assert "In a few sentences" in page
        found = dan.api("get", "outline").json()
        assert found["draft"][0]["sentences"][0]["sources"][0]["key"] == need.key

    def test_nothing_heard_is_nothing_said(self, workspace: Workspace) -> None:
        make.need(workspace)
        assert outline_draft.draft(read(workspace)) == []


@pytest.mark.django_db
class TestLongDocuments:
    def test_a_job_writes_all_needs_page_by_page(
        self, cleo: people.Someone, eve: people.Someone, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(outline_files, "A_PAGE", 2)
        for place in range(5):
            voice(workspace, make.need(workspace, f"Need number {place}"), f"Person {place}")
        answer = cleo.post("insights/outline/documents/", {"format": "markdown", "query": "sort=-people"})
        assert answer.status_code == 302
        jobs.run_waiting()
        job = Job.objects.get(name="insights.outline_document")
        assert (job.state, job.progress_done, job.progress_total) == (State.DONE, 5, 5)
        url = job.result["url"]
        text = cleo.get(url).content.decode()
        assert all(f"Need number {place}" in text for place in range(5))
        assert eve.get(url).status_code == 404
        assert cleo.get("insights/outline/documents/forged/").status_code == 404

    def test_a_segment_that_is_gone_ends_the_job_in_words(self, workspace: Workspace) -> None:
        scope = Scope(workspace_id=workspace.pk, segment=segment(workspace), since=dt.date(2026, 1, 1))
        asked = outline_files.asked_as_json(scope, rank="people")
        Segment.objects.all().delete()
        with pytest.raises(outline_files.GoneError):
            outline_files.write(
                workspace=workspace, asked=asked, kind="markdown", progress=lambda done, total: None, now=NOW
            )

    def test_programs_ask_for_it_too(self, cleo: people.Someone, dan: people.Someone) -> None:
        assert cleo.api("post", "outline/documents", {"format": "html"}).status_code == 202
        assert dan.api("post", "outline/documents", {"format": "html"}).status_code == 403
        assert cleo.post("insights/outline/documents/", {"format": "docx"}).status_code == 302


@pytest.mark.django_db
class TestViews:
    def test_a_question_is_kept_under_a_name(self, dan: people.Someone, workspace: Workspace) -> None:
        segment(workspace)
        typed = {"name": "Fleets only", "query": "segment=S-1&sort=-people"}
        dan.post("views/?list=insights.outline", typed)
        assert b"Fleets only" in dan.get("insights/outline/").content
