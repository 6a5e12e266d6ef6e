"""How much work a feature is, as people say it: a distribution, with its origin, and every earlier one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from roadbed.core.workspaces.models import Member
from roadbed.modules.roadmap.models.features import Feature


class Origin(models.TextChoices):
    """How an estimate was come by."""

    THREE_POINT = "three_point", "Low, likely, high"
    RANGE = "range", "A range"
    POINTS = "points", "Story points"
    REFERENCE = "reference", "Finished work like it"
    EXPERTS = "experts", "Several people"


class Estimate(models.Model):
    """What somebody said of a feature's effort at one moment. Rows are added, never changed; one is current."""

    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="estimates")
    origin = models.CharField(max_length=11, choices=Origin)
    p10 = models.FloatField(help_text="Person-days: one chance in ten that it needs less.")
    p50 = models.FloatField(help_text="Person-days: as likely more as less.")
    p90 = models.FloatField(help_text="Person-days: one chance in ten that it needs more.")
    mean = models.FloatField(help_text="Person-days, on average.")
    said = models.JSONField(default=dict, help_text="What the figures were computed from, as it was said.")
    note = models.CharField(max_length=500, blank=True, default="", help_text="What it rests on.")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=120, blank=True, default="")
    is_current = models.BooleanField(default=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint("feature", name="estimate_current_once", condition=Q(is_current=True)),
            models.CheckConstraint(
                name="estimate_in_order",
                condition=Q(p10__gt=0) & Q(p50__gte=F("p10")) & Q(p90__gte=F("p50")),
                violation_error_message="An estimate's low end cannot lie above its high end, nor at nothing.",
            ),
            models.CheckConstraint(name="estimate_origin_known", condition=Q(origin__in=Origin.values)),
        ]
        indexes = [models.Index(fields=["feature", "-id"], name="estimate_of_feature")]

    def __str__(self) -> str:
        return f"{self.p10:g} to {self.p90:g} days"


class EstimateRound(models.Model):
    """Several people are asked for a feature's effort; nobody sees what the others said until it is opened."""

    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="rounds")
    asked: models.ManyToManyField[Member, Any] = models.ManyToManyField(
        Member, related_name="+", help_text="Who is to say how much it is."
    )
    question = models.CharField(max_length=300, blank=True, default="", help_text="What is to be estimated.")
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    opened_at = models.DateTimeField(null=True, blank=True, help_text="When everybody's figures were shown.")
    estimate = models.OneToOneField(
        Estimate, null=True, blank=True, on_delete=models.SET_NULL, related_name="round"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                "feature", name="estimate_round_once_at_a_time", condition=Q(opened_at__isnull=True)
            ),
            models.CheckConstraint(
                name="estimate_round_opened_after_start",
                condition=Q(opened_at__isnull=True) | Q(opened_at__gte=F("started_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"round {self.pk} on {self.feature_id}"

    @property
    def is_open(self) -> bool:
        """Whether figures are still hidden, and may still be given."""
        return self.opened_at is None


class Opinion(models.Model):
    """One person's three figures in a round; their own alone are shown to them before it is opened."""

    round = models.ForeignKey(EstimateRound, on_delete=models.CASCADE, related_name="opinions")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    p10 = models.FloatField()
    p50 = models.FloatField()
    p90 = models.FloatField()
    note = models.CharField(max_length=500, blank=True, default="")
    said_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint("round", "member", name="opinion_once_a_round"),
            models.CheckConstraint(
                name="opinion_in_order",
                condition=Q(p10__gt=0) & Q(p50__gte=F("p10")) & Q(p90__gte=F("p50")),
                violation_error_message="The low end cannot lie above the high end, nor at nothing.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.p10:g} to {self.p90:g}"
