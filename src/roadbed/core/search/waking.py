"""Letting texts be read for meaning after they were written."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection, transaction

from roadbed.core.jobs import services as jobs

TASK = "vectors.embed"


@dataclass(frozen=True, slots=True)
class _Wake:
    """Left among the transaction's on-commit hooks, once a workspace."""

    workspace_id: int

    def __call__(self) -> None:
        """Queue a reading, unless one waits already: that one will see what was just committed."""
        waiting = jobs.Job.objects.filter(
            name=TASK,
            workspace_id=self.workspace_id,
            key=f"{self.workspace_id}:embed",
            state=jobs.State.QUEUED,
        )
        if not waiting.exists():
            jobs.enqueue(TASK, workspace_id=self.workspace_id, key="embed")


def wake(*, workspace_id: int) -> None:
    """Queue a reading of the workspace's texts once the transaction is committed.

    Not in the transaction itself, as jobs are elsewhere: a hundred edits would leave a hundred jobs. Should
    the process die in between, `vectors.sweep` finds what was not read.
    """
    hook = _Wake(workspace_id)
    if not any(waiting[1] == hook for waiting in connection.run_on_commit):
        transaction.on_commit(hook)
