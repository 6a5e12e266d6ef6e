"""Where a wish stands, in words for customers."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from roadbed.core.workspaces.models import Workspace


class Standing(models.TextChoices):
    """Where a wish stands. What the plan says decides; the words are the workspace's own."""

    OPEN = "open", "Open"
    EXPLORING = "exploring", "Being looked into"
    PLANNED = "planned", "Planned"
    STARTED = "started", "In progress"
    BETA = "beta", "Being tried out"
    DONE = "done", "Done"
    DECLINED = "declined", "Not planned"


class Wording(models.Model):
    """What a workspace calls a standing in public, and what it says about it where nothing else is said."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    standing = models.CharField(max_length=9, choices=Standing)
    label = models.CharField(max_length=40)
    about = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace", "standing", name="wording_once"),
            models.CheckConstraint(name="wording_standing_known", condition=Q(standing__in=Standing.values)),
        ]

    def __str__(self) -> str:
        return f"{self.standing}: {self.label}"
