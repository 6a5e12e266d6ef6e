"""The ratio of two rates, and the trend read from it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats import rates, trend

counts = st.integers(0, 300)
exposures = st.floats(0.5, 1e5)


class TestPublishedExamples:
    def test_lung_cancer_in_fredericia(self) -> None:
        """The two-sample example of `poisson.test` in R: 0.8584264 to 4.2772659 around 1.971488."""
        found = rates.compare_rates(events=(6 + 8 + 7, 11), exposures=(1083 + 1050 + 878, 800))
        assert found.ratio == pytest.approx(1.971488, rel=1e-6)
        assert found.low == pytest.approx(0.8584264, rel=1e-6)
        assert found.high == pytest.approx(4.2772659, rel=1e-6)

    def test_breast_cancer_after_fluoroscopy(self) -> None:
        """Boice & Monson (1977): 41 cases in 28,010 person-years against 15 in 19,017; ratio 1.86."""
        found = rates.compare_rates(events=(15, 41), exposures=(19_017, 28_010))
        assert round(found.ratio, 2) == 1.86
        assert found.low > 1.0 > 1.0 - found.p_value

    def test_the_tails_by_hand(self) -> None:
        """0 against 5 in equal stretches: one tail is 1/32."""
        found = rates.compare_rates(events=(0, 5), exposures=(10, 10))
        assert found.p_value == pytest.approx(2 / 32)
        assert math.isinf(found.ratio)
        assert math.isinf(found.high)
        assert found.low == pytest.approx(0.025 ** (1 / 5) / (1 - 0.025 ** (1 / 5)))


class TestLaws:
    @given(first=counts, second=counts, before=exposures, after=exposures)
    def test_swapping_the_stretches_inverts_the_ratio(
        self, first: int, second: int, before: float, after: float
    ) -> None:
        if first + second == 0:
            return
        there = rates.compare_rates(events=(first, second), exposures=(before, after))
        back = rates.compare_rates(events=(second, first), exposures=(after, before))
        assert there.p_value == pytest.approx(back.p_value, abs=1e-9)
        if first and second:
            assert there.ratio * back.ratio == pytest.approx(1.0)
            assert there.low * back.high == pytest.approx(1.0, rel=1e-6)

    @given(first=counts, second=counts, before=exposures, after=exposures)
    def test_the_interval_leaves_one_out_exactly_when_the_test_says_so(
        self, first: int, second: int, before: float, after: float
    ) -> None:
        if first + second == 0:
            return
        found = rates.compare_rates(events=(first, second), exposures=(before, after))
        assert found.low <= found.ratio <= found.high
        if abs(found.p_value - 0.05) > 1e-9:
            assert (found.low > 1 or found.high < 1) == (found.p_value < 0.05)

    @given(first=st.integers(1, 100), second=st.integers(1, 100), unit=st.floats(0.01, 100))
    def test_the_unit_of_the_exposure_does_not_matter(self, first: int, second: int, unit: float) -> None:
        plain = rates.compare_rates(events=(first, second), exposures=(270, 90))
        scaled = rates.compare_rates(events=(first, second), exposures=(270 * unit, 90 * unit))
        assert scaled.ratio == pytest.approx(plain.ratio)
        assert scaled.high == pytest.approx(plain.high)


class TestRefusals:
    def test_nothing_happened(self) -> None:
        with pytest.raises(NotEnoughDataError, match="Nothing happened"):
            rates.compare_rates(events=(0, 0), exposures=(270, 90))

    def test_nothing_was_looked_at(self) -> None:
        with pytest.raises(NotEnoughDataError, match="not looked at"):
            rates.compare_rates(events=(1, 1), exposures=(0, 90))

    def test_negative_counts(self) -> None:
        with pytest.raises(ValueError, match="negative"):
            rates.compare_rates(events=(-1, 1), exposures=(270, 90))


class TestTrend:
    def test_more_people_among_as_many_voices_rise(self) -> None:
        found = trend.share_trend(people=(12, 29), voices=(600, 420))
        assert found.direction is trend.Direction.RISING

    def test_twice_the_people_among_twice_the_voices_is_no_rise(self) -> None:
        found = trend.share_trend(people=(60, 120), voices=(300, 600))
        assert found.direction is trend.Direction.STEADY
        assert found.change.ratio == pytest.approx(1.0)

    def test_fewer_people_among_as_many_voices_fall(self) -> None:
        found = trend.share_trend(people=(60, 5), voices=(600, 300))
        assert found.direction is trend.Direction.FALLING

    def test_a_wide_interval_around_one_says_nothing(self) -> None:
        found = trend.share_trend(people=(4, 2), voices=(300, 100))
        assert found.direction is trend.Direction.UNCLEAR

    def test_new_things_rise_without_an_upper_end(self) -> None:
        found = trend.share_trend(people=(0, 9), voices=(300, 100))
        assert found.direction is trend.Direction.RISING
        assert math.isinf(found.change.high)

    def test_four_people_are_too_few(self) -> None:
        with pytest.raises(NotEnoughDataError, match="takes 5 people"):
            trend.share_trend(people=(1, 3), voices=(300, 100))

    def test_a_stretch_without_any_feedback_cannot_be_compared_with(self) -> None:
        with pytest.raises(NotEnoughDataError, match="no feedback at all"):
            trend.share_trend(people=(0, 8), voices=(0, 100))

    def test_more_people_than_voices_is_a_mistake_of_the_caller(self) -> None:
        with pytest.raises(ValueError, match="outnumber"):
            trend.share_trend(people=(8, 8), voices=(4, 100))

    @given(
        voices=st.tuples(st.integers(1, 2_000), st.integers(1, 2_000)),
        parts=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    )
    def test_turning_time_round_turns_the_direction_round(
        self, voices: tuple[int, int], parts: tuple[float, float]
    ) -> None:
        people = (int(voices[0] * parts[0]), int(voices[1] * parts[1]))
        if sum(people) < 5:
            return
        turned = {"rising": "falling", "falling": "rising", "steady": "steady", "unclear": "unclear"}
        there = trend.share_trend(people=people, voices=voices)
        back = trend.share_trend(people=people[::-1], voices=voices[::-1])
        assert back.direction == turned[there.direction]
