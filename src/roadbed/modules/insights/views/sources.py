"""The ways in: list with health, one with its arrivals, make, change, turn off, take away."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.records import lists as record_lists
from roadbed.core.records.kinds import url_of
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights.forms import sources as forms
from roadbed.modules.insights.models import Arrival, Source, source_kinds
from roadbed.modules.insights.selectors import sources as selectors
from roadbed.modules.insights.services import intake, polling
from roadbed.modules.insights.services import sources as services
from roadbed.modules.insights.views import shared
from roadbed.web import formats, pagination, parts, responses, tables, toasts

LIST_NAME = "insights.sources"
COLUMNS = (
    tables.Column("name", "Source", main=True, sortable=True),
    tables.Column("kind", "Kind"),
    tables.Column("health", "Health", tight=True),
    tables.Column("last", "Last arrival", sortable=True, tight=True),
    tables.Column("trend", "30 days"),
    tables.Column("new", "New", sortable=True, numeric=True, hint="All that came in new"),
    tables.Column("refused", "Refused", numeric=True),
    tables.Column("lag", "Usual lag", numeric=True, hint="Between being said and being here"),
    tables.Column("next", "Next look", tight=True),
)
KINDS = (
    (
        "form",
        "comment",
        "A page of its own that you can link to, or that you put into your web site. No script needed.",
    ),
    (
        "mail",
        "send",
        "A mailbox that is looked into, or mail that your server pipes in. Replies and signatures are cut.",
    ),
    ("hook", "bolt", "An address that another program sends JSON to: a help desk, an app, a survey tool."),
    (
        "github",
        "link",
        "Issues, and comments if you like, of a repository: new, edited, closed and deleted ones.",
    ),
)
TONES = {"new": "good", "changed": "accent", "known": "", "refused": "bad", "removed": "warn", "left_out": ""}


def _base(access: Access) -> str:
    return shared.place(access, "sources/")


def _url(access: Access, source: Source) -> str:
    return f"{_base(access)}{source.pk}/"


def source_or_404(access: Access, source_id: int, *, with_deleted: bool = False) -> Source:
    """Return the source; a stranger's and a missing one look the same."""
    try:
        return selectors.access_source(
            workspace_id=access.workspace.pk, source_id=source_id, with_deleted=with_deleted
        )
    except ObjectDoesNotExist as error:
        raise Http404 from error


