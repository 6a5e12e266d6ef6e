"""Metrics: list, get, add, change, define anew; what they were."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema
from ninja.responses import Status as Answer

from roadbed.analytics.sources.places import SourceError
from roadbed.core.api import etags
from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.api.flags import owner_of, plain
from roadbed.modules.experiments.api.schemas import CHANGE_PROBLEMS, READ_PROBLEMS, WRITE_PROBLEMS, Json
from roadbed.modules.experiments.forms import metric_lists
from roadbed.modules.experiments.models import Desired, Metric, MetricDay, MetricKind, MetricVersion
from roadbed_engines.errors import NotEnoughDataError

router = Router(tags=["metrics"])
DEFINITION = (
    "`facts` {source, how, column, filters: [{column, compared, value}]}, `per` for a ratio, `steps` for a funnel, "
    "`from_hours`, `to_hours`, `level`, `winsorise` {lower, upper, ignore_zeros}, `before_days`, `population`."
)


class MetricsQuery(PageQuery):
    """Which metrics; `filter` takes the query string of the list page."""

    q: str = Field("", max_length=200)
    filter: str = Field(
        "", max_length=2000, description="Filters as the list page writes them in its address."
    )


class MetricVersionOut(Schema):
    """One definition of a metric."""

    number: int
    kind: MetricKind
    definition: Json
    desired: Desired
    margin: float
    matters: float
    note: str
    at: datetime
    by: str
    used_at: datetime | None

    @staticmethod
    def resolve_by(version: MetricVersion) -> str:
        """Who wrote it."""
        return version.by_name


class MetricOut(Schema):
    """A metric."""

    key: str
    title: str
    kind: MetricKind
    description: str
    is_guardrail: bool
    owner: str | None
    product: str | None
    definition_version: int
    version: int
    archived: bool
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_kind(metric: Metric) -> str:
        """The kind of the newest definition."""
        return metric.kind_of

    @staticmethod
    def resolve_owner(metric: Metric) -> str | None:
        """The owner's address."""
        return metric.owner.user.email if metric.owner else None

    @staticmethod
    def resolve_product(metric: Metric) -> str | None:
        """The product's slug."""
        return metric.product.slug if metric.product else None

    @staticmethod
    def resolve_definition_version(metric: Metric) -> int:
        """The number of the newest definition."""
        return metric.latest

    @staticmethod
    def resolve_archived(metric: Metric) -> bool:
        """Whether it was put away."""
        return metric.archived_at is not None


class MetricFieldsIn(Schema):
    """What may be said about a metric."""

    title: str | None = Field(None, min_length=1, max_length=300)
    description: str | None = Field(None, max_length=20_000)
    is_guardrail: bool | None = None
    owner: str | None = Field(None, max_length=254, description="An address of a member; empty for nobody.")


class MetricIn(MetricFieldsIn):
    """A new metric with its first definition."""

    title: str = Field(min_length=1, max_length=300)
    kind: MetricKind
    definition: Json = Field(description=DEFINITION)
    desired: Desired = Desired.UP
    margin: float = Field(0.0, ge=0, lt=1)
    matters: float = Field(0.0, ge=0, lt=10)


class MetricDefinitionIn(Schema):
    """A new definition; what is left out stays."""

    kind: MetricKind | None = None
    definition: Json | None = Field(None, description=DEFINITION)
    desired: Desired | None = None
    margin: float | None = Field(None, ge=0, lt=1)
    matters: float | None = Field(None, ge=0, lt=10)
    note: str = Field("", max_length=300)


class MetricWeekOut(Schema):
    """The units first seen in one week."""

    start: date
    arrived: int
    known: int
    value: float | None
    error: float | None


class MetricHistoryOut(Schema):
    """What planning rests on."""

    kind: MetricKind
    value: float
    deviation: float = Field(description="The standard deviation that one unit brings.")
    arrived: int
    known: int
    units_a_week: float
    as_of: datetime
    weeks: list[MetricWeekOut]


class MetricDayOut(Schema):
    """What a metric was on one day."""

    day: date
    units: int
    value: float | None
    error: float | None
    is_final: bool


class HistoryQuery(Schema):
    """How far back."""

    weeks: int = Field(services.WEEKS, ge=1, le=52)


class VersionQuery(Schema):
    """Which definition; the newest by itself."""

    version: int | None = Field(None, ge=1, le=100_000)


def metric_or_404(access: Access, key: str) -> Metric:
    """Return the metric; a stranger's and a missing one look the same."""
    return selectors.access_metric(workspace_id=access.workspace.pk, key=key)


@router.get(
    "metrics",
    response={200: PageOut[MetricOut], **READ_PROBLEMS},
    operation_id="list_metrics",
    url_name="metrics",
)
def list_metrics(request: HttpRequest, workspace: Path[str], query: Query[MetricsQuery]) -> dict[str, Any]:
    """List metrics, the newest first, with the same filters as the page."""
    access = access_of(request)
    wanted = QueryDict(query.filter.lstrip("?"), mutable=True)
    if query.q:
        wanted["q"] = query.q
    state = metric_lists.FILTERS.parse(wanted, path="", options=metric_lists.options_for(access))
    if state.errors:
        raise ValidationError({name: str(message) for name, message in state.errors.items()})
    rows = selectors.filter_metrics(workspace_id=access.workspace.pk, filters=state.values)
    items, following = page_by_id(rows, query)
    return {"items": items, "next": following}


