"""The demo's votes: what account managers note for customers who told them, and what customers vote for themselves."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from roadbed.core.accounts.actors import Actor
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights import services as insights
from roadbed.modules.insights.models import Need, Person, Segment

VOTES = 70
NOTES = (
    "On the phone, while we spoke of the renewal",
    "At the fair in Rotterdam",
    "In the quarterly review, as their second point",
    "Said so twice in the pilot",
    "",
    "",
)


def load(
    *,
    workspace: Workspace,
    people: Sequence[Person],
    needs: Sequence[Need],
    actors: Sequence[Actor],
    seed: int,
    at: datetime,
) -> None:
    """Vote for needs over the last ten months: a few needs have most of the votes."""
    rng = random.Random(seed + 31)  # noqa: S311 - a story, not a secret
    weights = [1 / (place + 1) for place in range(len(needs))]
    for _ in range(VOTES):
        voted_at = at - timedelta(days=rng.randint(3, 300), hours=rng.randint(0, 9))
        insights.vote(
            person=rng.choice(people),
            target=rng.choices(needs, weights=weights)[0],
            note=rng.choice(NOTES),
            on_behalf=rng.random() < 0.6,
            actor=rng.choice(actors),
            at=voted_at,
        )


def weigh(*, workspace: Workspace, actor: Actor, at: datetime) -> None:
    """Let the voices of large fleets count more, as the company's plan for the year says."""
    fleet = Segment.objects.in_workspace(workspace.pk).filter(kind="segment").order_by("title").first()
    segments = {fleet.key: "1.5"} if fleet is not None else {}
    insights.set_weights(workspace=workspace, weights={"segments": segments, "vote": "1"}, actor=actor, at=at)
    for _ in insights.recount_everything(workspace_id=workspace.pk, at=at):
        pass
