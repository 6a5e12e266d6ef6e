"""Real worker processes: killed at random moments, stopped politely, several at once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from roadbed.core.jobs import services as jobs
from roadbed.core.jobs import worker
from roadbed.core.jobs.models import Job, State, Worker
from roadbed.core.workspaces.models import Department
from roadbed.core.workspaces.roles import Role
from tests import people
from tests.core import jobs_tasks

assert jobs_tasks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROOT = Path(__file__).parents[2]


class Crew:
    """Worker processes of one test."""

    def __init__(self) -> None:
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *, lease: int = 3) -> subprocess.Popen[bytes]:
        """Start a worker on the test's database."""
        script = str(Path(__file__).with_name("jobs_worker.py"))
        database = json.dumps({"NAME": str(connection.settings_dict["NAME"])})
        environ = {
            **os.environ,
            "ROADBED_DATA": str(settings.ROADBED_DATA),
            "ROADBED_JOB_LEASE_SECONDS": str(lease),
            "PYTHONPATH": os.pathsep.join(
                [*(str(ROOT / part) for part in ("src", "engines/src", ".")), *sys.path]
            ),
        }
        process = subprocess.Popen([sys.executable, script, database], env=environ, cwd=ROOT)  # noqa: S603 - our own
        self.processes.append(process)
        return process

    def end(self) -> None:
        """End whatever still runs."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()


@pytest.fixture
def crew() -> Iterator[Crew]:
    crew = Crew()
    yield crew
    crew.end()


def wait_for(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait until the condition holds, or fail."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    states = list(Job.objects.values_list("pk", "name", "state", "worker", "losses"))
    pytest.fail(f"It did not come to pass in {seconds} s: {states}")


def all_over() -> bool:
    return not Job.objects.filter(state__in=[State.QUEUED, State.RUNNING]).exists()


def is_running(job: Job) -> Callable[[], bool]:
    return lambda: Job.objects.filter(pk=job.pk, state=State.RUNNING).exists()


class TestKilledWorkers:
    def test_workers_killed_at_random_moments_lose_nothing_and_strand_nothing(self, crew: Crew) -> None:
        workspace = people.make_workspace()
        dice = random.Random(7)  # noqa: S311 - moments, not secrets
        for number in range(12):
            jobs.enqueue("tests.add", workspace_id=workspace.pk, name=f"job{number}", steps=25)
        crew.start()
        for _ in range(6):
            wait_for(lambda: Job.objects.filter(state=State.RUNNING).exists() or all_over())
            time.sleep(dice.uniform(0, 0.8))
            crew.processes[-1].send_signal(signal.SIGKILL)
            crew.processes[-1].wait()
            crew.start()
        wait_for(all_over)
        assert set(Job.objects.filter(name="tests.add").values_list("state", flat=True)) == {State.DONE}
        assert Department.objects.filter(workspace=workspace).count() == 12 * 25
        assert Job.objects.filter(losses__gt=0).exists()

    def test_another_machines_worker_is_taken_over_once_its_lease_runs_out(self, crew: Crew) -> None:
        workspace = people.make_workspace()
        job = jobs.enqueue("tests.add", workspace_id=workspace.pk, name="far", steps=3)
        now = timezone.now()
        Job.objects.filter(pk=job.pk).update(
            state=State.RUNNING, worker="far-away", claims=1, lease_until=now + timedelta(seconds=2)
        )
        crew.start()
        wait_for(all_over)
        job.refresh_from_db()
        assert (job.state, job.losses) == (State.DONE, 1)

    def test_a_long_job_keeps_its_lease_while_another_worker_looks_on(self, crew: Crew) -> None:
        job = jobs.enqueue("tests.deaf", seconds=9)
        crew.start(lease=3)
        wait_for(is_running(job))
        crew.start(lease=3)
        wait_for(all_over)
        job.refresh_from_db()
        assert (job.state, job.claims) == (State.DONE, 1)


class TestStopping:
    def test_sigterm_hands_back_a_job_that_does_not_listen_within_seconds(self, crew: Crew) -> None:
        job = jobs.enqueue("tests.deaf", seconds=60)
        process = crew.start()
        wait_for(is_running(job))
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        assert time.monotonic() - began < 8
        job.refresh_from_db()
        assert (job.state, job.attempts, job.losses) == (State.QUEUED, 0, 0)
        assert not Worker.objects.filter(stopped_at__isnull=True).exists()

    def test_a_job_that_takes_too_long_is_interrupted_and_fails(self, crew: Crew) -> None:
        job = jobs.enqueue("tests.slow")
        crew.start()
        wait_for(all_over)
        job.refresh_from_db()
        assert job.state == State.FAILED
        assert "longer than" in job.error

    def test_a_cancelled_job_ends_even_if_it_does_not_listen(self, crew: Crew) -> None:
        workspace = people.make_workspace()
        ada = people.join(workspace, "Ada", Role.OWNER)
        job = jobs.enqueue("tests.deaf", workspace_id=workspace.pk, seconds=60)
        crew.start()
        wait_for(is_running(job))
        jobs.cancel_job(job=job, actor=ada.actor, at=timezone.now())
        wait_for(all_over, seconds=20)
        job.refresh_from_db()
        assert job.state == State.CANCELLED


class TestSeveralWorkers:
    def test_each_job_runs_once(self, crew: Crew) -> None:
        workspace = people.make_workspace()
        for number in range(60):
            jobs.enqueue("tests.add", workspace_id=workspace.pk, name=f"job{number}", steps=1)
        for _ in range(3):
            crew.start()
        wait_for(all_over)
        assert set(Job.objects.filter(name="tests.add").values_list("claims", "state")) == {(1, State.DONE)}
        assert len(set(Job.objects.filter(name="tests.add").values_list("worker", flat=True))) > 1


class TestInAThread:
    def test_a_worker_inside_another_process_interrupts_too_and_ends_with_its_event(self) -> None:
        stop = threading.Event()
        thread = threading.Thread(target=worker.run, kwargs={"stop": stop})
        job = jobs.enqueue("tests.count", to=10)
        thread.start()
        try:
            wait_for(lambda: Job.objects.filter(pk=job.pk, state=State.DONE).exists(), seconds=20)
        finally:
            stop.set()
            thread.join(timeout=20)
        assert not thread.is_alive()
        assert not Worker.objects.filter(stopped_at__isnull=True).exists()
