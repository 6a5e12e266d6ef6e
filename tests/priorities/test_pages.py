"""The pages of priorities: whole pages, deeds, refusals, the number of queries."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roadbed.modules.priorities import services
from roadbed.modules.priorities.forms.figures import read_range, write_range
from roadbed.modules.priorities.models import Figure, Lens, Portfolio
from roadbed.modules.priorities.services import portfolios
from roadbed.modules.roadmap.models import Feature
from roadbed_engines.priority.ranges import Range, exactly
from tests.people import NOW


@pytest.fixture(scope="module")
def ranked_once(built):
    services.rank(lens=built.lens, at=NOW)
    return built


@pytest.fixture
def ranked(db, ranked_once):
    return ranked_once


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


class TestRanking:
    def test_the_order_says_how_sure_it_is(self, ranked):
        page = text(ranked.dan.get("priorities/lenses/1/"))
        assert "of the first 4 places are held by the same items" in page
        assert 'aria-label="rank ' in page
        assert "left out" in page
        assert "Rank now" not in page
        assert ranked.eve.get("/w/northwind/priorities/lenses/1/").status_code == 404

    def test_filters_and_orders_live_in_the_address(self, ranked):
        found = text(ranked.dan.get("priorities/lenses/1/?scored=no"))
        assert ranked.features[11].title in found
        assert ranked.features[10].title not in found
        for sort in ("-top", "score", "-cost", "-first", "worth"):
            assert ranked.dan.get(f"priorities/lenses/1/?sort={sort}&inside=open&q=number").status_code == 200

    def test_queries_do_not_grow_with_rows(self, ranked):
        with CaptureQueriesContext(connection) as all_rows:
            ranked.dan.get("priorities/lenses/1/")
        with CaptureQueriesContext(connection) as one_row:
            ranked.dan.get("priorities/lenses/1/?q=number+10")
        assert len(all_rows) <= len(one_row) + 1

    def test_the_other_looks(self, ranked):
        assert "Priorities" in text(ranked.dan.get("priorities/"))
        assert "What is the" in text(ranked.dan.get("priorities/lenses/1/learn/"))
        assert "<svg" in text(ranked.dan.get("priorities/lenses/1/plot/"))
        assert ranked.dan.get("priorities/lenses/1/plot/?chart=plot&as=csv").status_code == 200
        assert "Places apart" in text(ranked.dan.get("priorities/compare/"))
        exported = b"".join(ranked.dan.get("priorities/lenses/1/export/").streaming_content).decode()
        assert "Record,Title,Input,Low" in exported.splitlines()[0]
        assert ",effort,2" in exported


class TestItem:
    def test_a_score_opens_to_its_figures_and_draws(self, ranked):
        key = ranked.features[5].key.lower()
        page = text(ranked.dan.get(f"priorities/lenses/1/items/{key}/"))
        assert "How it is computed" in page
        assert "of the doubt" in page
        assert "would cross the cut at" in page
        assert "How the score falls in 10,000 draws" in page
        assert '<form class="inputs"' in page

    def test_figures_are_typed_as_people_write_them(self, ranked):
        feature = ranked.features[5]
        address = f"priorities/lenses/1/items/{feature.key}/figures/"
        sent = {"figure-effort": "1 / 2 / 9", "figure-reach": "", "note": "Measured"}
        assert ranked.ben.post(address, sent).status_code == 302
        effort = Figure.objects.get(record=feature, name="effort", is_current=True)
        assert (effort.low, effort.likely, effort.high, effort.note) == (1, 2, 9, "Measured")
        assert not Figure.objects.filter(record=feature, name="reach", is_current=True).exists()
        refused = ranked.ben.post(address, {"figure-effort": "9 to 2"})
        assert refused.status_code == 422
        assert "lies above the high end" in text(refused)
        assert ranked.dan.post(address, sent).status_code == 403

    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("7", exactly(7)),
            ("2 to 8", Range(2, 8)),
            ("2–8", Range(2, 8)),
            ("0,5 to 1,5", Range(0.5, 1.5)),
            ("-3 to -1", Range(-3, -1)),
            ("2-8, likely 3", Range(2, 8, 3)),
            ("2/3/8", Range(2, 8, 3)),
        ],
    )
    def test_ranges_are_read_and_written(self, typed, meant):
        assert read_range(typed) == meant
        assert read_range(write_range(meant)) == meant

    def test_a_fixed_date_names_its_day(self, ranked):
        key = ranked.features[5].key.lower()
        address = f"priorities/lenses/1/items/{key}/pace/"
        assert ranked.ben.post(address, {"profile": "fixed date"}).status_code == 422
        sent = {"profile": "fixed date", "due_date": "2027-02-01"}
        assert ranked.ben.post(address, sent).status_code == 302


class TestLenses:
    def test_one_is_made_and_changed(self, ranked):
        sent = {"title": "Ours", "method": "drivers", "subject": "feature", "cut": "5"}
        assert ranked.ben.post("priorities/lenses/new/", sent).status_code == 302
        lens = Lens.objects.get(title="Ours")
        address = f"priorities/lenses/{lens.number}/edit/"
        assert "Weighted" not in text(ranked.ben.get(address))
        rows = lens.definition["inputs"]
        sent = {
            "title": "Ours", "subject": "feature", "cut": "6", "wait": "4", "unit": "points",
            "formula": "10 * weighted / sqrt(effort)", "worth": "weighted", "cost": "effort",
            "studies": "Ask ten | survey | value, nerve | 0.5 | 3 | 1", "version": lens.version,
            "input": [*(one["name"] for one in rows), "nerve"],
            "input-label": [*(one["label"] for one in rows), "Nerve"],
            "input-unit": [""] * 5,
            "input-worst": ["0", "0", "10", "", "0"],
            "input-best": ["10", "10", "0", "", "5"],
            "input-weight": ["3", "2", "1", "", "2"],
            "input-figure": ["", "", "", "effort", "nerve"],
            "input-evidence": [""] * 5,
        }  # fmt: skip
        assert ranked.ben.post(address, sent).status_code == 302
        lens.refresh_from_db()
        assert lens.cut == 6
        assert [one["name"] for one in lens.definition["inputs"]] == [
            "value",
            "strategy",
            "risk",
            "effort",
            "nerve",
        ]
        assert lens.studies[0]["answers"] == ["value", "nerve"]
        refused = ranked.ben.post(address, {**sent, "formula": "weighted / nothing", "version": lens.version})
        assert refused.status_code == 422
        assert "asks for nothing" in text(refused)
        stale = ranked.ben.post(address, {**sent, "title": "Mine", "version": 1})
        assert "somebody changed it meanwhile" in text(stale)

    def test_ranking_now(self, ranked):
        assert ranked.ben.post("priorities/lenses/1/rank/").status_code == 302


class TestPortfolios:
    def test_one_is_made_shown_pinned_and_accepted(self, ranked, in_process):
        assert "Room" in text(ranked.ben.get("priorities/portfolios/new/"))
        sent = {
            "title": "Next", "lens": ranked.lens.pk, "periods": "Q1, Q2",
            "capacity": "Mobile: 9, 9\nNo team: 9, 0", "targets": "Offline: 10% to 100%",
        }  # fmt: skip
        assert (
            ranked.ben.post("priorities/portfolios/new/", {**sent, "capacity": "Mobile 9"}).status_code == 422
        )
        assert ranked.ben.post("priorities/portfolios/new/", sent).status_code == 302
        made = Portfolio.objects.get()
        assert "It is being chosen" in text(ranked.dan.get("priorities/portfolios/1/"))
        portfolios.solve(portfolio=made, at=NOW)
        page = text(ranked.ben.get("priorities/portfolios/1/"))
        assert "Proven best" in page
        assert "10% to 100%" in page
        assert "What moves on the roadmap" in page
        out = made.choices.filter(period=None).select_related("record").first()
        pin = f"priorities/portfolios/1/pins/{out.record.key}/"
        assert ranked.ben.post(pin, {"word": "must"}).status_code == 302
        assert made.pins.get().word == "must"
        picked = made.choices.filter(period=0).first().record_id
        assert ranked.ben.post("priorities/portfolios/1/accept/", {"ids": [picked]}).status_code == 302
        assert Feature.objects.get(pk=picked).horizon == "now"
        assert ranked.ben.get("priorities/portfolios/1/edit/").status_code == 200
        assert ranked.eve.get("/w/northwind/priorities/portfolios/1/").status_code == 404


class TestApi:
    def test_everything_goes_by_program_too(self, ranked):
        made = ranked.ben.api("POST", "lenses", {"title": "Ease", "method": "ice", "cut": 3})
        assert made.status_code == 201
        key = made.json()["key"]
        said = [
            {"key": ranked.features[n].key, "name": f"ice_{name}", "low": 2 + n % 3, "high": 8}
            for n in range(4)
            for name in ("impact", "confidence", "ease")
        ]
        assert ranked.ben.api("POST", "figures", {"figures": said}).json() == {"changed": 12}
        found = ranked.ben.api("POST", f"lenses/{key}/rank").json()
        assert found["scored"] == 4
        rows = ranked.dan.api("GET", f"lenses/{key}/ranking").json()["items"]
        assert sum(row["top"] for row in rows) == pytest.approx(3)
        assert ranked.dan.api("GET", f"lenses/{key}/questions").status_code == 200
        wrong = {"key": ranked.features[0].key, "name": "effort", "low": 9, "high": 2}
        refused = ranked.ben.api("POST", "figures", {"figures": [wrong]})
        assert refused.status_code == 422
        assert "lies above the high end" in refused.content.decode()
        history = ranked.dan.api("GET", f"figures/{ranked.features[0].key}").json()
        assert {"ice_ease", "effort"} <= {one["name"] for one in history}
        assert ranked.ben.api("DELETE", f"figures/{ranked.features[0].key}/ice_ease").status_code == 204
        tag = made.headers["ETag"]
        changed = ranked.ben.api("PATCH", f"lenses/{key}", {"cut": 2}, If_Match=tag)
        assert changed.json()["cut"] == 2
        assert ranked.ben.api("PATCH", f"lenses/{key}", {"cut": 5}, If_Match=tag).status_code == 412

    def test_portfolios_too(self, ranked, in_process):
        body = {
            "title": "Next",
            "lens": "LN-1",
            "periods": ["Q1"],
            "capacity": {"Mobile": [12], "No team": [9]},
        }
        made = ranked.ben.api("POST", "portfolios", body)
        assert made.status_code == 201
        portfolios.solve(portfolio=Portfolio.objects.get(), at=NOW)
        rows = ranked.dan.api("GET", "portfolios/PF-1/choices").json()["items"]
        inside = [row["key"] for row in rows if row["period"] == 0]
        assert (
            ranked.ben.api("PUT", f"portfolios/PF-1/pins/{inside[0]}", {"word": "never"}).status_code == 204
        )
        moved = ranked.ben.api("POST", "portfolios/PF-1/accept", {"keys": inside[1:]}).json()["moved"]
        assert moved == len(inside) - 1
        refused = ranked.ben.api("POST", "portfolios", {**body, "capacity": {"Mobile": [1, 2]}})
        assert refused.status_code == 422


class TestTables:
    def test_figures_are_read_from_a_file(self, ranked):
        from roadbed.core.tables.targets import ParsedRow, Run
        from roadbed.modules.priorities.imports.figures import FIGURES

        run = Run(
            ranked.workspace.pk, None, ranked.ben.actor, NOW, NOW, "figures.csv", "EUR", frozenset({"record"})
        )
        rows = [
            ParsedRow(1, {"record": ranked.features[0].key, "input": "Effort", "low": 1.0, "high": 3.0}),
            ParsedRow(2, {"record": "F-999", "input": "effort", "low": 1.0}),
            ParsedRow(3, {"record": ranked.features[0].key, "input": "reach", "low": 9.0, "high": 3.0}),
        ]
        outcome = FIGURES.write(run, rows)
        assert [index for index, _ in outcome.rejects] == [1, 2]
        assert outcome.changed["feature"][0].record_id == ranked.features[0].pk
        assert Figure.objects.get(record=ranked.features[0], name="effort", is_current=True).high == 3
        assert FIGURES.write(run, rows).unchanged == 1


class TestOnTheFeature:
    def test_its_page_says_where_it_stands_and_what_would_change_it(self, ranked):
        """Its ranks by each lens, how sure they are and what to learn; the API says the same."""
        first = ranked.features[5]
        with CaptureQueriesContext(connection) as asked:
            page = text(ranked.dan.get(f"roadmap/features/{first.key}/"))
        card = page.split('id="standings"')[1].split("</section>")[0]
        assert f'items/{first.key.lower()}/">RICE</a>' in card
        assert "of 11, among the first 4 in" in card
        assert "What would change it most: " in card or "Worth learning next: " in card
        assert "No session of the team radar has rated it." in card
        assert sum('FROM "priorities_' in one["sql"] for one in asked) <= 2
        unscored = text(ranked.dan.get(f"roadmap/features/{ranked.features[11].key}/"))
        assert "not ranked" in unscored.split('id="standings"')[1].split("</section>")[0]
        told = ranked.dan.api("GET", f"records/{first.key}/standings").json()
        assert [one["label"] for one in told] == ["RICE"]
        assert told[0]["words"] in card
        assert ranked.eve.api("GET", f"/api/v1/northwind/records/{first.key}/standings").status_code == 404
