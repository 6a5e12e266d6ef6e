"""Features as plain values, for those who keep a copy of them in step elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from roadbed.core.records.models import RecordTag
from roadbed.modules.roadmap.models import Feature, Lane, Level, Release, Status


@dataclass(frozen=True, slots=True)
class FeatureState:
    """A feature as it is: plain values, related things by the names that people use."""

    record_id: int
    key: str
    version: int
    lane: str
    level: str
    product_id: int | None
    title: str
    description: str
    status: str
    status_reason: str
    owner: str
    """The e-mail address of its owner; empty where it has none."""
    start: str
    """A day, such as ``2026-05-01``, or empty."""
    due: str
    release: str
    labels: tuple[str, ...]
    parent: int | None


CHOICES: dict[str, tuple[tuple[str, str], ...]] = {
    "status": tuple((each.value, str(each.label)) for each in Status),
    "lane": tuple((each.value, str(each.label)) for each in Lane),
    "level": tuple((each.value, str(each.label)) for each in Level),
}
"""What a status, a lane and a level may be, with the words that people read."""


def states(*, workspace_id: int, record_ids: Collection[int]) -> dict[int, FeatureState]:
    """Return the live features among the records by their id, in two queries."""
    rows = (
        Feature.objects.in_workspace(workspace_id)
        .filter(pk__in=record_ids)
        .select_related("release", "owner__user")
    )
    labels: dict[int, list[str]] = defaultdict(list)
    for record_id, name in RecordTag.objects.filter(record_id__in=record_ids).values_list(
        "record_id", "tag__name"
    ):
        labels[record_id].append(name)
    return {
        row.pk: FeatureState(
            record_id=row.pk,
            key=row.key,
            version=row.version,
            lane=row.lane,
            level=row.level,
            product_id=row.product_id,
            title=row.title,
            description=row.description.replace("\r\n", "\n").strip(),
            status=row.status,
            status_reason=row.status_reason,
            owner=row.owner.user.email.lower() if row.owner else "",
            start=row.target_start.isoformat() if row.target_start else "",
            due=row.target_end.isoformat() if row.target_end else "",
            release=row.release.title if row.release else "",
            labels=tuple(sorted(labels[row.pk], key=str.casefold)),
            parent=row.parent_id,
        )
        for row in rows
    }


def ids_that_fit(
    *, workspace_id: int, filters: Mapping[str, Any], after: int = 0, limit: int = 500
) -> list[int]:
    """Return the ids of the features that a filter lets through, behind an id, the smallest first.

    Parameters
    ----------
    filters : mapping
        ``product_id``, ``lanes``, ``levels``, ``statuses`` and ``tag``; what is absent or empty does not narrow.
    """
    rows = Feature.objects.in_workspace(workspace_id).filter(pk__gt=after, archived_at__isnull=True)
    if product_id := filters.get("product_id"):
        rows = rows.filter(product_id=product_id)
    for name, field in (("lanes", "lane"), ("levels", "level"), ("statuses", "status")):
        if chosen := filters.get(name):
            rows = rows.filter(**{f"{field}__in": list(chosen)})
    if tag := filters.get("tag"):
        rows = rows.filter(record_tags__tag__name__iexact=tag)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])


def release_named(*, workspace_id: int, title: str) -> Release | None:
    """Return the release of that name."""
    found: Release | None = (
        Release.objects.in_workspace(workspace_id).filter(title__iexact=title).order_by("pk").first()
    )
    return found
