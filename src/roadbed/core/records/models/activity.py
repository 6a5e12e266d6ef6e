"""The append-only history, chained by hashes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Self

from django.db import models
from django.db.models import Q

from roadbed.core.records.models.record import Record
from roadbed.core.workspaces.models import Workspace


class ActivityQuerySet(models.QuerySet["Activity"]):
    """Reads of history."""

    def visible_to(self, circles: Collection[int] = ()) -> Self:
        """The deeds that a member of these circles may read of: none that touch what is private to others."""
        unnamed = Q(record__isnull=True) | Q(record__circle__isnull=True)
        unspoken = Q(about__isnull=True) | Q(about__circle__isnull=True)
        if circles:
            unnamed |= Q(record__circle_id__in=list(circles))
            unspoken |= Q(about__circle_id__in=list(circles))
        return self.filter(unnamed, unspoken)


class Activity(models.Model):
    """One deed: who, what, before and after. Never changed: a database trigger refuses, and the hash tells.

    It points at records and people by plain numbers, because it must outlive both.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    sequence = models.PositiveBigIntegerField(help_text="Counts from 1 in each workspace, without gaps.")
    record = models.ForeignKey(
        Record, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="activities"
    )
    about = models.ForeignKey(
        Record,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        help_text="The other record that the deed speaks of: who may not see it, may not read the deed.",
    )
    record_key = models.CharField(max_length=20, blank=True)
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=120)
    via = models.CharField(max_length=8)
    verb = models.CharField(max_length=40)
    changes = models.JSONField(default=dict, help_text="Per field: [before, after]; or the deed's own facts.")
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        ordering = ["-sequence"]
        constraints = [models.UniqueConstraint("workspace", "sequence", name="activity_sequence_once")]
        indexes = [
            models.Index(fields=["record", "-sequence"], name="activity_of_record"),
            models.Index(fields=["workspace", "-at"], name="activity_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.actor_name} {self.verb} {self.record_key}"


class ActivityHead(models.Model):
    """The end of a workspace's chain: locked by each writer, and a witness against a cut-off tail."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, primary_key=True, related_name="+")
    sequence = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)

    def __str__(self) -> str:
        return f"{self.workspace_id}: {self.sequence}"