@router.post(
    "metrics",
    response={201: MetricOut, **WRITE_PROBLEMS},
    operation_id="create_metric",
    url_name="metrics",
)
def create_metric(
    request: HttpRequest, workspace: Path[str], body: MetricIn, response: HttpResponse
) -> Answer[Metric]:
    """Define a metric."""
    access = access_of(request, role=Role.MAKER)
    given = {name: value for name, value in body.dict(exclude_unset=True).items() if value is not None}
    plain(given)
    given["owner"] = owner_of(access, given.get("owner"))
    services.ensure_sources(workspace=access.workspace, at=timezone.now())
    metric = services.create_metric(
        workspace=access.workspace,
        fields=services.MetricFields(**given),
        actor=access.actor,
        at=timezone.now(),
    )
    fresh = metric_or_404(access, metric.key)
    etags.put(response, fresh)
    return Answer(201, fresh)


@router.get(
    "metrics/{key}",
    response={200: MetricOut, **READ_PROBLEMS},
    operation_id="get_metric",
    url_name="metric",
)
def get_metric(request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse) -> Metric:
    """Get a metric."""
    metric = metric_or_404(access_of(request), key)
    etags.put(response, metric)
    return metric


@router.patch(
    "metrics/{key}",
    response={200: MetricOut, **CHANGE_PROBLEMS},
    operation_id="change_metric",
    url_name="metric",
)
def change_metric(
    request: HttpRequest, workspace: Path[str], key: str, body: MetricFieldsIn, response: HttpResponse
) -> Metric:
    """Change what is said about a metric; what is left out stays. Needs If-Match."""
    access = access_of(request, role=Role.MAKER)
    metric = metric_or_404(access, key)
    expected = etags.expected_version(request)
    given = body.dict(exclude_unset=True)
    plain(given)
    changes = {name: value for name, value in given.items() if value is not None or name == "owner"}
    if "owner" in changes:
        changes["owner"] = owner_of(access, changes["owner"])
    services.change_metric(
        metric=metric, changes=changes, expected_version=expected, actor=access.actor, at=timezone.now()
    )
    fresh = metric_or_404(access, key)
    etags.put(response, fresh)
    return fresh


@router.get(
    "metrics/{key}/versions",
    response={200: list[MetricVersionOut], **READ_PROBLEMS},
    operation_id="list_metric_versions",
    url_name="metric-versions",
)
def list_versions(request: HttpRequest, workspace: Path[str], key: str) -> list[MetricVersion]:
    """List every definition that a metric had, the newest first."""
    return selectors.versions_of(metric_or_404(access_of(request), key))


@router.post(
    "metrics/{key}/versions",
    response={200: MetricVersionOut, **WRITE_PROBLEMS},
    operation_id="define_metric",
    url_name="metric-versions",
)
def define_metric(
    request: HttpRequest, workspace: Path[str], key: str, body: MetricDefinitionIn
) -> MetricVersion:
    """Define a metric anew. A definition that an experiment used stays as it was, and the next stands beside it."""
    access = access_of(request, role=Role.MAKER)
    metric = metric_or_404(access, key)
    given = {name: value for name, value in body.dict(exclude_unset=True).items() if value is not None}
    plain(given)
    note = given.pop("note", "")
    return services.define_metric(
        metric=metric, changes=given, note=note, actor=access.actor, at=timezone.now()
    )


@router.get(
    "metrics/{key}/days",
    response={200: list[MetricDayOut], **READ_PROBLEMS},
    operation_id="list_metric_days",
    url_name="metric-days",
)
def list_days(
    request: HttpRequest, workspace: Path[str], key: str, query: Query[VersionQuery]
) -> list[MetricDay]:
    """List what a metric was by day, the oldest first, as it was last measured."""
    metric = metric_or_404(access_of(request), key)
    return selectors.days_of(metric.versions.get(number=query.version or metric.latest))


@router.post(
    "metrics/{key}/history",
    response={200: MetricHistoryOut, **WRITE_PROBLEMS},
    operation_id="tell_metric_history",
    url_name="metric-history",
)
def tell_history(request: HttpRequest, workspace: Path[str], key: str, body: HistoryQuery) -> dict[str, Any]:
    """Tell what planning rests on: value, deviation and units a week, from the data. Kept for a day."""
    access = access_of(request, role=Role.MAKER)
    metric = metric_or_404(access, key)
    try:
        found = services.metric_history(metric, weeks=body.weeks, at=timezone.now())
    except (SourceError, NotEnoughDataError) as error:
        raise ValidationError(str(error)) from error
    return {**found.to_plain(), "units_a_week": found.units_a_week}
