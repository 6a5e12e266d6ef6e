"""The demo's roadmap: sixty features of the fictional courier-routing product, in two lanes."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from roadbed.core.accounts.actors import Actor
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Member, Product, Team, Workspace
from roadbed.modules.roadmap import services as roadmap
from roadbed.modules.roadmap.demo import substance
from roadbed.modules.roadmap.models import Feature, Horizon, Lane, Level, Release, Status


@dataclass(frozen=True, slots=True)
class Plan:
    """A node of the demo's tree."""

    title: str
    status: Status = Status.IDEA
    horizon: Horizon = Horizon.NONE
    release: str = ""
    need: str = ""
    lane: Lane = Lane.PRODUCT
    children: tuple[Plan, ...] = ()
    reason: str = ""


IDEA, FINDING, PLANNED, BUILDING, BETA, SHIPPED, DROPPED = Status
NOW, NEXT, LATER, _ = Horizon
TECHNICAL = Lane.TECHNICAL

AREAS: tuple[Plan, ...] = (
    Plan(
        "Live tracking",
        children=(
            Plan(
                "Reroute a courier while the run is under way",
                BUILDING,
                NOW,
                "4.2",
                "Change a run without",
                children=(
                    Plan("Drag a stop to another van", BUILDING, NOW, "4.2"),
                    Plan("Tell the driver why the route changed", PLANNED, NOW, "4.2"),
                    Plan("Close a road for the day", PLANNED, NEXT, "4.3"),
                ),
            ),
            Plan("Tell the customer the new time", PLANNED, NEXT, "4.3", "Tell customers"),
            Plan("Half-hour windows that correct themselves", FINDING, NEXT, "", "Tell customers"),
            Plan("Runs in trouble stand at the top", BETA, NOW, "4.2", "See at a glance"),
            Plan("A link for recipients without an app", SHIPPED, Horizon.NONE, "4.1", "Tell customers"),
            Plan("Replay a run minute by minute", IDEA, LATER),
        ),
    ),
    Plan(
        "Offline",
        children=(
            Plan(
                "Maps without a network",
                FINDING,
                NEXT,
                "4.3",
                "Work where there is no network",
                children=(
                    Plan("Keep the day's stops on the phone", BUILDING, NOW, "4.2"),
                    Plan("Send proofs when the signal is back", BUILDING, NOW, "4.2"),
                    Plan("Download maps over the depot's network", IDEA, LATER),
                ),
            ),
            Plan("Say how old the data is", SHIPPED, Horizon.NONE, "4.1", "Trust that the app"),
        ),
    ),
    Plan(
        "Planning",
        children=(
            Plan("Refuse runs past the legal hours", PLANNED, NEXT, "4.3", "Keep to the hours"),
            Plan("Breaks are part of the route", BUILDING, NOW, "4.2", "Keep to the hours"),
            Plan("Range and load of electric vans", FINDING, LATER, "", "Plan for vans"),
            Plan("Charging stops on the way", IDEA, LATER, "", "Plan for vans"),
            Plan("Returns as stops with a volume", IDEA, LATER, "", "Carry returns"),
            Plan("Plan two depots as one", IDEA, LATER),
            Plan("Templates for weekly runs", SHIPPED, Horizon.NONE, "4.0"),
            Plan("Plan by voice", DROPPED, Horizon.NONE, reason="Five tests, nobody used it twice"),
        ),
    ),
    Plan(
        "Proof of delivery",
        children=(
            Plan("Several photographs a delivery", SHIPPED, Horizon.NONE, "4.1", "Prove a delivery"),
            Plan("Place and time on every proof", SHIPPED, Horizon.NONE, "4.1", "Prove a delivery"),
            Plan("Find a proof by address", PLANNED, NEXT, "", "Prove a delivery"),
            Plan("Age check at the door", IDEA, LATER),
            Plan(
                "Signature on paper, by camera", DROPPED, Horizon.NONE, reason="Two photographs do the same"
            ),
        ),
    ),
    Plan(
        "Recipients",
        children=(
            Plan("Choose a neighbour or a locker", FINDING, LATER, "", "Let recipients"),
            Plan("Change the day in one step", IDEA, LATER, "", "Let recipients"),
            Plan("Rate a delivery", IDEA, LATER),
            Plan("Languages of the message", PLANNED, NEXT),
        ),
    ),
    Plan(
        "Orders and data",
        children=(
            Plan("Bulk orders with an answer per row", BUILDING, NOW, "4.2", "Push orders in bulk"),
            Plan("Cost of a run, per stop", FINDING, NEXT, "", "Know what a run"),
            Plan("Monthly file for finance", PLANNED, NEXT, "4.3", "Know what a run"),
            Plan("Single sign-on", PLANNED, NOW, "4.3", "Sign in with the account"),
            Plan("Leavers lose access the same day", IDEA, NEXT, "", "Sign in with the account"),
            Plan("Webhooks for every status", SHIPPED, Horizon.NONE, "4.0"),
        ),
    ),
    Plan(
        "Driver app",
        children=(
            Plan("A practice run that does not count", FINDING, LATER, "", "Bring a new driver"),
            Plan("Polish and Romanian", SHIPPED, Horizon.NONE, "4.1", "Bring a new driver"),
            Plan("Failed delivery in one tap", BETA, NOW, "4.2", "Bring a new driver"),
            Plan("Larger type for gloves", IDEA, LATER),
        ),
    ),
    Plan(
        "Platform",
        lane=TECHNICAL,
        children=(
            Plan("Event bus for dispatch", BUILDING, NOW, "4.2", lane=TECHNICAL),
            Plan("Sync protocol with conflict rules", PLANNED, NOW, "4.3", lane=TECHNICAL),
            Plan("Map tiles from our own store", FINDING, NEXT, lane=TECHNICAL),
            Plan("Retire the polling endpoint", PLANNED, NEXT, "4.3", lane=TECHNICAL),
            Plan("PostgreSQL 17", SHIPPED, Horizon.NONE, "4.1", lane=TECHNICAL),
            Plan("One identity service", PLANNED, NEXT, lane=TECHNICAL),
            Plan("Load tests in the pipeline", IDEA, LATER, lane=TECHNICAL),
            Plan("Move route search to a worker pool", SHIPPED, Horizon.NONE, "4.0", lane=TECHNICAL),
        ),
    ),
)
RELEASES = (("4.0", -300), ("4.1", -120), ("4.2", 45), ("4.3", 130))
TEAM_OF_AREA = {"Platform": "Platform", "Driver app": "Mobile", "Offline": "Mobile"}


