"""The parent of every noun."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar, Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from roadbed.core.workspaces.models import Circle, Product, Workspace

R = TypeVar("R", bound="Record")


class RecordQuerySet(models.QuerySet[R]):
    """Reads that every kind of record shares. Private records stay out unless their circles are named."""

    def visible_to(self, circles: Collection[int] = ()) -> Self:
        """Those that a member of these circles may see: everything open, and what is private to one of them."""
        if not circles:
            return self.filter(circle__isnull=True)
        return self.filter(Q(circle__isnull=True) | Q(circle_id__in=list(circles)))

    def in_workspace(self, workspace_id: int, *, circles: Collection[int] = ()) -> Self:
        """The live records of one workspace: neither deleted nor merged away, and none behind another's wall."""
        return self.filter(workspace_id=workspace_id, deleted_at__isnull=True).visible_to(circles)

    def deleted_in_workspace(self, workspace_id: int, *, circles: Collection[int] = ()) -> Self:
        """The deleted records of one workspace, for restoring."""
        rows = self.filter(workspace_id=workspace_id, deleted_at__isnull=False, merged_into__isnull=True)
        return rows.visible_to(circles)

    def not_archived(self) -> Self:
        """Those not put away."""
        return self.filter(archived_at__isnull=True)

    def by_key(self, key: str) -> Self:
        """The record with a key such as ``F-128``; none where the key cannot be read."""
        prefix, _, number = key.upper().rpartition("-")
        if not prefix or not number.isdecimal() or len(number) > 9:
            return self.none()
        return self.filter(prefix=prefix, number=int(number))


class RecordManager(models.Manager[R]):
    """The manager of every kind of record, with the query set's filters at hand."""

    _queryset_class: type[RecordQuerySet[Any]] = RecordQuerySet

    def get_queryset(self) -> RecordQuerySet[R]:
        """Return all records, deleted ones too."""
        return self._queryset_class(self.model, using=self._db)

    def visible_to(self, circles: Collection[int] = ()) -> RecordQuerySet[R]:
        """What is open, or private to one of these circles; deleted records too, of every workspace."""
        return self.get_queryset().visible_to(circles)

    def in_workspace(self, workspace_id: int, *, circles: Collection[int] = ()) -> RecordQuerySet[R]:
        """The live records of one workspace that are open, or private to one of these circles."""
        return self.get_queryset().in_workspace(workspace_id, circles=circles)

    def everything_in(self, workspace_id: int, *, circles: Collection[int] = ()) -> RecordQuerySet[R]:
        """The records of one workspace, deleted and merged ones too; walls hold for these as well."""
        return self.get_queryset().filter(workspace_id=workspace_id).visible_to(circles)

    def deleted_in_workspace(self, workspace_id: int, *, circles: Collection[int] = ()) -> RecordQuerySet[R]:
        """The deleted records of one workspace."""
        return self.get_queryset().deleted_in_workspace(workspace_id, circles=circles)

    def behind_walls_too(self, workspace_id: int) -> RecordQuerySet[R]:
        """All live records of one workspace, private ones too: for upkeep that shows nobody anything.

        Indexing, redacting, checking. Whatever is read with this must never reach a screen, an answer, a figure or a
        message; an architecture test keeps the list of its callers.
        """
        return self.get_queryset().filter(workspace_id=workspace_id, deleted_at__isnull=True)


class Record(models.Model):
    """Anything with a key. Kinds subclass it (multi-table), so search, links and history are written once."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=24, editable=False)
    prefix = models.CharField(max_length=6, editable=False)
    number = models.PositiveIntegerField(editable=False)
    title = models.CharField(max_length=300)
    circle = models.ForeignKey(
        Circle,
        null=True,
        blank=True,
        db_index=False,
        on_delete=models.RESTRICT,
        related_name="+",
        help_text="Only its members see the record; empty: everybody in the workspace does.",
    )
    version = models.PositiveIntegerField(
        default=1, editable=False, help_text="Grows with each change; the API's ETag."
    )
    external_source = models.CharField(
        max_length=60, blank=True, default="", help_text="Where it was imported from."
    )
    external_id = models.CharField(
        max_length=200, blank=True, default="", help_text="Its stable id over there."
    )
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    updated_at = models.DateTimeField(editable=False)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    merged_into = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        editable=False,
        db_index=False,
        on_delete=models.SET_NULL,
        related_name="merged",
    )

    objects: ClassVar[RecordManager[Any]] = RecordManager()

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint("workspace", "prefix", "number", name="record_key_once_per_workspace"),
            models.UniqueConstraint(
                "workspace",
                "kind",
                "external_source",
                "external_id",
                name="record_external_id_once",
                condition=~Q(external_id=""),
                violation_error_message="Another record already has this external id.",
            ),
            models.CheckConstraint(
                name="record_updated_after_created",
                condition=Q(updated_at__gte=F("created_at")),
                violation_error_message="A record cannot change before it was made.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "kind", "deleted_at", "-updated_at", "-id"], name="record_recent"
            ),
            models.Index(fields=["workspace", "kind", "deleted_at", "title", "id"], name="record_by_title"),
            models.Index(
                fields=["workspace", "kind", "deleted_at", "-created_at", "-id"], name="record_newest"
            ),
            # Partial: nearly all records are open, and a full index would tempt the planner to scan them by it.
            models.Index(
                fields=["circle", "kind", "-id"], name="record_private", condition=Q(circle__isnull=False)
            ),
            models.Index(
                fields=["merged_into"], name="record_merged", condition=Q(merged_into__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.title}"

    @property
    def key(self) -> str:
        """The name people use: ``F-128``."""
        return f"{self.prefix}-{self.number}"

    @property
    def is_private(self) -> bool:
        """Whether only a circle may see it."""
        return self.circle_id is not None

    def is_visible_to(self, circles: Collection[int]) -> bool:
        """Whether a member of these circles may see it."""
        return self.circle_id is None or self.circle_id in circles

    @property
    def is_deleted(self) -> bool:
        """Whether it was deleted (and can be restored)."""
        return self.deleted_at is not None


class KeyCounter(models.Model):
    """The last number given to a prefix in a workspace."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    prefix = models.CharField(max_length=6)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint("workspace", "prefix", name="key_counter_once")]

    def __str__(self) -> str:
        return f"{self.prefix}-{self.last}"
