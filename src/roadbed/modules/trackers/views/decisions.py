"""What waits for a person: conflicts, and pairs that came apart; and the pairs and runs of a connection."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import facade as roadmap
from roadbed.modules.trackers.forms.connections import DEEDS
from roadbed.modules.trackers.models import FIELDS, Binding, Conflict, Entry
from roadbed.modules.trackers.selectors import connections as selectors
from roadbed.modules.trackers.services import settling
from roadbed.modules.trackers.views import shared
from roadbed.modules.trackers.views.connections import counts_of
from roadbed.web import formats, pagination, responses, toasts

PAGE = 50
LABELS = dict(FIELDS)
STATES = (
    ("", "All"),
    ("live", "In step"),
    ("held", "Held back"),
    ("apart", "Came apart"),
    ("cut", "Let go"),
)


def shown(field: str, value: Any) -> str:
    """Return a value of a field as people read it."""
    if field == "status":
        return dict(roadmap.CHOICES["status"]).get(str(value), str(value or ""))
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return str(value) if value not in (None, "") else ""


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 16 else 0


def _clash(access: Access, conflict: Conflict) -> dict[str, Any]:
    binding = conflict.binding
    record = binding.record
    ours, theirs = conflict.ours, conflict.theirs
    if conflict.field == "parent":
        ids = [int(each or 0) for each in (ours, theirs)]
        known = roadmap.summaries(access.workspace.pk, access.workspace.slug, ids)
        ours, theirs = (f"{known[id].key} {known[id].title}" if id in known else "" for id in ids)
    return {
        "conflict": conflict,
        "record": record,
        "record_url": shared.feature_url(access, record.key) if record else "",
        "ours": shown(conflict.field, ours),
        "theirs": shown(conflict.field, theirs),
        "is_long": conflict.field == "description",
    }


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """The conflicts, and the pairs that came apart."""
    base, workspace_id = shared.base(access), access.workspace.pk
    asked = {"connection": _number(request.GET.get("connection", ""))}
    rows = selectors.conflicts(workspace_id=workspace_id, filters=asked)
    found = pagination.paginate(rows, order=("-pk",), cursor=request.GET.get("after", ""), size=PAGE)
    apart = selectors.apart(workspace_id=workspace_id)
    if asked["connection"]:
        apart = apart.filter(connection_id=asked["connection"])
    query = {"connection": asked["connection"]} if asked["connection"] else {}
    context = {
        "base": base,
        "clashes": [_clash(access, each) for each in found.rows],
        "count": rows.count(),
        "next_url": f"{base}decisions/?{urlencode({**query, 'after': found.next})}" if found.next else "",
        "apart": [
            {
                "binding": each,
                "url": shared.feature_url(access, each.record.key) if each.record else "",
                "is_there": each.record is not None and each.record.deleted_at is None,
            }
            for each in apart.order_by("-synced_at", "-pk")[:PAGE]
        ],
        "connection": asked["connection"],
    }
    return responses.page(request, "trackers/decisions.html", context)


@page(role=Role.MAKER)
@require_POST
def settle(request: HttpRequest, access: Access) -> HttpResponse:
    """Let ours or theirs stand, for one conflict or many."""
    keep, _, one = request.POST.get("keep", "").partition("-")
    ids = [_number(one)] if one else [_number(each) for each in request.POST.getlist("ids")[:500]]
    found = selectors.conflicts_by_id(workspace_id=access.workspace.pk, ids=ids)
    try:
        count = settling.settle_conflicts(conflicts=found, keep=keep, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        shared.say_refused(request, error)
    else:
        whose = "ours" if keep == "ours" else "theirs"
        if count:
            toasts.add(request, f"{formats.plural(count, 'conflict')} settled: {whose} stands.")
        else:
            toasts.add(request, "Choose a conflict first.", tone="warn")
    return responses.back(request, otherwise=f"{shared.base(access)}decisions/")


@page(role=Role.MAKER)
@require_POST
def decide(request: HttpRequest, access: Access, binding_id: int, choice: str) -> HttpResponse:
    """Say what becomes of a pair: let go, make again, or drop the feature."""
    binding = shared.binding_or_404(access, binding_id)
    said = {
        "cut": "let go. Both stay as they are.",
        "again": "is being made anew.",
        "drop": "let go, and the feature is dropped.",
    }
    if choice not in said:
        raise Http404
    try:
        if choice == "cut" and binding.state in {Binding.State.LIVE, Binding.State.CREATING}:
            settling.cut(binding=binding, actor=access.actor, at=timezone.now())
        else:
            settling.decide_apart(binding=binding, choice=choice, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        shared.say_refused(request, error)
    else:
        toasts.add(request, f"{binding.key or 'The issue'} {said[choice]}")
    return responses.back(request, otherwise=f"{shared.base(access)}decisions/")


@page()
@require_GET
def pairs(request: HttpRequest, access: Access, connection_id: int) -> HttpResponse:
    """Which issue is which feature, and what is held back."""
    connection = shared.connection_or_404(access, connection_id)
    state = request.GET.get("state", "")
    state = state if state in dict(STATES) else ""
    url = f"{shared.url_of(access, connection)}issues/"
    rows = selectors.bindings_of(connection=connection, state=state)
    found = pagination.paginate(rows, order=("-pk",), cursor=request.GET.get("after", ""), size=PAGE)
    query = {"state": state} if state else {}
    context = {
        "connection": connection,
        "base": shared.base(access),
        "url": url,
        "pairs": [
            {
                "binding": each,
                "record_url": shared.feature_url(access, each.record.key)
                if each.record and each.record.deleted_at is None
                else "",
                "status": each.theirs.get("words", {}).get("status") or "",
                "held": [(LABELS.get(name, name), why) for name, why in each.held.items()],
            }
            for each in found.rows
        ],
        "next_url": f"{url}?{urlencode({**query, 'after': found.next})}" if found.next else "",
        "tabs": [
            {
                "label": label,
                "url": f"{url}?state={value}" if value else url,
                "current": value == state,
                "count": None,
            }
            for value, label in STATES
        ],
    }
    return responses.page(request, "trackers/pairs.html", context)


@page()
@require_GET
def run(request: HttpRequest, access: Access, connection_id: int, run_id: int) -> HttpResponse:
    """What one run did, deed by deed."""
    connection = shared.connection_or_404(access, connection_id)
    try:
        found_run = selectors.access_run(connection=connection, run_id=run_id)
    except ObjectDoesNotExist as error:
        raise Http404 from error
    deed = request.GET.get("deed", "")
    deed = deed if deed in dict(DEEDS) else ""
    url = f"{shared.url_of(access, connection)}runs/{found_run.pk}/"
    rows = selectors.entries_of(run=found_run, deed=deed)
    found = pagination.paginate(rows, order=("pk",), cursor=request.GET.get("after", ""), size=100)
    query = {"deed": deed} if deed else {}
    total = sum(found_run.counts.values())
    kept = Entry.objects.filter(run=found_run).count()
    context = {
        "connection": connection,
        "run": found_run,
        "base": shared.base(access),
        "url": url,
        "connection_url": shared.url_of(access, connection),
        "entries": [
            {
                "entry": each,
                "tone": shared.TONES[each.deed],
                "label": LABELS.get(each.field, ""),
                "before": shown(each.field, each.before),
                "after": shown(each.field, each.after),
                "record_url": shared.feature_url(access, each.record.key)
                if each.record and each.record.deleted_at is None
                else "",
            }
            for each in found.rows
        ],
        "next_url": f"{url}?{urlencode({**query, 'after': found.next})}" if found.next else "",
        "counts": counts_of(found_run),
        "deed": deed,
        "left_out": max(0, total - kept),
    }
    return responses.page(request, "trackers/run.html", context)


@page(role=Role.MAKER)
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, access: Access) -> HttpResponse:
    """Say that a feature is an issue, or have one made of it."""
    key = (request.POST if request.method == "POST" else request.GET).get("key", "")
    record = Record.objects.in_workspace(access.workspace.pk).filter(kind="feature").by_key(key[:20]).first()
    if record is None:
        raise Http404
    connections = list(selectors.list_connections(workspace_id=access.workspace.pk, filters={}))
    connections = [each for each in connections if each.is_on]
    error = ""
    if request.method == "POST":
        chosen = next(
            (each for each in connections if str(each.pk) == request.POST.get("connection", "")), None
        )
        issue = " ".join(request.POST.get("issue", "").split())[:80].lstrip("#")
        if chosen is None:
            error = "Choose a connection that is started."
        else:
            try:
                if issue:
                    settling.bind(
                        connection=chosen,
                        record=record,
                        external_id=issue,
                        actor=access.actor,
                        at=timezone.now(),
                    )
                    said = f"{record.key} is bound to {issue}. The first look compares them."
                else:
                    settling.ask_to_make(connection=chosen, record=record)
                    said = f"An issue of {record.key} is being made at {chosen.name}."
            except ValidationError as refusal:
                error = " ".join(refusal.messages)
            else:
                toasts.add(request, said)
                return HttpResponseRedirect(shared.feature_url(access, record.key))
    context = {
        "record": record,
        "record_url": shared.feature_url(access, record.key),
        "connections": connections,
        "base": shared.base(access),
        "error": error,
        "chosen": request.POST.get("connection", ""),
        "issue": request.POST.get("issue", ""),
    }
    show_form = responses.form_page if error else responses.page
    return show_form(request, "trackers/link.html", context)
