"""The pages, the API and the command of the trackers."""

from __future__ import annotations

import json

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from typer.testing import CliRunner

from roadbed.cli.app import app
from roadbed.core.jobs import services as jobs
from roadbed.modules.trackers.models import Binding, Conflict, Connection, Run

pytestmark = pytest.mark.django_db


def queries(someone, path):
    with CaptureQueriesContext(database) as found:
        assert someone.get(path).status_code == 200
    return len(found)


@pytest.fixture
def clashes(github, forge):
    """Three conflicts, and a pair that came apart."""

    def make(count: int) -> None:
        first = len(forge.issues) + 1
        for number in range(first, first + count):
            forge.issue(number)
        github.sync()
        for number in range(first, first + count):
            github.edit(github.the_feature(str(number)), title=f"Ours {number}")
            forge.issue(number, title=f"Theirs {number}")
        github.sync()

    make(3)
    return make


class TestPages:
    def test_an_empty_list_teaches_the_next_step(self, ben, dan):
        page = ben.get("trackers/").content.decode()
        assert "No tracker is connected" in page
        assert "Connect the first" in page
        assert "Connect the first" not in dan.get("trackers/").content.decode()

    def test_setting_up_is_guided_from_the_form_to_the_start(self, ben, forge):
        sent = {
            "name": "Engineering",
            "repository": "octo/hello",
            "token": "t",
            "api": forge.url,
            "every": "15",
        }
        answer = ben.post("trackers/new/github/", sent)
        kept = Connection.objects.get()
        assert answer["Location"].endswith(f"/trackers/{kept.pk}/")
        page = ben.get(f"trackers/{kept.pk}/").content.decode()
        assert "Connected to octo/hello as roadbed-bot." in page
        assert 'aria-current="step"' in page
        forge.issue(1)
        ben.post(
            f"trackers/{kept.pk}/map/", {"incoming": "all", "in-0": "planned", "out-shipped": "completed"}
        )
        ben.post(f"trackers/{kept.pk}/try/")
        jobs.run_waiting()
        assert Run.objects.get().counts == {"made_here": 1}
        assert not Binding.objects.exists()
        ben.post(f"trackers/{kept.pk}/switch/")
        jobs.run_waiting()
        assert Binding.objects.get().state == "live"
        feature = Binding.objects.get().record
        assert "#1" in ben.get(f"roadmap/features/{feature.key.lower()}/").content.decode()

    def test_a_wrong_word_is_said_beside_its_field(self, ben):
        answer = ben.post(
            "trackers/new/github/",
            {
                "name": "x",
                "repository": "hello",
                "token": "t",
                "every": "15",
                "api": "https://api.github.com",
            },
        )
        assert answer.status_code == 422
        assert "Owner and name are wanted" in answer.content.decode()

    def test_conflicts_are_settled_one_by_one_and_in_bulk(self, ben, dan, eve, clashes, forge):
        page = ben.get("trackers/decisions/").content.decode()
        assert "Ours 1" in page
        assert "Theirs 1" in page
        assert "Keep ours" not in dan.get("trackers/decisions/").content.decode()
        first, *others = Conflict.objects.order_by("pk")
        ben.post("trackers/decisions/settle/", {"keep": f"theirs-{first.pk}"})
        assert Conflict.objects.filter(settled_at__isnull=True).count() == 2
        eve.post("trackers/decisions/settle/", {"keep": "ours", "ids": [each.pk for each in others]})
        assert Conflict.objects.filter(settled_at__isnull=True).count() == 2
        ben.post("trackers/decisions/settle/", {"keep": "ours", "ids": [each.pk for each in others]})
        assert not Conflict.objects.filter(settled_at__isnull=True).exists()
        assert Binding.objects.get(external_id="1").record.title == "Theirs 1"

    def test_the_cost_of_a_page_does_not_grow_with_its_rows(self, github, ben, clashes):
        run = Run.objects.first()
        base = f"trackers/{github.connection.pk}/"
        paths = ("trackers/", "trackers/decisions/", base, f"{base}issues/", f"{base}runs/{run.pk}/")
        few = [queries(ben, path) for path in paths]
        clashes(9)
        run = Run.objects.first()
        paths = (*paths[:-1], f"{base}runs/{run.pk}/")
        assert [queries(ben, path) for path in paths] == few

    def test_a_call_that_is_not_signed_is_refused(self, github, client):
        address = f"/hooks/trackers/{github.connection.secrets['address']}/"
        answer = client.post(address, data="{}", content_type="application/json")
        assert (answer.status_code, Connection.objects.get().last_heard_at) == (401, None)
        assert (
            client.post("/hooks/trackers/nobody/", data="{}", content_type="application/json").status_code
            == 404
        )


class TestApi:
    def test_everything_that_the_pages_do(self, ben, forge):
        made = ben.api("post", "trackers", {"name": "Engineering", "kind": "github", "settings": {
            "repository": "octo/hello", "token": "t", "api": forge.url}})  # fmt: skip
        assert made.status_code == 201
        id = made.json()["id"]
        assert "token" not in json.dumps(made.json()["settings"])
        assert ben.api("put", f"trackers/{id}/state", {"on": True}).status_code == 422
        assert ben.api("post", f"trackers/{id}/test").json()["offered"]["project"] == "octo/hello"
        maps = ben.api(
            "patch", f"trackers/{id}/maps", {"incoming": {"which": "all"}, "directions": {"title": "in"}}
        )
        assert maps.json()["directions"]["title"] == "in"
        assert (
            ben.api("patch", f"trackers/{id}/maps", {"statuses_in": {"open": "nonsense"}}).status_code == 422
        )
        assert ben.api("put", f"trackers/{id}/state", {"on": True}).json()["is_on"] is True
        forge.issue(1)
        assert ben.api("post", f"trackers/{id}/looks", {}).status_code == 202
        jobs.run_waiting()
        (pair,) = ben.api("get", f"trackers/{id}/issues").json()["items"]
        assert (pair["issue"], pair["state"], pair["status"]) == ("#1", "live", "open")
        (run, *_) = ben.api("get", f"trackers/{id}/runs").json()["items"]
        (entry,) = ben.api("get", f"trackers/{id}/runs/{run['id']}/entries").json()["items"]
        assert (entry["deed"], entry["issue"]) == ("made_here", "#1")
        assert ben.api("get", f"feature-issues/{pair['feature']}").json()[0]["issue"] == "#1"
        assert ben.api("put", f"tracker-pairs/{pair['id']}", {"choice": "cut"}).json()["state"] == "cut"


class TestTerminal:
    def test_a_dry_run_and_a_look(self, github, forge):
        forge.issue(1)
        said = json.loads(CliRunner().invoke(app, ["sync", "--dry-run", "--json"]).stdout)
        assert said["connections"][0]["counts"] == {"made_here": 1}
        assert not Binding.objects.exists()
        assert CliRunner().invoke(app, ["sync", "-c", "github desk"]).exit_code == 0
        assert Binding.objects.get().state == "live"

    def test_it_says_so_where_nothing_is_connected(self, workspace):
        assert CliRunner().invoke(app, ["sync"]).exit_code == 3
