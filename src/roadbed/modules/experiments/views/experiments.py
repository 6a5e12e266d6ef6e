"""The list of experiments, and writing one down."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_http_methods

from roadbed.core.records import lists as record_lists
from roadbed.core.records import services as records
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.forms import lists
from roadbed.modules.experiments.forms.experiments import (
    ExperimentForm,
    initial_of,
    metric_choices,
    metric_rows,
)
from roadbed.modules.experiments.models import Decided, Experiment, MetricRole
from roadbed.modules.experiments.views import run_parts, trial_parts
from roadbed.web import pagination, parts, responses, tables, toasts

LIST_NAME = "experiments"
COLUMNS = (
    tables.Column("title", "Experiment", main=True, sortable=True),
    tables.Column("state", "State", tight=True),
    tables.Column("result", "Primary result"),
    tables.Column("verdict", "Recommended", tight=True),
    tables.Column("decision", "Decided", tight=True),
    tables.Column("units", "Units", numeric=True, tight=True),
    tables.Column("owner", "Owner", tight=True, shown=False),
    tables.Column("started", "Started", sortable=True, tight=True),
)


def _row(access: Access, one: Any) -> tables.Row:
    url = trial_parts.experiment_url(access, one)
    decision = getattr(one, "decision", None)
    primary = one.primaries[0].metric.title if one.primaries else ""
    summary = [each for each in (one.read_summary or []) if each["role"] == "primary"]
    wanted = (decision.variant if decision else "") or one.read_variant
    line = next((each for each in summary if each["variant"] == wanted), summary[0] if summary else None)
    result: Any = parts.quiet(primary or "–")
    if line is not None:
        text = line["text"] or f"cannot be told: {line['refused']}"
        mark = [] if one.read_is_trusted else [parts.chip("Not to be trusted", tone="bad", icon="warning")]
        result = parts.joined([parts.quiet(primary), format_html("{}", text), *mark])
    state: Any = trial_parts.state_chip(one)
    if (past := run_parts.past_of(one)) is not None:
        result = parts.joined(
            [parts.quiet(past["metric"]), format_html("{} ({})", past["lift"], past["interval"])]
        )
        state = parts.joined([state, parts.chip("Imported", tone="outline")])
    cells: dict[str, Any] = {
        "title": parts.title(one.title, url=url, key_text=one.key),
        "state": state,
        "result": result,
        "verdict": trial_parts.verdict_chip(
            one.read_verdict or "", one.read_variant or "", days_left=one.read_days_left
        )
        if one.read_verdict
        else parts.quiet("–"),
        "decision": decision_chips(decision),
        "units": f"{one.read_units:,}" if one.read_units else parts.quiet("–"),
        "owner": parts.person(one.owner.name) if one.owner else parts.quiet("–"),
        "started": parts.when(one.started_at, style="day") if one.started_at else parts.quiet("–"),
    }
    return tables.Row(id=str(one.pk), label=one.key, url=url, cells=cells)


def decision_chips(decision: Any) -> Any:
    """What was decided, with a mark where it went against the recommendation."""
    if decision is None:
        return parts.quiet("–")
    words = f"{decision.get_decided_display()} {decision.variant}".strip()
    chips = [parts.chip(words, tone=trial_parts.DECISIONS[Decided(decision.decided)])]
    if decision.differs:
        chips.append(parts.chip("Against", tone="warn"))
    return parts.joined(chips)


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """Every experiment, with what it shows and what was decided."""
    path = trial_parts.base(access)
    state = lists.EXPERIMENT_FILTERS.parse(
        request.GET, path=path, options=lists.experiment_options_for(access)
    )
    rows = selectors.filter_experiments(workspace_id=access.workspace.pk, filters=state.values)
    order = pagination.order_for(state.sort, columns=lists.EXPERIMENT_ORDER)
    found = pagination.paginate(rows, order=order, cursor=state.cursor)
    table = tables.Table(
        id="experiments",
        caption="Experiments",
        noun="experiments",
        columns=COLUMNS,
        state=state,
        page=found,
        rows=tuple(_row(access, one) for one in found.rows),
        views=record_lists.saved_views(access, list_name=LIST_NAME, base=path),
        save_view_url=f"/w/{access.workspace.slug}/views/?list={LIST_NAME}",
        export_url=f"{path}library/export/",
        empty=tables.Empty(
            "No experiments yet",
            "An experiment tells what a change does before everybody has it: write down what you believe, and how small"
            " an effect would matter.",
            action="Write the first" if access.can_make else "",
            url=f"{path}new/" if access.can_make else "",
        ),
    )
    return responses.page(
        request, "experiments/experiments.html", {"table": table, "state": state, "base": path}
    )


def put_errors(form: forms.Form, error: ValidationError) -> None:
    """Show what a service refuses beside the field that it is about."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error.messages)
        return
    for name, messages in error.message_dict.items():
        known = {"shares": "variants", "expires": "expires"}.get(name, name)
        form.add_error(known if known in form.fields else None, messages)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, access: Access) -> HttpResponse:
    """Write an experiment down."""
    if request.method == "GET":
        initial = initial_of(None) | {"owner": access.member.pk, "tests": request.GET.get("for", "")[:60]}
        return _form_page(request, access, None, _form(access, initial=initial))
    form = _form(access, request.POST)
    rows = metric_rows(workspace=access.workspace, experiment=None, sent=request.POST)
    choices, problems = metric_choices(rows)
    if form.is_valid() and not problems:
        settings = form.settings_of()
        fields = services.ExperimentFields(
            title=settings.pop("title"), settings=settings, metrics=choices, tests=form.cleaned_data["tests"]
        )
        try:
            experiment = services.create_experiment(
                workspace=access.workspace, fields=fields, actor=access.actor, at=timezone.now()
            )
        except ValidationError as error:
            put_errors(form, error)
        else:
            toasts.add(request, f"{experiment.key} is written down. It starts when you say so.")
            return HttpResponseRedirect(trial_parts.experiment_url(access, experiment))
    return _form_page(request, access, None, form, problems=problems)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Change what is written of a draft; once it has started, only its title, owner and product."""
    experiment = trial_parts.experiment_or_404(access, key)
    if request.method == "GET":
        return _form_page(request, access, experiment, _form(access, initial=initial_of(experiment)))
    data = request.POST.copy()
    if not experiment.is_draft:
        # Whatever is sent of the design, what started stays: the form shows it and does not offer it.
        kept = _form(access, initial=initial_of(experiment))
        for name in kept.fields:
            if name not in {"title", "owner", "product"}:
                value = kept[name].value()
                data[name] = "" if value is None else str(getattr(value, "pk", value))
    form = _form(access, data)
    rows = metric_rows(workspace=access.workspace, experiment=experiment, sent=data)
    choices, problems = metric_choices(rows) if experiment.is_draft else (None, [])
    if form.is_valid() and not problems:
        changes = form.settings_of()
        if not experiment.is_draft:
            changes = {name: changes[name] for name in ("title", "owner", "product")}
        sent = request.POST.get("version", "")
        try:
            services.change_experiment(
                experiment=experiment,
                changes=changes,
                metrics=choices,
                tests=form.cleaned_data["tests"] if experiment.is_draft else None,
                expected_version=int(sent) if sent.isdecimal() and len(sent) < 10 else None,
                actor=access.actor,
                at=timezone.now(),
            )
        except ValidationError as error:
            put_errors(form, error)
        except records.StaleRecordError as error:
            form.add_error(None, f"{error} Look at the newest version, then change it.")
        except services.WrongStateError as error:
            form.add_error(None, str(error))
        else:
            return HttpResponseRedirect(trial_parts.experiment_url(access, experiment))
    return _form_page(request, access, experiment, form, problems=problems)


def _form(access: Access, data: Any = None, initial: dict[str, Any] | None = None) -> ExperimentForm:
    return ExperimentForm(data, workspace=access.workspace, circles=access.circle_ids, initial=initial)


def _form_page(
    request: HttpRequest,
    access: Access,
    experiment: Experiment | None,
    form: ExperimentForm,
    *,
    problems: list[str] | None = None,
) -> HttpResponse:
    for problem in problems or []:
        form.add_error(None, problem)
    sent = request.POST if request.method == "POST" else None
    context = {
        "form": form,
        "experiment": experiment,
        "base": trial_parts.base(access),
        "url": trial_parts.experiment_url(access, experiment) if experiment else trial_parts.base(access),
        "is_open": experiment is None or experiment.is_draft,
        "rows": metric_rows(workspace=access.workspace, experiment=experiment, sent=sent),
        "roles": [("", "Not used"), *MetricRole.choices],
    }
    answer = responses.form_page if sent is not None else responses.page
    return answer(request, "experiments/experiment_form.html", context)
