"""Themes and alerts when one of their pieces goes behind a wall."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import TestCase

from roadbed.core.jobs.models import Job
from roadbed.core.records import services as records
from roadbed.core.workspaces import services as workspaces
from roadbed.core.workspaces.models import Circle, Workspace
from roadbed.modules.insights.models import Assignment, Dimension, Feedback, TrendAlert
from roadbed.modules.insights.services import themes
from tests.insights import factories
from tests.people import NOW, Someone


@pytest.fixture
def counsel(workspace: Workspace, ada: Someone, ben: Someone) -> Circle:
    return workspaces.make_circle(
        workspace=workspace, name="Counsel", members=[ben.member.pk], actor=ada.actor, at=NOW
    )


def wall_in(piece: Feedback, circle: Circle | None, ben: Someone) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        records.move_to_circle(
            record=piece, circle=circle, actor=ben.actor, at=NOW, actor_circles=ben.member.circle_ids
        )


class TestWalls:
    def test_a_theme_is_looked_at_anew_without_the_piece(
        self, workspace: Workspace, ben: Someone, counsel: Circle
    ) -> None:
        piece, other = factories.feedback(workspace, "A wombat sings."), factories.feedback(workspace)
        theme = themes.create_theme(workspace=workspace, title="Singing", actor=ben.actor, at=NOW)
        Assignment.objects.create(
            feedback=piece,
            home=workspace,
            theme=theme,
            said_at=piece.said_at,
            origin="person",
            assigned_at=NOW,
        )
        wall_in(other, counsel, ben)
        assert not Job.objects.filter(name="insights.themes").exists()
        wall_in(piece, counsel, ben)
        assert Job.objects.filter(name="insights.themes").count() == 1
        assert Assignment.objects.filter(feedback=piece, theme=theme).exists(), "what a person said stays"

    def test_an_alert_forgets_its_words(self, workspace: Workspace, ben: Someone, counsel: Circle) -> None:
        piece, other = factories.feedback(workspace, "A wombat sings."), factories.feedback(workspace)
        alert = TrendAlert.objects.create(
            home=workspace,
            dimension=Dimension.SOURCE,
            value="mail",
            name="mail",
            week=dt.date(2026, 10, 26),
            seen=12,
            expected=1.0,
            z=9.0,
            pieces=[piece.pk, other.pk],
            words=["wombat"],
            found_at=NOW,
        )
        wall_in(piece, counsel, ben)
        alert.refresh_from_db()
        assert (alert.words, alert.pieces) == ([], [other.pk])
