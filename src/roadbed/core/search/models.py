"""What can be found: one row a record or comment. The full-text index hangs on this table by triggers."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from roadbed.core.records.models import Comment, Record
from roadbed.core.workspaces.models import Workspace


class SearchEntry(models.Model):
    """The words of a record or of a comment on it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="+")
    comment = models.OneToOneField(Comment, null=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=24)
    title = models.CharField(max_length=300)
    body = models.TextField(blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "record", name="search_entry_once_per_record", condition=Q(comment__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.title
