"""What the machine read in a piece of feedback and what people said instead; what must not be kept; likely doubles."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from roadbed.core.records.models import Merge
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models.feedback import Feedback
from roadbed_engines.text import patterns, redaction


class Intent(models.TextChoices):
    """What a piece of feedback is."""

    PROBLEM = "problem", "Problem"
    REQUEST = "request", "Request"
    PRAISE = "praise", "Praise"
    QUESTION = "question", "Question"


class Sentiment(models.TextChoices):
    """How a piece of feedback sounds."""

    NEGATIVE = "negative", "Negative"
    NEUTRAL = "neutral", "Neutral"
    POSITIVE = "positive", "Positive"


class By(models.TextChoices):
    """Who said so."""

    MACHINE = "machine", "Machine"
    PERSON = "person", "Person"


LANGUAGES = {
    "ar": "Arabic", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek",
    "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese",
    "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "nl": "Dutch", "no": "Norwegian", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sr": "Serbian",
    "sv": "Swedish", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
"""The names of the commonest languages; others go by their code."""
ASPECTS = ("language", "intent", "sentiment")


class Reading(models.Model):
    """What was read in a piece: language, intent and sentiment, each with how sure, why and by whom.

    An empty label means that there was nothing to go by. What a person said is never overwritten by a later run.
    """

    feedback = models.OneToOneField(
        Feedback, primary_key=True, on_delete=models.CASCADE, related_name="reading"
    )
    home = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False, related_name="+")
    language = models.CharField(max_length=12, blank=True, default="")
    language_confidence = models.FloatField(default=0)
    language_why = models.CharField(max_length=200, blank=True, default="")
    language_by = models.CharField(max_length=7, choices=By, default=By.MACHINE)
    intent = models.CharField(max_length=8, choices=Intent, blank=True, default="")
    intent_confidence = models.FloatField(default=0)
    intent_why = models.CharField(max_length=200, blank=True, default="")
    intent_by = models.CharField(max_length=7, choices=By, default=By.MACHINE)
    sentiment = models.CharField(max_length=8, choices=Sentiment, blank=True, default="")
    sentiment_confidence = models.FloatField(default=0)
    sentiment_why = models.CharField(max_length=200, blank=True, default="")
    sentiment_by = models.CharField(max_length=7, choices=By, default=By.MACHINE)
    statements = models.JSONField(
        default=list, blank=True, help_text="Places of its statements: [start, end, intent, confidence]."
    )
    private = models.JSONField(
        default=list, blank=True, help_text="Places of what looks private: [kind, start, end]."
    )
    has_private = models.BooleanField(default=False, help_text="Whether somebody should look at that.")
    private_left = models.BooleanField(
        default=False, help_text="Somebody looked, and left the words as they are."
    )
    text_digest = models.CharField(max_length=32, help_text="Of the words that were read.")
    version = models.PositiveIntegerField(default=1, help_text="Grows with the rules and the trained models.")
    read_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["home", "intent", "feedback"], name="reading_by_intent"),
            models.Index(fields=["home", "sentiment", "feedback"], name="reading_by_sentiment"),
            models.Index(fields=["home", "language", "feedback"], name="reading_by_language"),
            models.Index(fields=["home", "version"], name="reading_version"),
            models.Index(fields=["home", "feedback"], name="reading_private", condition=Q(has_private=True)),
        ]

    def __str__(self) -> str:
        return f"{self.intent or 'unread'}, {self.sentiment or 'unread'}, {self.language or 'unknown'}"


class ReadingModel(models.Model):
    """A model that learnt from this workspace's own labels, and how good it was on labels held back."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    aspect = models.CharField(max_length=12)
    kept = models.BinaryField(help_text="Plain arrays; no pickle.")
    quality = models.JSONField(default=dict)
    rules_quality = models.JSONField(default=dict, help_text="Of the rules, on the same labels.")
    is_used = models.BooleanField(default=False, help_text="Only where it beats the rules.")
    trained_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("workspace", "aspect", name="reading_model_once")]

    def __str__(self) -> str:
        return f"{self.aspect} of {self.workspace_id}"


class ReadingSettings(models.Model):
    """How a workspace wants feedback read: what is redacted, and whether doubles are merged by themselves."""

    class Redaction(models.TextChoices):
        """What becomes of private words."""

        OFF = "off", "Off"
        SUGGEST = "suggest", "Suggest"
        ON = "on", "On"

    workspace = models.OneToOneField(
        Workspace, primary_key=True, on_delete=models.CASCADE, related_name="reading_settings"
    )
    redaction = models.CharField(max_length=7, choices=Redaction, default=Redaction.OFF)
    kinds = models.JSONField(default=list, blank=True, help_text="What is looked for.")
    region = models.CharField(
        max_length=2, blank=True, default="", help_text="Country whose phone numbers come without their code."
    )
    redaction_since = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict, blank=True, help_text="How much was redacted, by kind.")
    merges_doubles = models.BooleanField(default=False)
    merge_from = models.FloatField(
        default=0.9,
        validators=[MinValueValidator(0.6), MaxValueValidator(1.0)],
        help_text="Pairs at least this alike are merged by themselves.",
    )
    doubles_seen = models.BigIntegerField(
        default=0, help_text="The last piece that was compared with the others."
    )
    version = models.PositiveIntegerField(default=1, help_text="Grows with each change; readings follow it.")

    class Meta:
        verbose_name_plural = "reading settings"

    def __str__(self) -> str:
        return f"Reading of {self.workspace_id}"


class RedactionRule(models.Model):
    """A pattern of the workspace's own; what it finds becomes its name in brackets."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="redaction_rules")
    name = models.SlugField(max_length=40, help_text="Stands in place of what is found: [name].")
    pattern = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace",
                "name",
                name="redaction_rule_once",
                violation_error_message="There is a pattern of this name.",
            )
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a pattern that is unsafe to run, and the name of a kind that is built in."""
        if self.name in redaction.KINDS:
            raise ValidationError({"name": f"“{self.name}” is looked for already."})
        try:
            patterns.check(pattern=self.pattern)
        except patterns.UnsafePatternError as error:
            raise ValidationError({"pattern": str(error)}) from error


class Double(models.Model):
    """Two pieces that may say the same, how alike they are and why, and what a person decided."""

    class State(models.TextChoices):
        """What became of the pair."""

        OPEN = "open", "To decide"
        MERGED = "merged", "Merged"
        DIFFERENT = "different", "Not a duplicate"
        SKIPPED = "skipped", "Skipped"

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    older = models.ForeignKey(Feedback, on_delete=models.CASCADE, related_name="doubles_later")
    newer = models.ForeignKey(Feedback, on_delete=models.CASCADE, related_name="doubles_earlier")
    score = models.FloatField()
    why = models.CharField(max_length=200)
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    is_automatic = models.BooleanField(default=False, help_text="Merged without a person.")
    merge = models.ForeignKey(Merge, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint("older", "newer", name="double_once"),
            models.CheckConstraint(name="double_in_order", condition=Q(newer__gt=F("older"))),
        ]
        indexes = [
            models.Index(fields=["workspace", "state", "-score", "-id"], name="double_to_decide"),
        ]

    def __str__(self) -> str:
        return f"{self.older_id} and {self.newer_id}: {self.score:.2f}"


def labels_of(aspect: str) -> dict[str, Any]:
    """Return the labels of an aspect with their words; empty for the language, which has any code."""
    return {"intent": dict(Intent.choices), "sentiment": dict(Sentiment.choices)}.get(aspect, {})
