"""Files that somebody uploaded or that the product made, kept in the data folder."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from roadbed.core.workspaces.models import Workspace


class StoredFile(models.Model):
    """A file of a workspace. Its content never changes once it is stored."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200, help_text="What it was called where it came from.")
    content = models.FileField(max_length=300, upload_to="")
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["workspace", "sha256"], name="file_by_content")]

    def __str__(self) -> str:
        return self.name
