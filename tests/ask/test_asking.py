"""Answers in the words of the records: what is found, what is not, and what nobody learns who may not read it."""

from __future__ import annotations

import random
from dataclasses import asdict
from datetime import datetime
from typing import Any

import pytest

from roadbed.core.records import services as records
from roadbed.core.workspaces.models import Circle, Workspace
from roadbed.modules.ask import services
from roadbed.modules.ask.selectors import asking, intents
from roadbed.modules.insights import services as insights
from roadbed.modules.insights.models import Feedback
from tests.ask.conftest import SECRET, catch_up, hear
from tests.people import Someone

QUESTION = "Where is the map blank?"


def ask(workspace: Workspace, text: str, now: datetime, who: Someone | None = None) -> asking.Known:
    circles = who.member.circle_ids if who else frozenset()
    return asking.ask(workspace=workspace, text=text, circles=circles, now=now)


def rounded(value: Any) -> Any:
    """The same with six digits: a longer matrix is multiplied in another order, which moves the last ones."""
    match value:
        case float():
            return round(value, 6)
        case dict():
            return {key: rounded(each) for key, each in value.items()}
        case list() | tuple():
            return [rounded(each) for each in value]
    return value


class TestAnswers:
    def test_the_sentence_that_says_it_is_quoted_with_its_record(
        self, workspace: Workspace, notes: list[Feedback], now: datetime
    ) -> None:
        known = ask(workspace, QUESTION, now)
        assert known.found
        assert known.cited[0].text == "The map is blank in every tunnel."
        assert known.cited[0].hit.key == notes[0].key

    def test_a_note_of_a_moment_ago_answers_before_its_vectors_are_there(
        self, workspace: Workspace, notes: list[Feedback], ben: Someone, now: datetime
    ) -> None:
        fresh = hear(workspace, "Pallets get lost at the ramp in Leeds.", actor=ben.actor, at=now)
        known = ask(workspace, "Where do pallets get lost at the ramp?", now)
        assert known.cited[0].hit.key == fresh.key

    def test_how_many_more_say_the_same_is_said(
        self, workspace: Workspace, notes: list[Feedback], ben: Someone, now: datetime
    ) -> None:
        hear(workspace, "Hello. The map is blank in every tunnel!", actor=ben.actor, at=now)
        catch_up(workspace)
        known = ask(workspace, QUESTION, now)
        assert known.cited[0].others == 1

    def test_what_nobody_wrote_is_not_found(
        self, workspace: Workspace, notes: list[Feedback], now: datetime
    ) -> None:
        known = ask(workspace, "Which colour has the parliament of Mongolia?", now)
        assert not known.found
        assert known.figures is None

    def test_an_empty_workspace_answers_nothing(self, workspace: Workspace, now: datetime) -> None:
        known = ask(workspace, QUESTION, now)
        assert not known.found
        assert known.cited == ()

    def test_a_comment_answers_too(
        self, workspace: Workspace, notes: list[Feedback], ben: Someone, now: datetime
    ) -> None:
        records.add_comment(
            record=notes[1], body="Finance sends reminders after nineteen days.", actor=ben.actor, at=now
        )
        catch_up(workspace)
        known = ask(workspace, "After how many days does finance send reminders?", now)
        assert known.cited[0].is_comment
        assert known.cited[0].hit.key == notes[1].key

    def test_a_question_does_not_answer_itself(
        self, workspace: Workspace, notes: list[Feedback], ben: Someone, now: datetime
    ) -> None:
        question = services.ask_people(workspace=workspace, text=QUESTION, actor=ben.actor, at=now)
        records.add_comment(record=question, body="The map is blank in space.", actor=ben.actor, at=now)
        catch_up(workspace)
        known = ask(workspace, QUESTION, now)
        assert question.key not in {one.hit.key for one in known.cited}
        assert [one.key for one in known.kept] == [question.key]

    @pytest.mark.parametrize(
        "text", ["", "?", "\x00", "🙂", "a" * 500, "' OR 1=1 --", '" NEAR "*', "مرحبا", "the of and"]
    )
    def test_whatever_is_asked_is_answered_or_refused(
        self, workspace: Workspace, notes: list[Feedback], now: datetime, text: str
    ) -> None:
        assert 0.0 <= ask(workspace, text, now).confidence <= 1.0

    def test_deleted_records_are_quoted_no_more(
        self, workspace: Workspace, notes: list[Feedback], ben: Someone, now: datetime
    ) -> None:
        records.delete_record(record=notes[0], actor=ben.actor, at=now)
        assert notes[0].key not in {one.hit.key for one in ask(workspace, QUESTION, now).cited}


class TestWalls:
    def test_only_the_circle_is_quoted_its_own_words(
        self,
        workspace: Workspace,
        notes: list[Feedback],
        secret: Feedback,
        ada: Someone,
        ben: Someone,
        now: datetime,
    ) -> None:
        question = "What does the map leak about the merger with Contoso?"
        assert ask(workspace, question, now, ada).cited[0].text == SECRET
        known = ask(workspace, question, now, ben)
        assert "Contoso" not in str(known.cited) + str(known.related)

    def test_a_private_note_changes_nothing_for_everybody_else(
        self,
        workspace: Workspace,
        notes: list[Feedback],
        ada: Someone,
        ben: Someone,
        now: datetime,
        request: pytest.FixtureRequest,
    ) -> None:
        asked = (
            QUESTION,
            "How many people asked for the map?",
            "merger with Contoso",
            "What changed since yesterday?",
        )
        before = [rounded(asdict(ask(workspace, text, now, ben))) for text in asked]
        request.getfixturevalue("secret")
        assert [rounded(asdict(ask(workspace, text, now, ben))) for text in asked] == before

    def test_another_workspace_is_never_read(
        self, workspace: Workspace, notes: list[Feedback], eve: Someone, now: datetime
    ) -> None:
        elsewhere = eve.member.workspace
        hear(elsewhere, "The map is blank in Atlantis.", actor=eve.actor, at=now)
        catch_up(elsewhere)
        known = ask(workspace, "Is the map blank in Atlantis?", now)
        assert "Atlantis" not in str(known.cited) + str(known.related)
        assert "tunnel" not in str(ask(elsewhere, QUESTION, now).cited)


