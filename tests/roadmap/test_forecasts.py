"""Forecasts of the plan: what is put in time, in which order and why, what is refused, and what pages say of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from roadbed.core.records import services as records
from roadbed.core.records.models import Relation
from roadbed.core.workspaces.models import Circle, Team
from roadbed.modules.roadmap import services
from roadbed.modules.roadmap.models import (
    Dependency,
    Estimate,
    ForecastRow,
    Horizon,
    Objective,
    PlanForecast,
    Release,
    Risk,
    Status,
)
from roadbed.modules.roadmap.selectors.plan import PlanEffort
from roadbed.modules.roadmap.services import forecasting, translating
from roadbed_engines.schedule import plan as engine

DAY = timedelta(days=1)


class World:
    """A workspace with a team of two, and short ways to say what is in its plan."""

    def __init__(self, *, workspace: Any, ben: Any, make_feature: Any, now: Any) -> None:
        self.workspace, self.ben, self.make_feature, self.now = workspace, ben, make_feature, now
        self.team = self.add_team("Mobile")

    def add_team(self, name: str, *, seats: int = 2, weekdays: str = "12345", **plan: Any) -> Team:
        team = Team.objects.create(workspace=self.workspace, name=name)
        services.change_team_plan(
            team=team,
            changes={"weekdays": weekdays, "focus": 100, "reserve": 0, **plan},
            actor=self.ben.actor,
            at=self.now,
        )
        team.refresh_from_db()
        for number in range(seats):
            services.put_seat(team=team, name=f"Seat {number}", actor=self.ben.actor, at=self.now)
        return team

    def add(self, title: str, days: tuple[float, float, float] | None = None, **fields: Any) -> Any:
        """Add a feature that takes these person-days (P10, P50, P90)."""
        values = {"team": self.team, "horizon": Horizon.NOW, "status": Status.PLANNED, **fields}
        feature = self.make_feature(title, **values)
        if days is not None:
            low, middle, high = days
            Estimate.objects.create(
                feature=feature,
                origin="range",
                p10=low,
                p50=middle,
                p90=high,
                mean=middle,
                said={},
                at=self.now,
            )
        return feature

    def wait(self, feature: Any, on: Any, **fields: Any) -> None:
        Dependency.objects.create(
            workspace=self.workspace, feature=feature, on=on, created_at=self.now, **fields
        )

    def run(self, **options: Any) -> PlanForecast | None:
        values = {"seed": 7, "at": self.now, "actor": self.ben.actor, "runs": 400, **options}
        return forecasting.forecast_plan(workspace=self.workspace, **values)

    def rows(self, run: PlanForecast | None) -> dict[str, ForecastRow]:
        assert run is not None
        assert run.problem == ""
        return {row.record.title: row for row in run.rows.select_related("record")}


@pytest.fixture
def world(workspace, ben, make_feature, now) -> World:
    return World(workspace=workspace, ben=ben, make_feature=make_feature, now=now)


SURE = (5.0, 5.0, 5.0)
UNSURE = (3.0, 5.0, 12.0)


class TestDates:
    def test_work_goes_in_its_order_and_says_why(self, world, now):
        first = world.add("First", SURE)
        second = world.add("Second", SURE)
        third = world.add("Third", SURE)
        world.wait(second, first)
        run = world.run()
        found = world.rows(run)
        # Two people: the first and the third begin at once, the second waits for the first; weeks have five days.
        assert found["First"].start == found["Third"].start
        assert found["Second"].start > found["First"].finish
        assert found["Second"].why["waits_for"] == [first.key]
        worked = [
            day
            for day in (found["First"].start + DAY * n for n in range(20))
            if day.weekday() < 5 and day <= found["First"].finish
        ]
        assert len(worked) == 5
        assert found["First"].p50 == found["First"].p95 == found["First"].finish
        assert found["Third"].record_id == third.pk
        assert run.first == now.date()
        load = run.load[str(world.team.pk)]
        assert sum(week[2] for week in load) == pytest.approx(15, abs=0.2)

    def test_a_team_s_weeks_end_where_its_bars_do(self, world):
        """Three unsure pieces in a row: the weeks under the bars reach to the last P50, past the plain plan's end."""
        world.team = world.add_team("Alone", seats=1)
        for number in range(3):
            world.add(f"Piece {number}", (4.0, 10.0, 40.0))
        run = world.run()
        last = max(row.p50 for row in world.rows(run).values())
        assert last > max(row.finish for row in world.rows(run).values())
        busy = [week[0] for week in run.load[str(world.team.pk)] if week[2] > 0]
        assert busy[-1] == translating.week_of(last).isoformat()
        assert all(planned <= there + 0.1 for _, there, planned in run.load[str(world.team.pk)])

    def test_a_hand_that_is_full_is_named(self, world):
        world.team = world.add_team("Alone", seats=1)
        world.add("First", SURE)
        second = world.add("Second", SURE)
        row = world.rows(world.run())["Second"]
        assert row.record_id == second.pk
        assert row.why["busy"] == ["Alone"]
        assert row.why["taken_by"]

    def test_a_spread_a_chance_and_what_drives_it(self, world, now):
        due = now.date() + timedelta(days=13)
        one = world.add("Unsure", UNSURE, due_date=due, due_kind="hard")
        row = world.rows(world.run())["Unsure"]
        assert row.p50 < row.p85 < row.p95
        assert (row.due, row.is_hard) == (due, True)
        assert 0.6 < row.chance < 0.97
        assert row.drivers[0]["key"] == one.key
        assert len(row.quantiles) == 19
        assert sorted(row.quantiles) == row.quantiles

    def test_parents_releases_and_objectives_are_done_with_their_last_piece(self, world, workspace, ben, now):
        release = Release(workspace=workspace, title="4.3", ship_date=now.date() + timedelta(days=30))
        records.create_record(record=release, actor=ben.actor, at=now, prefix="R")
        goal = Objective(
            workspace=workspace, title="Fewer calls", first_date=now.date(), last_date=now.date() + DAY * 60
        )
        records.create_record(record=goal, actor=ben.actor, at=now, prefix="O")
        epic = world.add("Epic", release=release)
        short = world.add("Short", SURE, parent=epic)
        world.add("Long", (15.0, 15.0, 15.0), parent=epic)
        world.add("Vague", parent=epic)
        records.create_link(source=epic, target=goal, relation=Relation.DELIVERS, actor=ben.actor, at=now)
        run = world.run()
        found = world.rows(run)
        for title in ("Epic", "4.3", "Fewer calls"):
            assert found[title].p85 == found["Long"].p85, title
            assert [one["key"] for one in found[title].missing] == [one["key"] for one in run.refused], title
        assert found["4.3"].chance == 1.0
        assert (found["Short"].kind, found["Epic"].kind, found["4.3"].kind, found["Fewer calls"].kind) == (
            "work",
            "parent",
            "release",
            "objective",
        )
        assert short.pk == found["Short"].record_id

    def test_a_feature_estimated_as_a_whole_is_one_piece(self, world):
        epic = world.add("Epic", SURE)
        world.add("Part", parent=epic)
        run = world.run()
        assert set(world.rows(run)) == {"Epic"}
        assert run.refused == []

    def test_a_risk_makes_it_later_as_often_as_it_strikes(self, world, workspace, ben, now):
        feature = world.add("Hit", SURE, due_date=now.date() + timedelta(days=9), due_kind="soft")
        before = world.rows(world.run())["Hit"]
        risk = Risk(workspace=workspace, title="No parts", probability=40, low=10, likely=10, high=10)
        records.create_record(record=risk, actor=ben.actor, at=now, prefix="K")
        risk.hits.add(feature)
        after = world.rows(world.run())["Hit"]
        assert before.chance == 1.0
        assert after.chance == pytest.approx(0.6, abs=0.08)
        assert after.drivers[0]["key"] == risk.key

    def test_what_has_begun_goes_on_and_has_less_left(self, world, now):
        begun = world.add("Begun", (8.0, 10.0, 13.0), horizon=Horizon.LATER)
        services.change_status(
            feature=begun, status=Status.DEVELOPMENT, actor=world.ben.actor, at=now, entered_at=now
        )
        world.add("Waits", SURE)
        later = now + timedelta(days=7)
        row = world.rows(world.run(at=later))["Begun"]
        assert row.start == now.date()
        assert row.place == 0
        assert row.effort["left"][1] == pytest.approx(5, abs=1)

    def test_the_same_plan_has_the_same_dates_and_is_not_worked_out_twice(self, world):
        world.add("One", UNSURE)
        first = world.run()
        dates = [(row.p50, row.p85, row.quantiles) for row in first.rows.all()]
        assert world.run() is None
        again = world.run(is_asked=True)
        assert [(row.p50, row.p85, row.quantiles) for row in again.rows.all()] == dates
        assert first.rows.count() == 0, "of a day, the rows of the last run are kept"
        world.add("Two", UNSURE)
        assert world.run() is not None


