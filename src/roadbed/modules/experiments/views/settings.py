"""Environments, their keys, segments and holdouts: what all flags share."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.forms.flags import (
    EnvironmentFieldsForm,
    EnvironmentForm,
    ImportForm,
    KeyForm,
)
from roadbed.modules.experiments.models import Environment, EnvironmentKey
from roadbed.modules.experiments.views import shared
from roadbed.web import responses, toasts
from roadbed_engines.flags import words

PATH = "settings/flags/"


def _url(access: Access) -> str:
    return f"/w/{access.workspace.slug}/{PATH}"


def _environment_or_404(access: Access, key: str) -> Environment:
    try:
        return selectors.access_environment(workspace_id=access.workspace.pk, key=key)
    except Environment.DoesNotExist as error:
        raise Http404 from error


def _shown(request: HttpRequest, access: Access, *, status: int = 200, **more: Any) -> HttpResponse:
    environments = selectors.environments_of(workspace_id=access.workspace.pk)
    context = {
        "url": _url(access),
        "places": [
            {
                "environment": each,
                "keys": selectors.keys_of(each),
                "form": EnvironmentFieldsForm(instance=each, prefix=each.key),
            }
            for each in environments
        ],
        "form": EnvironmentForm(),
        "key_form": KeyForm(),
        "segments": [
            {"segment": each, "words": words.of_condition(each.condition)}
            for each in selectors.segments_of(workspace_id=access.workspace.pk)
        ],
        "holdouts": [
            {"holdout": each, "percent": words.percent(each.share)}
            for each in selectors.holdouts_of(workspace_id=access.workspace.pk)
        ],
        **more,
    }
    return responses.page(request, "experiments/settings.html", context, status=status)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """Environments and keys. POST adds an environment, which takes an owner."""
    if request.method == "GET":
        return _shown(request, access)
    form = EnvironmentForm(request.POST)
    if not access.can_own:
        form.add_error(None, "Only an owner adds an environment.")
    elif form.is_valid():
        try:
            services.create_environment(
                workspace=access.workspace, **form.cleaned_data, actor=access.actor, at=timezone.now()
            )
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            return HttpResponseRedirect(_url(access))
    return _shown(request, access, status=422, form=form)


@page(role=Role.OWNER)
@require_POST
def change(request: HttpRequest, access: Access, environment: str) -> HttpResponse:
    """Rename an environment, or change how many must approve."""
    found = _environment_or_404(access, environment)
    form = EnvironmentFieldsForm(request.POST, instance=found, prefix=found.key)
    if form.is_valid():
        fresh = _environment_or_404(access, environment)
        services.change_environment(
            environment=fresh, **form.cleaned_data, actor=access.actor, at=timezone.now()
        )
        toasts.add(request, f"{fresh.name} asks for {fresh.approvals or 'no'} approvals.")
    else:
        toasts.add(request, "A name, and from 0 to 5 approvals.", tone="bad")
    return HttpResponseRedirect(_url(access))


@page(role=Role.MAKER)
@require_POST
def make_key(request: HttpRequest, access: Access, environment: str) -> HttpResponse:
    """Make a key, and show its secret this once."""
    found = _environment_or_404(access, environment)
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _shown(request, access, status=422, key_form=form, opened=found.key)
    key, secret = services.make_key(
        environment=found,
        kind=EnvironmentKey.Kind(form.cleaned_data["kind"]),
        name=form.cleaned_data["name"],
        origins=form.cleaned_data["origins"].replace(",", " ").split(),
        actor=access.actor,
        at=timezone.now(),
    )
    return _shown(request, access, made=key, secret=secret)


@page(role=Role.MAKER)
@require_POST
def revoke_key(request: HttpRequest, access: Access, environment: str, key_id: int) -> HttpResponse:
    """End a key."""
    found = _environment_or_404(access, environment)
    key = found.keys.filter(pk=key_id, revoked_at__isnull=True).first()
    if key is None:
        raise Http404
    services.revoke_key(key=key, actor=access.actor, at=timezone.now())
    toasts.add(request, f"{key.name} opens nothing any more.")
    return HttpResponseRedirect(_url(access))


@page(role=Role.OWNER)
@require_POST
def put_segment(request: HttpRequest, access: Access) -> HttpResponse:
    """Make a segment, or change it."""
    key = request.POST.get("key", "").strip().replace("\x00", "")
    try:
        condition = json.loads(request.POST.get("condition", "") or "{}")
        if not isinstance(condition, dict):
            raise ValidationError("A condition is a JSON object.")
        services.put_segment(
            workspace=access.workspace,
            key=key,
            name=request.POST.get("name", "").replace("\x00", ""),
            condition=condition,
            actor=access.actor,
            at=timezone.now(),
        )
    except services.FlagRefusedError as error:
        toasts.add(request, "; ".join(map(str, error.problems)), tone="bad")
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
    except (ValueError, RecursionError) as error:
        toasts.add(request, f"This is no JSON: {error}", tone="bad")
    else:
        toasts.add(request, f"Segment {key} kept. Every flag that uses it follows.")
    return HttpResponseRedirect(_url(access))


@page(role=Role.OWNER)
@require_POST
def put_holdout(request: HttpRequest, access: Access) -> HttpResponse:
    """Make a holdout, or change it."""
    key = request.POST.get("key", "").strip().replace("\x00", "")
    try:
        share = float(request.POST.get("percent", "").rstrip("% ") or "nan") / 100
        services.put_holdout(
            workspace=access.workspace,
            key=key,
            changes={
                "name": request.POST.get("name", "").replace("\x00", "").strip() or key,
                "share": share,
                "unit": request.POST.get("unit", "").replace("\x00", "").strip() or "targetingKey",
                "joins_new": request.POST.get("joins_new") == "yes",
                "is_on": request.POST.get("is_on") == "yes",
            },
            actor=access.actor,
            at=timezone.now(),
        )
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
    except ValueError:
        toasts.add(request, "A holdout keeps from 0 to 50% of the units.", tone="bad")
    return HttpResponseRedirect(_url(access))


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def move_in(request: HttpRequest, access: Access) -> HttpResponse:
    """Bring in definitions of GrowthBook, Unleash or another Roadbed."""
    environments = (
        services.ensure_environments(workspace=access.workspace, actor=access.actor, at=timezone.now())
        if request.method == "POST"
        else selectors.environments_of(workspace_id=access.workspace.pk)
    )
    context: dict[str, Any] = {"base": shared.base(access), "is_first": not environments}
    if request.method == "GET":
        context["form"] = ImportForm(environments=environments)
        return responses.page(request, "experiments/import.html", context)
    form = ImportForm(request.POST, request.FILES, environments=environments)
    if form.is_valid():
        try:
            context["moved"] = services.import_flags(
                environment=_environment_or_404(access, form.cleaned_data["environment"]),
                payload=form.cleaned_data["payload"],
                actor=access.actor,
                at=timezone.now(),
            )
        except ValidationError as error:
            form.add_error(None, forms.ValidationError(error.messages))
        else:
            context["form"] = ImportForm(environments=environments)
            return responses.page(request, "experiments/import.html", context)
    return responses.form_page(request, "experiments/import.html", {**context, "form": form})


@page()
@require_http_methods(["GET"])
def reviews(request: HttpRequest, access: Access) -> HttpResponse:
    """The drafts that wait for somebody to look at them."""
    found = selectors.waiting_for_review(workspace_id=access.workspace.pk)
    context = {
        "base": shared.base(access),
        "lines": [
            {
                "draft": each,
                "url": f"{shared.place_url(access, each.flag, each.environment)}review/",
                "is_own": each.author_id == access.member.user_id,
            }
            for each in found
        ],
    }
    return responses.page(request, "experiments/reviews.html", context)
