"""The only door of the roadmap for its siblings, and its part of the evidence chain."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from roadbed.core import doctor
from roadbed.core.accounts.actors import Actor
from roadbed.core.evidence.registry import EvidenceItem, Part, Provider, Stage
from roadbed.modules.roadmap import selectors
from roadbed.modules.roadmap.models import (
    Dependency,
    Estimate,
    Feature,
    Horizon,
    Release,
    Status,
    StatusSpell,
)
from roadbed.modules.roadmap.selectors.sharing import CHOICES as CHOICES
from roadbed.modules.roadmap.selectors.sharing import FeatureState as FeatureState
from roadbed.modules.roadmap.selectors.sharing import ids_that_fit as ids_that_fit
from roadbed.modules.roadmap.selectors.sharing import states as states
from roadbed.modules.roadmap.services import deeds, features, sharing


def _day(value: object) -> str:
    return f"{value:%-d %B %Y}" if value else ""


def _planned(feature: Feature, url: str) -> EvidenceItem:
    words = [Status(feature.status).label]
    if feature.release is not None:
        words.append(f"release {feature.release.title}")
    elif feature.horizon != Horizon.NONE:
        words.append(Horizon(feature.horizon).label.lower())
    due = feature.due_date or feature.target_end or (feature.release.ship_date if feature.release else None)
    if due and not feature.is_closed:
        words.append(f"due {_day(due)}")
    firm = feature.status in {Status.DEVELOPMENT, Status.BETA, Status.SHIPPED} or feature.release is not None
    return EvidenceItem(
        record_id=feature.pk,
        stage=Stage.PLANNED,
        headline=feature.title,
        detail=", ".join(words),
        strength="full" if firm else "partial",
        key=feature.key,
        url=url,
        at=feature.status_at,
        parts=tuple(
            Part(label=label, value=value)
            for label, value in (
                ("Status", Status(feature.status).label),
                ("Since", _day(feature.status_at)),
                ("Because", feature.status_reason),
                ("Release", feature.release.title if feature.release else ""),
                ("Due", _day(due)),
            )
            if value
        ),
        method="As the roadmap has it: the status, the release and its date, or the feature's own target.",
    )


def _counts(workspace_id: int, ids: Collection[int]) -> Mapping[int, Mapping[str, int]]:
    """Count what lies right under each feature, by status; one query."""
    rows = Feature.objects.in_workspace(workspace_id).filter(parent_id__in=ids)
    found: dict[int, dict[str, int]] = {}
    for parent_id, status, count in (
        rows.values_list("parent_id", "status").annotate(count=Count("pk")).order_by("parent_id")
    ):
        found.setdefault(parent_id, {})[status] = count
    return found


def _under_way(feature: Feature, url: str, counts: Mapping[str, int]) -> EvidenceItem:
    """What is planned of a node that has no plan of its own, such as an area: what lies under it tells."""
    kept = {status: count for status, count in counts.items() if status != Status.DROPPED}
    shipped = kept.get(Status.SHIPPED, 0)
    going = kept.get(Status.DEVELOPMENT, 0) + kept.get(Status.BETA, 0)
    total = sum(kept.values())
    return EvidenceItem(
        record_id=feature.pk,
        stage=Stage.PLANNED,
        headline=f"{shipped} of {total} under it shipped, {going} under way",
        strength="partial",
        url=url,
        at=feature.updated_at,
        parts=tuple(
            Part(label=status.label, value=str(kept[status])) for status in Status if kept.get(status)
        ),
        method="Counted over what lies right under it; what was dropped is left out.",
    )


def evidence_for(
    workspace_id: int, workspace: str, record_ids: Collection[int]
) -> Mapping[int, Sequence[EvidenceItem]]:
    """Return Planned and Shipped for the features among the records, in two queries."""
    rows = Feature.objects.in_workspace(workspace_id).filter(pk__in=record_ids).select_related("release")
    counts = _counts(workspace_id, record_ids)
    found: dict[int, list[EvidenceItem]] = {}
    for feature in rows:
        url = f"/w/{workspace}/roadmap/features/{feature.key.lower()}/"
        items = []
        if feature.status != Status.DROPPED and (
            feature.status != Status.IDEA or feature.release_id or feature.horizon != Horizon.NONE
        ):
            items.append(_planned(feature, url))
        elif any(status != Status.DROPPED for status in counts.get(feature.pk, {})):
            items.append(_under_way(feature, url, counts[feature.pk]))
        if feature.shipped_at is not None:
            release = f"in release {feature.release.title}" if feature.release else "on its own"
            items.append(
                EvidenceItem(
                    record_id=feature.pk,
                    stage=Stage.SHIPPED,
                    headline=f"Shipped on {_day(feature.shipped_at)}",
                    detail=release,
                    strength="full",
                    at=feature.shipped_at,
                    url=url,
                )
            )
        found[feature.pk] = items
    return found


@dataclass(frozen=True, slots=True)
class FeatureSummary:
    """What a sibling may know of a feature."""

    record_id: int
    key: str
    title: str
    status: str
    status_label: str
    horizon: str
    release: str
    due_date: date | None
    is_closed: bool
    url: str


def summaries(workspace_id: int, workspace: str, record_ids: Collection[int]) -> Mapping[int, FeatureSummary]:
    """Return the features among the records, by their id, in one query."""
    rows = Feature.objects.in_workspace(workspace_id).filter(pk__in=record_ids).select_related("release")
    return {
        feature.pk: FeatureSummary(
            record_id=feature.pk,
            key=feature.key,
            title=feature.title,
            status=feature.status,
            status_label=Status(feature.status).label,
            horizon=feature.horizon,
            release=feature.release.title if feature.release else "",
            due_date=feature.due_date
            or feature.target_end
            or (feature.release.ship_date if feature.release else None),
            is_closed=feature.is_closed,
            url=f"/w/{workspace}/roadmap/features/{feature.key.lower()}/",
        )
        for feature in rows
    }


@dataclass(frozen=True, slots=True)
class OpenFeature:
    """A feature that is neither shipped nor dropped, as what decides about it needs it."""

    record_id: int
    key: str
    title: str
    horizon: str
    status: str
    lane: str
    team: str
    area: str
    """The root that it lies under; empty for one at the top."""
    product_id: int | None
    parent_ids: tuple[int, ...]


def open_features(*, workspace_id: int, level: str) -> list[OpenFeature]:
    """Return the open features of a level, by id; two queries."""
    rows = Feature.objects.in_workspace(workspace_id).filter(level=level).not_archived().open()
    found = list(rows.select_related("team").order_by("pk"))
    roots = {feature.ancestor_ids[0] for feature in found if feature.trail}
    titles = dict(Feature.objects.in_workspace(workspace_id).filter(pk__in=roots).values_list("pk", "title"))
    return [
        OpenFeature(
            record_id=feature.pk,
            key=feature.key,
            title=feature.title,
            horizon=feature.horizon,
            status=feature.status,
            lane=feature.lane,
            team=feature.team.name if feature.team else "",
            area=titles.get(feature.ancestor_ids[0], "") if feature.trail else "",
            product_id=feature.product_id,
            parent_ids=tuple(feature.ancestor_ids),
        )
        for feature in found
    ]


def estimates(*, workspace_id: int) -> dict[int, tuple[float, float, float]]:
    """Return the current estimate of each open feature that has one: P10, P50 and P90 in person-days; one query."""
    rows = Estimate.objects.filter(
        feature__in=Feature.objects.in_workspace(workspace_id).open(), is_current=True
    )
    return {
        pk: (low, middle, high)
        for pk, low, middle, high in rows.values_list("feature_id", "p10", "p50", "p90")
    }


def waits_for(*, workspace_id: int) -> dict[int, list[int]]:
    """Return, for each feature that waits for others to be finished or begun, which; one query."""
    found: dict[int, list[int]] = {}
    rows = Dependency.objects.filter(workspace_id=workspace_id, on__isnull=False)
    for after, before in rows.order_by("pk").values_list("feature_id", "on_id"):
        found.setdefault(after, []).append(before)
    return found


def place_features(
    *, workspace_id: int, horizons: Mapping[int, str], actor: Actor, at: datetime
) -> tuple[int, str]:
    """Put features into columns of the board as one deed; return how many moved, and the path that undoes it."""
    rows = Feature.objects.in_workspace(workspace_id).filter(pk__in=horizons).order_by("pk")
    with transaction.atomic():
        steps = [
            step
            for feature in rows
            if (
                step := features.set_horizon(
                    feature=feature, horizon=Horizon(horizons[feature.pk]), actor=actor, at=at
                )
            )
        ]
        if not steps:
            return 0, ""
        deed = deeds.keep(
            workspace_id=workspace_id,
            summary=f"Placed {len(steps)} features.",
            steps=steps,
            actor=actor,
            at=at,
        )
    return len(steps), f"roadmap/deeds/{deed.pk}/undo/"


@dataclass(frozen=True, slots=True)
class ReleaseMark:
    """A day on which something went out, to be marked on a sibling's chart."""

    day: date
    title: str
    key: str
    url: str


