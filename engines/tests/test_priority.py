"""Scores, ranges, ranks and the value of learning: published figures, laws, refusals."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.priority import learning, ranges, ranks, scores
from roadbed_engines.priority.ranges import Range

ends = st.floats(0.1, 1_000)


class TestRanges:
    @settings(max_examples=40, deadline=None)
    @given(low=ends, factor=st.floats(1.05, 20), confidence=st.floats(0.3, 0.98))
    def test_a_range_holds_the_stated_share(self, low, factor, confidence):
        given_range = Range(low=low, high=low * factor, confidence=confidence)
        drawn = ranges.draw(given_range, runs=20_000, chance=np.random.default_rng(1))
        held = np.mean((drawn >= given_range.low) & (drawn <= given_range.high))
        assert held == pytest.approx(confidence, abs=0.02)

    @pytest.mark.parametrize("likely", [2.5, 5.0, 11.0])
    @pytest.mark.parametrize("confidence", [0.6, 0.8, 0.9])
    def test_so_does_one_with_a_likely_value(self, likely, confidence):
        given_range = Range(low=2, high=12, likely=likely, confidence=confidence)
        drawn = ranges.draw(given_range, runs=40_000, chance=np.random.default_rng(2))
        assert np.mean((drawn >= 2) & (drawn <= 12)) == pytest.approx(confidence, abs=0.01)
        assert drawn.min() >= 0

    def test_a_figure_without_doubt_is_always_drawn(self):
        assert set(ranges.draw(ranges.exactly(4), runs=10, chance=np.random.default_rng(0))) == {4.0}

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"low": 3, "high": 2}, "lies above the high end"),
            ({"low": 1, "high": 2, "likely": 3}, "lies outside"),
            ({"low": 1, "high": math.inf}, "finite"),
            ({"low": 1, "high": 2, "confidence": 1.0}, "between 0 and 1"),
        ],
    )
    def test_contradictions_are_refused(self, wrong, said):
        with pytest.raises(ValueError, match=said):
            Range(**wrong)


class TestScores:
    def test_nothing_is_free(self):
        with pytest.raises(ValueError, match="effort must be above 0"):
            scores.rice(reach=1, impact=1, confidence=1, effort=0)

    def test_numbers_and_draws_are_scored_alike(self):
        efforts = np.array([1.0, 2.0, 4.0])
        found = scores.rice(reach=100, impact=2, confidence=0.5, effort=efforts)
        assert np.allclose(found, [100, 50, 25])

    def test_smith_s_order_loses_least_on_one_server(self):
        """Smith 1956: no order of these five loses less than the one by cost of delay over duration."""
        from itertools import permutations

        jobs = [(3.0, 2.0), (1.0, 4.0), (5.0, 1.0), (2.0, 2.0), (4.0, 6.0)]

        def lost(order):
            now = total = 0.0
            for place in order:
                now += jobs[place][1]
                total += jobs[place][0] * now
            return total

        ours = sorted(range(5), key=lambda j: -scores.wsjf(cost_of_delay=jobs[j][0], duration=jobs[j][1]))
        assert lost(ours) == min(lost(order) for order in permutations(range(5)))

    def test_drivers_on_mixed_scales_are_brought_to_one(self):
        drivers = {
            "revenue": scores.Driver(name="revenue", weight=3, worst=0, best=100),
            "risk": scores.Driver(name="risk", weight=1, worst=10, best=0),
        }
        assert scores.weighted(values={"revenue": 50, "risk": 0}, drivers=drivers) == pytest.approx(0.625)
        with pytest.raises(NotEnoughDataError, match="no value for risk"):
            scores.weighted(values={"revenue": 50}, drivers=drivers)


class TestRanks:
    @settings(max_examples=30, deadline=None)
    @given(items=st.integers(1, 12), cut=st.integers(1, 5), seed=st.integers(0, 99))
    def test_shares_add_up(self, items, cut, seed):
        drawn = np.random.default_rng(seed).normal(size=(200, items))
        study = ranks.study_ranks(scores=drawn, cut=cut)
        assert study.first.sum() == pytest.approx(1)
        assert study.top.sum() == pytest.approx(min(cut, items))
        assert study.mean.sum() == pytest.approx(items * (items + 1) / 2)
        assert (study.low <= study.middle).all()
        assert (study.middle <= study.high).all()

    def test_a_certain_order_is_stable_and_an_uncertain_one_is_not(self):
        certain = ranks.study_ranks(scores=np.tile(np.arange(20.0), (100, 1)), cut=5)
        assert certain.stability == 1.0
        assert not certain.coin_flips.any()
        open_ones = ranks.study_ranks(scores=np.random.default_rng(1).normal(size=(2_000, 20)), cut=5)
        assert open_ones.stability == pytest.approx(0.25, abs=0.02)

    def test_beating_and_being_beaten_add_up_to_one(self):
        found = ranks.chance_of_beating(
            scores=np.random.default_rng(3).integers(0, 4, (500, 6)).astype(float)
        )
        assert np.allclose(found + found.T, 1)

    def test_five_hundred_items_take_no_longer_than_the_bar(self):
        """500 items, 10,000 draws: at most 1.5 s of CPU."""
        chance = np.random.default_rng(7)
        began = time.process_time()
        reach, impact, effort = (np.exp(chance.normal(1, 0.5, (10_000, 500))) for _ in range(3))
        drawing = time.process_time() - began
        found = scores.rice(reach=reach, impact=impact, confidence=1.0, effort=effort)
        study = ranks.study_ranks(scores=np.asarray(found), cut=50)
        assert study.items == 500
        assert time.process_time() - began - drawing < 1.5


class TestLearning:
    @pytest.mark.parametrize(("mean", "other"), [(0.0, 0.0), (1.0, 0.5), (-0.5, 0.3)])
    @pytest.mark.parametrize("size", [1, 5, 30])
    def test_regression_meets_the_closed_form_within_three_in_a_hundred(self, mean, other, size):
        chance = np.random.default_rng(11)
        truth = chance.normal(mean, 1.0, 60_000)
        found = truth + chance.normal(0, 2.0 / math.sqrt(size), 60_000)
        benefit = np.column_stack([np.full(len(truth), other), truth])
        exact = learning.sample_of_normal(mean=mean, sd=1.0, other=other, noise=2.0, size=size)
        assert learning.sample(benefit=benefit, summary=found).value == pytest.approx(
            exact, rel=0.03, abs=0.002
        )

    def test_perfect_is_never_less_than_partial_which_is_never_less_than_a_study(self):
        chance = np.random.default_rng(5)
        first, second = chance.normal(size=(2, 20_000))
        benefit = np.column_stack([np.zeros(20_000), first + second, 0.5 * first])
        everything = learning.perfect(benefit=benefit).value
        one = learning.partial(benefit=benefit, unknown=first).value
        study = learning.sample(benefit=benefit, summary=first + chance.normal(size=20_000)).value
        assert everything >= one >= study > 0

    def test_what_does_not_matter_is_worth_nothing(self):
        chance = np.random.default_rng(6)
        benefit = np.column_stack([np.zeros(20_000), chance.normal(size=20_000)])
        found = learning.partial(benefit=benefit, unknown=chance.normal(size=20_000))
        assert found.value < 0.02

    def test_a_larger_study_is_worth_more_up_to_perfect(self):
        worths = [
            learning.sample_of_normal(mean=0.2, sd=1, other=0, noise=3, size=size)
            for size in (0, 1, 10, 1_000)
        ]
        assert worths == sorted(worths)
        assert worths[-1] < learning.sample_of_normal(mean=0.2, sd=1, other=0, noise=3, size=math.inf)

    def test_few_draws_and_no_choice_are_refused(self):
        with pytest.raises(NotEnoughDataError):
            learning.perfect(benefit=np.zeros((10, 2)))
        with pytest.raises(ValueError, match="at least two options"):
            learning.perfect(benefit=np.zeros((1_000, 1)))
