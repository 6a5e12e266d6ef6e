"""The tree of the roadmap: areas, features and stories, in two lanes."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from roadbed.core.records.models import Record, RecordManager, RecordQuerySet
from roadbed.core.workspaces.models import Member, Team
from roadbed.modules.roadmap.models import trails
from roadbed.modules.roadmap.models.dates import Hardness, Size, Work
from roadbed.modules.roadmap.models.releases import Release


class Lane(models.TextChoices):
    """Whose plan it is on. The key says it for good: ``F-128`` is the product's, ``T-44`` is technical."""

    PRODUCT = "product", "Product"
    TECHNICAL = "technical", "Technical"

    @property
    def prefix(self) -> str:
        """The prefix of its keys."""
        return "F" if self is Lane.PRODUCT else "T"


class Level(models.TextChoices):
    """How large a node is. A node never lies under a smaller one; depth is free."""

    AREA = "area", "Area"
    FEATURE = "feature", "Feature"
    STORY = "story", "Story"


class Status(models.TextChoices):
    """Where it stands, from idea to shipped."""

    IDEA = "idea", "Idea"
    DISCOVERY = "discovery", "Discovery"
    PLANNED = "planned", "Planned"
    DEVELOPMENT = "development", "In development"
    BETA = "beta", "In beta"
    SHIPPED = "shipped", "Shipped"
    DROPPED = "dropped", "Dropped"


class Horizon(models.TextChoices):
    """How soon, without a date."""

    NOW = "now", "Now"
    NEXT = "next", "Next"
    LATER = "later", "Later"
    NONE = "none", "Not placed"


LEVEL_ORDER = {level.value: order for order, level in enumerate(Level)}
STATUS_ORDER = {status.value: order for order, status in enumerate(Status)}
CLOSED = frozenset({Status.SHIPPED.value, Status.DROPPED.value})


class FeatureQuerySet(RecordQuerySet["Feature"]):
    """Reads of the tree."""

    def descendants_of(self, feature: Feature) -> Self:
        """Everything below a node."""
        return self.filter(trails.within(feature.children_trail))

    def with_descendants(self, feature: Feature) -> Self:
        """The node and everything below it."""
        return self.filter(Q(pk=feature.pk) | trails.within(feature.children_trail))

    def open(self) -> Self:
        """Neither shipped nor dropped."""
        return self.exclude(status__in=CLOSED)


class FeatureManager(RecordManager.from_queryset(FeatureQuerySet)):  # type: ignore[misc]  # django-stubs cannot see through from_queryset
    """The manager of the tree."""


