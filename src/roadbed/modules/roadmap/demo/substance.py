"""What the demo's plan rests on: efforts, what waits for what, three teams with calendars, objectives, risks, dates."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import numpy as np

from roadbed.core.accounts.actors import Actor
from roadbed.core.workspaces.models import Department, Member, Product, Team, Workspace
from roadbed.modules.roadmap import services
from roadbed.modules.roadmap.models import Absence, Feature, Lane, Size, Status, Work
from roadbed.modules.roadmap.services import branching, forecasting

SIZES = {Size.XS: 2.0, Size.S: 4.0, Size.M: 9.0, Size.L: 18.0, Size.XL: 40.0}
TEAMS = {
    "Routing": ("DE", "BE", 72, 15, 5, ("Maps", "Optimisation")),
    "Mobile": ("PL", "", 68, 20, 4, ("Android", "iOS")),
    "Platform": ("DE", "BE", 75, 25, 4, ("Databases", "Security")),
}
WAITS = (
    ("Reroute a courier while", "Event bus for dispatch", "fs", 0),
    ("Tell the customer the new time", "Reroute a courier while", "fs", 2),
    ("Half-hour windows", "Tell the customer the new time", "fs", 0),
    ("Close a road for the day", "Map tiles from our own store", "fs", 5),
    ("Keep the day's stops", "Sync protocol", "ss", 3),
    ("Send proofs when the signal", "Sync protocol", "ff", 2),
    ("Download maps over", "Map tiles from our own store", "fs", 0),
    ("Single sign-on", "One identity service", "fs", 0),
    ("Leavers lose access", "Single sign-on", "fs", 0),
    ("Monthly file for finance", "Cost of a run", "fs", 0),
    ("Charging stops on the way", "Range and load of electric", "fs", 0),
    ("Retire the polling endpoint", "Event bus for dispatch", "fs", 10),
)
KINDS = {
    "Event bus": Work.PLATFORM,
    "Sync protocol": Work.PLATFORM,
    "Map tiles": Work.MIGRATION,
    "Retire the polling": Work.DEPRECATION,
    "PostgreSQL 17": Work.MIGRATION,
    "One identity": Work.MIGRATION,
    "Load tests": Work.DEBT,
    "Move route search": Work.DEBT,
}
PUBLIC = {
    "Reroute a courier while": "Change a run while it is under way",
    "Tell the customer the new time": "Tell recipients their new time",
    "Maps without a network": "Maps that work offline",
    "Single sign-on": "Single sign-on",
    "Range and load of electric": "Plan for electric vans",
    "A link for recipients": "A tracking link without an app",
    "Several photographs": "Several photographs as proof",
}
OBJECTIVES = (
    (
        "Dispatchers plan a day without a telephone",
        ("Reroute a courier while", "Tell the customer the new time", "Runs in trouble"),
        (
            ("Calls to couriers a day", "", "down", 46.0, 15.0, (44.0, 38.0, 31.0)),
            ("Runs changed without a call", "%", "up", 12.0, 60.0, (15.0, 24.0, 33.0)),
        ),
    ),
    (
        "Couriers deliver where there is no network",
        ("Maps without a network", "Keep the day's stops", "Send proofs when", "Sync protocol"),
        (("Proofs that arrive the same day", "%", "up", 81.0, 99.0, (82.0, 88.0)),),
    ),
    (
        "Large customers sign in as they are used to",
        ("Single sign-on", "One identity service"),
        (("Accounts with single sign-on", "", "up", 0.0, 12.0, ()),),
    ),
)
RISKS = (
    ("The map vendor changes its licence", 25, (8, 15, 40), ("Map tiles", "Maps without a network")),
    ("The event bus loses messages under load", 15, (5, 10, 30), ("Event bus", "Reroute a courier while")),
    ("The identity review asks for more", 35, (3, 6, 15), ("One identity", "Single sign-on")),
)


class Substance:
    """Carries what the loader needs from step to step."""

    def __init__(self, *, workspace: Workspace, seed: int, at: datetime) -> None:
        self.workspace = workspace
        self.at = at
        self.today = at.date()
        self.rng = random.Random(seed + 7)  # noqa: S311 - a story, not a secret
        rows = Member.objects.select_related("user").filter(workspace=workspace, removed_at__isnull=True)
        self.members = list(rows.order_by("pk"))
        self.makers = [one for one in self.members if one.role in {"owner", "maker"}]
        self.teams = {team.name: team for team in Team.objects.filter(workspace=workspace)}
        self.product = Product.objects.filter(workspace=workspace).order_by("pk").first()
        self.features = list(Feature.objects.in_workspace(workspace.pk).order_by("pk"))

    def actor(self) -> Actor:
        """Somebody who makes."""
        member = self.rng.choice(self.makers)
        return Actor(user_id=member.user_id, name=member.user.display_name, via="demo")

    def find(self, beginning: str) -> Feature:
        """The feature whose title begins like this, as it is now."""
        found = next(one for one in self.features if one.title.startswith(beginning))
        now: Feature = Feature.objects.get(pk=found.pk)
        return now

    def work(self) -> None:
        """Sizes, kinds of work, public names, and what finished work took."""
        for feature in self.features:
            if feature.level == "area":
                continue
            size = self.rng.choice([Size.S, Size.S, Size.M, Size.M, Size.L, Size.XS])
            technical = next((kind for name, kind in KINDS.items() if feature.title.startswith(name)), None)
            usual = Work.PLATFORM if feature.lane == Lane.TECHNICAL else Work.CAPABILITY
            changes: dict[str, object] = {"size": size, "work": technical or usual}
            public = next((name for start, name in PUBLIC.items() if feature.title.startswith(start)), "")
            if public:
                changes["public_title"] = public
            if feature.status == Status.SHIPPED:
                took = self.took(feature)
                changes["size"] = min(SIZES, key=lambda each: abs(SIZES[each] - took))
                changes["actual_days"] = took
            services.change_feature(
                feature=feature, changes=changes, actor=self.actor(), at=self.at - timedelta(days=9)
            )

    def took(self, feature: Feature) -> float:
        """Person-days of a finished feature, by the days it took: one person's, or two people's where it is large."""
        begun = feature.spells.filter(status=Status.DEVELOPMENT).order_by("entered_at").first()
        if begun is None:
            return 10.0
        days = int(np.busday_count(begun.entered_at.date(), feature.status_at.date())) + 1
        return round(0.6 * days if days < 33 else 1.2 * days, 1)

    def estimate(self) -> None:
        """Most of the open work is estimated, in the ways that people estimate."""
        moment = self.at - timedelta(days=8)
        for feature in Feature.objects.in_workspace(self.workspace.pk).filter(status=Status.SHIPPED):
            begun = feature.spells.filter(status=Status.DEVELOPMENT).order_by("entered_at").first()
            if begun is None or not feature.size:
                continue
            # As people do: a little too low, and a little too sure.
            likely = round(self.took(feature) / self.rng.lognormvariate(0.12, 0.3), 1)
            said = {"low": round(0.7 * likely, 1), "likely": likely, "high": round(1.6 * likely, 1)}
            services.estimate_feature(
                feature=feature,
                origin="three_point",
                said=said,
                actor=self.actor(),
                at=begun.entered_at - timedelta(days=4),
            )
        for feature in Feature.objects.in_workspace(self.workspace.pk).open().exclude(level="area"):
            if self.rng.random() < 0.2 or not feature.size:
                continue
            likely = SIZES[Size(feature.size)] * self.rng.uniform(0.8, 1.3)
            low, high = likely * self.rng.uniform(0.5, 0.7), likely * self.rng.uniform(1.6, 3.0)
            said = {"low": round(low, 1), "likely": round(likely, 1), "high": round(high, 1)}
            origin = "three_point"
            if self.rng.random() < 0.25:
                origin, said = "range", {"low": said["low"], "high": said["high"], "confidence": 80.0}
            services.estimate_feature(
                feature=feature, origin=origin, said=said, actor=self.actor(), at=moment
            )
        feature = self.find("Cost of a run")
        asked = self.makers[:3]
        asking = services.start_round(feature=feature, members=asked, actor=self.actor(), at=moment)
        for index, member in enumerate(asked[:2]):
            services.give_opinion(
                round=asking,
                member=member,
                low=3 + index,
                likely=6 + 3 * index,
                high=14 + 9 * index,
                actor=Actor(user_id=member.user_id, name=member.user.display_name, via="demo"),
                at=moment + timedelta(hours=4),
            )

    def man(self) -> None:
        """Calendars, seats, skills, leave."""
        for name, (country, part, focus, reserve, limit, skills) in TEAMS.items():
            team = self.teams.get(name)
            if team is None:
                continue
            services.change_team_plan(
                team=team,
                changes={
                    "country": country,
                    "subdivision": part,
                    "focus": focus,
                    "reserve": reserve,
                    "wip_limit": limit,
                },
                actor=self.actor(),
                at=self.at - timedelta(days=12),
            )
            for index, member in enumerate(team.members.order_by("pk")):
                seat = services.put_seat(
                    team=team,
                    member=member,
                    share=100 if index % 3 else 80,
                    skills=[skills[index % len(skills)]],
                    actor=self.actor(),
                    at=self.at - timedelta(days=12),
                )
                if index == 0:
                    first = self.today + timedelta(days=20)
                    services.add_absence(
                        seat=seat,
                        first=first,
                        last=first + timedelta(days=11),
                        reason=Absence.Reason.LEAVE,
                        actor=self.actor(),
                        at=self.at - timedelta(days=5),
                    )
            services.put_seat(
                team=team,
                name="New developer",
                skills=list(skills),
                first_date=self.today + timedelta(days=35),
                ramp_weeks=6,
                actor=self.actor(),
                at=self.at - timedelta(days=5),
            )

    def tie(self) -> None:
        """What waits for what, and one thing from outside."""
        for beginning, on, tie, lag in WAITS:
            services.add_dependency(
                feature=self.find(beginning),
                on=self.find(on),
                tie=tie,
                lag=lag,
                actor=self.actor(),
                at=self.at - timedelta(days=6),
            )
        draft = services.ExternalDraft(
            title="Licence for map tiles",
            promised_by="Kartenwerk Nord",
            contact="licences@kartenwerk.example",
            earliest=self.today + timedelta(days=18),
            latest=self.today + timedelta(days=55),
            owner=self.makers[0],
            product=self.product,
            description="Offline use is in the draft; the price per device is not.",
        )
        external, _ = services.create_external(
            workspace=self.workspace, draft=draft, actor=self.actor(), at=self.at - timedelta(days=6)
        )
        services.add_dependency(
            feature=self.find("Map tiles"), on=external, actor=self.actor(), at=self.at - timedelta(days=6)
        )
        services.change_feature(
            feature=self.find("Single sign-on"),
            changes={
                "due_date": self.today + timedelta(days=120),
                "due_kind": "hard",
                "due_to": "Two customers whose contracts name it",
            },
            actor=self.actor(),
            at=self.at - timedelta(days=4),
        )

    def aim(self) -> None:
        """Objectives with key results and their check-ins, and the risks."""
        department = Department.objects.filter(workspace=self.workspace).order_by("pk").first()
        for title, beginnings, results in OBJECTIVES:
            draft = services.ObjectiveDraft(
                title=title,
                first_date=self.today - timedelta(days=60),
                last_date=self.today + timedelta(days=120),
                owner=self.rng.choice(self.makers),
                department=department,
                product=self.product,
            )
            objective, _ = services.create_objective(
                workspace=self.workspace, draft=draft, actor=self.actor(), at=self.at - timedelta(days=60)
            )
            for name, unit, direction, baseline, target, values in results:
                result = services.put_key_result(
                    objective=objective,
                    title=name,
                    unit=unit,
                    direction=direction,
                    baseline=baseline,
                    target=target,
                    actor=self.actor(),
                    at=self.at - timedelta(days=59),
                )
                for index, value in enumerate(values):
                    services.check_in(
                        key_result=result,
                        value=value,
                        confidence=50 + 5 * index,
                        actor=self.actor(),
                        at=self.at - timedelta(days=45 - 14 * index),
                    )
            for beginning in beginnings:
                services.deliver(
                    feature=self.find(beginning),
                    objective=objective,
                    actor=self.actor(),
                    at=self.at - timedelta(days=7),
                )
        for title, probability, (low, likely, high), hits in RISKS:
            risk = services.RiskDraft(
                title=title,
                probability=probability,
                low=low,
                likely=likely,
                high=high,
                hits=[self.find(one) for one in hits],
                owner=self.rng.choice(self.makers),
                product=self.product,
            )
            services.create_risk(
                workspace=self.workspace, draft=risk, actor=self.actor(), at=self.at - timedelta(days=5)
            )

    def forecast(self) -> None:
        """When everything is done, as of today."""
        forecasting.forecast_plan(
            workspace=self.workspace,
            seed=self.workspace.pk,
            at=self.at,
            actor=Actor(user_id=None, name="Roadbed", via="demo"),
            runs=2_000,
        )

    def branch(self) -> None:
        """What if the identity service came first, with one more estimate and a wait less?"""
        at = self.at - timedelta(minutes=9)
        branch = branching.create_branch(
            workspace=self.workspace,
            title="Single sign-on before the summer",
            description="Two contracts name single sign-on. What does it cost the others to have it first?",
            actor=self.actor(),
            at=at,
        )
        wish = branching.Wish
        identity, closing = self.find("One identity service"), self.find("Close a road for the day")
        first = Feature.objects.in_workspace(self.workspace.pk).filter(horizon="now").order_by("rank").first()
        wishes = [
            (
                identity,
                [
                    wish("place", {"horizon": "now", "before": first}, why="Everything waits for it"),
                    wish("effort", {"low": 8, "likely": 12, "high": 25}),
                ],
            ),
            (self.find("Single sign-on"), [wish("effort", {"low": 6, "likely": 9, "high": 18})]),
            (
                closing,
                [wish("waits", None, other=self.find("Map tiles"), why="The old tiles do for a while")],
            ),
        ]
        for turn, (feature, said) in enumerate(wishes, start=1):
            branching.change_in_branch(
                branch=branch,
                feature=feature,
                wishes=said,
                actor=self.actor(),
                at=at + timedelta(minutes=3 * turn),
                work_out=turn == len(wishes),
            )


def load(*, workspace: Workspace, seed: int, at: datetime) -> None:
    """Put under the demo's roadmap what it rests on."""
    story = Substance(workspace=workspace, seed=seed, at=at)
    story.work()
    story.estimate()
    story.man()
    story.tie()
    story.aim()
    story.forecast()
    story.branch()
