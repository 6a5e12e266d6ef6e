"""Reads of imports."""

from __future__ import annotations

from django.db.models import QuerySet

from roadbed.core.tables.models import Import


def list_imports(*, workspace_id: int) -> QuerySet[Import]:
    """Return a workspace's imports, the newest first."""
    return Import.objects.filter(workspace_id=workspace_id).select_related("product").order_by("-pk")


def access_import(*, workspace_id: int, import_id: int) -> Import:
    """Return the import, or raise `Import.DoesNotExist`, for strangers too."""
    rows = Import.objects.select_related("workspace", "file", "product")
    return rows.get(workspace_id=workspace_id, pk=import_id)
