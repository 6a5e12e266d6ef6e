"""A flag, and how it stands in each environment."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from roadbed.core.records.models import Record, RecordManager
from roadbed.core.workspaces.models import Member
from roadbed.modules.experiments.models.environments import KEY, Environment


class FlagType(models.TextChoices):
    """Of which type all its variants are. It stays: code that asks for one type cannot be given another."""

    BOOLEAN = "boolean", "Yes or no"
    STRING = "string", "Text"
    INTEGER = "integer", "Whole number"
    FLOAT = "float", "Number"
    JSON = "json", "JSON"


class Purpose(models.TextChoices):
    """What a flag is for, which says how long it should live."""

    RELEASE = "release", "Release"
    EXPERIMENT = "experiment", "Experiment"
    OPERATION = "operation", "Operation"
    PERMISSION = "permission", "Permission"


class Flag(Record):
    """A question that code asks, and one answer of several that it gets."""

    record = models.OneToOneField(
        Record, parent_link=True, primary_key=True, on_delete=models.CASCADE, related_name="flag"
    )
    home = models.ForeignKey(
        "workspaces.Workspace", on_delete=models.CASCADE, related_name="+", editable=False
    )
    flag_key = models.CharField("key", max_length=128, validators=[KEY], help_text="What code asks for.")
    type = models.CharField(max_length=7, choices=FlagType, default=FlagType.BOOLEAN)
    purpose = models.CharField(max_length=10, choices=Purpose, default=Purpose.RELEASE)
    description = models.TextField(blank=True, default="", max_length=20_000, help_text="Markdown.")
    owner = models.ForeignKey(Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    remove_by = models.DateField(
        "remove by", null=True, blank=True, help_text="When code should no longer ask for it."
    )

    objects: ClassVar[RecordManager[Any]] = RecordManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "home",
                "flag_key",
                name="flag_key_once_per_workspace",
                violation_error_message="Another flag has this key.",
            ),
            models.CheckConstraint(name="flag_type_known", condition=Q(type__in=FlagType.values)),
            models.CheckConstraint(name="flag_purpose_known", condition=Q(purpose__in=Purpose.values)),
        ]
        indexes = [models.Index(fields=["home", "purpose"], name="flag_by_purpose")]

    @property
    def is_lasting(self) -> bool:
        """Whether it is meant to stay: switches of operation and permissions are."""
        return self.purpose in {Purpose.OPERATION, Purpose.PERMISSION}

    def clean(self) -> None:
        """Refuse an owner or a product from elsewhere."""
        super().clean()
        for name in ("owner", "product"):
            related = getattr(self, name)
            if related is not None and related.workspace_id != self.workspace_id:
                raise ValidationError({name: "There is no such choice in this workspace."})


class FlagState(models.Model):
    """What is live of a flag in one environment."""

    flag = models.ForeignKey(Flag, on_delete=models.CASCADE, related_name="states")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="states")
    definition = models.JSONField(help_text="As the engine reads it.")
    revision = models.PositiveIntegerField(default=1)
    published_at = models.DateTimeField()
    is_on = models.BooleanField(default=False)
    gives = models.CharField(
        max_length=128,
        blank=True,
        default="",
        help_text="The one variant that everybody gets; empty: several.",
    )
    steady_since = models.DateTimeField(help_text="Since when what everybody gets has not changed.")

    class Meta:
        constraints = [
            models.UniqueConstraint("flag", "environment", name="flag_state_once"),
            models.CheckConstraint(
                name="flag_state_steady_before_published",
                condition=Q(steady_since__lte=F("published_at")),
                violation_error_message="It cannot have been steady since after it was published.",
            ),
        ]
        indexes = [models.Index(fields=["environment", "is_on"], name="flag_state_by_environment")]

    def __str__(self) -> str:
        return f"{self.flag_id} in {self.environment_id}"
