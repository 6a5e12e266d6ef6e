"""Taking a job, holding it, letting it go: each step is one short transaction."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q

from roadbed.core.jobs.models import Job, JobLog, State, Worker

LOSSES_MAX = 10
"""A job whose worker vanished this often is itself the suspect."""
BACKOFF_MAX = timedelta(hours=1)
_RANDOM = random.SystemRandom()


def lease_length() -> timedelta:
    """How long a worker may be silent before its job is taken over."""
    seconds: int = settings.ROADBED_JOB_LEASE_SECONDS
    return timedelta(seconds=max(2, seconds))


def backoff(*, first: timedelta, times: int) -> timedelta:
    """Return the pause before the next attempt: doubled each time, an hour at most, a fifth of jitter."""
    factor: int = 2 ** min(max(0, times - 1), 20)
    pause = min(first * factor, BACKOFF_MAX)
    return pause * _RANDOM.uniform(0.8, 1.2)


def _due(*, now: datetime, queues: Sequence[str]) -> Any:
    """What may start: jobs of one key never run at the same time."""
    same = Job.objects.filter(state=State.RUNNING, name=OuterRef("name"), key=OuterRef("key"))
    rows = Job.objects.filter(Q(key="") | ~Exists(same), state=State.QUEUED, run_at__lte=now)
    if queues:
        rows = rows.filter(queue__in=queues)
    return rows.order_by("-priority", "run_at", "id")


def _may_start(job: Job) -> bool:
    """Whether no other worker is about to start, or has just started, a job of this key."""
    if not job.key:
        return True
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 7))", [f"{job.name}:{job.key}"]
            )
            if not cursor.fetchone()[0]:
                return False
    return not Job.objects.filter(state=State.RUNNING, name=job.name, key=job.key).exists()


def claim(*, worker: str, now: datetime, queues: Sequence[str] = ()) -> Job | None:
    """Take the next waiting job, with every other one of its key, or return None."""
    # A look without a lock first: an idle worker must not take SQLite's write lock twice a second.
    if not _due(now=now, queues=queues).exists():
        return None
    with transaction.atomic():
        rows = _due(now=now, queues=queues).select_for_update(skip_locked=True, of=("self",))
        job: Job | None = rows.first()
        if job is None or not _may_start(job):
            return None
        job.state = State.RUNNING
        job.claims += 1
        job.worker = worker
        job.lease_until = now + lease_length()
        job.started_at = now
        job.save(update_fields=["state", "claims", "worker", "lease_until", "started_at"])
        if job.key:
            twins = Job.objects.filter(state=State.QUEUED, name=job.name, key=job.key)
            ids = list(twins.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
            Job.objects.filter(pk__in=ids).update(state=State.JOINED, joined=job, finished_at=now)
    return job


def _held(job: Job) -> Any:
    """The row, as long as this claim of it stands."""
    return Job.objects.filter(pk=job.pk, claims=job.claims, state=State.RUNNING)


def renew(*, job: Job, now: datetime) -> tuple[int, str, datetime | None] | None:
    """Prolong the lease; return what the database says of the job, None where it was taken over."""
    if not _held(job).update(lease_until=now + lease_length()):
        return None
    row: tuple[int, str, datetime | None] | None = (
        _held(job).values_list("claims", "state", "cancel_requested_at").first()
    )
    return row


@transaction.atomic
def finish(
    *, job: Job, now: datetime, state: State, result: Any = None, error: str = "", note: str = ""
) -> bool:
    """End a job; False where it was taken over meanwhile and this outcome does not count."""
    changed = _held(job).update(
        state=state,
        finished_at=now,
        lease_until=None,
        result=result,
        error=error,
        attempts=F("attempts") + (1 if state == State.FAILED else 0),
    )
    if changed and note:
        JobLog.objects.create(job_id=job.pk, at=now, text=note)
    return bool(changed)


@transaction.atomic
def put_back(
    *, job: Job, now: datetime, run_at: datetime, note: str, error: str = "", attempt: int = 0, loss: int = 0
) -> bool:
    """Let the job wait again; False where it was taken over meanwhile."""
    changed = _held(job).update(
        state=State.QUEUED,
        run_at=run_at,
        lease_until=None,
        worker="",
        error=error,
        attempts=F("attempts") + attempt,
        losses=F("losses") + loss,
    )
    if changed:
        JobLog.objects.create(job_id=job.pk, at=now, text=note)
    return bool(changed)


def lose(*, job: Job, now: datetime) -> None:
    """Deal with a job whose worker vanished: cancel it if asked to, fail a habitual case, or queue it."""
    if job.cancel_requested_at is not None:
        finish(job=job, now=now, state=State.CANCELLED, note="Its worker vanished after it was cancelled.")
    elif job.losses + 1 >= LOSSES_MAX:
        reason = f"Its worker vanished {LOSSES_MAX} times while this job ran."
        finish(job=job, now=now, state=State.FAILED, error=reason, note=reason)
    else:
        pause = timedelta() if job.losses == 0 else backoff(first=timedelta(seconds=1), times=job.losses)
        put_back(
            job=job, now=now, run_at=now + pause, note=f"Worker {job.worker} vanished; queued again.", loss=1
        )


def reap(*, now: datetime, vanished: Sequence[str] = (), spared: Sequence[str] = ()) -> int:
    """Take over jobs whose lease ran out, or whose worker is known to be gone; return how many.

    Parameters
    ----------
    vanished : sequence of str
        Workers that are known to be gone, whatever their leases say.
    spared : sequence of str
        Workers that are known to live: theirs are taken only when the lease ran out long ago.
    """
    expired = Job.objects.filter(state=State.RUNNING, lease_until__lt=now).exclude(
        worker__in=spared, lease_until__gt=now - 10 * lease_length()
    )
    orphaned = Job.objects.filter(state=State.RUNNING, worker__in=vanished)
    count = 0
    for pk in {*expired.values_list("pk", flat=True), *orphaned.values_list("pk", flat=True)}:
        with transaction.atomic():
            job = (
                Job.objects.select_for_update(skip_locked=True, of=("self",))
                .filter(pk=pk, state=State.RUNNING)
                .first()
            )
            # Looked at again under the lock: its worker may have renewed the lease since.
            if job is None or job.lease_until is None:
                continue
            if job.lease_until < now or job.worker in vanished:
                lose(job=job, now=now)
                count += 1
    Worker.objects.filter(name__in=vanished, stopped_at__isnull=True).update(stopped_at=now)
    return count
