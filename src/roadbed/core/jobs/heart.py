"""A worker's heart: a thread that renews leases, hears of cancellations, interrupts what is deaf."""

from __future__ import annotations

import ctypes
import logging
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType

from django.db import DatabaseError, connection
from django.utils import timezone

from roadbed.core.jobs import leases, registry
from roadbed.core.jobs.context import Cancelled, Context, HandedBack, Interruption, LeaseLost, TimedOut
from roadbed.core.jobs.models import Job, Worker

logger = logging.getLogger("roadbed.jobs")

BEAT_SECONDS = 0.5
SEEN_SECONDS = 5.0
GRACE_SECONDS: dict[type[Interruption], float] = {
    Cancelled: 5.0,
    HandedBack: 3.0,
    TimedOut: 2.0,
    LeaseLost: 0.0,
}
"""How long a handler may take to notice by itself, before it is interrupted."""
STUCK_SECONDS = 30.0
"""A handler that even an interruption does not end loses its lease after this long."""


class _Watch:
    """The job that runs now, as the heart sees it."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.thread = threading.get_ident()
        self.is_main = threading.current_thread() is threading.main_thread()
        self.began = time.monotonic()
        self.renewed = self.began
        self.asked: Interruption | None = None
        self.asked_at = 0.0
        self.interrupted_at: float | None = None
        self.is_over = False

    def ask(self, reason: Interruption) -> None:
        """Ask the handler to end; the first reason stands."""
        if self.asked is None:
            self.asked, self.asked_at = reason, time.monotonic()
            self.context.stop(reason)


class Heart:
    """Beats in its own thread, over its own connection, for as long as the worker lives."""

    def __init__(self, *, worker: str, stop: threading.Event) -> None:
        self._worker = worker
        self._stop = stop
        self._end = threading.Event()
        self._lock = threading.Lock()
        self._watch: _Watch | None = None
        self._seen = 0.0
        self._thread = threading.Thread(target=self._beat_on, name="roadbed-heart", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def end(self) -> None:
        """Stop beating."""
        self._end.set()
        self._thread.join(timeout=5)

    @contextmanager
    def watching(self, context: Context) -> Iterator[None]:
        """Watch over the handler that runs within."""
        watch = _Watch(context)
        kept = signal.signal(signal.SIGALRM, self._on_alarm) if watch.is_main else None
        self._watch = watch
        try:
            yield
        finally:
            with self._lock:
                watch.is_over = True
                self._watch = None
            if watch.interrupted_at is not None and not watch.is_main:
                # The interruption is on its way to this thread: let it arrive here, not in what comes next.
                time.sleep(0.05)
            if kept is not None:
                signal.signal(signal.SIGALRM, kept)

    def _on_alarm(self, number: int, frame: FrameType | None) -> None:
        watch = self._watch
        if (
            watch is not None
            and watch.interrupted_at is not None
            and not watch.is_over
            and watch.asked is not None
        ):
            raise watch.asked

    def _beat_on(self) -> None:
        while not self._end.wait(BEAT_SECONDS):
            try:
                self._beat()
            except DatabaseError as error:
                logger.info("worker %s: a beat was missed: %s", self._worker, error)
                connection.close()
        connection.close()

    def _beat(self) -> None:
        watch = self._watch
        if watch is not None:
            self._decide(watch)
        if connection.connection is None and connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA busy_timeout = 400")  # the job itself may hold the lock for long
        if watch is not None:
            self._look(watch)
        if time.monotonic() - self._seen >= SEEN_SECONDS:
            Worker.objects.filter(name=self._worker).update(seen_at=timezone.now(), stopped_at=None)
            self._seen = time.monotonic()

    def _decide(self, watch: _Watch) -> None:
        """Ask the handler to end where it must, and interrupt it where it does not listen."""
        timeout = _timeout_of(watch.context.job)
        if timeout is not None and time.monotonic() - watch.began > timeout.total_seconds():
            watch.ask(TimedOut())
        if self._stop.is_set():
            watch.ask(HandedBack())
        if watch.asked is None:
            return
        waited = time.monotonic() - watch.asked_at
        if waited >= GRACE_SECONDS[type(watch.asked)] and watch.interrupted_at is None:
            self._interrupt(watch, watch.asked)

    def _look(self, watch: _Watch) -> None:
        """Hear of a cancellation, pass on the progress, renew the lease."""
        job = watch.context.job
        row = Job.objects.filter(pk=job.pk).values_list("claims", "state", "cancel_requested_at").first()
        if watch.is_over:
            return
        if row is None or row[0] != job.claims:
            watch.ask(LeaseLost())
            return
        if row[2] is not None:
            watch.ask(Cancelled())
        watch.context.flush()
        stuck = watch.interrupted_at is not None and time.monotonic() - watch.interrupted_at > STUCK_SECONDS
        if not stuck and time.monotonic() - watch.renewed >= leases.lease_length().total_seconds() / 4:
            if leases.renew(job=job, now=timezone.now()) is not None:
                watch.renewed = time.monotonic()
            elif not watch.is_over:
                watch.ask(LeaseLost())

    def _interrupt(self, watch: _Watch, reason: Interruption) -> None:
        with self._lock:
            if watch.is_over:
                return
            watch.interrupted_at = time.monotonic()
            if watch.is_main:
                # A signal also ends a sleep or a read that blocks.
                signal.pthread_kill(watch.thread, signal.SIGALRM)
            else:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(watch.thread), ctypes.py_object(type(reason))
                )


def _timeout_of(job: Job) -> timedelta | None:
    try:
        return registry.get(job.name).timeout
    except registry.UnknownTaskError:
        return None
