"""What vectors do in the background."""

from __future__ import annotations

import time
from datetime import timedelta

from roadbed.core.jobs import services as jobs
from roadbed.core.search.waking import TASK
from roadbed.core.vectors import events
from roadbed.core.vectors import services as vectors
from roadbed.core.vectors.embedders import ModelMissingError
from roadbed.core.workspaces.models import Workspace

TURN = 20.0
"""Seconds after which a long reading lets other jobs pass."""


@jobs.task(TASK, label="Read texts for meaning", timeout=None, priority=-10)
def embed(context: jobs.Context) -> dict[str, object] | None:
    """Give every text of the workspace its vector; batch by batch, so stopping and going on lose nothing."""
    if context.workspace_id is None:
        return None
    began = time.monotonic()
    workspace_id = context.workspace_id

    def progress(done: int, total: int | None, note: str) -> None:
        context.progress(done, total, note)
        # Only where more is left: the turn that reads the last text is the one that tells whoever waits for all.
        if (
            time.monotonic() - began > TURN
            and _others_wait(context)
            and vectors.has_work(workspace_id=workspace_id)
        ):
            raise jobs.RetryLaterError("it lets other work pass", after=timedelta(0))

    try:
        done = vectors.catch_up(workspace_id=workspace_id, progress=progress, threads=2)
    except ModelMissingError as error:
        raise jobs.GiveUpError(str(error)) from error
    if done.cut or done.read:
        events.announce(workspace_id)
    return {"text": f"Read {done.read:,} new texts." if done.read else "Every text was read already."}


@jobs.task("vectors.sweep", label="Look for texts that were not read")
def sweep(context: jobs.Context) -> None:
    """Queue a reading wherever one was lost: a process that died between a commit and its wake."""
    for workspace_id in Workspace.objects.order_by("pk").values_list("pk", flat=True):
        if vectors.has_work(workspace_id=workspace_id):
            jobs.enqueue(TASK, workspace_id=workspace_id, key="embed")
        context.raise_if_cancelled()


@jobs.task("vectors.forget", label="Forget vectors of texts that are gone")
def forget(context: jobs.Context) -> None:
    """Delete vectors that no text needs any more."""
    while vectors.forget_unused():
        context.raise_if_cancelled()


jobs.schedule("vectors.sweep", every=timedelta(minutes=10))
jobs.schedule("vectors.forget", every=timedelta(days=1), at="02:40")


def _others_wait(context: jobs.Context) -> bool:
    waiting = jobs.Job.objects.filter(state=jobs.State.QUEUED, run_at__lte=context.now())
    return waiting.exclude(name=TASK).exists()
