"""Running one job to its outcome."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from roadbed.core.jobs import leases, registry
from roadbed.core.jobs.context import (
    Cancelled,
    Context,
    GiveUpError,
    HandedBack,
    Interruption,
    LeaseLost,
    RetryLaterError,
    TimedOut,
)
from roadbed.core.jobs.models import Job, State

logger = logging.getLogger("roadbed.jobs")
Call = Callable[[Context], Any]


def call_handler(context: Context) -> Any:
    """Call the task's function with the job's arguments."""
    return registry.get(context.job.name).handler(context, **context.job.kwargs)


def run(context: Context, *, call: Call = call_handler) -> BaseException | None:
    """Run the job that `context` holds, write its outcome, and return what ended it, if anything did."""
    try:
        result = call(context)
    except Interruption as interruption:
        if not connection.in_atomic_block:
            connection.close()  # it may have been interrupted in the middle of a query
        reason = interruption
        _surely(lambda: _interrupted(context, reason=reason))
        return reason
    except Exception as error:  # noqa: BLE001 - whatever a handler raises is its job's outcome
        failure, text = error, traceback.format_exc()
        _surely(lambda: _failed(context, error=failure, text=text))
        return error
    _surely(lambda: _done(context, result=result))
    return None


def _surely(write: Callable[[], None]) -> None:
    """Write an outcome, again and again while the database is busy or away; the lease covers the rest."""
    for pause in (0.2, 0.5, 1, 2, 5):
        try:
            return write()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block:
                raise
            connection.close()
            time.sleep(pause)
    return write()


def _done(context: Context, *, result: Any) -> None:
    context.flush()
    leases.finish(job=context.job, now=context.now(), state=State.DONE, result=result)


def _interrupted(context: Context, *, reason: Interruption) -> None:
    context.flush()
    job, now = context.job, context.now()
    if isinstance(reason, Cancelled):
        leases.finish(job=job, now=now, state=State.CANCELLED, note="Stopped, as asked.")
    elif isinstance(reason, HandedBack):
        leases.put_back(job=job, now=now, run_at=now, note="Handed back, because the worker stops.")
    elif isinstance(reason, TimedOut):
        task = registry.get(job.name)
        _count_attempt(
            job=job, text=f"It took longer than {task.timeout}.", note=f"Ran over {task.timeout}", now=now
        )
    elif isinstance(reason, LeaseLost):
        logger.warning("job %s %s was taken over by another worker", job.pk, job.name)


def _failed(context: Context, *, error: Exception, text: str) -> None:
    context.flush()
    job, now = context.job, context.now()
    logger.warning("job %s %s: %s: %s", job.pk, job.name, type(error).__name__, error)
    reason = f"{type(error).__name__}: {error}"[:500]
    if isinstance(error, RetryLaterError):
        leases.put_back(
            job=job, now=now, run_at=now + error.after, note=f"Waits {error.after}: {error}"[:500]
        )
    elif isinstance(error, (GiveUpError, registry.UnknownTaskError)):
        leases.finish(job=job, now=now, state=State.FAILED, error=text, note=f"Gave up: {reason}")
    else:
        _count_attempt(job=job, text=text, note=reason, now=now)


def _count_attempt(*, job: Job, text: str, note: str, now: datetime) -> None:
    attempt = job.attempts + 1
    if attempt >= job.max_attempts:
        leases.finish(
            job=job,
            now=now,
            state=State.FAILED,
            error=text,
            note=f"{note}. Attempt {attempt} of {job.max_attempts}.",
        )
        return
    pause = leases.backoff(first=registry.get(job.name).backoff, times=attempt)
    leases.put_back(
        job=job,
        now=now,
        run_at=now + pause,
        error=text,
        attempt=1,
        note=f"{note}. Attempt {attempt} of {job.max_attempts}; again in {pause.total_seconds():.0f} s.",
    )


def run_waiting(*, now: datetime | None = None, limit: int = 1000) -> list[Job]:
    """Run every waiting job here and now, and return them as they ended; a handler's error is raised.

    For tests, the demo and commands that must not depend on a worker. Jobs queued meanwhile run too.
    """
    ran: list[Job] = []
    while len(ran) < limit:
        moment = now or timezone.now()
        # Queued an instant ago by the real clock counts as waiting whatever `now` a test has chosen.
        job = leases.claim(worker="here", now=max(moment, timezone.now()) + timedelta(milliseconds=1))
        if job is None:
            break
        error = run(Context(job, clock=lambda: now or timezone.now()))
        job.refresh_from_db()
        ran.append(job)
        if isinstance(error, Exception) and not isinstance(error, RetryLaterError):
            raise error
    return ran
