"""A workspace with events of two variants whose effect is known, and experiments over them."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from roadbed.analytics.events.event import Event
from roadbed.analytics.events.store import EventStore
from roadbed.core.accounts.actors import Actor
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.experiments import services
from roadbed.modules.experiments.demo.happenings import Effect, Trial, events_of
from roadbed.modules.experiments.models import Experiment, Metric, MetricKind, MetricRole
from tests.people import NOW

DAY = timedelta(days=1)
BEGUN = NOW - 12 * DAY
SQL = "SELECT *, json_extract_string(attributes, '$.platform') AS platform FROM exposures"
SHARES = {"old": 1.0, "new": 1.0}


def metric(workspace: Workspace, actor: Actor, title: str, event: str, **more: Any) -> Metric:
    """A metric over events of one name, in the first three days."""
    services.ensure_sources(workspace=workspace, at=BEGUN)
    kind = more.pop("kind", MetricKind.COUNT)
    facts = {
        "source": "events",
        "how": "any" if kind == MetricKind.PROPORTION else more.pop("how", "count"),
        "filters": [{"column": "name", "value": event}],
        **more.pop("facts", {}),
    }
    fields = services.MetricFields(
        title=title, kind=kind, definition={"facts": facts, "to_hours": 72}, **more
    )
    return services.create_metric(workspace=workspace, fields=fields, actor=actor, at=BEGUN - 30 * DAY)


def metrics(workspace: Workspace, actor: Actor) -> list[services.MetricChoice]:
    """Missed drops to decide by, runs finished as a guardrail."""
    missed = metric(workspace, actor, "Missed drops", "missed drop", desired="down")
    finished = metric(workspace, actor, "Runs finished", "run finished", kind=MetricKind.PROPORTION)
    return [
        services.MetricChoice(missed, MetricRole.PRIMARY),
        services.MetricChoice(finished, MetricRole.GUARDRAIL, 0.1),
    ]


def source(workspace: Workspace, actor: Actor) -> Any:
    """The exposures of the events, with the platform to break down by."""
    own = services.ensure_sources(workspace=workspace, at=BEGUN)
    fields = {
        "name": "Drivers", "sql": SQL, "unit": "unit", "at": "time", "variant": "variant", "experiment": "flag",
        "dimensions": ["platform"],
    }  # fmt: skip
    return services.put_exposure_source(
        workspace=workspace, key="drivers", data_source=own, fields=fields, actor=actor, at=BEGUN
    )


def draft(
    workspace: Workspace, actor: Actor, *, key: str = "why", title: str = "Say why", **more: Any
) -> Experiment:
    """An experiment that nothing keeps from being started."""
    chosen = more.pop("metrics", None)
    settings = {
        "hypothesis": "They follow a route that they understand.", "shares": dict(SHARES), "control": "old",
        "source": source(workspace, actor), "exposure_key": key, "minimum_effect": 0.1, "dimensions": ["platform"],
        **more,
    }  # fmt: skip
    fields = services.ExperimentFields(
        title=title, settings=settings, metrics=metrics(workspace, actor) if chosen is None else chosen
    )
    return services.create_experiment(workspace=workspace, fields=fields, actor=actor, at=BEGUN - DAY)


def happen(
    workspace: Workspace, key: str = "why", *, drivers: int = 1_200, seed: int = 7, **more: Any
) -> list[Event]:
    """Let drivers be dealt out over eight days, and do what the variants make of them."""
    trial = Trial(key, drivers, BEGUN, 8.0, more.pop("shares", SHARES), **more)
    found = list(events_of(trial, random.Random(seed)))  # noqa: S311 - made-up events
    store = EventStore(services.events_folder(workspace.pk))
    store.append(found, key=key, received_at=NOW)
    return found


def better() -> dict[str, Effect]:
    """The new way misses a quarter fewer drops."""
    return {"new": Effect(missed=0.72)}


def started(workspace: Workspace, actor: Actor, **more: Any) -> Experiment:
    """An experiment that has run since `BEGUN`."""
    experiment = draft(workspace, actor, **more)
    return services.start_experiment(experiment=experiment, actor=actor, at=BEGUN)
