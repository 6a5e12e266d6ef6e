"""The roadmap for people outside: a filter behind a secret, never more than its audience may see."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from roadbed.core.workspaces import services as workspaces
from roadbed.modules.roadmap import services
from roadbed.modules.roadmap.models import Share


@pytest.fixture
def plan(workspace, make_feature, ada, ben, now):
    team = workspaces.add_team(workspace=workspace, name="Secret Squad", actor=ada.actor, at=now)
    make_feature(
        "Reroute for Halden Freight", public_title="Change a run on the way", horizon="now", team=team,
        owner=ben.member, target_start=date(2027, 1, 10), target_end=date(2027, 5, 20),
        due_date=date(2027, 5, 20), due_kind="hard", due_to="Halden",
    )  # fmt: skip
    make_feature("Nothing for outside", horizon="later", team=team)
    draft = services.ReleaseDraft(title="4.3; big, one", ship_date=date(2027, 3, 1), form="milestone")
    services.create_release(workspace=workspace, draft=draft, actor=ben.actor, at=now)


def share(workspace, ben, now, **more):
    return services.create_share(workspace=workspace, name="Roadmap", actor=ben.actor, at=now, **more)


class TestForCustomers:
    def test_show_public_names_and_quarters_and_nothing_else(self, workspace, plan, ben, now):
        _, secret = share(workspace, ben, now)
        answer = Client().get(f"/s/{secret}/")
        page = answer.content.decode()
        assert "Change a run on the way" in page
        assert "Q1 2027 – Q2 2027" in page
        for inside in ("Halden", "Secret Squad", "Ben", "F-1", "Nothing for outside", "20 May", "4.3"):
            assert inside not in page, inside
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert 'content="noindex, nofollow"' in page

    def test_keep_to_the_filters(self, workspace, plan, ben, now):
        _, secret = share(workspace, ben, now, query="horizon=later")
        assert "Change a run" not in Client().get(f"/s/{secret}/").content.decode()

    def test_are_no_calendars(self, workspace, ben, now):
        with pytest.raises(ValidationError, match="for colleagues"):
            share(workspace, ben, now, form="calendar")


class TestDoors:
    def test_close_when_ended_or_expired(self, workspace, plan, ben, dan, now, monkeypatch):
        made, secret = share(workspace, ben, now, audience="inside")
        assert "Secret Squad" in Client().get(f"/s/{secret}/").content.decode()
        ben.post(f"roadmap/shares/{made.pk}/revoke/")
        assert Client().get(f"/s/{secret}/").status_code == 404
        late, secret = share(workspace, ben, now)
        Share.objects.filter(pk=late.pk).update(
            created_at=now - timedelta(days=900), expires_at=now - timedelta(days=800)
        )
        assert Client().get(f"/s/{secret}/").status_code == 404
        assert Client().get("/s/nothing/").status_code == 404

    def test_ask_for_the_password_and_count_the_tries(self, workspace, plan, ben, now):
        _, secret = share(workspace, ben, now, password="quay-and-crane")
        visitor = Client()
        assert "Change a run" not in visitor.get(f"/s/{secret}/").content.decode()
        assert visitor.post(f"/s/{secret}/", {"password": "wrong"}).status_code == 403
        assert visitor.post(f"/s/{secret}/", {"password": "quay-and-crane"}).status_code == 302
        assert "Change a run" in visitor.get(f"/s/{secret}/").content.decode()
        another = Client()
        answers = {another.post(f"/s/{secret}/", {"password": "wrong"}).status_code for _ in range(10)}
        assert answers == {403, 429}

    def test_are_made_once_seen_by_makers(self, workspace, plan, ben, dan):
        page = ben.post("roadmap/shares/new/", {"name": "For fairs", "audience": "clients", "form": "page"})
        assert "/s/" in page.content.decode()
        listed = ben.get("roadmap/shares/").content.decode()
        assert "For fairs" in listed
        assert "/s/" not in listed.replace("/static/", "")
        assert dan.get("roadmap/shares/").status_code == 403


class TestCalendars:
    def test_are_whole_days_that_programs_can_read(self, workspace, plan, ben, now):
        _, secret = share(workspace, ben, now, form="calendar", audience="inside")
        answer = Client().get(f"/s/{secret}/calendar.ics")
        text = answer.content.decode()
        assert answer["Content-Type"] == "text/calendar; charset=utf-8"
        lines = text.split("\r\n")
        assert all(len(line.encode()) <= 75 for line in lines)
        assert "DTSTART;VALUE=DATE:20270301" in lines
        assert "DTEND;VALUE=DATE:20270302" in lines
        assert "SUMMARY:Milestone 4.3\\; big\\, one" in lines
        assert "SUMMARY:Due: Reroute for Halden Freight" in lines
        assert (lines.count("BEGIN:VEVENT"), lines.count("END:VEVENT")) == (2, 2)
        assert Client().get(f"/s/{secret}/").status_code == 404, "a calendar is no page"


class TestTwoPeople:
    def test_see_what_the_other_changed_and_choose(self, ada, ben, make_feature):
        feature = make_feature("Reroute", description="Old words")
        place = f"roadmap/features/{feature.key.lower()}/edit/"
        began = ben.get(place).context
        form, signed = began["form"], began["signed"]
        mine = {name: form[name].value() or "" for name in form.fields}
        ada.api(
            "PATCH", f"features/{feature.key}",
            {"title": "Reroute vans", "description": "Hers", "horizon": "now"}, If_Match="*",
        )  # fmt: skip
        mine |= {"description": "His", "size": "m", "version": feature.version, "base": signed}
        answer = ben.post(place, mine)
        page = answer.content.decode()
        assert answer.status_code == 422
        for words in ("Ada changed it while you wrote", "Hers", "His", "Old words", "Reroute vans"):
            assert words in page
        assert [one.name for one in answer.context["conflicts"]] == ["description"]
        again = {**answer.context["sent"], "version": answer.context["feature"].version,
                 "base": answer.context["signed"], "keep_description": "theirs"}  # fmt: skip
        assert ben.post(place, again).status_code == 302
        feature.refresh_from_db()
        assert (feature.title, feature.description, feature.horizon, feature.size) == (
            "Reroute vans", "Hers", "now", "m",
        )  # fmt: skip

    def test_are_told_by_the_api_what_changed(self, ada, ben, feature):
        ada.api("PATCH", f"features/{feature.key}", {"title": "Otherwise"}, If_Match="*")
        stale = ben.api(
            "PATCH", f"features/{feature.key}", {"title": "Mine"}, If_Match=f'"{feature.version}"'
        )
        assert stale.status_code == 412
        [error] = stale.json()["errors"]
        assert (error["field"], error["now"], error["message"]) == ("title", "Otherwise", "Ada changed it.")
