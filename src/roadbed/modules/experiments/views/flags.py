"""The list of flags, and a flag with its standing everywhere."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.records import lists as record_lists
from roadbed.core.records import markdown, pages
from roadbed.core.records import services as records
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.forms import lists
from roadbed.modules.experiments.forms.flags import FlagForm, NewFlagForm
from roadbed.modules.experiments.models import Environment, Flag, Purpose
from roadbed.modules.experiments.views import shared
from roadbed.web import pagination, parts, responses, tables, toasts

LIST_NAME = "experiments.flags"


def _columns(environments: list[Environment]) -> tuple[tables.Column, ...]:
    return (
        tables.Column("title", "Flag", main=True, sortable=True),
        *(tables.Column(f"in-{each.key}", each.name, tight=True) for each in environments),
        tables.Column("purpose", "Purpose", tight=True),
        tables.Column("owner", "Owner", tight=True),
        tables.Column("type", "Type", tight=True, shown=False),
        tables.Column("remove_by", "Remove by", sortable=True, tight=True, shown=False),
        tables.Column("updated", "Changed", sortable=True, tight=True),
    )


def _row(access: Access, flag: Flag, *, stale: Collection[int]) -> tables.Row:
    url = shared.flag_url(access, flag)
    drafts = {draft.environment_id for draft in flag.drafts.all()}
    cells: dict[str, Any] = {
        "title": parts.joined(
            [
                parts.title(flag.title, url=url, key_text=flag.key, note=flag.flag_key),
                *([parts.chip("Stale", tone="warn", icon="clock")] if flag.pk in stale else []),
            ]
        ),
        "purpose": Purpose(flag.purpose).label,
        "owner": parts.person(flag.owner.name) if flag.owner else parts.quiet("–"),
        "type": flag.get_type_display(),
        "remove_by": parts.when(flag.remove_by),
        "updated": parts.when(flag.updated_at),
    }
    for state in flag.states.all():
        chips = [shared.state_chip(state)]
        if state.environment_id in drafts:
            chips.append(parts.chip("Draft", tone="warn"))
        cells[f"in-{state.environment.key}"] = parts.joined(chips)
    return tables.Row(id=str(flag.pk), label=flag.key, url=url, cells=cells)


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """Every flag, with how it stands in each environment."""
    path = shared.base(access)
    state = lists.FILTERS.parse(request.GET, path=path, options=lists.options_for(access))
    rows = selectors.filter_flags(workspace_id=access.workspace.pk, filters=state.values)
    order = pagination.order_for(state.sort, columns=lists.ORDER)
    found = pagination.paginate(rows, order=order, cursor=state.cursor)
    environments = selectors.environments_of(workspace_id=access.workspace.pk)
    stale = selectors.stale_reasons(workspace_id=access.workspace.pk, at=timezone.now())
    columns = _columns(environments)
    table = tables.Table(
        id="flags",
        caption="Flags",
        noun="flags",
        columns=columns,
        state=state,
        page=found,
        rows=tuple(_row(access, flag, stale=stale) for flag in found.rows),
        views=record_lists.saved_views(access, list_name=LIST_NAME, base=path),
        save_view_url=f"/w/{access.workspace.slug}/views/?list={LIST_NAME}",
        empty=tables.Empty(
            "No flags yet",
            "A flag lets code ask who gets what, so that you can let out a feature a little at a time.",
            action="Make the first flag" if access.can_make else "",
            url=f"{path}new/" if access.can_make else "",
        ),
    )
    context = {
        "table": table,
        "state": state,
        "list_name": LIST_NAME,
        "base": path,
        "stale": len(stale),
        "waiting": len(selectors.waiting_for_review(workspace_id=access.workspace.pk)),
    }
    return responses.page(request, "experiments/flags.html", context)


@page()
@require_GET
def show(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """A flag: what it is for, how it stands in each environment, what it lets out."""
    flag = shared.flag_or_404(access, key)
    drafts = {draft.environment_id: draft for draft in flag.drafts.all()}
    stale = selectors.stale_flag(flag, at=timezone.now())
    states = selectors.states_of(flag)
    context = {
        **pages.record_context(access=access, record=flag, now=timezone.now(), with_chain=False),
        "flag": flag,
        "url": shared.flag_url(access, flag),
        "base": shared.base(access),
        "description": markdown.render(flag.description, workspace=access.workspace.slug),
        "stale": stale,
        "places": [
            {
                "state": state,
                "environment": state.environment,
                "url": shared.place_url(access, flag, state.environment),
                "chip": shared.state_chip(state),
                "draft": drafts.get(state.environment_id),
                "may_switch_on": not state.environment.approvals,
            }
            for state in states
        ],
        "variants": [
            (name, json.dumps(value, ensure_ascii=False)[:200])
            for name, value in (states[0].definition.get("variants") or {}).items()
        ]
        if states
        else [],
    }
    return responses.page(request, "experiments/flag.html", context)


def _put_errors(form: FlagForm, error: ValidationError) -> None:
    if hasattr(error, "error_dict"):
        for name, messages in error.message_dict.items():
            form.add_error(name if name in form.fields else None, messages)
    else:
        form.add_error(None, error.messages)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, access: Access) -> HttpResponse:
    """Make a flag."""
    context: dict[str, Any] = {"base": shared.base(access)}
    if request.method == "GET":
        initial = {"tests": request.GET.get("for", "")[:20], "owner": access.member.pk}
        context["form"] = NewFlagForm(workspace=access.workspace, circles=access.circle_ids, initial=initial)
        return responses.page(request, "experiments/flag_form.html", context)
    form = NewFlagForm(request.POST, workspace=access.workspace, circles=access.circle_ids)
    if form.is_valid():
        try:
            flag = services.create_flag(
                workspace=access.workspace, fields=form.fields_of(), actor=access.actor, at=timezone.now()
            )
        except ValidationError as error:
            _put_errors(form, error)
        else:
            toasts.add(request, f"{flag.key} made, switched off everywhere.")
            return HttpResponseRedirect(shared.flag_url(access, flag))
    return responses.form_page(request, "experiments/flag_form.html", {**context, "form": form})


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Change what is said about a flag; its key and type stay."""
    flag = shared.flag_or_404(access, key)
    names = ("title", "description", "purpose", "owner", "product", "remove_by")
    context: dict[str, Any] = {
        "flag": flag,
        "url": shared.flag_url(access, flag),
        "base": shared.base(access),
    }
    if request.method == "GET":
        initial = {name: getattr(flag, name) for name in names}
        context["form"] = FlagForm(workspace=access.workspace, initial=initial)
        return responses.page(request, "experiments/flag_form.html", context)
    form = FlagForm(request.POST, workspace=access.workspace)
    if form.is_valid():
        sent = request.POST.get("version", "")
        try:
            services.change_flag(
                flag=flag,
                changes={name: form.cleaned_data[name] for name in names},
                expected_version=int(sent) if sent.isdecimal() and len(sent) < 10 else None,
                actor=access.actor,
                at=timezone.now(),
            )
        except ValidationError as error:
            _put_errors(form, error)
        except records.StaleRecordError as error:
            form.add_error(None, f"{error} Look at the newest version, then change it.")
        else:
            return HttpResponseRedirect(shared.flag_url(access, flag))
    return responses.form_page(request, "experiments/flag_form.html", {**context, "form": form})


