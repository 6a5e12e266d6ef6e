"""An experiment: its document while it is a draft, what it shows once it runs, and its readouts."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from roadbed.core.records import kinds, markdown, pages
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.models import Experiment, ExperimentState, Readout
from roadbed.modules.experiments.selectors.figures import amount, percent
from roadbed.modules.experiments.views import run_parts, trial_parts
from roadbed.web import charts, responses, toasts


@page()
@require_GET
def show(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """The document of a draft; of everything else what it shows, health first."""
    experiment = trial_parts.experiment_or_404(access, key)
    context = common(access, experiment)
    if experiment.is_draft:
        return responses.page(request, "experiments/draft.html", {**context, **_draft(experiment)})
    readout = selectors.latest_readout(experiment)
    attempt = selectors.newest_attempt(experiment)
    context |= {"readout": readout, "attempt": attempt, "past": run_parts.past_of(experiment)}
    if readout is not None and not readout.problem:
        found = run_context(request, access, experiment, readout)
        for chart in found["charts"].values():
            if chart is not None and (download := charts.download(request, chart)):
                return download
        context |= found
    return responses.page(request, "experiments/experiment.html", context)


def common(access: Access, experiment: Experiment) -> dict[str, Any]:
    """What every page of an experiment shows."""
    slug = access.workspace.slug
    return {
        **pages.record_context(access=access, record=experiment, now=timezone.now(), with_chain=False),
        "experiment": experiment,
        "url": trial_parts.experiment_url(access, experiment),
        "base": trial_parts.base(access),
        "chip": trial_parts.state_chip(experiment),
        "decision": getattr(experiment, "decision", None),
        "hypothesis": markdown.render(experiment.hypothesis, workspace=slug),
        "about": run_parts.about(access, experiment),
        "metrics": [
            {"row": row, "url": kinds.url_of(row.metric, workspace=slug)}
            for row in selectors.metrics_of(experiment)
        ],
        "tested": [
            {"record": one, "url": kinds.url_of(one, workspace=slug)}
            for one in selectors.targets_of(experiment, circles=access.circle_ids)
        ],
        "flag_url": kinds.url_of(experiment.split_flag, workspace=slug) if experiment.split_flag else "",
    }


def _draft(experiment: Experiment) -> dict[str, Any]:
    at = timezone.now()
    plan = services.plan_size(experiment=experiment, at=at, measures=False)
    obstacles = services.readiness(experiment=experiment, at=at, measures=False)
    whole = sum(experiment.shares.values()) or 1.0
    history = plan.history if plan else None
    return {
        "obstacles": obstacles,
        "may_start": not any(one.stops for one in obstacles),
        "power": plan,
        "history": None
        if history is None
        else {
            "value": amount(history.value, kind="proportion" if history.is_share else "mean"),
            "a_day": f"{history.units_a_day:,.0f}",
            "units": history.units,
        },
        "steps": [
            {"weeks": one.weeks, "units": one.units, "lift": percent(one.lift, sign=False),
             "enough": bool(experiment.minimum_effect) and one.lift <= experiment.minimum_effect}
            for one in (plan.steps if plan else ())
        ],
        "smallest": percent(experiment.minimum_effect, sign=False),
        "shares": [
            {"name": name, "share": experiment.shares[name] / whole, "is_control": name == experiment.control}
            for name in experiment.variants
        ],
    }  # fmt: skip


def run_context(
    request: HttpRequest, access: Access, experiment: Experiment, readout: Readout
) -> dict[str, Any]:
    """What a readout says, for its page."""
    prior, prior_form = run_parts.prior_asked(request, experiment)
    found = run_parts.results(experiment, readout, prior)
    lines = found.pop("lines")
    document = readout.document
    said = document.get("recommendation") or {}
    novelty = document.get("novelty", [])
    return {
        **found,
        "prior": prior_form,
        "verdict": trial_parts.verdict_words(readout.verdict, readout.variant, days_left=readout.days_left),
        "verdict_chip": trial_parts.verdict_chip(
            readout.verdict, readout.variant, days_left=readout.days_left
        ),
        "verdict_tone": trial_parts.VERDICTS.get(readout.verdict, ""),
        "reasons": selectors.reasons_of(document),
        "choices": said.get("choices", []),
        "checks": run_parts.checks(readout),
        "leaks": run_parts.leaks(readout),
        "split": run_parts.split(experiment, readout),
        "progress": run_parts.progress(experiment, readout, lines),
        "breakdowns": run_parts.breakdowns(readout),
        "interactions": [
            {**one, "url": f"{trial_parts.base(access)}{one['key'].lower()}/"}
            for one in run_parts.interactions(readout)
        ],
        "courses": [{"variant": one["variant"], "said": trial_parts.course_words(one)} for one in novelty],
        "charts": run_parts.pictures(experiment, readout, lines),
        "confidence": f"{100 * float(document.get('confidence', 0.95)):g}%",
    }


@page(role=Role.MAKER)
@require_POST
def start(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Let it run, unless it could not be answered."""
    experiment = trial_parts.experiment_or_404(access, key)
    try:
        services.start_experiment(experiment=experiment, actor=access.actor, at=timezone.now())
    except services.ExperimentRefusedError as error:
        toasts.add(request, error.obstacles[0].sentence, tone="bad")
    except services.WrongStateError as error:
        toasts.add(request, str(error), tone="bad")
    else:
        toasts.add(request, f"{experiment.key} runs. Its metrics are pinned as they are defined now.")
    return responses.back(request, otherwise=trial_parts.experiment_url(access, experiment))


