"""Experiments on pages and by the API: from an empty form to a report that somebody outside reads."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from roadbed.core.jobs import running
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.models import Decided, Experiment, ExperimentState, Readout
from tests.experiments import factories, trial_world
from tests.people import NOW


@pytest.fixture(autouse=True)
def data(settings, tmp_path):
    settings.ROADBED_DATA = tmp_path


@pytest.fixture
def shown(workspace, ben):
    """A running experiment with a winner, read once."""
    trial_world.happen(workspace, effects=trial_world.better())
    experiment = trial_world.started(workspace, ben.actor)
    services.read_experiment(experiment=experiment, actor=ben.actor, at=NOW)
    return experiment


class TestWriting:
    def test_a_form_becomes_a_document_that_says_what_is_missing(self, workspace, ben, dan):
        missed = trial_world.metric(workspace, ben.actor, "Missed drops", "missed drop", desired="down")
        sent = {
            "title": "Say why", "hypothesis": "They follow it.", "variants": "old = 50\nnew = 50", "randomised": "unit",
            "plan": "sequential", "minimum_effect": "10", "alpha": "5", "power": "80", "minimum_days": "7",
            "correction": "preferential", "prior": "flat", f"role-{missed.pk}": "primary", f"margin-{missed.pk}": "",
        }  # fmt: skip
        assert dan.post("experiments/new/", sent).status_code == 403
        wrong = ben.post("experiments/new/", {**sent, "variants": "old = many"})
        assert (wrong.status_code, Experiment.objects.count()) == (422, 0)
        assert "the weight is no number" in wrong.content.decode()
        made = ben.post("experiments/new/", sent)
        experiment = Experiment.objects.get()
        assert made.status_code == 302
        assert (experiment.minimum_effect, experiment.alpha, experiment.control) == (0.1, 0.05, "old")
        page = ben.get("experiments/e-1/").content.decode()
        assert "It tests no need and no feature" in page
        assert "Nothing is known of the primary metric’s past yet" in page
        assert ben.browser.get(f"/api/v1/{workspace.slug}/experiments/E-1/readiness").json()["ready"] is True
        running.run_waiting()
        assert ben.post("experiments/e-1/start/").status_code == 302
        experiment.refresh_from_db()
        assert experiment.state == ExperimentState.RUNNING
        late = ben.post("experiments/e-1/edit/", {**sent, "title": "Say why, again", "alpha": "50"})
        experiment.refresh_from_db()
        assert (late.status_code, experiment.title, experiment.alpha) == (302, "Say why, again", 0.05)


class TestReading:
    def test_health_stands_before_effects_and_the_numbers_beside_the_drawing(
        self, workspace, ben, shown, eve
    ):
        path = f"experiments/{shown.key.lower()}/"
        page = ben.get(path).content.decode()
        assert page.index('id="health"') < page.index('id="results"') < page.index('id="beliefs"')
        assert page.count('<svg class="forest__drawing') >= 2
        line = selectors.lines_of(Readout.objects.get().document)[0]
        assert line.interval_text in page
        numbers = ben.get(f"{path}?chart=forest&as=csv").content.decode().splitlines()
        assert len(numbers) == 3
        assert "Missed drops" in numbers[1]
        doubting = ben.get(f"{path}?prior=written&mean=0&deviation=0.5").content.decode()
        assert "two thirds of lifts within 0.5%" in doubting
        assert "a deviation above 0" in ben.get(f"{path}?prior=written&deviation=nan").content.decode()
        assert eve.get(f"/w/{workspace.slug}/{path}").status_code == 404

    def test_pages_cost_the_same_whatever_the_number(self, workspace, ben, shown):
        def queries(path):
            with CaptureQueriesContext(
                connection,
            ) as caught:
                assert ben.get(path).status_code == 200
            return len(caught)

        paths = ("experiments/", "experiments/library/", f"experiments/{shown.key.lower()}/")
        for path in paths:
            queries(path)
        before = [queries(path) for path in paths]
        for at in range(6):
            one = trial_world.draft(workspace, ben.actor, title=f"Another {at}", key=f"k{at}", metrics=[])
            factories.run(one)
            Readout.objects.create(
                experiment=one, number=1, at=NOW, as_of=NOW, digest="0" * 64, problem="Nobody was there."
            )
            services.read_experiment(experiment=shown, actor=ben.actor, at=NOW)
        assert [queries(path) for path in paths] == before

    def test_a_decision_is_made_with_the_recommendation_in_sight(self, ben, cleo, shown):
        path = f"experiments/{shown.key.lower()}/"
        assert "Ship new" in ben.get(f"{path}decide/").content.decode()
        assert cleo.post(f"{path}decide/", {"decided": "ship", "variant": "new"}).status_code == 403
        refused = ben.post(f"{path}decide/", {"decided": "keep control"})
        assert refused.status_code == 422
        assert "Say why" in refused.content.decode()
        assert ben.post(f"{path}decide/", {"decided": "ship", "variant": "new"}).status_code == 302
        page = ben.get(path).content.decode()
        assert "Ship new" in page
        assert "Take the decision back" in page


class TestSharing:
    def test_a_report_opens_by_its_address_and_password_until_it_is_ended(self, ben, shown):
        path = f"experiments/{shown.key.lower()}/shares/"
        page = ben.post(path, {"name": "Board", "password": "long enough"}).content.decode()
        address = "/x/" + page.split("/x/")[1].split('"')[0]
        outside = Client()
        door = outside.get(address)
        assert (door.status_code, door["X-Robots-Tag"]) == (200, "noindex, nofollow")
        assert "Missed drops" not in door.content.decode()
        assert outside.post(address, {"password": "wrong"}).status_code == 403
        assert outside.get(f"{address}?as=json").content != b"", "the door stands before every form"
        assert "Missed drops" not in outside.get(f"{address}?as=markdown").content.decode()
        assert outside.post(address, {"password": "long enough"}).status_code == 302
        assert "Missed drops" in outside.get(address).content.decode()
        assert outside.get(f"{address}?as=pdf").content.startswith(b"%PDF")
        share = shown.shares_out.get()
        ben.post(f"{path}{share.pk}/revoke/")
        assert outside.get(address).status_code == 404

    def test_markdown_says_everything_and_escapes_what_people_wrote(self, workspace, ben, shown):
        services.change_experiment(
            experiment=shown, changes={"title": "Why | <b>so</b>"}, actor=ben.actor, at=NOW
        )
        choice = services.Choice(Decided.SHIP, "new", learned="It *works*.")
        services.decide_experiment(experiment=shown, choice=choice, actor=ben.actor, at=NOW)
        told = services.make_report(experiment=shown, kind="markdown", at=NOW).content.decode()
        assert told.startswith("# E-1 Why \\| \\<b\\>so\\</b\\>")
        assert "**Decided: Ship new**" in told
        assert "It \\*works\\*." in told
        assert "| Missed drops (primary) | new |" in told


class TestProgram:
    def test_the_api_does_what_the_pages_do(self, workspace, ben):
        base = f"/api/v1/{workspace.slug}/"

        def call(method, path, body=None, **headers):
            return ben.browser.generic(
                method, base + path, json.dumps(body or {}), content_type="application/json", headers=headers
            )

        trial_world.happen(workspace, effects=trial_world.better())
        trial_world.source(workspace, ben.actor)
        missed = trial_world.metric(workspace, ben.actor, "Missed drops", "missed drop", desired="down")
        body = {
            "title": "Say why", "hypothesis": "They follow it.", "shares": {"old": 1, "new": 1}, "control": "old",
            "source": "drivers", "exposure_key": "why", "minimum_effect": 0.1,
            "metrics": [{"metric": missed.key, "role": "primary"}],
        }  # fmt: skip
        assert call("POST", "experiments", {**body, "source": "nowhere"}).status_code == 422
        made = call("POST", "experiments", body)
        assert made.status_code == 201, made.content
        ready = call("GET", "experiments/E-1/readiness").json()
        assert ready["ready"] is True
        etag = made["ETag"]
        changed = call("PATCH", "experiments/E-1", {"power": 0.9}, **{"If-Match": etag})
        assert (changed.status_code, changed.json()["power"]) == (200, 0.9)
        assert call("PATCH", "experiments/E-1", {"power": 0.8}, **{"If-Match": etag}).status_code == 412
        assert call("POST", "experiments/E-1/start").status_code == 200
        experiment = Experiment.objects.get()
        Experiment.objects.update(started_at=trial_world.BEGUN)
        experiment.refresh_from_db()
        services.read_experiment(experiment=experiment, actor=ben.actor, at=NOW)
        found = call("GET", "experiments/E-1").json()
        assert (found["readout"]["verdict"], found["metrics"][0]["version"]) == ("ship", 1)
        listed = call("GET", "experiments?filter=state%3Drunning").json()["items"]
        assert [(one["key"], one["verdict"]) for one in listed] == [("E-1", "ship")]
        whole = call("GET", "experiments/E-1/readouts/1").json()
        assert whole["document"]["metrics"][0]["results"][0]["always_valid"]["p_value"] < 0.05
        assert (
            call("PUT", "experiments/E-1/decision", {"decided": "ship", "variant": "old"}).status_code == 422
        )
        decided = call("PUT", "experiments/E-1/decision", {"decided": "ship", "variant": "new"})
        assert decided.json()["decision"]["differs"] is False
        assert call("GET", "experiment-library").json()["decided"] == 1
        report = call("GET", "experiments/E-1/report?form=json").json()
        assert report["decision"]["what"] == "Ship new"
        assert call("DELETE", "experiments/E-1/decision").json()["state"] == "stopped"
