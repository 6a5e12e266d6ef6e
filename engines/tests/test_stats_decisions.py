"""The split, the segments, the course of time, and what is recommended."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats.analysis import Measurement, analyse, state_of, with_state
from roadbed_engines.stats.decision import Contest, Reading, State, Variant, Verdict, decide
from roadbed_engines.stats.effects import Direction, Plan, share
from roadbed_engines.stats.health import Level, missing_check
from roadbed_engines.stats.moments import Moments
from roadbed_engines.stats.novelty import Course, novelty
from roadbed_engines.stats.readout import Kind, Metric, Options, Role
from roadbed_engines.stats.sample_ratio import RatioStatus, diagnose, sample_ratio
from roadbed_engines.stats.segments import heterogeneity, interaction
from roadbed_engines.stats.switchback import switchback


def reading(low, high, **more):
    return Reading("orders", low=low, high=high, **more)


UP, DOWN, FLAT = reading(0.01, 0.05), reading(-0.05, -0.01), reading(-0.02, 0.02)
SAFE = Reading("latency", low=-0.01, high=0.01, wanted=Direction.DOWN, margin=0.02)
HARM = Reading("latency", low=0.03, high=0.06, wanted=Direction.DOWN, margin=0.02)
OPEN = Reading("latency", low=-0.01, high=0.05, wanted=Direction.DOWN, margin=0.02)
RUNNING, DONE = State(is_complete=False, days_left=5), State(is_complete=True)


class TestDecide:
    @pytest.mark.parametrize(
        ("variants", "more", "verdict", "who"),
        [
            ([Variant("B", UP)], {"problems": ["Units are missing."]}, Verdict.UNHEALTHY, ""),
            ([Variant("B", None)], {}, Verdict.TOO_EARLY, ""),
            ([Variant("B", UP, (SAFE,))], {"state": RUNNING}, Verdict.SHIP, "B"),
            ([Variant("B", UP)], {"state": State(plan=Plan.FIXED, is_complete=False)}, Verdict.TOO_EARLY, ""),
            ([Variant("B", UP, (OPEN,))], {"state": RUNNING}, Verdict.TOO_EARLY, ""),
            ([Variant("B", UP, (OPEN,))], {"state": DONE}, Verdict.JUDGEMENT, ""),
            ([Variant("B", UP, (HARM,))], {"state": RUNNING}, Verdict.JUDGEMENT, ""),
            ([Variant("B", FLAT, (HARM,))], {"state": RUNNING}, Verdict.ROLL_BACK, "B"),
            ([Variant("B", DOWN)], {"state": RUNNING}, Verdict.ROLL_BACK, "B"),
            ([Variant("B", FLAT)], {"state": RUNNING}, Verdict.TOO_EARLY, ""),
            ([Variant("B", FLAT)], {"state": DONE}, Verdict.NO_DIFFERENCE, ""),
            ([Variant("B", FLAT)], {}, Verdict.JUDGEMENT, ""),
            ([Variant("B", reading(-0.02, 0.02, matters=0.03))], {}, Verdict.NO_DIFFERENCE, ""),
            ([Variant("B", UP), Variant("C", FLAT)], {}, Verdict.SHIP, "B"),
            ([Variant("B", UP), Variant("C", UP)], {}, Verdict.JUDGEMENT, ""),
            ([Variant("B", UP), Variant("C", UP)], {"contests": [Contest("C", "B", UP)]}, Verdict.SHIP, "C"),
            (
                [Variant("B", UP), Variant("C", UP)],
                {"contests": [Contest("C", "B", DOWN)]},
                Verdict.SHIP,
                "B",
            ),
        ],
    )
    def test_every_state_has_its_verdict(self, variants, more, verdict, who):
        found = decide(variants=variants, **more)
        assert (found.verdict, found.variant) == (verdict, who)
        assert found.reasons
        assert bool(found.choices) == (verdict is Verdict.JUDGEMENT)

    def test_the_days_left_are_told(self):
        assert decide(variants=[Variant("B", FLAT)], state=RUNNING).reasons[-1].endswith("5 days left.")


class TestAnalyse:
    def _measured(self, lift, units=(5_000, 5_000)):
        chance = np.random.default_rng(3)
        samples = {
            name: Moments.of_rows({"x": chance.gamma(2, 5, count) * (1 + lift * (name == "B"))})
            for name, count in zip("AB", units, strict=True)
        }
        return Measurement(units=dict(zip("AB", units, strict=True)), samples={"x": samples})

    def test_a_failed_split_is_never_trusted(self):
        found = analyse(
            measurement=self._measured(0.2, (5_000, 4_000)),
            metrics=[Metric("x", Kind.MEAN, ("x",))],
            control="A",
        )
        assert not found.is_trusted
        assert found.recommendation.verdict is Verdict.UNHEALTHY

    def test_progress_decides_between_waiting_and_nothing(self):
        metric = Metric("x", Kind.MEAN, ("x",), role=Role.PRIMARY, matters=0.01)
        options = Options(plan=Plan.FIXED)
        found = analyse(measurement=self._measured(0.0), metrics=[metric], control="A", options=options)
        state = state_of(found, days=10)
        assert state.is_complete is False
        assert state.days_left is not None
        assert state.days_left > 10
        assert with_state(found, state).recommendation.verdict is Verdict.TOO_EARLY
        assert state_of(found, planned=10_000).is_complete is True
        assert state_of(found, planned=20_000, days=5).days_left == 5

    def test_two_metrics_of_one_name_are_refused(self):
        with pytest.raises(ValueError, match="same name"):
            analyse(measurement=self._measured(0), metrics=[Metric("x", Kind.MEAN, ("x",))] * 2, control="A")


class TestSplit:
    def test_where_units_went_missing_is_found(self):
        counts = {"web": (5_000, 5_050), "ios": (3_000, 3_010), "android": (3_000, 2_300)}
        total = sample_ratio(counts=[sum(row[at] for row in counts.values()) for at in (0, 1)])
        assert total.status is RatioStatus.FAILED
        found = diagnose(counts=counts)
        assert found.differs
        assert [leak.value for leak in found.leaks] == ["android"]
        assert found.leaks[0].missing == pytest.approx((0.0, 700.0))

    def test_planned_shares_count(self):
        assert sample_ratio(counts=(1_000, 9_000), shares=(1, 9)).status is RatioStatus.PASSED
        with pytest.raises(NotEnoughDataError):
            sample_ratio(counts=(3, 1))

    def test_values_missing_on_one_side_are_pointed_out(self):
        found = missing_check(metric="x", missing={"A": 10, "B": 90}, units={"A": 1_000, "B": 1_000})
        assert found is not None
        assert found.level is Level.WARNING
        assert "more often in one variant" in found.message
        assert missing_check(metric="x", missing={"A": 0}, units={"A": 9}) is None


class TestSegments:
    def test_one_that_differs_is_named(self):
        found = heterogeneity(effects=[0.1, 0.11, 0.09, -0.2], errors=[0.02] * 4, names=["a", "b", "c", "d"])
        assert found.p_value < 1e-9
        assert "d" in found.outlying
        assert heterogeneity(effects=[0.1, 0.11], errors=[0.02] * 2).inconsistency == 0.0

    def test_false_alarms_are_as_rare_as_they_say(self):
        chance = np.random.default_rng(6)
        rows = chance.normal(0.1, 0.02, (1_000, 5))
        alarmed = np.mean([heterogeneity(effects=row, errors=[0.02] * 5).p_value < 0.05 for row in rows])
        assert alarmed == pytest.approx(0.05, abs=0.03)

    def test_experiments_that_do_not_meet_do_not_interact(self):
        cells = {
            (one, two): share(successes=100 + 20 * one, units=1_000)
            for one in (False, True)
            for two in (False, True)
        }
        assert interaction(cells=cells).p_value == pytest.approx(1.0)
        with pytest.raises(NotEnoughDataError):
            interaction(cells={(True, True): cells[True, True]})


class TestTime:
    def test_what_stays_is_steady_and_what_grows_grows(self):
        assert novelty(effects=[0.1, 0.1, 0.1], errors=[0.02] * 3, days=[1, 2, 3]).course is Course.STEADY
        assert novelty(effects=[0.0, 0.1, 0.2], errors=[0.02] * 3, days=[1, 2, 3]).course is Course.GROWS
        with pytest.raises(NotEnoughDataError):
            novelty(effects=[0.1] * 2, errors=[0.02] * 2, days=[1, 2])


class TestSwitchback:
    def test_it_is_the_regression_of_statsmodels_to_nine_digits(self):
        chance = np.random.default_rng(12)
        place, day, hour = (one.ravel() for one in np.meshgrid(range(4), range(10), range(6), indexing="ij"))
        treated = chance.integers(0, 2, len(place))
        weight = chance.integers(5, 50, len(place)).astype(float)
        block = place * 10 + day
        value = (
            5
            + place
            + 0.3 * hour
            + 0.5 * treated
            + chance.normal(0, 1, 40)[block]
            + chance.normal(0, 1, len(place))
        )
        ours = switchback(
            values=value, treated=treated, clusters=block.tolist(), fixed=[place.tolist(), hour.tolist()],
            weights=weight,
        )  # fmt: skip
        dummies = [place == at for at in range(1, 4)] + [hour == at for at in range(1, 6)]
        columns = np.column_stack([treated, np.ones(len(place)), *dummies]).astype(float)
        theirs = sm.WLS(value, columns, weights=weight).fit(
            cov_type="cluster", cov_kwds={"groups": block}, use_t=True
        )
        assert ours.effect == pytest.approx(theirs.params[0], rel=1e-9)
        assert ours.error == pytest.approx(theirs.bse[0], rel=1e-9)
        assert ours.p_value == pytest.approx(theirs.pvalues[0], rel=1e-9)
        assert ours.low < 0.5 < ours.high

    def test_few_clusters_are_refused(self):
        with pytest.raises(NotEnoughDataError, match="6 clusters"):
            switchback(values=[1, 2], treated=[False, True], clusters=[1, 2])