@page(role=Role.MAKER)
@require_POST
def stop(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Take in no further units."""
    experiment = trial_parts.experiment_or_404(access, key)
    why = request.POST.get("why", "")[:1000]
    try:
        services.stop_experiment(experiment=experiment, why=why, actor=access.actor, at=timezone.now())
    except services.WrongStateError as error:
        toasts.add(request, str(error), tone="bad")
    else:
        toasts.add(request, f"{experiment.key} is stopped. Its last readout is on the way.")
    return responses.back(request, otherwise=trial_parts.experiment_url(access, experiment))


@page(role=Role.CONTRIBUTOR)
@require_POST
def refresh(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Read the data anew, as a job."""
    experiment = trial_parts.experiment_or_404(access, key)
    if experiment.is_draft:
        toasts.add(request, f"{experiment.key} has not started, so there is nothing to read.", tone="bad")
    elif experiment.state == ExperimentState.DECIDED:
        toasts.add(request, f"{experiment.key} is decided. Take that back to read it anew.", tone="bad")
    else:
        services.queue_readout(experiment=experiment)
        toasts.add(request, "The data are being read. Reload in a moment.")
    return responses.back(request, otherwise=trial_parts.experiment_url(access, experiment))


@page()
@require_GET
def readouts(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Every readout, kept as it was."""
    experiment = trial_parts.experiment_or_404(access, key)
    url = trial_parts.experiment_url(access, experiment)
    context = {
        "experiment": experiment,
        "url": url,
        "base": trial_parts.base(access),
        "lines": [
            {
                "readout": one,
                "url": f"{url}readouts/{one.number}/",
                "chip": trial_parts.verdict_chip(one.verdict, one.variant),
                "primary": next((each["text"] for each in one.summary if each["role"] == "primary"), ""),
            }
            for one in selectors.readouts_of(experiment)
        ],
    }
    return responses.page(request, "experiments/readouts.html", context)


@page()
@require_GET
def readout(request: HttpRequest, access: Access, key: str, number: int) -> HttpResponse:
    """One readout as it was: what was asked, of which data, and what it said."""
    experiment = trial_parts.experiment_or_404(access, key)
    try:
        one = selectors.access_readout(experiment=experiment, number=number)
    except Readout.DoesNotExist as error:
        raise Http404 from error
    context = {
        "experiment": experiment,
        "url": trial_parts.experiment_url(access, experiment),
        "base": trial_parts.base(access),
        "readout": one,
    }
    if not one.problem:
        context |= run_context(request, access, experiment, one)
    return responses.page(request, "experiments/readout.html", context)
