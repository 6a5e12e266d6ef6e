"""Work that waits, runs or is over; what it said; who works; and when the recurring kinds ran last."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from roadbed.core.workspaces.models import Workspace


class State(models.TextChoices):
    """Where a job stands."""

    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    JOINED = "joined", "Joined another"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self not in {State.QUEUED, State.RUNNING}


class Job(models.Model):
    """One piece of work. A worker holds it by a lease; a lease that nobody renews is taken over."""

    workspace = models.ForeignKey(Workspace, null=True, on_delete=models.CASCADE, related_name="jobs")
    name = models.CharField(max_length=80)
    label = models.CharField(max_length=160, blank=True)
    kwargs = models.JSONField(default=dict)
    key = models.CharField(max_length=160, blank=True, help_text="Waiting jobs of one key are done as one.")
    queue = models.CharField(max_length=20, default="default")
    priority = models.SmallIntegerField(default=0, help_text="Higher runs first.")
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    run_at = models.DateTimeField(help_text="Not before.")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    claims = models.PositiveIntegerField(
        default=0, help_text="Counts take-overs; an older holder is ignored."
    )
    attempts = models.PositiveSmallIntegerField(default=0, help_text="How often it ended in an error.")
    max_attempts = models.PositiveSmallIntegerField(default=3)
    losses = models.PositiveSmallIntegerField(default=0, help_text="How often its worker vanished.")
    worker = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)

    progress_done = models.PositiveBigIntegerField(default=0)
    progress_total = models.PositiveBigIntegerField(null=True)
    progress_note = models.CharField(max_length=200, blank=True)
    result = models.JSONField(null=True)
    error = models.TextField(blank=True, help_text="The traceback of the last error.")
    joined = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="job_state_known", condition=Q(state__in=[state.value for state in State])
            ),
            models.CheckConstraint(
                name="job_runs_under_a_lease",
                condition=~Q(state=State.RUNNING) | Q(lease_until__isnull=False),
                violation_error_message="A running job has a lease.",
            ),
            models.CheckConstraint(
                name="job_over_has_an_end",
                condition=Q(state__in=[State.QUEUED, State.RUNNING]) | Q(finished_at__isnull=False),
                violation_error_message="A job that is over has an end.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-priority", "run_at", "id"], name="job_waiting", condition=Q(state=State.QUEUED)
            ),
            models.Index(fields=["lease_until"], name="job_leased", condition=Q(state=State.RUNNING)),
            models.Index(fields=["name", "key"], name="job_waiting_by_key", condition=Q(state=State.QUEUED)),
            models.Index(fields=["workspace", "-id"], name="job_of_workspace"),
            models.Index(fields=["finished_at"], name="job_over", condition=Q(finished_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.label or self.name

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return State(self.state).is_over

    @property
    def is_cancelling(self) -> bool:
        """Whether somebody asked it to stop and it has not yet."""
        return self.cancel_requested_at is not None and not self.is_over

    @property
    def can_retry(self) -> bool:
        """Whether it may be queued once more."""
        return self.state in {State.FAILED, State.CANCELLED}

    @property
    def percent(self) -> int | None:
        """How much is done, where the whole is known."""
        if self.state == State.DONE:
            return 100
        if not self.progress_total:
            return None
        return min(100, self.progress_done * 100 // self.progress_total)


class JobLog(models.Model):
    """A line that a job, or the worker about it, wrote."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="lines")
    at = models.DateTimeField()
    text = models.TextField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text[:80]


class Worker(models.Model):
    """A process that takes jobs. It says every few seconds that it lives."""

    name = models.CharField(max_length=80, unique=True)
    host = models.CharField(max_length=120)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class ScheduleState(models.Model):
    """The last slot of a recurring task that was queued, so that several workers queue each slot once."""

    name = models.CharField(max_length=80, primary_key=True)
    slot_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.slot_at:%Y-%m-%d %H:%M}"
