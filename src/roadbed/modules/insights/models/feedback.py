"""One thing one person said, and the words in it that back a need or a feature."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models.customers import Account, Person


class Feedback(Record):
    """One thing one person said. The title is its first words; the text is never changed by us."""

    class State(models.TextChoices):
        """Where it stands in the inbox."""

        NEW = "new", "To triage"
        SKIPPED = "skipped", "Skipped"
        DONE = "done", "Triaged"

    record = models.OneToOneField(
        Record, parent_link=True, primary_key=True, on_delete=models.CASCADE, related_name="insights_feedback"
    )
    home = models.ForeignKey(
        Workspace,
        on_delete=models.CASCADE,
        editable=False,
        blank=True,
        db_index=False,
        related_name="+",
        help_text="The record's workspace again, so that one index of this table walks one workspace in order.",
    )
    text = models.TextField(max_length=20_000)
    person = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="feedback"
    )
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.SET_NULL, related_name="feedback"
    )
    source = models.CharField(
        max_length=60, blank=True, default="", help_text="Where it was said: e-mail, call, app store…"
    )
    url = models.URLField("address", max_length=500, blank=True, default="")
    locale = models.CharField(
        "language", max_length=12, blank=True, default="", help_text="Such as en or de-AT."
    )
    rating = models.DecimalField(
        max_digits=4,
        decimal_places=1,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(10)],
    )
    said_at = models.DateTimeField(help_text="When it was said.")
    state = models.CharField(max_length=8, choices=State, default=State.NEW)
    triaged_at = models.DateTimeField(null=True, blank=True, editable=False)
    triaged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    attributes = models.JSONField(
        default=dict, blank=True, help_text="Further columns of its import, by name."
    )

    class Meta:
        verbose_name_plural = "feedback"
        indexes = [
            # The list is walked in the order of time. The filters follow in the same index, so that a rare
            # combination is looked for in the index alone.
            models.Index(
                fields=[
                    "home",
                    "-said_at",
                    "-record",
                    "state",
                    "source",
                    "locale",
                    "rating",
                    "account",
                    "person",
                ],
                name="feedback_newest",
            ),
            models.Index(fields=["home", "state", "-said_at", "-record"], name="feedback_inbox"),
            models.Index(fields=["home", "source", "-said_at", "-record"], name="feedback_by_source"),
            models.Index(fields=["home", "-rating", "-record"], name="feedback_by_rating"),
            models.Index(fields=["account", "-said_at", "-record"], name="feedback_of_account"),
            models.Index(fields=["person", "-said_at", "-record"], name="feedback_of_person"),
        ]

    def save(self, **options: Any) -> None:
        """Save, repeating the workspace for the indexes."""
        self.home_id = self.workspace_id
        super().save(**options)

    @property
    def is_triaged(self) -> bool:
        """Whether it has left the inbox, one way or the other."""
        return self.state != self.State.NEW


class Strength(models.IntegerChoices):
    """How much the speaker wants it, from what was said."""

    NICE = 0, "Nice to have"
    USEFUL = 1, "Useful"
    IMPORTANT = 2, "Important"
    DEAL_BREAKER = 3, "Deal-breaker"


class Quote(models.Model):
    """Words of a piece of feedback that back a need or a feature.

    `start` and `end` count Unicode code points in the feedback's text, half-open. `target` is any record that
    evidence may be linked to.
    """

    feedback = models.ForeignKey(Feedback, on_delete=models.CASCADE, related_name="quotes")
    target = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="quotes_about")
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    text = models.TextField()
    strength = models.PositiveSmallIntegerField(choices=Strength, default=Strength.USEFUL)
    note = models.CharField(max_length=300, blank=True, default="", help_text="Why this strength.")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint("feedback", "target", "start", "end", name="quote_once"),
            models.CheckConstraint(
                name="quote_has_words",
                condition=Q(end__gt=F("start")),
                violation_error_message="Select at least one character.",
            ),
            models.CheckConstraint(name="quote_strength_known", condition=Q(strength__lte=3)),
        ]
        indexes = [models.Index(fields=["target", "-created_at"], name="quote_of_target")]

    def __str__(self) -> str:
        return self.text[:80]
