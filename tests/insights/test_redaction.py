"""What must not be kept is nowhere: not in the piece, its quotes, the index, the history or what was told."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from roadbed.core.records import services as records
from roadbed.core.records.models import Activity
from roadbed.core.search import selectors as search
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights import services
from roadbed.modules.insights.models import Feedback, Quote, ReadingSettings
from roadbed_engines.text import redaction as engine
from tests import people
from tests.insights import factories as make
from tests.people import Someone

pytestmark = pytest.mark.django_db
CARD = "4111 1111 1111 1111"
SAID = (
    f"Please refund my card {CARD} at once. Write to mira.oduya@halden.example, the planner charged it twice."
)
KEPT = "Please refund my card [card] at once. Write to [e-mail], the planner charged it twice."


def switch(workspace: Workspace, mode: str) -> None:
    services.choose_redaction(
        workspace=workspace, mode=mode, kinds=list(engine.KINDS), region="", actor=make.ACTOR, at=people.NOW
    )


def places_of(*needles: str) -> list[str]:
    """Every table and column of the database that holds one of these."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith("search_words"):
                continue  # the full-text index's own pages; what it answers is tested by itself
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names come from the database itself
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                    found += [f"{table}.{name}" for needle in needles if needle in text]
    return found


class TestOnTheWayIn:
    def test_off_keeps_what_was_said(self, workspace: Workspace) -> None:
        assert make.feedback(workspace, SAID).text == SAID

    def test_on_keeps_marks_alone(self, workspace: Workspace) -> None:
        switch(workspace, "on")
        piece = make.feedback(
            workspace, SAID, title=f"Refund {CARD}", attributes={"note": f"card {CARD}", "vans": 4}
        )
        assert piece.text == KEPT
        assert piece.title == "Refund [card]"
        assert piece.attributes == {"note": "card [card]", "vans": 4}
        assert places_of(CARD, "mira.oduya@") == []
        assert ReadingSettings.objects.get().counts == {"card": 3, "email": 1}

    def test_the_form_and_the_api_go_the_same_way(self, ben: Someone, workspace: Workspace) -> None:
        switch(workspace, "on")
        ben.post("insights/feedback/new/", {"text": SAID, "said_at": "2026-10-30T09:00"})
        assert ben.api("POST", "feedback", {"text": SAID}).status_code == 201
        assert set(Feedback.objects.values_list("text", flat=True)) == {KEPT}
        assert places_of(CARD) == []

    def test_own_patterns_count_too(self, workspace: Workspace) -> None:
        switch(workspace, "on")
        services.add_rule(
            workspace=workspace, name="badge", pattern=r"HF-\d{5}", actor=make.ACTOR, at=people.NOW
        )
        assert make.feedback(workspace, "Badge HF-20931 is gone").text == "Badge [badge] is gone"

    @pytest.mark.parametrize(
        ("name", "pattern"), [("a b", "x"), ("email", "x"), ("bad", "(a+)+$"), ("none", "")]
    )
    def test_what_is_unsafe_is_refused(self, workspace: Workspace, name: str, pattern: str) -> None:
        with pytest.raises(ValidationError):
            services.add_rule(
                workspace=workspace, name=name, pattern=pattern, actor=make.ACTOR, at=people.NOW
            )

    def test_it_stands_in_the_history(self, workspace: Workspace) -> None:
        switch(workspace, "on")
        deed = Activity.objects.get(verb="changed redaction")
        assert deed.changes["redaction"] == ["off", "on"]


