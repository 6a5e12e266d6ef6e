"""One feature: read, add, change, move."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from roadbed.core.evidence import chain, figures
from roadbed.core.records import markdown, pages
from roadbed.core.records import services as records
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.models import Member, Team
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import selectors, services
from roadbed.modules.roadmap.forms.features import FeatureForm, NewFeatureForm
from roadbed.modules.roadmap.models import Feature, Horizon, Lane, Level, Release, Status
from roadbed.modules.roadmap.models.strength import evidence_strength
from roadbed.modules.roadmap.views import dependencies, effort, fields, forecasts, merging, shared
from roadbed.web import responses, toasts

PLANNED = (
    "work",
    "size",
    "not_before",
    "due_date",
    "due_kind",
    "due_to",
    "actual_days",
    "public_title",
)
CHANGEABLE = (
    "title",
    "description",
    "level",
    "release",
    "owner",
    "team",
    "target_start",
    "target_end",
    "horizon",
    *PLANNED,
)


EDITED = (*CHANGEABLE, "status", "status_reason")


def _facts(access: Access, feature: Feature) -> list[dict[str, Any]]:
    return figures.asking_facts(
        record=feature, tally=getattr(feature, "tally", None), workspace=access.workspace
    )


@page()
@require_GET
def show(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """A feature with its evidence, its place in the plan and what lies under it."""
    feature = shared.feature_or_404(access, key)
    children = selectors.children_of(feature)
    context = {
        **pages.record_context(access=access, record=feature, now=timezone.now()),
        "feature": feature,
        "url": shared.feature_url(access, feature),
        "base": shared.base(access),
        "crumbs": [
            {"label": one.title, "url": shared.feature_url(access, one)} for one in selectors.path_of(feature)
        ],
        "status_chip": shared.status_chip(feature),
        "evidence_chip": shared.evidence_chip(access, feature),
        "description": markdown.render(feature.description, workspace=access.workspace.slug),
        "facts": _facts(access, feature),
        "edits": [
            fields.edit(access, feature, name) for name in ("status", "horizon", "release", "team", "owner")
        ],
        "children": [
            {
                "feature": child,
                "url": shared.feature_url(access, child),
                "chip": shared.status_chip(child),
                "people": child.tally.people if hasattr(child, "tally") else 0,
            }
            for child in children
        ],
        "slips": shared.slip_lines(feature),
        "forecast": forecasts.card(access, feature, today=timezone.localdate()),
        **effort.effort_context(access, feature),
        **dependencies.waits_context(access, feature),
        "today": timezone.localdate(),
        "release_url": shared.release_url(access, feature.release) if feature.release else "",
    }
    return responses.page(request, "roadmap/feature.html", context)


@page()
@require_GET
def evidence(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """What a feature's figures are made of: the dialog behind each of them."""
    feature = shared.feature_or_404(access, key)
    tally = getattr(feature, "tally", None)
    context = {
        "feature": feature,
        "url": shared.feature_url(access, feature),
        "strength": evidence_strength(tally),
        "facts": _facts(access, feature),
        "counted_at": tally.counted_at if tally else None,
        "chain": chain.chain_of(record=feature, workspace=access.workspace.slug),
        "chain_url": f"/w/{access.workspace.slug}/{feature.key}/chain/",
    }
    return render(request, "roadmap/evidence.html", context)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, access: Access) -> HttpResponse:
    """Add a node to the tree."""
    if request.method == "GET":
        form = NewFeatureForm(
            workspace=access.workspace,
            initial={
                "parent": request.GET.get("parent", "")[:20],
                "level": request.GET.get(
                    "level", Level.STORY if request.GET.get("parent") else Level.FEATURE
                ),
                "lane": request.GET.get("lane", Lane.PRODUCT),
                "product": access.member.product_id,
            },
        )
        return responses.page(
            request, "roadmap/feature_form.html", {"form": form, "base": shared.base(access)}
        )
    form = NewFeatureForm(request.POST, workspace=access.workspace)
    if form.is_valid():
        data = form.cleaned_data
        draft = services.Draft(
            title=data["title"],
            lane=Lane(data["lane"]),
            level=Level(data["level"]),
            parent=data["parent"],
            product=data["product"],
            status=Status(data["status"]),
            status_reason=data["status_reason"],
            horizon=Horizon(data["horizon"]),
            description=data["description"],
            owner=data["owner"],
            team=data["team"],
            release=data["release"],
            target_start=data["target_start"],
            target_end=data["target_end"],
            **{name: data[name] for name in PLANNED},
        )
        try:
            feature, deed = services.create_feature(
                workspace=access.workspace, draft=draft, actor=access.actor, at=timezone.now()
            )
        except ValidationError as error:
            _put_errors(form, error)
        else:
            toasts.add(request, f"{feature.key} added", undo_url=shared.undo_url(access, deed))
            return HttpResponseRedirect(shared.feature_url(access, feature))
    return responses.form_page(
        request, "roadmap/feature_form.html", {"form": form, "base": shared.base(access)}
    )


