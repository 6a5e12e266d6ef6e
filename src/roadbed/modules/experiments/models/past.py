"""What an experiment showed that ran elsewhere, before this workspace was."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from roadbed.modules.experiments.models.experiments import Experiment
from roadbed.modules.experiments.models.metrics import Desired


class PastResult(models.Model):
    """The primary result of an experiment that was brought in: there are no data, and so no readout."""

    experiment = models.OneToOneField(Experiment, on_delete=models.CASCADE, related_name="past_result")
    metric = models.CharField(max_length=200)
    desired = models.CharField(max_length=4, choices=Desired, default=Desired.UP)
    lift = models.FloatField(
        validators=[MinValueValidator(-1.0), MaxValueValidator(1000.0)],
        help_text="Of the shipped variant, or of the only one, as a share of control.",
    )
    error = models.FloatField(
        validators=[MinValueValidator(1e-9), MaxValueValidator(1000.0)], help_text="Its standard error."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="past_result_has_an_error",
                condition=Q(error__gt=0),
                violation_error_message="A result without an error teaches nothing.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.metric}: {self.lift:+.1%}"

    @property
    def low(self) -> float:
        """The lower end of its 95% interval."""
        return self.lift - 1.96 * self.error

    @property
    def high(self) -> float:
        """The upper end."""
        return self.lift + 1.96 * self.error

    @property
    def wanted_lift(self) -> float:
        """The lift, positive where it is wanted."""
        return self.lift if self.desired == Desired.UP else -self.lift
