"""Rules over accounts, kept under a name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.http import require_GET, require_http_methods

from roadbed.core.records import lists as record_lists
from roadbed.core.records import pages
from roadbed.core.records import services as records
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights import services
from roadbed.modules.insights.forms import lists
from roadbed.modules.insights.forms.customers import SegmentForm, rule_from
from roadbed.modules.insights.models import Segment, rules
from roadbed.modules.insights.selectors import customers as selectors
from roadbed.modules.insights.views import shared
from roadbed.web import pagination, parts, responses, tables, toasts

LIST_NAME = "insights.segments"
SPARE_ROWS = 2
COLUMNS = (
    tables.Column("name", "Segment", main=True, sortable=True),
    tables.Column("rule", "Rule"),
    tables.Column("added", "Added", sortable=True, tight=True),
)


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """The segments of the workspace."""
    base = shared.place(access, "segments/")
    state = lists.SEGMENTS.parse(request.GET, path=base)
    rows = selectors.list_segments(workspace_id=access.workspace.pk, filters=state.values)
    order = pagination.order_for(state.sort, columns=lists.SEGMENTS_ORDER)
    found = pagination.paginate(rows, order=order, cursor=state.cursor)
    table = tables.Table(
        id="segments",
        caption="Segments",
        noun="segments",
        columns=COLUMNS,
        state=state,
        page=found,
        rows=tuple(
            tables.Row(
                id=str(segment.number),
                label=segment.key,
                url=f"{base}{segment.number}/",
                cells={
                    "name": parts.title(segment.title, url=f"{base}{segment.number}/", key_text=segment.key),
                    "rule": parts.quiet(capfirst(rules.parse(segment.rule).label) or "no conditions"),
                    "added": parts.when(segment.created_at, style="day"),
                },
            )
            for segment in found.rows
        ),
        views=record_lists.saved_views(access, list_name=LIST_NAME, base=base),
        save_view_url=f"/w/{access.workspace.slug}/views/?list={LIST_NAME}",
        empty=tables.Empty(
            "No segments yet",
            "A segment is a rule such as “revenue is at least 50,000 and plan is Fleet”. Accounts join and leave it by "
            "themselves.",
            action="Make the first" if access.can_make else "",
            url=f"{base}new/" if access.can_make else "",
        ),
    )
    context = {"table": table, "state": state, "list_name": LIST_NAME, "base": base}
    return responses.page(request, "insights/segments/index.html", context)


def segment_or_404(access: Access, number: int) -> Segment:
    """Return the segment with that number; a stranger's and a missing one look the same."""
    found: Segment = shared.found_or_404(
        selectors.access_segment, workspace_id=access.workspace.pk, number=number
    )
    return found


@page()
@require_GET
def show(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """One segment: its rule, and whom it takes in now."""
    segment = segment_or_404(access, number)
    rule = rules.parse(segment.rule)
    context: dict[str, Any] = {
        **pages.record_context(access=access, record=segment, now=timezone.now(), with_chain=False),
        "segment": segment,
        "base": shared.place(access, "segments/"),
        "insights": shared.place(access),
        "rule": rule,
        "found": selectors.membership(workspace_id=access.workspace.pk, rule=rule, sample=20),
        "currency": access.workspace.currency,
    }
    return responses.page(request, "insights/segments/show.html", context)


def _fields(access: Access, used: Iterable[str]) -> list[tuple[str, str]]:
    names = selectors.attribute_names(workspace_id=access.workspace.pk)
    own = [(name, capfirst(name)) for name in rules.COLUMNS]
    known = {f"{rules.ATTRIBUTE}{name}" for name in names if '"' not in name}
    known |= {name for name in used if name.startswith(rules.ATTRIBUTE)}
    return own + [(name, name.removeprefix(rules.ATTRIBUTE)) for name in sorted(known)]


def _preview(access: Access, raw: Any) -> dict[str, Any]:
    """What a rule takes in, or why it cannot be read."""
    try:
        rule = rules.parse(raw)
    except ValidationError as error:
        return {"problem": " ".join(error.messages)}
    found = selectors.membership(workspace_id=access.workspace.pk, rule=rule, sample=5)
    return {"found": found, "is_empty_rule": not rule.conditions}


def _builder(access: Access, raw: dict[str, Any]) -> dict[str, Any]:
    lines = list(raw.get("conditions", []))
    spare = [{"field": "", "operator": "is", "value": ""}] * SPARE_ROWS
    return {
        "lines": [*lines, *spare][: rules.MOST_CONDITIONS],
        "fields": _fields(access, [str(line.get("field", "")) for line in lines]),
        "operators": list(rules.OPERATORS.items()),
        "preview": _preview(access, raw),
        "currency": access.workspace.currency,
        "insights": shared.place(access),
    }


@page()
@require_GET
def preview(request: HttpRequest, access: Access) -> HttpResponse:
    """How many accounts a rule would take in, while it is being written."""
    context = {
        "preview": _preview(access, rule_from(request.GET)),
        "currency": access.workspace.currency,
        "insights": shared.place(access),
    }
    return responses.page(request, "insights/segments/preview.html", context)


def _form(request: HttpRequest, access: Access, segment: Segment | None) -> HttpResponse:
    base, now = shared.place(access, "segments/"), timezone.now()
    raw = (
        rule_from(request.POST)
        if request.method == "POST"
        else (segment.rule if segment else {"match": "all"})
    )
    initial = {
        "name": segment.title if segment else "",
        "note": segment.note if segment else "",
        "match": raw.get("match", "all"),
        "version": segment.version if segment else None,
    }
    form = SegmentForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid() and "more" not in request.POST:
        facts = form.cleaned_data
        try:
            if segment is None:
                done = services.create_segment(
                    workspace=access.workspace,
                    name=facts["name"],
                    note=facts["note"],
                    rule=raw,
                    actor=access.actor,
                    at=now,
                )
            else:
                done = services.change_segment(
                    segment=segment,
                    changes={"title": facts["name"], "note": facts["note"], "rule": raw},
                    actor=access.actor,
                    at=now,
                    expected_version=facts["version"],
                )
        except ValidationError as error:
            shared.add_errors(form, error)
        except records.StaleRecordError as error:
            form.add_error(None, str(error))
        else:
            toasts.add(request, f"{done.key} saved")
            return HttpResponseRedirect(f"{base}{done.number}/")
    context = {"form": form, "base": base, "segment": segment, **_builder(access, raw)}
    show_form = responses.form_page if request.method == "POST" else responses.page
    return show_form(request, "insights/segments/form.html", context)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, access: Access) -> HttpResponse:
    """Make a segment."""
    return _form(request, access, None)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Change a segment."""
    return _form(request, access, segment_or_404(access, number))
