"""The inbox: what waits, what is being read, how much is left."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from roadbed.core import prepared
from roadbed.core.records.today import Waiting
from roadbed.core.workspaces.access import Access
from roadbed.modules.insights.models import Feedback

CAP = 1000
"""Counting stops here: whether 1,000 or 90,000 wait changes nothing about what to do next."""


def count_waiting(access: Access) -> int:
    """How many pieces wait to be triaged, up to the cap."""
    return _WAITING.count(workspace=access.workspace.pk, circles=access.circle_ids)


def _waiting(workspace: int, circles: Collection[int]) -> QuerySet[Feedback]:
    rows = Feedback.objects.visible_to(circles)
    return rows.filter(home_id=workspace, state=Feedback.State.NEW, deleted_at__isnull=True).order_by()[:CAP]


_WAITING = prepared.Question(_waiting)


def waiting_for(access: Access, now: datetime) -> list[Waiting]:
    """What Today says of the inbox to those who can empty it."""
    if not access.can_make:
        return []
    count = access.count(count_waiting)
    text = "piece of feedback to triage" if count == 1 else "pieces of feedback to triage"
    return [Waiting(count=count, text=text, url=f"/w/{access.workspace.slug}/insights/", order=20)]
