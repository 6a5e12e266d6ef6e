"""What the plan is for: objectives of a period, and the figures that show whether they were reached."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from roadbed.core.records.models import Record, RecordManager
from roadbed.core.workspaces.models import Department, Member


class Objective(Record):
    """Where the organisation wants to be at the end of a period. Features deliver it by a link."""

    class State(models.TextChoices):
        """Whether it is worked for."""

        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Active"
        CLOSED = "closed", "Closed"

    record = models.OneToOneField(
        Record, parent_link=True, primary_key=True, on_delete=models.CASCADE, related_name="roadmap_objective"
    )
    first_date = models.DateField("from")
    last_date = models.DateField("until")
    state = models.CharField(max_length=6, choices=State, default=State.ACTIVE)
    owner = models.ForeignKey(Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    department = models.ForeignKey(
        Department, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    description = models.TextField(
        blank=True, default="", max_length=20_000, help_text="Why it matters. Markdown."
    )
    lesson = models.TextField(
        blank=True, default="", max_length=5000, help_text="What was learned, when it was closed."
    )

    objects: ClassVar[RecordManager[Any]] = RecordManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="objective_in_order",
                condition=Q(last_date__gte=F("first_date")),
                violation_error_message="A period cannot end before it begins.",
            ),
            models.CheckConstraint(
                name="objective_state_known", condition=Q(state__in=["draft", "active", "closed"])
            ),
        ]
        indexes = [models.Index(fields=["last_date", "record"], name="objective_by_period")]


class Direction(models.TextChoices):
    """Which way a figure is to go."""

    UP = "up", "Up to the target"
    DOWN = "down", "Down to the target"


class KeyResult(models.Model):
    """A figure that shows whether an objective was reached: from a baseline to a target."""

    objective = models.ForeignKey(Objective, on_delete=models.CASCADE, related_name="key_results")
    title = models.CharField(max_length=200)
    unit = models.CharField(max_length=20, blank=True, default="", help_text="Such as %, days, €.")
    direction = models.CharField(max_length=4, choices=Direction, default=Direction.UP)
    baseline = models.FloatField(help_text="Where it stood at the start.")
    target = models.FloatField()
    owner = models.ForeignKey(Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                name="key_result_goes_somewhere",
                condition=Q(direction="up", target__gt=F("baseline"))
                | Q(direction="down", target__lt=F("baseline")),
                violation_error_message="The target must lie on the side of the baseline that it is to go to.",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class CheckIn(models.Model):
    """What a key result's figure was on a day, and how its owner sees it. Rows are added, never changed."""

    key_result = models.ForeignKey(KeyResult, on_delete=models.CASCADE, related_name="check_ins")
    value = models.FloatField()
    confidence = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Percent: how likely the target is reached in the period."
    )
    note = models.CharField(max_length=500, blank=True, default="")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="check_in_percent", condition=Q(confidence__isnull=True) | Q(confidence__lte=100)
            )
        ]
        indexes = [models.Index(fields=["key_result", "-at"], name="check_in_of_key_result")]

    def __str__(self) -> str:
        return f"{self.value:g} at {self.at:%Y-%m-%d}"
