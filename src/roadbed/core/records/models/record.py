"""The parent of every noun."""

from __future__ import annotations

from typing import Any, ClassVar, Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from roadbed.core.workspaces.models import Product, Workspace

R = TypeVar("R", bound="Record")


class RecordQuerySet(models.QuerySet[R]):
    """Reads that every kind of record shares."""

    def in_workspace(self, workspace_id: int) -> Self:
        """The live records of one workspace: neither deleted nor merged away."""
        return self.filter(workspace_id=workspace_id, deleted_at__isnull=True)

    def deleted_in_workspace(self, workspace_id: int) -> Self:
        """The deleted records of one workspace, for restoring."""
        return self.filter(workspace_id=workspace_id, deleted_at__isnull=False, merged_into__isnull=True)

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

    def in_workspace(self, workspace_id: int) -> RecordQuerySet[R]:
        """The live records of one workspace."""
        return self.get_queryset().in_workspace(workspace_id)

    def everything_in(self, workspace_id: int) -> RecordQuerySet[R]:
        """All records of one workspace, deleted and merged ones too."""
        return self.get_queryset().filter(workspace_id=workspace_id)

    def deleted_in_workspace(self, workspace_id: int) -> RecordQuerySet[R]:
        """The deleted records of one workspace."""
        return self.get_queryset().deleted_in_workspace(workspace_id)


class Record(models.Model):
    """Anything with a key. Kinds subclass it (multi-table), so search, links and history are written once."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=24, editable=False)
    prefix = models.CharField(max_length=6, editable=False)
    number = models.PositiveIntegerField(editable=False)
    title = models.CharField(max_length=300)
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
        "self", null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="merged"
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
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.title}"

    @property
    def key(self) -> str:
        """The name people use: ``F-128``."""
        return f"{self.prefix}-{self.number}"

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
