"""The end of the chain: a change, the words about it that somebody approved, and who was told of it when."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Workspace


class Change(models.TextChoices):
    """What happened, as customers care for it."""

    PLANNED = "planned", "Planned"
    STARTED = "started", "In development"
    BETA = "beta", "Being tried out"
    SHIPPED = "shipped", "Shipped"
    DECLINED = "declined", "Not planned"
    NEWS = "news", "News"


class Telling(models.Model):
    """One change that people would want to hear of. Nobody hears a word before somebody approved it."""

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", "Waiting"
        APPROVED = "approved", "Approved"
        SKIPPED = "skipped", "Skipped"
        OVERTAKEN = "overtaken", "Overtaken"

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="tellings")
    sequence = models.PositiveBigIntegerField(
        null=True, help_text="The activity that it tells of; null where a member wrote it."
    )
    change = models.CharField(max_length=8, choices=Change)
    reason = models.CharField(max_length=500, blank=True, default="", help_text="Why, as the change says it.")
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint("record", "sequence", name="telling_once_per_change"),
            models.CheckConstraint(name="telling_change_known", condition=Q(change__in=Change.values)),
            models.CheckConstraint(
                name="telling_decided_by_then",
                condition=~Q(state__in=["approved", "skipped"]) | Q(decided_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "state", "-id"], name="telling_by_state"),
            models.Index(fields=["record", "-id"], name="telling_of_record"),
        ]

    def __str__(self) -> str:
        return f"{self.change} {self.record_id}"

    @property
    def is_waiting(self) -> bool:
        """Whether somebody still has to decide."""
        return self.state == self.State.WAITING


class Words(models.Model):
    """What is said of a telling in one language; the empty one is for everybody else."""

    telling = models.ForeignKey(Telling, on_delete=models.CASCADE, related_name="words")
    locale = models.CharField(max_length=12, blank=True, default="")
    subject = models.CharField(max_length=160)
    body = models.TextField(max_length=5000)

    class Meta:
        constraints = [models.UniqueConstraint("telling", "locale", name="words_once_per_language")]

    def __str__(self) -> str:
        return self.subject


class Letter(models.Model):
    """One person is told of one change, once. Claimed before it is sent, so that no crash sends it twice."""

    class Channel(models.TextChoices):
        """How they are told."""

        MAIL = "mail", "E-mail"
        PAGE = "page", "Their page of the portal"
        HAND = "hand", "By hand"

    telling = models.ForeignKey(Telling, on_delete=models.CASCADE, related_name="letters")
    person = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="letters")
    email = models.EmailField(blank=True, default="")
    locale = models.CharField(max_length=12, blank=True, default="")
    reason = models.CharField(max_length=8, help_text="quoted, asked, voted or followed")
    channel = models.CharField(max_length=4, choices=Channel)
    claimed_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint("telling", "person", name="letter_once_per_person"),
            models.UniqueConstraint(
                "telling", Lower("email"), name="letter_once_per_address", condition=~Q(email="")
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-told_at"], name="letter_of_person"),
            models.Index(
                fields=["telling", "id"], name="letter_waiting", condition=Q(claimed_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.telling_id} to {self.person_id}"

    @property
    def state(self) -> str:
        """Where it stands, in a word."""
        if self.told_at is not None:
            return "told"
        if self.failed_at is not None:
            return "failed"
        return "uncertain" if self.claimed_at is not None else "waiting"


class Silence(models.Model):
    """An address that wants no such mail, or takes none."""

    class Why(models.TextChoices):
        """What made it silent."""

        ASKED = "asked", "Asked for it"
        BOUNCED = "bounced", "Takes no mail"

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    email = models.EmailField(help_text="In lower case.")
    why = models.CharField(max_length=7, choices=Why)
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("workspace", "email", name="silence_once")]

    def __str__(self) -> str:
        return f"silent: {self.why}"
