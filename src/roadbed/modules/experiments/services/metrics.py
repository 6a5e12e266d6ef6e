"""Making metrics and defining them anew; and what they were, for planning and for their pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.workspaces.models import Member, Product, Workspace
from roadbed.modules.experiments import selectors
from roadbed.modules.experiments.models import (
    Desired,
    Metric,
    MetricDay,
    MetricMeasure,
    MetricVersion,
)
from roadbed.modules.experiments.services import places

if TYPE_CHECKING:  # engines of queries take seconds to load: whoever asks does so, not every start
    from roadbed.analytics.sources.history import History
    from roadbed.analytics.sources.plans import Plan

FRESH = timedelta(hours=20)
"""For how long a history that was told is told again."""
DAYS = 60
AT_ONCE = 15
"""Days that are measured in one question: each holds its units once, so that more would take more memory."""
WEEKS = 8
"""What pages and planning tell of by themselves."""


@dataclass(frozen=True, slots=True)
class MetricFields:
    """A new metric with its first definition."""

    title: str
    kind: str
    definition: Mapping[str, Any] = field(default_factory=dict)
    desired: str = Desired.UP
    margin: float = 0.0
    matters: float = 0.0
    is_guardrail: bool = False
    description: str = ""
    owner: Member | None = None
    product: Product | None = None


def _check(workspace_id: int, kind: str, definition: Mapping[str, Any]) -> Plan:
    from roadbed.analytics.sources import plans

    try:
        plan = plans.read(kind, definition)
    except plans.PlanError as error:
        raise ValidationError(
            {"definition": f"{error.field}: {error}" if error.field else str(error)}
        ) from error
    there = {each.key for each in selectors.fact_sources_of(workspace_id=workspace_id)}
    for key in dict.fromkeys((*plan.sources, plan.whose)):
        if key not in there:
            known = ", ".join(sorted(there)) or "none yet"
            raise ValidationError({"definition": f"There is no fact source {key}. There are: {known}."})
    return plan


def check_metric(*, workspace_id: int, fields: MetricFields) -> None:
    """Refuse a metric that could not be made.

    Raises
    ------
    ValidationError
        If the definition cannot be used, or a margin is none.
    """
    _check(workspace_id, fields.kind, fields.definition)
    if not (0 <= fields.margin < 1 and 0 <= fields.matters < 10):
        raise ValidationError({"margin": "A margin is a share of control, such as 0.02."})


@transaction.atomic
def create_metric(*, workspace: Workspace, fields: MetricFields, actor: Actor, at: datetime) -> Metric:
    """Add a metric with its first definition.

    Raises
    ------
    ValidationError
        If the definition cannot be used, or a field refuses.
    """
    _check(workspace.pk, fields.kind, fields.definition)
    metric = Metric(
        workspace=workspace,
        title=fields.title.strip(),
        description=fields.description,
        owner=fields.owner,
        product=fields.product,
        is_guardrail=fields.is_guardrail,
        kind_of=fields.kind,
        latest=1,
    )
    records.create_record(record=metric, actor=actor, at=at)
    _version(
        metric,
        1,
        fields.kind,
        fields.definition,
        fields.desired,
        fields.margin,
        fields.matters,
        "",
        actor,
        at,
    )
    return metric


def _version(
    metric: Metric, number: int, kind: str, definition: Mapping[str, Any], desired: str, margin: float, matters: float,
    note: str, actor: Actor, at: datetime,
) -> MetricVersion:  # fmt: skip
    version = MetricVersion(
        metric=metric,
        number=number,
        kind=kind,
        definition=dict(definition),
        desired=desired,
        margin=margin,
        matters=matters,
        note=note,
        at=at,
        by_id=actor.user_id,
        by_name=actor.name,
    )
    version.full_clean()
    version.save()
    return version


def change_metric(
    *,
    metric: Metric,
    changes: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
) -> Metric:
    """Change what is said about a metric: title, description, owner, product, whether it is a guardrail."""
    known = {"title", "description", "owner", "product", "is_guardrail"}
    return records.change_record(
        record=metric,
        changes={name: value for name, value in changes.items() if name in known},
        actor=actor,
        at=at,
        expected_version=expected_version,
    )


@transaction.atomic
def define_metric(
    *, metric: Metric, changes: Mapping[str, Any], actor: Actor, at: datetime, note: str = ""
) -> MetricVersion:
    """Define a metric anew: kind, definition, desired, margin, matters; what is not given stays.

    A definition that an experiment has used stays as it was, and the next one is made beside it.

    Raises
    ------
    ValidationError
        If the definition cannot be used.
    """
    held = Metric.objects.select_for_update().get(pk=metric.pk)
    last = selectors.current_version(held)
    wanted = {
        name: changes.get(name, getattr(last, name))
        for name in ("kind", "definition", "desired", "margin", "matters")
    }
    if all(wanted[name] == getattr(last, name) for name in wanted):
        return last
    _check(held.workspace_id, wanted["kind"], wanted["definition"])
    differences = {
        name: [getattr(last, name), value] for name, value in wanted.items() if value != getattr(last, name)
    }
    if last.is_frozen:
        version = _version(held, last.number + 1, **wanted, note=note, actor=actor, at=at)
    else:
        version = last
        for name, value in wanted.items():
            setattr(version, name, value)
        version.note, version.at, version.by_id, version.by_name = note, at, actor.user_id, actor.name
        version.full_clean()
        version.save()
        version.days.all().delete()
        version.measures.all().delete()
    Metric.objects.filter(pk=held.pk).update(latest=version.number, kind_of=version.kind)
    records.touch_record(record=held, actor=actor, at=at)
    records.record_activity(
        record=held, actor=actor, verb="defined anew", at=at,
        changes={"version": version.number, "note": note, **differences},
    )  # fmt: skip
    metric.refresh_from_db()
    return version


@transaction.atomic
def use_metric_version(*, version: MetricVersion, at: datetime) -> MetricVersion:
    """Note that an experiment rests on a definition: from now on it never changes."""
    MetricVersion.objects.filter(pk=version.pk, used_at__isnull=True).update(used_at=at)
    version.refresh_from_db(fields=["used_at"])
    return version


def metric_history(
    metric: Metric,
    *,
    weeks: int = WEEKS,
    at: datetime,
    version: MetricVersion | None = None,
    fresh: bool = False,
) -> History:
    """Return what a metric was over the whole weeks before `at`: what planning rests on.

    What was told within the last 20 hours is told again, unless `fresh` is asked for.

    Raises
    ------
    NotEnoughDataError
        If fewer than two units have a value.
    SourceError
        If a source cannot be read, or a column is missing.
    """
    from roadbed.analytics.sources import history

    which = version or selectors.current_version(metric)
    weeks = max(1, min(weeks, 52))
    told = MetricMeasure.objects.filter(version=which, weeks=weeks, at__gt=at - FRESH, at__lte=at).first()
    if told is not None and not fresh:
        return history.History.from_plain(told.found)
    plan = selectors.plan_of(which)
    found = history.by_week(
        plan=plan,
        sources=places.facts_by_key(workspace_id=metric.workspace_id, keys={*plan.sources, plan.whose}),
        until=at,
        weeks=weeks,
    )
    MetricMeasure.objects.update_or_create(
        version=which, weeks=weeks, defaults={"at": at, "found": found.to_plain()}
    )
    return found


def measure_days(
    *,
    version: MetricVersion,
    at: datetime,
    days: int = DAYS,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Measure the days before `at` that are not final yet, and return how many that was.

    Raises
    ------
    SourceError
        If a source cannot be read, or a column is missing.
    """
    from roadbed.analytics.sources import history

    plan = selectors.plan_of(version)
    today = at.astimezone(UTC).date()
    final = set(version.days.filter(is_final=True).values_list("day", flat=True))
    wanted = [
        day for day in (today - timedelta(days=back) for back in range(days, 0, -1)) if day not in final
    ]
    if not wanted:
        return 0
    sources = places.facts_by_key(workspace_id=version.metric.workspace_id, keys={*plan.sources, plan.whose})
    for start in range(0, len(wanted), AT_ONCE):
        if progress is not None:
            progress(start, len(wanted))
        some = wanted[start : start + AT_ONCE]
        measured = history.by_days(plan=plan, sources=sources, days=some, as_of=at)
        MetricDay.objects.bulk_create(
            [
                MetricDay(
                    version=version,
                    day=day,
                    units=one.units,
                    value=one.value,
                    error=one.error,
                    is_final=_is_over(day, plan, at),
                    measured_at=at,
                )
                for day, one in measured.items()
            ],
            update_conflicts=True,
            unique_fields=["version", "day"],
            update_fields=["units", "value", "error", "is_final", "measured_at"],
        )
    return len(wanted)


def _is_over(day: date, plan: Plan, at: datetime) -> bool:
    """Whether every window of a day is over, and what comes in late has had a day more."""
    end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=2) + plan.end
    return end <= at
