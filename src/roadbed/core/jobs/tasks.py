"""The queue's own housekeeping."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q

from roadbed.core.jobs import services as jobs
from roadbed.core.jobs.models import Job, State, Worker

KEPT = timedelta(days=30)
KEPT_FAILED = timedelta(days=90)
KEPT_SMALL = timedelta(days=2)
"""Jobs that joined another, and those that belong to no workspace."""
BATCH = 500


@jobs.task("jobs.prune", label="Clear away old jobs", priority=-10)
def prune(context: jobs.Context) -> dict[str, str]:
    """Delete jobs that were over long ago, in small steps, and the rows of workers that are gone."""
    now = context.now()
    small = Q(state=State.JOINED) | Q(workspace__isnull=True, state__in=[State.DONE, State.CANCELLED])
    old = Job.objects.filter(
        Q(finished_at__lt=now - KEPT_FAILED)
        | Q(finished_at__lt=now - KEPT, state__in=[State.DONE, State.CANCELLED])
        | Q(small, finished_at__lt=now - KEPT_SMALL)
    )
    count = 0
    while ids := list(old.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        Job.objects.filter(pk__in=ids).delete()
        count += len(ids)
        context.progress(count, note="Clearing away")
    Worker.objects.filter(stopped_at__lt=now - KEPT_SMALL).delete()
    Worker.objects.filter(seen_at__lt=now - KEPT).delete()
    return {"text": f"{count} old jobs cleared away."}


jobs.schedule("jobs.prune", every=timedelta(days=1), at="04:10")
