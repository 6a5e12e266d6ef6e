"""Where exposures and facts come from: the workspace's own events, files, or a warehouse that we only read."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings as configuration
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from roadbed.core.accounts import sealed
from roadbed.core.files.models import StoredFile
from roadbed.core.workspaces.models import Workspace

SOURCE_KEY = RegexValidator(
    r"^[a-z][a-z0-9_]{0,39}$",
    "A key has small letters, digits and _, and begins with a letter.",
)
"""Keys of sources name tables in queries."""
LONGEST_SQL = 20_000


class Place(models.TextChoices):
    """What kind of place data lie in."""

    EVENTS = "events", "Events sent to Roadbed"
    FILES = "files", "Files (Parquet, CSV)"
    POSTGRES = "postgres", "PostgreSQL"


class DataSource(models.Model):
    """One place that tables are read from."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Place)
    key = models.CharField(max_length=40, validators=[SOURCE_KEY])
    name = models.CharField(max_length=80)
    settings = models.JSONField(
        default=dict, blank=True, help_text="A folder; or host, port, database, user and schema."
    )
    sealed = models.TextField(
        blank=True, default="", help_text="Its password, readable with this installation's key."
    )
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        configuration.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField(editable=False)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                "workspace",
                "key",
                name="data_source_key_once",
                condition=Q(removed_at__isnull=True),
                violation_error_message="Another data source has this key.",
            ),
            models.CheckConstraint(name="data_source_kind_known", condition=Q(kind__in=Place.values)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def secrets(self) -> dict[str, str]:
        """Its secrets by name: password."""
        return sealed.unseal(self.sealed)


class DataFile(models.Model):
    """A file that was uploaded to a data source; it is a table of that name."""

    source = models.ForeignKey(DataSource, on_delete=models.CASCADE, related_name="files")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    table = models.CharField(max_length=40, validators=[SOURCE_KEY])
    added_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["table"]
        constraints = [
            models.UniqueConstraint(
                "source",
                "table",
                name="data_file_table_once",
                violation_error_message="Another file of this source has this name.",
            )
        ]

    def __str__(self) -> str:
        return self.table


class MappedQuerySet(models.QuerySet[Any]):
    """Reads of exposure sources and fact sources."""

    def in_workspace(self, workspace_id: int) -> Self:
        """Those of one workspace that were not taken away, nor their data source."""
        return self.filter(
            workspace_id=workspace_id, removed_at__isnull=True, data_source__removed_at__isnull=True
        )


class Mapped(models.Model):
    """What exposure sources and fact sources share: a table or SQL, and the columns of unit and time."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    data_source = models.ForeignKey(DataSource, on_delete=models.CASCADE, related_name="%(class)ss")
    key = models.CharField(max_length=40, validators=[SOURCE_KEY])
    name = models.CharField(max_length=80)
    table = models.CharField(max_length=200, blank=True, default="", help_text="A table; or else SQL.")
    sql = models.TextField(
        "SQL",
        blank=True,
        default="",
        max_length=LONGEST_SQL,
        help_text="One SELECT over the source's tables.",
    )
    unit = models.CharField(max_length=120, help_text="The column that tells who.")
    unit_type = models.CharField(max_length=60, default="user", help_text="What a unit is: user, account.")
    at = models.CharField("time", max_length=120, help_text="The column that tells when.")
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField(editable=False)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[models.Manager[Any]] = models.Manager.from_queryset(MappedQuerySet)()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class ExposureSource(Mapped):
    """Who was shown which variant of which experiment, and when: one row an exposure."""

    variant = models.CharField(max_length=120, help_text="The column that tells which variant.")
    experiment = models.CharField(
        max_length=120,
        blank=True,
        default="",
        help_text="The column with the experiment's key; empty: only one.",
    )
    dimensions = models.JSONField(default=list, blank=True, help_text="Columns to break results down by.")

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                "workspace",
                "key",
                name="exposure_source_key_once",
                condition=Q(removed_at__isnull=True),
                violation_error_message="Another exposure source has this key.",
            ),
            models.CheckConstraint(
                name="exposure_source_table_or_sql",
                condition=Q(table="") ^ Q(sql=""),
                violation_error_message="Either a table or SQL is wanted.",
            ),
        ]


class FactSource(Mapped):
    """What units did, when, and how much: one row a fact."""

    values = models.JSONField(default=list, blank=True, help_text="Columns with numbers that metrics add up.")
    filters = models.JSONField(default=list, blank=True, help_text="Columns that metrics filter by.")

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                "workspace",
                "key",
                name="fact_source_key_once",
                condition=Q(removed_at__isnull=True),
                violation_error_message="Another fact source has this key.",
            ),
            models.CheckConstraint(
                name="fact_source_table_or_sql",
                condition=Q(table="") ^ Q(sql=""),
                violation_error_message="Either a table or SQL is wanted.",
            ),
        ]
