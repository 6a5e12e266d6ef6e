"""What-if plans: a branch holds only what differs from the plan, field by field, with what the plan said then."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from roadbed.core.records.models import Record, RecordManager
from roadbed.core.workspaces.models import Member


class Branch(Record):
    """A plan that could be: the real one, but for what is changed in it."""

    class State(models.TextChoices):
        """Where it stands."""

        OPEN = "open", "Being tried"
        ASKED = "asked", "Waits for approval"
        APPROVED = "approved", "Approved"
        MERGED = "merged", "Merged"
        DISCARDED = "discarded", "Discarded"

    class Origin(models.TextChoices):
        """Who set it up."""

        HAND = "hand", "By hand"
        PROPOSAL = "proposal", "Proposed"

    record = models.OneToOneField(
        Record, parent_link=True, primary_key=True, on_delete=models.CASCADE, related_name="roadmap_branch"
    )
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.HAND)
    facts = models.JSONField(
        blank=True, default=dict, help_text="Of a proposal: what it cost before and after, seconds, seed."
    )
    description = models.TextField(
        "why", blank=True, default="", max_length=20_000, help_text="What it is to show. Markdown."
    )
    approver = models.ForeignKey(
        Member,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Who was asked to decide.",
    )
    asked_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decision = models.CharField(
        max_length=500, blank=True, default="", help_text="What was said with the decision."
    )

    objects: ClassVar[RecordManager[Any]] = RecordManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="branch_state_known",
                condition=Q(state__in=["open", "asked", "approved", "merged", "discarded"]),
            ),
            models.CheckConstraint(
                name="branch_asked_at_some_time", condition=~Q(state="asked") | Q(asked_at__isnull=False)
            ),
        ]

    @property
    def is_open(self) -> bool:
        """Whether it may still be changed and merged."""
        return self.state in {self.State.OPEN, self.State.ASKED, self.State.APPROVED}


class BranchChange(models.Model):
    """One field of one feature as a branch has it; or, with `other`, how the feature waits for that."""

    class Field(models.TextChoices):
        """What can differ."""

        PLACE = "place", "Place in the order"
        STATUS = "status", "Status"
        EFFORT = "effort", "Effort"
        TEAM = "team", "Team"
        RELEASE = "release", "Release"
        NOT_BEFORE = "not_before", "Not before"
        TARGET_START = "target_start", "Target from"
        TARGET_END = "target_end", "Target until"
        DUE_DATE = "due_date", "Due"
        DUE_KIND = "due_kind", "How firm"
        WAITS = "waits", "Waits for"

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="changes")
    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="+")
    field = models.CharField(max_length=12, choices=Field)
    other = models.ForeignKey(
        Record,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="What it waits for.",
    )
    base = models.JSONField(null=True, help_text="What the plan said when it was changed here; plain.")
    value = models.JSONField(null=True, help_text="What the branch says; plain.")
    why = models.CharField(max_length=300, blank=True, default="")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    merged_at = models.DateTimeField(null=True, blank=True, help_text="When the plan took it over.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                "branch", "record", "field", name="branch_change_once", condition=Q(other__isnull=True)
            ),
            models.UniqueConstraint(
                "branch", "record", "other", name="branch_wait_once", condition=Q(other__isnull=False)
            ),
            models.CheckConstraint(
                name="branch_change_of_a_wait",
                condition=Q(field="waits", other__isnull=False) | (~Q(field="waits") & Q(other__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field} of {self.record_id} in {self.branch_id}"


class BranchOutlook(models.Model):
    """When everything is done in the plan and in a branch, worked out together over the same futures."""

    branch = models.OneToOneField(Branch, primary_key=True, on_delete=models.CASCADE, related_name="outlook")
    at = models.DateTimeField()
    first = models.DateField(help_text="The first day that was planned.")
    seed = models.PositiveBigIntegerField()
    runs = models.PositiveIntegerField(help_text="How many futures, the same ones for both.")
    main = models.JSONField(
        default=dict,
        help_text='{"rows": {record: {…}}, "load": …, "refused": […], "problem": ""} of the plan.',
    )
    branched = models.JSONField(default=dict, help_text="The same of the branch.")

    def __str__(self) -> str:
        return f"outlook of {self.branch_id}"
