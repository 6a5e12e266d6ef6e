"""Reading jobs: makers see all of their workspace, everybody else what they asked for."""

from __future__ import annotations

from django.db.models import QuerySet

from roadbed.core.jobs.models import Job, State
from roadbed.core.workspaces.access import Access


def visible_jobs(*, access: Access) -> QuerySet[Job]:
    """Return the jobs that the member may see, without those that another one did."""
    jobs = Job.objects.filter(workspace=access.workspace).exclude(state=State.JOINED)
    if not access.role.includes(access.role.MAKER):
        jobs = jobs.filter(requested_by_id=access.member.user_id)
    return jobs.select_related("requested_by")


def access_job(*, access: Access, job_id: int) -> Job:
    """Return the job, or the one that it joined; raise `Job.DoesNotExist` for strangers too."""
    joined = (
        Job.objects.filter(workspace=access.workspace, pk=job_id, state=State.JOINED)
        .values_list("joined_id", flat=True)
        .first()
    )
    return visible_jobs(access=access).get(pk=joined or job_id)


def list_jobs(*, access: Access, state: tuple[str, ...] = (), name: str = "", q: str = "") -> QuerySet[Job]:
    """Return the jobs of a list, newest first."""
    jobs = visible_jobs(access=access)
    if state:
        jobs = jobs.filter(state__in=state)
    if name:
        jobs = jobs.filter(name=name)
    if q:
        jobs = jobs.filter(label__icontains=q)
    return jobs.order_by("-pk")
