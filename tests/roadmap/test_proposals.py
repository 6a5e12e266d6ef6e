"""A better order: fewer moves than places, each with its reason, and a plan that costs less once it is merged."""

from __future__ import annotations

from datetime import timedelta

import pytest

from roadbed.core.evidence.models import EvidenceTally
from roadbed.modules.roadmap.models import Branch, BranchChange
from roadbed.modules.roadmap.selectors import branches as reading
from roadbed.modules.roadmap.services import branch_merging, proposing
from roadbed_engines.errors import NotEnoughDataError
from tests.roadmap.test_forecasts import World

DAY = timedelta(days=1)


@pytest.fixture
def world(workspace, ben, make_feature, now) -> World:
    world = World(workspace=workspace, ben=ben, make_feature=make_feature, now=now)
    world.team = world.add_team("Alone", seats=1)
    return world


class TestProposing:
    def test_what_is_asked_for_comes_first_and_says_why(self, world, workspace, ben, now):
        late = [world.add(f"Nobody asks {number}", (20.0, 20.0, 20.0)) for number in range(4)]
        asked = world.add("Everybody asks", (2.0, 2.0, 2.0))
        EvidenceTally.objects.update_or_create(record=asked, defaults={"impact": 90, "people": 30})
        EvidenceTally.objects.update_or_create(record=late[0], defaults={"impact": 1, "people": 1})
        branch = proposing.propose(workspace=workspace, actor=ben.actor, at=now, seconds=0.8, frozen_days=0)
        assert branch is not None
        assert branch.origin == Branch.Origin.PROPOSAL
        assert branch.facts["cost_after"] < branch.facts["cost_before"]
        assert branch.facts["found_by"] == "search"
        assert "The search found it; " in branch.description
        change = BranchChange.objects.get(branch=branch, record=asked)
        assert "sooner" in change.why
        fresh = reading.access_branch(workspace_id=workspace.pk, number=branch.number)
        moved = {
            one.record.title: one.p85
            for one in reading.moved_between(
                fresh.outlook.main, fresh.outlook.branched, workspace_id=workspace.pk
            )
        }
        assert moved["Everybody asks"] < -60
        branch_merging.merge_branch(branch=branch, only=[change.pk], actor=ben.actor, at=now)
        asked.refresh_from_db()
        assert all(asked.rank < one.rank for one in late)

    def test_refuses_what_cannot_be_put_in_time_and_says_when_nothing_is_better(
        self, world, workspace, ben, now
    ):
        world.add("Vague")
        with pytest.raises(NotEnoughDataError, match="has no estimate"):
            proposing.propose(workspace=workspace, actor=ben.actor, at=now, seconds=0.3)
        world.add("One", (3.0, 3.0, 3.0))
        assert proposing.propose(workspace=workspace, actor=ben.actor, at=now, seconds=0.3) is None

    def test_runs_as_a_job(self, ben, dan, workspace):
        from roadbed.core.jobs.models import Job

        assert dan.post("roadmap/branches/propose/").status_code == 403
        assert ben.post("roadmap/branches/propose/").status_code == 302
        assert Job.objects.filter(name="roadmap.propose", workspace=workspace).count() == 1
