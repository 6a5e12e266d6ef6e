"""A session, for the permission matrix and the fuzzing."""

from __future__ import annotations

from typing import Any

from roadbed.modules.alignment import services
from tests.people import NOW


def furnish(scene: Any) -> None:
    """Begin a session with one vote in it, not opened."""
    feature = scene.made["feature"]
    scene.made["session"] = session = services.create_session(
        workspace=scene.workspace,
        title="Next",
        items=[feature],
        criteria=[services.CriterionDraft("Value")],
        actor=scene.ben.actor,
        at=NOW,
    )
    item, criterion = session.items.get().pk, session.criteria.get().pk
    services.cast(
        session=session,
        member=scene.ben.member,
        values={(item, criterion): 4.0},
        actor=scene.ben.actor,
        at=NOW,
    )
