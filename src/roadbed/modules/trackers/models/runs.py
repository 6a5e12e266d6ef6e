"""What each look at a tracker did, deed by deed."""

from __future__ import annotations

from django.db import models

from roadbed.core.records.models import Record
from roadbed.modules.trackers.models.bindings import Binding
from roadbed.modules.trackers.models.connections import Connection


class Run(models.Model):
    """One look at a tracker."""

    class Kind(models.TextChoices):
        """What set it off."""

        LOOK = "look", "Regular look"
        HOOK = "hook", "Webhook"
        DRY = "dry", "Dry run"

    class Outcome(models.TextChoices):
        """How it ended."""

        RUNNING = "running", "Running"
        GOOD = "good", "Done"
        WAITS = "waits", "Asked to wait"
        FAILED = "failed", "Failed"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=4, choices=Kind, default=Kind.LOOK)
    outcome = models.CharField(max_length=7, choices=Outcome, default=Outcome.RUNNING)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    issues = models.PositiveIntegerField(default=0, help_text="Issues looked at.")
    counts = models.JSONField(default=dict, blank=True, help_text="Deed → how often.")
    error = models.CharField(max_length=400, blank=True, default="")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["connection", "-id"], name="run_of_connection")]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.began_at:%Y-%m-%d %H:%M}"


class Entry(models.Model):
    """One deed of a run, on one field or on a whole issue; in a dry run what would be done."""

    class Deed(models.TextChoices):
        """What was done."""

        MADE_HERE = "made_here", "Feature made"
        MADE_THERE = "made_there", "Issue made"
        TAKEN = "taken", "Came in"
        GIVEN = "given", "Went out"
        MERGED = "merged", "Merged"
        CONFLICT = "conflict", "Conflict"
        REFUSED = "refused", "Refused"
        GONE = "gone", "Issue deleted"
        MOVED = "moved", "Issue moved"
        ORPHAN = "orphan", "Feature deleted"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="entries")
    at = models.DateTimeField()
    deed = models.CharField(max_length=10, choices=Deed)
    binding = models.ForeignKey(Binding, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    record = models.ForeignKey(Record, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    key = models.CharField(max_length=80, blank=True, default="", help_text="The issue.")
    url = models.CharField(max_length=500, blank=True, default="")
    field = models.CharField(max_length=12, blank=True, default="")
    before = models.CharField(max_length=300, blank=True, default="")
    after = models.CharField(max_length=300, blank=True, default="")
    note = models.CharField(max_length=400, blank=True, default="")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["run", "id"], name="entry_of_run")]

    def __str__(self) -> str:
        return f"{self.deed} {self.field} {self.key}"
