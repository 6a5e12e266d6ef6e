"""How a flag came to be as it is: drafts, reviews, and every revision that was live."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from roadbed.core.workspaces.models import Member
from roadbed.modules.experiments.models.environments import Environment
from roadbed.modules.experiments.models.flags import Flag


class FlagRevision(models.Model):
    """What was live from one moment on."""

    flag = models.ForeignKey(Flag, on_delete=models.CASCADE, related_name="revisions")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    summary = models.CharField(max_length=300)
    verb = models.CharField(max_length=20, default="published")
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    by_name = models.CharField(max_length=120)
    approved_by = models.JSONField(default=list, help_text="Names of those who approved it.")

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint("flag", "environment", "number", name="flag_revision_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.flag_id} revision {self.number}"


class FlagDraft(models.Model):
    """A change of a flag in one environment that is not live yet."""

    flag = models.ForeignKey(Flag, on_delete=models.CASCADE, related_name="drafts")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="drafts")
    definition = models.JSONField()
    note = models.CharField(max_length=300, blank=True, default="", help_text="Why.")
    based_on = models.PositiveIntegerField(help_text="The revision that it changes.")
    version = models.PositiveIntegerField(default=1)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_name = models.CharField(max_length=120)
    changed_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, blank=True, help_text="When a review was asked for.")

    class Meta:
        constraints = [models.UniqueConstraint("flag", "environment", name="flag_draft_once")]
        indexes = [models.Index(fields=["environment", "asked_at"], name="flag_draft_in_review")]

    def __str__(self) -> str:
        return f"draft of {self.flag_id}"


class FlagReview(models.Model):
    """What a member said of a draft, as it was then: whoever changes it asks anew."""

    class Verdict(models.TextChoices):
        """Yes, or not like this."""

        APPROVE = "approve", "Approves"
        REFUSE = "refuse", "Asks for changes"

    draft = models.ForeignKey(FlagDraft, on_delete=models.CASCADE, related_name="reviews")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    verdict = models.CharField(max_length=7, choices=Verdict)
    note = models.CharField(max_length=1000, blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint("draft", "member", name="flag_review_once"),
            models.CheckConstraint(
                name="flag_review_verdict_known", condition=Q(verdict__in=["approve", "refuse"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} {self.draft_id}"
