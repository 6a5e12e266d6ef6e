"""Segments side by side."""

from __future__ import annotations

import csv
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from roadbed.core.evidence import figures
from roadbed.core.records import kinds
from roadbed.core.workspaces.access import Access, page
from roadbed.modules.insights.models import Segment
from roadbed.modules.insights.selectors import comparing as selectors
from roadbed.modules.insights.selectors import needs
from roadbed.modules.insights.views import shared
from roadbed.modules.insights.views.demand import share_words
from roadbed.web import responses
from roadbed_engines.stats.proportions import ProportionDifference

KINDS = {"need": "Needs", "feature": "Features"}
SORTS = {"impact": "Largest demand", "difference": "Clearest difference"}


def difference_words(found: ProportionDifference | None) -> str:
    """Return ``+12 points (3 to 21)``, or a dash."""
    if found is None:
        return "–"
    low, high = 100 * found.low, 100 * found.high
    return f"{100 * found.difference:+.0f} points ({low:.0f} to {high:.0f})".replace("-", "−")


def chosen(request: HttpRequest, access: Access) -> list[Segment]:
    """Return the segments that the address names, in its order, at most four."""
    known = {one.key: one for one in needs.all_segments(workspace_id=access.workspace.pk)}
    keys = dict.fromkeys(key.upper() for key in request.GET.getlist("segment") if key)
    return [known[key] for key in keys if key in known][: selectors.MOST]


def _download(found: selectors.Comparison) -> HttpResponse:
    answer = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="segments.csv"'},
    )
    writer = csv.writer(answer)
    heads = ["Key", "Title"]
    for segment in found.segments:
        heads += [
            f"{segment.title}: {what}"
            for what in ("people", "customers", "heard", "difference", "low", "high")
        ]
    writer.writerow([_plain(head) for head in heads])
    for line in found.lines:
        row: list[Any] = [line.record.key, _plain(line.record.title)]
        for cell in line.cells:
            apart = cell.difference
            row += [cell.people, cell.accounts, cell.heard]
            row += (
                [round(one, 4) for one in (apart.difference, apart.low, apart.high)]
                if apart
                else ["", "", ""]
            )
        writer.writerow(row)
    return answer


def _plain(text: str) -> str:
    """Return words that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


@page()
@require_GET
def show(request: HttpRequest, access: Access) -> HttpResponse:
    """What the customers of two to four segments ask for, and where they surely differ."""
    segments = chosen(request, access)
    kind = request.GET.get("kind", "need")
    kind = kind if kind in KINDS else "need"
    by = request.GET.get("by", "impact")
    by = by if by in SORTS else "impact"
    path = shared.place(access, "compare/")
    context: dict[str, Any] = {
        "all_segments": list(needs.all_segments(workspace_id=access.workspace.pk)),
        "chosen": {segment.key for segment in segments},
        "places": [
            {"number": place + 1, "key": segments[place].key if place < len(segments) else ""}
            for place in range(selectors.MOST)
        ],
        "kind": kind,
        "kinds": KINDS.items(),
        "by": by,
        "sorts": SORTS.items(),
        "path": path,
        "insights": shared.place(access),
        "comparison": None,
    }
    if len(segments) >= selectors.FEWEST:
        found = selectors.compare(workspace_id=access.workspace.pk, segments=segments, kind=kind, by=by)
        if request.GET.get("as") == "csv":
            return _download(found)
        slug = access.workspace.slug
        context |= {
            "comparison": found,
            "heads": [{"segment": one, "heard": found.heard.get(one.pk, 0)} for one in segments],
            "lines": [
                {
                    "record": line.record,
                    "url": kinds.url_of(line.record, workspace=slug),
                    "cells": [
                        {
                            "accounts": cell.accounts,
                            "share": share_words(cell.share),
                            "apart": difference_words(cell.difference) if cell.difference else "",
                            "tone": _tone(cell.difference),
                            "url": f"{figures.demand_url(line.record, workspace=slug)}?segment={cell.segment.key}"
                            "#customers",
                        }
                        for cell in line.cells
                    ],
                }
                for line in found.lines
            ],
            "download": f"{path}?"
            + urlencode(
                [*(("segment", one.key) for one in segments), ("kind", kind), ("by", by), ("as", "csv")]
            ),
        }
    return responses.page(request, "insights/compare/show.html", context)


def _tone(found: ProportionDifference | None) -> str:
    if found is None or not found.is_clear:
        return "outline"
    return "good" if found.difference > 0 else "warn"