def releases_shipped(workspace_id: int, workspace: str, *, first: date, last: date) -> list[ReleaseMark]:
    """Return the releases that went out between two days, both included, the oldest first; one query."""
    rows = Release.objects.in_workspace(workspace_id).filter(kind="release", shipped_at__isnull=False)
    marks = (
        ReleaseMark(
            day=timezone.localtime(release.shipped_at).date(),
            title=release.title,
            key=release.key,
            url=f"/w/{workspace}/roadmap/releases/{release.number}/",
        )
        for release in rows.order_by("shipped_at", "pk")
    )
    return [mark for mark in marks if first <= mark.day <= last]


@dataclass(frozen=True, slots=True)
class Released:
    """A release that is out, as siblings see it."""

    record_id: int
    key: str
    title: str
    shipped_at: datetime | None
    features: int


def released(*, workspace_id: int, limit: int) -> list[Released]:
    """Return the releases that are out, the newest first, with how many features shipped in each."""
    rows = (
        Release.objects.in_workspace(workspace_id)
        .filter(state=Release.State.RELEASED)
        .annotate(out=Count("features", filter=Q(features__status=Status.SHIPPED)))
        .order_by("-shipped_at", "-pk")[:limit]
    )
    return [Released(row.pk, row.key, row.title, row.shipped_at, row.out) for row in rows]


