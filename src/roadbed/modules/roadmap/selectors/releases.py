"""Reading releases."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import Count, Q, QuerySet

from roadbed.modules.roadmap.models import Feature, Release, Status
from roadbed.modules.roadmap.selectors.features import RELATED


def access_release(*, workspace_id: int, number: int) -> Release:
    """Return the release with that number, or raise `Release.DoesNotExist`, for strangers too."""
    rows = Release.objects.in_workspace(workspace_id).select_related("product", "workspace")
    found: Release = rows.get(number=number)
    return found


def filter_releases(*, workspace_id: int, filters: Mapping[str, Any]) -> QuerySet[Release]:
    """Return the releases that the filters leave."""
    rows: Any = (
        Release.objects.in_workspace(workspace_id)
        .filter(kind="release")
        .not_archived()
        .select_related("product")
    )
    if words := filters.get("q"):
        rows = rows.filter(title__icontains=words)
    if product := filters.get("product"):
        rows = rows.filter(product__slug=product)
    if state := filters.get("state"):
        rows = rows.filter(state=state)
    return rows  # type: ignore[no-any-return]  # kept loose while the filters are put on


def progress_of(*, release_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return (shipped, all) of the features in each release, dropped ones left out; one query."""
    rows = Feature.objects.filter(release_id__in=release_ids, deleted_at__isnull=True)
    counted = (
        rows.exclude(status=Status.DROPPED)
        .values("release_id")
        .annotate(total=Count("pk"), done=Count("pk", filter=Q(status=Status.SHIPPED)))
    )
    return {row["release_id"]: (row["done"], row["total"]) for row in counted}


def features_of(release: Release, *, limit: int = 200) -> list[Feature]:
    """Return the features in a release, those still open first."""
    rows = Feature.objects.in_workspace(release.workspace_id).filter(release_id=release.pk)
    return list(rows.select_related(*RELATED).order_by("status", "pk")[:limit])
