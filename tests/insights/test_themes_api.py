"""Themes, trends and alerts through the API."""

from __future__ import annotations

import datetime as dt

import pytest

from roadbed.core.jobs.models import Job
from roadbed.modules.insights.models import Theme, TrendAlert
from roadbed.modules.insights.services import alerts
from tests import people
from tests.insights.test_themes_runs import look, read, say, theme_of

NOW = people.NOW


@pytest.fixture
def heard(workspace):
    found = {topic: say(workspace, topic, 8) for topic in ("road", "login")}
    read(workspace)
    look(workspace)
    alerts.count_and_tell(workspace=workspace, at=NOW)
    return found


class TestThemes:
    def test_they_are_listed_with_their_figures(self, dan, heard):
        items = dan.api("GET", "themes").json()["items"]
        assert {item["key"] for item in items} == {theme_of(pieces[0]).key for pieces in heard.values()}
        assert all(item["pieces"] == 8 and len(item["weekly"]) == 26 for item in items)
        assert dan.api("GET", "themes?filter=level%3Dbroad").json()["items"] == []
        assert dan.api("GET", "themes?filter=trend%3Dnonsense").status_code == 422

    def test_one_is_made_changed_and_pinned(self, ben, dan, heard):
        body = {"title": "Money", "words": ["invoice"], "examples": [heard["road"][0].key]}
        assert dan.api("POST", "themes", body).status_code == 403
        made = ben.api("POST", "themes", body)
        assert made.status_code == 201
        key = made.json()["key"]
        assert ben.api("PATCH", f"themes/{key}", {"title": "Bills"}).status_code == 428
        changed = ben.api("PATCH", f"themes/{key}", {"title": "Bills"}, If_Match=made.headers["ETag"])
        assert changed.json()["title"] == "Bills"
        assert ben.api("PUT", f"themes/{key}/pin", {"pinned": True}).json()["is_pinned"] is True
        assert theme_of(heard["road"][0]).title == "Bills"

    def test_what_is_not_there_is_refused(self, ben, heard):
        assert ben.api("GET", "themes/TH-999").status_code == 404
        assert ben.api("POST", "themes", {"title": "X", "examples": ["FB-999"]}).status_code == 422
        assert ben.api("POST", "themes", {"title": "X", "parent": "TH-999"}).status_code == 422
        assert ben.api("POST", "themes", {"title": "X", "words": ["a\x00b"]}).status_code == 400

    def test_its_feedback_says_why_it_is_there(self, dan, heard):
        key = theme_of(heard["road"][0]).key
        items = dan.api("GET", f"themes/{key}/feedback?limit=3").json()["items"]
        assert len(items) == 3
        assert items[0]["confidence"] > 0.5
        assert items[0]["near"]
        assert items[0]["feedback"]["key"].startswith("FB-")

    def test_a_piece_is_moved_and_taken_out(self, ben, dan, heard):
        piece, target = heard["road"][0], theme_of(heard["login"][0])
        path = f"feedback/{piece.key}/theme"
        assert dan.api("GET", path).json()["theme"] == theme_of(piece).key
        moved = ben.api("PUT", path, {"theme": target.key}).json()
        assert (moved["theme"], moved["by_hand"]) == (target.key, True)
        assert ben.api("PUT", path, {"theme": None}).json()["theme"] is None
        assert ben.api("PUT", path, {"theme": "TH-999"}).status_code == 422

    def test_some_are_split_off_and_a_need_is_written(self, ben, heard):
        theme = theme_of(heard["road"][0])
        body = {"title": "Bridges", "feedback": [piece.key for piece in heard["road"][:2]]}
        made = ben.api("POST", f"themes/{theme.key}/split", body)
        assert made.status_code == 201
        assert theme_of(heard["road"][0]).key == made.json()["key"]
        need = ben.api("POST", f"themes/{theme.key}/needs", {"title": "Know of closed roads"})
        assert need.status_code == 201

    def test_looking_again_is_a_job(self, ben, workspace, heard):
        answer = ben.api("POST", "themes/look")
        assert answer.status_code == 202
        assert Job.objects.get(pk=answer.json()["id"]).name == "insights.themes"

    def test_merging_goes_through_the_records(self, ben, heard):
        survivor, merged = theme_of(heard["road"][0]), theme_of(heard["login"][0])
        answer = ben.api("POST", f"records/{survivor.key}/merge", {"key": merged.key})
        assert answer.status_code < 300
        assert theme_of(heard["login"][0]) == survivor
        assert Theme.objects.get(pk=survivor.pk).is_joined

    def test_strangers_see_nothing(self, eve, heard):
        key = theme_of(heard["road"][0]).key
        assert eve.api("GET", f"/api/v1/northwind/themes/{key}").status_code == 404


class TestTrends:
    @pytest.mark.parametrize("by", ["all", "theme", "segment", "version", "source"])
    def test_lines_have_one_count_a_week(self, dan, heard, by):
        found = dan.api("GET", f"trends?by={by}&weeks=12").json()
        assert all(len(line["counts"]) == 12 for line in found["lines"])
        assert len(found["lines"]) == {"all": 1, "theme": 2}.get(by, 0)

    def test_alerts_are_listed_and_answered(self, ben, cleo, workspace, heard):
        alert = TrendAlert.objects.create(
            home=workspace, dimension="source", value="call", name="call", week=dt.date(2026, 10, 26), seen=16,
            expected=0.5, z=21.0, found_at=NOW,
        )  # fmt: skip
        assert ben.api("GET", "alerts?state=new").json()["items"][0]["id"] == alert.pk
        body = {"state": "acknowledged", "note": "Ours"}
        assert cleo.api("PUT", f"alerts/{alert.pk}", body).status_code == 403
        answer = ben.api("PUT", f"alerts/{alert.pk}", body).json()
        assert (answer["state"], answer["note"]) == ("acknowledged", "Ours")
        assert ben.api("GET", "alerts?state=new").json()["items"] == []
        assert ben.api("PUT", f"alerts/{10**30}", body).status_code in {404, 422}