def _lag(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return formats.duration(seconds) if seconds >= 1 else "none"


def _cells(source: Source, *, health: selectors.Health, base: str, now: datetime) -> dict[str, str]:
    word, tone = source.health(now=now)
    return {
        "name": parts.title(source.name, url=f"{base}{source.pk}/"),
        "kind": parts.quiet(source.get_kind_display()),
        "health": parts.chip(word, tone=tone),
        "last": parts.when(source.last_arrival_at),
        "trend": parts.sparkline(
            health.days, label=f"{formats.plural(health.new, 'new piece')} in thirty days"
        )
        if health.days
        else parts.quiet("nothing yet"),
        "new": formats.number(source.new_count),
        "refused": format_html('<a href="{}{}/?outcome=refused">{}</a>', base, source.pk, health.refused)
        if health.refused
        else "0",
        "lag": _lag(health.lag),
        "next": parts.when(source.next_run_at)
        if source.is_pulled and source.is_on
        else parts.quiet("as it comes"),
    }


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """The ways in, and how each does."""
    base, now = _base(access), timezone.now()
    state = forms.SOURCES.parse(request.GET, path=base)
    rows = selectors.list_sources(workspace_id=access.workspace.pk, filters=state.values)
    order = pagination.order_for(state.sort, columns=forms.SOURCES_ORDER)
    found = pagination.paginate(rows, order=order, cursor=state.cursor)
    health = selectors.health_of(source_ids=[source.pk for source in found.rows], now=now)
    table = tables.Table(
        id="sources",
        caption="Sources",
        noun="sources",
        columns=COLUMNS,
        state=state,
        page=found,
        rows=tuple(
            tables.Row(
                id=str(source.pk),
                label=source.name,
                url=f"{base}{source.pk}/",
                cells=_cells(source, health=health[source.pk], base=base, now=now),
            )
            for source in found.rows
        ),
        views=record_lists.saved_views(access, list_name=LIST_NAME, base=base),
        save_view_url=f"/w/{access.workspace.slug}/views/?list={LIST_NAME}",
        empty=tables.Empty(
            "No sources yet",
            "A source is a way in that stays open: a form, a mailbox, a webhook, the issues of a repository. Files are "
            "imported instead.",
            action="Open the first" if access.can_make else "",
            url=f"{base}new/" if access.can_make else "",
        ),
    )
    context = {
        "table": table,
        "state": state,
        "base": base,
        "import_url": f"/w/{access.workspace.slug}/import/",
    }
    return responses.page(request, "insights/sources/index.html", context)


@page(role=Role.MAKER)
@require_GET
def choose(request: HttpRequest, access: Access) -> HttpResponse:
    """Choose which kind of source to open."""
    labels = dict(Source.Kind.choices)
    kinds = [{"name": name, "icon": icon, "label": labels[name], "text": text} for name, icon, text in KINDS]
    context = {"kinds": kinds, "base": _base(access), "import_url": f"/w/{access.workspace.slug}/import/new/"}
    return responses.page(request, "insights/sources/choose.html", context)


def _initial(source: Source) -> dict[str, Any]:
    facts = {**source_kinds.defaults(source.kind), **source.settings}
    sites = facts.get("sites")
    return {
        **facts,
        **({"sites": "\n".join(sites)} if isinstance(sites, list) else {}),
        "name": source.name,
        "product": source.product_id,
    }


def _form(request: HttpRequest, access: Access, *, kind: str, source: Source | None) -> HttpResponse:
    posted = request.POST if request.method == "POST" else None
    form = forms.SourceForm(
        posted,
        kind=kind,
        workspace_id=access.workspace.pk,
        source=source,
        initial=_initial(source) if source else None,
    )
    if posted is not None and form.is_valid():
        facts, now = form.cleaned_data, timezone.now()
        try:
            if source is None:
                done = services.create_source(
                    workspace=access.workspace,
                    kind=kind,
                    name=facts["name"],
                    product=facts["product"],
                    settings=form.settings(),
                    actor=access.actor,
                    at=now,
                )
            else:
                done = services.change_source(
                    source=source,
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
            toasts.add(request, f"{done.name} is {'open' if source is None else 'changed'}.")
            return HttpResponseRedirect(_url(access, done))
    context = {
        "form": form,
        "kind": kind,
        "kind_label": Source.Kind(kind).label,
        "source": source,
        "base": _base(access),
        "cancel_url": _url(access, source) if source else f"{_base(access)}new/",
    }
    show_form = responses.form_page if posted is not None else responses.page
    return show_form(request, "insights/sources/form.html", context)


@page(role=Role.MAKER)
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, access: Access, kind: str) -> HttpResponse:
    """Open a source of one kind."""
    if kind not in source_kinds.KINDS:
        raise Http404
    return _form(request, access, kind=kind, source=None)


@page(role=Role.MAKER)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, access: Access, source_id: int) -> HttpResponse:
    """Change a source."""
    source = source_or_404(access, source_id)
    return _form(request, access, kind=source.kind, source=source)


def _way_in(source: Source, access: Access) -> dict[str, Any]:
    """What somebody needs who wants to use it; addresses that are secrets are shown to makers alone."""
    token, root = source.token, settings.ROADBED_URL
    found: dict[str, Any] = {}
    if source.kind == Source.Kind.FORM and token:
        found |= {"form_url": f"{root}/f/{token}/", "form_path": f"/f/{token}/"}
    elif access.can_make:
        if token:
            found["hook_url"] = f"{root}/hooks/in/{token}/"
        found["secret"] = source.secrets.get("secret", "")
    found["is_sealed"] = bool(source.sealed) and not source.secrets
    return found


@page()
@require_GET
def show(request: HttpRequest, access: Access, source_id: int) -> HttpResponse:
    """One source: how it does, how it is used, and what came through it."""
    source, now = source_or_404(access, source_id), timezone.now()
    outcome = request.GET.get("outcome", "")
    outcome = outcome if outcome in Arrival.Outcome.values else ""
    rows = selectors.arrivals(source=source, outcome=outcome)
    found = pagination.paginate(rows, order=("-pk",), cursor=request.GET.get("after", ""), size=25)
    word, tone = source.health(now=now)
    url = _url(access, source)
    query = {"outcome": outcome} if outcome else {}
    stats = selectors.health_of(source_ids=[source.pk], now=now)[source.pk]
    context = {
        "source": source,
        "url": url,
        "base": _base(access),
        "health": {"word": word, "tone": tone},
        "stats": stats,
        "way": _way_in(source, access),
        "lag": _lag(stats.lag),
        "settings_shown": _shown(source),
        "arrivals": [
            {
                "row": row,
                "tone": TONES[row.outcome],
                "url": _link(access, row),
                "can_retry": access.can_make and bool(row.payload) and row.retried_at is None,
            }
            for row in found.rows
        ],
        "next_url": f"{url}?{urlencode({**query, 'after': found.next})}" if found.next else "",
        "feedback_url": shared.place(access, f"feedback/?{urlencode({'source': source.name})}"),
        "tabs": [
            {"label": "All", "url": url, "current": not outcome, "count": None},
            *(
                {
                    "label": label,
                    "url": f"{url}?outcome={value}",
                    "current": outcome == value,
                    "count": None,
                }
                for value, label in Arrival.Outcome.choices
                if value in {"new", "refused", "left_out"}
            ),
        ],
    }
    return responses.page(request, "insights/sources/show.html", context)


