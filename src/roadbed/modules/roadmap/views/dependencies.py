"""What waits for what: on a feature's page, as a list, and what others have promised."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.records import markdown, pages
from roadbed.core.tables.responses import export_response
from roadbed.core.tables.sources import Asked
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import imports, selectors, services
from roadbed.modules.roadmap.forms import lists
from roadbed.modules.roadmap.forms.dependencies import DependencyForm, ExternalForm, TieForm
from roadbed.modules.roadmap.models import CLOSED, Dependency, External, Feature, Status, Tie
from roadbed.modules.roadmap.views import asking, downloads, shared
from roadbed.web import pagination, parts, responses, tables

COLUMNS = (
    tables.Column("feature", "Feature", main=True),
    tables.Column("on", "Waits for"),
    tables.Column("tie", "How", tight=True),
    tables.Column("state", "State", tight=True),
    tables.Column("teams", "Teams", tight=True),
    tables.Column("added", "Added", sortable=True, tight=True),
)
EXTERNAL_STATES = {
    External.State.WAITING: "warn",
    External.State.DELIVERED: "good",
    External.State.OFF: "outline",
}


def external_url(access: Access, external: External) -> str:
    """The address of something external."""
    return f"{shared.base(access)}externals/{external.number}/"


def external_chip(external: External) -> str:
    """Its state, and when it is promised."""
    state = External.State(external.state)
    if state == External.State.WAITING:
        return parts.chip(f"promised {promised(external)}", tone="warn")
    return parts.chip(state.label, tone=EXTERNAL_STATES[state])


def promised(external: External) -> str:
    """Return the range of days as a person would say it."""
    first, last = external.earliest, external.latest
    if first == last:
        return f"{first:%-d %b %Y}"
    if first.year == last.year:
        return f"{first:%-d %b} – {last:%-d %b %Y}"
    return f"{first:%-d %b %Y} – {last:%-d %b %Y}"


def how(dependency: Dependency) -> str:
    """Return the tie and the lag in words."""
    label = str(Tie(dependency.tie).label)
    if not dependency.lag:
        return label
    return f"{label}, {'+' if dependency.lag > 0 else '−'}{abs(dependency.lag)} d"


def _line(access: Access, dependency: Dependency, *, other: Feature | External) -> dict[str, Any]:
    line: dict[str, Any] = {
        "dependency": dependency,
        "key": other.key,
        "title": other.title,
        "how": how(dependency),
        "place": f"{shared.base(access)}dependencies/{dependency.pk}/",
    }
    if isinstance(other, Feature):
        return line | {
            "url": shared.feature_url(access, other),
            "chip": shared.status_chip(other),
            "by": "",
            "is_technical": other.lane == "technical",
        }
    return line | {
        "url": external_url(access, other),
        "chip": external_chip(other),
        "by": other.promised_by,
        "is_technical": False,
    }


def waits_context(access: Access, feature: Feature) -> dict[str, Any]:
    """Return what a feature waits for, and what waits for it; two queries."""
    waits, waited = selectors.dependencies_of(feature)
    found = [
        _line(access, one, other=other) for one in waits if (other := one.on or one.external) is not None
    ]
    return {"waits": found, "waited": [_line(access, one, other=one.feature) for one in waited]}


def _state(dependency: Dependency) -> str:
    if dependency.external is not None:
        return external_chip(dependency.external)
    on = dependency.on
    if on is None:
        return parts.quiet("–")
    if on.status == Status.SHIPPED:
        return parts.chip("Done", tone="good")
    if on.status == Status.DROPPED and dependency.feature.status not in CLOSED:
        return parts.chip("Was dropped", tone="bad")
    return shared.status_chip(on)


def _row(access: Access, one: Dependency) -> tables.Row:
    feature, on, external = one.feature, one.on, one.external
    teams = {team.name for team in (feature.team, on.team if on else None) if team is not None}
    target = (
        parts.title(on.title, url=shared.feature_url(access, on), key_text=on.key)
        if on is not None
        else parts.title(external.title, url=external_url(access, external), key_text=external.key)
        if external is not None
        else ""
    )
    return tables.Row(
        id=str(one.pk),
        label=f"{feature.key} waits for {on.key if on else external.key if external else ''}",
        url=shared.feature_url(access, feature),
        cells={
            "feature": parts.title(
                feature.title, url=shared.feature_url(access, feature), key_text=feature.key
            ),
            "on": target,
            "tie": how(one),
            "state": _state(one),
            "teams": ", ".join(sorted(teams)) or parts.quiet("–"),
            "added": parts.when(one.created_at, style="day"),
        },
    )


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """Everything that waits for something."""
    path = f"{shared.base(access)}dependencies/"
    state = lists.DEPENDENCY_FILTERS.parse(request.GET, path=path, options=lists.options_for(access))
    rows = selectors.filter_dependencies(workspace_id=access.workspace.pk, filters=state.values)
    order = pagination.order_for(state.sort, columns=lists.DEPENDENCY_ORDER)
    found = pagination.paginate(rows, order=order, cursor=state.cursor)
    table = tables.Table(
        id="dependencies",
        caption="Dependencies",
        noun="dependencies",
        columns=COLUMNS,
        state=state,
        page=found,
        rows=tuple(_row(access, one) for one in found.rows),
        export_url=f"{path}export/",
        empty=tables.Empty(
            "Nothing waits for anything yet",
            "Say on a feature what it waits for: another feature, technical work, a promise from outside.",
        ),
    )
    externals = selectors.filter_externals(workspace_id=access.workspace.pk, filters={"state": "waiting"})
    context = {
        "table": table,
        "state": state,
        "switch": shared.switch(access, "dependencies"),
        "base": shared.base(access),
        "externals": [
            {"external": one, "url": external_url(access, one), "promised": promised(one)}
            for one in externals.order_by("latest")[:20]
        ],
        "today": timezone.localdate(),
    }
    return responses.page(request, "roadmap/dependencies.html", context)


@page()
@require_GET
def download(request: HttpRequest, access: Access) -> HttpResponseBase:
    """Download every dependency."""
    asked = Asked(workspace_id=access.workspace.pk)
    return export_response(imports.DEPENDENCY_SOURCE, asked, format=downloads.format_of(request))


def _or_404(access: Access, dependency_id: int) -> Dependency:
    try:
        return selectors.access_dependency(workspace_id=access.workspace.pk, dependency_id=dependency_id)
    except Dependency.DoesNotExist as error:
        raise Http404 from error


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Let a feature wait for something."""
    feature = shared.feature_or_404(access, key)

    def save(data: dict[str, Any]) -> asking.Done:
        _, deed = services.add_dependency(
            feature=feature,
            on=data["on"],
            tie=data["tie"],
            lag=data["lag"] or 0,
            note=data["note"],
            actor=access.actor,
            at=timezone.now(),
        )
        return asking.Done(deed.summary, deed=deed)

    return asking.ask(
        request,
        access,
        form_class=DependencyForm,
        heading=f"What does {feature.key} wait for?",
        intro=feature.title,
        back=shared.feature_url(access, feature),
        crumb=feature.key,
        crumb_url=shared.feature_url(access, feature),
        initial={"on": request.GET.get("on", "")[:20], "tie": Tie.FINISH_START, "lag": 0},
        save=save,
    )


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, access: Access, dependency_id: int) -> HttpResponse:
    """Change how one waits for the other."""
    dependency = _or_404(access, dependency_id)
    feature = dependency.feature
    on = dependency.on or dependency.external

    def save(data: dict[str, Any]) -> asking.Done:
        services.change_dependency(
            dependency=dependency,
            tie=data["tie"],
            lag=data["lag"] or 0,
            note=data["note"],
            actor=access.actor,
            at=timezone.now(),
        )
        return asking.Done(f"Changed how {feature.key} waits for {on.key if on else 'it'}.")

    return asking.ask(
        request,
        access,
        form_class=TieForm,
        heading=f"How does {feature.key} wait for {on.key if on else 'it'}?",
        back=shared.feature_url(access, feature),
        crumb=feature.key,
        crumb_url=shared.feature_url(access, feature),
        initial={"tie": dependency.tie, "lag": dependency.lag, "note": dependency.note},
        save=save,
    )


