"""What the plan is for: objectives with their key results, and the features that deliver them."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.records import markdown, pages
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import selectors, services
from roadbed.modules.roadmap.forms import lists
from roadbed.modules.roadmap.forms.objectives import CheckInForm, DeliverForm, KeyResultForm, ObjectiveForm
from roadbed.modules.roadmap.models import Feature, KeyResult, Objective, Status
from roadbed.modules.roadmap.views import asking, shared
from roadbed.web import pagination, parts, responses
from roadbed.web.receipts import Part, Receipt

STATE_TONES = {
    Objective.State.ACTIVE: "accent",
    Objective.State.CLOSED: "good",
    Objective.State.DRAFT: "outline",
}
METHOD = "The part of the way from the baseline to the target, by the latest check-in; never below 0 or above 100%."


def objective_url(access: Access, objective: Objective) -> str:
    """The address of an objective."""
    return f"{shared.base(access)}objectives/{objective.number}/"


def _amount(value: float, unit: str) -> str:
    text = f"{value:,.2f}".rstrip("0").rstrip(".")
    return f"{text} {unit}".strip() if unit not in {"%"} else f"{text}%"


def result_line(access: Access, objective: Objective, key_result: KeyResult) -> dict[str, Any]:
    """Return a key result for a page, open to its check-ins."""
    found = selectors.progress_of_result(key_result)
    unit = key_result.unit
    checks = [
        Part(
            f"{timezone.localtime(one.at):%-d %b %Y}, {one.by_name or 'somebody'}",
            _amount(one.value, unit) + (f", {one.confidence}% sure" if one.confidence is not None else ""),
        )
        for one in found.check_ins[:12]
    ]
    receipt = Receipt(
        value=f"{found.share:.0%}" if found.share is not None else "not checked yet",
        title=key_result.title,
        parts=(
            Part("Baseline", _amount(key_result.baseline, unit)),
            *checks,
            Part("Target", _amount(key_result.target, unit)),
        ),
        method=METHOD,
    )
    latest = found.check_ins[0] if found.check_ins else None
    return {
        "result": key_result,
        "url": f"{objective_url(access, objective)}results/{key_result.pk}/",
        "receipt": receipt,
        "way": f"{_amount(key_result.baseline, unit)} → {_amount(key_result.target, unit)}",
        "now": _amount(latest.value, unit) if latest else "",
        "latest": latest,
        "meter": parts.meter(
            round((found.share or 0) * 100),
            most=100,
            label=f"{key_result.title}: {receipt.value}",
            text="",
            tone="good" if (found.share or 0) >= 1 else "",
        ),
    }


def progress_receipt(objective: Objective) -> Receipt | None:
    """Return an objective's progress, open to its key results; None where it has none."""
    share = selectors.progress_of_objective(objective)
    if share is None:
        return None
    found = [selectors.progress_of_result(one) for one in objective.key_results.all()]
    return Receipt(
        value=f"{share:.0%}",
        title=objective.title,
        parts=tuple(
            Part(one.key_result.title, f"{one.share:.0%}" if one.share is not None else "not checked yet")
            for one in found
        ),
        total=Part("Mean", f"{share:.0%}"),
        method="The mean over its key results; one that nobody has checked counts as not begun.",
    )


def _feature_line(access: Access, feature: Feature) -> dict[str, Any]:
    return {
        "feature": feature,
        "url": shared.feature_url(access, feature),
        "chip": shared.status_chip(feature),
        "release": feature.release.title if feature.release else "",
    }


def _line(access: Access, objective: Objective, features: list[Feature]) -> dict[str, Any]:
    kept = [one for one in features if one.status != Status.DROPPED]
    return {
        "objective": objective,
        "url": objective_url(access, objective),
        "chip": parts.chip(
            Objective.State(objective.state).label, tone=STATE_TONES[Objective.State(objective.state)]
        ),
        "progress": progress_receipt(objective),
        "results": [result_line(access, objective, one) for one in objective.key_results.all()],
        "features": [_feature_line(access, one) for one in features],
        "shipped": sum(one.status == Status.SHIPPED for one in kept),
        "planned": len(kept),
    }


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """The roadmap by objective: each with its key results and the features that deliver it."""
    path = f"{shared.base(access)}objectives/"
    state = lists.OBJECTIVE_FILTERS.parse(request.GET, path=path, options=lists.options_for(access))
    rows = selectors.filter_objectives(workspace_id=access.workspace.pk, filters=state.values)
    order = pagination.order_for(state.sort, columns=lists.OBJECTIVE_ORDER)
    found = pagination.paginate(rows, order=order, cursor=state.cursor)
    delivered = selectors.delivering(objective_ids=[one.pk for one in found.rows])
    context = {
        "lines": [_line(access, one, delivered.get(one.pk, [])) for one in found.rows],
        "page": found,
        "state": state,
        "switch": shared.switch(access, "objectives"),
        "base": shared.base(access),
        "next_url": state.url(after=found.next) if found.next else "",
    }
    return responses.page(request, "roadmap/objectives.html", context)


def objective_or_404(access: Access, number: int) -> Objective:
    """Return the objective; a stranger's and a missing one look the same."""
    try:
        return selectors.access_objective(workspace_id=access.workspace.pk, number=number)
    except Objective.DoesNotExist as error:
        raise Http404 from error


def _result_or_404(access: Access, number: int, result_id: int) -> KeyResult:
    try:
        return selectors.access_key_result(
            workspace_id=access.workspace.pk, number=number, result_id=result_id
        )
    except KeyResult.DoesNotExist as error:
        raise Http404 from error


