"""Figures and dates as people read them. The examples in the docstrings are run too."""

from __future__ import annotations

import datetime as dt
import doctest

import pytest
from django import forms
from hypothesis import given
from hypothesis import strategies as st

from roadbed.web import cells, filters, formats, pagination

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


class TestExamples:
    @pytest.mark.parametrize("module", [formats, cells, filters, pagination])
    def test_the_docstrings_are_true(self, module: object) -> None:
        failed, tried = doctest.testmod(module)  # type: ignore[arg-type]  # modules are what is listed
        assert (failed, tried > 0) == (0, True)


class TestNumbers:
    @pytest.mark.parametrize(
        "write", [formats.number, formats.compact, formats.money, formats.percent, formats.signed]
    )
    def test_nothing_is_written_as_a_dash(self, write) -> None:  # type: ignore[no-untyped-def]  # five functions of one shape
        assert write(None) == "–"
        assert write(float("nan")) == "–"
        assert write(float("inf")) == "–"

    @given(st.floats(min_value=-1e15, max_value=1e15))
    def test_a_compact_number_keeps_three_figures(self, value: float) -> None:
        text = formats.compact(value)
        sign = -1 if text.startswith("−") else 1
        scale = {"k": 1e3, "M": 1e6, "B": 1e9}.get(text[-1], 1)
        read = sign * float(text.strip("−kMB").replace(",", "")) * scale
        assert abs(read - value) <= max(0.5, abs(value) * 0.0051)

    def test_sizes_change_at_the_edge_without_a_thousand_k(self) -> None:
        assert formats.compact(999) == "999"
        assert formats.compact(999.6) == "1k"
        assert formats.compact(999_600) == "1M"

    def test_the_possible_is_never_never_and_the_likely_never_certain(self) -> None:
        assert formats.percent(0.0001) == "<1%"
        assert formats.percent(0.99999) == ">99%"
        assert (formats.percent(0), formats.percent(1)) == ("0%", "100%")


class TestAges:
    @pytest.mark.parametrize(
        ("ago", "text"),
        [
            (dt.timedelta(seconds=20), "now"),
            (dt.timedelta(minutes=5), "5 min"),
            (dt.timedelta(hours=23, minutes=59), "23 h"),
            (dt.timedelta(days=13), "13 d"),
            (dt.timedelta(days=20), "2 w"),
            (dt.timedelta(days=100), "3 mo"),
            (dt.timedelta(days=800), "2 y"),
            (dt.timedelta(hours=-5), "in 5 h"),
        ],
    )
    def test_the_largest_unit_that_fits(self, ago: dt.timedelta, text: str) -> None:
        assert formats.age(NOW - ago, now=NOW) == text

    def test_a_day_says_its_year_where_it_could_be_mistaken(self) -> None:
        today = dt.date(2027, 1, 9)
        assert formats.day(dt.date(2026, 11, 12), today=today) == "12 Nov"
        assert formats.day(dt.date(2026, 1, 9), today=today) == "9 Jan 2026"


class TestFormulas:
    @given(st.text())
    def test_no_cell_begins_a_formula(self, text: str) -> None:
        assert not str(cells.guard_formula(text)).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_day_in_a_field_stands_as_browsers_read_it() -> None:
    """Written in any other way, `<input type="date">` shows nothing, and saving the form would wipe the day out."""
    field = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    drawn = field.widget.render("due", field.prepare_value(dt.date(2027, 3, 31)))
    assert 'value="2027-03-31"' in drawn
    assert field.clean("2027-03-31") == field.clean("31/03/2027") == dt.date(2027, 3, 31)
