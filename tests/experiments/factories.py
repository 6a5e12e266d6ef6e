"""What the tests of experiments begin with."""

from __future__ import annotations

from typing import Any

from roadbed.core.accounts.actors import Actor
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.models import Environment, Experiment, ExperimentState, Flag, Readout
from tests.people import NOW

RULES = {
    "default": "off",
    "off": "off",
    "rules": [
        {"id": "ca", "condition": {"country": "CA"}, "variant": "on"},
        {
            "id": "ramp",
            "variant": "on",
            "ramp": {"steps": [{"share": 0.1, "approval": True}, {"share": 1.0}]},
        },
    ],
}


def make_flag(workspace: Workspace, actor: Actor, key: str = "new-map", **more: Any) -> Flag:
    """A flag, switched off in development and production."""
    fields = services.FlagFields(flag_key=key, **more)
    return services.create_flag(workspace=workspace, fields=fields, actor=actor, at=NOW)


def environment(workspace: Workspace, key: str = "production") -> Environment:
    return selectors.access_environment(workspace_id=workspace.pk, key=key)


def publish(flag: Flag, place: Environment, actor: Actor, at: Any = NOW, **definition: Any) -> Any:
    """Draft a definition and let it live."""
    draft = services.save_draft(
        flag=flag, environment=place, definition=definition or RULES, actor=actor, at=at
    )
    return services.publish_draft(draft=draft, actor=actor, at=at)


def furnish(scene: Any) -> None:
    """One of everything, for the permission matrix. Ada wrote the draft, so that others may look at it."""
    actor, made = scene.ada.actor, scene.made
    made["flag"] = make_flag(scene.workspace, actor)
    made["environment"] = environment(scene.workspace)
    publish(made["flag"], made["environment"], actor)
    services.save_draft(
        flag=made["flag"], environment=made["environment"], definition=RULES, actor=actor, at=NOW
    )
    made["flag key"], _ = services.make_key(
        environment=made["environment"], kind="server", name="api", actor=actor, at=NOW
    )
    made["flag segment"] = services.put_segment(
        workspace=scene.workspace, key="staff", name="Staff", condition={"staff": True}, actor=actor, at=NOW
    )
    made["holdout"] = services.put_holdout(
        workspace=scene.workspace, key="half-year", changes={"share": 0.02}, actor=actor, at=NOW
    )
    _furnish_data(scene)
    _furnish_experiment(scene)


def _furnish_experiment(scene: Any) -> None:
    """An experiment that runs and was read once, with a link to its report."""
    actor, made = scene.ada.actor, scene.made
    fields = services.ExperimentFields(
        title="Whether the new map helps",
        settings={
            "hypothesis": "It does.", "shares": {"off": 1.0, "on": 1.0}, "control": "off",
            "split_flag": made["flag"], "environment": made["environment"],
        },
    )  # fmt: skip
    made["experiment"] = services.create_experiment(
        workspace=scene.workspace, fields=fields, actor=actor, at=NOW
    )
    run(made["experiment"])
    Readout.objects.create(
        experiment=made["experiment"],
        number=1,
        at=NOW,
        as_of=NOW,
        digest="0" * 64,
        problem="Nobody was there.",
    )
    made["report share"], made["report secret"] = services.share_report(
        experiment=made["experiment"], name="Board", actor=actor, at=NOW
    )


def run(experiment: Experiment) -> None:
    """Let an experiment run that has no data to be answered from."""
    experiment.state, experiment.started_at = ExperimentState.RUNNING, NOW
    experiment.save(update_fields=["state", "started_at"])


def _furnish_data(scene: Any) -> None:
    actor, made = scene.ada.actor, scene.made
    services.ensure_sources(workspace=scene.workspace, at=NOW)
    made["data source"] = services.create_data_source(
        workspace=scene.workspace,
        kind="files",
        key="uploads",
        name="Uploads",
        settings={},
        actor=actor,
        at=NOW,
    )
    columns = {"table": "shown", "unit": "who", "at": "at"}
    made["exposure source"] = services.put_exposure_source(
        workspace=scene.workspace, key="shown", data_source=made["data source"], fields={**columns, "variant": "arm"},
        actor=actor, at=NOW,
    )  # fmt: skip
    made["fact source"] = services.put_fact_source(
        workspace=scene.workspace,
        key="orders",
        data_source=made["data source"],
        fields=columns,
        actor=actor,
        at=NOW,
    )
    made["metric"] = services.create_metric(
        workspace=scene.workspace,
        fields=services.MetricFields(
            title="Orders", kind="count", definition={"facts": {"source": "events"}}, owner=scene.ada.member
        ),
        actor=actor,
        at=NOW,
    )
