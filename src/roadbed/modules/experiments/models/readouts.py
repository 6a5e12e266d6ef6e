"""What an experiment showed, what was decided, and who may read of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from roadbed.modules.experiments.models.experiments import Experiment


class Readout(models.Model):
    """One look at an experiment, kept as it was: what was asked, of which data, and every figure of the answer."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="readouts")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    as_of = models.DateTimeField(help_text="Until when data were read.")
    inputs = models.JSONField(
        default=dict,
        blank=True,
        help_text="The question, the versions of its metrics, and digests of the data.",
    )
    digest = models.CharField(max_length=64, help_text="Of the inputs: the same digest, the same answer.")
    document = models.JSONField(
        default=dict, blank=True, help_text="The answer, as the command line prints it."
    )
    summary = models.JSONField(
        default=list,
        blank=True,
        help_text="Of every metric and variant: the effect in words, and the lift with its error.",
    )
    problem = models.TextField(blank=True, default="", help_text="Why there is no answer.")
    verdict = models.CharField(max_length=30, blank=True, default="")
    variant = models.CharField(max_length=128, blank=True, default="")
    is_trusted = models.BooleanField(default=True)
    units = models.PositiveBigIntegerField(default=0)
    days_left = models.PositiveIntegerField(null=True, blank=True)
    seconds = models.FloatField(default=0.0)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint("experiment", "number", name="readout_number_once"),
            models.CheckConstraint(
                name="readout_answers_or_says_why",
                condition=~Q(problem="", verdict=""),
                violation_error_message="A readout has an answer or says why there is none.",
            ),
        ]

    def __str__(self) -> str:
        return f"readout {self.number} of {self.experiment_id}"

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """The metrics of the answer."""
        found: list[dict[str, Any]] = self.document.get("metrics", [])
        return found


class Decided(models.TextChoices):
    """What a person decided."""

    SHIP = "ship", "Ship"
    ROLL_BACK = "roll back", "Roll back"
    KEEP = "keep control", "Keep control"
    NOTHING = "inconclusive", "Inconclusive"


class ExperimentDecision(models.Model):
    """What was decided, by whom and why, with what was recommended beside it."""

    experiment = models.OneToOneField(Experiment, on_delete=models.CASCADE, related_name="decision")
    readout = models.ForeignKey(Readout, null=True, blank=True, on_delete=models.RESTRICT, related_name="+")
    decided = models.CharField(max_length=12, choices=Decided)
    variant = models.CharField(max_length=128, blank=True, default="")
    why = models.TextField(blank=True, default="", max_length=20_000)
    learned = models.TextField(blank=True, default="", max_length=20_000)
    recommended = models.CharField(max_length=30, blank=True, default="")
    recommended_variant = models.CharField(max_length=128, blank=True, default="")
    reasons = models.JSONField(default=list, blank=True)
    differs = models.BooleanField(
        default=False, help_text="Whether it was decided against what was recommended."
    )
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    by_name = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.CheckConstraint(name="decision_known", condition=Q(decided__in=Decided.values)),
            models.CheckConstraint(
                name="decision_against_says_why",
                condition=Q(differs=False) | ~Q(why=""),
                violation_error_message="Say why you decide otherwise than was recommended.",
            ),
            models.CheckConstraint(
                name="decision_ships_something",
                condition=~Q(decided="ship", variant=""),
                violation_error_message="Which variant is shipped?",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decided} {self.variant}".strip()


class ReportShare(models.Model):
    """The report of an experiment behind a secret address; only the secret's hash is kept."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="shares_out")
    name = models.CharField(max_length=120)
    token_hash = models.CharField(max_length=64, unique=True)
    password = models.CharField(max_length=200, blank=True, default="", help_text="Hashed; empty for none.")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="report_share_expires_after_it_was_made",
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("created_at")),
                violation_error_message="A link cannot expire before it is made.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def is_open(self, at: datetime) -> bool:
        """Whether its address still leads anywhere."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)
