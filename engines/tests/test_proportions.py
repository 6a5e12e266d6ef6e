"""Two shares are compared as Newcombe's tables have it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats.proportions import difference_in_proportions, share_of


class TestPublished:
    @pytest.mark.parametrize(
        ("first", "second", "low", "high"),
        [
            ((48, 80), (56, 70), 0.0524, 0.3339),
            ((3, 10), (9, 10), 0.1705, 0.8090),
            ((2, 7), (6, 7), 0.0582, 0.8062),
            ((0, 29), (5, 56), -0.0381, 0.1926),
            ((0, 20), (0, 10), -0.1611, 0.2775),
            ((0, 20), (10, 10), 0.6791, 1.0),
        ],
    )
    def test_newcombe_1998_table_ii_method_10(
        self, first: tuple[int, int], second: tuple[int, int], low: float, high: float
    ) -> None:
        found = difference_in_proportions(successes=(first[0], second[0]), trials=(first[1], second[1]))
        assert found.low == pytest.approx(low, abs=6e-5)
        assert found.high == pytest.approx(high, abs=6e-5)

    @pytest.mark.parametrize(
        ("successes", "trials", "low", "high"),
        [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
    )
    def test_wilson_intervals_of_newcombe_1998_table_i_method_3(
        self, successes: int, trials: int, low: float, high: float
    ) -> None:
        found = share_of(successes=successes, trials=trials)
        assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)


class TestLaws:
    @given(st.integers(1, 400), st.integers(1, 400), st.data())
    def test_turning_the_groups_turns_the_interval(self, one: int, other: int, data: st.DataObject) -> None:
        asked = (data.draw(st.integers(0, one)), data.draw(st.integers(0, other)))
        there = difference_in_proportions(successes=asked, trials=(one, other))
        back = difference_in_proportions(successes=asked[::-1], trials=(other, one))
        assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
        assert there.low <= there.difference <= there.high


class TestRefusal:
    def test_an_empty_group_has_no_share(self) -> None:
        with pytest.raises(NotEnoughDataError):
            difference_in_proportions(successes=(0, 1), trials=(0, 4))

    def test_more_than_all_is_impossible(self) -> None:
        with pytest.raises(ValueError, match="successes"):
            share_of(successes=5, trials=4)
        with pytest.raises(ValueError, match="confidence"):
            share_of(successes=1, trials=4, confidence=1.0)
