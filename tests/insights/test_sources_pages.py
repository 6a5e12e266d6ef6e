"""The pages and the API of sources."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roadbed.core.jobs.models import Job
from roadbed.core.notify.models import Notice
from roadbed.modules.insights.models import Arrival, Feedback, Source
from roadbed.modules.insights.services import intake, polling
from roadbed.modules.insights.services.items import Item
from tests.insights import factories
from tests.insights.test_sources_intake import bring, make_source


@pytest.fixture
def source(workspace):
    return make_source(workspace)


def page_of(someone: Any, source: Source, rest: str = "") -> Any:
    return someone.get(f"insights/sources/{source.pk}/{rest}")


class TestList:
    def test_nothing_yet_teaches_the_next_step(self, ben, dan):
        assert "Open the first" in ben.get("insights/sources/").content.decode()
        assert "Open the first" not in dan.get("insights/sources/").content.decode()

    def test_each_source_shows_how_it_does(self, dan, workspace, source, now):
        bring(source, now, said_at=now - timedelta(minutes=4))
        broken = make_source(workspace, kind="github", name="Issues")
        polling.note_failed(source=broken, reason="It does not answer.", at=now)
        page = dan.get("insights/sources/").content.decode()
        for words in ("Help desk", "Webhook", "Issues", "Failing", "4 min"):
            assert words in page

    def test_a_search_and_a_fragment(self, dan, workspace, source):
        make_source(workspace, kind="form", name="Web site")
        page = dan.get("insights/sources/?q=web").content.decode()
        assert "Web site" in page
        assert "Help desk" not in page

    def test_the_number_of_questions_to_the_database_stays(self, dan, workspace, now):
        def asked() -> int:
            with CaptureQueriesContext(
                connection,
            ) as caught:
                dan.get("insights/sources/")
            return len(caught)

        bring(make_source(workspace, name="First"), now)
        few = asked()
        for number in range(12):
            bring(make_source(workspace, name=f"Source {number}"), now)
        assert asked() == few

    def test_strangers_see_nothing(self, eve, source):
        assert eve.get("/w/northwind/insights/sources/").status_code == 404
        assert eve.get(f"/w/northwind/insights/sources/{source.pk}/").status_code == 404
        assert eve.get(f"insights/sources/{source.pk}/").status_code == 404


class TestOpening:
    def test_ben_chooses_and_opens_each_kind(self, ben):
        assert "GitHub issues" in ben.get("insights/sources/new/").content.decode()
        for kind, facts in {
            "form": {},
            "mail": {"address": "voice@northwind.example"},
            "hook": {"text": "text"},
            "github": {"repository": "octo/hello"},
        }.items():
            address = f"insights/sources/new/{kind}/"
            page = ben.get(address)
            filled = {
                name: value for name, value in page.context["form"].initial.items() if value is not None
            }
            defaults = {
                bound.name: bound.initial for bound in page.context["form"] if bound.initial is not None
            }
            answer = ben.post(address, {**defaults, **filled, "name": f"My {kind}", **facts})
            made = Source.objects.get(kind=kind)
            assert answer["Location"].endswith(f"/insights/sources/{made.pk}/")
            assert page_of(ben, made).status_code == 200

    def test_what_is_wrong_stands_at_its_field(self, ben):
        answer = ben.post(
            "insights/sources/new/github/", {"name": "Issues", "repository": "only", "every": "15"}
        )
        assert answer.status_code == 422
        assert "octo-org/hello-world" in answer.content.decode()
        assert Source.objects.count() == 0

    def test_changing_keeps_the_secret_that_is_not_typed_again(self, ben, workspace):
        issues = make_source(workspace, kind="github", name="Issues", access="ghp_1")
        page = page_of(ben, issues, "edit/")
        assert "ghp_1" not in page.content.decode()
        filled = {bound.name: bound.value() for bound in page.context["form"] if bound.value() is not None}
        ben.post(f"insights/sources/{issues.pk}/edit/", {**filled, "name": "Wishes"})
        issues.refresh_from_db()
        assert (issues.name, issues.secrets["access"]) == ("Wishes", "ghp_1")

    def test_cleo_may_not(self, cleo, source):
        assert cleo.get("insights/sources/new/").status_code == 403
        assert cleo.post(f"insights/sources/{source.pk}/switch/").status_code == 403


class TestOneSource:
    def test_secrets_are_shown_to_makers_alone(self, ben, dan, source):
        assert source.token in page_of(ben, source).content.decode()
        seen = page_of(dan, source).content.decode()
        assert source.token not in seen
        assert source.secrets["secret"] not in seen

    def test_arrivals_lead_to_their_feedback_and_refused_ones_say_why(self, ben, source, now):
        piece = bring(source, now, external_id="1").feedback
        bring(source, now, text=" ", external_id="2")
        page = page_of(ben, source).content.decode()
        assert f"/insights/feedback/{piece.number}/" in page
        assert "There are no words in it." in page
        only = page_of(ben, source, "?outcome=refused").content.decode()
        assert f"/insights/feedback/{piece.number}/" not in only

    def test_a_private_piece_is_not_named(self, dan, workspace, source, now):
        from roadbed.core.workspaces.models import Circle

        piece = bring(source, now, text="A secret wish").feedback
        circle = Circle.objects.create(workspace=workspace, name="Board", created_at=now)
        Feedback.objects.filter(pk=piece.pk).update(circle=circle)
        assert "A secret wish" not in page_of(dan, source).content.decode()

    def test_ben_lets_in_what_was_set_aside(self, ben, source, now):
        intake.leave_out(source=source, item=Item(text="A person after all"), reason="trap", at=now)
        arrival = Arrival.objects.get()
        ben.post(f"insights/sources/{source.pk}/arrivals/{arrival.pk}/retry/")
        assert Feedback.objects.get().text == "A person after all"

    def test_off_and_on_again(self, ben, source):
        ben.post(f"insights/sources/{source.pk}/switch/")
        assert "Turned off" in page_of(ben, source).content.decode()
        ben.post(f"insights/sources/{source.pk}/switch/")
        assert Source.objects.get().is_on

    def test_a_look_is_queued(self, ben, workspace):
        issues = make_source(workspace, kind="github", name="Issues")
        ben.post(f"insights/sources/{issues.pk}/run/")
        assert Job.objects.filter(name="insights.fetch_source").count() == 1

    def test_taken_away_and_put_back(self, ben, source):
        ben.post(f"insights/sources/{source.pk}/delete/")
        assert page_of(ben, source).status_code == 404
        ben.post(f"insights/sources/{source.pk}/restore/")
        assert page_of(ben, source).status_code == 200

    def test_under_another_key_it_says_what_to_do(self, ben, source, settings):
        Source.objects.filter(pk=source.pk).update(sealed="gAAAAABnot-ours")
        assert "ROADBED_SECRET_KEY" in page_of(ben, source).content.decode()


class TestApi:
    def test_ben_opens_reads_changes_and_takes_away(self, ben):
        made = ben.api("post", "sources", {"name": "App", "kind": "hook", "settings": {"text": "message"}})
        assert made.status_code == 201, made.content
        source = made.json()
        assert "/hooks/in/" in source["address"]
        assert source["settings"]["text"] == "message"
        assert "secret" not in source["settings"]
        changed = ben.api("patch", f"sources/{source['id']}", {"settings": {"per_minute": 5}}).json()
        assert (changed["settings"]["text"], changed["settings"]["per_minute"]) == ("message", 5)
        assert ben.api("put", f"sources/{source['id']}/state", {"on": False}).json()["health"] == "Off"
        assert ben.api("delete", f"sources/{source['id']}").status_code == 204
        assert ben.api("get", f"sources/{source['id']}").status_code == 404
        assert ben.api("post", f"sources/{source['id']}/restore").status_code == 200
        renewed = ben.api("post", f"sources/{source['id']}/address").json()
        assert renewed["address"] != source["address"]

    def test_dan_reads_without_the_address(self, dan, source):
        (found,) = dan.api("get", "sources").json()["items"]
        assert (found["name"], found["address"]) == ("Help desk", None)
        assert dan.api("post", "sources", {"name": "X", "kind": "form"}).status_code == 403

    def test_what_is_wrong_is_said_by_name(self, ben):
        refused = ben.api("post", "sources", {"name": "X", "kind": "form", "settings": {"colour": "red"}})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "colour")
        unknown = ben.api("post", "sources", {"name": "X", "kind": "form", "settings": {"nothing": "x"}})
        assert unknown.status_code == 422

    def test_arrivals_and_trying_again(self, ben, source, now):
        bring(source, now, external_id="1")
        intake.leave_out(source=source, item=Item(text="A person"), reason="trap", at=now)
        base = f"sources/{source.pk}/arrivals"
        rows = ben.api("get", base).json()["items"]
        assert [row["outcome"] for row in rows] == ["left_out", "new"]
        again = ben.api("post", f"{base}/{rows[0]['id']}/retry").json()
        assert (again["outcome"], again["can_retry"]) == ("new", False)
        assert ben.api("post", f"{base}/{rows[0]['id']}/retry").status_code == 422

    def test_a_look_where_there_is_nowhere_to_look(self, ben, source):
        assert ben.api("post", f"sources/{source.pk}/look").status_code == 422

    def test_strangers_see_nothing(self, eve, source):
        assert eve.api("get", f"/api/v1/northwind/sources/{source.pk}").status_code == 404
        assert eve.api("get", f"sources/{source.pk}").status_code == 404


class TestFailing:
    def test_the_owners_are_told_once_when_it_fails_again_and_again(self, ada, ben, workspace, now):
        issues = make_source(workspace, kind="github", name="Issues")
        for _ in range(7):
            polling.note_failed(source=issues, reason="It does not answer.", at=now)
        (notice,) = Notice.objects.all()
        assert notice.member == ada.member
        assert "Issues" in notice.text
        assert notice.url.endswith(f"/insights/sources/{issues.pk}/")


class TestHistory:
    def test_opening_and_changing_stand_in_the_history(self, ada, source, now):
        from roadbed.core.records.models import Activity

        verbs = list(Activity.objects.values_list("verb", flat=True))
        assert verbs == ["opened source"]
        assert "whsec" not in str(list(Activity.objects.values_list("changes", flat=True)))
        assert factories.ACTOR.name
