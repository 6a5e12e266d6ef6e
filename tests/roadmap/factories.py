"""One of everything that the plan keeps, for the permission matrix."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from roadbed.modules.roadmap import services
from roadbed.modules.roadmap.services import branching
from tests.people import NOW


def furnish(scene: Any) -> None:
    """Put a round, a dependency, a promise and a team with a seat into the scene."""
    made, actor = scene.made, scene.ada.actor
    later = NOW.date() + timedelta(days=400)
    made["external"], _ = services.create_external(
        workspace=scene.workspace,
        draft=services.ExternalDraft(
            title="Tile licence", promised_by="Carto", earliest=later, latest=later + timedelta(days=30)
        ),
        actor=actor,
        at=NOW,
    )
    made["dependency"], _ = services.add_dependency(
        feature=made["feature"], on=made["external"], actor=actor, at=NOW
    )
    made["round"] = services.start_round(
        feature=made["feature"], members=[scene.cleo.member, scene.ben.member], actor=actor, at=NOW
    )
    made["seat"] = services.put_seat(team=made["team"], name="Backend hire", actor=actor, at=NOW)
    made["absence"] = services.add_absence(seat=made["seat"], first=later, last=later, actor=actor, at=NOW)[0]
    made["objective"], _ = services.create_objective(
        workspace=scene.workspace,
        draft=services.ObjectiveDraft(title="Nobody calls", first_date=NOW.date(), last_date=later),
        actor=actor,
        at=NOW,
    )
    made["key result"] = services.put_key_result(
        objective=made["objective"], title="Calls a day", baseline=40.0, target=10.0, direction="down",
        actor=actor, at=NOW,
    )  # fmt: skip
    made["risk"], _ = services.create_risk(
        workspace=scene.workspace,
        draft=services.RiskDraft(title="The vendor is bought", probability=20, low=5, likely=10, high=30),
        actor=actor,
        at=NOW,
    )
    made["branch"] = branching.create_branch(
        workspace=scene.workspace, title="Later, but whole", actor=actor, at=NOW
    )
    (made["branch change"],) = branching.change_in_branch(
        branch=made["branch"],
        feature=made["feature"],
        wishes=[branching.Wish("not_before", later)],
        actor=actor,
        at=NOW,
        work_out=False,
    )
    made["share"], made["share secret"] = services.create_share(
        workspace=scene.workspace, name="For customers", actor=actor, at=NOW
    )
    _, made["calendar secret"] = services.create_share(
        workspace=scene.workspace, name="Days", form="calendar", audience="inside", actor=actor, at=NOW
    )
    made["day"] = services.put_day(team=made["team"], day=later, name="Outing", actor=actor, at=NOW)
