"""How long events are kept, and which evaluations of flags are written down as exposures."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from roadbed.core.workspaces.models import Workspace
from roadbed.modules.experiments.models.environments import Environment
from roadbed.modules.experiments.models.flags import Flag

KEPT_DAYS = 400


class EventPolicy(models.Model):
    """What a workspace does with its events."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="event_policy")
    keep_days = models.PositiveIntegerField(default=KEPT_DAYS, help_text="Days for which events are kept.")
    changed_at = models.DateTimeField(editable=False)
    applied_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="event_policy_days_sound",
                condition=Q(keep_days__gte=7, keep_days__lte=3653),
                violation_error_message="Events are kept from 7 days to ten years.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.workspace_id}: {self.keep_days} days"


class ExposureLog(models.Model):
    """That evaluations are written down as exposures: of one flag in an environment, or of all of them there."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="exposure_logs")
    flag = models.ForeignKey(
        Flag, null=True, blank=True, on_delete=models.CASCADE, related_name="exposure_logs"
    )
    since = models.DateTimeField(editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "flag", name="exposure_log_once"),
            models.UniqueConstraint(
                "environment", name="exposure_log_of_all_once", condition=Q(flag__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.environment_id}: {self.flag_id or 'all flags'}"
