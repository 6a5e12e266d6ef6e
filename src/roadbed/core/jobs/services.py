"""The public face of jobs: ``from roadbed.core.jobs import services as jobs``."""

from roadbed.core.jobs.context import Context, GiveUpError, Interruption, RetryLaterError
from roadbed.core.jobs.models import Job, JobLog, State
from roadbed.core.jobs.queue import (
    JobNotOverError,
    JobOverError,
    cancel_job,
    enqueue,
    enqueue_on_commit,
    retry_job,
)
from roadbed.core.jobs.registry import UnknownTaskError, schedule, task
from roadbed.core.jobs.running import run_waiting

__all__ = [
    "Context",
    "GiveUpError",
    "Interruption",
    "Job",
    "JobLog",
    "JobNotOverError",
    "JobOverError",
    "RetryLaterError",
    "State",
    "UnknownTaskError",
    "cancel_job",
    "enqueue",
    "enqueue_on_commit",
    "retry_job",
    "run_waiting",
    "schedule",
    "task",
]
