"""What waits in a member's inbox, and how often they want mail about it."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Member, Workspace


class Reason(models.TextChoices):
    """Why somebody is told."""

    MENTION = "mention", "You are mentioned"
    WATCH = "watch", "You follow it"
    CHANNEL = "channel", "Your department is told"
    SYSTEM = "system", "You look after the workspace"


class Topic(models.TextChoices):
    """What mail can be chosen for, each by itself: the reasons of a notice."""

    MENTION = "mention", "Somebody mentions me"
    WATCH = "watch", "Something I follow changes"
    CHANNEL = "channel", "My department is told of something"
    SYSTEM = "system", "Something needs an owner"


class Frequency(models.TextChoices):
    """How often mail comes."""

    OFF = "off", "Never"
    AT_ONCE = "at_once", "At once"
    DAILY = "daily", "Once a day"
    WEEKLY = "weekly", "Once a week"


class Notice(models.Model):
    """One thing that a member is told. At most one for each deed, whatever the reasons."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="notices")
    record = models.ForeignKey(Record, null=True, on_delete=models.CASCADE, related_name="+")
    sequence = models.PositiveBigIntegerField(
        null=True, help_text="The activity's; null where there is none."
    )
    reason = models.CharField(max_length=8, choices=Reason)
    actor_name = models.CharField(max_length=120)
    text = models.CharField(max_length=400)
    quote = models.CharField(max_length=300, blank=True)
    url = models.CharField(max_length=300)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint("member", "sequence", name="notice_once_per_deed")]
        indexes = [
            models.Index(fields=["member", "-id"], name="notice_unread", condition=Q(read_at__isnull=True)),
            models.Index(fields=["member", "-id"], name="notice_of_member"),
            models.Index(
                fields=["member", "reason"], name="notice_unmailed", condition=Q(mailed_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Preference(models.Model):
    """When a member's mail comes, and how often for each topic."""

    member = models.OneToOneField(
        Member, on_delete=models.CASCADE, primary_key=True, related_name="mail_preference"
    )
    mention = models.CharField(max_length=8, choices=Frequency, default=Frequency.AT_ONCE)
    watch = models.CharField(max_length=8, choices=Frequency, default=Frequency.DAILY)
    channel = models.CharField(max_length=8, choices=Frequency, default=Frequency.DAILY)
    system = models.CharField(max_length=8, choices=Frequency, default=Frequency.AT_ONCE)
    hour = models.PositiveSmallIntegerField(default=8, validators=[MaxValueValidator(23)])
    weekday = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(6)], help_text="0 is Monday."
    )

    def __str__(self) -> str:
        return f"mail of {self.member_id}"

    def topics(self, frequency: str) -> list[str]:
        """Return the topics that come this often."""
        return [topic.value for topic in Topic if getattr(self, topic.value) == frequency]


class Digest(models.Model):
    """One mail of one period. It is claimed before it is sent, so that no crash sends it twice."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    frequency = models.CharField(max_length=8, choices=Frequency)
    slot_at = models.DateTimeField()
    claimed_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint("member", "frequency", "slot_at", name="digest_once_per_period")
        ]

    def __str__(self) -> str:
        return f"{self.frequency} {self.slot_at:%Y-%m-%d %H:%M}"


class Reading(models.Model):
    """How far a workspace's history was turned into notices and webhooks."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, primary_key=True, related_name="+")
    sequence = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"{self.workspace_id}: {self.sequence}"