class TestRefusals:
    def test_what_is_missing_is_named_and_nothing_is_invented(self, world, workspace):
        blocked = world.add("Blocked", SURE)
        vague = world.add("Vague")
        world.wait(blocked, vague)
        world.add("Nobody’s", SURE, team=None)
        world.add("No calendar", SURE, team=world.add_team("Somewhere", weekdays=""))
        world.add("No people", SURE, team=world.add_team("Empty", seats=0))
        world.add("No time", SURE, team=world.add_team("Busy", focus=0))
        world.add("An idea", horizon=Horizon.NONE, status=Status.IDEA)
        run = world.run()
        titles = {one.pk: one.title for one in type(vague).objects.filter(workspace=workspace)}
        found = {titles[one["id"]]: (one["what"], one["reason"]) for one in run.refused}
        assert {title: what for title, (what, _) in found.items()} == {
            "Blocked": "dependency",
            "Vague": "estimate",
            "Nobody’s": "team",
            "No calendar": "calendar",
            "No people": "capacity",
            "No time": "capacity",
        }
        assert found["Blocked"][1] == f"waits for {vague.key}, which has no date"
        assert (run.placed, run.aside, run.rows.count()) == (0, 1, 0)

    def test_a_skill_that_nobody_has(self, world, workspace, ben, now):
        feature = world.add("In Swift", SURE)
        services.set_skill_needs(feature=feature, shares={"Swift": 100}, actor=ben.actor, at=now)
        (refused,) = world.run().refused
        assert refused["reason"] == "needs Swift, which nobody in Mobile has"

    def test_a_circle_is_told_with_its_members(self, world):
        one, two = world.add("One", SURE), world.add("Two", SURE)
        world.wait(one, two)
        world.wait(two, one)
        run = world.run()
        assert one.key in run.problem
        assert two.key in run.problem
        assert "waits for itself" in run.problem
        assert run.rows.count() == 0

    def test_what_waits_for_unplanned_work_plans_it(self, world):
        idea = world.add("Idea", SURE, horizon=Horizon.NONE, status=Status.IDEA)
        feature = world.add("Feature", SURE)
        world.wait(feature, idea)
        assert set(world.rows(world.run())) == {"Idea", "Feature"}

    def test_what_is_left_after_so_many_days_without_being_done(self):
        effort = PlanEffort(p10=5, p50=10, p90=20, mean=11, origin="range", said_at=None)
        assert translating.left_of(effort, done=0) == (5, 10, 20)
        low, middle, high = translating.left_of(effort, done=10)
        assert 0 < low < middle < high
        assert middle < 10
        # Long overdue, there is always something left, and more than at the beginning of the tail.
        assert translating.left_of(effort, done=60)[1] > 1
        sure = PlanEffort(p10=5, p50=5, p90=5, mean=5, origin="range", said_at=None)
        assert translating.left_of(sure, done=9)[1] == translating.LEAST_LEFT

    def test_a_team_by_the_day_is_what_the_engine_sees(self, world, workspace, now):
        seat = world.team.seats.first()
        day = now.date() + timedelta(days=(7 - now.date().weekday()) % 7)
        services.add_absence(
            seat=seat,
            first=day,
            last=day + DAY * 4,
            actor=world.ben.actor,
            at=now,
        )
        world.add("One", SURE)
        plan = forecasting.plans.whole_plan(
            workspace_id=workspace.pk, first=now.date(), last=now.date() + DAY * 400
        )
        forest = forecasting.work.Forest(plan)
        found = translating.translate(plan, forest=forest, first=now.date())
        from roadbed_engines.schedule.arrays import capacities

        table = capacities(found.plan.pools, days=60)[0]
        expected = [
            0 if each.weekday() > 4 else 1 if day <= each <= day + DAY * 4 else 2
            for each in (now.date() + DAY * n for n in range(60))
        ]
        assert table.tolist() == expected
        assert isinstance(found.plan, engine.Plan)


