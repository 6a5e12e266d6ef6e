"""The inbox: what waits, what is being read, how much is left."""

from __future__ import annotations

from datetime import datetime

from roadbed.core.records.today import Waiting
from roadbed.core.workspaces.access import Access
from roadbed.modules.insights.models import Feedback

CAP = 1000
"""Counting stops here: whether 1,000 or 90,000 wait changes nothing about what to do next."""


def count_waiting(access: Access) -> int:
    """How many pieces wait to be triaged, up to the cap."""
    waiting = Feedback.objects.visible_to(access.circle_ids).filter(
        home_id=access.workspace.pk, state=Feedback.State.NEW, deleted_at__isnull=True
    )
    return waiting.order_by()[:CAP].count()


def waiting_for(access: Access, now: datetime) -> list[Waiting]:
    """What Today says of the inbox to those who can empty it."""
    if not access.can_make:
        return []
    count = access.count(count_waiting)
    text = "piece of feedback to triage" if count == 1 else "pieces of feedback to triage"
    return [Waiting(count=count, text=text, url=f"/w/{access.workspace.slug}/insights/", order=20)]
