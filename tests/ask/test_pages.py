"""The pages and the API of asking, as each person has them."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roadbed.core.workspaces.models import Workspace
from roadbed.modules.ask import services
from roadbed.modules.ask.models import Question, State
from roadbed.modules.insights.models import Feedback
from tests.ask.conftest import catch_up, hear
from tests.people import Someone

QUESTION = "Where is the map blank?"


class TestAskPage:
    def test_before_anything_is_asked_it_gives_examples(self, dan: Someone) -> None:
        page = dan.get("ask/")
        assert page.status_code == 200
        assert b"Top needs by revenue" in page.content

    def test_the_answer_is_quoted_with_a_link(self, dan: Someone, notes: list[Feedback]) -> None:
        page = dan.get("ask/", {"q": QUESTION})
        assert page.context["known"].found
        assert "The map is blank in every tunnel." in page.content.decode()
        assert f"/insights/feedback/{notes[0].number}/" in page.content.decode()

    def test_asking_writes_nothing(self, dan: Someone, notes: list[Feedback]) -> None:
        dan.get("ask/", {"q": QUESTION})
        assert not Question.objects.exists()

    def test_what_is_not_found_can_be_given_to_a_person(self, cleo: Someone, notes: list[Feedback]) -> None:
        page = cleo.get("ask/", {"q": "Who rules Mongolia?"})
        assert "Not found" in page.content.decode()
        assert "ask/questions/new/?q=Who%20rules%20Mongolia%3F" in page.content.decode()

    def test_markup_in_a_note_stays_words(
        self, dan: Someone, ben: Someone, workspace: Workspace, now: datetime
    ) -> None:
        hear(workspace, "<script>alert('tunnel')</script> breaks the tunnel map.", actor=ben.actor, at=now)
        catch_up(workspace)
        page = dan.get("ask/", {"q": "What breaks the tunnel map?"}).content.decode()
        assert "<script>alert" not in page

    def test_strangers_see_nothing(self, eve: Someone, workspace: Workspace) -> None:
        assert eve.get(f"/w/{workspace.slug}/ask/", {"q": QUESTION}).status_code == 404

    def test_its_queries_do_not_grow_with_the_notes(
        self, dan: Someone, ben: Someone, notes: list[Feedback], workspace: Workspace, now: datetime
    ) -> None:
        def count() -> int:
            dan.get("ask/", {"q": QUESTION})
            with CaptureQueriesContext(
                connection,
            ) as queries:
                dan.get("ask/", {"q": QUESTION})
            return len(queries)

        before = count()
        for number in range(12):
            hear(workspace, f"The map is blank in tunnel {number}, again.", actor=ben.actor, at=now)
        catch_up(workspace)
        assert count() <= before + 1


class TestKeeping:
    def test_a_helpful_answer_is_kept_and_found_again(
        self, cleo: Someone, dan: Someone, notes: list[Feedback], workspace: Workspace
    ) -> None:
        cleo.post("ask/keep/", {"q": QUESTION, "helpful": "yes"})
        question = Question.objects.get()
        assert (question.state, question.citations.count() > 0) == (State.ANSWERED, True)
        assert question.key in dan.get("ask/", {"q": QUESTION.lower()}).content.decode()
        assert (
            "The map is blank in every tunnel."
            in dan.get(f"ask/questions/{question.number}/").content.decode()
        )

    def test_what_only_a_circle_may_read_is_not_kept(
        self, ada: Someone, secret: Feedback, workspace: Workspace
    ) -> None:
        ada.post(
            "ask/keep/", {"q": "What does the map leak about the merger with Contoso?", "helpful": "yes"}
        )
        assert not Question.objects.exists()

    def test_phrasing_says_that_none_is_set_up(self, dan: Someone, notes: list[Feedback]) -> None:
        page = dan.post("ask/phrase/", {"q": QUESTION})
        assert "No language model is set up." in page.content.decode()

    def test_a_model_gets_the_sentences_and_uncited_words_are_dropped(
        self, dan: Someone, notes: list[Feedback], settings: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from roadbed.core import net

        settings.ROADBED_LLM_URL = "https://llm.example/v1"  # type: ignore[attr-defined]
        settings.ROADBED_LLM_MODEL = "small"  # type: ignore[attr-defined]
        sent = []

        def answer(url: str, *, body: bytes, headers: object, total: float) -> net.Answer:
            sent.append((url, body.decode()))
            words = '{"choices": [{"message": {"content": "It is blank in tunnels [1]. Buy gold."}}]}'
            return net.Answer(status=200, body=words, seconds=0.1, address="203.0.113.9")

        monkeypatch.setattr(net, "post", answer)
        page = dan.post("ask/phrase/", {"q": QUESTION}).content.decode()
        assert "It is blank in tunnels." in page
        assert "gold" not in page
        assert sent[0][0] == "https://llm.example/v1/chat/completions"


class TestQuestionPages:
    def test_a_contributor_asks_a_person(self, cleo: Someone, ben: Someone) -> None:
        page = cleo.post(
            "ask/questions/new/",
            {"title": "Which tachographs?", "owner": ben.member.pk, "due_date": "2026-11-09"},
        )
        question = Question.objects.get()
        assert page.headers["Location"].endswith("/ask/questions/1/")
        assert question.owner == ben.member
        assert "question for you to find out" in ben.get("").content.decode()

    def test_an_answer_names_its_records(
        self, cleo: Someone, dan: Someone, notes: list[Feedback], workspace: Workspace, now: datetime
    ) -> None:
        question = services.ask_people(workspace=workspace, text="Hours?", actor=cleo.actor, at=now)
        bad = cleo.post(f"ask/questions/{question.number}/answer/", {"answer": "See.", "citations": "N-99"})
        assert bad.status_code == 422
        cleo.post(
            f"ask/questions/{question.number}/answer/", {"answer": f"See {notes[2].key}.", "citations": ""}
        )
        question.refresh_from_db()
        assert question.is_answered
        shown = dan.get(f"ask/questions/{question.number}/").content.decode()
        assert "Cleo" in shown
        assert notes[2].title in shown

    def test_the_list_filters_by_state(
        self, dan: Someone, ben: Someone, workspace: Workspace, now: datetime
    ) -> None:
        one = services.ask_people(workspace=workspace, text="First?", actor=ben.actor, at=now)
        services.ask_people(workspace=workspace, text="Second?", actor=ben.actor, at=now)
        services.close_question(question=one, actor=ben.actor, at=now)
        page = dan.get("ask/questions/", {"state": "open"}).content.decode()
        assert "Second?" in page
        assert "First?" not in page

    def test_the_palette_offers_to_ask(self, dan: Someone) -> None:
        page = dan.get("palette/", {"q": "why is it slow?"}).content.decode()
        assert "ask/?q=why%20is%20it%20slow%3F" in page


class TestApi:
    def test_ask_answers_with_quotes(self, dan: Someone, notes: list[Feedback]) -> None:
        answer = dan.api("GET", f"ask?{urlencode({'question': QUESTION})}")
        assert answer.status_code == 200
        assert answer.json()["quotes"][0]["record"]["key"] == notes[0].key

    def test_questions_are_made_read_and_answered(self, cleo: Someone, notes: list[Feedback]) -> None:
        made = cleo.api(
            "POST", "questions", {"title": "Which?", "owner": cleo.user.email, "due_date": "2026-11-09"}
        )
        assert made.status_code == 201
        key = made.json()["key"]
        answered = cleo.api(
            "POST", f"questions/{key}/answer", {"answer": "Two.", "citations": [notes[0].key]}, If_Match='"1"'
        )
        assert answered.status_code == 200, answered.content
        found = cleo.api("GET", f"questions/{key}").json()
        assert (found["state"], found["citations"][0]["record"]["key"]) == ("answered", notes[0].key)
        assert [one["key"] for one in cleo.api("GET", "questions?state=answered").json()["items"]] == [key]

    def test_strangers_find_nothing(self, eve: Someone, workspace: Workspace) -> None:
        assert eve.api("GET", f"/api/v1/{workspace.slug}/ask?question=why").status_code == 404
