"""Channels: which news goes to which department, and how."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from roadbed.core.notify.models.webhooks import Endpoint
from roadbed.core.workspaces.models import Department, Workspace


class Channel(models.Model):
    """A rule: records of these kinds, deeds and tags are told to a department. An empty list means all."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="channels")
    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="channels")
    name = models.CharField(max_length=80)
    kinds = models.JSONField(default=list, blank=True)
    verbs = models.JSONField(default=list, blank=True)
    tags = models.JSONField(default=list, blank=True)
    to_inbox = models.BooleanField(default=True)
    email = models.EmailField(blank=True)
    endpoint = models.ForeignKey(
        Endpoint, null=True, blank=True, on_delete=models.SET_NULL, related_name="channels"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="channel_leads_somewhere",
                condition=Q(to_inbox=True) | ~Q(email="") | Q(endpoint__isnull=False),
                violation_error_message="Choose where the news goes: inbox, e-mail or webhook.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def matches(self, *, kind: str, verb: str, tags: set[str]) -> bool:
        """Whether a deed on such a record is told here."""
        return (
            (not self.kinds or kind in self.kinds)
            and (not self.verbs or verb in self.verbs)
            and (not self.tags or bool(tags & {str(tag).lower() for tag in self.tags}))
        )


class ChannelMail(models.Model):
    """A mail to a channel's address, claimed before it is sent."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="mails")
    sequence = models.PositiveBigIntegerField(help_text="The last activity that it tells of.")
    lines = models.JSONField(default=list)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("channel", "sequence", name="channel_mail_once")]

    def __str__(self) -> str:
        return f"{self.channel_id} up to {self.sequence}"
