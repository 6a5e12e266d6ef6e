"""Tables, fields, toasts and answers as the templates get them."""

from __future__ import annotations

import json

import pytest
from django import forms
from django.http import HttpResponse, QueryDict
from django.template.loader import render_to_string
from django.test import RequestFactory

from roadbed.web import fields, filters, parts, responses, tables, toasts
from roadbed.web.filters import FilterSet, SortOption
from roadbed.web.pagination import Page

LIST = FilterSet(
    filters=(filters.Text("q", "Search", search=True), filters.NumberRange("people", "People")),
    sorts=(SortOption("people", "People"),),
    default_sort="-people",
)
COLUMNS = (
    tables.Column("title", "Need", main=True),
    tables.Column("people", "People", numeric=True, sortable=True),
    tables.Column("owner", "Owner", shown=False),
)


def make_table(query: str = "", *, rows: int = 2) -> tables.Table:
    state = LIST.parse(QueryDict(query), path="/needs/")
    return tables.Table(
        id="needs",
        caption="Needs",
        columns=COLUMNS,
        state=state,
        page=Page(rows=(), total=rows, capped=False, next="abc"),
        rows=tuple(
            tables.Row(
                id=str(n), label=f"N-{n}", url=f"/n/{n}/", cells={"title": f"<b>{n}</b>", "people": str(n)}
            )
            for n in range(rows)
        ),
        bulk=(tables.BulkAction("Archive", "/archive/"),),
        views=(tables.SavedView("Busy", "/needs/?people_from=5", "people_from=5"),),
    )


def draw(table: tables.Table, query: str = "") -> str:
    request = RequestFactory().get(f"/needs/?{query}")
    return render_to_string("components/table.html", {"table": table, "state": table.state}, request=request)


class TestTable:
    def test_the_address_chooses_columns_and_the_main_one_stays(self) -> None:
        assert [column.key for column in make_table().visible] == ["title", "people"]
        assert [column.key for column in make_table("columns=owner").visible] == ["title", "owner"]

    def test_the_sorted_header_says_so(self) -> None:
        headings = {heading.column.key: heading for heading in make_table().headings}
        assert headings["people"].direction == "descending"
        assert headings["people"].url == "/needs/?sort=people"
        assert headings["title"].url == ""

    def test_the_saved_view_that_the_address_is(self) -> None:
        assert make_table().current_view is None
        current = make_table("people_from=5").current_view
        assert current is not None
        assert current.name == "Busy"

    def test_text_in_cells_is_escaped(self) -> None:
        page = draw(make_table())
        assert "&lt;b&gt;0&lt;/b&gt;" in page
        assert 'aria-label="Pick N-0"' in page
        assert 'aria-sort="descending"' in page

    def test_no_rows_at_all_teach_the_next_step_and_no_match_offers_to_clear(self) -> None:
        assert "Nothing here yet" in draw(make_table(rows=0))
        assert "Nothing matches these filters" in draw(make_table("q=zebra", rows=0))

    def test_nothing_is_styled_inline(self) -> None:
        assert "style=" not in draw(make_table())


class TestParts:
    def test_words_of_others_are_escaped(self) -> None:
        evil = '"><script>'
        for made in (
            parts.key(evil, url=evil),
            parts.chip(evil, url=evil),
            parts.chips([evil] * 5),
            parts.person(evil),
            parts.title(evil, url=evil, key_text=evil, note=evil),
            parts.excerpt(evil, url=evil),
            parts.meter(0.5, label=evil, text=evil),
            parts.sparkline([1, 2], label=evil),
        ):
            assert "<script>" not in made

    def test_a_tone_that_does_not_exist_is_refused(self) -> None:
        with pytest.raises(ValueError, match="purple"):
            parts.chip("x", tone="purple")

    def test_a_bar_stays_within_its_ends(self) -> None:
        assert 'width="100.0"' in parts.meter(7, most=5, label="over")
        assert 'width="0.0"' in parts.meter(-1, label="under")


class Sample(forms.Form):
    title = forms.CharField(label="Title", help_text="Short.")
    kind = forms.ChoiceField(label="Which kind?", choices=[("a", "A")], widget=forms.RadioSelect)
    note = forms.CharField(label="Note", required=False)


class TestFields:
    def test_the_summary_and_the_field_say_the_same_words(self) -> None:
        form = Sample({})
        found = {problem.anchor: problem.message for problem in fields.problems(form)}
        assert found == {"id_title": "Title: fill this in.", "id_kind_0": "Which kind: choose one."}
        assert fields.describe(form["title"])["errors"] == ["Title: fill this in."]

    def test_hint_and_error_are_tied_to_the_control(self) -> None:
        control = str(fields.describe(Sample({})["title"])["control"])
        assert 'aria-describedby="id_title-hint id_title-error"' in control
        assert 'aria-invalid="true"' in control

    def test_what_may_be_left_out_says_so(self) -> None:
        assert fields.describe(Sample()["note"])["optional"]
        assert not fields.describe(Sample()["title"])["optional"]


class TestToasts:
    def test_several_events_travel_in_one_header(self) -> None:
        response = toasts.send(responses.event("dialog:close"), "Saved “Réseau”.", undo_url="/undo/")
        sent = json.loads(response.headers["HX-Trigger"])
        assert response.headers["HX-Trigger"].isascii()
        assert sent["dialog:close"] == {}
        assert sent["toast"]["text"] == "Saved “Réseau”."
        assert sent["toast"]["undo_url"] == "/undo/"


class TestAnswers:
    def test_back_goes_only_to_our_own_pages(self, rf: RequestFactory) -> None:
        for target, expected in (
            ("/w/a/?q=1", "/w/a/?q=1"),
            ("https://elsewhere.example/", "/home/"),
            ("//elsewhere.example/", "/home/"),
            ("javascript:alert(1)", "/home/"),
            ("", "/home/"),
        ):
            answer = responses.back(rf.post("/x/", {"next": target}), otherwise="/home/")
            assert answer.url == expected

    def test_caches_keep_page_and_fragment_apart(self, rf: RequestFactory) -> None:
        answer = responses.page(rf.get("/"), "components/brand.html")
        assert isinstance(answer, HttpResponse)
        assert "HX-Request-Type" in answer.headers["Vary"]