def _put_errors(form: forms.Form, error: ValidationError) -> None:
    if hasattr(error, "error_dict"):
        for name, messages in error.message_dict.items():
            form.add_error(name if name in form.fields else None, messages)
    else:
        form.add_error(None, error.messages)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Change everything about a feature but its place."""
    feature = shared.feature_or_404(access, key)
    context: dict[str, Any] = {
        "feature": feature,
        "url": shared.feature_url(access, feature),
        "base": shared.base(access),
    }
    unchanged = merging.form_of(feature, EDITED)
    as_it_is = merging.as_posted(unchanged)
    if request.method == "GET":
        context |= {"form": unchanged, "signed": merging.sign(as_it_is)}
        return responses.page(request, "roadmap/feature_form.html", context)
    sent = merging.chosen(request, theirs=as_it_is)
    form = FeatureForm(sent, workspace=access.workspace)
    context |= {"form": form, "signed": request.POST.get("base", "")}
    if form.is_valid():
        data = form.cleaned_data
        changes = {name: data[name] for name in CHANGEABLE}
        if data["status"] != feature.status or data["status_reason"] != feature.status_reason:
            changes |= {"status": data["status"], "status_reason": data["status_reason"]}
        try:
            deed = services.change_feature(
                feature=feature,
                changes=changes,
                expected_version=_version(request),
                actor=access.actor,
                at=timezone.now(),
            )
        except ValidationError as error:
            _put_errors(form, error)
        except records.StaleRecordError as error:
            base = merging.read(request.POST.get("base", ""))
            if base is not None:
                return _ask_which(request, access, feature, sent, base)
            form.add_error(None, f"{error} Look at the newest version, then change it.")
        else:
            toasts.add(
                request,
                deed.summary if deed else "Nothing to change.",
                undo_url=shared.undo_url(access, deed),
            )
            return HttpResponseRedirect(shared.feature_url(access, feature))
    return responses.form_page(request, "roadmap/feature_form.html", context)


def _ask_which(
    request: HttpRequest, access: Access, feature: Feature, sent: QueryDict, base: merging.Posted
) -> HttpResponse:
    """Show what somebody else has changed meanwhile beside what was to be changed."""
    fresh = shared.feature_or_404(access, feature.key)
    unchanged = merging.form_of(fresh, EDITED)
    theirs = merging.as_posted(unchanged)
    values, conflicts, taken = merging.merge(
        form=unchanged, base=base, theirs=theirs, mine=merging.mine_of(sent, unchanged)
    )
    context = {
        "feature": fresh,
        "url": shared.feature_url(access, fresh),
        "base": shared.base(access),
        "who": fresh.updated_by.display_name if fresh.updated_by else "Somebody",
        "conflicts": conflicts,
        "taken": taken,
        "sent": values,
        "signed": merging.sign(theirs),
    }
    return responses.form_page(request, "roadmap/merge.html", context)


def _version(request: HttpRequest) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _choice(access: Access, name: str, value: str) -> tuple[Any, str]:
    """Return what a field is to become, or why it cannot."""
    if name == "status":
        if value == Status.DROPPED:
            return value, "Choose Edit on its page and say why: whoever asked for it will want to know."
        return value, "" if value in Status.values else "There is no such status."
    if name == "horizon":
        return value, "" if value in Horizon.values else "There is no such horizon."
    if name not in {"release", "team", "owner"}:
        return value, ""
    if not value:
        return None, ""
    number = int(value) if value.isdecimal() and len(value) < 10 else 0
    rows: dict[str, Any] = {
        "release": Release.objects.in_workspace(access.workspace.pk).filter(number=number),
        "team": Team.objects.filter(workspace=access.workspace, pk=number),
        "owner": Member.objects.filter(workspace=access.workspace, pk=number, removed_at__isnull=True),
    }
    found = rows[name].first()
    return found, "" if found is not None else f"There is no such {name}."


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def set_one(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Set one field where it is read. GET answers with its form; POST with the field as it is now."""
    feature = shared.feature_or_404(access, key)
    in_cell = request.GET.get("cell") == "yes"
    sent = request.POST if request.method == "POST" else {request.GET.get("field", ""): ""}
    name = next((one for one in fields.LABELS if one in sent), "title")
    if request.method == "GET":
        edit = fields.edit(access, feature, name, in_cell=in_cell, is_open=True)
        return render(request, "components/inline_edit.html", {"edit": edit})
    value, error = _choice(access, name, request.POST.get(name, ""))
    changes: dict[str, Any] = {name: value}
    if name == "status":
        changes["status_reason"] = request.POST.get("reason", "")
    deed = None
    if not error:
        try:
            deed = services.change_feature(
                feature=feature,
                changes=changes,
                expected_version=_version(request),
                actor=access.actor,
                at=timezone.now(),
            )
        except (ValidationError, records.StaleRecordError) as refusal:
            error = " ".join(refusal.messages) if isinstance(refusal, ValidationError) else str(refusal)
    if not responses.wants_fragment(request) and not request.headers.get("HX-Request"):
        if error:
            toasts.add(request, error, tone="bad")
            return responses.back(request, otherwise=shared.feature_url(access, feature))
        return shared.done(request, access, deed, otherwise=shared.feature_url(access, feature))
    fresh = shared.feature_or_404(access, key)
    if in_cell and not error:
        answer = HttpResponse(fields.cell(access, fresh, name, fields.shown(access, fresh, name)))
    else:
        edit = fields.edit(access, fresh, name, error=error, in_cell=in_cell)
        answer = render(request, "components/inline_edit.html", {"edit": edit}, status=422 if error else 200)
    if deed is not None:
        toasts.send(answer, deed.summary, undo_url=shared.undo_url(access, deed))
        if not in_cell:
            # The other fields on the page carry the version before this change, and would be refused as stale.
            toasts.trigger(answer, "page:refresh")
    return answer
