"""The pages of themes and trends: whole, in parts, for strangers, and at two sizes."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roadbed.core.records.models import Activity, Link
from roadbed.core.vectors import services as vectors
from roadbed.core.workspaces.models import Product
from roadbed.modules.insights.models import Assignment, Need, Theme, ThemeChoice, TrendAlert
from roadbed.modules.insights.selectors import themes as selectors
from roadbed.modules.insights.services import alerts, theme_runs
from roadbed.modules.insights.services import themes as services
from tests import people
from tests.insights import factories
from tests.insights.test_themes_runs import look, read, say, theme_of

NOW = people.NOW


@pytest.fixture(scope="module")
def heard_once(module_database):
    """Thirty notes about three things, by people of two accounts, looked at and counted; rolled back to, each time."""
    workspace = people.make_workspace()
    product = Product.objects.create(workspace=workspace, slug="dispatch", name="Dispatch")
    halden = factories.account(workspace, "Halden Freight", revenue=84_000)
    mira = factories.person(workspace, "Mira Oduya", account=halden)
    found = {
        topic: say(workspace, topic, 10, person=mira, source="call") for topic in ("road", "invoice", "login")
    }
    read(workspace)
    look(workspace)
    alerts.count_and_tell(workspace=workspace, at=NOW)
    return workspace, product, found


@pytest.fixture
def workspace(db, heard_once):
    return heard_once[0]


@pytest.fixture
def product(heard_once):
    return heard_once[1]


@pytest.fixture
def heard(heard_once):
    return heard_once[2]


def page(someone, path: str, **query) -> str:
    response = someone.get(path, query)
    assert response.status_code == 200, response.content[:2000]
    return response.content.decode()


class TestList:
    def test_everybody_reads_the_themes(self, dan, heard):
        text = page(dan, "insights/themes/")
        for topic in heard.values():
            assert theme_of(topic[0]).title in text
        assert "3 themes hold 30 of 30 pieces" in text
        assert "New theme" not in text

    def test_strangers_see_nothing(self, eve, heard):
        assert eve.get("/w/northwind/insights/themes/").status_code == 404
        number = theme_of(heard["road"][0]).number
        assert eve.get(f"/w/northwind/insights/themes/{number}/").status_code == 404

    def test_filters_live_in_the_address(self, ben, heard):
        theme = theme_of(heard["invoice"][0])
        text = page(ben, "insights/themes/", q=theme.terms[0])
        assert theme.title in text
        assert theme_of(heard["login"][0]).title not in text
        for query in (
            "people_from=2",
            "trend=rising",
            "level=both&sort=-change",
            "archived=yes",
            "alert=yes",
        ):
            assert ben.get(f"insights/themes/?{query}").status_code == 200

    def test_an_empty_workspace_teaches_the_next_step(self, eve):
        text = page(eve, "insights/themes/")
        assert "No themes yet" in text
        assert "No map yet" in page(eve, "insights/themes/map/")
        assert "Nothing to draw yet" in page(eve, "insights/trends/")

    def test_the_map_draws_each_theme_with_its_words(self, dan, heard):
        text = page(dan, "insights/themes/map/")
        assert text.count("<circle r=") == 3
        assert "1 person" in text

    def test_pinning_many_can_be_undone(self, ben, heard):
        ids = [theme_of(pieces[0]).pk for pieces in heard.values()]
        ben.post("insights/themes/many/pin/", {"ids": ids})
        assert Theme.objects.filter(is_pinned=True).count() == 3
        text = page(ben, "insights/themes/")
        undo = text.split("/insights/themes/undo/")[1].split('"')[0].split("/")[0]
        ben.post(f"insights/themes/undo/{undo}/")
        assert Theme.objects.filter(is_pinned=True).count() == 0

    def test_themes_can_be_made_finer_and_left_to_the_feedback_again(self, ben, workspace, heard):
        ben.post("insights/themes/fineness/", {"resolution": "20"})
        assert ThemeChoice.objects.get(workspace=workspace).resolution == 20
        ben.post("insights/themes/fineness/", {"resolution": "99"})
        assert ThemeChoice.objects.get(workspace=workspace).resolution == 20
        ben.post("insights/themes/fineness/", {"resolution": "20", "automatic": "yes"})
        assert ThemeChoice.objects.get(workspace=workspace).resolution is None

    def test_what_is_in_the_list_downloads(self, dan, heard):
        response = dan.get("insights/themes/export/", {"format": "csv"})
        text = b"".join(response.streaming_content).decode()
        assert text.count("TH-") == 3


class TestTheme:
    def test_it_says_who_speaks_of_it_and_why_each_piece_is_there(self, dan, heard):
        theme = theme_of(heard["road"][0])
        text = page(dan, f"insights/themes/{theme.number}/")
        assert "Halden Freight" in text
        assert 'Like <a class="key"' in text
        assert "By segment" not in text

    def test_segments_stand_side_by_side(self, dan, workspace, heard):
        from roadbed.modules.insights import services as insights

        insights.create_segment(
            workspace=workspace,
            name="Large",
            rule={"match": "all", "conditions": [{"field": "revenue", "operator": "gt", "value": 1000}]},
            actor=factories.ACTOR,
            at=NOW,
        )
        text = page(dan, f"insights/themes/{theme_of(heard['road'][0]).number}/")
        assert "1 of 1" in text

    def test_a_name_is_changed_where_it_is_read(self, ben, heard):
        theme = theme_of(heard["road"][0])
        ben.post(f"insights/themes/{theme.number}/name/", {"title": "Closed roads"})
        theme.refresh_from_db()
        assert (theme.title, theme.is_named) == ("Closed roads", True)
        refused = ben.post(
            f"insights/themes/{theme.number}/name/", {"title": " "}, headers={"HX-Request-Type": "partial"}
        )
        assert refused.status_code == 422

    def test_moving_feedback_asks_where_to_moves_and_is_undone(self, ben, heard):
        source, target = theme_of(heard["road"][0]), theme_of(heard["login"][0])
        piece = heard["road"][0]
        path = f"insights/themes/{source.number}/pieces/move/"
        assert target.title in ben.post(path, {"ids": [piece.number]}).content.decode()
        ben.post(path, {"ids": [piece.number], "target": target.key})
        assert theme_of(piece) == target
        text = page(ben, f"insights/themes/{target.number}/")
        assert "Put here by hand" in text or "put here by hand" in text
        undo = text.split("/insights/themes/pieces/undo/")[1].split('"')[0].split("/")[0]
        ben.post(f"insights/themes/pieces/undo/{undo}/")
        assert theme_of(piece) == source
        assert Assignment.objects.get(feedback=piece).origin == "machine"

    def test_splitting_off_makes_a_theme_of_its_own(self, ben, heard):
        source = theme_of(heard["road"][0])
        numbers = [piece.number for piece in heard["road"][:2]]
        path = f"insights/themes/{source.number}/pieces/split/"
        response = ben.post(path, {"ids": numbers, "title": "Bridges"})
        assert response.status_code == 302
        made = Theme.objects.get(title="Bridges")
        assert made.is_by_hand
        assert {theme_of(piece) for piece in heard["road"][:2]} == {made}

    def test_feedback_that_is_not_about_it_goes_to_the_pool(self, ben, heard):
        source, piece = theme_of(heard["road"][0]), heard["road"][0]
        ben.post(f"insights/themes/{source.number}/pieces/out/", {"ids": [piece.number]})
        text = page(ben, "insights/themes/unassigned/")
        assert piece.key in text
        assert "taken out by hand" in text

    def test_a_need_is_made_from_it_with_the_nearest_quotes(self, ben, heard):
        theme = theme_of(heard["road"][0])
        ben.post(f"insights/themes/{theme.number}/need/", {"title": "Know of closed roads"})
        need = Need.objects.get()
        assert need.quotes_about.count() == 10
        assert Link.objects.filter(source=theme, target=need, relation="supports").exists()
        assert need.title in page(ben, f"insights/themes/{theme.number}/")

    def test_one_made_by_hand_has_its_words(self, ben, heard):
        ben.post("insights/themes/new/", {"title": "Money", "word_list": "invoice, tax"})
        theme = Theme.objects.get(title="Money")
        assert theme.words == ["invoice", "tax"]
        assert "invoice, tax" in page(ben, f"insights/themes/{theme.number}/edit/")
        ben.post(
            f"insights/themes/{theme.number}/edit/",
            {"title": "Money", "word_list": "invoice", "version": theme.version},
        )
        theme.refresh_from_db()
        assert theme.words == ["invoice"]

    def test_a_merged_theme_leads_to_the_survivor(self, ben, heard):
        from roadbed.core.records import services as records

        survivor, merged = theme_of(heard["road"][0]), theme_of(heard["login"][0])
        records.merge_records(survivor=survivor, merged=merged, actor=ben.actor, at=NOW)
        response = ben.get(f"insights/themes/{merged.number}/")
        assert response.status_code == 302
        assert response.url.endswith(f"/themes/{survivor.number}/")

    def test_pinning_is_one_press_and_in_the_history(self, ben, heard):
        theme = theme_of(heard["road"][0])
        ben.post(f"insights/themes/{theme.number}/pin/")
        theme.refresh_from_db()
        assert theme.is_pinned
        assert Activity.objects.filter(record_id=theme.pk, verb="pinned").exists()
        ben.post(f"insights/themes/{theme.number}/unpin/")
        theme.refresh_from_db()
        assert not theme.is_pinned

    def test_feedback_is_listed_by_its_theme(self, dan, heard):
        theme = theme_of(heard["road"][0])
        text = page(dan, "insights/feedback/", theme=theme.key)
        assert heard["road"][3].key in text
        assert heard["login"][3].key not in text

    def test_the_weeks_download(self, dan, heard):
        theme = theme_of(heard["road"][0])
        response = dan.get(f"insights/themes/{theme.number}/", {"chart": "weeks", "as": "csv"})
        assert response.content.decode().startswith("Week of,Pieces")


class TestTrends:
    @pytest.mark.parametrize("by", ["theme", "segment", "version", "source"])
    def test_each_way_of_counting_has_a_page(self, dan, heard, by):
        assert "Trends" in page(dan, "insights/trends/", by=by, span="26")

    def test_an_alert_is_acknowledged_and_made_new_again(self, ben, cleo, workspace, heard):
        theme = theme_of(heard["road"][0])
        alert = TrendAlert.objects.create(
            home=workspace, dimension="theme", value=str(theme.pk), theme=theme, name=theme.title,
            week=dt.date(2026, 10, 26), seen=16, expected=0.5, z=21.0, found_at=NOW, words=["html"],
            pieces=[heard["road"][0].pk],
        )  # fmt: skip
        text = page(ben, "insights/trends/")
        assert "16 for 0.5" in text
        assert heard["road"][0].key in text
        assert cleo.post(f"insights/alerts/{alert.pk}/dismiss/").status_code == 403
        ben.post(f"insights/alerts/{alert.pk}/acknowledge/")
        alert.refresh_from_db()
        assert (alert.state, alert.decided_by) == ("known", ben.user)
        ben.post(f"insights/alerts/{alert.pk}/reopen/")
        alert.refresh_from_db()
        assert (alert.state, alert.decided_by) == ("new", None)

    def test_an_alert_of_another_workspace_is_not_there(self, eve, workspace, heard):
        alert = TrendAlert.objects.create(
            home=workspace, dimension="source", value="call", name="call", week=dt.date(2026, 10, 26), seen=16,
            expected=0.5, z=21.0, found_at=NOW,
        )  # fmt: skip
        assert eve.post(f"insights/alerts/{alert.pk}/dismiss/").status_code == 404
        assert eve.post(f"insights/alerts/{10**30}/dismiss/").status_code == 404


class TestQueries:
    @pytest.mark.parametrize(
        "path", ["insights/themes/", "insights/themes/map/", "insights/trends/", "theme", "pool"]
    )
    def test_more_rows_cost_no_more_queries(self, dan, workspace, heard, path):
        number = theme_of(heard["road"][0]).number
        address = {"theme": f"insights/themes/{number}/", "pool": "insights/themes/unassigned/"}.get(
            path, path
        )

        def queries() -> int:
            dan.get(address)
            with CaptureQueriesContext(connection) as captured:
                assert dan.get(address).status_code == 200
            return len(captured)

        few = queries()
        for index in range(12):
            theme = services.create_theme(
                workspace=workspace, title=f"Theme {index}", actor=factories.ACTOR, at=NOW
            )
            piece = factories.feedback(workspace, f"something else {index}", source=f"source {index}")
            services.move_pieces(pieces=[piece], theme=theme, actor=factories.ACTOR, at=NOW)
            factories.feedback(workspace, f"nowhere {index}")
        more = say(workspace, "road", 12, first=50)
        vectors.catch_up(workspace_id=workspace.pk)
        services.move_pieces(
            pieces=more, theme=selectors.live(workspace_id=workspace.pk).get(number=number),
            actor=factories.ACTOR, at=NOW,
        )  # fmt: skip
        theme_runs.find(workspace=workspace, actor=factories.ACTOR, at=NOW)
        alerts.count_and_tell(workspace=workspace, at=NOW)
        assert queries() <= few + 1


class TestOneFeedback:
    def test_it_says_which_theme_it_is_in_and_is_moved_from_there(self, ben, heard):
        piece, target = heard["road"][0], theme_of(heard["login"][0])
        text = page(ben, f"insights/feedback/{piece.number}/")
        assert theme_of(piece).title in text
        assert "It lies among others that say the same" in text
        ben.post(f"insights/feedback/{piece.number}/theme/", {"theme": target.key})
        assert theme_of(piece) == target
        ben.post(f"insights/feedback/{piece.number}/theme/", {"theme": ""})
        assert theme_of(piece) is None
        ben.post(f"insights/feedback/{piece.number}/theme/", {"theme": "TH-999"})
        assert theme_of(piece) is None


class TestEvidence:
    def test_a_theme_has_a_chain_with_who_speaks_of_it(self, dan, heard):
        theme = theme_of(heard["road"][0])
        text = page(dan, f"{theme.key}/chain/")
        assert "1 person at 1 customer" in text
        assert f"?theme={theme.key}" in text
