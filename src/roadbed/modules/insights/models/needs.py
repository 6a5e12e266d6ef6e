"""What customers need, in a human's words, backed by feedback."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from roadbed.core.records.models import Record

ten_point = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(10))]


class Need(Record):
    """A need: the title says what people want to get done; importance and satisfaction say how badly it is met."""

    record = models.OneToOneField(
        Record, parent_link=True, primary_key=True, on_delete=models.CASCADE, related_name="insights_need"
    )
    description = models.TextField(blank=True, default="", max_length=20_000)
    expectation = models.TextField(
        blank=True, default="", max_length=5_000, help_text="What customers expect instead."
    )
    importance = models.DecimalField(
        max_digits=3, decimal_places=1, null=True, blank=True, validators=ten_point
    )
    satisfaction = models.DecimalField(
        max_digits=3, decimal_places=1, null=True, blank=True, validators=ten_point
    )
    rated_from = models.CharField(
        max_length=200, blank=True, default="", help_text="Where the two figures come from, such as a survey."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="need_importance_of_ten",
                condition=Q(importance__isnull=True) | Q(importance__gte=0, importance__lte=10),
                violation_error_message="Importance goes from 0 to 10.",
            ),
            models.CheckConstraint(
                name="need_satisfaction_of_ten",
                condition=Q(satisfaction__isnull=True) | Q(satisfaction__gte=0, satisfaction__lte=10),
                violation_error_message="Satisfaction goes from 0 to 10.",
            ),
        ]

    @property
    def opportunity(self) -> Decimal | None:
        """Ulwick's opportunity score, importance + max(importance - satisfaction, 0), from 0 to 20."""
        if self.importance is None or self.satisfaction is None:
            return None
        return self.importance + max(self.importance - self.satisfaction, Decimal(0))
