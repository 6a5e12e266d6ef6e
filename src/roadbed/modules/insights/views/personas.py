"""The persona of a segment: read off from what its people said."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from roadbed.core.evidence import figures
from roadbed.core.workspaces.access import Access, page
from roadbed.modules.insights.models import Segment
from roadbed.modules.insights.selectors import customers
from roadbed.modules.insights.selectors import personas as selectors
from roadbed.modules.insights.services import persona_words
from roadbed.modules.insights.views import shared
from roadbed.web import responses


def _line(access: Access, segment: Segment, need: selectors.PersonaNeed) -> dict[str, Any]:
    rows = (
        f"{figures.demand_url(need.record, workspace=access.workspace.slug)}?segment={segment.key}#customers"
    )
    return {
        "need": need,
        "share": persona_words.share_words(need.share),
        "rest": persona_words.rest_words(need),
        "rows_url": rows,
        "quotes": need.quotes,
    }


@page()
@require_GET
def show(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """What a segment needs most, in whose words, and where it differs from the rest."""
    segment: Segment = shared.found_or_404(
        customers.access_segment, workspace_id=access.workspace.pk, number=number
    )
    now, currency = timezone.now(), access.workspace.currency
    found = selectors.persona_of(segment=segment, workspace=access.workspace.slug)
    if request.GET.get("as") == "markdown":
        address = f"{settings.ROADBED_URL}/w/{access.workspace.slug}/"
        text = persona_words.markdown(found, currency=currency, made_at=now, address=address)
        return HttpResponse(
            text,
            content_type="text/markdown; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="persona-{segment.key.lower()}.md"'},
        )
    context = {
        "segment": segment,
        "persona": found,
        "introduction": persona_words.introduction(found, currency=currency),
        "needs": [_line(access, segment, need) for need in found.needs],
        "distinct": [_line(access, segment, need) for need in found.distinct],
        "method": persona_words.METHOD,
        "base": shared.place(access, "segments/"),
        "url": shared.place(access, f"segments/{segment.number}/"),
        "insights": shared.place(access),
        "currency": currency,
    }
    return responses.page(request, "insights/personas/show.html", context)
