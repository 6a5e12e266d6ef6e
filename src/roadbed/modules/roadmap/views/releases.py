"""Releases: what ships together, and when."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.records import markdown, pages
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import selectors, services
from roadbed.modules.roadmap.forms import lists
from roadbed.modules.roadmap.forms.features import ReleaseForm
from roadbed.modules.roadmap.models import CLOSED, Release
from roadbed.modules.roadmap.views import forecasts, shared
from roadbed.web import pagination, parts, responses, tables, toasts

COLUMNS = (
    tables.Column("title", "Release", main=True, sortable=True),
    tables.Column("state", "State", tight=True),
    tables.Column("starts", "Starts", tight=True),
    tables.Column("ships", "Ships", sortable=True, tight=True),
    tables.Column("progress", "Shipped", numeric=True, hint="Features out, of those planned"),
    tables.Column("product", "Product", tight=True),
)


def _meter(done: int, total: int) -> str:
    if not total:
        return parts.quiet("empty")
    return parts.meter(
        done, most=total, label=f"{done} of {total} features shipped", text=f"{done} of {total}"
    )


def _state(release: Release) -> str:
    return (
        parts.chip("Released", tone="good") if release.is_released else parts.chip("Planned", tone="accent")
    )


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """Every release with its progress."""
    path = f"{shared.base(access)}releases/"
    state = lists.RELEASE_FILTERS.parse(request.GET, path=path, options=lists.options_for(access))
    rows = selectors.filter_releases(workspace_id=access.workspace.pk, filters=state.values)
    order = pagination.order_for(state.sort, columns=lists.RELEASE_ORDER)
    found = pagination.paginate(rows, order=order, cursor=state.cursor)
    progress = selectors.progress_of(release_ids=[one.pk for one in found.rows])
    table = tables.Table(
        id="releases",
        caption="Releases",
        noun="releases",
        columns=COLUMNS,
        state=state,
        page=found,
        rows=tuple(
            tables.Row(
                id=str(release.pk),
                label=release.key,
                url=shared.release_url(access, release),
                cells={
                    "title": parts.title(
                        release.title, url=shared.release_url(access, release), key_text=release.key
                    ),
                    "state": _state(release)
                    if release.form == Release.Form.RELEASE
                    else format_html("{} {}", _state(release), parts.chip("Milestone", tone="outline")),
                    "starts": parts.when(release.start_date),
                    "ships": parts.when(
                        release.shipped_at.date() if release.shipped_at else release.ship_date
                    ),
                    "progress": _meter(*progress.get(release.pk, (0, 0))),
                    "product": release.product.name if release.product else parts.quiet("–"),
                },
            )
            for release in found.rows
        ),
        empty=tables.Empty(
            "No releases yet",
            "A release is what ships together on a day.",
            action="Plan the first release" if access.can_make else "",
            url=f"{path}new/" if access.can_make else "",
        ),
    )
    context = {
        "table": table,
        "state": state,
        "switch": shared.switch(access, "releases"),
        "base": shared.base(access),
    }
    return responses.page(request, "roadmap/releases.html", context)


@page()
@require_GET
def show(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """A release: its dates, its features and how far they are."""
    release = shared.release_or_404(access, number)
    features = selectors.features_of(release)
    done, total = selectors.progress_of(release_ids=[release.pk]).get(release.pk, (0, 0))
    lines: list[dict[str, Any]] = [
        {
            "feature": feature,
            "url": shared.feature_url(access, feature),
            "chip": shared.status_chip(feature),
            "people": feature.tally.people if hasattr(feature, "tally") else 0,
        }
        for feature in features
    ]
    context = {
        **pages.record_context(access=access, record=release, now=timezone.now(), with_chain=False),
        "release": release,
        "url": shared.release_url(access, release),
        "base": shared.base(access),
        "state_chip": _state(release),
        "meter": _meter(done, total),
        "open": [line for line in lines if line["feature"].status not in CLOSED],
        "closed": [line for line in lines if line["feature"].status in CLOSED],
        "slips": shared.slip_lines(release),
        "forecast": forecasts.card(access, release, today=timezone.localdate()),
        "notes": markdown.render(release.notes, workspace=access.workspace.slug),
    }
    return responses.page(request, "roadmap/release.html", context)


def _form(request: HttpRequest, access: Access, context: dict[str, Any]) -> HttpResponse:
    return responses.page(request, "roadmap/release_form.html", {**context, "base": shared.base(access)})


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, access: Access) -> HttpResponse:
    """Plan a release."""
    if request.method == "GET":
        form = ReleaseForm(workspace=access.workspace, initial={"product": access.member.product_id})
        return _form(request, access, {"form": form})
    form = ReleaseForm(request.POST, workspace=access.workspace)
    if form.is_valid():
        try:
            release, deed = services.create_release(
                workspace=access.workspace,
                draft=services.ReleaseDraft(**form.cleaned_data),
                actor=access.actor,
                at=timezone.now(),
            )
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            toasts.add(request, f"Release {release.title} planned", undo_url=shared.undo_url(access, deed))
            return HttpResponseRedirect(shared.release_url(access, release))
    context = {"form": form, "base": shared.base(access)}
    return responses.form_page(request, "roadmap/release_form.html", context)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Change a release."""
    release = shared.release_or_404(access, number)
    context: dict[str, Any] = {"release": release, "url": shared.release_url(access, release)}
    if request.method == "GET":
        initial = {name: getattr(release, name) for name in ReleaseForm.base_fields}
        initial["product"] = release.product_id
        context["form"] = ReleaseForm(workspace=access.workspace, initial=initial)
        return _form(request, access, context)
    form = ReleaseForm(request.POST, workspace=access.workspace)
    context["form"] = form
    if form.is_valid():
        try:
            deed = services.change_release(
                release=release, changes=form.cleaned_data, actor=access.actor, at=timezone.now()
            )
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            toasts.add(
                request,
                deed.summary if deed else "Nothing to change.",
                undo_url=shared.undo_url(access, deed),
            )
            return HttpResponseRedirect(shared.release_url(access, release))
    return responses.form_page(request, "roadmap/release_form.html", {**context, "base": shared.base(access)})


@page(role=Role.MAKER)
@require_POST
def ship(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Say that a release is out; its open features ship with it, stay in it, or leave it."""
    release = shared.release_or_404(access, number)
    unfinished = request.POST.get("unfinished", "keep")
    now = timezone.now()
    try:
        deed = services.ship_release(
            release=release,
            shipped_at=now,
            unfinished="ship" if unfinished == "ship" else "remove" if unfinished == "remove" else "keep",
            actor=access.actor,
            at=now,
        )
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
        return responses.back(request, otherwise=shared.release_url(access, release))
    return shared.done(request, access, deed, otherwise=shared.release_url(access, release))


@page(role=Role.MAKER)
@require_POST
def reopen(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Say that a release is not out after all."""
    release = shared.release_or_404(access, number)
    try:
        deed = services.reopen_release(release=release, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
        return responses.back(request, otherwise=shared.release_url(access, release))
    return shared.done(request, access, deed, otherwise=shared.release_url(access, release))