@page()
@require_GET
def show(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """An objective: how far it is, by what, and what is built for it."""
    objective = objective_or_404(access, number)
    features = selectors.delivering(objective_ids=[objective.pk]).get(objective.pk, [])
    context = {
        **pages.record_context(access=access, record=objective, now=timezone.now(), with_chain=False),
        **_line(access, objective, features),
        "base": shared.base(access),
        "description": markdown.render(objective.description, workspace=access.workspace.slug),
        "lesson": markdown.render(objective.lesson, workspace=access.workspace.slug),
    }
    return responses.page(request, "roadmap/objective.html", context)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, access: Access) -> HttpResponse:
    """Set an objective."""

    def save(data: dict[str, Any]) -> asking.Done:
        objective, deed = services.create_objective(
            workspace=access.workspace,
            draft=services.ObjectiveDraft(**data),
            actor=access.actor,
            at=timezone.now(),
        )
        return asking.Done(deed.summary, url=objective_url(access, objective), deed=deed)

    today = timezone.localdate()
    first = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    return asking.ask(
        request,
        access,
        form_class=ObjectiveForm,
        heading="New objective",
        back=f"{shared.base(access)}objectives/",
        crumb="Objectives",
        crumb_url=f"{shared.base(access)}objectives/",
        initial={"first_date": first, "state": Objective.State.ACTIVE, "product": access.member.product_id},
        save=save,
    )


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Change an objective, or close it."""
    objective = objective_or_404(access, number)

    def save(data: dict[str, Any]) -> asking.Done:
        deed = services.change_objective(
            objective=objective, changes=data, actor=access.actor, at=timezone.now()
        )
        return asking.Done(deed.summary if deed else "Nothing to change.", deed=deed)

    return asking.ask(
        request,
        access,
        form_class=ObjectiveForm,
        heading=f"Change {objective.key}",
        back=objective_url(access, objective),
        crumb=objective.key,
        crumb_url=objective_url(access, objective),
        initial={name: getattr(objective, name) for name in ObjectiveForm.base_fields},
        save=save,
    )


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def add_result(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Add a key result."""
    objective = objective_or_404(access, number)

    def save(data: dict[str, Any]) -> asking.Done:
        services.put_key_result(objective=objective, actor=access.actor, at=timezone.now(), **data)
        return asking.Done("Added the key result.")

    return asking.ask(
        request,
        access,
        form_class=KeyResultForm,
        heading=f"A key result of {objective.key}",
        intro=objective.title,
        back=objective_url(access, objective),
        crumb=objective.key,
        crumb_url=objective_url(access, objective),
        save=save,
    )


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def edit_result(request: HttpRequest, access: Access, number: int, result_id: int) -> HttpResponse:
    """Change a key result."""
    found = _result_or_404(access, number, result_id)
    objective = found.objective

    def save(data: dict[str, Any]) -> asking.Done:
        services.put_key_result(
            objective=objective, key_result=found, actor=access.actor, at=timezone.now(), **data
        )
        return asking.Done("Changed the key result.")

    return asking.ask(
        request,
        access,
        form_class=KeyResultForm,
        heading=f"Change a key result of {objective.key}",
        back=objective_url(access, objective),
        crumb=objective.key,
        crumb_url=objective_url(access, objective),
        initial={name: getattr(found, name) for name in KeyResultForm.base_fields},
        save=save,
    )


@page(role=Role.MAKER)
@require_POST
def remove_result(request: HttpRequest, access: Access, number: int, result_id: int) -> HttpResponse:
    """Take a key result out."""
    found = _result_or_404(access, number, result_id)
    return shared.deed(
        request,
        access,
        lambda: services.remove_key_result(key_result=found, actor=access.actor, at=timezone.now()),
        otherwise=objective_url(access, found.objective),
        message="Removed the key result.",
    )


@page(role=Role.CONTRIBUTOR)
@require_http_methods(["GET", "POST"])
def check_in(request: HttpRequest, access: Access, number: int, result_id: int) -> HttpResponse:
    """Say how a key result's figure stands."""
    found = _result_or_404(access, number, result_id)
    objective = found.objective

    def save(data: dict[str, Any]) -> asking.Done:
        services.check_in(key_result=found, actor=access.actor, at=timezone.now(), **data)
        return asking.Done(f"Checked in: {_amount(data['value'], found.unit)}.")

    return asking.ask(
        request,
        access,
        form_class=CheckInForm,
        heading=found.title,
        intro=f"From {_amount(found.baseline, found.unit)} to {_amount(found.target, found.unit)}.",
        back=objective_url(access, objective),
        crumb=objective.key,
        crumb_url=objective_url(access, objective),
        save=save,
        deed="Check in",
    )


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def add_features(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Say which features deliver an objective."""
    objective = objective_or_404(access, number)

    def save(data: dict[str, Any]) -> asking.Done:
        for feature in data["features"]:
            services.deliver(feature=feature, objective=objective, actor=access.actor, at=timezone.now())
        keys = ", ".join(one.key for one in data["features"])
        return asking.Done(f"{keys} deliver {objective.key}.")

    return asking.ask(
        request,
        access,
        form_class=DeliverForm,
        heading=f"What delivers {objective.key}?",
        intro=objective.title,
        back=objective_url(access, objective),
        crumb=objective.key,
        crumb_url=objective_url(access, objective),
        save=save,
    )
