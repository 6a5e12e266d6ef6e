"""Reads of imports."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from roadbed.core.tables.models import Import


def _seen(*, workspace_id: int, user_id: int | None) -> QuerySet[Import]:
    own = Q(options__private__isnull=True) | Q(created_by_id=user_id)
    return Import.objects.filter(own, workspace_id=workspace_id)


def list_imports(*, workspace_id: int, user_id: int | None) -> QuerySet[Import]:
    """Return a workspace's imports, the newest first, without others' files that hold something private."""
    return _seen(workspace_id=workspace_id, user_id=user_id).select_related("product").order_by("-pk")


def access_import(*, workspace_id: int, import_id: int, user_id: int | None) -> Import:
    """Return the import, or raise `Import.DoesNotExist`, for strangers too."""
    rows = _seen(workspace_id=workspace_id, user_id=user_id)
    return rows.select_related("workspace", "file", "product").get(pk=import_id)
