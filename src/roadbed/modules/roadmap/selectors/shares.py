"""What stands behind a shared address, as its audience may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from roadbed.core.accounts import keys
from roadbed.modules.roadmap.models import Feature, Hardness, Horizon, Release, Share, Status
from roadbed.modules.roadmap.selectors.features import filter_features

MOST = 500


@dataclass(frozen=True, slots=True)
class SharedItem:
    """A feature as people outside see it."""

    title: str
    status: str
    horizon: str
    when: str
    key: str = ""
    """Empty for customers."""
    team: str = ""
    is_shipped: bool = False


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day of the feed."""

    uid: str
    day: date
    title: str
    note: str
    changed_at: datetime


def find_share(*, token: str, at: datetime) -> Share | None:
    """Return the share behind a secret; None for an unknown, expired or ended one, or a closed workspace."""
    found = (
        Share.objects.select_related("workspace")
        .filter(token_hash=keys.digest(token), workspace__closed_at__isnull=True)
        .first()
    )
    return found if found is not None and found.is_open(at) else None


def shares_of(*, workspace_id: int) -> list[Share]:
    """Return the links of a workspace, those that still lead somewhere first."""
    rows = Share.objects.filter(workspace_id=workspace_id).select_related("created_by")
    return list(rows.order_by("revoked_at", "-pk")[:400])


def access_share(*, workspace_id: int, share_id: int) -> Share:
    """Return a link of the workspace, or raise `Share.DoesNotExist`, for strangers too."""
    return Share.objects.get(workspace_id=workspace_id, pk=share_id)


def quarter(day: date) -> str:
    """Return the quarter of a day.

    >>> quarter(date(2026, 11, 2))
    'Q4 2026'
    """
    return f"Q{(day.month - 1) // 3 + 1} {day.year}"


def _range(feature: Feature) -> str:
    """Return when a feature comes in quarters: never a day, which a customer would take for a promise."""
    release = feature.release.ship_date if feature.release else None
    ends = [day for day in (feature.target_start, feature.target_end) if day]
    if not ends:
        ends = [day for day in (feature.due_date, release) if day][:1]
    if not ends:
        return ""
    first, last = quarter(min(ends)), quarter(max(ends))
    return first if first == last else f"{first} – {last}"


def _day(feature: Feature) -> str:
    day = feature.due_date or feature.target_end or (feature.release.ship_date if feature.release else None)
    name = f"{feature.release.title}, " if feature.release else ""
    return f"{name}{day:%-d %B %Y}" if day else name.rstrip(", ")


def shared_items(*, share: Share, filters: Mapping[str, Any]) -> list[SharedItem]:
    """Return what a share shows: customers see only what has a public name, and quarters instead of days."""
    rows = filter_features(workspace_id=share.workspace_id, filters=filters)
    rows = rows.exclude(status=Status.DROPPED).exclude(level="area")
    is_inside = share.audience == Share.Audience.INSIDE
    if not is_inside:
        rows = rows.exclude(public_title="")
    found = []
    for feature in rows.order_by("rank", "pk")[:MOST]:
        shipped = feature.status == Status.SHIPPED
        found.append(
            SharedItem(
                title=feature.title if is_inside else feature.public_title,
                status=str(Status(feature.status).label) if is_inside else _public_status(feature),
                horizon=feature.horizon,
                when="" if shipped else (_day(feature) if is_inside else _range(feature)),
                key=feature.key if is_inside else "",
                team=feature.team.name if is_inside and feature.team else "",
                is_shipped=shipped,
            )
        )
    return found


def _public_status(feature: Feature) -> str:
    if feature.status == Status.SHIPPED:
        return "Available"
    return "In progress" if feature.status in {Status.DEVELOPMENT, Status.BETA} else "Planned"


def without_public_name(*, workspace_id: int, filters: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many features a filter leaves, and how many of them customers would not see."""
    rows = filter_features(workspace_id=workspace_id, filters=filters)
    rows = rows.exclude(status=Status.DROPPED).exclude(level="area").order_by()
    return rows.count(), rows.filter(public_title="").count()


def by_horizon(items: Sequence[SharedItem]) -> list[tuple[str, list[SharedItem]]]:
    """Return the items in the columns of a roadmap; empty columns are left out."""
    columns = [
        (
            str(horizon.label),
            [one for one in items if one.horizon == horizon and not one.is_shipped],
        )
        for horizon in (Horizon.NOW, Horizon.NEXT, Horizon.LATER, Horizon.NONE)
    ]
    columns.append(("Shipped", [one for one in items if one.is_shipped]))
    return [(label, found) for label, found in columns if found]


def calendar_days(*, share: Share, filters: Mapping[str, Any]) -> list[CalendarDay]:
    """Return the days of a calendar feed: releases, milestones, and the hard dates of the features that it shows."""
    slug = share.workspace.slug
    found = []
    releases = Release.objects.in_workspace(share.workspace_id).not_archived()
    if product := filters.get("product"):
        releases = releases.filter(Q(product__slug=product) | Q(product__isnull=True))
    for release in releases.filter(ship_date__isnull=False).order_by("ship_date", "pk")[:MOST]:
        firm = "hard" if release.date_kind == Hardness.HARD else "soft"
        state = "out" if release.is_released else f"planned, a {firm} date"
        found.append(
            CalendarDay(
                uid=f"{release.key}@{slug}.roadbed",
                day=release.ship_date,
                title=f"{release.get_form_display()} {release.title}",
                note=f"{release.key}, {state}",
                changed_at=release.updated_at,
            )
        )
    rows = filter_features(workspace_id=share.workspace_id, filters=filters)
    rows = rows.filter(due_date__isnull=False, due_kind=Hardness.HARD)
    found += [
        CalendarDay(
            uid=f"{feature.key}@{slug}.roadbed",
            day=feature.due_date,
            title=f"Due: {feature.title}",
            note=f"{feature.key}, {Status(feature.status).label.lower()}",
            changed_at=feature.updated_at,
        )
        for feature in rows.order_by("due_date", "pk")[:MOST]
        if feature.due_date is not None
    ]
    return found