class Feature(Record):
    """Any node of the roadmap's tree."""

    record = models.OneToOneField(
        Record, parent_link=True, primary_key=True, on_delete=models.CASCADE, related_name="roadmap_feature"
    )
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="children"
    )
    trail = models.CharField(
        max_length=trails.MAX_DEPTH * trails.WIDTH,
        blank=True,
        default="",
        editable=False,
        help_text="The ancestors' ids, root first; kept by the services.",
    )
    position = models.BigIntegerField(
        default=0, editable=False, help_text="Order among its siblings, with gaps."
    )
    lane = models.CharField(max_length=9, choices=Lane, default=Lane.PRODUCT)
    level = models.CharField(max_length=7, choices=Level, default=Level.FEATURE)
    status = models.CharField(max_length=11, choices=Status, default=Status.IDEA)
    status_reason = models.CharField(max_length=300, blank=True, default="", help_text="Why it stands there.")
    status_at = models.DateTimeField(editable=False, help_text="When it entered its status.")
    horizon = models.CharField(max_length=5, choices=Horizon, default=Horizon.NONE)
    rank = models.BigIntegerField(
        default=0, editable=False, help_text="Order in its column of the board, with gaps."
    )
    description = models.TextField(blank=True, default="", max_length=20_000, help_text="Markdown.")
    owner = models.ForeignKey(Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    release = models.ForeignKey(
        Release, null=True, blank=True, on_delete=models.SET_NULL, related_name="features"
    )
    target_start = models.DateField("target from", null=True, blank=True)
    target_end = models.DateField("target until", null=True, blank=True)
    work = models.CharField("kind of work", max_length=11, choices=Work, blank=True, default=Work.NONE)
    size = models.CharField(max_length=2, choices=Size, blank=True, default=Size.NONE)
    not_before = models.DateField("not before", null=True, blank=True, help_text="Work cannot start earlier.")
    due_date = models.DateField("due", null=True, blank=True, help_text="By when it is to be out.")
    due_kind = models.CharField("how firm", max_length=4, choices=Hardness, default=Hardness.SOFT)
    due_to = models.CharField(
        "promised to",
        max_length=120,
        blank=True,
        default="",
        help_text="To whom the day was promised, or why it.",
    )
    actual_days = models.FloatField(
        "took", null=True, blank=True, help_text="Person-days that it took, once it is finished."
    )
    public_title = models.CharField(
        "public name", max_length=200, blank=True, default="", help_text="What people outside may read."
    )

    objects: ClassVar[FeatureManager] = FeatureManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="feature_not_its_own_parent",
                condition=Q(parent__isnull=True) | ~Q(parent=F("record")),
                violation_error_message="A feature cannot lie under itself.",
            ),
            models.CheckConstraint(
                name="feature_trail_with_parent",
                condition=Q(parent__isnull=True, trail="") | (Q(parent__isnull=False) & ~Q(trail="")),
                violation_error_message="A feature's trail must lead to its parent.",
            ),
            models.CheckConstraint(
                name="feature_target_in_order",
                condition=Q(target_start__isnull=True)
                | Q(target_end__isnull=True)
                | Q(target_end__gte=F("target_start")),
                violation_error_message="A target window cannot end before it starts.",
            ),
            models.CheckConstraint(
                name="feature_took_something",
                condition=Q(actual_days__isnull=True) | Q(actual_days__gt=0),
                violation_error_message="What was finished took more than nothing.",
            ),
            models.CheckConstraint(name="feature_due_kind_known", condition=Q(due_kind__in=Hardness.values)),
            models.CheckConstraint(name="feature_lane_known", condition=Q(lane__in=Lane.values)),
            models.CheckConstraint(name="feature_level_known", condition=Q(level__in=Level.values)),
            models.CheckConstraint(name="feature_status_known", condition=Q(status__in=Status.values)),
            models.CheckConstraint(name="feature_horizon_known", condition=Q(horizon__in=Horizon.values)),
        ]
        indexes = [
            models.Index(fields=["parent", "position", "record"], name="feature_of_parent"),
            models.Index(fields=["trail"], name="feature_by_trail"),
            models.Index(fields=["horizon", "rank", "record"], name="feature_on_board"),
            models.Index(fields=["release", "status"], name="feature_of_release"),
            models.Index(fields=["status", "record"], name="feature_by_status"),
        ]

    @property
    def children_trail(self) -> str:
        """The trail of its children, with which every descendant's trail begins."""
        return trails.below(trail=self.trail, pk=self.pk)

    @property
    def ancestor_ids(self) -> list[int]:
        """The ids of its ancestors, root first, without a query."""
        return trails.ids(self.trail)

    @property
    def depth(self) -> int:
        """How many ancestors it has."""
        return trails.depth(self.trail)

    @property
    def is_closed(self) -> bool:
        """Whether it is shipped or dropped."""
        return self.status in CLOSED

    @property
    def shipped_at(self) -> datetime | None:
        """When it shipped, if it did."""
        return self.status_at if self.status == Status.SHIPPED else None

    def clean(self) -> None:
        """Refuse a place in the tree that its size, or the wall between workspaces, does not allow."""
        super().clean()
        errors: dict[str, str] = {}
        if self.parent is not None:
            if self.parent.workspace_id != self.workspace_id:
                errors["parent"] = "There is no such feature here."
            elif LEVEL_ORDER.get(self.level, 0) < LEVEL_ORDER[self.parent.level]:
                parent = Level(self.parent.level).label.lower()
                errors["level"] = f"{Level(self.level).label} cannot lie under a {parent}: {self.parent.key}."
        for name in ("owner", "team", "release", "product"):
            related = getattr(self, name)
            if related is not None and related.workspace_id != self.workspace_id:
                errors[name] = "There is no such choice in this workspace."
        if errors:
            raise ValidationError(errors)


class StatusSpell(models.Model):
    """How long a feature stood in a status: the raw material of flow metrics."""

    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="spells")
    status = models.CharField(max_length=11, choices=Status)
    reason = models.CharField(max_length=300, blank=True, default="")
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["entered_at", "id"]
        constraints = [
            models.UniqueConstraint(
                "feature", name="status_spell_open_once", condition=Q(left_at__isnull=True)
            ),
            models.CheckConstraint(
                name="status_spell_left_after_entered",
                condition=Q(left_at__isnull=True) | Q(left_at__gte=F("entered_at")),
                violation_error_message="A status cannot end before it was entered.",
            ),
        ]
        indexes = [
            models.Index(fields=["feature", "entered_at"], name="status_spell_of_feature"),
            models.Index(fields=["status", "entered_at"], name="status_spell_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.feature_id} {self.status} from {self.entered_at:%Y-%m-%d}"
