"""`roadbed flag list|publish` and `roadbed metric list|show`, as the terminal calls them."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from roadbed.cli import environment, experiment, flag, metric
from roadbed.modules.experiments import selectors, services
from tests.experiments import factories, trial_world
from tests.people import NOW


@pytest.fixture(autouse=True)
def prepared_already(monkeypatch, settings, tmp_path):
    settings.ROADBED_DATA = tmp_path
    monkeypatch.setattr(environment, "prepare", lambda: None)
    monkeypatch.setenv("COLUMNS", "200")


def run(app, *words):
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.output


class TestFlags:
    def test_a_list_says_how_each_stands_in_each_environment(self, workspace, ben):
        made = factories.make_flag(workspace, ben.actor)
        place = factories.environment(workspace)
        factories.publish(made, place, ben.actor, default="on", off="off")
        services.switch(flag=made, environment=place, on=True, actor=ben.actor, at=NOW)
        code, said = run(flag.app, "flag", "list", "--workspace", workspace.slug, "--json")
        assert code == 0, said
        one = json.loads(said)[0]
        assert (one["key"], one["flag"], one["type"]) == (made.key, "new-map", "boolean")
        assert one["environments"]["production"] == {"on": True, "gives": "on", "revision": 2}
        assert one["environments"]["development"]["on"] is False
        code, said = run(flag.app, "flag", "list", "--workspace", workspace.slug)
        assert (code, "all on" in said, "off" in said) == (0, True, True)
        code, said = run(flag.app, "flag", "list", "--workspace", "nowhere")
        assert (code, f"There are: {workspace.slug}" in said) == (3, True)

    def test_publishing_takes_the_draft_or_a_file_and_somebody_who_may(self, workspace, ben, dan, tmp_path):
        made = factories.make_flag(workspace, ben.actor)
        place = factories.environment(workspace)

        def publish(*words, who=ben):
            at = ("--workspace", workspace.slug, "--environment", "production", "--as", who.user.email)
            return run(flag.app, "flag", "publish", *words, *at)

        assert publish("new-map", who=dan)[0] == 3, "a viewer changes nothing"
        code, said = publish("new-map")
        assert (code, "has no draft in Production" in said) == (1, True)
        services.save_draft(
            flag=made, environment=place, definition={"default": "on", "off": "off"}, actor=ben.actor, at=NOW
        )
        code, said = publish("new-map")
        assert code == 0, said
        assert "revision" in said
        assert selectors.state_of(flag=made, environment=place).definition["default"] == "on"
        file = tmp_path / "f.json"
        file.write_text(json.dumps({"default": "off", "off": "off"}), encoding="utf-8")
        assert publish(made.key, "--definition", str(file))[0] == 0
        assert selectors.state_of(flag=made, environment=place).definition["default"] == "off"
        for text, wanted, part in (
            (json.dumps({"default": "purple"}), 1, "purple"),
            ("[]", 2, "no JSON object"),
            ("{", 1, "cannot be read"),
        ):
            file.write_text(text, encoding="utf-8")
            code, said = publish("new-map", "--definition", str(file))
            assert (code, part in said) == (wanted, True), said
        assert publish("nothing")[0] == 1
        assert selectors.state_of(flag=made, environment=place).definition["default"] == "off", (
            "nothing was lost"
        )


class TestMetrics:
    def test_metrics_are_listed_and_shown_with_their_days_and_what_experiments_found(self, workspace, ben):
        trial_world.happen(workspace, drivers=300, effects=trial_world.better())
        running = trial_world.started(workspace, ben.actor)
        services.read_experiment(experiment=running, actor=ben.actor, at=NOW)
        own = selectors.metrics_of(running)[0].metric
        services.measure_days(version=selectors.current_version(own), at=NOW)
        code, said = run(metric.app, "metric", "list", "--workspace", workspace.slug, "--json")
        assert code == 0, said
        assert [(one["title"], one["kind"], one["desired"]) for one in json.loads(said)] == [
            ("Missed drops", "count", "down"),
            ("Runs finished", "proportion", "up"),
        ]
        assert "lower" in run(metric.app, "metric", "list", "--workspace", workspace.slug)[1]
        words = ("metric", "show", own.key, "--workspace", workspace.slug)
        code, said = run(metric.app, *words, "--json")
        assert code == 0, said
        found = json.loads(said)
        assert found["definition"]["to_hours"] == 72
        assert sum(one["units"] for one in found["days"]) > 0
        assert found["experiments"][0]["key"] == running.key
        assert found["experiments"][0]["low"] < found["experiments"][0]["lift"] < 0
        code, said = run(metric.app, *words)
        assert (code, running.key in said, "How it is defined" in said) == (0, True, True)
        code, said = run(metric.app, "metric", "show", "M-999", "--workspace", workspace.slug)
        assert (code, "There is no metric M-999" in said) == (1, True)


class TestPastExperiments:
    def test_one_that_was_brought_in_is_listed_and_shown_with_what_it_showed(self, workspace, ben):
        said = {"title": "Maps", "metric": "Orders", "ended_on": NOW.date(), "lift": "3%", "error": "1%"}
        made = services.bring_in_past(
            workspace=workspace, fields=services.past_fields(said), actor=ben.actor, at=NOW
        )
        code, listed = run(experiment.app, "experiment", "list", "--workspace", workspace.slug, "--json")
        assert code == 0, listed
        one = json.loads(listed)[0]
        assert (one["imported"], one["primary"]) == (True, "Orders: +3.0%")
        words = ("experiment", "show", made.key, "--workspace", workspace.slug)
        found = json.loads(run(experiment.app, *words, "--json")[1])
        assert (found["problem"], found["past_result"]["lift"]) == ("", 0.03)
        assert "Brought in from elsewhere: Orders +3.0%" in run(experiment.app, *words)[1]
