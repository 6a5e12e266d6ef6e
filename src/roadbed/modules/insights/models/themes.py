"""What the machine, or a person, sees many pieces of feedback have in common."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models.feedback import Feedback

BROADEST, FINEST = 2.0, 30.0


class Origin(models.TextChoices):
    """Who decided. What a person decided, no later run changes."""

    MACHINE = "machine", "Found"
    PERSON = "person", "Made by hand"


class Theme(Record):
    """A theme; its name is the record's title. How many speak of it stands in its evidence tally.

    There are two levels: broad themes hold fine ones, and only fine ones hold feedback.
    """

    record = models.OneToOneField(
        Record, parent_link=True, primary_key=True, on_delete=models.CASCADE, related_name="insights_theme"
    )
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children"
    )
    is_broad = models.BooleanField(default=False, help_text="Holds themes, and no feedback of its own.")
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.MACHINE)
    description = models.TextField(blank=True, default="", max_length=5_000)
    words = models.JSONField(
        default=list, blank=True, help_text="Feedback with one of these words belongs here."
    )
    terms = models.JSONField(
        default=list, blank=True, help_text="Words that tell it from all others, most telling first."
    )
    nearest = models.JSONField(
        default=list, blank=True, help_text="Feedback nearest the middle of it, by id, nearest first."
    )
    is_pinned = models.BooleanField(default=False, help_text="Its feedback stays where it is.")
    is_named = models.BooleanField(default=False, help_text="A person chose its name.")
    is_joined = models.BooleanField(default=False, help_text="A person merged it: it is not split again.")
    is_placed = models.BooleanField(default=False, help_text="A person chose the theme above it.")
    retired_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When a run found nothing left of it."
    )
    x = models.FloatField(null=True, blank=True, editable=False)
    y = models.FloatField(null=True, blank=True, editable=False)
    weekly = models.JSONField(
        default=list, blank=True, editable=False, help_text="Pieces in each of the last 26 weeks."
    )
    mood = models.JSONField(
        default=dict,
        blank=True,
        editable=False,
        help_text="How many pieces are of each intent and sentiment.",
    )
    recent = models.PositiveIntegerField(
        default=0, editable=False, help_text="People in the last four weeks."
    )
    usual = models.FloatField(
        default=0, editable=False, help_text="People in four weeks, over the twelve before."
    )
    change = models.FloatField(
        null=True, blank=True, editable=False, help_text="Recent share over usual share."
    )
    direction = models.CharField(max_length=8, default="", blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="theme_of_two_levels",
                condition=Q(is_broad=False) | Q(parent__isnull=True),
                violation_error_message="A broad theme stands at the top.",
            ),
            models.CheckConstraint(
                name="theme_not_above_itself",
                condition=Q(parent__isnull=True) | ~Q(parent=F("record")),
                violation_error_message="A theme cannot hold itself.",
            ),
        ]

    @property
    def is_by_hand(self) -> bool:
        """Whether a person made it."""
        return self.origin == Origin.PERSON

    @property
    def is_kept(self) -> bool:
        """Whether a person's hand is on it, so that it stays even where a run finds nothing of it."""
        return self.is_by_hand or self.is_pinned or self.is_named or self.is_joined or bool(self.words)


class Assignment(models.Model):
    """Which theme a piece of feedback belongs to, how sure that is, and why. No theme: looked at, and none fits."""

    class Rule(models.TextChoices):
        """What put it there."""

        GROUP = "group", "It lies among others that say the same"
        NEIGHBOURS = "near", "What is nearest to it is there"
        WORDS = "words", "It has a word of the theme"
        EXAMPLES = "examples", "It is like an example of the theme"
        HAND = "hand", "A person put it there"

    feedback = models.OneToOneField(
        Feedback, primary_key=True, on_delete=models.CASCADE, related_name="assignment"
    )
    home = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False, related_name="+")
    theme = models.ForeignKey(
        Theme, null=True, blank=True, db_index=False, on_delete=models.SET_NULL, related_name="assignments"
    )
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.MACHINE)
    rule = models.CharField(max_length=8, choices=Rule, default=Rule.GROUP)
    confidence = models.FloatField(
        default=0, validators=[MinValueValidator(0), MaxValueValidator(1)], help_text="From 0 to 1."
    )
    near = models.JSONField(default=list, help_text="The nearest pieces of the same theme, by id.")
    said_at = models.DateTimeField(
        help_text="The feedback's, again, so that one index walks a theme in order."
    )
    assigned_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["home", "theme", "-said_at", "-feedback"], name="assignment_newest"),
            models.Index(fields=["theme", "-confidence", "-feedback"], name="assignment_surest"),
            models.Index(
                fields=["home", "feedback"], name="assignment_by_hand", condition=Q(origin=Origin.PERSON)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.feedback_id} in {self.theme_id}"


class ThemeRun(models.Model):
    """One look at all the feedback of a workspace."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="theme_runs")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    resolution = models.FloatField(default=0, help_text="How fine the themes were made.")
    model = models.CharField(max_length=60, blank=True)
    pieces = models.PositiveIntegerField(default=0)
    unassigned = models.PositiveIntegerField(default=0)
    themes = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0, help_text="Themes that were not there before.")
    retired = models.PositiveIntegerField(default=0, help_text="Themes of which nothing was left.")
    held = models.PositiveIntegerField(
        default=0, help_text="Pieces that stayed because a person put them there."
    )
    moved = models.PositiveIntegerField(default=0, help_text="Pieces that changed their theme.")

    class Meta:
        indexes = [models.Index(fields=["workspace", "-started_at"], name="theme_run_latest")]

    def __str__(self) -> str:
        return f"{self.workspace_id}: {self.themes} themes of {self.pieces}"


class ThemeChoice(models.Model):
    """How broad or fine a workspace wants its themes."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, primary_key=True, related_name="+")
    resolution = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(BROADEST), MaxValueValidator(FINEST)],
        help_text="From 2, few broad, to 30, many fine ones; empty: as the feedback falls apart.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="theme_choice_in_reach",
                condition=Q(resolution__isnull=True) | Q(resolution__gte=BROADEST, resolution__lte=FINEST),
                violation_error_message="From 2, few broad themes, to 30, many fine ones.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.workspace_id}: {self.resolution}"
