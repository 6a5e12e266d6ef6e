"""What may go wrong, how likely, and how many days it costs the features that it hits."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from roadbed.core.records.models import Record, RecordManager
from roadbed.core.workspaces.models import Member
from roadbed.modules.roadmap.models.features import Feature


class Risk(Record):
    """Something that happens or does not, as a whole: when it does, every feature that it hits takes longer."""

    class State(models.TextChoices):
        """What became of it."""

        OPEN = "open", "Open"
        HAPPENED = "happened", "Happened"
        AVERTED = "averted", "Averted"

    record = models.OneToOneField(
        Record, parent_link=True, primary_key=True, on_delete=models.CASCADE, related_name="roadmap_risk"
    )
    probability = models.PositiveSmallIntegerField(
        validators=(MinValueValidator(1), MaxValueValidator(99)), help_text="Percent."
    )
    low = models.FloatField("days at least", help_text="Person-days that it costs each feature hit, P10.")
    likely = models.FloatField("days likely", help_text="P50.")
    high = models.FloatField("days at most", help_text="P90.")
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    owner = models.ForeignKey(Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    description = models.TextField(blank=True, default="", max_length=20_000, help_text="Markdown.")
    answer = models.CharField(max_length=500, blank=True, default="", help_text="What is done about it.")
    hits: models.ManyToManyField[Feature, Any] = models.ManyToManyField(
        Feature, blank=True, related_name="risks"
    )

    objects: ClassVar[RecordManager[Any]] = RecordManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="risk_days_in_order",
                condition=Q(low__gt=0) & Q(likely__gte=F("low")) & Q(high__gte=F("likely")),
                violation_error_message="The low end cannot lie above the high end, nor at nothing.",
            ),
            models.CheckConstraint(
                name="risk_percent",
                condition=Q(probability__gte=1, probability__lte=99),
                violation_error_message="What is certain to happen, or not to, is no risk: 1 to 99%%.",
            ),
            models.CheckConstraint(
                name="risk_state_known", condition=Q(state__in=["open", "happened", "averted"])
            ),
        ]