def _link(access: Access, row: Arrival) -> str:
    """Return where the record is, if it is there, and open or in a circle of the member's."""
    record = row.record
    if record is None or record.deleted_at is not None:
        return ""
    may_see = record.circle_id is None or record.circle_id in access.circle_ids
    return url_of(record, workspace=access.workspace.slug) if may_see else ""


def _shown(source: Source) -> list[tuple[str, str]]:
    """Return the settings as people read them, without what is empty."""
    found = []
    for setting in source_kinds.KINDS[source.kind]:
        value = source.settings.get(setting.name)
        if setting.type == "secret" or value in (None, "", []):
            continue
        shown = (setting.choices or {}).get(
            str(value), ", ".join(value) if isinstance(value, list) else str(value)
        )
        found.append((setting.label, shown))
    return found


@page(role=Role.MAKER)
@require_POST
def switch(request: HttpRequest, access: Access, source_id: int) -> HttpResponse:
    """Turn a source on or off."""
    source = source_or_404(access, source_id)
    done = services.switch_source(source=source, on=not source.is_on, actor=access.actor, at=timezone.now())
    toasts.add(request, f"{done.name} is {'on' if done.is_on else 'off'}.")
    return HttpResponseRedirect(_url(access, source))


@page(role=Role.MAKER)
@require_POST
def renew(request: HttpRequest, access: Access, source_id: int) -> HttpResponse:
    """Give a source a new address and a new signing secret."""
    source = source_or_404(access, source_id)
    try:
        services.renew_address(source=source, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        shared.say_refused(request, error)
    else:
        toasts.add(request, "There is a new address. The old one no longer works.")
    return HttpResponseRedirect(_url(access, source))


@page(role=Role.MAKER)
@require_POST
def run(request: HttpRequest, access: Access, source_id: int) -> HttpResponse:
    """Look for news now."""
    source = source_or_404(access, source_id)
    if not source.is_pulled or not source.is_on:
        toasts.add(request, "There is nowhere to look: this source is told, or it is off.", tone="warn")
    else:
        polling.enqueue(source)
        toasts.add(request, "A look is on its way. Open this page again to see what came of it.", tone="")
    return HttpResponseRedirect(_url(access, source))


@page(role=Role.MAKER)
@require_POST
def delete(request: HttpRequest, access: Access, source_id: int) -> HttpResponse:
    """Take a source away; what came through it stays."""
    source = source_or_404(access, source_id)
    services.delete_source(source=source, actor=access.actor, at=timezone.now())
    toasts.add(request, f"{source.name} is taken away.", undo_url=f"{_url(access, source)}restore/")
    return HttpResponseRedirect(_base(access))


@page(role=Role.MAKER)
@require_POST
def restore(request: HttpRequest, access: Access, source_id: int) -> HttpResponse:
    """Put a source back."""
    source = source_or_404(access, source_id, with_deleted=True)
    try:
        services.restore_source(source=source, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        shared.say_refused(request, error)
        return HttpResponseRedirect(_base(access))
    toasts.add(request, f"{source.name} is back.")
    return responses.back(request, otherwise=_url(access, source))


@page(role=Role.MAKER)
@require_POST
def retry(request: HttpRequest, access: Access, source_id: int, arrival_id: int) -> HttpResponse:
    """Try once more what was refused or left out."""
    source = source_or_404(access, source_id)
    try:
        arrival = selectors.access_arrival(source=source, arrival_id=arrival_id)
        received = intake.retry(arrival=arrival, at=timezone.now())
    except ObjectDoesNotExist as error:
        raise Http404 from error
    except ValidationError as error:
        shared.say_refused(request, error)
    else:
        if received.feedback is not None:
            toasts.add(request, f"{received.feedback.key} is in the inbox.")
        else:
            toasts.add(request, f"It was refused again: {received.detail}", tone="warn")
    return responses.back(request, otherwise=_url(access, source))
