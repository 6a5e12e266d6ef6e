"""Vectors once per text, and which stretch of which record each text is."""

from __future__ import annotations

import hashlib

from django.db import models
from django.db.models import F, Q

from roadbed.core.records.models import Comment, Record
from roadbed.core.workspaces.models import Workspace

WHOLE = 0
"""The ordinal of the passage that stands for all of a record's or a comment's words."""


def digest_of(text: str) -> str:
    """Return the name of a text: the same words have the same name, in every workspace."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


class TextVector(models.Model):
    """What one text means to one model: 16-bit floats, little-endian, of length 1 or 0."""

    model = models.CharField(max_length=60)
    digest = models.CharField(max_length=32)
    vector = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint("model", "digest", name="text_vector_once")]

    def __str__(self) -> str:
        return f"{self.model} {self.digest}"


class Passage(models.Model):
    """A stretch of a record's (or a comment's) title and body, as the search index holds them.

    Ordinal 0 stands for the whole; longer texts have passages from 1 on. Rows are never changed: an edit
    replaces them.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="+")
    comment = models.ForeignKey(Comment, null=True, on_delete=models.CASCADE, related_name="+")
    entry_id = models.BigIntegerField(help_text="The search entry that it was cut from.")
    ordinal = models.PositiveSmallIntegerField()
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    digest = models.CharField(max_length=32)
    read_at = models.DateTimeField(help_text="The entry's `updated_at` when it was cut.")

    class Meta:
        constraints = [
            models.UniqueConstraint("entry_id", "ordinal", name="passage_once_per_entry"),
            models.CheckConstraint(
                name="passage_ends_after_start",
                condition=Q(end__gte=F("start")),
                violation_error_message="A passage cannot end before it starts.",
            ),
        ]
        indexes = [
            models.Index(fields=["digest"], name="passage_digest"),
            models.Index(fields=["workspace", "ordinal", "id"], name="passage_by_workspace"),
        ]

    def __str__(self) -> str:
        return f"{self.record_id}:{self.ordinal} {self.start}-{self.end}"


class Reader(models.Model):
    """Which model reads a workspace's texts, which is to take over, and a mark of the state of both."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="+")
    model = models.CharField(max_length=60, help_text="The model in use.")
    wanted = models.CharField(
        max_length=60, blank=True, default="", help_text="The model that takes over once all texts are read."
    )
    state = models.CharField(
        max_length=32, blank=True, default="", help_text="Another one whenever passages or vectors change."
    )

    def __str__(self) -> str:
        return f"{self.workspace_id} {self.model}"
