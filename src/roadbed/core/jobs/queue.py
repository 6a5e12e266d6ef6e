"""Putting work into the queue and taking it out again, as people and modules do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from roadbed.core.accounts.actors import Actor
from roadbed.core.jobs import registry
from roadbed.core.jobs.models import Job, JobLog, State


class JobOverError(Exception):
    """The job is over already, so it cannot be cancelled."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"Job {job.pk} is {job.get_state_display().lower()} already.")


class JobNotOverError(Exception):
    """The job is not over, or went well, so there is nothing to try again."""

    def __init__(self, job: Job) -> None:
        super().__init__(
            f"Job {job.pk} is {job.get_state_display().lower()}; only failed or cancelled ones run again."
        )


@dataclass(frozen=True, slots=True)
class _Queued:
    """Left among the transaction's on-commit hooks, which a rolled-back savepoint takes away again."""

    name: str
    key: str
    job_id: int

    def __call__(self) -> None:
        """Nothing to do on commit: the row is part of the transaction."""


def _queued_here(*, name: str, key: str) -> Job | None:
    """Return the waiting job of that key which this very transaction made: nobody else can have taken it."""
    for hook in connection.run_on_commit:
        marker = hook[1]
        if isinstance(marker, _Queued) and marker.name == name and marker.key == key:
            return Job.objects.filter(pk=marker.job_id, state=State.QUEUED).first()
    return None


@transaction.atomic
def enqueue(
    name: str,
    /,
    *,
    workspace_id: int | None = None,
    key: str | None = None,
    actor: Actor | None = None,
    label: str = "",
    run_at: datetime | None = None,
    priority: int | None = None,
    **kwargs: Any,
) -> Job:
    """Queue a task and return its job, a row of the caller's transaction: committed with it, or not at all.

    Parameters
    ----------
    key : str, optional
        Waiting jobs of one name, workspace and key are done as one: the first that starts takes the others
        along. It starts after their transactions were committed, so it sees what each of them wrote.
    actor : Actor, optional
        Who asked for it; they may see and cancel it.
    run_at : datetime, optional
        Not before; now by default.
    kwargs
        Handed to the handler; JSON only (ids, not objects).

    Raises
    ------
    UnknownTaskError
        If no task has this name.
    """
    task = registry.get(name)
    now = timezone.now()
    full_key = f"{workspace_id or ''}:{key}" if key else ""
    if full_key and run_at is None:
        queued = _queued_here(name=name, key=full_key)
        if queued is not None:
            return queued
    job = Job.objects.create(
        workspace_id=workspace_id,
        name=name,
        label=(label or task.label)[:160],
        kwargs=kwargs,
        key=full_key,
        queue=task.queue,
        priority=task.priority if priority is None else priority,
        max_attempts=task.max_attempts,
        run_at=run_at or now,
        requested_by_id=actor.user_id if actor else None,
        created_at=now,
    )
    if full_key and run_at is None:
        transaction.on_commit(_Queued(name=name, key=full_key, job_id=job.pk))
    return job


def enqueue_on_commit(
    name: str, /, *, workspace_id: int | None = None, key: str | None = None, **kwargs: Any
) -> None:
    """Queue a task so that it starts once the caller's transaction is committed, and only then."""
    enqueue(name, workspace_id=workspace_id, key=key, **kwargs)


@transaction.atomic
def cancel_job(*, job: Job, actor: Actor, at: datetime) -> Job:
    """Ask a job to stop: a waiting one is cancelled at once, a running one at its next step.

    Raises
    ------
    JobOverError
        If it is over already.
    """
    current = Job.objects.select_for_update().get(pk=job.pk)
    if current.is_over:
        raise JobOverError(current)
    if current.cancel_requested_at is None:
        JobLog.objects.create(job=current, at=at, text=f"{actor.name} cancelled it.")
    current.cancel_requested_at = current.cancel_requested_at or at
    if current.state == State.QUEUED:
        current.state = State.CANCELLED
        current.finished_at = at
    current.save(update_fields=["cancel_requested_at", "state", "finished_at"])
    return current


@transaction.atomic
def retry_job(*, job: Job, actor: Actor, at: datetime) -> Job:
    """Queue a failed or cancelled job once more, with all its attempts.

    Raises
    ------
    JobNotOverError
        If it is not over, or went well.
    """
    current = Job.objects.select_for_update().get(pk=job.pk)
    if not current.can_retry:
        raise JobNotOverError(current)
    current.state = State.QUEUED
    current.run_at = at
    current.finished_at = current.cancel_requested_at = None
    current.attempts = current.losses = 0
    current.progress_done, current.progress_total, current.progress_note = 0, None, ""
    current.save()
    JobLog.objects.create(job=current, at=at, text=f"{actor.name} queued it again.")
    return current
