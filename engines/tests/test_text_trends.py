"""Alerts and change points: the loud weeks of a real year, and silence where there is nothing."""

from __future__ import annotations

import csv
import datetime as dt
import random
import re
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.text import trends

START = dt.date(2025, 1, 6)
QUESTIONS = Path(__file__).parents[3] / "shared" / "data" / "feedback" / "thunderbird_questions_2025.csv"


def weeks(*counts: int) -> trends.Weeks:
    return trends.Weeks(START, counts)


class TestCounting:
    def test_weeks_begin_on_monday_and_empty_ones_count(self) -> None:
        days = [dt.date(2025, 1, 6), dt.date(2025, 1, 12), dt.date(2025, 1, 27)]
        found = trends.weekly_counts(days=days, first=dt.date(2025, 1, 8), last=dt.date(2025, 1, 30))
        assert found == weeks(2, 0, 0, 1)
        assert found.week(3) == dt.date(2025, 1, 27)

    def test_a_year_that_ends_before_it_begins_is_refused(self) -> None:
        with pytest.raises(ValueError, match="lies before"):
            trends.weekly_counts(days=[], first=dt.date(2025, 2, 1), last=dt.date(2025, 1, 1))


class TestAlerts:
    def test_a_burst_is_one_alert(self) -> None:
        found = trends.alerts(weeks=weeks(1, 0, 0, 1, 1, 0, 1, 0, 16, 14, 9, 2, 1))
        assert [(one.seen, one.expected) for one in found] == [(16, 0.5)]
        assert found[0].why == "16 in the week, where the 8 weeks before averaged 0.5"

    def test_never_from_three_notes(self) -> None:
        assert trends.alerts(weeks=weeks(*[0] * 10, 3, *[0] * 5, 7)) == ()

    @given(st.lists(st.integers(0, 7), max_size=80))
    def test_never_below_eight(self, counts: list[int]) -> None:
        assert trends.alerts(weeks=weeks(*counts)) == ()

    def test_a_steady_stream_is_silent(self) -> None:
        rng = random.Random(3)  # noqa: S311 - a drawn year, no secret
        counts = [sum(rng.random() < 0.04 for _ in range(1000)) for _ in range(150)]
        assert trends.alerts(weeks=weeks(*counts)) == ()

    def test_a_release_just_before_is_named(self) -> None:
        counts = weeks(*[1] * 8, 20)
        monday = counts.week(8)
        near = [
            trends.Marker(monday - dt.timedelta(days=3), "2.4"),
            trends.Marker(monday + dt.timedelta(days=9), "2.5"),
        ]
        found = trends.alerts(weeks=counts, markers=near)
        assert found[0].marker == "2.4"
        assert "it follows 2.4" in found[0].why

    def test_what_is_usual_takes_eight_weeks(self) -> None:
        assert trends.alerts(weeks=weeks(0, 0, 50)) == ()
        with pytest.raises(NotEnoughDataError):
            trends.surprise(seen=9, before=[0] * 7)


class TestChangePoints:
    def test_a_lasting_rise_is_found_where_it_begins(self) -> None:
        rng = random.Random(5)  # noqa: S311 - a drawn year, no secret
        counts = [rng.choice([4, 5, 6]) for _ in range(30)] + [rng.choice([13, 14, 15]) for _ in range(30)]
        found = trends.change_points(
            weeks=weeks(*counts), markers=[trends.Marker(START + 29 * trends.WEEK, "3.0")]
        )
        assert [one.week for one in found] == [START + 30 * trends.WEEK]
        assert found[0].marker == "3.0"
        assert found[0].gain > 0

    def test_one_loud_week_is_no_change(self) -> None:
        assert trends.change_points(weeks=weeks(*[4] * 20, 12, *[4] * 20)) == ()

    def test_noise_has_none(self) -> None:
        rng = random.Random(7)  # noqa: S311 - drawn years, no secret
        silent = 0
        for _ in range(20):
            counts = [sum(rng.random() < 0.02 for _ in range(400)) for _ in range(100)]
            silent += not trends.change_points(weeks=weeks(*counts))
        assert silent >= 19

    def test_too_little_is_refused(self) -> None:
        with pytest.raises(NotEnoughDataError, match="8 weeks"):
            trends.change_points(weeks=weeks(9, 9, 9))
        with pytest.raises(NotEnoughDataError, match="16 pieces"):
            trends.change_points(weeks=weeks(*[0] * 20, 3))


@lru_cache(maxsize=1)
def weeks_by_word() -> dict[str, trends.Weeks]:
    """The English titles of 2025, grouped by nothing better than their words."""
    by_word: dict[str, list[dt.date]] = {}
    with QUESTIONS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if not row["locale"].startswith("en"):
                continue
            day = dt.date.fromisoformat(row["created"][:10])
            for word in {each for each in re.findall(r"\w+", row["title"].lower()) if len(each) > 3}:
                by_word.setdefault(word, []).append(day)
    first, last = dt.date(2025, 1, 1), dt.date(2025, 12, 31)
    return {
        word: trends.weekly_counts(days=days, first=first, last=last)
        for word, days in by_word.items()
        if len(days) >= 20
    }


@pytest.mark.skipif(not QUESTIONS.exists(), reason="the questions of 2025 are not at hand")
class TestARealYear:
    """14,640 questions about a mail program: by far the loudest was a virus scanner that broke formatted mail."""

    def test_the_august_burst_is_the_loudest_alert(self) -> None:
        found = [
            (one.z, word, one)
            for word, counts in weeks_by_word().items()
            for one in trends.alerts(weeks=counts)
        ]
        _, word, loudest = max(found, key=lambda each: each[0])
        assert word in {"html", "bitdefender", "code"}
        assert loudest.week == dt.date(2025, 8, 11)

    def test_few_words_alert_at_all(self) -> None:
        groups = weeks_by_word()
        assert sum(bool(trends.alerts(weeks=counts)) for counts in groups.values()) < len(groups) / 10