class _Story:
    """What the loader carries from node to node."""

    def __init__(self, *, workspace: Workspace, seed: int, at: datetime) -> None:
        self.workspace = workspace
        self.at = at
        self.rng = random.Random(seed + 1)  # noqa: S311 - a story, not a secret
        rows = Member.objects.select_related("user").filter(workspace=workspace, role__in=["owner", "maker"])
        self.members = list(rows.order_by("pk"))
        self.teams = {team.name: team for team in Team.objects.filter(workspace=workspace)}
        self.product = Product.objects.filter(workspace=workspace).order_by("pk").first()
        needs = Record.objects.in_workspace(workspace.pk).filter(kind="need")
        self.needs = {need.title: need for need in needs}
        self.releases: dict[str, Release] = {}

    def actor(self) -> Actor:
        """Somebody who makes."""
        member = self.rng.choice(self.members)
        return Actor(user_id=member.user_id, name=member.user.display_name, via="demo")

    def need(self, beginning: str) -> Record | None:
        """The need whose title begins like this."""
        if not beginning:
            return None
        return next((need for title, need in self.needs.items() if title.startswith(beginning)), None)

    def plan_releases(self) -> None:
        """Four releases, two of them out."""
        for name, days in RELEASES:
            day = (self.at + timedelta(days=days)).date()
            draft = roadmap.ReleaseDraft(
                title=name, product=self.product, start_date=day - timedelta(days=80), ship_date=day
            )
            made = self.at - timedelta(days=430)
            self.releases[name], _ = roadmap.create_release(
                workspace=self.workspace, draft=draft, actor=self.actor(), at=made
            )

    def add(self, plan: Plan, parent: Feature | None, area: str, days: int) -> None:
        """Add a node, its need and what lies under it, in the order of their days."""
        made = self.at - timedelta(days=days)
        draft = roadmap.Draft(
            title=plan.title,
            lane=plan.lane,
            level=Level.AREA if parent is None else None,
            parent=parent,
            product=self.product,
            horizon=plan.horizon,
            owner=self.rng.choice(self.members) if parent is not None else None,
            team=self.teams.get(TEAM_OF_AREA.get(area, "Routing")),
            release=self.releases.get(plan.release),
        )
        feature, _ = roadmap.create_feature(
            workspace=self.workspace, draft=draft, actor=self.actor(), at=made
        )
        need = self.need(plan.need)
        if need is not None:
            moment = made + timedelta(days=2)
            roadmap.answer_need(feature=feature, need=need, actor=self.actor(), at=moment)
        if plan.status != IDEA:
            self._advance(feature, plan, days)
        for child in plan.children:
            self.add(child, feature, area, max(days - self.rng.randint(20, 60), 12))

    def _advance(self, feature: Feature, plan: Plan, days: int) -> None:
        path = [FINDING, PLANNED, BUILDING, BETA, SHIPPED]
        steps = [DROPPED] if plan.status == DROPPED else path[: path.index(plan.status) + 1]
        left = days
        for step in steps:
            left = max(left - self.rng.randint(8, max(9, days // (len(steps) + 1))), 3)
            at = self.at - timedelta(days=left)
            roadmap.change_status(
                feature=feature, status=step, reason=plan.reason, actor=self.actor(), at=at, entered_at=at
            )


def load(*, workspace: Workspace, seed: int, at: datetime) -> None:
    """Write the releases, the tree, and which need each feature answers."""
    story = _Story(workspace=workspace, seed=seed, at=at)
    story.plan_releases()
    for area in AREAS:
        story.add(area, None, area.title, story.rng.randint(380, 430))
    for name in ("4.0", "4.1"):
        release = story.releases[name]
        release.refresh_from_db()
        shipped = at - timedelta(days=-dict(RELEASES)[name])
        roadmap.ship_release(
            release=release,
            shipped_at=shipped,
            unfinished="keep",
            actor=story.actor(),
            at=at - timedelta(days=1),
        )
    substance.load(workspace=workspace, seed=seed, at=at)
