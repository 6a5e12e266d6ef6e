"""A session of the team radar: items, criteria, and votes that nobody sees before they are opened."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from roadbed.core.records.models import Record, RecordManager
from roadbed.core.workspaces.models import Department, Member


class State(models.TextChoices):
    """How far a session is."""

    VOTING = "voting", "Voting"
    OPEN = "open", "Opened"
    CLOSED = "closed", "Closed"


class Session(Record):
    """Several people rate several items by several criteria. Its name is the record's title."""

    record = models.OneToOneField(
        Record, parent_link=True, primary_key=True, on_delete=models.CASCADE, related_name="alignment_session"
    )
    about = models.TextField(
        max_length=2_000, blank=True, default="", help_text="What is to be settled, in Markdown."
    )
    state = models.CharField(max_length=6, choices=State, default=State.VOTING, editable=False)
    round = models.PositiveSmallIntegerField(default=1, editable=False)
    opened_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[RecordManager[Any]] = RecordManager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="session_state_known", condition=Q(state__in=State.values)),
            models.CheckConstraint(name="session_has_a_round", condition=Q(round__gte=1)),
        ]

    @property
    def is_voting(self) -> bool:
        """Whether votes are taken, and hidden."""
        return self.state == State.VOTING


class Criterion(models.Model):
    """What is rated, on which scale, and by whom."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="criteria")
    label = models.CharField(max_length=60)
    question = models.CharField(max_length=300, blank=True, default="", help_text="What the two ends mean.")
    low = models.FloatField(default=1)
    high = models.FloatField(default=5)
    figure = models.CharField(
        max_length=40, blank=True, default="", help_text="The input of lenses that it becomes."
    )
    position = models.PositiveSmallIntegerField(default=0)
    departments: models.ManyToManyField[Department, Any] = models.ManyToManyField(
        Department, blank=True, related_name="+", help_text="Who rates it; none: everybody."
    )

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint("session", "label", name="criterion_once_per_session"),
            models.CheckConstraint(
                name="criterion_scale_has_length",
                condition=Q(low__lt=F("high")),
                violation_error_message="The scale runs from a lower end to a higher one.",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class SessionItem(models.Model):
    """Something that is rated."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="items")
    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint("session", "record", name="session_item_once")]

    def __str__(self) -> str:
        return f"{self.record_id} in {self.session_id}"


class Vote(models.Model):
    """One person's rating of one item by one criterion in one round."""

    item = models.ForeignKey(SessionItem, on_delete=models.CASCADE, related_name="votes")
    criterion = models.ForeignKey(Criterion, on_delete=models.CASCADE, related_name="votes")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    round = models.PositiveSmallIntegerField()
    value = models.FloatField()
    cast_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("item", "criterion", "member", "round", name="vote_once_a_round")
        ]
        indexes = [models.Index(fields=["criterion", "round"], name="vote_of_round")]

    def __str__(self) -> str:
        return f"{self.member_id} on {self.item_id}"
