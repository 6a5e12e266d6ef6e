"""What flags share: segments of contexts, and holdouts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from roadbed.core.workspaces.models import Workspace
from roadbed.modules.experiments.models.environments import KEY


class FlagSegment(models.Model):
    """A saved group of contexts that rules refer to. What changes in it changes every flag that uses it, at once."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="flag_segments")
    key = models.CharField(max_length=80, validators=[KEY])
    name = models.CharField(max_length=120)
    condition = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                "workspace",
                "key",
                name="flag_segment_key_once",
                violation_error_message="Another segment has this key.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Holdout(models.Model):
    """A share of units that gets no new feature, so that all of them together can be measured."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="flag_holdouts")
    key = models.CharField(max_length=80, validators=[KEY])
    name = models.CharField(max_length=120)
    share = models.FloatField(default=0.05)
    unit = models.CharField(max_length=80, default="targetingKey")
    joins_new = models.BooleanField(default=True, help_text="New flags of releases and experiments join it.")
    is_on = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                "workspace",
                "key",
                name="flag_holdout_key_once",
                violation_error_message="Another holdout has this key.",
            ),
            models.CheckConstraint(
                name="flag_holdout_share_small",
                condition=Q(share__gte=0, share__lte=0.5),
                violation_error_message="A holdout keeps from 0 to 50%% of the units.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
