"""Experiments: list, get, write, start, stop, read, decide, report, share."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from ninja import Field, Path, Query, Router
from ninja.responses import Status as Answer

from roadbed.core.api import etags, problems
from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.records import selectors as records
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.api import trial_schemas as schemas
from roadbed.modules.experiments.api.flags import owner_of, plain
from roadbed.modules.experiments.forms import lists
from roadbed.modules.experiments.models import Experiment, Holdout, Metric

router = Router(tags=["experiments"])


class ExperimentsQuery(PageQuery):
    """Which experiments; `filter` takes the query string of the list page."""

    q: str = Field("", max_length=200)
    filter: str = Field(
        "", max_length=2000, description="Filters as the list page writes them in its address."
    )


def experiment_or_404(access: Access, key: str) -> Experiment:
    """Return the experiment; a stranger's and a missing one look the same."""
    return selectors.access_experiment(workspace_id=access.workspace.pk, key=key)


def shown(access: Access, key: str, response: HttpResponse | None = None) -> dict[str, Any]:
    """Return an experiment as the API says it."""
    experiment = experiment_or_404(access, key)
    if response is not None:
        etags.put(response, experiment)
    return schemas.out(
        experiment,
        tests=[one.key for one in selectors.targets_of(experiment, circles=access.circle_ids)],
        metrics=selectors.metrics_of(experiment),
        readout=selectors.latest_readout(experiment),
    )


def _given(access: Access, body: schemas.ExperimentSettings) -> tuple[dict[str, Any], Any, Any]:
    """Return what was sent as the services call it: fields, metrics, records that it tests."""
    given = body.dict(exclude_unset=True)
    plain(given)
    metrics = given.pop("metrics", None)
    tests = given.pop("tests", None)
    found = {name: value for name, value in given.items() if value is not None}
    workspace_id = access.workspace.pk
    if "owner" in given:
        found["owner"] = owner_of(access, given["owner"])
    finders: dict[str, tuple[str, Any]] = {
        "flag": ("split_flag", lambda key: selectors.access_flag(workspace_id=workspace_id, key=key)),
        "environment": (
            "environment", lambda key: selectors.access_environment(workspace_id=workspace_id, key=key),
        ),
        "source": ("source", lambda key: selectors.access_exposure_source(workspace_id=workspace_id, key=key)),
        "holdout": ("holdout", lambda key: Holdout.objects.get(workspace_id=workspace_id, key=key)),
    }  # fmt: skip
    for name, (field, find) in finders.items():
        if name not in given:
            continue
        key = found.pop(name, None)
        try:
            found[field] = find(key) if key else None
        except ObjectDoesNotExist as error:
            raise ValidationError({name: f"There is no {name} {key} here."}) from error
    choices = None if metrics is None else [_choice(access, one) for one in metrics]
    tested = None if tests is None else [_record(access, key) for key in tests]
    return found, choices, tested


def _choice(access: Access, one: dict[str, Any]) -> services.MetricChoice:
    try:
        metric = selectors.access_metric(workspace_id=access.workspace.pk, key=one["metric"])
    except Metric.DoesNotExist as error:
        raise ValidationError({"metrics": f"There is no metric {one['metric']} here."}) from error
    return services.MetricChoice(metric, one.get("role", "secondary"), one.get("margin", 0.0))


def _record(access: Access, key: str) -> Record:
    try:
        return records.access_record(workspace_id=access.workspace.pk, key=key, circles=access.circle_ids)
    except Record.DoesNotExist as error:
        raise ValidationError({"tests": f"There is nothing called {key} here."}) from error


@router.get(
    "experiments",
    response={200: PageOut[schemas.ExperimentShortOut], **problems.READ},
    operation_id="list_experiments",
    url_name="experiments",
)
def list_experiments(
    request: HttpRequest, workspace: Path[str], query: Query[ExperimentsQuery]
) -> dict[str, Any]:
    """List experiments, the newest first, with the same filters as the page."""
    access = access_of(request)
    wanted = QueryDict(query.filter.lstrip("?"), mutable=True)
    if query.q:
        wanted["q"] = query.q
    state = lists.EXPERIMENT_FILTERS.parse(wanted, path="", options=lists.experiment_options_for(access))
    if state.errors:
        raise ValidationError({name: str(message) for name, message in state.errors.items()})
    rows = selectors.filter_experiments(workspace_id=access.workspace.pk, filters=state.values)
    items, following = page_by_id(rows, query)
    return {"items": items, "next": following}