class TestPrivacy:
    def test_what_went_behind_a_wall_is_in_no_row_that_is_read(self, world, workspace, now):
        from roadbed.modules.roadmap.selectors import forecasts

        feature = world.add("Secret", SURE)
        run = world.run()
        assert len(forecasts.rows_of(run)) == 1
        circle = Circle.objects.create(workspace=workspace, name="Few", created_at=now)
        type(feature).objects.filter(pk=feature.pk).update(circle=circle)
        assert len(forecasts.rows_of(run)) == 0


class TestPages:
    def test_from_nothing_to_a_timeline_with_what_waits_for_what(self, world, dan, ben, eve, workspace, now):
        from roadbed.core.jobs.models import Job

        assert "Nothing has dates yet" in dan.get("roadmap/timeline/").content.decode()
        assert dan.post("roadmap/forecast/").status_code == 403
        assert ben.post("roadmap/forecast/").status_code == 302
        assert Job.objects.filter(name="roadmap.forecast", workspace=workspace).count() == 1
        due = now.date() + timedelta(days=9)
        release = Release(workspace=workspace, title="4.3", ship_date=due)
        records.create_record(record=release, actor=ben.actor, at=now, prefix="R")
        first = world.add("First", UNSURE, release=release, due_date=due, due_kind="hard")
        second = world.add("Second", UNSURE, release=release)
        vague = world.add("Vague", release=release)
        world.wait(second, first)
        world.run()
        for query in (
            "",
            "?by=release",
            "?by=product&weeks=13",
            "?team=9",
            "?q=First",
            "?q=nowhere",
            "?page=7",
            "?page=x",
        ):
            answer = dan.get(f"roadmap/timeline/{query}")
            assert answer.status_code == 200, query
        text = dan.get("roadmap/timeline/?by=release").content.decode()
        assert "style=" not in text.partition("<main")[2]
        for words in ("First", "Without a date", "has no estimate", "tl__due--hard", "person-days planned"):
            assert words in text, words
        assert "Around " + second.key in dan.get(f"roadmap/timeline/?focus={second.key}").content.decode()
        sheet = dan.get(f"roadmap/forecast/{second.key}/").content.decode()
        for words in (f"Waits for {first.key}", "seed", "400", "What moves it", "85% by"):
            assert words in sheet, words
        assert "85% by" in dan.get(f"roadmap/features/{first.key}/").content.decode()
        assert "the promised" in dan.get(f"roadmap/features/{first.key}/").content.decode()
        page = dan.get(f"roadmap/releases/{release.number}/").content.decode()
        assert f"Without {vague.key}, which could not be placed" in page
        assert "No date: it has no estimate" in dan.get(f"roadmap/features/{vague.key}/").content.decode()
        assert dan.get("roadmap/forecast/F-999/").status_code == 404
        assert eve.get("/w/northwind/roadmap/timeline/").status_code == 404

    def test_costs_the_same_whatever_the_number(self, world, dan, django_assert_max_num_queries):
        def queries() -> int:
            with django_assert_max_num_queries(60) as captured:
                assert dan.get("roadmap/timeline/").status_code == 200
            return len(captured)

        world.add("One", SURE)
        world.run(runs=50)
        queries()
        few = queries()
        for number in range(12):
            world.add(f"More {number}", SURE)
        world.run(runs=50)
        assert queries() <= few

    def test_the_job_says_what_it_did(self, world, workspace, django_capture_on_commit_callbacks):
        from types import SimpleNamespace

        from roadbed.modules.roadmap import tasks

        world.add("One", SURE)
        context = SimpleNamespace(workspace_id=workspace.pk, now=lambda: world.now)
        assert tasks.forecast(context) == {"text": "1 piece of work has dates."}
        assert tasks.forecast(context) == {"text": "Nothing has changed since the last forecast."}


class TestProgram:
    def test_the_api_tells_the_same(self, world, ben, dan, eve, now):
        assert dan.api("get", "forecast").status_code == 404
        feature = world.add("One", UNSURE, due_date=now.date() + timedelta(days=9), due_kind="soft")
        vague = world.add("Vague")
        run = world.run()
        told = dan.api("get", "forecast").json()
        assert (told["number"], told["seed"], told["runs"], told["placed"]) == (1, 7, 400, 1)
        assert told["refused"] == [{"key": vague.key, "what": "estimate", "reason": "has no estimate"}]
        assert sum(week["planned"] for week in told["load"]) > 0
        (row,) = dan.api("get", "forecast/dates?kind=work").json()["items"]
        stored = run.rows.get()
        assert (row["key"], row["p85"], row["chance"]) == (feature.key, stored.p85.isoformat(), stored.chance)
        assert dan.api("get", f"forecast/dates/{feature.key}").json() == row
        assert dan.api("get", f"forecast/dates/{vague.key}").status_code == 404
        assert dan.api("post", "forecast").status_code == 403
        assert ben.api("post", "forecast").status_code == 202
