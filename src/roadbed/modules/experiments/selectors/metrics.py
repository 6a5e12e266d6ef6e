"""Finding metrics, their definitions and what they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import F, Q

from roadbed.core.records.models import RecordQuerySet
from roadbed.modules.experiments.models import Metric, MetricDay, MetricMeasure, MetricVersion

if TYPE_CHECKING:  # engines of queries take seconds to load: whoever asks does so, not every start
    from roadbed.analytics.sources.plans import Judged, Plan
    from roadbed_engines.stats.readout import Role


def metric_body(metric: Metric) -> str:
    """Return the words that search finds a metric by."""
    return metric.description


def describe_metric(metric: Metric) -> Mapping[str, str]:
    """Return what pages of other modules show of a metric."""
    return {"Kind": metric.get_kind_of_display()}


def access_metric(*, workspace_id: int, key: str) -> Metric:
    """Return a metric by the key of its record (M-12), or raise `Metric.DoesNotExist`, for strangers too."""
    rows = Metric.objects.in_workspace(workspace_id).select_related("owner__user", "product")
    found: Metric | None = rows.by_key(key).first()
    if found is None:
        raise Metric.DoesNotExist
    return found


def filter_metrics(*, workspace_id: int, filters: Mapping[str, Any]) -> RecordQuerySet[Metric]:
    """Return the metrics that pass the filters of the list page."""
    rows = Metric.objects.in_workspace(workspace_id).select_related("owner__user", "product")
    if text := filters.get("q"):
        rows = rows.filter(Q(title__icontains=text) | Q(description__icontains=text))
    if kinds := filters.get("kind"):
        rows = rows.filter(kind_of__in=kinds)
    if owner := filters.get("owner"):
        rows = rows.filter(owner_id=owner)
    if (guardrail := filters.get("guardrail")) is not None:
        rows = rows.filter(is_guardrail=guardrail)
    archived = filters.get("archived")
    if archived is not None:
        rows = rows.filter(archived_at__isnull=not archived)
    return rows


def versions_of(metric: Metric) -> list[MetricVersion]:
    """Return every definition of a metric, the newest first."""
    return list(metric.versions.all())


def current_version(metric: Metric) -> MetricVersion:
    """Return the newest definition of a metric."""
    return metric.versions.get(number=metric.latest)


def current_versions(metrics: Sequence[Metric]) -> dict[int, MetricVersion]:
    """Return the newest definition of each metric, by the metric's id; one query."""
    rows = MetricVersion.objects.filter(metric__in=metrics, number=F("metric__latest"))
    return {each.metric_id: each for each in rows}


def plan_of(version: MetricVersion) -> Plan:
    """Return a definition as the analysis reads it."""
    from roadbed.analytics.sources import plans

    return plans.read(version.kind, version.definition)


def judged(version: MetricVersion, *, name: str, role: Role | None = None) -> Judged:
    """Return a definition as a metric of an experiment, under a name and in a role; a secondary one by itself."""
    from roadbed.analytics.sources import plans
    from roadbed_engines.stats.effects import Direction
    from roadbed_engines.stats.readout import Role

    return plans.Judged(
        name=name,
        plan=plan_of(version),
        role=role or Role.SECONDARY,
        wanted=Direction(version.desired),
        margin=version.margin if role is Role.GUARDRAIL else 0.0,
        matters=version.matters,
    )


def days_of(version: MetricVersion, *, most: int = 90) -> list[MetricDay]:
    """Return what a definition was by day, the oldest first."""
    return list(version.days.order_by("-day")[:most])[::-1]


def history_of(version: MetricVersion, *, weeks: int) -> MetricMeasure | None:
    """Return the history that was last told of a definition, if any was; `found` is what `History.to_plain` made."""
    return version.measures.filter(weeks=weeks).first()


def latest_measures(metrics: Sequence[Metric], *, weeks: int) -> dict[int, MetricMeasure]:
    """Return the last history of each metric's newest definition, by the metric's id; one query."""
    rows = MetricMeasure.objects.filter(
        version__metric__in=metrics, version__number=F("version__metric__latest"), weeks=weeks
    )
    return {each.version.metric_id: each for each in rows.select_related("version")}
