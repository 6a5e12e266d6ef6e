"""Moving bars: what else moves comes back at once, in the plan and in a branch; long plans come in parts."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest

from roadbed.modules.roadmap.models import BranchChange, Feature
from roadbed.modules.roadmap.services import branching
from roadbed.modules.roadmap.views import timeline
from tests.roadmap.test_forecasts import World

DAY = timedelta(days=1)
SURE = (5.0, 5.0, 5.0)
MOVE = "roadmap/timeline/move/"


@pytest.fixture
def world(workspace, ben, make_feature, now) -> World:
    world = World(workspace=workspace, ben=ben, make_feature=make_feature, now=now)
    world.team = world.add_team("Alone", seats=1)
    return world


class TestMoving:
    def test_a_bar_in_the_plan_moves_what_waits_for_it_and_can_be_undone(
        self, world, ben, dan, eve, workspace
    ):
        from django.utils import timezone

        first, second = world.add("First", SURE), world.add("Second", SURE)
        world.wait(second, first)
        day = timezone.localdate() + 40 * DAY
        answer = ben.post(MOVE, {"key": first.key, "not_before": day.isoformat()})
        assert answer.status_code == 200, answer.content
        moved = answer.json()["moved"]
        assert set(moved) == {str(first.pk), str(second.pk)}
        assert moved[str(first.pk)][0] >= 35
        assert "decode;dur=" in answer.headers["Server-Timing"]
        assert answer.json()["decode_ms"] < 10
        assert Feature.objects.get(pk=first.pk).not_before == day
        assert ben.post(answer.json()["undo"]).status_code == 302
        assert Feature.objects.get(pk=first.pk).not_before is None
        assert ben.post(MOVE, {"key": first.key, "not_before": "soon"}).status_code == 422
        assert ben.post(MOVE, {"key": first.key}).status_code == 422
        assert dan.post(MOVE, {"key": first.key, "not_before": ""}).status_code == 403
        assert eve.post(f"/w/{workspace.slug}/{MOVE}", {"key": first.key}).status_code == 404

    def test_up_and_down_change_the_order(self, world, ben):
        first, second = world.add("First", SURE), world.add("Second", SURE)
        answer = ben.post(MOVE, {"key": second.key, "before": first.key}).json()
        assert answer["moved"][str(second.pk)][0] < 0 < answer["moved"][str(first.pk)][0]
        assert Feature.objects.get(pk=second.pk).rank < Feature.objects.get(pk=first.pk).rank

    def test_in_a_branch_the_plan_does_not_notice(self, world, ben, dan, workspace, now):
        first = world.add("First", SURE)
        branch = branching.create_branch(workspace=workspace, title="Later", actor=ben.actor, at=now)
        day = (now.date() + 300 * DAY).isoformat()
        answer = ben.post(MOVE, {"key": first.key, "not_before": day, "branch": branch.number})
        assert answer.status_code == 200, answer.content
        assert BranchChange.objects.get(branch=branch).value == day
        assert Feature.objects.get(pk=first.pk).not_before is None
        text = dan.get(f"roadmap/timeline/?branch={branch.number}").content.decode()
        assert "First" in text
        assert "data-move-url" not in text
        own = ben.get(f"roadmap/timeline/?branch={branch.number}").content.decode()
        assert f'data-branch="{branch.number}"' in own
        assert dan.get("roadmap/timeline/?branch=99").status_code == 404
        form = f"roadmap/timeline/form/{first.key}/?branch={branch.number}"
        assert ben.post(form, {"not_before": "", "before": ""}).status_code == 302
        assert not BranchChange.objects.filter(branch=branch).exists()


class TestParts:
    def test_every_row_comes_once_and_groups_go_on(self, world, dan, monkeypatch):
        monkeypatch.setattr(timeline, "PART", 3)
        titles = [f"Piece {number}" for number in range(7)]
        for title in titles:
            world.add(title, SURE)
        world.run(runs=50)
        seen, heads, address = [], 0, "roadmap/timeline/"
        for turn in range(3):
            answer = dan.get(
                address, headers={"HX-Request": "true", "HX-Request-Type": "partial"} if turn else {}
            )
            text = answer.content.decode()
            assert ("<html" in text) is (turn == 0)
            seen += [title for title in titles if f"</span> {title}</a>" in text]
            heads += text.count("tl__name")
            more = re.search(r'hx-get="([^"]*part=[0-9]+)"', text)
            assert bool(more) is (turn < 2)
            address = unescape(more[1]) if more else ""
        assert sorted(seen) == titles
        assert heads == 1
