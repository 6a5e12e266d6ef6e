"""Many futures of a plan: closed forms, laws and refusals."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from roadbed_engines.schedule.futures import simulate
from roadbed_engines.schedule.plan import Activity, Dependency, Mode, Plan, PlanError, Pool
from roadbed_engines.schedule.uncertainty import Estimate, Growth, Risk, Sickness, Uncertainty


def tasks(*days, **needs):
    return tuple(Activity(key=f"F-{at}", modes=(Mode(duration=d, needs=needs),)) for at, d in enumerate(days))


SIDE_BY_SIDE = Plan(activities=tasks(50, 50))
ONE_PERSON = Plan(activities=tasks(50, 50, web=1), pools=(Pool(key="web", capacity=1),))


def unsure(*, sigma=0.4, shared=0.0, factors=("team",), **more):
    each = Estimate(median=50, sigma=sigma, factors=factors, shared=shared)
    return Uncertainty(estimates={"F-0": each, "F-1": each}, **more)


class TestFutures:
    def test_one_lognormal_has_its_quantiles(self):
        found = simulate(
            Plan(activities=tasks(50)),
            uncertainty=Uncertainty(estimates={"F-0": Estimate(median=50, sigma=0.4)}),
        )
        for level, z in ((0.5, 0.0), (0.85, 1.0364), (0.95, 1.6449)):
            assert found.outlook("F-0").at(level) == pytest.approx(50 * math.exp(0.4 * z), rel=0.03)

    def test_the_later_of_two_is_the_product_of_their_chances_only_if_they_are_independent(self):
        both = {"both": ["F-0", "F-1"]}
        alone = simulate(SIDE_BY_SIDE, uncertainty=unsure(), targets=both)
        each = alone.outlook("F-0").by(70)
        assert alone.outlook("both").by(70) == pytest.approx(each**2, abs=0.015)
        assert alone.all_kept({"F-0": 70, "F-1": 70}) == alone.outlook("both").by(70)
        together = simulate(SIDE_BY_SIDE, uncertainty=unsure(shared=1.0), targets=both)
        assert together.outlook("both").by(70) == pytest.approx(each, abs=0.02)

    def test_shared_luck_widens_a_sum(self):
        spread = {
            shared: np.log(simulate(ONE_PERSON, uncertainty=unsure(shared=shared)).outlook("F-1").days).std()
            for shared in (0.0, 0.9)
        }
        assert spread[0.9] > 1.25 * spread[0.0]

    def test_a_risk_strikes_as_often_as_it_says_and_hits_all_it_names(self):
        risk = Risk(key="R-1", probability=0.3, low=10, likely=10, high=10, activities=("F-0", "F-1"))
        found = simulate(ONE_PERSON, uncertainty=Uncertainty(risks=(risk,)))
        assert found.outlook("F-1").by(100) == pytest.approx(0.7, abs=0.02)
        assert set(found.outlook("F-1").days.tolist()) == {100, 120}
        driver = found.drivers("F-1")[0]
        assert (driver.key, driver.kind, driver.days) == ("R-1", "risk", 20)

    def test_a_plan_with_a_demand_has_the_same_luck_as_without(self):
        more = replace(
            ONE_PERSON,
            activities=(
                *ONE_PERSON.activities,
                *tasks(5)[:0],
                Activity(key="D-1", modes=(Mode(duration=20, needs={"web": 1}),)),
            ),
        )
        before = simulate(ONE_PERSON, uncertainty=unsure(), runs=500)
        after = simulate(more, uncertainty=unsure(), runs=500)
        assert np.array_equal(before.outlook("F-1").days, after.outlook("F-1").days)

    def test_neither_threads_nor_chunks_of_time_change_it(self):
        runs = [simulate(ONE_PERSON, uncertainty=unsure(), runs=300, seed=5, threads=n) for n in (1, 2, 3)]
        for other in runs[1:]:
            assert np.array_equal(runs[0].outlook("F-1").days, other.outlook("F-1").days)

    def test_growth_and_sickness_make_it_later(self):
        sure = simulate(ONE_PERSON, uncertainty=Uncertainty(), runs=200).outlook("F-1")
        assert set(sure.days.tolist()) == {100}
        grown = simulate(
            ONE_PERSON, uncertainty=Uncertainty(growth=Growth(all_low=1.2, all_high=1.2)), runs=200
        )
        assert set(grown.outlook("F-1").days.tolist()) == {120}
        ill = simulate(
            ONE_PERSON,
            uncertainty=Uncertainty(sickness={"web": Sickness(spells_a_year=13, days=3)}),
            runs=2_000,
        )
        # Thirteen spells of three days in 260: about one day in seven (they may overlap).
        assert 108 < ill.outlook("F-1").days.mean() < 119

    def test_who_sets_the_end_is_critical(self):
        plan = Plan(
            activities=tasks(50, 50, 5),
            dependencies=(Dependency(before="F-0", after="F-1"),),
        )
        found = simulate(plan, uncertainty=unsure(), runs=500)
        assert (found.criticality["F-0"], found.criticality["F-1"], found.criticality["F-2"]) == (
            1.0,
            1.0,
            0.0,
        )
        queue = simulate(ONE_PERSON, uncertainty=unsure(), runs=500)
        assert queue.criticality["F-0"] == 1.0

    def test_a_future_that_runs_off_the_calendar_is_decoded_on_a_longer_one(self):
        wild = Uncertainty(estimates={"F-0": Estimate(median=5, sigma=2.5)})
        days = simulate(Plan(activities=tasks(5)), uncertainty=wild, runs=500).outlook("F-0").days
        assert days.min() >= 1
        assert days.max() > 100

    @pytest.mark.parametrize(
        ("said", "uncertainty"),
        [
            ("an estimate names F-9", Uncertainty(estimates={"F-9": Estimate(median=1, sigma=1)})),
            ("absences name api", Uncertainty(sickness={"api": Sickness()})),
        ],
    )
    def test_a_strange_name_is_refused(self, said, uncertainty):
        with pytest.raises(PlanError, match=said):
            simulate(ONE_PERSON, uncertainty=uncertainty)

    def test_a_range_upside_down_is_refused(self):
        with pytest.raises(PlanError, match="P10 is 9 and P90 3"):
            Estimate.from_range(low=9, high=3)
        with pytest.raises(PlanError, match=r"probability of 1\.2"):
            Risk(key="R", probability=1.2, low=0, likely=1, high=2, activities=())
