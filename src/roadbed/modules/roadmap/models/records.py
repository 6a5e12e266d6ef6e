"""How far forecasts may be trusted: how often a team's dates held, and the stretch that puts the next ones right."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from roadbed.core.workspaces.models import Team
from roadbed.modules.roadmap.models.forecasts import PlanForecast


class TeamRecord(models.Model):
    """What a forecast knew of a team's past when it was worked out; without a team, of all of them together."""

    class Source(models.TextChoices):
        """What past forecasts were compared with what happened."""

        DATES = "dates", "Dates that were given"
        ITEMS = "items", "Finished items that were estimated"
        NONE = "none", "Nothing yet"

    forecast = models.ForeignKey(PlanForecast, on_delete=models.CASCADE, related_name="records")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=5, choices=Source)
    forecasts = models.PositiveIntegerField(default=0, help_text="How many came to their end.")
    given = models.JSONField(
        default=list, help_text="Shares kept at 50%, 85%, 95%, as the dates are given; empty where too few."
    )
    raw = models.JSONField(default=list, help_text="The same of the dates before they are stretched.")
    stretch = models.JSONField(default=list, help_text="Factors at 5%, 10% … 95%.")
    missing = models.CharField(
        max_length=300, blank=True, default="", help_text="What is missing to say more."
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                "forecast", "team", name="team_record_once", condition=Q(team__isnull=False)
            ),
            models.UniqueConstraint("forecast", name="team_record_all_once", condition=Q(team__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"record of {self.team_id} in {self.forecast_id}"
