"""Tasks for the tests of jobs; worker processes of the kill tests import them too."""

from __future__ import annotations

import time
from datetime import timedelta

from django.db import transaction

from roadbed.core.jobs import services as jobs
from roadbed.core.workspaces.models import Department


@jobs.task("tests.count", label="Count", backoff=timedelta(seconds=1))
def count(context: jobs.Context, *, to: int) -> dict[str, object]:
    for done in range(to):
        context.progress(done, to, "Counting")
    context.progress(to, to)
    context.log(f"Counted to {to}.")
    return {"text": f"Counted to {to}."}


@jobs.task("tests.fail", backoff=timedelta(seconds=10))
def fail(context: jobs.Context) -> None:
    context.log("Before the error.")
    raise ValueError("a poisoned row")


@jobs.task("tests.give_up")
def give_up(context: jobs.Context) -> None:
    raise jobs.GiveUpError("the file is gone")


@jobs.task("tests.later")
def later(context: jobs.Context) -> None:
    raise jobs.RetryLaterError("the other side is busy", after=timedelta(minutes=5))


@jobs.task("tests.roll_back", max_attempts=1)
def roll_back(context: jobs.Context) -> None:
    with transaction.atomic():
        context.log("Written inside what is rolled back.")
        context.progress(3, 9)
        raise ValueError("rolled back")


@jobs.task("tests.deaf", timeout=None)
def deaf(context: jobs.Context, *, seconds: float) -> None:
    time.sleep(seconds)


@jobs.task("tests.slow", timeout=timedelta(seconds=1), max_attempts=1)
def slow(context: jobs.Context) -> None:
    time.sleep(60)


@jobs.task("tests.add", timeout=None)
def add(context: jobs.Context, *, name: str, steps: int) -> None:
    """Write one row a step, in steps that may be repeated: what an idempotent handler looks like."""
    assert context.workspace_id is not None
    for step in range(steps):
        time.sleep(0.02)
        Department.objects.get_or_create(workspace_id=context.workspace_id, name=f"{name}-{step}")
        context.progress(step + 1, steps)
