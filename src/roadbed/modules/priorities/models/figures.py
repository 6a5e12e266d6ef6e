"""What people and evidence say of a record: figures with their doubt, kept for good."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from roadbed.core.records.models import Record
from roadbed_engines.priority.ranges import Range


class Source(models.TextChoices):
    """Where a figure comes from."""

    PERSON = "person", "Somebody's judgement"
    VOTES = "votes", "A round of votes"
    IMPORT = "import", "A file"
    ESTIMATE = "estimate", "The roadmap's estimate"
    EVIDENCE = "evidence", "What was heard"


class Figure(models.Model):
    """A figure of a record: it lies between low and high with that confidence. Lenses share figures of one name."""

    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=40)
    low = models.FloatField()
    likely = models.FloatField(null=True, blank=True)
    high = models.FloatField()
    confidence = models.FloatField(default=0.8)
    source = models.CharField(max_length=8, choices=Source, default=Source.PERSON)
    note = models.CharField(max_length=300, blank=True, default="", help_text="Why so, or where it is from.")
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    is_current = models.BooleanField(default=True)

    class Meta:
        ordering = ["-given_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                "record", "name", name="figure_current_once", condition=Q(is_current=True)
            ),
            models.CheckConstraint(
                name="figure_ends_in_order",
                condition=Q(low__lte=F("high"))
                & (Q(likely__isnull=True) | (Q(likely__gte=F("low")) & Q(likely__lte=F("high")))),
                violation_error_message="The low end lies above the high one, or the likely value outside.",
            ),
            models.CheckConstraint(
                name="figure_confidence_a_share", condition=Q(confidence__gt=0) & Q(confidence__lt=1)
            ),
            models.CheckConstraint(name="figure_source_known", condition=Q(source__in=Source.values)),
        ]
        indexes = [models.Index(fields=["record", "name", "-given_at"], name="figure_history")]

    def __str__(self) -> str:
        return f"{self.record_id} {self.name} {self.low:g} to {self.high:g}"

    @property
    def range(self) -> Range:
        """The figure as the engine takes it."""
        return Range(self.low, self.high, self.likely, self.confidence)


class Pace(models.Model):
    """How what waiting costs runs over time, for one record; most have the standard profile and no row."""

    record = models.OneToOneField(Record, primary_key=True, on_delete=models.CASCADE, related_name="+")
    profile = models.CharField(max_length=10)
    due_date = models.DateField(null=True, blank=True, help_text="For a fixed date: the day.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="pace_profile_known",
                condition=Q(profile__in=["standard", "urgent", "fixed date", "intangible"]),
            ),
            models.CheckConstraint(
                name="pace_date_with_profile",
                condition=~Q(profile="fixed date") | Q(due_date__isnull=False),
                violation_error_message="A fixed date names its day.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.record_id} {self.profile}"
