"""The list of jobs and the page of one."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from roadbed.core.jobs import selectors
from roadbed.core.jobs import services as jobs
from roadbed.core.jobs.models import Job, State
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.web import filters, formats, pagination, parts, responses, tables, toasts
from roadbed.web.jobs import JobProgress

TONES = {State.DONE: "good", State.FAILED: "bad", State.CANCELLED: "warn", State.RUNNING: "accent"}
SHOWN_STATES = [state for state in State if state is not State.JOINED]
FILTERS = filters.FilterSet(
    filters=(
        filters.Text("q", "Search", search=True),
        filters.MultiChoice(
            "state",
            "State",
            options=tuple(filters.Option(state.value, str(state.label)) for state in SHOWN_STATES),
            pinned=True,
        ),
    ),
    sorts=(filters.SortOption("id", "Newest"),),
    default_sort="-id",
)
COLUMNS = (
    tables.Column("label", "Job", main=True),
    tables.Column("state", "State"),
    tables.Column("progress", "Progress", numeric=True),
    tables.Column("who", "Asked for by"),
    tables.Column("created", "Queued"),
    tables.Column("took", "Took", numeric=True),
)
LOG_LINES = 500
ID_MAX = 2**53  # beyond what any database counts to


def _url(access: Access, job: Job) -> str:
    return f"/w/{access.workspace.slug}/jobs/{job.pk}/"


def find(access: Access, job_id: int) -> Job:
    """Return the job, or raise 404."""
    if job_id > ID_MAX:
        raise Http404
    try:
        return selectors.access_job(access=access, job_id=job_id)
    except Job.DoesNotExist as error:
        raise Http404 from error


def _took(job: Job) -> str:
    if job.started_at is None or job.state == State.QUEUED:
        return "–"
    end = job.finished_at or timezone.now()
    return formats.duration(max(0.0, (end - job.started_at).total_seconds()))


def _progress_text(job: Job) -> str:
    if job.progress_total:
        return f"{formats.number(job.progress_done)} of {formats.number(job.progress_total)}"
    return formats.number(job.progress_done) if job.progress_done else "–"


def _row(access: Access, job: Job) -> tables.Row:
    return tables.Row(
        id=str(job.pk),
        label=str(job),
        url=_url(access, job),
        cells={
            "label": parts.title(str(job), url=_url(access, job)),
            "state": parts.chip(str(State(job.state).label), tone=TONES.get(State(job.state), "")),
            "progress": _progress_text(job),
            "who": parts.person(job.requested_by.display_name)
            if job.requested_by
            else parts.quiet("Roadbed"),
            "created": parts.when(job.created_at),
            "took": _took(job),
        },
    )


@page()
@require_GET
def show_all(request: HttpRequest, access: Access) -> HttpResponse:
    """List the jobs that the member may see."""
    state = FILTERS.parse(request.GET, path=request.path)
    found = pagination.paginate(
        selectors.list_jobs(access=access, **state.values), order=("-pk",), cursor=state.cursor
    )
    table = tables.Table(
        id="jobs",
        caption="Jobs",
        noun="jobs",
        columns=COLUMNS,
        state=state,
        page=found,
        rows=tuple(_row(access, job) for job in found.rows),
        empty=tables.Empty(
            "No jobs yet", "Imports, exports and recounts appear here while they run, and after."
        ),
    )
    return responses.page(request, "jobs/list.html", {"table": table, "state": state})


def progress_of(*, access: Access, job: Job) -> JobProgress:
    """Return what the progress component shows of a job; pages of other apps use it too."""
    url = _url(access, job)
    may_act = access.can_contribute
    result = job.result if isinstance(job.result, dict) else {}
    note = job.progress_note
    if job.is_cancelling:
        note = "Stopping…"
    elif job.state == State.DONE:
        note = str(result.get("text", "")) or note
    elif job.state == State.QUEUED:
        note = (
            f"Starts again {formats.age(job.run_at, now=timezone.now())}"
            if job.attempts
            else "Waiting for a worker"
        )
    return JobProgress(
        id=str(job.pk),
        title=str(job),
        state=job.state,
        url=f"{url}progress/",
        done=job.progress_done,
        total=job.progress_total,
        note=note,
        cancel_url=f"{url}cancel/" if may_act and not job.is_cancelling else "",
        retry_url=f"{url}retry/" if may_act and job.can_retry else "",
        result_url=_safe_url(access, result.get("url")) if job.state == State.DONE else "",
        result_label=str(result.get("label", "Open the result")),
    )


def _safe_url(access: Access, url: object) -> str:
    base = f"/w/{access.workspace.slug}/"
    return url if isinstance(url, str) and url.startswith(base) else ""


@page()
@require_GET
def show(request: HttpRequest, access: Access, job_id: int) -> HttpResponse:
    """Show one job: how far it is, what it said, and what ended it."""
    job = find(access, job_id)
    lines = list(job.lines.order_by("-id")[:LOG_LINES])[::-1]
    facts = [
        {"label": "Queued", "value": parts.when(job.created_at)},
        {"label": "Started", "value": parts.when(job.started_at)},
        {"label": "Took", "value": _took(job)},
        {"label": "Attempts that failed", "value": f"{job.attempts} of {job.max_attempts}"},
        {"label": "Asked for by", "value": job.requested_by.display_name if job.requested_by else "Roadbed"},
    ]
    context = {
        "job": progress_of(access=access, job=job),
        "record": job,
        "lines": lines,
        "facts": facts,
        "error": job.error if access.can_make else "",
        "jobs_url": f"/w/{access.workspace.slug}/jobs/",
    }
    return responses.page(request, "jobs/job.html", context)


@page()
@require_GET
def progress(request: HttpRequest, access: Access, job_id: int) -> HttpResponse:
    """Answer with the progress alone; the page asks each second while the job runs."""
    job = find(access, job_id)
    response = responses.page(request, "components/job.html", {"job": progress_of(access=access, job=job)})
    if job.is_over:
        # What the job has made is shown around its progress: rejected rows, a file, the deeds that are open now.
        toasts.trigger(response, "page:refresh")
    return response


@page(role=Role.CONTRIBUTOR)
@require_POST
def cancel(request: HttpRequest, access: Access, job_id: int) -> HttpResponse:
    """Ask a job to stop."""
    job = find(access, job_id)
    try:
        job = jobs.cancel_job(job=job, actor=access.actor, at=timezone.now())
    except jobs.JobOverError as error:
        toasts.add(request, str(error), tone="warn")
    else:
        toasts.add(request, "Cancelled." if job.is_over else "It stops at its next step.", tone="")
    return _back(request, access, job)


@page(role=Role.CONTRIBUTOR)
@require_POST
def retry(request: HttpRequest, access: Access, job_id: int) -> HttpResponse:
    """Queue a job once more."""
    job = find(access, job_id)
    try:
        jobs.retry_job(job=job, actor=access.actor, at=timezone.now())
    except jobs.JobNotOverError as error:
        toasts.add(request, str(error), tone="warn")
    else:
        toasts.add(request, "Queued again.")
    return _back(request, access, job)


def _back(request: HttpRequest, access: Access, job: Job) -> HttpResponse:
    url = _url(access, job)
    # The form may have stood in the fragment, which is no place to return to.
    if request.POST.get("next", "").endswith("/progress/"):
        return redirect(url)
    return responses.back(request, otherwise=url)
