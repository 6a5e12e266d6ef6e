"""What was done to the plan, with what it takes to give it back."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from roadbed.core.workspaces.models import Workspace


class Deed(models.Model):
    """One deed on one or many records. Activity tells the history; this can take it back."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    summary = models.CharField(max_length=300, help_text="What a person would say was done.")
    steps = models.JSONField(
        default=list,
        help_text='Per record: {"id", "kind", "before": {field: value}, "after": {field: value}}.',
    )
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["workspace", "-at"], name="deed_by_time")]

    def __str__(self) -> str:
        return self.summary
