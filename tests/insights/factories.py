"""Short ways to a customer, a word and a need."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from roadbed.core.accounts.actors import Actor
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights import services
from roadbed.modules.insights.models import Account, Feedback, Need, Person
from tests import people

ACTOR = Actor(user_id=None, name="Somebody", via="cli")


def feedback(
    workspace: Workspace, text: str = "When a road closes we phone every driver.", **facts: Any
) -> Feedback:
    facts.setdefault("actor", ACTOR)
    facts.setdefault("said_at", people.NOW - timedelta(days=2))
    facts.setdefault("at", people.NOW)
    return services.add_feedback(workspace=workspace, text=text, **facts)


def account(workspace: Workspace, name: str = "Halden Freight", **facts: Any) -> Account:
    return services.create_account(workspace=workspace, name=name, actor=ACTOR, at=people.NOW, **facts)


def person(workspace: Workspace, name: str = "Mira Oduya", **facts: Any) -> Person:
    return services.create_person(workspace=workspace, name=name, actor=ACTOR, at=people.NOW, **facts)


def need(workspace: Workspace, title: str = "Change a run without calling the driver", **facts: Any) -> Need:
    return services.create_need(workspace=workspace, title=title, actor=ACTOR, at=people.NOW, **facts)


def quote(
    piece: Feedback, target: Any, start: int = 0, end: int = 4, strength: int = 1, at: datetime = people.NOW
) -> Any:
    return services.quote_words(
        feedback=piece, target=target, start=start, end=end, strength=strength, actor=ACTOR, at=at
    )
