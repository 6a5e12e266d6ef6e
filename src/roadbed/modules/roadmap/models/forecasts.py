"""What a forecast of the plan said: one run, and a row for each thing that it can tell a date of."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Team, Workspace
from roadbed.modules.roadmap.models.releases import Release


class PlanForecast(models.Model):
    """A run: the plan put in time once, and then in many futures."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField(help_text="Counts up in a workspace.")
    at = models.DateTimeField()
    first = models.DateField(help_text="The first day that was planned.")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    seed = models.PositiveBigIntegerField(help_text="The same seed and inputs give the same futures.")
    runs = models.PositiveIntegerField(help_text="How many futures.")
    engine = models.CharField(max_length=40, help_text="Which version worked it out.")
    digest = models.CharField(max_length=64, help_text="Of everything that went in.")
    placed = models.PositiveIntegerField(default=0, help_text="Pieces of work that were put in time.")
    aside = models.PositiveIntegerField(default=0, help_text="Ideas that nobody has planned yet.")
    refused = models.JSONField(
        blank=True, default=list, help_text="[{id, key, what, reason}] of what cannot be put in time."
    )
    problem = models.CharField(
        max_length=600, blank=True, default="", help_text="Why nothing at all could be put in time."
    )
    load = models.JSONField(
        blank=True,
        default=dict,
        help_text="By team: [[first day of a week, person-days there are, person-days planned]].",
    )

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint("workspace", "number", name="plan_forecast_number_once")]

    def __str__(self) -> str:
        return f"forecast {self.number}"


class ForecastRow(models.Model):
    """When one record starts and is done, as a run saw it."""

    class Kind(models.TextChoices):
        """What it is a row of."""

        WORK = "work", "Work"
        PARENT = "parent", "What lies under it"
        RELEASE = "release", "Release"
        OBJECTIVE = "objective", "Objective"

    forecast = models.ForeignKey(PlanForecast, on_delete=models.CASCADE, related_name="rows")
    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=9, choices=Kind)
    team = models.ForeignKey(Team, null=True, on_delete=models.SET_NULL, related_name="+")
    release = models.ForeignKey(Release, null=True, on_delete=models.SET_NULL, related_name="+")
    place = models.PositiveIntegerField(help_text="Its place in the order of the plan.")
    start = models.DateField(help_text="When it starts, or started.")
    finish = models.DateField(help_text="Its last day if everything takes its middle estimate.")
    p50 = models.DateField(help_text="Done by then in half of the futures.")
    p85 = models.DateField()
    p95 = models.DateField()
    due = models.DateField(null=True, help_text="The date that it was promised for, at the time.")
    is_hard = models.BooleanField(default=False)
    chance = models.FloatField(
        null=True, help_text="The share of futures (0 to 1) in which it keeps that date."
    )
    critical = models.FloatField(
        null=True, help_text="The share of futures in which it is on the chain that sets the end of the plan."
    )
    quantiles = models.JSONField(
        blank=True,
        default=list,
        help_text="Last days, counted from the run's first, at 5%, 10% … 95% of the futures.",
    )
    drivers = models.JSONField(
        blank=True, default=list, help_text="[{key, kind, days, correlation}], the strongest first."
    )
    why = models.JSONField(blank=True, default=dict, help_text="What set its start: keys and names of pools.")
    effort = models.JSONField(
        blank=True, default=dict, help_text="What it was computed from: days left, people, pace."
    )
    missing = models.JSONField(
        blank=True, default=list, help_text="[{id, key}] of what belongs to it and could not be placed."
    )

    class Meta:
        ordering = ["place", "id"]
        constraints = [
            models.UniqueConstraint("forecast", "record", name="forecast_row_once"),
            models.CheckConstraint(
                name="forecast_row_in_order", condition=Q(p85__gte=F("p50")) & Q(p95__gte=F("p85"))
            ),
            models.CheckConstraint(
                name="forecast_row_share",
                condition=Q(chance__isnull=True) | Q(chance__gte=0.0, chance__lte=1.0),
            ),
        ]
        indexes = [models.Index(fields=["forecast", "kind", "place"], name="forecast_row_by_place")]

    def __str__(self) -> str:
        return f"{self.record_id} in {self.forecast_id}"
