"""Deciding an experiment, taking that back, and asking of its flag what was decided."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.forms.experiments import DecisionForm
from roadbed.modules.experiments.models import Decided
from roadbed.modules.experiments.views import shared, trial_parts
from roadbed.modules.experiments.views.experiments import put_errors
from roadbed.web import responses, toasts


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Decide, with what is recommended in sight."""
    experiment = trial_parts.experiment_or_404(access, key)
    url = trial_parts.experiment_url(access, experiment)
    readout = selectors.latest_readout(experiment)
    said = (readout.document.get("recommendation") or {}) if readout else {}
    context = {
        "experiment": experiment,
        "url": url,
        "base": trial_parts.base(access),
        "readout": readout,
        "verdict": trial_parts.verdict_words(readout.verdict, readout.variant) if readout else "",
        "reasons": selectors.reasons_of(readout.document) if readout else [],
        "choices": said.get("choices", []),
    }
    if request.method == "GET":
        ship = readout is not None and readout.verdict == "ship"
        initial = {
            "decided": Decided.SHIP if ship else Decided.KEEP,
            "variant": readout.variant if readout else "",
        }
        form = DecisionForm(experiment=experiment, initial=initial)
        return responses.page(request, "experiments/decide.html", {**context, "form": form})
    form = DecisionForm(request.POST, experiment=experiment)
    if form.is_valid():
        data = form.cleaned_data
        choice = services.Choice(Decided(data["decided"]), data["variant"], data["why"], data["learned"])
        try:
            services.decide_experiment(
                experiment=experiment, choice=choice, actor=access.actor, at=timezone.now()
            )
        except ValidationError as error:
            put_errors(form, error)
        except services.WrongStateError as error:
            form.add_error(None, str(error))
        else:
            toasts.add(request, f"{experiment.key} is decided.", undo_url=f"{url}withdraw/")
            return HttpResponseRedirect(url)
    return responses.form_page(request, "experiments/decide.html", {**context, "form": form})


@page(role=Role.MAKER)
@require_POST
def withdraw(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Take a decision back."""
    experiment = trial_parts.experiment_or_404(access, key)
    try:
        services.withdraw_decision(experiment=experiment, actor=access.actor, at=timezone.now())
    except services.WrongStateError as error:
        toasts.add(request, str(error), tone="bad")
    else:
        toasts.add(request, "The decision is taken back; it stays in the history.")
    return responses.back(request, otherwise=trial_parts.experiment_url(access, experiment))


@page(role=Role.MAKER)
@require_POST
def propose(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Draft what was decided on the flag; somebody looks at it and publishes."""
    experiment = trial_parts.experiment_or_404(access, key)
    try:
        draft = services.propose_on_flag(experiment=experiment, actor=access.actor, at=timezone.now())
    except (services.WrongStateError, ValidationError) as error:
        said = str(error) if isinstance(error, services.WrongStateError) else "; ".join(error.messages)
        toasts.add(request, said, tone="bad")
        return responses.back(request, otherwise=trial_parts.experiment_url(access, experiment))
    toasts.add(request, "Drafted on the flag. Look at it, then publish it.")
    return HttpResponseRedirect(shared.place_url(access, draft.flag, draft.environment))
