"""The plan as it stood: frozen every day and when somebody asks, and kept for good."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Workspace


class Baseline(models.Model):
    """A moment at which the plan was frozen. Its content is what `FrozenState` says for its number."""

    class Kind(models.TextChoices):
        """Why it was frozen."""

        DAILY = "daily", "Daily"
        NAMED = "named", "By hand"

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField(help_text="Counts up in a workspace.")
    kind = models.CharField(max_length=5, choices=Kind)
    name = models.CharField(max_length=120, blank=True, default="", help_text="What it is for.")
    day = models.DateField(help_text="The day that it stands for.")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    totals = models.JSONField(
        default=dict,
        help_text='By scope ("all", "product:3", "release:9"): [items, shipped, person-days, person-days shipped, '
        "items without an estimate].",
    )

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint("workspace", "number", name="baseline_number_once"),
            models.UniqueConstraint(
                "workspace", "day", name="baseline_daily_once", condition=Q(kind="daily")
            ),
            models.CheckConstraint(name="baseline_named_by_hand", condition=Q(kind="daily") | ~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.day:%-d %B %Y}"


class FrozenState(models.Model):
    """How one record stood from one baseline until another: a row is added only when something changed."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="+")
    first = models.PositiveIntegerField(help_text="The number of the first baseline that it holds for.")
    last = models.PositiveIntegerField(
        null=True, blank=True, help_text="The number of the last one; none while it still holds."
    )
    state = models.JSONField(help_text="The fields that a plan consists of, plain.")

    class Meta:
        ordering = ["record", "first"]
        constraints = [
            models.UniqueConstraint("record", "first", name="frozen_state_once"),
            models.UniqueConstraint("record", name="frozen_state_open_once", condition=Q(last__isnull=True)),
            models.CheckConstraint(
                name="frozen_state_in_order", condition=Q(last__isnull=True) | Q(last__gte=F("first"))
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "first"], name="frozen_state_by_first"),
            models.Index(fields=["workspace", "last"], name="frozen_state_by_last"),
        ]

    def __str__(self) -> str:
        return f"{self.record_id} from {self.first}"
