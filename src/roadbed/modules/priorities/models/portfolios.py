"""What to take on under what teams can do."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from roadbed.core.records.models import Record, RecordManager
from roadbed.modules.priorities.models.lenses import Lens


class Portfolio(Record):
    """A choice under a limit: whose worth, who has how much room in which period. Its name is the record's title."""

    record = models.OneToOneField(
        Record,
        parent_link=True,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="priorities_portfolio",
    )
    lens = models.ForeignKey(Lens, on_delete=models.PROTECT, related_name="portfolios")
    periods = models.JSONField(default=list, help_text="Their names, in order.")
    capacity = models.JSONField(default=dict, help_text="By team, the room in each period.")
    targets = models.JSONField(default=list, blank=True, help_text="Shares of the capacity by objective.")
    status = models.CharField(max_length=12, blank=True, default="", editable=False)
    value = models.FloatField(default=0, editable=False)
    bound = models.FloatField(default=0, editable=False)
    solved_at = models.DateTimeField(null=True, blank=True, editable=False)
    problem = models.CharField(
        max_length=500, blank=True, default="", editable=False, help_text="Why there is none."
    )
    shares = models.JSONField(default=list, blank=True, editable=False)

    objects: ClassVar[RecordManager[Any]] = RecordManager()


class Word(models.TextChoices):
    """What a person said about a record, whatever the sums say."""

    MUST = "must", "Must be in"
    NEVER = "never", "Stays out"


class Pin(models.Model):
    """A person's word on one record of a portfolio."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="pins")
    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="+")
    word = models.CharField(max_length=5, choices=Word)

    class Meta:
        constraints = [
            models.UniqueConstraint("portfolio", "record", name="pin_once"),
            models.CheckConstraint(name="pin_word_known", condition=Q(word__in=Word.values)),
        ]

    def __str__(self) -> str:
        return f"{self.record_id} {self.word}"


class Choice(models.Model):
    """What the last solution says of one candidate."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="choices")
    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="+")
    period = models.PositiveSmallIntegerField(null=True, help_text="From 0; empty: it is out.")
    worth = models.FloatField()
    effort = models.FloatField()
    team = models.CharField(max_length=200, blank=True, default="")
    objective = models.CharField(max_length=300, blank=True, default="")
    horizon = models.CharField(max_length=5, blank=True, default="", help_text="Where the roadmap had it.")
    reason = models.CharField(max_length=500)

    class Meta:
        ordering = ["period", "-worth", "id"]
        constraints = [models.UniqueConstraint("portfolio", "record", name="choice_once")]
        indexes = [models.Index(fields=["portfolio", "period"], name="choice_of_portfolio")]

    def __str__(self) -> str:
        return f"{self.record_id} in {self.period}"