class TestAfterwards:
    @pytest.fixture
    def piece(self, ben: Someone, workspace: Workspace) -> Feedback:
        switch(workspace, "suggest")
        piece = make.feedback(workspace, SAID, attributes={"mail": "mira.oduya@halden.example"})
        need = make.need(workspace)
        make.quote(piece, need, 0, len(SAID))
        make.quote(piece, need, SAID.index("Write"), len(SAID))
        make.quote(piece, make.need(workspace, "Pay once"), SAID.index("the planner"), len(SAID))
        records.add_comment(record=piece, body=f"Is {CARD} theirs?", actor=ben.actor, at=people.NOW)
        return piece

    def redact(self, piece: Feedback, someone: Someone) -> Any:
        return services.redact_feedback(feedback=piece, actor=someone.actor, at=people.NOW)

    def test_the_words_are_nowhere(self, ben: Someone, workspace: Workspace, piece: Feedback) -> None:
        assert places_of(CARD)
        assert self.redact(piece, ben) == {"card": 1, "email": 2}
        assert places_of(CARD, "mira.oduya@", "4111 1") == []
        fresh = Feedback.objects.get(pk=piece.pk)
        assert fresh.text == KEPT
        assert fresh.title == services.first_words(KEPT)
        assert fresh.version == piece.version

    def test_quotes_follow_the_words(self, ben: Someone, piece: Feedback) -> None:
        self.redact(piece, ben)
        for quote in Quote.objects.all():
            assert KEPT[quote.start : quote.end] == quote.text
        assert Quote.objects.filter(text="the planner charged it twice.").exists()

    def test_nothing_finds_them_any_more(self, ben: Someone, workspace: Workspace, piece: Feedback) -> None:
        def find(query: str) -> list[Any]:
            return search.find(workspace_id=workspace.pk, workspace_slug=workspace.slug, query=query)

        assert find("4111")
        self.redact(piece, ben)
        assert find("oduya") == []
        assert find("4111") == []
        assert find("refund")

    def test_the_history_holds_together_and_says_who(
        self, ben: Someone, workspace: Workspace, piece: Feedback
    ) -> None:
        self.redact(piece, ben)
        assert list(records.verify_chain(workspace_id=workspace.pk)) == []
        deed = Activity.objects.get(verb="redacted")
        assert deed.changes["kinds"] == {"card": 1, "email": 2}
        assert deed.changes["emptied"]

    def test_words_that_went_without_such_a_deed_are_a_fault(
        self, ben: Someone, workspace: Workspace, piece: Feedback
    ) -> None:
        row = Activity.objects.filter(verb="created").first()
        assert row is not None
        Activity.objects.filter(pk=row.pk).update(changes={"redacted": 999})
        faults = list(records.verify_chain(workspace_id=workspace.pk))
        assert [fault.reason for fault in faults] == ["lost words by no deed that says so"]

    def test_history_still_refuses_any_other_change(self, workspace: Workspace, piece: Feedback) -> None:
        from django.db import DatabaseError, transaction

        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Activity.objects.update(changes={})
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Activity.objects.update(changes={"redacted": 1}, actor_name="Nobody")

    def test_other_pieces_keep_their_words(self, ben: Someone, workspace: Workspace, piece: Feedback) -> None:
        other = make.feedback(workspace, "Ask mira.oduya@halden.example too")
        self.redact(piece, ben)
        other.refresh_from_db()
        assert other.text == "Ask mira.oduya@halden.example too"

    def test_what_was_merged_into_it_is_cleaned_too(
        self, ben: Someone, workspace: Workspace, piece: Feedback
    ) -> None:
        other = make.feedback(workspace, "Mine is 5500-0000-0000-0004, charged twice as well")
        records.merge_records(survivor=piece, merged=other, actor=ben.actor, at=people.NOW)
        self.redact(piece, ben)
        assert places_of("5500-0000") == []
        assert Feedback.objects.get(pk=other.pk).text == "Mine is [card], charged twice as well"

    def test_twice_is_refused(self, ben: Someone, piece: Feedback) -> None:
        self.redact(piece, ben)
        with pytest.raises(ValidationError, match="nothing private"):
            self.redact(piece, ben)

    def test_another_workspace_keeps_the_same_words(
        self, ben: Someone, eve: Someone, workspace: Workspace, piece: Feedback
    ) -> None:
        theirs = make.feedback(eve.member.workspace, SAID)
        self.redact(piece, ben)
        theirs.refresh_from_db()
        assert theirs.text == SAID
        assert Activity.objects.filter(
            workspace=eve.member.workspace, changes__title__1=theirs.title
        ).exists()
