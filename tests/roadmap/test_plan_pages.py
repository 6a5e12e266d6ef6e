"""The pages and the API of efforts, dependencies and teams."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from roadbed.core.workspaces import services as workspaces
from roadbed.modules.roadmap import services
from roadbed.modules.roadmap.models import Dependency, Estimate, External, Opinion


@pytest.fixture
def team(workspace, ada, ben, now):
    return workspaces.add_team(
        workspace=workspace, name="Routing", members=[ben.member.pk], actor=ada.actor, at=now
    )


class TestEffortOnAFeature:
    def test_is_said_shown_and_opened_to_its_parts(self, ben, dan, feature):
        said = {"origin": "three_point", "low": 3, "likely": 5, "high": 20, "note": "As the last one"}
        place = f"roadmap/features/{feature.key.lower()}/"
        assert ben.post(f"{place}estimate/", said).status_code == 302
        page = dan.get(place).content.decode()
        assert "3 to 20 days, even odds at 6.8" in page
        assert "As the last one" in page
        assert "two half lognormals meet at the likely value" in page
        history = dan.get(f"{place}estimates/").content.decode()
        assert "Current" in history

    def test_is_refused_beside_its_field(self, ben, feature):
        said = {"origin": "three_point", "low": 9, "likely": 5, "high": 3}
        answer = ben.post(f"roadmap/features/{feature.key.lower()}/estimate/", said)
        assert answer.status_code == 422
        assert "The low end (9 days) lies above the high end (3 days)" in answer.content.decode()
        assert not Estimate.objects.exists()

    def test_is_asked_of_several_without_showing_their_figures(self, ben, cleo, feature):
        place = f"roadmap/features/{feature.key.lower()}/"
        ben.post(f"{place}round/", {"asked": [ben.member.pk, cleo.member.pk]})
        found = ben.api("GET", f"features/{feature.key}/rounds").json()[0]
        cleo.post(f"roadmap/rounds/{found['id']}/say/", {"low": 2, "likely": 4.25, "high": 9})
        assert Opinion.objects.count() == 1
        assert "4.25" not in ben.get(place).content.decode()
        [seen] = ben.api("GET", f"features/{feature.key}/rounds").json()
        assert (seen["spoken"], seen["opinions"]) == (1, [])
        assert len(cleo.api("GET", f"features/{feature.key}/rounds").json()[0]["opinions"]) == 1
        mine = {"low": 5, "likely": 8, "high": 20}
        assert ben.api("PUT", f"rounds/{found['id']}/opinion", mine).status_code == 200
        assert ben.api("POST", f"rounds/{found['id']}/open").json()["origin"] == "experts"
        assert "4.25" in ben.get(f"{place}estimates/").content.decode()


class TestDependencies:
    def test_are_added_by_key_and_name_the_circle(self, ben, make_feature):
        one, two = make_feature("One"), make_feature("Two", lane="technical")
        ben.post(f"roadmap/features/{one.key.lower()}/waits/", {"on": two.key, "tie": "fs", "lag": 2})
        page = ben.get(f"roadmap/features/{two.key.lower()}/").content.decode()
        assert "What waits for it" in page
        answer = ben.api("POST", "dependencies", {"feature": two.key, "on": one.key})
        assert answer.status_code == 422
        assert f"{two.key} → {one.key} → {two.key}" in answer.json()["errors"][0]["message"]

    def test_on_others_have_pages_of_their_own(self, ben, dan, feature):
        today = timezone.localdate()
        body = {
            "title": "Tile licence",
            "promised_by": "Carto GmbH",
            "earliest": f"{today + timedelta(days=20)}",
            "latest": f"{today + timedelta(days=60)}",
        }
        made = ben.api("POST", "externals", body)
        assert made.status_code == 201, made.content
        ben.api("POST", "dependencies", {"feature": feature.key, "on": made.json()["key"]})
        assert feature.title in dan.get("roadmap/externals/1/").content.decode()
        assert "Carto GmbH" in dan.get("roadmap/dependencies/").content.decode()
        kept = ben.api("PATCH", "externals/X-1", {"state": "delivered"}, If_Match="*")
        assert kept.json()["delivered_date"] == f"{today}"
        assert External.objects.get().state == "delivered"

    def test_cost_the_same_whatever_their_number(self, ben, dan, make_feature, now):
        def fill(count):
            for number in range(count):
                one, two = make_feature(f"One {number}"), make_feature(f"Two {number}")
                services.add_dependency(feature=one, on=two, actor=ben.actor, at=now)

        def cost():
            with CaptureQueriesContext(connection) as queries:
                assert dan.get("roadmap/dependencies/").status_code == 200
            return len(queries)

        fill(1)
        cost()
        few = cost()
        fill(12)
        assert cost() == few
        assert Dependency.objects.count() == 13


class TestTeams:
    def test_say_when_they_have_no_calendar_and_what_they_can_do(self, ada, ben, dan, team):
        page = dan.get(f"roadmap/teams/{team.pk}/").content.decode()
        assert "Routing has no calendar" in page
        said = {"country": "de", "subdivision": "by", "focus": 80, "reserve": 10, "version": 0}
        assert ben.post(f"roadmap/teams/{team.pk}/edit/", said).status_code == 302
        stale = ben.post(f"roadmap/teams/{team.pk}/edit/", said | {"focus": 60})
        assert stale.status_code == 422
        assert "Somebody else changed" in stale.content.decode()
        page = dan.get(f"roadmap/teams/{team.pk}/").content.decode()
        assert "DE, BY" in page
        assert "no calendar" not in page
        assert "DE, BY" not in dan.get("roadmap/teams/").content.decode()

    def test_without_capacity_say_so(self, ben, dan, team):
        ben.post(f"roadmap/teams/{team.pk}/edit/", {"country": "DE", "focus": 0, "reserve": 0})
        assert "no capacity at all" in dan.get(f"roadmap/teams/{team.pk}/").content.decode()

    def test_are_the_same_for_programs(self, ada, ben, dan, cleo, team):
        seat = ada.api(
            "POST", f"teams/{team.pk}/seats", {"member": cleo.user.email, "share": 50, "skills": ["Maps"]}
        )
        assert seat.status_code == 201, seat.content
        ben.api("PATCH", f"teams/{team.pk}/plan", {"focus": 100, "reserve": 0, "cost_rate": "640.00"})
        found = dan.api("GET", f"teams/{team.pk}/capacity?first=2027-02-01&weeks=2").json()
        assert [week["days"] for week in found["weeks"]] == [7.5, 7.5]
        assert [week["days"] for week in found["skills"]["Maps"]] == [2.5, 2.5]
        assert dan.api("GET", f"teams/{team.pk}/plan").json()["cost_rate"] is None
        assert ben.api("GET", f"teams/{team.pk}/plan").json()["cost_rate"] == "640.00"
        away = {"first": "2027-02-01", "last": "2027-02-07"}
        ben.api("POST", f"teams/{team.pk}/seats/{seat.json()['id']}/absences", away)
        found = dan.api("GET", f"teams/{team.pk}/capacity?first=2027-02-01&weeks=1").json()
        assert found["weeks"][0]["days"] == 5.0
