"""Jobs through the API: list, read, cancel, retry."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema
from ninja.errors import HttpError

from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.api.problems import READ, WRITE
from roadbed.core.jobs import selectors
from roadbed.core.jobs import services as jobs
from roadbed.core.jobs.models import Job, State
from roadbed.core.workspaces.roles import Role

router = Router(tags=["jobs"])
ID_MAX = 2**53


class JobOut(Schema):
    """A job and how far it is."""

    id: int
    name: str
    label: str
    state: State
    progress_done: int
    progress_total: int | None
    progress_note: str
    attempts: int
    max_attempts: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None
    result: Any = None
    error: str = Field("", description="The last error, for makers; empty where there is none.")


class LineOut(Schema):
    """A line of a job's log."""

    at: datetime
    text: str


class JobWithLog(JobOut):
    """A job with its log."""

    log: list[LineOut]


class JobQuery(PageQuery):
    """Which jobs."""

    state: State | None = None
    name: str = Field("", max_length=80)


def _out(job: Job, *, with_error: bool) -> dict[str, Any]:
    values = {name: getattr(job, name) for name in JobOut.model_fields if name != "error"}
    return {**values, "error": job.error if with_error else ""}


@router.get("jobs", response={200: PageOut[JobOut], **READ}, operation_id="list_jobs", url_name="jobs")
def list_jobs(request: HttpRequest, workspace: Path[str], query: Query[JobQuery]) -> dict[str, Any]:
    """List jobs, newest first: all for makers, one's own for others."""
    access = access_of(request)
    states = (query.state.value,) if query.state else ()
    rows = selectors.list_jobs(access=access, state=states, name=query.name.replace("\x00", ""))
    found, following = page_by_id(rows, query)
    return {"items": [_out(job, with_error=access.can_make) for job in found], "next": following}


@router.get("jobs/{int:job_id}", response={200: JobWithLog, **READ}, operation_id="get_job", url_name="job")
def get_job(request: HttpRequest, workspace: Path[str], job_id: int) -> dict[str, Any]:
    """Read one job, with the end of its log."""
    access = access_of(request)
    job = _job(access, job_id)
    lines = list(job.lines.order_by("-id")[:500])[::-1]
    return {**_out(job, with_error=access.can_make), "log": lines}


@router.post(
    "jobs/{int:job_id}/cancel",
    response={200: JobOut, **WRITE},
    operation_id="cancel_job",
    url_name="job-cancel",
)
def cancel_job(request: HttpRequest, workspace: Path[str], job_id: int) -> dict[str, Any]:
    """Ask a job to stop: a waiting one is cancelled at once, a running one at its next step."""
    access = access_of(request, role=Role.CONTRIBUTOR)
    try:
        job = jobs.cancel_job(job=_job(access, job_id), actor=access.actor, at=timezone.now())
    except jobs.JobOverError as error:
        raise HttpError(409, str(error)) from error
    return _out(job, with_error=access.can_make)


@router.post(
    "jobs/{int:job_id}/retry", response={200: JobOut, **WRITE}, operation_id="retry_job", url_name="job-retry"
)
def retry_job(request: HttpRequest, workspace: Path[str], job_id: int) -> dict[str, Any]:
    """Queue a failed or cancelled job once more."""
    access = access_of(request, role=Role.CONTRIBUTOR)
    try:
        job = jobs.retry_job(job=_job(access, job_id), actor=access.actor, at=timezone.now())
    except jobs.JobNotOverError as error:
        raise HttpError(409, str(error)) from error
    return _out(job, with_error=access.can_make)


def _job(access: Any, job_id: int) -> Job:
    if job_id > ID_MAX:
        raise Job.DoesNotExist
    return selectors.access_job(access=access, job_id=job_id)
