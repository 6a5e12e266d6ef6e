"""Frozen plans: kept for good, compared with each other and with now, and read by those who may."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError

from roadbed.core.records import services as records
from roadbed.core.workspaces.models import Circle
from roadbed.modules.roadmap import services
from roadbed.modules.roadmap.models import FrozenState, Status
from roadbed.modules.roadmap.selectors import baselines as selectors
from roadbed.modules.roadmap.services import baselines


@pytest.fixture
def freeze(workspace, ben):
    def make(name: str, at):
        return baselines.freeze_plan(workspace=workspace, name=name, actor=ben.actor, at=at)

    return make


@pytest.fixture
def change(ben):
    def make(feature, at, **changes):
        feature.refresh_from_db()
        services.change_feature(feature=feature, changes=changes, actor=ben.actor, at=at)

    return make


def told(changes):
    return [
        (
            one.record.title,
            one.what,
            [(each.label, each.before, each.after, each.days) for each in one.fields],
        )
        for one in changes
    ]


class TestFreezing:
    def test_keeps_the_plan_whatever_becomes_of_it(self, workspace, make_feature, freeze, change, now):
        feature = make_feature("Reroute", target_end=date(2026, 3, 1))
        first = freeze("as promised", now)
        later = now + timedelta(days=9)
        change(feature, later, target_end=date(2026, 3, 15), status=Status.PLANNED)
        make_feature("New since")
        found = selectors.changes_between(workspace_id=workspace.pk, earlier=first)
        expected = [
            (
                "Reroute",
                "changed",
                [("Status", "Idea", "Planned", None), ("Target until", "1 Mar 2026", "15 Mar 2026", 14)],
            ),
            ("New since", "added", []),
        ]
        assert told(found) == expected
        second = freeze("a week later", later + timedelta(days=1))
        assert told(
            selectors.changes_between(workspace_id=workspace.pk, earlier=first, later=second)
        ) == told(found)
        assert selectors.changes_between(workspace_id=workspace.pk, earlier=second) == []

    def test_what_did_not_change_is_kept_once(self, workspace, make_feature, freeze, change, now):
        features = [make_feature(f"Feature {number}") for number in range(4)]
        for day in range(5):
            freeze(f"day {day}", now + timedelta(days=day))
        assert FrozenState.objects.count() == 4
        change(features[0], now + timedelta(days=6), status=Status.DISCOVERY)
        freeze("after", now + timedelta(days=7))
        assert FrozenState.objects.count() == 5

    def test_what_is_deleted_is_gone_and_can_come_back(self, workspace, make_feature, freeze, ben, now):
        feature = make_feature("Reroute")
        first = freeze("before", now)
        records.delete_record(record=feature, actor=ben.actor, at=now + timedelta(days=1))
        second = freeze("without", now + timedelta(days=2))
        found = selectors.changes_between(workspace_id=workspace.pk, earlier=first, later=second)
        assert told(found) == [("Reroute", "removed", [])]
        records.restore_record(record=feature, actor=ben.actor, at=now + timedelta(days=3))
        third = freeze("again", now + timedelta(days=4))
        assert selectors.changes_between(workspace_id=workspace.pk, earlier=first, later=third) == []
        assert told(selectors.changes_between(workspace_id=workspace.pk, earlier=second)) == [
            ("Reroute", "added", [])
        ]

    def test_a_new_estimate_is_a_change(self, workspace, feature, freeze, ben, now):
        first = freeze("before", now)
        services.estimate_feature(
            feature=feature,
            origin="three_point",
            said={"low": 2, "likely": 4, "high": 9},
            actor=ben.actor,
            at=now + timedelta(hours=1),
        )
        (found,) = selectors.changes_between(workspace_id=workspace.pk, earlier=first)
        assert [each.label for each in found.fields] == ["Effort, low", "Effort, middle", "Effort, high"]
        assert {each.before for each in found.fields} == {"none"}

    def test_the_day_is_kept_once(self, workspace, feature, ben, now):
        assert baselines.freeze_day(workspace=workspace, actor=ben.actor, at=now) is not None
        assert baselines.freeze_day(workspace=workspace, actor=ben.actor, at=now) is None
        following = now + timedelta(days=1)
        assert baselines.freeze_day(workspace=workspace, actor=ben.actor, at=following) is not None

    @pytest.mark.parametrize("name", ["", "  ", "x" * 121, "a\x00b"])
    def test_a_name_is_needed(self, freeze, feature, now, name):
        with pytest.raises(ValidationError):
            freeze(name, now)

    def test_slips_and_the_burn_up_read_the_same_states(self, workspace, make_feature, freeze, change, now):
        feature = make_feature("Reroute", due_date=date(2026, 9, 1), due_kind="soft")
        make_feature("Other")
        freeze("one", now)
        change(feature, now + timedelta(days=1), due_date=date(2026, 9, 8))
        freeze("two", now + timedelta(days=2))
        change(feature, now + timedelta(days=3), status=Status.SHIPPED, due_date=date(2026, 9, 5))
        freeze("three", now + timedelta(days=4))
        assert [(one.label, one.days) for one in selectors.slips_of(record=feature)] == [
            ("Due", -3),
            ("Due", 7),
        ]
        burn = selectors.burn_up(workspace_id=workspace.pk)
        assert [(one.items, one.shipped) for one in burn] == [(2, 0), (2, 0), (2, 1)]

    def test_a_record_behind_a_wall_is_in_no_baseline_and_leaves_those_it_was_in(
        self, workspace, make_feature, freeze, ben, ada, now
    ):
        feature = make_feature("Secret")
        first = freeze("open", now)
        circle = Circle.objects.create(workspace=workspace, name="Few", created_at=now)
        type(feature).objects.filter(pk=feature.pk).update(circle=circle, updated_at=now + timedelta(hours=1))
        assert selectors.changes_between(workspace_id=workspace.pk, earlier=first) == []
        second = freeze("walled", now + timedelta(days=1))
        assert selectors.changes_between(workspace_id=workspace.pk, earlier=first, later=second) == []


class TestPages:
    def test_from_the_first_baseline_to_what_slipped(self, ben, dan, eve, make_feature, change, now):
        assert "Nothing is frozen yet" in dan.get("roadmap/baselines/").content.decode()
        assert "Keep the first" in dan.get("roadmap/changes/").content.decode()
        feature = make_feature("Reroute", target_end=date(2026, 3, 1))
        assert ben.post("roadmap/baselines/new/", {"name": "As promised"}).status_code == 302
        change(feature, now + timedelta(days=900), target_end=date(2026, 3, 15))
        page = dan.get("roadmap/changes/?since=1").content.decode()
        assert "14 days later" in page
        assert "Reroute" in page
        ben.post("roadmap/baselines/new/", {"name": "Two weeks on"})
        assert "14 days later" in dan.get(f"roadmap/slips/{feature.key}/").content.decode()
        assert "How its dates moved" in dan.get(f"roadmap/features/{feature.key}/").content.decode()
        assert "As promised" in dan.get("roadmap/baselines/").content.decode()
        for path in ("roadmap/changes/?since=9", "roadmap/changes/?since=soon", "roadmap/slips/F-99/"):
            assert dan.get(path).status_code == 404
        assert dan.get("roadmap/changes/?since=2000-01-01").status_code == 200
        assert eve.get("/w/northwind/roadmap/changes/?since=1").status_code == 404

    def test_costs_the_same_whatever_the_number(
        self, dan, make_feature, freeze, now, django_assert_max_num_queries
    ):
        def queries() -> int:
            with django_assert_max_num_queries(60) as captured:
                dan.get("roadmap/changes/?since=1")
            return len(captured)

        freeze("empty", now)
        make_feature("One")
        dan.get("roadmap/changes/?since=1")
        few = queries()
        for number in range(15):
            make_feature(f"More {number}")
        assert queries() <= few


class TestProgram:
    def test_the_api_tells_the_same(self, ben, dan, make_feature, change, now):
        feature = make_feature("Reroute", target_end=date(2026, 3, 1))
        made = ben.api("post", "baselines", {"name": "As promised"})
        assert made.status_code == 201, made.content
        change(feature, now + timedelta(days=900), target_end=date(2026, 2, 27))
        (found,) = dan.api("get", "baselines/1/changes").json()["changes"]
        assert (found["key"], found["fields"][0]["days"]) == (feature.key, -2)
        assert [one["name"] for one in dan.api("get", "baselines").json()["items"]] == ["As promised"]
        assert dan.api("get", "burn-up").json()[0]["items"] == 1
        assert dan.api("get", "baselines/7/changes").status_code == 404
        assert dan.api("post", "baselines", {"name": "x"}).status_code == 403
