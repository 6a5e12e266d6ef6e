"""The technical roadmap, and the portfolio over products."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.models import Product
from roadbed.modules.roadmap import selectors
from roadbed.modules.roadmap.models import Feature
from roadbed.modules.roadmap.views import shared
from roadbed.modules.roadmap.views.effort import days
from roadbed.web import responses
from roadbed.web.receipts import Part, Receipt


def _brief(access: Access, feature: Feature) -> dict[str, Any]:
    return {
        "key": feature.key,
        "title": feature.title,
        "url": shared.feature_url(access, feature),
        "chip": shared.status_chip(feature),
    }


@page()
@require_GET
def technical(request: HttpRequest, access: Access) -> HttpResponse:
    """Platform work, migrations, debt and deprecations, each with the product features that need it."""
    product = request.GET.get("product", "").replace("\x00", "")[:40]
    lanes = []
    for work, items in selectors.technical_lanes(workspace_id=access.workspace.pk, product=product):
        lines = [
            {
                **_brief(access, item.feature),
                "team": item.feature.team.name if item.feature.team else "",
                "effort": (
                    f"{days(item.estimate.p10)} to {days(item.estimate.p90)} d" if item.estimate else ""
                ),
                "needed_by": [_brief(access, one) for one in item.needed_by],
                "waits_for": [_brief(access, one) for one in item.waits_for],
            }
            for item in items
        ]
        needed = sum(bool(line["needed_by"]) for line in lines)
        lanes.append({"label": work.label if work else "Kind not said", "lines": lines, "needed": needed})
    context = {
        "lanes": lanes,
        "product": product,
        "products": Product.objects.filter(workspace=access.workspace, archived_at__isnull=True),
        "switch": shared.switch(access, "technical"),
        "base": shared.base(access),
    }
    return responses.page(request, "roadmap/technical.html", context)


@page()
@require_GET
def portfolio(request: HttpRequest, access: Access) -> HttpResponse:
    """Every product on one page: how much is planned, how far it is, what is promised next."""
    base = shared.base(access)
    lines = []
    for one in selectors.portfolio(workspace_id=access.workspace.pk):
        slug = one.product.slug if one.product else ""

        def listed(_slug: str = slug, **narrow: str) -> str:
            return f"{base}list/?{urlencode({**({'product': _slug} if _slug else {}), **narrow})}"

        lines.append(
            {
                "line": one,
                "name": one.product.name if one.product else "No product",
                "url": listed(open="yes"),
                "counts": [
                    ("Now", one.now, listed(horizon="now", open="yes")),
                    ("Next", one.next, listed(horizon="next", open="yes")),
                    ("Later", one.later, listed(horizon="later", open="yes")),
                    ("Under way", one.going, listed(status="development")),
                    ("Technical", one.technical, listed(lane="technical", open="yes")),
                    ("Shipped", one.shipped, listed(status="shipped")),
                ],
                "effort": Receipt(
                    value=f"{days(one.days)} days" if one.days else "not known",
                    title="Work that is left",
                    parts=(
                        Part("Estimated, on average", f"{days(one.days) if one.days else '0'} days"),
                        Part("Without an estimate", f"{one.unestimated} features"),
                    ),
                    method="The sum of the averages of open features with nothing under them. Averages add up; "
                    "the ends of ranges do not.",
                ),
                "release_url": shared.release_url(access, one.release) if one.release else "",
            }
        )
    context = {
        "lines": lines,
        "today": timezone.localdate(),
        "switch": shared.switch(access, "portfolio"),
        "base": base,
    }
    return responses.page(request, "roadmap/portfolio.html", context)
