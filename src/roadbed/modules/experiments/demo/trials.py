"""The experiments of the demo: one running, one with a broken split, one shipped, one flat, one decided otherwise.

The figures on their pages are not written here: events are, and the analysis reads them as it reads anybody's.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from roadbed.core.accounts.actors import SYSTEM, Actor
from roadbed.core.jobs import services as jobs
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Member, Product, Workspace
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.demo.happenings import Effect, Trial, events_of
from roadbed.modules.experiments.models import (
    Decided,
    Desired,
    Experiment,
    ExposureSource,
    Holdout,
    LookPlan,
    Metric,
    MetricKind,
    MetricRole,
    PriorKind,
)

DAY = timedelta(days=1)
EXPOSURES = """
SELECT *, json_extract_string(attributes, '$.country') AS country,
       json_extract_string(attributes, '$.platform') AS platform
FROM exposures
"""
HALF = {"as today": 0.5, "new": 0.5}


def load(*, workspace: Workspace, seed: int, at: datetime) -> None:
    """Tell the story."""
    _Story(workspace, at, random.Random(seed)).tell()  # noqa: S311 - a made-up story, not a secret


class _Story:
    def __init__(self, workspace: Workspace, at: datetime, chance: random.Random) -> None:
        self.workspace, self.at, self.chance = workspace, at, chance
        rows = Member.objects.filter(workspace=workspace).select_related("user")
        self.members = {member.user.display_name.partition(" ")[0]: member for member in rows}
        self.product = Product.objects.filter(workspace=workspace).order_by("pk").first()
        self.metrics: dict[str, Metric] = {}
        self.source: ExposureSource | None = None
        self.trials: list[Trial] = []

    def actor(self, name: str) -> Actor:
        member = self.members[name]
        return Actor(user_id=member.user_id, name=member.name, via="demo")

    def record(self, title: str, kind: str = "feature") -> Record | None:
        rows = Record.objects.in_workspace(self.workspace.pk).filter(kind=kind)
        found: Record | None = rows.filter(title__startswith=title).first()
        return found

    def tell(self) -> None:
        """Write everything down, let the events happen, then read and decide in the order of time."""
        self._measures()
        past = self._past()
        running, holdout = self._running(), self._holdout()
        self._events()
        for experiment, days, decision in past:
            self._end(experiment, days, decision)
        for days in (3.4, 1.8, 0.1):
            services.read_experiment(experiment=running, actor=SYSTEM, at=self.at - days * DAY)
        services.read_experiment(experiment=holdout, actor=SYSTEM, at=self.at - 0.1 * DAY)
        self._draft()
        for metric in self.metrics.values():
            # Its page and planning tell of its days; the worker measures them while somebody looks around.
            jobs.enqueue(
                "experiments.measure_metric", workspace_id=self.workspace.pk, key=f"metric-{metric.pk}",
                metric_id=metric.pk, days=21,
            )  # fmt: skip

    def _measures(self) -> None:
        begun = self.at - 190 * DAY
        own = services.ensure_sources(workspace=self.workspace, at=begun)
        self.source = services.put_exposure_source(
            workspace=self.workspace, key="drivers", data_source=own, actor=self.actor("Ruth"), at=begun,
            fields={"name": "Drivers’ exposures", "sql": EXPOSURES, "unit": "unit", "unit_type": "driver",
                    "at": "time", "variant": "variant", "experiment": "flag", "dimensions": ["country", "platform"]},
        )  # fmt: skip
        for title, kind, event, how, desired, margin in (
            ("Missed drops", MetricKind.COUNT, "missed drop", "count", Desired.DOWN, 0.0),
            ("Minutes per stop", MetricKind.MEAN, "stop", "mean", Desired.DOWN, 0.0),
            ("Support tickets", MetricKind.COUNT, "support ticket", "count", Desired.DOWN, 0.2),
            ("Runs finished", MetricKind.PROPORTION, "run finished", "any", Desired.UP, 0.05),
        ):
            facts: dict[str, Any] = {
                "source": "events", "how": how, "filters": [{"column": "name", "value": event}],
            }  # fmt: skip
            if how == "mean":
                facts["column"] = "value"
            self.metrics[title] = services.create_metric(
                workspace=self.workspace,
                fields=services.MetricFields(
                    title=title, kind=kind, definition={"facts": facts, "to_hours": 72}, desired=desired,
                    margin=margin, is_guardrail=title == "Support tickets", owner=self.members["Ruth"],
                    description="In a driver’s first three days after the exposure.",
                ),
                actor=self.actor("Ruth"),
                at=begun,
            )  # fmt: skip

    def begin(
        self,
        title: str,
        *,
        hypothesis: str,
        owner: str,
        days: float,
        trial: Trial | None = None,
        primary: str = "Missed drops",
        tests: Sequence[Record | None] = (),
        **settings: Any,
    ) -> Experiment:
        """Write an experiment down and start it, so many days ago."""
        roles: Mapping[str, MetricRole] = {
            primary: MetricRole.PRIMARY,
            "Support tickets": MetricRole.GUARDRAIL,
            "Runs finished": MetricRole.GUARDRAIL,
        }
        choices = [
            services.MetricChoice(
                metric,
                roles.get(name, MetricRole.SECONDARY),
                {"Support tickets": 0.2, "Runs finished": 0.05}.get(name, 0.0) if name != primary else 0.0,
            )
            for name, metric in self.metrics.items()
        ]
        choices.sort(key=lambda one: one.role != MetricRole.PRIMARY)
        shares = dict(trial.shares) if trial else HALF
        fields = services.ExperimentFields(
            title=title,
            settings={
                "hypothesis": hypothesis, "owner": self.members[owner], "product": self.product,
                "source": self.source, "shares": shares, "control": next(iter(shares)),
                "dimensions": ["country", "platform"], "minimum_effect": 0.1,
                "exposure_key": trial.key if trial else "", **settings,
            },
            metrics=choices,
            tests=[one for one in tests if one is not None],
        )  # fmt: skip
        written = self.at - (days + 2) * DAY
        experiment = services.create_experiment(
            workspace=self.workspace, fields=fields, actor=self.actor(owner), at=written
        )
        if trial is not None:
            started = self.at - days * DAY
            services.start_experiment(experiment=experiment, actor=self.actor(owner), at=started)
            self.trials.append(trial)
        return experiment

    def trial(self, key: str, *, drivers: int, days: float, lasts: float, **more: Any) -> Trial:
        more.setdefault("shares", HALF)
        return Trial(key, drivers, self.at - days * DAY, lasts, **more)

    def _past(self) -> list[tuple[Experiment, float, services.Choice | None]]:
        rows: list[tuple[Experiment, float, services.Choice | None]] = []
        windows = self.trial(
            "half-hour-windows", drivers=2_600, days=160, lasts=18, effects={"new": Effect(missed=0.78)},
            by_country={"DE": 0.5},
        )  # fmt: skip
        rows.append((
            self.begin(
                "Half-hour windows for recipients", owner="Kofi", days=160, trial=windows,
                hypothesis="If recipients choose a window of half an hour, drivers meet them at home, and missed drops"
                " fall by a tenth at least.",
                tests=[self.record("Half-hour windows"), self.record("Know when", "need")],
            ),
            139.0,
            services.Choice(
                Decided.SHIP, "new", "Missed drops fall in every country, and nobody calls support more often.",
                "A promise that people choose themselves is kept by both sides. The effect is about half as large in"
                " Germany, where neighbours take parcels anyway.",
            ),
        ))  # fmt: skip
        order = self.trial(
            "streets-in-order", drivers=2_200, days=130, lasts=16, effects={"new": Effect(minutes=0.9)}
        )
        rows.append((
            self.begin(
                "Sort stops by side of the street", owner="Ben", days=130, trial=order, primary="Minutes per stop",
                hypothesis="If stops on one side of a street come together, drivers cross less and need less time.",
                minimum_effect=0.04,
            ),
            111.0,
            services.Choice(
                Decided.SHIP, "new", "About a tenth less time a stop, on both platforms.",
                "Crossing streets is most of what a stop costs in towns.",
            ),
        ))  # fmt: skip
        yesterday = self.trial("start-from-yesterday", drivers=3_000, days=100, lasts=20, effects={})
        rows.append((
            self.begin(
                "Start the day from yesterday’s route", owner="Ruth", days=100, trial=yesterday,
                hypothesis="Drivers know yesterday’s route, so starting from it should cost fewer missed drops.",
                plan=LookPlan.FIXED, planned_units=2_900,
            ),
            77.0,
            services.Choice(
                Decided.KEEP, "", "",
                "Drivers know the streets, not the route: yesterday’s order is no help. Not worth another try.",
            ),
        ))  # fmt: skip
        buttons = self.trial(
            "one-button-scan", drivers=1_600, days=75, lasts=14,
            effects={"new": Effect(missed=1.24, minutes=0.97, finished=0.93)},
        )  # fmt: skip
        rows.append((
            self.begin(
                "Scan with one button", owner="Kofi", days=75, trial=buttons,
                hypothesis="One button instead of three saves seconds at each door.",
            ),
            58.0,
            services.Choice(
                Decided.ROLL_BACK, "", "Missed drops rise by a fifth.",
                "The second button was the moment to look at the name on the door.",
            ),
        ))  # fmt: skip
        photo = self.trial(
            "photo-at-the-door",
            drivers=2_200,
            days=50,
            lasts=16,
            effects={"new": Effect(missed=0.8, fades=False)},
        )
        rows.append((
            self.begin(
                "Photograph the parcel at the door", owner="Ben", days=50, trial=photo,
                hypothesis="A photograph at the door settles later disputes, and makes drivers look twice.",
                plan=LookPlan.BAYESIAN, prior=PriorKind.WRITTEN, prior_deviation=0.1,
                tests=[self.record("Proof of delivery")],
            ),
            31.0,
            services.Choice(
                Decided.KEEP, "", "The works council has not agreed to photographs of front doors. We ask again in"
                " spring, with faces and house numbers blurred.",
                "It works, and we may not have it yet: ask about the law before the test, not after it.",
            ),
        ))  # fmt: skip
        broken = self.trial(
            "sign-in-by-badge", drivers=1_800, days=24, lasts=14, effects={"new": Effect(missed=0.85)},
            lost={("new", "iOS"): 0.6},
        )  # fmt: skip
        rows.append((
            self.begin(
                "Sign in by holding up the badge", owner="Ruth", days=24, trial=broken,
                hypothesis="A badge is quicker than a password at six in the morning, so runs begin earlier.",
            ),
            7.0,
            None,
        ))  # fmt: skip
        return rows

    def _running(self) -> Experiment:
        flag = selectors.access_flag(workspace_id=self.workspace.pk, key="why-the-route-changed")
        place = selectors.access_environment(workspace_id=self.workspace.pk, key="production")
        shares = {"none": 1.0, "reason": 1.0, "map": 1.0}
        trial = Trial(
            flag.flag_key, 3_300, self.at - 8.5 * DAY, 8.4, shares,
            effects={"reason": Effect(missed=0.88), "map": Effect(missed=0.76, minutes=1.02, tickets=1.08, fades=True)},
        )  # fmt: skip
        return self.begin(
            "Tell the driver why the route changed", owner="Kofi", days=8.5, trial=trial,
            hypothesis="Drivers follow a new route when they know why it changed. With the reason on the screen, missed"
            " drops fall by at least a tenth; with a map they may fall further, at the price of a longer look.",
            split_flag=flag, environment=place, exposure_key="", tests=[self.record("Tell the driver why")],
        )  # fmt: skip

    def _holdout(self) -> Experiment:
        trial = self.trial(
            "half-year", drivers=2_400, days=95, lasts=92, shares={"held back": 1.0, "everything": 3.0},
            effects={"everything": Effect(missed=0.86, minutes=0.95)},
        )  # fmt: skip
        holdout = Holdout.objects.filter(workspace=self.workspace, key="half-year").first()
        return self.begin(
            "All that was shipped in this half-year", owner="Ada", days=95, trial=trial, holdout=holdout,
            hypothesis="What was shipped since summer, together, against drivers who got none of it.",
        )  # fmt: skip

    def _events(self) -> None:
        from roadbed.analytics.events import compaction
        from roadbed.analytics.events.store import EventStore

        store = EventStore(services.events_folder(self.workspace.pk))
        for trial in self.trials:
            found = [event for event in events_of(trial, self.chance) if event.time <= self.at]
            store.append(found, key=f"demo {trial.key}", received_at=self.at)
        compaction.compact(store, now=self.at)

    def _end(self, experiment: Experiment, days: float, choice: services.Choice | None) -> None:
        """Stop an experiment, read it, and decide it where somebody did."""
        stopped = self.at - days * DAY
        who = self.actor("Ada" if choice is not None else "Ruth")
        services.stop_experiment(experiment=experiment, actor=who, at=stopped)
        services.read_experiment(experiment=experiment, actor=SYSTEM, at=stopped + 3.2 * DAY)
        if choice is not None:
            services.decide_experiment(experiment=experiment, choice=choice, actor=who, at=stopped + 4 * DAY)

    def _draft(self) -> None:
        self.begin(
            "Plan by voice", owner="Ben", days=1, primary="Minutes per stop", minimum_effect=0.05,
            hypothesis="If dispatchers say a change instead of typing it, stops are not held up by it.",
            tests=[self.record("Plan by voice")],
        )  # fmt: skip
