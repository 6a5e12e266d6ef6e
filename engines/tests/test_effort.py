"""Effort: the quantiles of what people say, and of what was finished."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from roadbed_engines import effort
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.priority import ranges

DAYS = st.floats(0.1, 200)


class TestRanges:
    @given(st.lists(DAYS, min_size=3, max_size=3), st.floats(0.5, 0.98))
    def test_have_the_quantiles_of_the_draws_that_priorities_make(self, figures, confidence):
        low, likely, high = sorted(figures)
        found = effort.of_range(ranges.Range(low=low, likely=likely, high=high, confidence=confidence))
        assert found.p10 <= found.p50 <= found.p90
        assert found.p10 <= found.mean * 1.0001

    def test_agree_with_a_million_draws(self):
        said = ranges.Range(low=3, likely=5, high=20, confidence=0.9)
        found = effort.of_range(said)
        drawn = ranges.draw(said, runs=1_000_000, chance=np.random.default_rng(4))
        wanted = [*np.quantile(drawn, [0.1, 0.5, 0.9]), drawn.mean()]
        assert [found.p10, found.p50, found.p90, found.mean] == pytest.approx(wanted, rel=0.005)

    def test_without_a_likely_value_are_lognormal(self):
        # A lognormal with the logarithm's mean ln 4 and deviation ln 2 / 1.2816 has these moments.
        found = effort.of_range(ranges.Range(low=2, high=8))
        spread = math.log(2) / 1.2815515655446004
        assert found.mean == pytest.approx(4 * math.exp(spread**2 / 2))

    @given(st.lists(DAYS, min_size=3, max_size=3))
    def test_of_three_points_keep_both_ends_and_put_the_median_between(self, figures):
        low, likely, high = sorted(figures)
        found = effort.of_three_points(low=low, likely=likely, high=high)
        assert (found.p10, found.p90) == (low, high)
        assert low <= found.p50 <= high

    def test_of_three_points_hold_what_they_say_over_draws(self):
        found = effort.of_three_points(low=3, likely=5, high=20)
        # Solved apart: both spreads at once, such that a tenth lies beyond each end.
        ends = math.log(5 / 3), math.log(20 / 5)

        def misses(spreads):
            weights = spreads[0] / sum(spreads), spreads[1] / sum(spreads)
            return [
                2 * weight * stats.norm.sf(end / spread) - 0.1
                for weight, end, spread in zip(weights, ends, spreads, strict=True)
            ]

        below, above = optimize.fsolve(misses, x0=[0.5, 0.9])
        chance, weight = np.random.default_rng(3), below / (below + above)
        halves = np.abs(chance.standard_normal(1_000_000))
        is_low = chance.random(1_000_000) < weight
        drawn = 5 * np.exp(np.where(is_low, -below, above) * halves)
        assert np.quantile(drawn, [0.1, 0.5, 0.9]).tolist() == pytest.approx(
            [found.p10, found.p50, found.p90], rel=0.01
        )

    def test_refuse_ends_in_the_wrong_order_and_nothing_at_all(self):
        with pytest.raises(ValueError, match="lies above the high end"):
            effort.of_quantiles(p10=9, p50=4, p90=3)
        with pytest.raises(ValueError, match="outside"):
            effort.of_quantiles(p10=2, p50=9, p90=8)
        with pytest.raises(ValueError, match="more than nothing"):
            effort.of_range(ranges.Range(low=0, high=3))


class TestClasses:
    def test_hold_what_they_promise_for_the_next_item(self):
        chance, held = np.random.default_rng(7), []
        for _ in range(4000):
            drawn = chance.lognormal(1, 0.8, 20)
            found = effort.of_class(drawn[:19].tolist())
            held.append(drawn[19] <= found.p90)
        assert abs(np.mean(held) - 0.9) < 0.015

    def test_refuse_with_too_few(self):
        with pytest.raises(
            NotEnoughDataError, match="8 finished items of this class are known; 9 are needed"
        ):
            effort.of_class([1.0] * 8)


class TestPeople:
    def test_who_disagree_are_less_sure_together(self):
        one, other = (effort.of_quantiles(p10=m / 1.5, p50=m, p90=m * 1.5) for m in (2, 10))
        both = effort.of_people([one, other])
        assert both.p10 < 2.2 < both.p50 < 10 < both.p90
        assert both.p90 / both.p10 > one.p90 / one.p10

    @given(st.lists(st.tuples(DAYS, DAYS, DAYS), min_size=1, max_size=5))
    def test_stay_between_the_most_and_the_least_that_anybody_said(self, voices):
        said = [effort.of_quantiles(p10=a, p50=b, p90=c) for a, b, c in map(sorted, voices)]
        both = effort.of_people(said)
        for name in ("p10", "p50", "p90"):
            each = [getattr(one, name) for one in said]
            assert min(each) * 0.999 <= getattr(both, name) <= max(each) * 1.001

    def test_refuse_when_nobody_spoke(self):
        with pytest.raises(NotEnoughDataError):
            effort.of_people([])
