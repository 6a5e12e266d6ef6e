"""Ways to see the plan from outside: a filter with a secret address, never a copy."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q

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

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="share_audience_known", condition=Q(audience__in=["inside", "clients"])
            ),
            models.CheckConstraint(
                name="share_expires_after_it_was_made",
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("created_at")),
                violation_error_message="A link cannot expire before it is made.",
            ),
            models.CheckConstraint(
                name="share_calendar_for_colleagues",
                condition=Q(form="page") | Q(audience="inside"),
                violation_error_message="A calendar has days, so it is for colleagues.",
            ),
            models.CheckConstraint(name="share_form_known", condition=Q(form__in=["page", "calendar"])),
        ]

    def __str__(self) -> str:
        return self.name

    def is_open(self, at: datetime) -> bool:
        """Whether its address still leads anywhere."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)
