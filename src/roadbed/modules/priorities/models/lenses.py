"""A lens: one way to score, versioned."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from roadbed.core.records.models import Record, RecordManager


class Subject(models.TextChoices):
    """What a lens ranks."""

    FEATURES = "feature", "Open features"
    AREAS = "area", "Areas"
    STORIES = "story", "Open stories"
    NEEDS = "need", "Needs"


class Lens(Record):
    """One way to look at what matters: inputs, a formula, and where the cut lies. Its name is the record's title."""

    record = models.OneToOneField(
        Record, parent_link=True, primary_key=True, on_delete=models.CASCADE, related_name="priorities_lens"
    )
    method = models.CharField(max_length=20, help_text="The method that it began as.")
    definition = models.JSONField(help_text="Inputs, formula, worth and cost, as the method says it.")
    about = models.TextField(
        max_length=2_000, blank=True, default="", help_text="What it is for, in Markdown."
    )
    subject = models.CharField("ranks", max_length=7, choices=Subject, default=Subject.FEATURES)
    cut = models.PositiveSmallIntegerField(
        "places that matter",
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(500)],
        help_text="How many of the first are about to be done.",
    )
    unit = models.CharField(
        max_length=20,
        blank=True,
        default="points",
        help_text="What a benefit is counted in, such as points or €.",
    )
    wait = models.FloatField(
        "weeks of waiting",
        default=4.0,
        validators=[MinValueValidator(0.1), MaxValueValidator(520)],
        help_text="Over which a profile of delay is averaged.",
    )
    studies = models.JSONField(
        default=list, blank=True, help_text="Ways to learn, with what they leave open and cost."
    )

    objects: ClassVar[RecordManager[Any]] = RecordManager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="lens_subject_known", condition=Q(subject__in=Subject.values)),
            models.CheckConstraint(name="lens_cut_holds_one", condition=Q(cut__gte=1)),
            models.CheckConstraint(name="lens_waits", condition=Q(wait__gt=0)),
        ]


class LensVersion(models.Model):
    """What a lens was made of from some day on."""

    lens = models.ForeignKey(Lens, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint("lens", "number", name="lens_version_once")]

    def __str__(self) -> str:
        return f"{self.lens_id} version {self.number}"
