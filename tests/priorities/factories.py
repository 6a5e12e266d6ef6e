"""One of everything of priorities, for the permission matrix and the fuzzing."""

from __future__ import annotations

from typing import Any

from roadbed.modules.priorities import services
from roadbed.modules.priorities.services import portfolios
from roadbed_engines.priority.ranges import Range, exactly
from tests.people import NOW


def furnish(scene: Any) -> None:
    """Make a lens with a figure, ranked, and a portfolio, not chosen: that would start a process."""
    actor, feature = scene.ben.actor, scene.made["feature"]
    scene.made["lens"] = lens = services.create_lens(
        workspace=scene.workspace, title="RICE", method="rice", actor=actor, at=NOW
    )
    values = {"reach": Range(20, 90), "impact": exactly(1), "confidence": exactly(1), "effort": Range(1, 4)}
    said = [services.Said(feature, name, one) for name, one in values.items()]
    services.say_figures(said=said, actor=actor, at=NOW)
    services.rank(lens=lens, at=NOW)
    scene.made["portfolio"] = portfolios.create_portfolio(
        workspace=scene.workspace,
        title="Next",
        lens=lens,
        periods=["Q1"],
        capacity={"No team": [9]},
        actor=actor,
        at=NOW,
    )


def feature_of(made: str) -> Any:
    """Return a sample for addresses of a feature below a lens or a portfolio."""
    return lambda scene: {"number": scene.made[made].number, "key": scene.made["feature"].key}


def portfolio(scene: Any) -> dict[str, Any]:
    """Return a sample for the API's addresses of a portfolio."""
    return {"key": scene.made["portfolio"].key, "record": scene.made["feature"].key}
