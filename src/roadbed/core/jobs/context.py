"""What a running job holds in its hand: progress, its log, and whether it should stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from roadbed.core.jobs.models import Job, JobLog, State

FLUSH_SECONDS = 0.5


class Interruption(BaseException):
    """Ends a handler from outside. No `Exception`, so that a handler's own `except` lets it pass."""


class Cancelled(Interruption):
    """Somebody asked the job to stop."""


class HandedBack(Interruption):
    """The worker has to stop; the job goes back to the queue."""


class TimedOut(Interruption):
    """The attempt took longer than the task allows."""


class LeaseLost(Interruption):
    """Another worker took the job over."""


class GiveUpError(Exception):
    """Raised by a handler where trying again cannot help: the job fails at once."""


class RetryLaterError(Exception):
    """Raised by a handler that wants to run again after a pause of its own choosing."""

    def __init__(self, reason: str, *, after: timedelta) -> None:
        self.after = after
        super().__init__(reason)


class Context:
    """Handed to every handler as its first argument."""

    def __init__(self, job: Job, *, clock: Callable[[], datetime] = timezone.now) -> None:
        self.job = job
        self._clock = clock
        self._lock = threading.Lock()
        self._lines: list[JobLog] = []
        self._dirty = False
        self._flushed = 0.0
        self._looked = time.monotonic()
        self._stop: Interruption | None = None

    @property
    def workspace_id(self) -> int | None:
        """The workspace that the job was queued for."""
        return self.job.workspace_id

    def now(self) -> datetime:
        """The present moment."""
        return self._clock()

    def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        """Say how far it is; cheap enough to call for each row. Raises where the job should stop."""
        with self._lock:
            self.job.progress_done = max(0, done)
            if total is not None:
                self.job.progress_total = max(0, total)
            if note:
                self.job.progress_note = note[:200]
            self._dirty = True
        self._flush_sometimes()
        self.raise_if_cancelled()

    def log(self, text: str) -> None:
        """Write a line into the job's log; it is kept even where the handler's transaction is rolled back."""
        with self._lock:
            self._lines.append(JobLog(job_id=self.job.pk, at=self.now(), text=text[:10_000]))
        self._flush_sometimes()

    def raise_if_cancelled(self) -> None:
        """Stop here, if somebody asked the job to; call it between steps that may be left half done."""
        if self._stop is None and time.monotonic() - self._looked >= FLUSH_SECONDS:
            self._looked = time.monotonic()
            row = (
                Job.objects.filter(pk=self.job.pk)
                .values_list("claims", "state", "cancel_requested_at")
                .first()
            )
            self.notice(row)
        if self._stop is not None:
            raise self._stop

    def notice(self, row: tuple[int, str, datetime | None] | None) -> None:
        """Take in what the database says of the job: cancelled, taken over, or nothing new."""
        if row is None or row[0] != self.job.claims or row[1] != State.RUNNING:
            self.stop(LeaseLost())
        elif row[2] is not None:
            self.stop(Cancelled())

    def stop(self, reason: Interruption) -> None:
        """Let the next `progress` or `raise_if_cancelled` raise; the first reason stands."""
        if self._stop is None:
            self._stop = reason

    def _flush_sometimes(self) -> None:
        # Inside the handler's transaction the words would be rolled back with it; the worker's own thread,
        # or the end of the job, writes them instead.
        if not connection.in_atomic_block and time.monotonic() - self._flushed >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what has gathered. What cannot be written now waits for the next time."""
        with self._lock:
            lines, self._lines = self._lines, []
            dirty, self._dirty = self._dirty, False
            done, total, note = self.job.progress_done, self.job.progress_total, self.job.progress_note
            self._flushed = time.monotonic()
        if not lines and not dirty:
            return
        try:
            with transaction.atomic():
                if lines:
                    JobLog.objects.bulk_create(lines)
                if dirty:
                    Job.objects.filter(pk=self.job.pk, claims=self.job.claims, state=State.RUNNING).update(
                        progress_done=done, progress_total=total, progress_note=note
                    )
        except DatabaseError:
            with self._lock:
                self._lines = lines + self._lines
                self._dirty = self._dirty or dirty
            if connection.in_atomic_block:
                raise
