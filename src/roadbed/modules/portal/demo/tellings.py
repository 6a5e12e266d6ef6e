"""The demo's end of the chain: two changes that customers were told of, and two drafts that wait."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from roadbed.core.accounts.actors import Actor
from roadbed.core.jobs.models import Job, State
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Member, Workspace
from roadbed.modules.portal.models import Change, Letter
from roadbed.modules.portal.services import tellings

MAILS = ("portal.tell_verdict", "portal.tell_answer", "portal.tell_follower", "portal.send_telling")
TOLD = (
    (
        "Say how old the data is",
        Change.SHIPPED,
        58,
        "The app now says how old its data is",
        "You told us that drivers could not trust what they saw without a signal. Since version 4.1 every screen says "
        "when it was last up to date.\n\nThank you for telling us. Answer this mail if something is still missing.",
    ),
    ("Several photographs a delivery", Change.SHIPPED, 51, "", ""),
)
WAITING = (
    ("Find a proof by address", Change.PLANNED, 2),
    ("Refuse runs past the legal hours", Change.PLANNED, 5),
)


def load(*, workspace: Workspace, seed: int, at: datetime) -> None:
    """Tell of two features that are out, and draft what is to be told of two that are planned."""
    rng = random.Random(seed + 32)  # noqa: S311 - a story, not a secret
    members = list(
        Member.objects.select_related("user").filter(workspace=workspace, role="maker").order_by("pk")
    )
    records = {
        record.title: record for record in Record.objects.in_workspace(workspace.pk).filter(kind="feature")
    }
    if not members:
        return
    for title, change, days, subject, body in TOLD:
        member = rng.choice(members)
        actor = Actor(user_id=member.user_id, name=member.user.display_name, via="demo")
        moment = at - timedelta(days=days)
        telling = (
            tellings.prepare(record=records[title], change=change, at=moment) if title in records else None
        )
        if telling is None:
            continue
        if subject:
            tellings.set_words(telling=telling, subject=subject, body=body, actor=actor, at=moment)
        tellings.approve(telling=telling, actor=actor, at=moment + timedelta(hours=2))
        # Told already, long ago: no mail leaves the demo.
        told_at = moment + timedelta(hours=2, minutes=1)
        Letter.objects.filter(telling=telling, told_at__isnull=True).update(
            claimed_at=told_at, told_at=told_at
        )
    for title, change, days in WAITING:
        if title in records:
            tellings.prepare(record=records[title], change=change, at=at - timedelta(days=days))
    # The demo's people are made up: what would be mailed to them is left undone.
    waiting = Job.objects.filter(workspace_id=workspace.pk, state=State.QUEUED)
    waiting.filter(name__in=MAILS).delete()
