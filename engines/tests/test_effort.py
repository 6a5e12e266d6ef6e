"""Effort, and dates of several teams at once."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.forecast import calibration, effort, joint
from roadbed_engines.forecast.history import History


class TestEffort:
    def test_a_range_is_read_at_the_confidence_it_was_given_with(self):
        for confidence in (0.5, 0.8, 0.9):
            found = effort.from_range(low=3, high=12, confidence=confidence)
            assert found.at((1 + confidence) / 2) == pytest.approx(12)
            assert found.at((1 - confidence) / 2) == pytest.approx(3)

    def test_a_narrow_class_gives_way_to_a_wider_one(self):
        chance = np.random.default_rng(1)
        wide = effort.Reference("all", tuple(np.exp(chance.normal(0.2, 0.7, 2_000))))
        narrow = effort.Reference("same team", tuple(np.exp(chance.normal(0, 0.3, 29))))
        found = effort.from_reference(estimate=10, classes=(narrow, wide))
        assert found.origin == "all"
        assert (found.median, found.sigma) == (
            pytest.approx(10 * np.exp(0.2), rel=0.05),
            pytest.approx(0.7, rel=0.06),
        )
        with pytest.raises(NotEnoughDataError, match="worth 29"):
            effort.from_reference(estimate=10, classes=(narrow,))

    def test_unequal_weights_are_worth_fewer_cases(self):
        assert effort.effective_size([1] * 40) == pytest.approx(40)
        assert effort.effective_size([10, *[0.1] * 40]) < 3

    def test_the_common_factor_of_simulated_packages_is_found(self):
        chance = np.random.default_rng(2)
        ratios = np.exp(chance.normal(0, 0.6, 4_000))
        past = []
        for _ in range(120):
            estimates = chance.uniform(2, 20, 40)
            luck = np.exp(chance.normal(0, 0.35))
            past.append(effort.Package(tuple(estimates), tuple(estimates * chance.choice(ratios, 40) * luck)))
        found = effort.learn_common(past=past, ratios=ratios)
        assert found.sigma == pytest.approx(0.35, rel=0.2)
        band = effort.package_at(estimates=[5.0] * 40, ratios=ratios, common=found, levels=(0.1, 0.85))
        alone = effort.package_at(estimates=[5.0] * 40, ratios=ratios, common=None, levels=(0.1, 0.85))
        assert band[0.85] / band[0.1] > 1.5 * alone[0.85] / alone[0.1]
        with pytest.raises(NotEnoughDataError, match="needs 8 finished packages; there are 3"):
            effort.learn_common(past=past[:3], ratios=ratios)


class TestJoint:
    def test_a_joint_p85_of_five_teams_holds_85_of_100(self):
        """Their errors are drawn from those that are borrowed; the worst of five P85 dates would hold 44 of 100."""
        middles = [20.0] * 5
        each = calibration.calibrate(own=np.zeros(0), horizon=20)
        trials = joint.last_of(middles=middles, calibrations=[each] * 5)
        promised = np.quantile(trials.max(axis=0), 0.85)
        errors = calibration.borrowed(horizon=20)
        luck = np.random.default_rng(9).random((20_000, 5))
        actual = 20 * np.exp(np.interp(luck, calibration.LEVELS, np.sort(errors)))
        assert (actual.max(axis=1) <= promised).mean() == pytest.approx(0.85, abs=0.02)
        single = np.quantile(20 * np.exp(errors), 0.85)
        assert (actual.max(axis=1) <= single).mean() < 0.5

    def test_it_is_later_than_each_alone_unless_their_luck_is_one(self):
        chance = np.random.default_rng(3)
        history = {
            team: History(first=date(2024, 1, 1), last=date(2025, 6, 30), counts=chance.poisson(2, 390))
            for team in "abc"
        }
        items = dict.fromkeys("abc", 40)
        apart = joint.when_all_done(histories=history, items=items, correlation=0.0)
        one = joint.when_all_done(histories=history, items=items, correlation=1.0)
        assert apart.days[1] > one.days[1]
        assert list(apart.days) == sorted(apart.days)
        assert sum(apart.last.values()) == pytest.approx(1)
        assert joint.when_all_done(histories=history, items=items).correlation < 0.15

    def test_a_team_without_a_history_is_named(self):
        empty = History(first=date(2024, 1, 1), last=date(2024, 6, 30), counts=np.zeros(120, dtype=np.int64))
        with pytest.raises(NotEnoughDataError, match=r"^web: a forecast needs"):
            joint.when_all_done(histories={"web": empty}, items={"web": 3})
