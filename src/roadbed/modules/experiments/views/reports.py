"""The report of an experiment: as a file, and behind a secret address for people outside."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.gates.shared_links import Door, quiet
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.forms.experiments import ReportShareForm
from roadbed.modules.experiments.models import Experiment, LookPlan, Readout, ReportShare
from roadbed.modules.experiments.views import run_parts, trial_parts
from roadbed.modules.experiments.views.experiments import put_errors
from roadbed.web import responses, toasts

DOOR = Door(
    name="experiments.report",
    cookie="report_share",
    salt="roadbed.experiments.report",
    template="experiments/shared_door.html",
)
KINDS = {"pdf": "pdf", "markdown": "markdown", "md": "markdown", "json": "json"}


@page()
@require_GET
def download(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """The report as a file: ``?as=markdown``, ``pdf`` or ``json``."""
    experiment = trial_parts.experiment_or_404(access, key)
    kind = KINDS.get(request.GET.get("as", "markdown"))
    if kind is None:
        raise Http404
    return as_file(services.make_report(experiment=experiment, kind=kind, at=timezone.now()))


def as_file(made: services.ReportFile) -> HttpResponse:
    """Send a finished file."""
    answer = HttpResponse(made.content, content_type=made.media)
    answer.headers["Content-Disposition"] = f'attachment; filename="{made.name}"'
    return answer


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def shares(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """The links to a report, and making one. Its address is shown once: only its hash is kept."""
    experiment = trial_parts.experiment_or_404(access, key)
    url = trial_parts.experiment_url(access, experiment)
    now = timezone.now()
    context: dict[str, Any] = {"experiment": experiment, "url": url, "base": trial_parts.base(access)}
    form = ReportShareForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        last = data["expires"]
        expires_at = (
            timezone.make_aware(datetime.combine(last + timedelta(days=1), time.min)) if last else None
        )
        try:
            share, secret = services.share_report(
                experiment=experiment,
                name=data["name"],
                password=data["password"],
                expires_at=expires_at,
                actor=access.actor,
                at=now,
            )
        except ValidationError as error:
            put_errors(form, error)
        else:
            context |= {"made": share, "address": request.build_absolute_uri(f"/x/{secret}/")}
            form = ReportShareForm()
    context |= {
        "form": form,
        "lines": [
            {
                "share": one,
                "is_open": one.is_open(now),
                "by": one.created_by.display_name if one.created_by else "",
            }
            for one in selectors.report_shares_of(experiment)
        ],
    }
    answer = responses.form_page if form.errors else responses.page
    return answer(request, "experiments/shares.html", context)


@page(role=Role.MAKER)
@require_POST
def revoke(request: HttpRequest, access: Access, key: str, share_id: int) -> HttpResponse:
    """Let a link lead nowhere any more."""
    experiment = trial_parts.experiment_or_404(access, key)
    try:
        share = selectors.access_report_share(experiment=experiment, share_id=share_id)
    except ReportShare.DoesNotExist as error:
        raise Http404 from error
    try:
        services.revoke_report_share(share=share, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        toasts.add(request, "; ".join(error.messages), tone="bad")
    else:
        toasts.add(request, f"{share.name} leads nowhere any more.")
    return responses.back(request, otherwise=f"{trial_parts.experiment_url(access, experiment)}shares/")


@require_http_methods(["GET", "HEAD", "POST"])
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """The report, for whoever has its address (and its password, where it has one)."""
    share = selectors.find_report_share(token=token, at=timezone.now())
    if share is None:
        raise Http404
    stopped = DOOR.stop(request, share)
    if stopped is not None:
        return stopped
    experiment = share.experiment
    kind = KINDS.get(request.GET.get("as", ""))
    if kind is not None:
        return quiet(as_file(services.make_report(experiment=experiment, kind=kind, at=timezone.now())))
    readout = selectors.latest_readout(experiment)
    context = {
        "facts": services.facts_of_report(experiment=experiment, readout=readout),
        "today": timezone.localdate(),
        **_drawn(experiment, readout),
    }
    return quiet(render(request, "experiments/shared.html", context))


def _drawn(experiment: Experiment, readout: Readout | None) -> dict[str, Any]:
    if readout is None or readout.problem:
        return {"rows": []}
    prior = services.prior_of(experiment) if experiment.plan == LookPlan.BAYESIAN else None
    found = run_parts.results(experiment, readout, prior)
    return {
        "rows": found["rows"],
        "several": found["several"],
        "scale": found["scale"],
        "verdict_tone": trial_parts.VERDICTS.get(readout.verdict, ""),
    }
