"""Who wants something without saying more, and what a voice is worth."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models.customers import Person


class Vote(models.Model):
    """One person wants a need, a feature, or what a piece of feedback asks for. At most one for each of both.

    Where a member voted on the person's behalf, `voted_by` is that member and `note` says why.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="votes_cast")
    target = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="votes_for")
    note = models.CharField(max_length=500, blank=True, default="", help_text="Why, or where it was said.")
    voted_at = models.DateTimeField()
    voted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The member who voted on the person's behalf; empty where they did so themselves.",
    )

    class Meta:
        constraints = [models.UniqueConstraint("target", "person", name="vote_once")]
        indexes = [
            models.Index(fields=["target", "-voted_at", "-id"], name="vote_newest"),
            models.Index(fields=["person", "-voted_at", "-id"], name="vote_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} votes for {self.target_id}"


class Weighting(models.Model):
    """One edition of what a voice counts in a workspace. Editions are kept: the newest holds."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    edition = models.PositiveIntegerField(help_text="Counts from 1 in each workspace.")
    weights = models.JSONField(default=dict, help_text="As `demand.Weights.as_json` writes it.")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace", "edition", name="weighting_edition_once"),
            models.CheckConstraint(name="weighting_edition_counts", condition=Q(edition__gte=1)),
        ]

    def __str__(self) -> str:
        return f"edition {self.edition}"
