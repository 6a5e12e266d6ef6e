"""The demo's flags: what Northwind Dispatch lets out a little at a time, and what it forgot to remove."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from roadbed.core.accounts.actors import Actor
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Member, Product, Workspace
from roadbed.modules.experiments import services
from roadbed.modules.experiments.models import Environment, Flag, FlagReview, FlagType, Purpose
from roadbed.modules.experiments.selectors import draft_of

DAY = timedelta(days=1)
ON = {"on": True, "off": False}
RAMP = [
    {"share": 0.01, "seconds": 86_400},
    {"share": 0.1, "seconds": 3 * 86_400, "sample": 2_000},
    {"share": 0.5, "seconds": 7 * 86_400, "approval": True},
    {"share": 1.0},
]
STAFF = {"email": {"$endsWith": "@northwind.example"}}


def load(*, workspace: Workspace, seed: int, at: datetime) -> None:
    """Tell the story. Nothing in it is left to chance, so the seed changes nothing."""
    del seed
    _Story(workspace, at).tell()


class _Story:
    def __init__(self, workspace: Workspace, at: datetime) -> None:
        self.workspace, self.at = workspace, at
        rows = Member.objects.filter(workspace=workspace).select_related("user")
        self.members = {member.user.display_name.partition(" ")[0]: member for member in rows}
        self.product = Product.objects.filter(workspace=workspace).order_by("pk").first()

    def actor(self, name: str) -> Actor:
        member = self.members[name]
        return Actor(user_id=member.user_id, name=member.name, via="demo")

    def feature(self, title: str) -> Record | None:
        rows = Record.objects.in_workspace(self.workspace.pk).filter(kind="feature")
        found: Record | None = rows.filter(title__startswith=title).first()
        return found

    def flag(self, key: str, *, days: float, owner: str, feature: str = "", **more: Any) -> Flag:
        fields = services.FlagFields(
            flag_key=key,
            owner=self.members[owner],
            product=self.product,
            tests=self.feature(feature) if feature else None,
            **more,
        )
        return services.create_flag(
            workspace=self.workspace, fields=fields, actor=self.actor(owner), at=self.at - days * DAY
        )

    def live(
        self,
        flag: Flag,
        place: Environment,
        definition: dict[str, Any],
        *,
        days: float,
        by: str,
        note: str = "",
    ) -> None:
        at = self.at - days * DAY
        whole = {"type": flag.type, **definition}
        draft = services.save_draft(
            flag=flag, environment=place, definition=whole, note=note, actor=self.actor(by), at=at
        )
        for name in ("Ada", "Ruth", "Kofi", "Ben"):
            if place.approvals and name != by:
                services.review_draft(
                    draft=draft, member=self.members[name], verdict=FlagReview.Verdict.APPROVE,
                    actor=self.actor(name), at=at + DAY / 24,
                )  # fmt: skip
                break
        services.publish_draft(draft=draft, actor=self.actor(by), at=at + DAY / 12)

    def tell(self) -> None:
        """Make it all, the oldest first."""
        ada = self.actor("Ada")
        begun = self.at - 200 * DAY
        dev, prod = services.ensure_environments(workspace=self.workspace, actor=ada, at=begun)
        services.change_environment(environment=prod, approvals=1, actor=ada, at=begun + DAY)
        prod.refresh_from_db()
        services.put_segment(
            workspace=self.workspace, key="staff", name="Northwind’s own people", condition=STAFF,
            actor=ada, at=begun + DAY,
        )  # fmt: skip
        services.put_segment(
            workspace=self.workspace, key="large-fleets", name="Fleets of 50 vans and more",
            condition={"vans": {"$numGte": 50}}, actor=ada, at=begun + DAY,
        )  # fmt: skip
        services.put_holdout(
            workspace=self.workspace, key="half-year", actor=ada, at=begun + 2 * DAY,
            changes={"name": "Second half of the year", "share": 0.02, "unit": "account"},
        )  # fmt: skip
        self._old(dev, prod)
        self._running(dev, prod)
        self._waiting(dev, prod)

    def _old(self, dev: Environment, prod: Environment) -> None:
        link = self.flag(
            "recipient-link", days=190, owner="Kofi", title="A link for recipients", feature="A link for recipients",
            remove_by=(self.at - 40 * DAY).date(),
        )  # fmt: skip
        for place, days in ((dev, 185), (prod, 150)):
            self.live(link, place, {"variants": ON, "default": "on", "off": "off"}, days=days, by="Kofi")
        self.flag("voice-planning", days=120, owner="Ben", title="Plan by voice", feature="Plan by voice")
        limit = self.flag(
            "import-batch-size", days=170, owner="Ruth", title="How many orders an import takes at once",
            type=FlagType.INTEGER, variants={"small": 500, "large": 5000}, default="small", off="small",
            purpose=Purpose.OPERATION,
        )  # fmt: skip
        for place in (dev, prod):
            self.live(
                limit, place,
                {"variants": {"small": 500, "large": 5000}, "default": "small", "off": "small", "rules": [
                    {"id": "large", "name": "Large fleets", "segments": ["large-fleets"], "variant": "large"}]},
                days=160, by="Ruth",
            )  # fmt: skip

    def _running(self, dev: Environment, prod: Environment) -> None:
        reroute = self.flag(
            "live-reroute", days=40, owner="Ben", title="Reroute while the run is under way",
            feature="Reroute a courier",
            description="Lets dispatchers change a run that has begun. Guardrail: missed drops an hour.",
            remove_by=(self.at + 90 * DAY).date(),
        )  # fmt: skip
        definition: dict[str, Any] = {
            "variants": ON, "default": "off", "off": "off", "holdouts": ["half-year"],
            "forced": {"depot-test": "on"},
            "rules": [
                {"id": "staff", "name": "Our own people", "segments": ["staff"], "variant": "on"},
                {"id": "ramp", "name": "A little at a time", "condition": {"country": {"$in": ["NL", "BE"]},
                 "app": {"$semverGte": "4.2.0"}}, "variant": "on", "unit": "account", "ramp": {"steps": RAMP}},
            ],
        }  # fmt: skip
        self.live(reroute, dev, definition, days=30, by="Ben")
        self.live(reroute, prod, definition, days=13, by="Ben", note="Begin with our own people")
        services.start_ramp(
            flag=reroute, environment=prod, rule="ramp", actor=self.actor("Ben"), at=self.at - 12 * DAY
        )
        services.reach_sample(
            flag=reroute,
            environment=prod,
            rule="ramp",
            units=2_140,
            actor=self.actor("Ben"),
            at=self.at - 7 * DAY,
        )
        why = self.flag(
            "why-the-route-changed", days=25, owner="Kofi", title="Tell the driver why the route changed",
            feature="Tell the driver why", type=FlagType.STRING, purpose=Purpose.EXPERIMENT,
            variants={"none": "", "reason": "reason", "map": "reason-and-map"}, default="none", off="none",
        )  # fmt: skip
        split = {
            "variants": {"none": "", "reason": "reason", "map": "reason-and-map"}, "default": "none", "off": "none",
            "needs": [{"flag": "live-reroute", "variants": ["on"]}],
            "rules": [{
                "id": "split", "name": "Three ways to tell", "split": {"none": 1, "reason": 1, "map": 1},
                "unit": "driver", "fallback": "device", "sticky": True, "experiment": "why-the-route-changed",
                "slices": [{"namespace": "driver-app", "ranges": [[0, 0.6]], "unit": "driver"}],
            }],
        }  # fmt: skip
        self.live(why, dev, split, days=20, by="Kofi")
        self.live(why, prod, split, days=9, by="Kofi", note="Sixty per cent of the drivers’ app")
        eta = self.flag(
            "eta-model", days=60, owner="Ruth", title="How arrival times are estimated", type=FlagType.JSON,
            variants={"steady": {"model": "median", "minutes": 5}, "learned": {"model": "gradient", "minutes": 2}},
            default="steady", off="steady", feature="Half-hour windows",
        )  # fmt: skip
        self.live(
            eta, dev,
            {"variants": {"steady": {"model": "median", "minutes": 5}, "learned": {"model": "gradient", "minutes": 2}},
             "default": "learned", "off": "steady"}, days=50, by="Ruth",
        )  # fmt: skip

    def _waiting(self, dev: Environment, prod: Environment) -> None:
        offline = self.flag(
            "offline-stops", days=10, owner="Kofi", title="Keep the day’s stops on the phone",
            feature="Keep the day's stops",
        )  # fmt: skip
        definition = {
            "variants": ON, "default": "off", "off": "off", "holdouts": ["half-year"],
            "rules": [
                {"id": "staff", "segments": ["staff"], "variant": "on"},
                {"id": "some", "name": "Drivers with a poor network",
                 "condition": {"signal": {"$numLt": 2}}, "variant": "on", "share": 0.0025, "unit": "driver"},
            ],
        }  # fmt: skip
        self.live(offline, dev, definition, days=6, by="Kofi")
        services.save_draft(
            flag=offline, environment=prod, definition={"type": "boolean", **definition},
            note="A quarter of a per cent, in tunnels and yards", actor=self.actor("Kofi"), at=self.at - 2 * DAY,
        )  # fmt: skip
        draft = draft_of(flag=offline, environment=prod)
        if draft is not None:
            services.request_review(draft=draft, actor=self.actor("Kofi"), at=self.at - 1.5 * DAY)
