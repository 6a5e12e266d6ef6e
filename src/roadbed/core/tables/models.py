"""An import from its upload to its undoing."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from roadbed.core.files.models import StoredFile
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Product, Workspace


class Import(models.Model):
    """One file on its way into one kind of record."""

    class State(models.TextChoices):
        """Where it stands."""

        DRAFT = "draft", "Waiting for its mapping"
        CHECKING = "checking", "Being checked"
        QUEUED = "queued", "Waiting to run"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Stopped"
        FAILED = "failed", "Failed"
        UNDOING = "undoing", "Being undone"
        UNDONE = "undone", "Undone"

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="imports")
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    target = models.CharField(max_length=40)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=200)
    external_source = models.CharField(max_length=60, blank=True, help_text="Where the ids come from.")
    layout = models.JSONField(
        default=dict, help_text="How the file is read: encoding, delimiter, sheet, header."
    )
    columns = models.JSONField(default=list, help_text="The headers, in their order.")
    mapping = models.JSONField(default=list, help_text="A field name for each column.")
    options = models.JSONField(
        default=dict, help_text="Date order, decimal mark and time zone by column or for all."
    )
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    is_cancel_requested = models.BooleanField(default=False)
    error = models.TextField(blank=True)
    rows_total = models.PositiveIntegerField(null=True)
    rows_done = models.PositiveIntegerField(default=0)
    created_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0)
    unchanged_count = models.PositiveIntegerField(default=0)
    rejected_count = models.PositiveIntegerField(default=0)
    made_along = models.JSONField(default=dict, help_text="New records of other kinds: how many by kind.")
    kept_count = models.PositiveIntegerField(
        default=0, help_text="Records that an undo left, because they are in use."
    )
    dry_run = models.JSONField(null=True, help_text="What the last dry run found.")
    job_id = models.BigIntegerField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_by_name = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    progress_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["workspace", "-id"], name="import_of_workspace")]
        constraints = [
            models.CheckConstraint(
                name="import_counts_add_up",
                condition=Q(
                    rows_done=models.F("created_count")
                    + models.F("changed_count")
                    + models.F("unchanged_count")
                    + models.F("rejected_count")
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.file_name} into {self.target}"

    @property
    def is_private(self) -> bool:
        """Whether the file holds what only circles may see: then nobody but its owner sees the import."""
        return bool(self.options.get("private"))

    @property
    def shown_name(self) -> str:
        """The file's name as others may read it, in jobs and in the history."""
        return "a private file" if self.is_private else self.file_name

    @property
    def is_draft(self) -> bool:
        """Whether its mapping can still be changed."""
        return self.state == self.State.DRAFT

    @property
    def is_active(self) -> bool:
        """Whether something is being done with it."""
        return self.state in {self.State.CHECKING, self.State.QUEUED, self.State.RUNNING, self.State.UNDOING}

    @property
    def can_resume(self) -> bool:
        """Whether it ended before its file did."""
        return self.state in {self.State.CANCELLED, self.State.FAILED, self.State.RUNNING, self.State.QUEUED}

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        return self.state in {self.State.DONE, self.State.CANCELLED, self.State.FAILED} and self.rows_done > 0


class ImportBatch(models.Model):
    """Rows that were written in one transaction, and which records they made (as ranges of ids by kind)."""

    run = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="batches")
    number = models.PositiveIntegerField()
    rows = models.PositiveIntegerField()
    created = models.JSONField(default=dict)
    others = models.JSONField(
        default=list, help_text="Ids, as ranges, of rows that it made and that are no records, such as votes."
    )
    written_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint("run", "number", name="import_batch_once")]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.number}"


class ImportChange(models.Model):
    """A record that the import changed, with what was there before."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="changes")
    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=24)
    before = models.JSONField(encoder=DjangoJSONEncoder)

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.record_id}"


class ImportReject(models.Model):
    """A row that was not taken, as it stood in the file, with the reason."""

    run = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rejects")
    row = models.PositiveIntegerField()
    reason = models.TextField()
    cells = models.JSONField(encoder=DjangoJSONEncoder)

    class Meta:
        ordering = ["row", "pk"]

    def __str__(self) -> str:
        return f"{self.row}: {self.reason}"