class TestFigures:
    def test_how_many_is_counted_from_the_rows(
        self, workspace: Workspace, notes: list[Feedback], now: datetime, ben: Someone
    ) -> None:
        person = insights.create_person(workspace=workspace, name="Otto", actor=ben.actor, at=now)
        insights.add_feedback(
            workspace=workspace,
            text="We need a darker map",
            said_at=now,
            person=person,
            actor=ben.actor,
            at=now,
        )
        known = ask(workspace, "How many people asked for a darker map?", now)
        assert known.figures is not None
        assert known.figures.value == 1
        assert known.figures.url.endswith("insights/feedback/?q=darker+map")

    def test_top_comes_from_the_tallies(
        self, workspace: Workspace, notes: list[Feedback], ben: Someone, now: datetime
    ) -> None:
        need = insights.create_need(workspace=workspace, title="Maps offline", actor=ben.actor, at=now)
        insights.quote_words(feedback=notes[0], target=need, start=0, end=12, actor=ben.actor, at=now)
        known = ask(workspace, "What are the top needs by people?", now)
        assert known.figures is not None
        assert known.figures.rows[0].key == need.key

    def test_what_changed_lists_what_one_may_see(
        self, workspace: Workspace, notes: list[Feedback], secret: Feedback, ben: Someone, now: datetime
    ) -> None:
        known = ask(workspace, "What changed since yesterday?", now, ben)
        assert known.figures is not None
        assert {row.key for row in known.figures.rows} == {note.key for note in notes}

    @pytest.mark.parametrize(
        ("text", "wants", "topic"),
        [
            ("How many people asked for offline maps?", "count", "offline maps"),
            ("how many customers want bulk import", "count", "bulk import"),
            ("How many notes mention invoices?", "count", "invoices"),
            ("Top 5 features by revenue", "top", ""),
            ("Which needs have the most customers?", "top", ""),
            ("Who wants offline maps by segment?", "segments", "offline maps"),
            ("What has changed since Monday?", "changes", ""),
        ],
    )
    def test_questions_for_figures_are_told_apart(
        self, text: str, wants: str, topic: str, now: datetime
    ) -> None:
        intent = intents.read(text, now=now)
        assert intent is not None
        assert (intent.wants.value, intent.topic) == (wants, topic)

    @pytest.mark.parametrize("text", ["Why is the map slow?", "Which version broke the filter?", "many"])
    def test_other_questions_are_answered_in_words(self, text: str, now: datetime) -> None:
        assert intents.read(text, now=now) is None


class TestRandomWalls:
    @pytest.mark.parametrize("seed", range(4))
    def test_no_word_behind_a_wall_reaches_an_answer(
        self,
        workspace: Workspace,
        ada: Someone,
        ben: Someone,
        cleo: Someone,
        eve: Someone,
        now: datetime,
        seed: int,
    ) -> None:
        luck = random.Random(seed)  # noqa: S311 - who may read what is drawn, not hidden
        circles = [
            Circle.objects.create(workspace=workspace, name=name, created_at=now) for name in ("Red", "Blue")
        ]
        for circle in circles:
            circle.members.set([one.member for one in (ada, ben, cleo) if luck.random() < 0.5])
        behind: dict[str, object] = {}
        for number in range(14):
            wall = luck.choice([None, None, *circles, "elsewhere"])
            marker = f"zebra{number}x"
            text = f"The map in tunnel {luck.randint(1, 4)} shows {marker}. {marker} costs {number} vans."
            home = eve.member.workspace if wall == "elsewhere" else workspace
            note = hear(
                home, text, actor=ada.actor, at=now, circle=wall if isinstance(wall, Circle) else None
            )
            if luck.random() < 0.5:
                records.add_comment(record=note, body=f"Also {marker} again.", actor=ada.actor, at=now)
            behind[marker] = wall
        if luck.random() < 0.7:
            catch_up(workspace)
        for person in (ada, ben, cleo):
            own = person.member.circle_ids
            unseen = [
                marker
                for marker, wall in behind.items()
                if wall == "elsewhere" or (isinstance(wall, Circle) and wall.pk not in own)
            ]
            for text in (
                "What does the map in the tunnel show?",
                "How many people mention tunnel?",
                "What changed since yesterday?",
            ):
                known = ask(workspace, text, now, person)
                said = f"{known.cited} {known.related} {known.figures}"
                assert not [marker for marker in unseen if f"{marker}." in said or f"{marker} " in said]
                if known.figures is not None and known.figures.link.startswith("See the feedback"):
                    seen = sum(1 for marker in behind if marker not in unseen)
                    assert f" {seen} piece" in known.figures.sentence
