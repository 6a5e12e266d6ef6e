"""A workspace with a dozen features, figures with their doubt, and a lens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from roadbed.core.workspaces.models import Team, Workspace
from roadbed.core.workspaces.roles import Role
from roadbed.modules.priorities import services
from roadbed.modules.priorities.models import Lens
from roadbed.modules.roadmap import services as roadmap
from roadbed.modules.roadmap.models import Feature
from roadbed_engines.priority import portfolio, solving
from roadbed_engines.priority.ranges import Range, exactly
from tests import people
from tests.people import NOW, Someone


@dataclass
class World:
    """Everybody, the features and the lens."""

    workspace: Workspace
    ada: Someone
    ben: Someone
    dan: Someone
    eve: Someone
    features: list[Feature]
    lens: Lens

    def say(self, at: int, **values: Range) -> None:
        said = [services.Said(self.features[at], name, one) for name, one in values.items()]
        services.say_figures(said=said, actor=self.ben.actor, at=NOW)


@pytest.fixture(scope="module")
def built(module_database) -> World:
    """One world a module; each test's writes to it are rolled back."""
    workspace = people.make_workspace()
    ada = people.join(workspace, "Ada", Role.OWNER)
    ben = people.join(workspace, "Ben", Role.MAKER)
    dan = people.join(workspace, "Dan", Role.VIEWER)
    eve = people.join(people.make_workspace("elsewhere", "Elsewhere"), "Eve", Role.OWNER)
    team = Team.objects.create(workspace=workspace, name="Mobile")
    area, _ = roadmap.create_feature(
        workspace=workspace,
        draft=roadmap.Draft(title="Offline", level="area"),
        actor=ben.actor,
        at=NOW,
    )
    features = []
    for number in range(12):
        draft = roadmap.Draft(
            title=f"Feature number {number}", parent=area, team=team if number % 2 else None
        )
        features.append(roadmap.create_feature(workspace=workspace, draft=draft, actor=ben.actor, at=NOW)[0])
    lens = services.create_lens(
        workspace=workspace, title="RICE", method="rice", actor=ben.actor, at=NOW, cut=4
    )
    found = World(workspace, ada, ben, dan, eve, features, lens)
    for number in range(11):
        found.say(
            number,
            reach=Range(50 + 20 * number, 100 + 60 * number),
            impact=exactly(1 + number % 3),
            confidence=exactly(1),
            effort=Range(2, 8),
        )
    return found


@pytest.fixture
def world(db, built) -> World:
    return built


@pytest.fixture
def in_process(monkeypatch) -> None:
    """Solve in this process: a child for each test would load its libraries each time."""

    def optimise(problem: Any, *, seconds: float = 10.0, workers: int = 2, seed: int = 1) -> Any:
        portfolio.check(problem)
        *_, last = solving.solve_here(problem, hint=(), seconds=20.0, workers=workers, seed=seed)
        return solving._read(problem, None, last)

    monkeypatch.setattr(solving, "optimise", optimise)
