"""Cells as values."""

from __future__ import annotations

import contextlib
import datetime as dt
import doctest
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadbed.core.tables import mapping
from roadbed.core.tables.reading import rows
from roadbed.core.tables.services import imports, running
from roadbed.core.tables.values import dates, escapes, numbers, parsers
from roadbed.core.tables.values.errors import CellError


@pytest.mark.parametrize("module", [dates, numbers, escapes, mapping, rows, imports, running])
def test_the_examples_in_the_documentation_hold(module):
    assert doctest.testmod(module).failed == 0


class TestDates:
    @pytest.mark.parametrize(
        ("text", "iso"),
        [
            ("2025-01-01T02:38:48Z", "2025-01-01T02:38:48+00:00"),
            ("2020-01-02 17:14:21+02:00", "2020-01-02T17:14:21+02:00"),
            ("1735700000", "2025-01-01T02:53:20+00:00"),
            ("1735700000123", "2025-01-01T02:53:20.123000+00:00"),
            ("31/12/2025", "2025-12-31T00:00:00+00:00"),
            ("12/31/25 5:03 PM", "2025-12-31T17:03:00+00:00"),
            ("5.6.2025", "2025-06-05T00:00:00+00:00"),
            ("12. März 2025", "2025-03-12T00:00:00+00:00"),
            ("02/Jan/23 3:04 PM", "2023-01-02T15:04:00+00:00"),
            ("Nov 12, 2025", "2025-11-12T00:00:00+00:00"),
            ("Wed, 12 Nov 2025 10:00:00 +0100", "2025-11-12T10:00:00+01:00"),
            ("20250102", "2025-01-02T00:00:00+00:00"),
            (45659, "2025-01-02T00:00:00+00:00"),
        ],
    )
    def test_formats_that_exports_use(self, text, iso):
        assert dates.reader(order="", zone=dt.UTC)(text).isoformat() == iso

    @pytest.mark.parametrize(
        "text", ["soon", "32/13/2025", "2025-13-01", "May 2025", "99999999999999999", "1e400"]
    )
    def test_what_is_no_date_says_so(self, text):
        with pytest.raises(CellError, match=r"date|years"):
            dates.reader(order="", zone=dt.UTC)(text)

    def test_what_reads_both_ways_asks(self):
        with pytest.raises(CellError, match="choose the date order"):
            dates.reader(order="", zone=dt.UTC)("03/04/2025")

    def test_the_order_and_the_zone_are_kept_to(self):
        read = dates.reader(order="mdy", zone=ZoneInfo("Europe/Berlin"))
        assert read("03/04/2025 10:00").isoformat() == "2025-03-04T10:00:00+01:00"

    @given(st.text(max_size=40))
    def test_no_text_breaks_it(self, text):
        with contextlib.suppress(CellError):
            assert dates.reader(order="dmy", zone=dt.UTC)(text).tzinfo is not None

    @given(st.dates(min_value=dt.date(1971, 1, 1), max_value=dt.date(2099, 12, 31)))
    def test_every_day_is_read_back(self, day):
        read = dates.reader(order="dmy", zone=dt.UTC)
        assert (
            read(day.isoformat()).date()
            == read(f"{day:%d/%m/%Y}").date()
            == read(f"{day:%d %b %Y}").date()
            == day
        )


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "number"),
        [("1,234.56", "1234.56"), ("1.234,56", "1234.56"), ("1 234,5", "1234.5"), ("12,5", "12.5"), ("1,234", "1234"),
         ("€ 1.2M", "1200000"), ("84k", "84000"), ("(12)", "-12"), ("-€5", "-5"), ("500 Euro", "500"),
         ("1.234.567", "1234567")],
    )  # fmt: skip
    def test_ways_of_writing(self, text, number):
        assert numbers.reader(currency="EUR")(text) == Decimal(number)

    @pytest.mark.parametrize("text", ["abc", "1,2,3", "1.23.4", "nan", "--5", "5 apples"])
    def test_what_is_no_number_says_so(self, text):
        with pytest.raises(CellError):
            numbers.reader()(text)

    def test_another_currency_is_not_taken_for_ours(self):
        with pytest.raises(CellError, match="not in EUR"):
            numbers.reader(currency="EUR")("$5")

    @given(st.text(max_size=30))
    def test_no_text_breaks_it(self, text):
        with contextlib.suppress(CellError):
            assert numbers.reader(currency="EUR")(text).is_finite()


class TestOthers:
    def test_addresses_and_links(self):
        assert parsers.email("Mira Oduya <Mira@Acme.example>") == "mira@acme.example"
        assert parsers.url("www.acme.example/a") == "https://www.acme.example/a"
        for bad in ("javascript:alert(1)", "http://", "no link", "http://[::1"):
            with pytest.raises(CellError):
                parsers.url(bad)

    def test_yes_in_several_languages(self):
        assert [parsers.boolean(word) for word in ("ja", "Oui", "sí", "x", "nein", "FALSE", 0)] == [
            True
        ] * 4 + [False] * 3

    @given(st.text())
    def test_what_is_escaped_is_harmless_and_itself_again(self, text):
        escaped = escapes.escape(text)
        assert not escaped.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert escapes.unescape(escaped) == text