@page(role=Role.MAKER)
@require_POST
def switch(request: HttpRequest, access: Access, key: str, environment: str) -> HttpResponse:
    """Switch a flag off at once, or on where nobody need approve."""
    flag, place = shared.place_or_404(access, key, environment)
    on = request.POST.get("on") == "yes"
    try:
        done = services.switch(flag=flag, environment=place, on=on, actor=access.actor, at=timezone.now())
    except (ValidationError, services.NotApprovedError) as error:
        toasts.add(request, str(error), tone="bad")
    else:
        if done is not None:
            toasts.add(request, f"{flag.flag_key} is {'on' if on else 'off'} in {place.name}.")
    return responses.back(request, otherwise=shared.flag_url(access, flag))


@page()
@require_GET
def stale(request: HttpRequest, access: Access) -> HttpResponse:
    """The flags that have done their work, and what is to be removed with each."""
    found = selectors.stale_flags(workspace_id=access.workspace.pk, at=timezone.now())
    context = {
        "base": shared.base(access),
        "stale": [{"stale": each, "url": shared.flag_url(access, each.flag)} for each in found],
    }
    return responses.page(request, "experiments/stale.html", context)


@page(role=Role.MAKER)
@require_POST
def archive(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Put a flag away: servers no longer know it."""
    flag = shared.flag_or_404(access, key)
    if flag.archived_at is not None:
        raise Http404
    records.archive_record(record=flag, actor=access.actor, at=timezone.now())
    toasts.add(request, f"{flag.key} archived. Servers no longer know {flag.flag_key}.")
    return responses.back(request, otherwise=f"{shared.base(access)}stale/")
