"""What was said in the workspace of these tests, and what only a circle may read."""

from __future__ import annotations

from datetime import datetime

import pytest

from roadbed.core.accounts.actors import Actor
from roadbed.core.vectors import services as vectors
from roadbed.core.workspaces.models import Circle, Workspace
from roadbed.modules.insights import services as insights
from roadbed.modules.insights.models import Feedback
from tests.people import Someone

NOTES = (
    "The map is blank in every tunnel. Drivers print the run on paper.",
    "Invoices come on Mondays. We would like a second address on them.",
    "The planner gave Otto eleven hours again.",
)
SECRET = "The map leaks the board's secret merger with Contoso in every tunnel."


def hear(
    workspace: Workspace, text: str, *, actor: Actor, at: datetime, circle: Circle | None = None
) -> Feedback:
    return insights.add_feedback(
        workspace=workspace, text=text, said_at=at, actor=actor, at=at, circle=circle
    )


def catch_up(workspace: Workspace) -> None:
    vectors.catch_up(workspace_id=workspace.pk)


@pytest.fixture
def notes(workspace: Workspace, ben: Someone, now: datetime) -> list[Feedback]:
    made = [hear(workspace, text, actor=ben.actor, at=now) for text in NOTES]
    catch_up(workspace)
    return made


@pytest.fixture
def circle(workspace: Workspace, ada: Someone, now: datetime) -> Circle:
    made = Circle.objects.create(workspace=workspace, name="Board", created_at=now)
    made.members.add(ada.member)
    return made


@pytest.fixture
def secret(workspace: Workspace, circle: Circle, ada: Someone, now: datetime) -> Feedback:
    made = hear(workspace, SECRET, actor=ada.actor, at=now, circle=circle)
    catch_up(workspace)
    return made
