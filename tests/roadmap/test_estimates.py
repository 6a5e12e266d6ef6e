"""How much work it is: several ways to say it, who said it, what was said before, and hidden figures."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from roadbed.core.records.models import Activity
from roadbed.modules.roadmap import selectors, services
from roadbed.modules.roadmap.models import Estimate, Feature, Status


@pytest.fixture
def estimate(ben, now):
    def say(feature, origin="three_point", **said):
        return services.estimate_feature(
            feature=feature, origin=origin, said=said, actor=ben.actor, at=now, note="As the last one."
        )

    return say


@pytest.fixture
def team(workspace, ada, now):
    from roadbed.core.workspaces import services as workspaces

    return workspaces.add_team(workspace=workspace, name="Routing", actor=ada.actor, at=now)


def shipped(make_feature, ben, now, *, days, took=None, **fields):
    feature = make_feature(f"Took {days}", **fields)
    begun = now + timedelta(days=1)
    for status, at in (("development", begun), ("shipped", begun + timedelta(days=days))):
        services.change_status(feature=feature, status=Status(status), actor=ben.actor, at=at, entered_at=at)
    if took is not None:
        Feature.objects.filter(pk=feature.pk).update(actual_days=took)
    return feature


class TestThreePoints:
    def test_become_quantiles_with_who_and_when(self, feature, estimate, now):
        found, deed = estimate(feature, low=3, likely=5, high=20)
        assert (round(found.p10, 1), round(found.p50, 1), round(found.p90, 1)) == (3.0, 6.8, 20.0)
        assert (found.by_name, found.at, found.note) == ("Ben", now, "As the last one.")
        assert found.said == {"low": 3.0, "likely": 5.0, "high": 20.0}
        assert "3 to 20 days" in deed.summary

    def test_keep_what_was_said_before_and_give_it_back(self, feature, estimate, ben, now):
        first, _ = estimate(feature, low=3, likely=5, high=20)
        second, deed = estimate(feature, origin="range", low=2, high=4, confidence=90)
        assert [one.pk for one in selectors.estimates_of(feature)] == [second.pk, first.pk]
        assert Estimate.objects.get(feature=feature, is_current=True).pk == second.pk
        services.undo_deed(deed=deed, actor=ben.actor, at=now)
        assert Estimate.objects.get(feature=feature, is_current=True).pk == first.pk
        assert Estimate.objects.filter(feature=feature).count() == 2, "history is kept"
        verbs = Activity.objects.filter(record_id=feature.pk).values_list("verb", flat=True)
        assert list(verbs.order_by("-sequence")[:2]) == ["took back the estimate", "estimated"]

    @pytest.mark.parametrize(
        ("said", "words"),
        [
            ({"low": 9, "likely": 5, "high": 3}, "The low end (9 days) lies above the high end (3 days)"),
            ({"low": 2, "likely": 9, "high": 3}, "The likely value (9) lies outside 2 to 3 days"),
            ({"low": 0, "likely": 1, "high": 3}, "more than nothing"),
            ({"low": 1, "high": 3}, "Say the likely value"),
        ],
    )
    def test_are_refused_in_words(self, feature, estimate, said, words):
        with pytest.raises(ValidationError) as refused:
            estimate(feature, **said)
        assert words in " ".join(refused.value.messages)
        assert not Estimate.objects.exists()


class TestPoints:
    def test_need_a_team_and_what_a_point_takes(self, make_feature, estimate, team, ada, now):
        with pytest.raises(ValidationError, match="which team"):
            estimate(make_feature(), origin="points", points=5)
        feature = make_feature(team=team)
        with pytest.raises(ValidationError, match="0 finished items have points"):
            estimate(feature, origin="points", points=5)
        services.change_team_plan(
            team=team,
            changes={"point_low": 0.5, "point_likely": 1.0, "point_high": 2.0},
            actor=ada.actor,
            at=now,
        )
        found, _ = estimate(feature, origin="points", points=5)
        assert (found.p10, found.p50, found.p90, found.said["from"]) == (2.5, 5.0, 10.0, "said")

    def test_go_by_the_team_s_own_history_where_there_is_enough(
        self, make_feature, estimate, team, ada, ben, now
    ):
        services.change_team_plan(
            team=team,
            changes={"point_low": 9.0, "point_likely": 9.0, "point_high": 9.0},
            actor=ada.actor,
            at=now,
        )
        for took in range(1, 10):
            done = make_feature(team=team)
            estimate(done, origin="points", points=2)
            Feature.objects.filter(pk=done.pk).update(actual_days=took, status="shipped")
        found, _ = estimate(make_feature(team=team), origin="points", points=4)
        assert (found.p50, found.said["from"], found.said["items"]) == (10.0, "history", 9)


class TestReferenceClasses:
    def test_are_what_finished_work_of_the_same_size_took(self, make_feature, estimate, ben, now):
        for took in range(1, 10):
            shipped(make_feature, ben, now, days=3, took=took, size="m")
        shipped(make_feature, ben, now, days=3, took=99, size="xl")
        found, _ = estimate(make_feature(size="m"), origin="reference")
        assert (found.p50, found.said["class"]) == (5.0, "size M")
        assert len(found.said["items"]) == 9

    def test_refuse_with_too_few(self, make_feature, estimate, ben, now):
        shipped(make_feature, ben, now, days=3, took=2, size="m")
        with pytest.raises(ValidationError, match="1 finished items of this class are known; 9 are needed"):
            estimate(make_feature(size="m"), origin="reference")


class TestRounds:
    def test_hide_figures_until_opened_and_then_pool_them(self, feature, ben, cleo, dan, now):
        round = services.start_round(
            feature=feature, members=[ben.member, cleo.member], actor=ben.actor, at=now
        )
        with pytest.raises(ValidationError, match="not asked"):
            services.give_opinion(
                round=round, member=dan.member, low=1, likely=2, high=3, actor=dan.actor, at=now
            )
        services.give_opinion(
            round=round, member=cleo.member, low=2, likely=4, high=9, actor=cleo.actor, at=now
        )
        with pytest.raises(ValidationError, match="1 of 2 have said"):
            services.open_round(round=round, actor=ben.actor, at=now)
        services.give_opinion(
            round=round, member=ben.member, low=8, likely=12, high=30, actor=ben.actor, at=now
        )
        history = Activity.objects.filter(record_id=feature.pk, verb="gave an estimate")
        assert [one.changes for one in history] == [{}, {}], "that they spoke, not what they said"
        found, _ = services.open_round(round=round, actor=ben.actor, at=now)
        assert found.origin == "experts"
        assert found.p10 < 3 < found.p50 < 12 < found.p90
        assert [one["name"] for one in found.said["people"]] == ["Cleo", "Ben"]
        with pytest.raises(ValidationError, match="was opened"):
            services.give_opinion(
                round=round, member=ben.member, low=1, likely=2, high=3, actor=ben.actor, at=now
            )
