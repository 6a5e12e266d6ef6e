"""Questions that are kept: who owns them, what answers them, and whether that helped."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Member


class State(models.TextChoices):
    """Where a question stands."""

    OPEN = "open", "Open"
    ANSWERED = "answered", "Answered"
    CLOSED = "closed", "Closed"


class Question(Record):
    """A question somebody asked; the title is the question itself.

    It is open to all of the workspace. A machine's answer is kept as citations alone, in the words of the records;
    `answer` holds what a person wrote.
    """

    record = models.OneToOneField(
        Record, parent_link=True, primary_key=True, on_delete=models.CASCADE, related_name="ask_question"
    )
    details = models.TextField(blank=True, default="", max_length=5_000)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    owner = models.ForeignKey(
        Member,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Who finds it out.",
    )
    due_date = models.DateField(null=True, blank=True)
    answer = models.TextField(blank=True, default="", max_length=20_000)
    answered_by = models.ForeignKey(
        Member, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="question_state_known",
                condition=Q(state__in=["open", "answered", "closed"]),
                violation_error_message="A question is open, answered or closed.",
            ),
            models.CheckConstraint(
                name="question_answered_at_a_time",
                condition=~Q(state="answered") | Q(answered_at__isnull=False),
                violation_error_message="An answered question says when it was answered.",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_date"], name="question_by_state")]

    @property
    def is_open(self) -> bool:
        """Whether it still waits for an answer."""
        return self.state == State.OPEN

    @property
    def is_answered(self) -> bool:
        """Whether there is an answer."""
        return self.state == State.ANSWERED


class Citation(models.Model):
    """A record that an answer rests on, with the words of it that say so."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="citations")
    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="+")
    place = models.PositiveSmallIntegerField(help_text="The number in the answer: [1], [2] …")
    quote = models.TextField(blank=True, default="", max_length=2_000)

    class Meta:
        constraints = [
            models.UniqueConstraint("question", "place", name="citation_place_once"),
        ]

    def __str__(self) -> str:
        return f"[{self.place}] {self.record_id}"


class Rating(models.Model):
    """Whether an answer helped one member."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="ratings")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    is_helpful = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("question", "member", name="rating_once_per_member")]

    def __str__(self) -> str:
        return f"{self.question_id} {'helpful' if self.is_helpful else 'not helpful'}"
