"""Connections: list with health, one with its steps and runs, make, change, switch, take away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.trackers.forms import connections as forms
from roadbed.modules.trackers.models import DIRECTIONS, FIELDS, Connection, Entry, Kind, Run, kinds
from roadbed.modules.trackers.selectors import connections as selectors
from roadbed.modules.trackers.services import connecting as services
from roadbed.modules.trackers.services import syncing
from roadbed.modules.trackers.services.connectors.base import TrackerError, WaitError
from roadbed.modules.trackers.views import shared
from roadbed.web import formats, pagination, parts, responses, tables, toasts

COLUMNS = (
    tables.Column("name", "Connection", main=True, sortable=True),
    tables.Column("kind", "Tracker"),
    tables.Column("place", "Project"),
    tables.Column("health", "Health", tight=True),
    tables.Column("live", "In step", numeric=True, hint="Features that have an issue there"),
    tables.Column("open", "To decide", numeric=True, hint="Conflicts, and pairs that came apart"),
    tables.Column("last", "Last look", sortable=True, tight=True),
    tables.Column("next", "Next look", tight=True),
)
TEXTS = {
    Kind.GITHUB: "Issues of a repository, with the status and dates of a project (v2) if you name one. "
    "Also an Enterprise Server.",
    Kind.GITLAB: "Issues of a project, on gitlab.com or your own server; epics of its group as parents.",
    Kind.JIRA_CLOUD: "Issues of a project, with epics and versions. An API token of any account is enough.",
    Kind.JIRA_DC: "The same on your own server, with a personal access token.",
    Kind.LINEAR: "Issues of a team, with estimates, projects and cycles left as they are.",
}
HOOKS = {
    Kind.GITHUB: "Repository → Settings → Webhooks: content type application/json, events Issues and Sub-issues. "
    "For a project, the same at the organisation, with Project v2 items.",
    Kind.GITLAB: "Project → Settings → Webhooks: the secret as secret token, trigger Issues events.",
    Kind.JIRA_CLOUD: "System → WebHooks: the secret as secret, events Issue created, updated and deleted.",
    Kind.JIRA_DC: "System → WebHooks: the secret as secret, events Issue created, updated and deleted.",
    Kind.LINEAR: "Settings → API → Webhooks: data change events of Issues. Linear makes the secret: type it in under "
    "Change.",
}


def place_of(connection: Connection) -> str:
    """Return the project as people call it over there."""
    asked = connection.settings
    return str(
        connection.offered.get("project")
        or asked.get("repository")
        or asked.get("project")
        or asked.get("team")
        or ""
    )


def _cells(connection: Connection, *, totals: selectors.Totals, base: str, now: datetime) -> dict[str, str]:
    word, tone = connection.health(now=now)
    waiting = totals.conflicts + totals.apart
    return {
        "name": parts.title(connection.name, url=f"{base}{connection.pk}/"),
        "kind": parts.quiet(connection.get_kind_display()),
        "place": parts.quiet(place_of(connection)),
        "health": parts.chip(word, tone=tone),
        "live": formats.number(totals.live),
        "open": format_html('<a href="{}decisions/?connection={}">{}</a>', base, connection.pk, waiting)
        if waiting
        else "0",
        "last": parts.when(connection.last_run_at),
        "next": parts.when(connection.next_run_at) if connection.is_on else parts.quiet("–"),
    }


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """The connections, and how each does."""
    base, now = shared.base(access), timezone.now()
    state = forms.CONNECTIONS.parse(request.GET, path=base)
    rows = selectors.list_connections(workspace_id=access.workspace.pk, filters=state.values)
    order = pagination.order_for(state.sort, columns=forms.CONNECTIONS_ORDER)
    found = pagination.paginate(rows, order=order, cursor=state.cursor)
    totals = selectors.totals_of(connection_ids=[each.pk for each in found.rows])
    table = tables.Table(
        id="connections",
        caption="Trackers",
        noun="connections",
        columns=COLUMNS,
        state=state,
        page=found,
        rows=tuple(
            tables.Row(
                id=str(each.pk),
                label=each.name,
                url=f"{base}{each.pk}/",
                cells=_cells(each, totals=totals[each.pk], base=base, now=now),
            )
            for each in found.rows
        ),
        empty=tables.Empty(
            "No tracker is connected",
            "Connect the tracker that engineering works in, and features and issues say the same from then on: each "
            "field the way you tell it, and where both sides changed it, you choose. Nothing moves before a dry run.",
            action="Connect the first" if access.can_make else "",
            url=f"{base}new/" if access.can_make else "",
        ),
    )
    context = {
        "table": table,
        "state": state,
        "base": base,
        "waiting": selectors.waiting_count(workspace_id=access.workspace.pk),
        "import_url": f"/w/{access.workspace.slug}/import/",
        "is_empty": not found.rows and not state.values,
        "kinds": [{"label": label, "text": TEXTS[Kind(value)]} for value, label in Kind.choices],
    }
    return responses.page(request, "trackers/index.html", context)


@page(role=Role.MAKER)
@require_GET
def choose(request: HttpRequest, access: Access) -> HttpResponse:
    """Choose which tracker to connect."""
    found = [{"name": name, "label": Kind(name).label, "text": TEXTS[Kind(name)]} for name in kinds.KINDS]
    context = {
        "kinds": found,
        "base": shared.base(access),
        "import_url": f"/w/{access.workspace.slug}/import/new/",
    }
    return responses.page(request, "trackers/choose.html", context)


def _form(request: HttpRequest, access: Access, *, kind: str, connection: Connection | None) -> HttpResponse:
    posted = request.POST if request.method == "POST" else None
    initial = (
        {**connection.settings, "name": connection.name, "product": connection.product_id}
        if connection
        else {"product": access.member.product_id, "name": Kind(kind).label}
    )
    form = forms.ConnectionForm(
        posted, kind=kind, workspace_id=access.workspace.pk, connection=connection, initial=initial
    )
    if posted is not None and form.is_valid():
        facts, now = form.cleaned_data, timezone.now()
        try:
            if connection is None:
                done = services.create_connection(
                    workspace=access.workspace,
                    kind=kind,
                    name=facts["name"],
                    product=facts["product"],
                    settings=form.settings(),
                    actor=access.actor,
                    at=now,
                )
            else:
                done = services.change_connection(
                    connection=connection,
                    name=facts["name"],
                    product=facts["product"],
                    clears_product=facts["product"] is None,
                    settings=form.settings(),
                    actor=access.actor,
                    at=now,
                )
        except ValidationError as error:
            shared.add_errors(form, error)
        else:
            _test(request, done)
            return HttpResponseRedirect(shared.url_of(access, done))
    context = {
        "form": form,
        "kind_label": Kind(kind).label,
        "connection": connection,
        "base": shared.base(access),
        "cancel_url": shared.url_of(access, connection) if connection else f"{shared.base(access)}new/",
    }
    show_form = responses.form_page if posted is not None else responses.page
    return show_form(request, "trackers/form.html", context)


def _test(request: HttpRequest, connection: Connection) -> None:
    """Ask the tracker what it has, and say how that went."""
    try:
        offer = services.ask(connection=connection, now=timezone.now)
    except (TrackerError, WaitError) as error:
        toasts.add(request, str(error), tone="bad")
        return
    who = f" as {offer.who}" if offer.who else ""
    if offer.can_write:
        toasts.add(request, f"Connected to {offer.project}{who}.")
    else:
        toasts.add(
            request,
            f"Connected to {offer.project}{who}, which may only read: nothing can go out.",
            tone="warn",
        )


@page(role=Role.MAKER)
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, access: Access, kind: str) -> HttpResponse:
    """Connect a tracker of one kind."""
    if kind not in kinds.KINDS:
        raise Http404
    return _form(request, access, kind=kind, connection=None)


@page(role=Role.MAKER)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, access: Access, connection_id: int) -> HttpResponse:
    """Change where a connection leads."""
    connection = shared.connection_or_404(access, connection_id)
    return _form(request, access, kind=connection.kind, connection=connection)


def steps_of(connection: Connection, dry: Run | None) -> list[dict[str, Any]]:
    """Return the steps of setting up, and which is next."""
    is_tested = bool(connection.offered.get("fields"))
    is_mapped = (
        connection.incoming.get("which", "none") != "none"
        or connection.outgoing.get("which", "none") != "none"
    )
    is_tried = dry is not None and dry.outcome == Run.Outcome.GOOD
    done = [is_tested, is_tested and is_mapped, is_tried, connection.started_at is not None]
    labels = (
        ("Connect", "Ask the tracker who we are and what it has."),
        ("Map", "Say which way each field travels, which status is which, and what comes in and goes out."),
        ("Dry run", "See what would happen, on both sides, before anything does."),
        ("Start", "Features and issues are kept the same from then on."),
    )
    current = next((index for index, is_done in enumerate(done) if not is_done), len(done))
    return [
        {
            "label": label,
            "text": text,
            "is_done": done[index],
            "is_current": index == current,
            "number": index + 1,
        }
        for index, (label, text) in enumerate(labels)
    ]


def counts_of(run: Run | None) -> list[dict[str, Any]]:
    """Return what a run did, as chips."""
    if run is None:
        return []
    labels = dict(Entry.Deed.choices)
    return [
        {"name": name, "label": labels[name], "count": run.counts[name], "tone": shared.TONES[name]}
        for name in labels
        if run.counts.get(name)
    ]


@page()
@require_GET
def show(request: HttpRequest, access: Access, connection_id: int) -> HttpResponse:
    """One connection: how it does, what it maps, and what its runs did."""
    connection, now = shared.connection_or_404(access, connection_id), timezone.now()
    dry = selectors.last_dry_run(connection=connection)
    found = pagination.paginate(
        selectors.runs_of(connection=connection), order=("-pk",), cursor=request.GET.get("after", ""), size=20
    )
    word, tone = connection.health(now=now)
    url = shared.url_of(access, connection)
    directions = dict(DIRECTIONS)
    there = set(connection.offered.get("fields") or ())
    secrets = connection.secrets
    context = {
        "connection": connection,
        "url": url,
        "base": shared.base(access),
        "place": place_of(connection),
        "health": {"word": word, "tone": tone},
        "totals": selectors.totals_of(connection_ids=[connection.pk])[connection.pk],
        "steps": steps_of(connection, dry),
        "dry": dry,
        "dry_counts": counts_of(dry),
        "fields": [
            (label, directions[connection.directions.get(name, "off")] if name in there else "Not there")
            for name, label in FIELDS
        ],
        "runs": [{"run": run, "counts": counts_of(run)} for run in found.rows],
        "next_url": f"{url}?after={found.next}" if found.next else "",
        "hook_url": f"{settings.ROADBED_URL}/hooks/trackers/{secrets['address']}/"
        if access.can_make and secrets.get("address")
        else "",
        "hook_secret": secrets.get("hook", "") if access.can_make else "",
        "hook_text": HOOKS[Kind(connection.kind)],
        "is_sealed": bool(connection.sealed) and not secrets,
    }
    return responses.page(request, "trackers/show.html", context)


@page(role=Role.MAKER)
@require_POST
def test(request: HttpRequest, access: Access, connection_id: int) -> HttpResponse:
    """Ask the tracker what it has."""
    connection = shared.connection_or_404(access, connection_id)
    _test(request, connection)
    return HttpResponseRedirect(shared.url_of(access, connection))


@page(role=Role.MAKER)
@require_POST
def try_out(request: HttpRequest, access: Access, connection_id: int) -> HttpResponse:
    """Queue a dry run."""
    connection = shared.connection_or_404(access, connection_id)
    if not connection.offered.get("fields"):
        toasts.add(
            request, "Test the connection first, so that it is known what the tracker has.", tone="warn"
        )
    else:
        syncing.enqueue(connection, is_dry=True)
        toasts.add(request, "The dry run is on its way. Its result will stand here.", tone="")
    return HttpResponseRedirect(shared.url_of(access, connection))


@page(role=Role.MAKER)
@require_POST
def run(request: HttpRequest, access: Access, connection_id: int) -> HttpResponse:
    """Look now."""
    connection = shared.connection_or_404(access, connection_id)
    if not connection.is_on:
        toasts.add(request, "Start the connection first.", tone="warn")
    else:
        syncing.enqueue(connection)
        toasts.add(request, "A look is on its way.", tone="")
    return HttpResponseRedirect(shared.url_of(access, connection))


@page(role=Role.MAKER)
@require_POST
def switch(request: HttpRequest, access: Access, connection_id: int) -> HttpResponse:
    """Start, pause, or go on."""
    connection = shared.connection_or_404(access, connection_id)
    try:
        done = services.switch_connection(
            connection=connection, on=not connection.is_on, actor=access.actor, at=timezone.now()
        )
    except ValidationError as error:
        shared.say_refused(request, error)
    else:
        toasts.add(request, f"{done.name} is {'kept in step' if done.is_on else 'paused'}.")
        if done.is_on:
            syncing.enqueue(done)
    return HttpResponseRedirect(shared.url_of(access, connection))


@page(role=Role.MAKER)
@require_POST
def delete(request: HttpRequest, access: Access, connection_id: int) -> HttpResponse:
    """Take a connection away; features and issues stay."""
    connection = shared.connection_or_404(access, connection_id)
    services.delete_connection(connection=connection, actor=access.actor, at=timezone.now())
    toasts.add(
        request,
        f"{connection.name} is taken away. Features and issues stay as they are.",
        undo_url=f"{shared.url_of(access, connection)}restore/",
    )
    return HttpResponseRedirect(shared.base(access))


@page(role=Role.MAKER)
@require_POST
def restore(request: HttpRequest, access: Access, connection_id: int) -> HttpResponse:
    """Put a connection back."""
    connection = shared.connection_or_404(access, connection_id, with_deleted=True)
    try:
        services.restore_connection(connection=connection, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        shared.say_refused(request, error)
        return HttpResponseRedirect(shared.base(access))
    toasts.add(request, f"{connection.name} is back.")
    return responses.back(request, otherwise=shared.url_of(access, connection))
