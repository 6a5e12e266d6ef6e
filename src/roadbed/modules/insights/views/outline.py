"""The outline: what customers need and expect, ranked; on the page and as a document."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    QueryDict,
)
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from roadbed.core.files import services as files
from roadbed.core.records import lists as record_lists
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.models import Product
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights.selectors import needs as needs_selectors
from roadbed.modules.insights.selectors import outline as selectors
from roadbed.modules.insights.selectors import outline_parts
from roadbed.modules.insights.selectors.outline import Entry, Question
from roadbed.modules.insights.selectors.outline_scope import Scope, sane
from roadbed.modules.insights.services import outline_documents, outline_draft, outline_files, outline_words
from roadbed.modules.insights.views.need import CHIP_TONES
from roadbed.modules.insights.views.needs import TONES
from roadbed.web import filters, formats, receipts, responses, toasts

RANKS = tuple(filters.SortOption(rank, selectors.RANK_LABELS[rank].capitalize()) for rank in selectors.RANKS)
SHORT = {
    "people": "People",
    "accounts": "Customers",
    "revenue": "Revenue",
    "trend": "Trend",
    "opportunity": "Opportunity",
}
FILTERS = filters.FilterSet(
    filters=(
        filters.Choice("product", "Product", pinned=True),
        filters.Choice("segment", "Segment", pinned=True),
        filters.DateRange("heard", "Heard", pinned=True),
        filters.MultiChoice("source", "Source", pinned=True),
    ),
    sorts=RANKS,
    default_sort="-people",
)
PER_DOCUMENT = 50
LIST_NAME = "insights.outline"


def base(access: Access) -> str:
    """The address of the outline."""
    return f"/w/{access.workspace.slug}/insights/outline/"


def options_of(access: Access) -> dict[str, list[filters.Option]]:
    """Return the choices that only the database knows."""
    workspace_id = access.workspace.pk
    products = Product.objects.filter(workspace_id=workspace_id, archived_at__isnull=True)
    segments = needs_selectors.all_segments(workspace_id=workspace_id)
    sources = outline_parts.sources_of(workspace_id)
    return {
        "product": [filters.Option(one.slug, one.name) for one in products],
        "segment": [filters.Option(one.key, one.title) for one in segments],
        "source": [filters.Option(one, one) for one in sources],
    }


def parse(request: HttpRequest, access: Access) -> filters.State:
    """Read what the address asks for."""
    return FILTERS.parse(request.GET, path=base(access), options=options_of(access))


def scope_of(access: Access, values: Mapping[str, Any]) -> Scope:
    """Return the scope that the filters describe."""
    workspace_id = access.workspace.pk
    product = Product.objects.filter(workspace_id=workspace_id, slug=values.get("product", "")).first()
    segment = None
    if values.get("segment"):
        segment = needs_selectors.segment_with_key(workspace_id=workspace_id, key=values["segment"])
    heard = values.get("heard")
    until = sane(heard.high) + dt.timedelta(days=1) if heard is not None and heard.high else None
    return Scope(
        workspace_id=workspace_id,
        product_id=product.pk if product else None,
        segment=segment,
        since=sane(heard.low) if heard is not None and heard.low else None,
        until=until,
        sources=values.get("source", ()),
    )


def _offset(request: HttpRequest) -> int:
    text = request.GET.get("from", "")
    return int(text) - 1 if text.isdecimal() and 0 < len(text) < 7 and int(text) > 0 else 0


def _unlinked_url(access: Access, values: Mapping[str, Any]) -> str:
    """Return the list of feedback that is linked to nothing, within the same scope."""
    heard = values.get("heard")
    asked = [("linked", "no")]
    asked += [(name, values[name]) for name in ("product", "segment") if values.get(name)]
    asked += [("source", one) for one in values.get("source", ())]
    if heard is not None:
        ends = (("said_from", heard.low), ("said_to", heard.high))
        asked += [(name, day.isoformat()) for name, day in ends if day is not None]
    return f"/w/{access.workspace.slug}/insights/feedback/?{urlencode(asked)}"


def _line(entry: Entry, *, currency: str) -> dict[str, Any]:
    """One need as the page shows it: sentences, and the receipts behind their figures."""
    figures = entry.figures
    people = receipts.Receipt(
        value=outline_words.people_words(figures, currency=currency),
        title="Who stands behind it",
        parts=(
            receipts.Part("Quotes", formats.number(figures.quotes), f"{entry.url}#quotes"),
            receipts.Part("Distinct people", formats.number(figures.people)),
            receipts.Part("Distinct customers", formats.number(figures.accounts)),
            receipts.Part("Revenue a year", formats.money_exact(figures.revenue, currency=currency)),
            receipts.Part("Deal-breakers", formats.number(figures.deal_breakers)),
        ),
        method=outline_words.PEOPLE_METHOD,
        more_url=f"{entry.url}#quotes",
        more_label="Read every word",
    )
    trend = receipts.Receipt(
        value=outline_words.trend_words(entry.trend),
        title="Trend",
        parts=tuple(receipts.Part(name, value) for name, value in outline_words.trend_receipt(entry.trend)),
        method=outline_words.TREND_METHOD,
    )
    return {
        "entry": entry,
        "people": people,
        "people_words": f"{people.value};",
        "trend": trend,
        "trend_words": f"{trend.value}.",
        "trend_tone": TONES[entry.trend.direction],
        "rating": outline_words.rating_words(entry),
        "quotes": [{"quote": quote, "tone": CHIP_TONES[quote.strength]} for quote in entry.quotes],
        "shares": [share for share in entry.segments if share.people],
    }


def _tools(access: Access, query: str) -> dict[str, Any]:
    """Return what the filter bar shows of saved views; the outline is no table, but is asked like one."""
    views = record_lists.saved_views(access, list_name=LIST_NAME, base=base(access))
    return {
        "id": "outline",
        "views": views,
        "current_view": next((view for view in views if view.query and view.query == query), None),
        "save_view_url": f"/w/{access.workspace.slug}/views/?list={LIST_NAME}",
    }


@page()
@require_GET
def show(request: HttpRequest, access: Access) -> HttpResponse:
    """The outline, one page of the ranking."""
    state = parse(request, access)
    rank: Any = state.sort.key
    offset = _offset(request)
    scope = scope_of(access, state.values)
    question = Question(scope=scope, rank=rank, offset=offset)
    found = selectors.read_outline(workspace=access.workspace, question=question, now=timezone.now())
    currency = access.workspace.currency
    query = state.querystring

    def turned(to: int) -> str:
        mark = f"from={to + 1}" if to else ""
        joined = "&".join(part for part in (query, mark) if part)
        return f"{base(access)}?{joined}" if joined else base(access)

    context = {
        "outline": found,
        "state": state,
        "lines": [_line(entry, currency=currency) for entry in found.entries],
        "ranks": [
            {"label": SHORT[one], "url": state.url(sort=f"-{one}"), "current": one == rank}
            for one in selectors.RANKS
        ],
        "rank_words": selectors.RANK_LABELS[rank],
        "coverage": outline_words.coverage_words(found.coverage),
        "left_out": outline_words.silent_words(found),
        "draft": outline_draft.draft(found) if not offset else [],
        "methods": outline_words.methods(found),
        "next_url": turned(found.next_offset) if found.next_offset else "",
        "previous_url": turned(max(0, offset - question.limit)) if offset else "",
        "first": offset + 1,
        "last": offset + len(found.entries),
        "downloads": [
            {
                "kind": kind,
                "label": label,
                "url": f"{base(access)}download/?{query + '&' if query else ''}format={kind}",
            }
            for kind, label in (("pdf", "PDF"), ("markdown", "Markdown"), ("html", "HTML, one file"))
        ],
        "long": found.total > PER_DOCUMENT and access.can_contribute,
        "per_document": PER_DOCUMENT,
        "query": query,
        "base": base(access),
        "tools": _tools(access, query),
        "needs_url": f"/w/{access.workspace.slug}/insights/needs/",
        "feedback_url": _unlinked_url(access, state.values),
        "currency": currency,
    }
    return responses.page(request, "insights/outline/show.html", context)


@page()
@require_GET
def download(request: HttpRequest, access: Access) -> HttpResponse:
    """The outline as a document: `format` is markdown, html or pdf; the filters are those of the page."""
    kind = request.GET.get("format", "")
    if kind not in outline_documents.MEDIA:
        raise Http404
    state = parse(request, access)
    rank: Any = state.sort.key
    question = Question(scope=scope_of(access, state.values), rank=rank, limit=PER_DOCUMENT, quotes=5)
    found = selectors.read_outline(workspace=access.workspace, question=question, now=timezone.now())
    made = outline_documents.make_document(found, kind=kind)
    response = HttpResponse(made.content, content_type=made.media)
    # What customers wrote is kept as a file, never shown as a page of ours.
    response.headers["Content-Disposition"] = f'attachment; filename="{made.name}"'
    return response


@page(role=Role.CONTRIBUTOR)
@require_POST
def write(request: HttpRequest, access: Access) -> HttpResponse:
    """Let a job write the whole outline, however long it is."""
    wanted = QueryDict(request.POST.get("query", "")[:2000])
    state = FILTERS.parse(wanted, path=base(access), options=options_of(access))
    try:
        job = outline_files.request_document(
            workspace=access.workspace,
            scope=scope_of(access, state.values),
            rank=state.sort.key,
            kind=request.POST.get("format", ""),
            actor=access.actor,
        )
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
        return HttpResponseRedirect(base(access))
    return HttpResponseRedirect(f"/w/{access.workspace.slug}/jobs/{job.pk}/")


@page()
@require_GET
def fetch(request: HttpRequest, access: Access, kept: str) -> HttpResponse:
    """A document that a job wrote."""
    file = outline_files.file_of(workspace=access.workspace, token=kept)
    if file is None:
        raise Http404
    ending = file.name.rpartition(".")[2]
    kind = next((name for name, known in outline_documents.ENDINGS.items() if known == ending), "markdown")
    # Documents are a few megabytes at the most; read at once, no file is left open.
    answer = HttpResponse(files.path_of(file).read_bytes(), content_type=outline_documents.MEDIA[kind])
    answer.headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return answer