@page(role=Role.MAKER)
@require_POST
def remove(request: HttpRequest, access: Access, dependency_id: int) -> HttpResponse:
    """Let a feature no longer wait."""
    dependency = _or_404(access, dependency_id)
    return shared.deed(
        request,
        access,
        lambda: services.remove_dependency(dependency=dependency, actor=access.actor, at=timezone.now()),
        otherwise=shared.feature_url(access, dependency.feature),
    )


def _external_or_404(access: Access, number: int) -> External:
    try:
        return selectors.access_external(workspace_id=access.workspace.pk, number=number)
    except External.DoesNotExist as error:
        raise Http404 from error


@page()
@require_GET
def external(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Something that others owe: who, by when, and what waits for it."""
    found = _external_or_404(access, number)
    context = {
        **pages.record_context(access=access, record=found, now=timezone.now(), with_chain=False),
        "external": found,
        "url": external_url(access, found),
        "base": shared.base(access),
        "chip": external_chip(found),
        "promised": promised(found),
        "is_late": found.state == External.State.WAITING and found.latest < timezone.localdate(),
        "waiting": [
            {"feature": one, "url": shared.feature_url(access, one), "chip": shared.status_chip(one)}
            for one in selectors.waiting_for(found)
        ],
        "notes": markdown.render(found.description, workspace=access.workspace.slug),
    }
    return responses.page(request, "roadmap/external.html", context)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def add_external(request: HttpRequest, access: Access) -> HttpResponse:
    """Write down what somebody outside owes."""

    def save(data: dict[str, Any]) -> asking.Done:
        wanted = {name: value for name, value in data.items() if name not in {"state", "delivered_date"}}
        made, deed = services.create_external(
            workspace=access.workspace,
            draft=services.ExternalDraft(**wanted),
            actor=access.actor,
            at=timezone.now(),
        )
        return asking.Done(deed.summary, url=external_url(access, made), deed=deed)

    return asking.ask(
        request,
        access,
        form_class=ExternalForm,
        heading="What is promised from outside?",
        intro="A vendor’s interface, a contract, an approval: with a range of days instead of one.",
        back=f"{shared.base(access)}dependencies/",
        crumb="Dependencies",
        crumb_url=f"{shared.base(access)}dependencies/",
        initial={"state": External.State.WAITING},
        save=save,
    )


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def edit_external(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Change a promise, or say that it was kept."""
    found = _external_or_404(access, number)

    def save(data: dict[str, Any]) -> asking.Done:
        deed = services.change_external(external=found, changes=data, actor=access.actor, at=timezone.now())
        return asking.Done(deed.summary if deed else "Nothing to change.", deed=deed)

    return asking.ask(
        request,
        access,
        form_class=ExternalForm,
        heading=f"Change {found.key}",
        back=external_url(access, found),
        crumb=found.key,
        crumb_url=external_url(access, found),
        initial={name: getattr(found, name) for name in ExternalForm.base_fields},
        save=save,
    )
