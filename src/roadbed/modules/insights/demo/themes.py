"""The demo's themes: found in what its customers say, one made by hand, one renamed, and a week that stands out."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.vectors import services as vectors
from roadbed.core.workspaces.models import Member, Product, Workspace
from roadbed.modules.insights import services as insights
from roadbed.modules.insights.demo import story
from roadbed.modules.insights.models import Assignment, Need, Origin, Person, Quote, Theme
from roadbed.modules.insights.selectors import themes as selectors
from roadbed.modules.insights.services import alerts, theme_runs
from roadbed.modules.insights.services import themes as services

BURST = (
    "Since the update the signature screen freezes and the driver has to start the app again",
    "The signature page hangs after the customer has signed; only a restart helps",
    "App freezes on the signature screen, on every second stop since Monday",
    "Signature screen frozen again this morning, three drivers lost their proof",
    "After the new version the screen for the signature does not react any more",
    "The app hangs when the customer signs. It worked before the update",
    "Our drivers cannot finish a stop: the signature screen freezes",
    "Freezing at the signature since the last update, on all our phones",
    "Signature screen hangs on the older phones since the update, newer ones are fine",
    "We went back to paper this week because the signature screen freezes",
    "The signature freezes the app, and the photograph of the parcel is gone after the restart",
    "Screen for signing hangs for a minute and then the app closes",
    "Since the update every signature is a gamble: half of them freeze the app",
    "Frozen signature screens at six of our drivers today",
)
BURST_DAYS = 6
NAMES = {
    0: "Changing a run that has left",
    1: "No network where the van is",
    2: "When the van will be there",
    3: "Orders in bulk",
    4: "Proof of delivery",
    5: "Hours that drivers may work",
    7: "Which runs are in trouble",
    11: "Yesterday’s route on the screen",
}
"""What somebody called the themes of these topics."""


def _actor(workspace: Workspace, rng: random.Random) -> Actor:
    rows = Member.objects.select_related("user").filter(workspace=workspace, role__in=["owner", "maker"])
    member = rng.choice(list(rows.order_by("pk")))
    return Actor(user_id=member.user_id, name=member.user.display_name, via="demo")


def _burst(workspace: Workspace, rng: random.Random, at: datetime) -> None:
    """Let many people say the same within a few days."""
    product = Product.objects.filter(workspace=workspace).order_by("pk").first()
    people = list(
        Person.objects.in_workspace(workspace.pk)
        .filter(kind="person")
        .select_related("account")
        .order_by("pk")
    )
    # Within one week, from its Monday on, so that the week stands out wherever the clock is.
    start = (at - timedelta(days=7 + at.weekday())).replace(hour=8, minute=0, second=0, microsecond=0)
    for number, text in enumerate(BURST):
        said_by = people[(number * 7 + rng.randrange(7)) % len(people)]
        said_at = start + timedelta(hours=rng.randrange(BURST_DAYS * 24))
        insights.add_feedback(
            workspace=workspace,
            product=product,
            text=f"{text}.",
            said_at=said_at,
            person=said_by,
            account=said_by.account,
            source=rng.choice(["e-mail", "call", "app store"]),
            locale="en",
            external_source="helpdesk",
            external_id=f"T-{30000 + number}",
            actor=_actor(workspace, rng),
            at=said_at + timedelta(hours=1),
        )


def load(*, workspace: Workspace, seed: int, at: datetime) -> None:
    """Read what was said for meaning, find themes in it, and leave a person's hand on some of them."""
    rng = random.Random(seed + 41)  # noqa: S311 - a story, not a secret
    _burst(workspace, rng, at)
    actor = _actor(workspace, rng)
    vectors.catch_up(workspace_id=workspace.pk, threads=2)
    services.create_theme(
        workspace=workspace,
        title="Vans that run on batteries",
        description="Range, load, cold and charging, for fleets that are going electric.",
        words=["electric", "batteries", "charging", "range depends"],
        actor=actor,
        at=at - timedelta(days=9),
    )
    machine = Actor(user_id=None, name="Roadbed", via="demo")
    theme_runs.find(workspace=workspace, actor=machine, at=at - timedelta(days=2))
    _tidy(workspace, actor, at - timedelta(days=1))
    theme_runs.find(workspace=workspace, actor=machine, at=at - timedelta(hours=6))
    alerts.count_and_tell(workspace=workspace, at=at)
    for chosen in selectors.fine_choices(workspace_id=workspace.pk)[:1]:
        theme = Theme.objects.in_workspace(workspace.pk).get(pk=chosen.pk)
        services.pin(theme=theme, actor=actor, at=at - timedelta(hours=4))


def _tidy(workspace: Workspace, actor: Actor, at: datetime) -> None:
    """Merge what says the same in other words, and name it: what a person does in the first week."""
    needs = {title: pk for pk, title in Need.objects.in_workspace(workspace.pk).values_list("pk", "title")}
    about = dict(
        Quote.objects.filter(feedback__home=workspace, target__kind="need").values_list(
            "feedback_id", "target_id"
        )
    )
    lies: dict[int, Counter[int]] = {}
    rows = Assignment.objects.filter(home=workspace, theme__isnull=False, theme__origin=Origin.MACHINE)
    for feedback_id, theme_id in rows.order_by("pk").values_list("feedback_id", "theme_id"):
        lies.setdefault(theme_id, Counter())[about.get(feedback_id, 0)] += 1
    mostly = {theme_id: counted.most_common(1)[0] for theme_id, counted in lies.items()}
    for place, title in NAMES.items():
        need = needs[story.TOPICS[place].need]
        own = [
            pk for pk, (target, count) in mostly.items() if target == need and count * 2 > lies[pk].total()
        ]
        own.sort(key=lambda pk: (-lies[pk].total(), pk))
        themes = Theme.objects.in_workspace(workspace.pk).in_bulk(own)
        for pk in own[1:]:
            records.merge_records(survivor=themes[own[0]], merged=themes[pk], actor=actor, at=at)
        if own:
            theme = Theme.objects.get(pk=own[0])
            services.change_theme(theme=theme, changes={"title": title}, actor=actor, at=at)
