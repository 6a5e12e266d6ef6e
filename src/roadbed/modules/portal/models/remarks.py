"""What visitors and makers say to each other in public. Internal comments are another table altogether."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from roadbed.core.records.models import Record
from roadbed.modules.portal.models.listings import Listing, State


class Remark(models.Model):
    """A public remark under a listing."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="remarks")
    author = models.ForeignKey(Record, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    author_name = models.CharField(max_length=80, blank=True, default="")
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Who of the makers wrote it; it is marked as theirs.",
    )
    is_official = models.BooleanField(default=False)
    guest = models.CharField(max_length=64, blank=True, default="")
    body = models.TextField(max_length=5000)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [models.CheckConstraint(name="remark_state_known", condition=Q(state__in=State.values))]
        indexes = [
            models.Index(fields=["listing", "state", "created_at"], name="remark_of_listing"),
            models.Index(fields=["state", "created_at"], name="remark_waiting"),
            models.Index(fields=["author"], name="remark_of_author"),
        ]

    def __str__(self) -> str:
        return self.body[:60]
