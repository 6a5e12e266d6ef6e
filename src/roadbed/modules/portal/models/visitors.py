"""Who comes through the customers' door, and the links that let them in. They take no seat."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.portal.models.boards import Board


class Visitor(models.Model):
    """Somebody whose address is confirmed. What they want is kept with the person they are."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="+")
    email = models.EmailField()
    name = models.CharField(max_length=80, blank=True, default="")
    generation = models.PositiveIntegerField(
        default=1, help_text="Grows when every browser is to be signed out."
    )
    takes_mail = models.BooleanField(default=True, help_text="Wants to hear of what they follow.")
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace", Lower("email"), name="visitor_once_per_workspace")
        ]
        indexes = [models.Index(fields=["person"], name="visitor_of_person")]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The name that others read: never the address."""
        return self.name or "Somebody"


class EntryLink(models.Model):
    """A link that signs an address in, once. It may carry what its holder wanted to do before.

    Only the hash of its secret is kept. The secret is made when the mail is written.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    board = models.ForeignKey(Board, on_delete=models.CASCADE, related_name="+")
    email = models.EmailField()
    name = models.CharField(max_length=80, blank=True, default="")
    token_hash = models.CharField(max_length=64, blank=True, default="")
    deed = models.JSONField(default=dict, help_text="What is done once the address is confirmed.")
    host = models.CharField(max_length=200, help_text="The address of the portal that was used.")
    guest = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("token_hash", name="entry_link_once", condition=~Q(token_hash=""))
        ]
        indexes = [models.Index(fields=["expires_at"], name="entry_link_by_end")]

    def __str__(self) -> str:
        return f"{self.email} until {self.expires_at:%H:%M}"
