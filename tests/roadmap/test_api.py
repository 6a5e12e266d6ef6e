"""The roadmap's API: the same filters as the page, versions as ETags, problems in words."""

from __future__ import annotations


class TestFeatures:
    def test_are_made_read_and_changed(self, ben, product):
        made = ben.api("POST", "features", {"title": "Reroute", "product": "dispatch", "horizon": "now"})
        assert made.status_code == 201, made.content
        key, etag = made.json()["key"], made["ETag"]
        changed = ben.api("PATCH", f"features/{key}", {"status": "planned"}, If_Match=etag)
        assert (changed.status_code, changed.json()["status"]) == (200, "planned"), changed.content
        stale = ben.api("PATCH", f"features/{key}", {"status": "beta"}, If_Match=etag)
        assert stale.status_code == 412
        assert ben.api("PATCH", f"features/{key}", {"status": "beta"}).status_code == 428

    def test_filter_as_the_page_does(self, dan, make_feature):
        make_feature("Alpha", horizon="now")
        make_feature("Beta", horizon="later")
        found = dan.api("GET", "features?filter=horizon%3Dnow").json()["items"]
        assert [item["title"] for item in found] == ["Alpha"]

    def test_refuse_what_they_do_not_know(self, ben, product):
        answer = ben.api("POST", "features", {"title": "X", "release": "R-9", "owner": "nobody@example.com"})
        assert answer.status_code == 422
        assert {error["field"] for error in answer.json()["errors"]} == {"release", "owner"}

    def test_move_under_another(self, ben, make_feature):
        parent, child = make_feature("Parent"), make_feature("Child")
        answer = ben.api("POST", f"features/{child.key}/move", {"parent": parent.key}, If_Match="*")
        assert answer.json()["parent"] == parent.key

    def test_are_not_for_viewers_to_change_nor_for_strangers_to_see(self, dan, eve, feature):
        assert dan.api("PATCH", "features/F-1", {"title": "Mine"}, If_Match="*").status_code == 403
        assert eve.api("GET", "/api/v1/northwind/features/F-1").status_code == 404


class TestReleases:
    def test_are_planned_and_shipped(self, ben, product):
        made = ben.api("POST", "releases", {"title": "4.2", "ship_date": "2026-12-01"})
        assert made.status_code == 201, made.content
        shipped = ben.api("POST", f"releases/{made.json()['key']}/ship", {"unfinished": "keep"}, If_Match="*")
        assert shipped.json()["state"] == "released"
