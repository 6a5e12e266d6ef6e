"""Which issue is which feature, what both said when they last agreed, and where they disagree."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from roadbed.core.records.models import Record
from roadbed.modules.trackers.models.connections import FIELDS, Connection
from roadbed_engines.merging import Base


class Binding(models.Model):
    """One issue and one feature that are the same thing."""

    class State(models.TextChoices):
        """How the two stand."""

        CREATING = "creating", "Being made"
        LIVE = "live", "In step"
        GONE = "gone", "Deleted there"
        MOVED = "moved", "Moved away"
        ORPHAN = "orphan", "Deleted here"
        CUT = "cut", "Let go"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="bindings")
    record = models.ForeignKey(Record, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=8, choices=State, default=State.LIVE)
    external_id = models.CharField(
        max_length=80, blank=True, default="", help_text="Its lasting id over there."
    )
    key = models.CharField(max_length=80, blank=True, default="", help_text="What people call it there.")
    url = models.CharField(max_length=500, blank=True, default="")
    moved_to = models.CharField(
        max_length=500, blank=True, default="", help_text="Its address where it moved to."
    )
    nonce = models.CharField(
        max_length=36,
        blank=True,
        default="",
        help_text="Marks the issue that we make, so that it is made once.",
    )
    base = models.JSONField(
        default=dict, blank=True, help_text="Field → what each side said when they agreed."
    )
    theirs = models.JSONField(
        default=dict, blank=True, help_text="What the issue said last, in its own words."
    )
    theirs_at = models.DateTimeField(null=True, blank=True, help_text="When the issue changed last.")
    seen_version = models.PositiveIntegerField(default=0, help_text="The feature's version at the last look.")
    needs_push = models.BooleanField(default=False)
    held = models.JSONField(default=dict, blank=True, help_text="Field → why it does not travel just now.")
    note = models.CharField(max_length=400, blank=True, default="")
    made_at = models.DateTimeField()
    synced_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True, help_text="When a sweep last saw the issue.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "connection", "external_id", name="binding_issue_once", condition=~Q(external_id="")
            ),
            models.UniqueConstraint(
                "connection",
                "record",
                name="binding_feature_once",
                condition=Q(record__isnull=False) & Q(state__in=["creating", "live"]),
            ),
            models.CheckConstraint(
                name="binding_state_known",
                condition=Q(state__in=["creating", "live", "gone", "moved", "orphan", "cut"]),
            ),
        ]
        indexes = [
            models.Index(fields=["connection", "state", "id"], name="binding_of_connection"),
            models.Index(fields=["connection", "id"], name="binding_to_push", condition=Q(needs_push=True)),
            models.Index(fields=["record"], name="binding_of_record"),
        ]

    def __str__(self) -> str:
        return self.key or f"binding {self.pk}"

    @property
    def bases(self) -> dict[str, Base]:
        """The agreed values, as the engine wants them."""
        return {name: Base(_plain(pair[0]), _plain(pair[1])) for name, pair in self.base.items()}

    def keep(self, bases: dict[str, Base]) -> None:
        """Set the agreed values."""
        self.base = {name: [base.ours, base.theirs] for name, base in bases.items()}


def _plain(value: Any) -> Any:
    """JSON knows lists only; sets of labels are compared as tuples."""
    return tuple(value) if isinstance(value, list) else value


class Conflict(models.Model):
    """A field that changed on both sides to different values. Neither is overwritten until a person chooses."""

    binding = models.ForeignKey(Binding, on_delete=models.CASCADE, related_name="conflicts")
    field = models.CharField(max_length=12)
    ours = models.JSONField(null=True)
    theirs = models.JSONField(null=True)
    ours_by = models.CharField(max_length=120, blank=True, default="")
    ours_at = models.DateTimeField(null=True, blank=True)
    theirs_by = models.CharField(max_length=120, blank=True, default="")
    theirs_at = models.DateTimeField(null=True, blank=True)
    found_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    choice = models.CharField(
        max_length=6, blank=True, default="", help_text="ours, theirs, or gone of itself."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "binding", "field", name="conflict_open_once", condition=Q(settled_at__isnull=True)
            ),
        ]
        indexes = [models.Index(fields=["binding", "settled_at"], name="conflict_of_binding")]

    def __str__(self) -> str:
        return f"{self.field} of {self.binding_id}"

    @property
    def label(self) -> str:
        """The field as people call it."""
        return dict(FIELDS).get(self.field, self.field)
