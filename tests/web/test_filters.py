"""Filters: what the address says, said back canonically."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from roadbed.web import filters
from roadbed.web.filters import FilterSet, Option, Range, SortOption

LIST = FilterSet(
    filters=(
        filters.Text("q", "Search", search=True),
        filters.MultiChoice(
            "status", "Status", options=(Option("open", "Open"), Option("done", "Done"), Option("new", "New"))
        ),
        filters.Choice("segment", "Segment", pinned=True),
        filters.NumberRange("revenue", "Revenue", unit="€"),
        filters.DateRange("heard", "Heard"),
        filters.Boolean("mine", "Mine", yes="only mine", no="not mine"),
    ),
    sorts=(SortOption("people", "People"), SortOption("title", "Title", first="asc")),
    default_sort="-people",
)
SEGMENTS = {"segment": (Option("big", "Fleet > 50 vans"), Option("small", "Up to 5 vans"))}


def parse(query: str) -> filters.State:
    return LIST.parse(QueryDict(query), path="/list/", options=SEGMENTS)


class TestReading:
    def test_every_kind_is_read(self) -> None:
        state = parse(
            "q=road&status=new&status=open&segment=big&revenue_from=1,000&revenue_to=5e3"
            "&heard_from=2026-01-01&mine=yes&sort=title"
        )
        assert state.values == {
            "q": "road",
            "status": ("open", "new"),
            "segment": "big",
            "revenue": Range(Decimal(1000), Decimal(5000)),
            "heard": Range(dt.date(2026, 1, 1), None),
            "mine": True,
        }
        assert not state.errors
        assert state.sort.text == "title"

    def test_what_is_unknown_is_passed_over(self) -> None:
        state = parse("colour=red&sort=height&after=")
        assert state.values == {}
        assert state.sort.text == "-people"
        assert not state.is_filtered

    @pytest.mark.parametrize(
        ("query", "name"),
        [
            ("status=gone", "status"),
            ("segment=huge", "segment"),
            ("revenue_from=lots", "revenue"),
            ("revenue_from=NaN", "revenue"),
            ("revenue_to=1e99", "revenue"),
            ("heard_from=tomorrow", "heard"),
            ("heard_to=2026-02-30", "heard"),
            ("mine=maybe", "mine"),
        ],
    )
    def test_what_is_malformed_is_an_error_at_its_filter(self, query: str, name: str) -> None:
        state = parse(query)
        assert list(state.errors) == [name]
        assert name not in state.values
        assert state.is_filtered
        assert next(chip for chip in state.chips if chip.filter.name == name).error

    def test_ends_given_the_wrong_way_round_are_put_in_order(self) -> None:
        assert parse("revenue_from=9&revenue_to=2").values["revenue"] == Range(Decimal(2), Decimal(9))
        heard = parse("heard_from=2026-05-01&heard_to=2026-01-01").values["heard"]
        assert heard == Range(dt.date(2026, 1, 1), dt.date(2026, 5, 1))

    def test_a_zero_byte_does_not_reach_the_database(self) -> None:
        assert parse("q=a%00b").values["q"] == "ab"
        assert parse("q=%00").values == {}


class TestWriting:
    def test_the_same_question_gives_the_same_string(self) -> None:
        first = parse("mine=yes&status=new&status=open&q=road&sort=-people")
        second = parse("q=road&status=open&status=new&status=open&mine=yes&junk=1")
        assert first.querystring == second.querystring == "q=road&status=open&status=new&mine=yes"

    def test_a_chip_takes_only_its_own_filter_away(self) -> None:
        chip = next(chip for chip in parse("status=open&mine=no").chips if chip.filter.name == "status")
        assert chip.clear_url == "/list/?mine=no"
        assert chip.text == "Open"

    def test_changing_a_filter_starts_at_the_first_page(self) -> None:
        state = parse("status=open&after=abc")
        assert "after" not in state.url(mine=True)
        assert state.url(after="next") == "/list/?status=open&after=next"

    def test_a_header_is_pressed_twice_to_turn_the_order_round(self) -> None:
        state = parse("")
        assert state.sort_url("people") == "/list/?sort=people"
        assert state.sort_url("title") == "/list/?sort=title"
        assert parse("sort=title").sort_url("title") == "/list/?sort=-title"
        assert parse("sort=people").sort_url("people") == "/list/"

    def test_hidden_fields_keep_everything_but_the_filter_itself(self) -> None:
        chip = next(
            chip for chip in parse("status=open&mine=no&sort=title").chips if chip.filter.name == "status"
        )
        assert chip.hidden == (("mine", "no"), ("sort", "title"))

    def test_columns_are_kept_in_the_address(self) -> None:
        assert parse("columns=people,title,people").url() == "/list/?columns=people%2Ctitle"


class TestRoundTrip:
    @given(
        q=st.text(max_size=20),
        statuses=st.sets(st.sampled_from(["open", "done", "new"])),
        segment=st.sampled_from(["", "big", "small"]),
        low=st.none() | st.decimals(min_value=-(10**9), max_value=10**9, places=2),
        high=st.none() | st.decimals(min_value=-(10**9), max_value=10**9, places=2),
        since=st.none() | st.dates(),
        mine=st.sampled_from(["", "yes", "no"]),
        sort=st.sampled_from(["people", "-people", "title", "-title"]),
    )
    def test_what_is_written_is_read_again(  # type: ignore[no-untyped-def]  # hypothesis names the types above
        self, q, statuses, segment, low, high, since, mine, sort
    ) -> None:
        query = QueryDict(mutable=True)
        query["q"], query["segment"], query["mine"], query["sort"] = q, segment, mine, sort
        query.setlist("status", sorted(statuses))
        for name, value in (("revenue_from", low), ("revenue_to", high), ("heard_from", since)):
            if value is not None:
                query[name] = str(value)
        state = LIST.parse(query, path="/list/", options=SEGMENTS)
        again = parse(state.querystring)
        assert not state.errors
        assert again.values == state.values
        assert again.sort == state.sort
        assert again.querystring == state.querystring
        assert parse(urlsplit(state.url()).query).values == state.values

    @given(st.text(max_size=60))
    def test_no_address_breaks_the_list(self, query: str) -> None:
        state = parse(query)
        assert isinstance(parse_qs(state.querystring), dict)
        assert all(isinstance(chip.text, str) for chip in state.chips)


class TestDeclaring:
    def test_a_reserved_name_is_refused(self) -> None:
        with pytest.raises(ValueError, match="sort"):
            FilterSet(
                filters=(filters.Text("sort", "Sort"),), sorts=(SortOption("a", "A"),), default_sort="a"
            )

    def test_the_default_order_must_be_one_of_the_orders(self) -> None:
        with pytest.raises(ValueError, match="height"):
            FilterSet(filters=(), sorts=(SortOption("a", "A"),), default_sort="-height")