def notes_of(*, workspace_id: int, record_id: int) -> str:
    """Return what a release or a feature brings, in Markdown: its notes, or what shipped in it, by title."""
    release = Release.objects.in_workspace(workspace_id).filter(pk=record_id).first()
    if release is None:
        return ""
    if release.notes.strip():
        return str(release.notes)
    shipped = Feature.objects.in_workspace(workspace_id).filter(release_id=record_id, status=Status.SHIPPED)
    return "\n".join(
        f"- {title}" for title in shipped.order_by("title").values_list("title", flat=True)[:100]
    )


def way_of(*, workspace_id: int, record_id: int) -> list[tuple[str, datetime]]:
    """Return the statuses that a feature went through, and when; never the reasons, which are internal."""
    if not Feature.objects.in_workspace(workspace_id).filter(pk=record_id).exists():
        return []
    spells = StatusSpell.objects.filter(feature_id=record_id).order_by("entered_at", "pk")
    return list(spells.values_list("status", "entered_at"))


def check_tree(at: datetime) -> doctor.Finding:
    """Let the doctor see whether the tree holds together."""
    count = selectors.untrue_trails()
    if not count:
        return doctor.good("Every feature’s trail leads to its parent.")
    return doctor.bad(
        f"{count} features have a trail that does not lead to their parent.", fix="Restore the last backup."
    )


take_in, take_over = sharing.create, sharing.change
"""Making and changing features from plain values, for siblings that keep them in step with something elsewhere."""

PROVIDER = Provider(name="roadmap", stages=(Stage.PLANNED, Stage.SHIPPED), collect=evidence_for)
