"""How far dates may be trusted: measured by what was finished, put right by it, refused where nothing carries it."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from roadbed.modules.roadmap.models import Estimate, Feature, ForecastRow, Status, StatusSpell, TeamRecord
from roadbed.modules.roadmap.services import throughput
from tests.roadmap.test_forecasts import World

DAY = timedelta(days=1)
SURE = (5.0, 5.0, 5.0)


@pytest.fixture
def world(workspace, ben, make_feature, now) -> World:
    return World(workspace=workspace, ben=ben, make_feature=make_feature, now=now)


def finish(world: World, count: int, *, factor: float, spread: float = 0.3) -> None:
    """Let the team have finished so many items, each of which took `factor` times its estimate."""
    chance = np.random.default_rng(4)
    for number in range(count):
        feature = world.make_feature(f"Done {number}", team=world.team)
        begun = world.now - DAY * (5 * (count - number) + 30)
        took = max(1, round(8 * factor * float(np.exp(spread * chance.standard_normal()))))
        done = (np.busday_offset(begun.date(), took - 1, roll="forward")).astype(object)
        ended = begun.replace(year=done.year, month=done.month, day=done.day)
        Estimate.objects.create(
            feature=feature, origin="range", p10=6, p50=8, p90=11, mean=8, said={}, at=begun - DAY
        )
        StatusSpell.objects.filter(feature=feature).delete()
        StatusSpell.objects.create(
            feature=feature, status=Status.DEVELOPMENT, entered_at=begun, left_at=ended
        )
        StatusSpell.objects.create(feature=feature, status=Status.SHIPPED, entered_at=ended)
        Feature.objects.filter(pk=feature.pk).update(status=Status.SHIPPED, status_at=ended, actual_days=took)


class TestDates:
    def test_are_put_right_by_what_the_team_took_before(self, world, dan):
        world.add("Next", (6.0, 8.0, 11.0))
        before = world.rows(world.run())["Next"]
        finish(world, 40, factor=2.0)
        run = world.run(is_asked=True)
        row = world.rows(run)["Next"]
        first = run.first
        assert (before.p85 - first).days * 1.5 < (row.p85 - first).days
        assert row.effort["raw"] == before.effort["raw"]
        record = TeamRecord.objects.get(forecast=run, team=world.team)
        assert (record.source, record.forecasts) == ("items", 40)
        assert record.raw[1] < 0.4
        assert record.given[1] > 0.7
        assert record.stretch[16] > 1.5
        sheet = dan.get(f"roadmap/forecast/{row.record.key}/").content.decode()
        assert "P85 held" in sheet
        assert "before it was put right" in sheet
        assert "P85 held" in dan.get("roadmap/timeline/").content.decode()
        trust = dan.get(f"/api/v1/{world.workspace.slug}/forecast").json()["trust"]
        assert {one["team"] for one in trust} == {None, world.team.pk}

    def test_a_young_team_says_what_is_missing_and_borrows(self, world, dan):
        finish(world, 20, factor=2.0)
        old, world.team = world.team, world.add_team("Young")
        world.add("Next", (6.0, 8.0, 11.0))
        run = world.run()
        young = TeamRecord.objects.get(forecast=run, team=world.team)
        assert young.given == []
        assert "0 of the 8" in young.missing
        assert 1.2 < young.stretch[16] <= TeamRecord.objects.get(forecast=run, team=old).stretch[16] * 1.1

    def test_that_were_given_measure_themselves_once_there_are_enough(self, world):
        features = [world.add(f"Piece {number}", (1.0, 1.0, 1.0)) for number in range(9)]
        run = world.run()
        for feature in features:
            late = world.now + 2 * (ForecastRow.objects.get(forecast=run, record=feature).finish - run.first)
            Feature.objects.filter(pk=feature.pk).update(status=Status.SHIPPED, status_at=late + DAY)
        world.add("Next", SURE)
        after = world.run(at=world.now + 60 * DAY)
        record = TeamRecord.objects.get(forecast=after, team=world.team)
        assert (record.source, record.forecasts) == ("dates", 9)
        assert record.raw[1] < 0.5


class TestThroughput:
    def test_tells_when_and_how_many_and_how_often_that_held(self, world, dan, eve, now):
        place = f"roadmap/teams/{world.team.pk}/throughput/"
        text = dan.get(place).content.decode()
        assert "Nobody can say yet" in text
        assert "is shipped yet" in text
        refused = dan.get(f"/api/v1/{world.workspace.slug}/teams/{world.team.pk}/throughput")
        assert refused.status_code == 422
        finish(world, 60, factor=1.0)
        told = throughput.tell(team=world.team, items=6, weeks=2, until=now.date())
        assert told.when is not None
        assert told.when.days[0] < told.when.days[1] < told.when.days[2]
        assert told.many.items[0] >= told.many.items[1]
        assert told.trust.startswith("P85 held")
        assert eve.get(f"/w/{world.workspace.slug}/{place}").status_code == 404