@router.post(
    "experiments",
    response={201: schemas.ExperimentOut, **problems.WRITE},
    operation_id="create_experiment",
    url_name="experiments",
)
def create_experiment(
    request: HttpRequest, workspace: Path[str], body: schemas.ExperimentIn, response: HttpResponse
) -> Answer[dict[str, Any]]:
    """Write an experiment down; it starts when somebody says so."""
    access = access_of(request, role=Role.MAKER)
    settings, metrics, tests = _given(access, body)
    fields = services.ExperimentFields(
        title=settings.pop("title"), settings=settings, metrics=metrics or (), tests=tests or ()
    )
    experiment = services.create_experiment(
        workspace=access.workspace, fields=fields, actor=access.actor, at=timezone.now()
    )
    return Answer(201, shown(access, experiment.key, response))


@router.get(
    "experiments/{key}",
    response={200: schemas.ExperimentOut, **problems.READ},
    operation_id="get_experiment",
    url_name="experiment",
)
def get_experiment(
    request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse
) -> dict[str, Any]:
    """Get an experiment, with what its newest readout recommends and what was decided."""
    return shown(access_of(request), key, response)


@router.patch(
    "experiments/{key}",
    response={200: schemas.ExperimentOut, **problems.CHANGE},
    operation_id="change_experiment",
    url_name="experiment",
)
def change_experiment(
    request: HttpRequest,
    workspace: Path[str],
    key: str,
    body: schemas.ExperimentSettings,
    response: HttpResponse,
) -> dict[str, Any]:
    """Change what is written of an experiment; what is left out stays. Needs If-Match."""
    access = access_of(request, role=Role.MAKER)
    experiment = experiment_or_404(access, key)
    expected = etags.expected_version(request)
    changes, metrics, tests = _given(access, body)
    services.change_experiment(
        experiment=experiment,
        changes=changes,
        metrics=metrics,
        tests=tests,
        expected_version=expected,
        actor=access.actor,
        at=timezone.now(),
    )
    return shown(access, key, response)


@router.get(
    "experiments/{key}/readiness",
    response={200: schemas.ExperimentReadinessOut, **problems.READ},
    operation_id="get_experiment_readiness",
    url_name="experiment-readiness",
)
def get_experiment_readiness(request: HttpRequest, workspace: Path[str], key: str) -> dict[str, Any]:
    """Say what keeps an experiment from being started, how many units it takes and how long."""
    experiment = experiment_or_404(access_of(request), key)
    at = timezone.now()
    plan = services.plan_size(experiment=experiment, at=at, measures=False)
    obstacles = services.readiness(experiment=experiment, at=at, measures=False)
    return {
        "ready": experiment.is_draft and not any(one.stops for one in obstacles),
        "obstacles": obstacles,
        "units": plan.units if plan else None,
        "days": plan.days if plan else None,
        "why": plan.why if plan else "",
        "steps": plan.steps if plan else [],
    }


@router.post(
    "experiments/{key}/start",
    response={200: schemas.ExperimentOut, **problems.WRITE},
    operation_id="start_experiment",
    url_name="experiment-start",
)
def start_experiment(request: HttpRequest, workspace: Path[str], key: str) -> dict[str, Any]:
    """Pin the metrics' definitions and let it run; refused, with every reason, where it could not be answered."""
    access = access_of(request, role=Role.MAKER)
    experiment = experiment_or_404(access, key)
    services.start_experiment(experiment=experiment, actor=access.actor, at=timezone.now())
    return shown(access, key)


@router.post(
    "experiments/{key}/stop",
    response={200: schemas.ExperimentOut, **problems.WRITE},
    operation_id="stop_experiment",
    url_name="experiment-stop",
)
def stop_experiment(
    request: HttpRequest, workspace: Path[str], key: str, body: schemas.ExperimentWhyIn
) -> dict[str, Any]:
    """Take in no further units, and queue the last readout."""
    access = access_of(request, role=Role.MAKER)
    experiment = experiment_or_404(access, key)
    services.stop_experiment(experiment=experiment, why=body.why, actor=access.actor, at=timezone.now())
    return shown(access, key)


@router.post(
    "experiments/{key}/refresh",
    response={202: None, **problems.WRITE},
    operation_id="refresh_experiment",
    url_name="experiment-refresh",
)
def refresh_experiment(request: HttpRequest, workspace: Path[str], key: str) -> Answer[None]:
    """Queue a new readout of the data."""
    access = access_of(request, role=Role.CONTRIBUTOR)
    services.queue_readout(experiment=experiment_or_404(access, key))
    return Answer(202, None)
