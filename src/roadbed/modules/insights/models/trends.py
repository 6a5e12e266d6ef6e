"""How often something is said, week by week, and the weeks that stand out."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models.themes import Theme


class Dimension(models.TextChoices):
    """What is counted by."""

    ALL = "all", "Everything"
    THEME = "theme", "Theme"
    SEGMENT = "segment", "Segment"
    VERSION = "version", "Version"
    SOURCE = "source", "Source"


class WeekCount(models.Model):
    """How much was said of one thing in one week; weeks without a word have no row."""

    home = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False, related_name="+")
    dimension = models.CharField(max_length=8, choices=Dimension)
    value = models.CharField(
        max_length=120, blank=True, help_text="The record's id for themes and segments, else the words."
    )
    week = models.DateField(help_text="The Monday.")
    pieces = models.PositiveIntegerField()
    people = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint("home", "dimension", "value", "week", name="week_count_once"),
        ]
        indexes = [models.Index(fields=["home", "dimension", "week"], name="week_count_by_week")]

    def __str__(self) -> str:
        return f"{self.dimension} {self.value} {self.week}: {self.pieces}"


class TrendAlert(models.Model):
    """A week in which far more was said of one thing than the eight weeks before it promised."""

    class State(models.TextChoices):
        """What somebody made of it."""

        NEW = "new", "New"
        KNOWN = "known", "Acknowledged"
        DISMISSED = "no", "Dismissed"

    home = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False, related_name="+")
    dimension = models.CharField(max_length=8, choices=Dimension)
    value = models.CharField(max_length=120, blank=True)
    theme = models.ForeignKey(Theme, null=True, blank=True, on_delete=models.CASCADE, related_name="alerts")
    name = models.CharField(
        max_length=300, help_text="What it was about, as it was called when it was found."
    )
    week = models.DateField()
    seen = models.PositiveIntegerField()
    expected = models.FloatField()
    z = models.FloatField()
    marker = models.CharField(max_length=300, blank=True, help_text="The release shortly before it.")
    words = models.JSONField(default=list, help_text="What was said that week more than in others.")
    pieces = models.JSONField(default=list, help_text="A few of the pieces, by id.")
    state = models.CharField(max_length=6, choices=State, default=State.NEW)
    note = models.CharField(max_length=300, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    found_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True, help_text="When people were told of it.")

    class Meta:
        constraints = [
            models.UniqueConstraint("home", "dimension", "value", "week", name="trend_alert_once"),
            models.CheckConstraint(
                name="trend_alert_never_from_three",
                condition=Q(seen__gte=8),
                violation_error_message="An alert takes eight pieces at least.",
            ),
        ]
        indexes = [
            models.Index(fields=["home", "state", "-week"], name="trend_alert_newest"),
            models.Index(fields=["home", "-z"], name="trend_alert_loudest"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, week of {self.week}: {self.seen} for {self.expected:.1f}"
