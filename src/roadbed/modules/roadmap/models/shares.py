"""Ways to see the plan from outside: a filter with a secret address, never a copy."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from roadbed.core.workspaces.models import Workspace


class Share(models.Model):
    """A view of the roadmap behind a secret address; only the secret's hash is kept."""

    class Audience(models.TextChoices):
        """How much of it is shown."""

        INSIDE = "inside", "Colleagues: as we see it"
        CLIENTS = "clients", "Customers: public names, ranges instead of dates"

    class Form(models.TextChoices):
        """What it is."""

        PAGE = "page", "A page"
        CALENDAR = "calendar", "A calendar feed"

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    form = models.CharField(max_length=8, choices=Form, default=Form.PAGE)
    audience = models.CharField(max_length=7, choices=Audience, default=Audience.CLIENTS)
    query = models.CharField(
        max_length=2000, blank=True, default="", help_text="The filters, as the list writes them."
    )
    token_hash = models.CharField(max_length=64, unique=True)
    password = models.CharField(max_length=200, blank=True, default="", help_text="Hashed; empty for none.")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    opened = models.PositiveIntegerField(default=0, help_text="How often it was looked at.")
    opened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="share_audience_known", condition=Q(audience__in=["inside", "clients"])
            ),
            models.CheckConstraint(name="share_form_known", condition=Q(form__in=["page", "calendar"])),
        ]

    def __str__(self) -> str:
        return self.name
