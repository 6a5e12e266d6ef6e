"""What was read in the demo's feedback, where people said otherwise, private words to look at, and duplicates."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from roadbed.core.accounts.actors import Actor
from roadbed.core.vectors import services as vectors
from roadbed.core.vectors.embedders import ModelMissingError
from roadbed.core.workspaces.models import Member, Product, Workspace
from roadbed.modules.insights import services
from roadbed.modules.insights.models import Double, Feedback, Reading
from roadbed.modules.insights.services import doubles, readings
from roadbed_engines.text.redaction import KINDS

CONFIRMED = 48
SHOWN = 24
PRIVATE = (
    "The proof of delivery for stop 14 is missing again. Please call me on +44 20 7946 0958 or write to "
    "dock.office@quarry-lane.example, our customer is waiting for it.",
    "We were billed twice in October. The card is 4111 1111 1111 1111, please refund one of the two payments.",
)
OTHERWISE = (("problem", "request"), ("praise", "problem"), ("question", "request"))
"""Labels that a person saw otherwise: as read, and as it is."""


def load(*, workspace: Workspace, seed: int, at: datetime) -> None:
    """Read everything, let people confirm and correct some of it, and find duplicates."""
    rng = random.Random(seed + 5)  # noqa: S311 - a story, not a secret
    member = (
        Member.objects.select_related("user").filter(workspace=workspace, role="maker").order_by("pk").first()
    )
    name = member.user.display_name if member else "Demo"
    actor = Actor(user_id=member.user_id if member else None, name=name, via="demo")
    services.choose_redaction(
        workspace=workspace, mode="suggest", kinds=list(KINDS), region="", actor=actor, at=at
    )
    services.add_rule(workspace=workspace, name="badge", pattern=r"NW-\d{5}", actor=actor, at=at)
    product = Product.objects.filter(workspace=workspace).order_by("pk").first()
    for number, text in enumerate(PRIVATE):
        services.add_feedback(
            workspace=workspace,
            product=product,
            text=text,
            said_at=at - timedelta(hours=3 + number),
            source="e-mail",
            external_source="helpdesk",
            external_id=f"T-{21000 + number}",
            actor=actor,
            at=at - timedelta(hours=2),
        )
    for _ in readings.read_everything(workspace_id=workspace.pk, at=at):
        pass
    _say(workspace, actor, rng, at)
    try:
        vectors.catch_up(workspace_id=workspace.pk)
    except ModelMissingError:
        return  # without a model, duplicates are found by words once somebody writes
    doubles.find(workspace_id=workspace.pk, at=at, patient=False)
    likely = Double.objects.filter(workspace=workspace).order_by("-score", "-pk").values_list("pk", flat=True)
    # The story's sentences are drawn from few: beyond the first, pairs are alike because of that alone.
    Double.objects.filter(workspace=workspace).exclude(pk__in=list(likely[:SHOWN])).delete()
    _decide(workspace, actor, at)


def _say(workspace: Workspace, actor: Actor, rng: random.Random, at: datetime) -> None:
    """Confirm what was read in triaged pieces, and correct some of it."""
    triaged = Feedback.objects.in_workspace(workspace.pk).filter(state=Feedback.State.DONE).order_by("pk")
    pieces = list(triaged)
    for piece in rng.sample(pieces, min(CONFIRMED, len(pieces))):
        readings.confirm(feedback=piece, actor=actor, at=at - timedelta(days=1))
    for read, said in OTHERWISE:
        rows = Reading.objects.filter(home=workspace, intent=read, intent_by="machine").order_by("pk")
        for row in rows.select_related("feedback")[:2]:
            readings.correct(
                feedback=row.feedback, aspect="intent", label=said, actor=actor, at=at - timedelta(days=1)
            )


def _decide(workspace: Workspace, actor: Actor, at: datetime) -> None:
    """Let one pair be kept apart and one skipped; the rest waits."""
    pairs = list(Double.objects.filter(workspace=workspace, state="open").order_by("-score", "-pk")[:6])
    for pair, decide in zip(pairs[3:5], (doubles.keep_apart, doubles.skip), strict=False):
        decide(double=pair, actor=actor, at=at - timedelta(hours=1))
