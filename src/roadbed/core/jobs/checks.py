"""What `roadbed doctor` asks about jobs."""

from __future__ import annotations

from datetime import datetime, timedelta

from roadbed.core import doctor
from roadbed.core.jobs import worker
from roadbed.core.jobs.models import Job, State

SILENT = timedelta(minutes=1)
STRANDED = timedelta(minutes=2)
LATE = timedelta(minutes=15)


def check_worker(now: datetime) -> doctor.Finding:
    """Whether a worker was heard of."""
    silence = worker.silence(now=now)
    if silence is None:
        return doctor.warning("no worker runs", fix="Start `roadbed up`, or `roadbed worker` beside it.")
    if silence > SILENT:
        return doctor.bad(
            f"no worker was heard of for {silence.total_seconds():.0f} s",
            fix="Start `roadbed worker`; it takes over what was left.",
        )
    return doctor.good(f"a worker was heard of {silence.total_seconds():.0f} s ago")


def check_stranded(now: datetime) -> doctor.Finding:
    """Whether a job is stuck: held by nobody, or waiting far too long."""
    stranded = Job.objects.filter(state=State.RUNNING, lease_until__lt=now - STRANDED).count()
    late = Job.objects.filter(state=State.QUEUED, run_at__lt=now - LATE).count()
    failed = Job.objects.filter(state=State.FAILED, finished_at__gte=now - timedelta(days=1)).count()
    if stranded:
        return doctor.bad(
            f"{stranded} jobs are held by workers that are gone",
            fix="Start `roadbed worker`; it takes them over.",
        )
    if late:
        return doctor.warning(
            f"{late} jobs have waited for more than {LATE.total_seconds() / 60:.0f} minutes",
            fix="Start another `roadbed worker`, or see on the jobs page what keeps this one busy.",
        )
    if failed:
        return doctor.warning(
            f"{failed} jobs failed in the last 24 hours",
            fix="Read why on the jobs page, then retry them there.",
        )
    return doctor.good("no job is stranded")
