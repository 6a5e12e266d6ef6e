"""Reading estimates: the current one, its history, rounds, what a point is worth, finished work of the same kind."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import Prefetch, Q

from roadbed.modules.roadmap.models import (
    Estimate,
    EstimateRound,
    Feature,
    Opinion,
    Origin,
    Size,
    Status,
    StatusSpell,
    TeamPlan,
    Work,
)
from roadbed_engines import effort
from roadbed_engines.errors import NotEnoughDataError

MOST_CLASS = 200
"""Finished items that a class looks back over, the newest first."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished item of a class: what it took, and how that is known."""

    pk: int
    key: str
    title: str
    days: float
    finished_at: datetime
    is_recorded: bool
    """Whether somebody wrote down what it took; else it is how long one person was at it."""


@dataclass(frozen=True, slots=True)
class PointScale:
    """What one story point of a team takes, or why that is not known."""

    effort: effort.Effort | None
    source: str = ""
    """``history`` or ``said``."""
    items: int = 0
    reason: str = ""


def current_estimates(*, feature_ids: Collection[int]) -> dict[int, Estimate]:
    """Return the current estimate of each feature that has one; one query."""
    rows = Estimate.objects.filter(feature_id__in=feature_ids, is_current=True)
    return {one.feature_id: one for one in rows}


def estimates_of(feature: Feature) -> list[Estimate]:
    """Return every estimate of a feature, the newest first."""
    return list(Estimate.objects.filter(feature=feature).order_by("-id")[:100])


def rounds_of(feature: Feature) -> list[EstimateRound]:
    """Return the rounds on a feature, the newest first, with who was asked and what they said; three queries."""
    opinions = Opinion.objects.select_related("member__user")
    rows = EstimateRound.objects.filter(feature=feature).select_related("started_by")
    return list(
        rows.prefetch_related("asked__user", Prefetch("opinions", queryset=opinions)).order_by("-id")[:20]
    )


def access_round(*, workspace_id: int, round_id: int) -> EstimateRound:
    """Return a round of the workspace, or raise `EstimateRound.DoesNotExist`, for strangers too."""
    rows = EstimateRound.objects.filter(
        feature__workspace_id=workspace_id, feature__deleted_at__isnull=True
    ).select_related("feature__workspace", "feature__team")
    return rows.get(pk=round_id)


def point_scale(*, team_id: int) -> PointScale:
    """Return what a point of a team takes: by its finished items where there are enough, else as the team said."""
    rows = (
        Estimate.objects.filter(
            feature__team_id=team_id,
            feature__status=Status.SHIPPED,
            feature__deleted_at__isnull=True,
            feature__actual_days__isnull=False,
            origin=Origin.POINTS,
            is_current=True,
        )
        .order_by("-feature__status_at")
        .values_list("feature__actual_days", "said")[:MOST_CLASS]
    )
    ratios = [days / said["points"] for days, said in rows if days and said.get("points")]
    try:
        return PointScale(effort=effort.of_class(ratios), source="history", items=len(ratios))
    except NotEnoughDataError:
        plan = TeamPlan.objects.filter(team_id=team_id, point_low__isnull=False).first()
    if plan is not None and plan.point_low and plan.point_likely and plan.point_high:
        said = effort.of_quantiles(p10=plan.point_low, p50=plan.point_likely, p90=plan.point_high)
        return PointScale(effort=said, source="said", items=len(ratios))
    return PointScale(
        effort=None,
        items=len(ratios),
        reason=(
            f"What a point of this team takes is not known: {len(ratios)} finished items have points and what they "
            f"took, and {effort.FEWEST} are needed. Say on the team’s page what a point takes, or estimate in days."
        ),
    )


def class_of(feature: Feature) -> Q:
    """Return what makes finished work be like a feature: size and kind of work where said, else its lane and level."""
    condition = Q()
    if feature.size:
        condition &= Q(size=feature.size)
    if feature.work:
        condition &= Q(work=feature.work)
    if not feature.size and not feature.work:
        condition &= Q(lane=feature.lane, level=feature.level)
    return condition


def class_words(feature: Feature) -> str:
    """Return the class of a feature in words."""
    said = []
    if feature.size:
        said.append(f"size {Size(feature.size).label}")
    if feature.work:
        said.append(str(Work(feature.work).label).lower())
    return ", ".join(said) or f"{feature.get_lane_display().lower()} lane, level {feature.level}"


def reference_class(*, feature: Feature) -> list[Finished]:
    """Return the finished work that is like a feature, the newest first; two queries.

    What it took is what was written down. Where fewer than are needed have that, the class is measured by the working
    days from the start of development to shipping, as if one person had been at it; the two are never mixed.
    """
    rows: Any = (
        Feature.objects.in_workspace(feature.workspace_id)
        .filter(class_of(feature), status=Status.SHIPPED)
        .exclude(pk=feature.pk)
        .order_by("-status_at")[:MOST_CLASS]
    )
    found = list(rows)
    recorded = [
        Finished(one.pk, one.key, one.title, one.actual_days, one.status_at, is_recorded=True)
        for one in found
        if one.actual_days
    ]
    if len(recorded) >= effort.FEWEST:
        return recorded
    spells = StatusSpell.objects.filter(
        feature_id__in=[one.pk for one in found], status=Status.DEVELOPMENT
    ).order_by("-entered_at")
    # Of several spells the first counts: the newest come first and are overwritten.
    begun = dict(spells.values_list("feature_id", "entered_at"))
    elapsed = [
        Finished(
            one.pk,
            one.key,
            one.title,
            float(max(1, int(np.busday_count(begun[one.pk].date(), one.status_at.date())))),
            one.status_at,
            is_recorded=False,
        )
        for one in found
        if one.pk in begun
    ]
    return elapsed if len(elapsed) >= effort.FEWEST else recorded or elapsed
