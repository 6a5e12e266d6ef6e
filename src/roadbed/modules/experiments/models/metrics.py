"""A metric, every definition that it had, and its history in the data."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from roadbed.core.records.models import Record, RecordManager
from roadbed.core.workspaces.models import Member


class MetricKind(models.TextChoices):
    """What is made of the facts; the same words as the engine's."""

    PROPORTION = "proportion", "Share of units who did it"
    MEAN = "mean", "Mean a unit"
    COUNT = "count", "Count a unit"
    RATIO = "ratio", "Ratio of two sums"
    QUANTILE = "quantile", "Quantile"
    RETENTION = "retention", "Retention"
    FUNNEL = "funnel", "Funnel"


class Desired(models.TextChoices):
    """Which way is better."""

    UP = "up", "Higher is better"
    DOWN = "down", "Lower is better"


class Metric(Record):
    """A number about units that experiments are judged by."""

    record = models.OneToOneField(
        Record, parent_link=True, primary_key=True, on_delete=models.CASCADE, related_name="metric"
    )
    description = models.TextField(blank=True, default="", max_length=20_000, help_text="Markdown.")
    owner = models.ForeignKey(Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    is_guardrail = models.BooleanField(
        "guardrail",
        default=False,
        help_text="Every new experiment watches it, so that nothing breaks unseen.",
    )
    kind_of = models.CharField(max_length=10, choices=MetricKind, editable=False)
    """As in the newest definition, for lists."""
    latest = models.PositiveIntegerField(default=0, editable=False)
    """The number of the newest definition."""

    objects: ClassVar[RecordManager[Any]] = RecordManager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="metric_kind_known", condition=Q(kind_of__in=MetricKind.values))
        ]

    def clean(self) -> None:
        """Refuse an owner or a product from elsewhere."""
        super().clean()
        for name in ("owner", "product"):
            related = getattr(self, name)
            if related is not None and related.workspace_id != self.workspace_id:
                raise ValidationError({name: "There is no such choice in this workspace."})


class MetricVersion(models.Model):
    """One definition of a metric. Once an experiment has used it, it never changes: a change makes the next."""

    metric = models.ForeignKey(Metric, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=MetricKind)
    definition = models.JSONField(help_text="As roadbed.analytics.plans reads it.")
    desired = models.CharField(max_length=4, choices=Desired, default=Desired.UP)
    margin = models.FloatField(
        default=0.0, help_text="As a guardrail: how much harm would still be borne, as a share of control."
    )
    matters = models.FloatField(
        default=0.0, help_text="The smallest effect that matters, as a share of control."
    )
    note = models.CharField(max_length=300, blank=True, default="", help_text="Why it changed.")
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    by_name = models.CharField(max_length=120)
    used_at = models.DateTimeField(null=True, blank=True, help_text="When an experiment first used it.")

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint("metric", "number", name="metric_version_once"),
            models.CheckConstraint(name="metric_version_kind_known", condition=Q(kind__in=MetricKind.values)),
            models.CheckConstraint(
                name="metric_version_desired_known", condition=Q(desired__in=Desired.values)
            ),
            models.CheckConstraint(
                name="metric_version_margins_small",
                condition=Q(margin__gte=0, margin__lt=1, matters__gte=0, matters__lt=10),
                violation_error_message="A margin is a share of control, such as 2%%.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric_id} version {self.number}"

    @property
    def is_frozen(self) -> bool:
        """Whether an experiment rests on it."""
        return self.used_at is not None


class MetricDay(models.Model):
    """What a metric was on one day, over the units that were there that day."""

    version = models.ForeignKey(MetricVersion, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    units = models.PositiveBigIntegerField()
    value = models.FloatField(null=True, help_text="Empty where it cannot be told.")
    error = models.FloatField(null=True, help_text="Its standard error.")
    is_final = models.BooleanField(help_text="Whether every unit's window is over.")
    measured_at = models.DateTimeField()

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint("version", "day", name="metric_day_once")]

    def __str__(self) -> str:
        return f"{self.version_id} on {self.day}"


class MetricMeasure(models.Model):
    """The last history that planning was told of a definition: what it was by week, and how many units came."""

    version = models.ForeignKey(MetricVersion, on_delete=models.CASCADE, related_name="measures")
    weeks = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    found = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint("version", "weeks", name="metric_measure_once")]

    def __str__(self) -> str:
        return f"{self.version_id} over {self.weeks} weeks"
