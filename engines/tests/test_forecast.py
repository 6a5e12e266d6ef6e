"""Throughput forecasts: laws that they keep, refusals, and what simulated teams make of their dates."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.forecast import backtest, calibration, throughput
from roadbed_engines.forecast.history import History, count_finishes

MONDAY = date(2024, 1, 1)


def history_of(counts: list[int] | np.ndarray) -> History:
    last = np.busday_offset(MONDAY, len(counts) - 1).astype(object)
    return History(first=MONDAY, last=last, counts=np.asarray(counts, dtype=np.int64))


def steady(days: int = 300, rate: float = 2.0, seed: int = 1) -> History:
    return history_of(np.random.default_rng(seed).poisson(rate, days))


class TestHistory:
    def test_weekends_and_holidays_count_on_the_next_working_day(self):
        new_year = date(2024, 1, 1)
        found = count_finishes(
            finished=[date(2023, 12, 29), date(2023, 12, 30), new_year, date(2024, 1, 3)], holidays=[new_year]
        )
        assert found.counts.tolist() == [1, 2, 1]
        assert (found.first, found.last) == (date(2023, 12, 29), date(2024, 1, 3))
        assert found.day_after(3) == date(2024, 1, 8)

    def test_quiet_days_up_to_today_are_part_of_it(self):
        found = count_finishes(finished=[MONDAY], until=MONDAY + timedelta(days=11))
        assert found.counts.tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]

    def test_what_comes_later_is_left_out(self):
        found = count_finishes(finished=[MONDAY, MONDAY + timedelta(days=30)], until=MONDAY)
        assert found.counts.tolist() == [1]

    def test_nothing_finished_is_refused(self):
        with pytest.raises(NotEnoughDataError, match="nothing was finished yet"):
            count_finishes(finished=[])


class TestCalibration:
    def test_without_own_errors_the_borrowed_ones_speak(self):
        found = calibration.calibrate(own=np.array([]), horizon=20)
        assert not found.is_own
        assert 0.66 <= np.log(found.stretch(0.85)) <= 0.90  # the table's quantiles on either side of 85%

    def test_own_errors_take_over(self):
        exact = np.zeros(60)
        found = calibration.calibrate(own=exact, horizon=20)
        assert found.is_own
        assert found.stretch(0.5) == 1.0
        assert found.stretch(0.85) < calibration.calibrate(own=np.array([]), horizon=20).stretch(0.85)

    @given(
        own=st.lists(st.floats(-3, 3), max_size=50),
        horizon=st.floats(1, 500),
        levels=st.lists(st.floats(0.01, 0.99), min_size=2, max_size=5),
    )
    def test_a_surer_date_is_never_earlier(self, own, horizon, levels):
        found = calibration.calibrate(own=np.array(own), horizon=horizon)
        stretches = [found.stretch(level) for level in sorted(levels)]
        assert stretches == sorted(stretches)

    def test_between_two_horizons_the_table_is_read_between(self):
        middle = calibration.borrowed(horizon=float(np.sqrt(20 * 40)))
        both = (np.asarray(calibration.PRIOR[20]) + np.asarray(calibration.PRIOR[40])) / 2
        assert middle == pytest.approx(both)

    def test_the_table_is_sorted_and_whole(self):
        for row in calibration.PRIOR.values():
            assert len(row) == len(calibration.LEVELS)
            assert list(row) == sorted(row)


class TestWhen:
    def test_more_items_take_no_less_long(self):
        history = steady()
        found = [throughput.when_done(history=history, items=items).days for items in (5, 20, 80)]
        assert found[0] <= found[1] <= found[2]

    def test_dates_are_working_days(self):
        found = throughput.when_done(history=steady(), items=30)
        assert all(day is not None and day.weekday() < 5 for day in found.dates)

    def test_the_simulation_agrees_with_arithmetic_where_every_day_is_the_same(self):
        found = throughput.when_done(history=history_of([2] * 100), items=40)
        assert found.simulated == (20, 20, 20)

    def test_a_date_beyond_ten_years_is_not_told(self):
        slow = history_of([1 if day % 5 == 0 else 0 for day in range(100)])
        assert throughput.when_done(history=slow, items=5_000).dates[-1] is None

    @pytest.mark.parametrize("counts", [[3] * 3, [0] * 100 + [1] * 5, [20] + [0] * 59])
    def test_too_little_is_refused_with_what_is_missing(self, counts):
        with pytest.raises(NotEnoughDataError, match="needs 11 finished items on 5 different days"):
            throughput.when_done(history=history_of(counts), items=5)

    def test_no_items_are_no_question(self):
        with pytest.raises(ValueError, match="at least one item"):
            throughput.when_done(history=steady(), items=0)


class TestHowMany:
    def test_it_is_the_same_statement_as_when(self):
        history = history_of([2] * 200)
        many = throughput.how_many(history=history, days=20)
        for level, items in zip(many.levels, many.items, strict=True):
            stretch = many.calibration.stretch(level)
            assert np.ceil(items / throughput.pace(history.counts) * stretch) <= 20

    def test_a_surer_number_is_never_higher(self):
        found = throughput.how_many(history=steady(), days=60)
        assert list(found.items) == sorted(found.items, reverse=True)

    @settings(max_examples=30, deadline=None)
    @given(counts=st.lists(st.integers(0, 6), min_size=60, max_size=200), days=st.integers(1, 80))
    def test_any_history_is_answered_or_refused(self, counts, days):
        try:
            found = throughput.how_many(history=history_of(counts), days=days)
        except NotEnoughDataError:
            return
        assert min(found.items) >= 0


class TestBackTest:
    def test_only_what_was_known_is_used(self):
        """The first forecasts stay the same whatever happens later."""
        early = np.random.default_rng(3).poisson(2.0, 200)
        late = [np.concatenate([early, np.full(200, rate)]) for rate in (1, 9)]
        pasts = [throughput.look_back(counts=counts, horizon=20) for counts in late]
        both = [[(int(p.origins[i]), int(p.items[i]), float(p.middles[i])) for i in range(10)] for p in pasts]
        assert both[0] == both[1]
        known = pasts[0].known_at(100)
        assert all(pasts[0].origins[known] + pasts[0].actuals[known] <= 100)

    def test_a_forecast_that_never_comes_true_counts_as_late(self):
        stopped = np.concatenate([np.random.default_rng(4).poisson(3.0, 150), np.zeros(300, dtype=int)])
        found = backtest.back_test(counts=stopped, horizon=20)
        assert found.open_ones > 0
        assert found.given.coverage[-1] < 1

    def test_teams_whose_pace_drifts_keep_their_dates(self):
        """Forty simulated teams: the log of the pace walks; the plain simulation breaks its word, ours keeps it."""
        covered, plain = [], []
        for seed in range(40):
            chance = np.random.default_rng(seed)
            log_pace = 0.7 + np.cumsum(chance.normal(0, 0.35, 90))
            log_pace = np.clip(log_pace - np.linspace(0, log_pace[-1] - 0.7, 90), -1.5, 2.5)
            counts = chance.poisson(np.exp(np.repeat(log_pace, 5)))
            found = backtest.back_test(counts=counts, horizon=20, runs=200)
            covered.append(found.given.coverage)
            plain.append(found.simulated.coverage)
        kept = np.mean(covered, axis=0)
        assert 0.80 <= kept[1] <= 0.92
        assert kept[2] >= 0.92
        assert np.mean(plain, axis=0)[1] < kept[1]

    def test_too_few_forecasts_are_refused(self):
        with pytest.raises(NotEnoughDataError, match="needs 8 past forecasts"):
            backtest.back_test(counts=np.full(80, 2), horizon=20)

    def test_the_pinball_loss_is_the_textbook_s(self):
        loss = backtest.pinball(actual=np.array([np.e]), forecast=np.array([[1.0]]), levels=[0.9])
        assert loss == pytest.approx(0.9)
        loss = backtest.pinball(actual=np.array([1.0]), forecast=np.array([[np.e]]), levels=[0.9])
        assert loss == pytest.approx(0.1)
