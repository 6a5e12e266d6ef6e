"""Settings of data: events and how long they are kept, places that are read, exposures and facts over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.analytics.sources.places import SourceError
from roadbed.core.files.services import FileTooLargeError
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.forms.data import (
    ExposuresForm,
    FactsForm,
    MappedForm,
    NewPlaceForm,
    PlaceForm,
)
from roadbed.modules.experiments.models import (
    DataSource,
    Environment,
    ExposureSource,
    FactSource,
    Flag,
    Place,
)
from roadbed.web import responses, toasts

Mapped = ExposureSource | FactSource


def url_of(access: Access) -> str:
    """The address of the settings of data."""
    return f"/w/{access.workspace.slug}/settings/data/"


def _source_or_404(access: Access, key: str) -> DataSource:
    try:
        return selectors.access_data_source(workspace_id=access.workspace.pk, key=key)
    except DataSource.DoesNotExist as error:
        raise Http404 from error


def _said(error: ValidationError) -> str:
    return " ".join(error.messages)


@page(role=Role.MAKER)
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """What is kept and read, and how."""
    workspace_id = access.workspace.pk
    context = {
        "url": url_of(access),
        "held": services.waiting_events(workspace_id),
        "policy": services.policy_of(access.workspace),
        "environments": [
            {"environment": each, "logs": logs}
            for each, logs in selectors.environments_with_logs(workspace_id=workspace_id)
        ],
        "sources": selectors.data_sources_of(workspace_id=workspace_id),
        "exposures": selectors.exposure_sources_of(workspace_id=workspace_id),
        "facts": selectors.fact_sources_of(workspace_id=workspace_id),
    }
    return responses.page(request, "experiments/data.html", context)


@page(role=Role.OWNER)
@require_POST
def policy(request: HttpRequest, access: Access) -> HttpResponse:
    """Change how long events are kept."""
    sent = request.POST.get("keep_days", "")
    try:
        if not (sent.isascii() and sent.isdecimal() and len(sent) < 6):
            raise ValidationError("A number of days is wanted.")
        services.change_policy(
            workspace=access.workspace, keep_days=int(sent), actor=access.actor, at=timezone.now()
        )
    except ValidationError as error:
        toasts.add(request, _said(error), tone="bad")
    else:
        toasts.add(request, f"Events are kept for {sent} days; older ones go in the night that follows.")
    return HttpResponseRedirect(url_of(access))


@page(role=Role.MAKER)
@require_POST
def log(request: HttpRequest, access: Access) -> HttpResponse:
    """Begin or end to write evaluations down as exposures."""
    flag = None
    try:
        place = selectors.access_environment(
            workspace_id=access.workspace.pk, key=request.POST.get("environment", "")[:40]
        )
        if key := request.POST.get("flag", "").strip():
            flag = selectors.access_flag(workspace_id=access.workspace.pk, key=key[:128])
    except (Environment.DoesNotExist, Flag.DoesNotExist):
        toasts.add(request, "There is no such flag or environment here.", tone="bad")
        return HttpResponseRedirect(url_of(access))
    on = request.POST.get("on") == "yes"
    services.log_exposures(environment=place, flag=flag, on=on, actor=access.actor, at=timezone.now())
    what = f"Evaluations of {flag.flag_key if flag else 'all flags'} in {place.name}"
    toasts.add(request, f"{what} are {'written down from now on' if on else 'no longer written down'}.")
    return HttpResponseRedirect(url_of(access))


@page(role=Role.OWNER)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, access: Access) -> HttpResponse:
    """Add a place to read from; ``kind`` says which."""
    kind = request.GET.get("kind") or request.POST.get("kind") or Place.FILES
    if kind not in {Place.FILES, Place.POSTGRES}:
        raise Http404
    context: dict[str, Any] = {"url": url_of(access), "kind": kind, "kind_name": Place(kind).label}
    if request.method == "GET":
        return responses.page(
            request, "experiments/data_place.html", {**context, "form": NewPlaceForm(kind=kind)}
        )
    form = NewPlaceForm(request.POST, kind=kind)
    if form.is_valid():
        data = form.cleaned_data
        try:
            made = services.create_data_source(
                workspace=access.workspace, kind=kind, key=data["key"], name=data["name"],
                settings=form.settings_of(), password=data.get("password", ""), actor=access.actor, at=timezone.now(),
            )  # fmt: skip
        except ValidationError as error:
            _put_errors(form, error)
        else:
            return HttpResponseRedirect(f"{url_of(access)}sources/{made.key}/")
    return responses.form_page(request, "experiments/data_place.html", {**context, "form": form})


def _put_errors(form: Any, error: ValidationError) -> None:
    if hasattr(error, "error_dict"):
        for name, messages in error.message_dict.items():
            form.add_error(name if name in form.fields else None, messages)
    else:
        form.add_error(None, error.messages)


@page(role=Role.OWNER)
@require_http_methods(["GET", "POST"])
def source(request: HttpRequest, access: Access, source: str) -> HttpResponse:
    """A place: where it leads, its tables, its files."""
    found = _source_or_404(access, source)
    form = PlaceForm(
        request.POST if request.method == "POST" else None,
        kind=found.kind,
        initial={"name": found.name, **found.settings},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.change_data_source(
                source=found, name=data["name"], settings=form.settings_of(), password=data.get("password", ""),
                actor=access.actor, at=timezone.now(),
            )  # fmt: skip
        except ValidationError as error:
            _put_errors(form, error)
        else:
            toasts.add(request, f"{data['name']} is kept.")
            return HttpResponseRedirect(url_of(access))
    context = {
        "url": url_of(access),
        "source": found,
        "kind": found.kind,
        "kind_name": found.get_kind_display(),
        "form": form,
        "files": list(found.files.select_related("file")),
        "is_sealed": bool(found.sealed) and not found.secrets,
    }
    shown = responses.form_page if request.method == "POST" else responses.page
    return shown(request, "experiments/data_place.html", context)


@page(role=Role.OWNER)
@require_POST
def upload(request: HttpRequest, access: Access, source: str) -> HttpResponse:
    """Add a file to a source of files."""
    found = _source_or_404(access, source)
    sent = request.FILES.get("file")
    try:
        if sent is None:
            raise ValidationError("A file is wanted.")
        made = services.add_file(
            source=found,
            name=sent.name or "file",
            chunks=sent.chunks(),
            actor=access.actor,
            at=timezone.now(),
        )
    except ValidationError as error:
        toasts.add(request, _said(error), tone="bad")
    except FileTooLargeError as error:
        toasts.add(request, str(error), tone="bad")
    else:
        toasts.add(request, f"{sent.name} is the table {made.table} now.")
    return HttpResponseRedirect(f"{url_of(access)}sources/{found.key}/")


@page(role=Role.OWNER)
@require_POST
def remove(request: HttpRequest, access: Access, source: str) -> HttpResponse:
    """Take a place away that no metric reads."""
    found = _source_or_404(access, source)
    try:
        services.remove_data_source(source=found, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        toasts.add(request, _said(error), tone="bad")
    else:
        toasts.add(request, f"{found.name} is taken away, and its password forgotten.")
    return HttpResponseRedirect(url_of(access))


def _mapping(
    request: HttpRequest,
    access: Access,
    held: Mapped | None,
    form_type: type[MappedForm],
    draft: Callable[..., Any],
    put: Callable[..., Any],
    noun: str,
) -> HttpResponse:
    if request.method == "POST":
        services.ensure_sources(workspace=access.workspace, at=timezone.now())
    sources = selectors.data_sources_of(workspace_id=access.workspace.pk) or [services.own_data_source()]
    context: dict[str, Any] = {
        "url": url_of(access),
        "noun": noun,
        "held": held,
        "has_sources": bool(sources),
    }
    if request.method == "GET":
        form = form_type(
            sources=sources, is_new=held is None, initial=_initial(held, form_type) if held else None
        )
        return responses.page(request, "experiments/data_mapping.html", {**context, "form": form})
    form = form_type(request.POST, sources=sources, is_new=held is None)
    if form.is_valid():
        place = next(each for each in sources if each.key == form.cleaned_data["data_source"])
        try:
            if request.POST.get("deed") == "try":
                tried = services.attempt_mapped(draft(data_source=place, fields=form.fields_of()))
                return responses.page(
                    request, "experiments/data_mapping.html", {**context, "form": form, "tried": tried}
                )
            put(
                workspace=access.workspace, key=held.key if held else form.cleaned_data["key"], data_source=place,
                fields=form.fields_of(), actor=access.actor, at=timezone.now(),
            )  # fmt: skip
        except ValidationError as error:
            _put_errors(form, error)
        except SourceError as error:
            form.add_error(None, str(error))
        else:
            toasts.add(request, f"{form.cleaned_data['name']} is mapped.")
            return HttpResponseRedirect(url_of(access))
    return responses.form_page(request, "experiments/data_mapping.html", {**context, "form": form})


def _initial(held: Mapped, form_type: type[MappedForm]) -> dict[str, Any]:
    names = [name for name in form_type.base_fields if name not in {"key", "data_source"}]
    found = {name: getattr(held, name) for name in names}
    lists = {name: ", ".join(found[name]) for name in form_type.lists}
    return {**found, **lists, "data_source": held.data_source.key}


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def map_exposures(request: HttpRequest, access: Access, source: str = "") -> HttpResponse:
    """Map exposures; “Try it” reads the first rows and keeps nothing."""
    return _mapping(
        request, access, _exposures_or_404(access, source) if source else None, ExposuresForm,
        services.draft_exposure_source, services.put_exposure_source, "exposures",
    )  # fmt: skip


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def map_facts(request: HttpRequest, access: Access, source: str = "") -> HttpResponse:
    """Map facts; “Try it” reads the first rows and keeps nothing."""
    return _mapping(
        request, access, _facts_or_404(access, source) if source else None, FactsForm,
        services.draft_fact_source, services.put_fact_source, "facts",
    )  # fmt: skip


def _exposures_or_404(access: Access, key: str) -> ExposureSource:
    try:
        return selectors.access_exposure_source(workspace_id=access.workspace.pk, key=key)
    except ExposureSource.DoesNotExist as error:
        raise Http404 from error


def _facts_or_404(access: Access, key: str) -> FactSource:
    try:
        return selectors.access_fact_source(workspace_id=access.workspace.pk, key=key)
    except FactSource.DoesNotExist as error:
        raise Http404 from error


def _remove(request: HttpRequest, access: Access, mapped: Mapped) -> HttpResponse:
    try:
        services.remove_mapped(mapped=mapped, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        toasts.add(request, _said(error), tone="bad")
    else:
        toasts.add(request, f"{mapped.name} is no longer mapped.")
    return HttpResponseRedirect(url_of(access))


@page(role=Role.MAKER)
@require_POST
def remove_exposures(request: HttpRequest, access: Access, source: str) -> HttpResponse:
    """Take an exposure source away."""
    return _remove(request, access, _exposures_or_404(access, source))


@page(role=Role.MAKER)
@require_POST
def remove_facts(request: HttpRequest, access: Access, source: str) -> HttpResponse:
    """Take a fact source away that no metric reads."""
    return _remove(request, access, _facts_or_404(access, source))
