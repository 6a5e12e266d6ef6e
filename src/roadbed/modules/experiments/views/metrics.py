"""The list of metrics, and a metric with its definition, its history and what experiments found of it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.jobs import services as jobs
from roadbed.core.records import lists as record_lists
from roadbed.core.records import markdown, pages
from roadbed.core.records import services as records
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.forms import metric_lists
from roadbed.modules.experiments.forms.metrics import AboutForm, DefinitionForm, NewMetricForm, initial_of
from roadbed.modules.experiments.models import FactSource, Metric, MetricKind, MetricMeasure, MetricVersion
from roadbed.modules.experiments.views import metric_drawings
from roadbed.web import charts, pagination, parts, responses, tables, toasts

LIST_NAME = "experiments.metrics"
COLUMNS = (
    tables.Column("title", "Metric", main=True, sortable=True),
    tables.Column("kind", "Kind", tight=True),
    tables.Column("value", "Last 8 weeks", numeric=True, tight=True),
    tables.Column("window", "Units a week", numeric=True, tight=True),
    tables.Column("owner", "Owner", tight=True),
    tables.Column("updated", "Changed", sortable=True, tight=True),
)
ABOUT = ("title", "description", "is_guardrail", "owner", "product")


def base(access: Access) -> str:
    """The address of the metrics."""
    return f"/w/{access.workspace.slug}/experiments/metrics/"


def url_of(access: Access, metric: Metric) -> str:
    """The address of a metric."""
    return f"{base(access)}{metric.key.lower()}/"


def metric_or_404(access: Access, key: str) -> Metric:
    """Return the metric; a stranger's and a missing one look the same."""
    try:
        return selectors.access_metric(workspace_id=access.workspace.pk, key=key)
    except Metric.DoesNotExist as error:
        raise Http404 from error


def _row(access: Access, metric: Metric, measure: MetricMeasure | None) -> tables.Row:
    url = url_of(access, metric)
    found = measure.found if measure else {}
    title = parts.title(metric.title, url=url, key_text=metric.key)
    return tables.Row(
        id=str(metric.pk),
        label=metric.key,
        url=url,
        cells={
            "title": parts.joined(
                [title, parts.chip("Guardrail", tone="warn")] if metric.is_guardrail else [title]
            ),
            "kind": MetricKind(metric.kind_of).label,
            "value": metric_drawings.figure(found.get("value"), kind=metric.kind_of),
            "window": f"{found['arrived'] / len(found['weeks']):,.0f}" if found else "–",
            "owner": parts.person(metric.owner.name) if metric.owner else parts.quiet("–"),
            "updated": parts.when(metric.updated_at),
        },
    )


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """Every metric, with what it was lately."""
    path = base(access)
    state = metric_lists.FILTERS.parse(request.GET, path=path, options=metric_lists.options_for(access))
    rows = selectors.filter_metrics(workspace_id=access.workspace.pk, filters=state.values)
    order = pagination.order_for(state.sort, columns=metric_lists.ORDER)
    found = pagination.paginate(rows, order=order, cursor=state.cursor)
    measures = selectors.latest_measures(found.rows, weeks=services.WEEKS)
    table = tables.Table(
        id="metrics",
        caption="Metrics",
        noun="metrics",
        columns=COLUMNS,
        state=state,
        page=found,
        rows=tuple(_row(access, metric, measures.get(metric.pk)) for metric in found.rows),
        views=record_lists.saved_views(access, list_name=LIST_NAME, base=path),
        save_view_url=f"/w/{access.workspace.slug}/views/?list={LIST_NAME}",
        export_url=f"/w/{access.workspace.slug}/export/metrics/",
        empty=tables.Empty(
            "No metrics yet",
            "A metric is a number about units, such as orders a customer in the first week. It judges experiments.",
            action="Define the first metric" if access.can_make else "",
            url=f"{path}new/" if access.can_make else "",
        ),
    )
    context = {"table": table, "state": state, "list_name": LIST_NAME, "base": path}
    return responses.page(request, "experiments/metrics.html", context)


