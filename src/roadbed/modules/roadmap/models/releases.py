"""What ships together, and when."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from roadbed.core.records.models import Record, RecordManager
from roadbed.modules.roadmap.models.dates import Hardness


class Release(Record):
    """Features that ship together. Its name is the record's title."""

    class State(models.TextChoices):
        """Whether it is out."""

        PLANNED = "planned", "Planned"
        RELEASED = "released", "Released"

    class Form(models.TextChoices):
        """What happens on its day."""

        RELEASE = "release", "Release"
        MILESTONE = "milestone", "Milestone"

    record = models.OneToOneField(
        Record, parent_link=True, primary_key=True, on_delete=models.CASCADE, related_name="roadmap_release"
    )
    start_date = models.DateField("starts", null=True, blank=True, help_text="When work on it begins.")
    ship_date = models.DateField("ships", null=True, blank=True, help_text="When it is planned to be out.")
    form = models.CharField("what it is", max_length=9, choices=Form, default=Form.RELEASE)
    date_kind = models.CharField("how firm", max_length=4, choices=Hardness, default=Hardness.SOFT)
    date_to = models.CharField(
        "promised to",
        max_length=120,
        blank=True,
        default="",
        help_text="To whom the day was promised, or why it.",
    )
    state = models.CharField(max_length=8, choices=State, default=State.PLANNED)
    shipped_at = models.DateTimeField(null=True, blank=True)
    notes = models.TextField(
        blank=True, default="", max_length=20_000, help_text="What it brings, in Markdown."
    )

    objects: ClassVar[RecordManager[Any]] = RecordManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="release_ships_after_start",
                condition=Q(start_date__isnull=True)
                | Q(ship_date__isnull=True)
                | Q(ship_date__gte=F("start_date")),
                violation_error_message="A release cannot ship before it starts.",
            ),
            models.CheckConstraint(
                name="release_shipped_when_released",
                condition=Q(state="released", shipped_at__isnull=False)
                | Q(state="planned", shipped_at__isnull=True),
                violation_error_message="A release is out exactly when it has a date on which it shipped.",
            ),
            models.CheckConstraint(
                name="release_date_kind_known", condition=Q(date_kind__in=Hardness.values)
            ),
            models.CheckConstraint(name="release_form_known", condition=Q(form__in=["release", "milestone"])),
            models.CheckConstraint(
                name="release_state_known", condition=Q(state__in=["planned", "released"])
            ),
        ]
        indexes = [models.Index(fields=["state", "ship_date"], name="release_by_date")]

    @property
    def is_released(self) -> bool:
        """Whether it is out."""
        return self.state == self.State.RELEASED
