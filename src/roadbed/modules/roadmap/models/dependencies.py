"""What waits for what: features for features, and features for promises made by others."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from roadbed.core.records.models import Record, RecordManager
from roadbed.core.workspaces.models import Member, Workspace
from roadbed.modules.roadmap.models.features import Feature


class Tie(models.TextChoices):
    """Which end of the one waits for which end of the other."""

    FINISH_START = "fs", "Finish to start"
    START_START = "ss", "Start to start"
    FINISH_FINISH = "ff", "Finish to finish"

    @property
    def sentence(self) -> str:
        """What the later one does, as a person would say it."""
        return _SENTENCES[self]


_SENTENCES = {
    Tie.FINISH_START: "can start when it is finished",
    Tie.START_START: "can start when it has started",
    Tie.FINISH_FINISH: "can finish when it is finished",
}
MOST_LAG = 2000


class External(Record):
    """Something that others owe the plan: a vendor's interface, a contract, an approval. Its name is the title."""

    class State(models.TextChoices):
        """Whether it is there."""

        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        OFF = "off", "Called off"

    record = models.OneToOneField(
        Record, parent_link=True, primary_key=True, on_delete=models.CASCADE, related_name="roadmap_external"
    )
    promised_by = models.CharField(max_length=120, help_text="Who outside owes it: a person, a company.")
    contact = models.CharField(max_length=200, blank=True, default="", help_text="How to reach them.")
    owner = models.ForeignKey(
        Member,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Who here keeps after it.",
    )
    earliest = models.DateField("promised from", help_text="One chance in ten that it comes before.")
    latest = models.DateField("promised until", help_text="One chance in ten that it comes later.")
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    delivered_date = models.DateField("delivered on", null=True, blank=True)
    description = models.TextField(blank=True, default="", max_length=20_000, help_text="Markdown.")

    objects: ClassVar[RecordManager[Any]] = RecordManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="external_promised_in_order",
                condition=Q(latest__gte=F("earliest")),
                violation_error_message="What is promised cannot come later at the earliest than at the latest.",
            ),
            models.CheckConstraint(
                name="external_delivered_on_a_day",
                condition=Q(state="delivered", delivered_date__isnull=False)
                | (~Q(state="delivered") & Q(delivered_date__isnull=True)),
                violation_error_message="What was delivered has a day on which it was, and nothing else has.",
            ),
            models.CheckConstraint(
                name="external_state_known", condition=Q(state__in=["waiting", "delivered", "off"])
            ),
        ]


class Dependency(models.Model):
    """A feature waits for another feature, or for something external; with a lag in working days."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    feature = models.ForeignKey(
        Feature, on_delete=models.CASCADE, related_name="waits_for", help_text="Which waits."
    )
    on = models.ForeignKey(
        Feature, null=True, blank=True, on_delete=models.CASCADE, related_name="waited_for_by"
    )
    external = models.ForeignKey(
        External, null=True, blank=True, on_delete=models.CASCADE, related_name="waited_for_by"
    )
    tie = models.CharField(max_length=2, choices=Tie, default=Tie.FINISH_START)
    lag = models.SmallIntegerField(
        default=0, help_text="Working days between the two; a negative lag lets them overlap."
    )
    note = models.CharField(max_length=300, blank=True, default="", help_text="Why.")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="dependency_on_one_thing",
                condition=Q(on__isnull=False, external__isnull=True)
                | Q(on__isnull=True, external__isnull=False),
                violation_error_message="A feature waits for another feature, or for something external.",
            ),
            models.CheckConstraint(
                name="dependency_not_on_itself",
                condition=Q(on__isnull=True) | ~Q(on=F("feature")),
                violation_error_message="A feature cannot wait for itself.",
            ),
            models.UniqueConstraint(
                "feature",
                "on",
                "tie",
                name="dependency_once",
                condition=Q(on__isnull=False),
                violation_error_message="These two depend on each other like this already.",
            ),
            models.UniqueConstraint(
                "feature",
                "external",
                "tie",
                name="dependency_external_once",
                condition=Q(external__isnull=False),
                violation_error_message="It waits for this already.",
            ),
            models.CheckConstraint(
                name="dependency_lag_sensible",
                condition=Q(lag__gte=-MOST_LAG, lag__lte=MOST_LAG),
                violation_error_message=f"A lag is at most {MOST_LAG} working days.",
            ),
            models.CheckConstraint(name="dependency_tie_known", condition=Q(tie__in=Tie.values)),
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="dependency_newest"),
            models.Index(fields=["on"], name="dependency_on", condition=Q(on__isnull=False)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.feature_id} waits for {self.on_id or self.external_id}"