@page()
@require_GET
def show(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """A metric: how it is defined, what it was by day and week, and what experiments found."""
    metric = metric_or_404(access, key)
    versions = selectors.versions_of(metric)
    version = _chosen(request, versions)
    results = selectors.results_of(metric, workspace=access.workspace.slug)
    drawings = {
        "days_chart": metric_drawings.of_days(selectors.days_of(version), version),
        "results_chart": metric_drawings.of_results(results, desired=version.desired),
    }
    for chart in drawings.values():
        if chart is not None and (download := charts.download(request, chart)):
            return download
    context = {
        **pages.record_context(access=access, record=metric, now=timezone.now(), with_chain=False),
        **drawings,
        "metric": metric,
        "url": url_of(access, metric),
        "base": base(access),
        "description": markdown.render(metric.description, workspace=access.workspace.slug),
        "version": version,
        "is_newest": version.number == metric.latest,
        "versions": versions,
        "words": selectors.describe_version(version),
        "planning": _planning(version),
        "results": results,
    }
    return responses.page(request, "experiments/metric.html", context)


def _chosen(request: HttpRequest, versions: list[MetricVersion]) -> MetricVersion:
    asked = request.GET.get("version", "")
    return next((each for each in versions if str(each.number) == asked), versions[0])


def _planning(version: MetricVersion) -> dict[str, Any] | None:
    measure = selectors.history_of(version, weeks=services.WEEKS)
    if measure is None:
        return None
    found = measure.found
    kind = version.kind
    return {
        "at": measure.at,
        "value": metric_drawings.figure(found["value"], kind=kind),
        "deviation": metric_drawings.figure(found["deviation"], kind="mean"),
        "known": found["known"],
        "arrived": found["arrived"],
        "a_week": found["arrived"] / len(found["weeks"]),
        "weeks": [
            {**week, "shown": metric_drawings.figure(week["value"], kind=kind), "error": _error(week, kind)}
            for week in found["weeks"]
        ],
    }


def _error(week: dict[str, Any], kind: str) -> str:
    if week["error"] is None:
        return ""
    return f"± {metric_drawings.figure(metric_drawings.Z * week['error'], kind=kind)}"


def _sources(access: Access) -> list[FactSource]:
    return selectors.fact_sources_of(workspace_id=access.workspace.pk) or [services.own_fact_source()]


def _put_errors(form: Any, error: ValidationError) -> None:
    if hasattr(error, "error_dict"):
        for name, messages in error.message_dict.items():
            form.add_error(name if name in form.fields else None, messages)
    else:
        form.add_error(None, error.messages)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, access: Access) -> HttpResponse:
    """Make a metric."""
    if request.method == "POST":
        services.ensure_sources(workspace=access.workspace, at=timezone.now())
    sources = _sources(access)
    context: dict[str, Any] = {"base": base(access), "sources": sources, "is_new": True}
    if request.method == "GET":
        form = NewMetricForm(workspace=access.workspace, sources=sources, initial={"owner": access.member.pk})
        return responses.page(request, "experiments/metric_form.html", {**context, "form": form})
    form = NewMetricForm(request.POST, workspace=access.workspace, sources=sources)
    if form.is_valid():
        try:
            metric = services.create_metric(
                workspace=access.workspace, fields=form.fields_of(), actor=access.actor, at=timezone.now()
            )
        except ValidationError as error:
            _put_errors(form, error)
        else:
            _measure(access, metric)
            toasts.add(request, f"{metric.key} is defined. Its history is being measured.")
            return HttpResponseRedirect(url_of(access, metric))
    return responses.form_page(request, "experiments/metric_form.html", {**context, "form": form})


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Change what is said about a metric."""
    metric = metric_or_404(access, key)
    context: dict[str, Any] = {"metric": metric, "url": url_of(access, metric), "base": base(access)}
    if request.method == "GET":
        form = AboutForm(workspace=access.workspace, initial={name: getattr(metric, name) for name in ABOUT})
        return responses.page(request, "experiments/metric_about.html", {**context, "form": form})
    form = AboutForm(request.POST, workspace=access.workspace)
    if form.is_valid():
        sent = request.POST.get("version", "")
        try:
            services.change_metric(
                metric=metric,
                changes={name: form.cleaned_data[name] for name in ABOUT},
                expected_version=int(sent) if sent.isdecimal() and len(sent) < 10 else None,
                actor=access.actor,
                at=timezone.now(),
            )
        except ValidationError as error:
            _put_errors(form, error)
        except records.StaleRecordError as error:
            form.add_error(None, f"{error} Look at the newest version, then change it.")
        else:
            return HttpResponseRedirect(url_of(access, metric))
    return responses.form_page(request, "experiments/metric_about.html", {**context, "form": form})


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def define(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Define a metric anew: a definition that was used stays, and the next one is made beside it."""
    metric = metric_or_404(access, key)
    version = selectors.current_version(metric)
    sources = _sources(access)
    context: dict[str, Any] = {
        "metric": metric, "version": version, "url": url_of(access, metric), "base": base(access), "sources": sources,
    }  # fmt: skip
    if request.method == "GET":
        form = DefinitionForm(sources=sources, initial=initial_of(version))
        return responses.page(request, "experiments/metric_form.html", {**context, "form": form})
    form = DefinitionForm(request.POST, sources=sources)
    if form.is_valid():
        try:
            made = services.define_metric(
                metric=metric, changes=form.changes(), note=form.cleaned_data["note"], actor=access.actor,
                at=timezone.now(),
            )  # fmt: skip
        except ValidationError as error:
            _put_errors(form, error)
        else:
            if made.pk != version.pk or made.at != version.at:
                _measure(access, metric)
                toasts.add(request, f"{metric.key} is defined anew, as version {made.number}.")
            return HttpResponseRedirect(url_of(access, metric))
    return responses.form_page(request, "experiments/metric_form.html", {**context, "form": form})


def _measure(access: Access, metric: Metric) -> Any:
    return jobs.enqueue(
        "experiments.measure_metric",
        workspace_id=access.workspace.pk,
        actor=access.actor,
        key=f"metric-{metric.pk}",
        metric_id=metric.pk,
    )


@page(role=Role.MAKER)
@require_POST
def measure(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Measure a metric's history now."""
    job = _measure(access, metric_or_404(access, key))
    return HttpResponseRedirect(f"/w/{access.workspace.slug}/jobs/{job.pk}/")


@page(role=Role.MAKER)
@require_POST
def archive(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Put a metric away, or bring it back; experiments that use it keep it."""
    metric = metric_or_404(access, key)
    if metric.archived_at is None:
        records.archive_record(record=metric, actor=access.actor, at=timezone.now())
        toasts.add(request, f"{metric.key} archived.")
    else:
        records.unarchive_record(record=metric, actor=access.actor, at=timezone.now())
        toasts.add(request, f"{metric.key} is back.")
    return responses.back(request, otherwise=url_of(access, metric))
