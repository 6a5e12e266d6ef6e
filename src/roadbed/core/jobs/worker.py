"""The process that does the jobs, one at a time. Start several for more; on SQLite one is enough."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from types import FrameType
from typing import Any

from django.db import DatabaseError, close_old_connections, connection, reset_queries
from django.utils import timezone

from roadbed.core.jobs import leases, presence, running, schedules
from roadbed.core.jobs.context import Context
from roadbed.core.jobs.heart import Heart
from roadbed.core.jobs.models import Job, State, Worker

logger = logging.getLogger("roadbed.jobs")

IDLE_SECONDS = 0.4
ROUND_SECONDS = 5.0


class _Worker:
    """One run of a worker: its name, its heart, and the loop."""

    def __init__(self, *, stop: threading.Event, queues: Sequence[str], drain: bool) -> None:
        self.name = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(3)}"
        self._stop = stop
        self._queues = tuple(queues)
        self._drain = drain
        self._presence = presence.Presence(self.name)
        self._heart = Heart(worker=self.name, stop=stop)
        self._round_at = 0.0

    def run(self) -> int:
        """Work until told to stop; return how many jobs were run."""
        self._presence.take()
        now = timezone.now()
        Worker.objects.create(
            name=self.name, host=socket.gethostname()[:120], pid=os.getpid(), started_at=now, seen_at=now
        )
        self._heart.start()
        logger.info("worker %s started", self.name)
        count = 0
        try:
            while not self._stop.is_set():
                try:
                    ran = self._step()
                except DatabaseError:
                    logger.exception("worker %s cannot reach the database; it tries again", self.name)
                    connection.close()
                    self._stop.wait(2)
                    continue
                count += ran
                if not ran:
                    if self._drain:
                        break
                    self._stop.wait(IDLE_SECONDS)
        finally:
            self._heart.end()
            self._leave()
        return count

    def _step(self) -> bool:
        """Do what is due between jobs, then one job; False where none waited."""
        if time.monotonic() - self._round_at >= ROUND_SECONDS:
            self._round_at = time.monotonic()
            make_round(now=timezone.now())
        job = leases.claim(worker=self.name, now=timezone.now(), queues=self._queues)
        if job is None:
            return False
        self._run_job(job)
        return True

    def _run_job(self, job: Job) -> None:
        began = time.monotonic()
        context = Context(job)

        def call(context: Context) -> Any:
            with self._heart.watching(context):
                return running.call_handler(context)

        running.run(context, call=call)
        logger.info("job %s %s took %.2f s", job.pk, job.name, time.monotonic() - began)
        reset_queries()
        close_old_connections()

    def _leave(self) -> None:
        try:
            Worker.objects.filter(name=self.name).update(stopped_at=timezone.now())
        except DatabaseError:
            logger.warning("worker %s could not sign off", self.name)
        self._presence.leave()
        if not connection.in_atomic_block:
            connection.close()  # inside another process it is this thread's own
        logger.info("worker %s stopped", self.name)


def make_round(*, now: datetime) -> None:
    """Take over the jobs of workers that are gone, and queue recurring tasks."""
    holders = Job.objects.filter(state=State.RUNNING).values_list("worker", flat=True)
    names = {*Worker.objects.filter(stopped_at__isnull=True).values_list("name", flat=True), *holders}
    seen = {name: presence.look(name) for name in names}
    gone = [name for name, lives in seen.items() if lives is False]
    # SQLite lets one write at a time: a job in a long transaction keeps its own lease from being renewed.
    # Its worker's lock says that it lives.
    spared = [name for name, lives in seen.items() if lives] if connection.vendor == "sqlite" else []
    leases.reap(now=now, vanished=gone, spared=spared)
    for name in gone:
        presence.forget(name)
    schedules.enqueue_due(now=now)


def run(*, stop: threading.Event | None = None, queues: Sequence[str] = (), drain: bool = False) -> int:
    """Work until `stop` is set, or, without one, until SIGTERM or SIGINT; return how many jobs were run.

    Parameters
    ----------
    stop : threading.Event, optional
        Set it from elsewhere to end the worker: the current job is finished or handed back within seconds.
    queues : sequence of str
        Take only jobs of these queues; all by default.
    drain : bool
        End when nothing waits any more.
    """
    if stop is not None:
        return _Worker(stop=stop, queues=queues, drain=drain).run()
    ending = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ending.set()

    kept = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        return _Worker(stop=ending, queues=queues, drain=drain).run()
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def silence(*, now: datetime) -> timedelta | None:
    """How long no worker was heard of; None where none runs."""
    seen = (
        Worker.objects.filter(stopped_at__isnull=True)
        .order_by("-seen_at")
        .values_list("seen_at", flat=True)
        .first()
    )
    return None if seen is None else max(timedelta(), now - seen)
