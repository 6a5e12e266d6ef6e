"""The choices of filters that only the database knows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from roadbed.core.records import selectors as records
from roadbed.core.workspaces.models import Circle, Product
from roadbed.modules.insights.models import Account, Segment
from roadbed.modules.insights.models.readings import LANGUAGES
from roadbed.modules.insights.selectors import narrowing
from roadbed.modules.insights.selectors.feedback import OPEN
from roadbed.web.filters import Option

MOST_TAGS = 200


def _segments(workspace_id: int) -> list[Option]:
    rows = Segment.objects.in_workspace(workspace_id).filter(kind="segment").order_by("title")[:200]
    return [Option(segment.key, segment.title) for segment in rows]


def segments(*, workspace_id: int) -> list[Option]:
    """Return the segments to choose from, by name."""
    return _segments(workspace_id)


def _tags(workspace_id: int, circles: Collection[int] = ()) -> list[Option]:
    names = records.tag_names(workspace_id=workspace_id, circles=circles)[:MOST_TAGS]
    return [Option(name, name) for name in names]


def _circles(circles: Collection[int]) -> list[Option]:
    rows = Circle.objects.filter(pk__in=list(circles)).order_by("name")
    own = [Option(str(circle.pk), circle.name) for circle in rows] if circles else []
    return [Option(OPEN, "Open to everybody"), *own] if own else []


def _languages(workspace_id: int, circles: Collection[int]) -> list[Option]:
    codes = narrowing.values_of_reading(workspace_id=workspace_id, column="language", circles=circles)
    return [*(Option(code, LANGUAGES.get(code, code)) for code in codes), Option("unknown", "Not known")]


def for_feedback(*, workspace_id: int, circles: Collection[int] = ()) -> dict[str, list[Option]]:
    """Return the choices of the list of feedback."""
    products = Product.objects.filter(workspace_id=workspace_id)
    sources = narrowing.values_of_feedback(workspace_id=workspace_id, column="source", circles=circles)
    return {
        "source": [Option(name, name) for name in sources],
        "spoken": _languages(workspace_id, circles),
        "segment": _segments(workspace_id),
        "tag": _tags(workspace_id, circles),
        "circle": _circles(circles),
        "product": [Option(product.slug, product.name) for product in products],
    }


def for_accounts(*, workspace_id: int) -> dict[str, list[Option]]:
    """Return the choices of the list of accounts."""
    own = Account.objects.in_workspace(workspace_id).filter(kind="account").order_by()
    found = {}
    for name in ("plan", "country"):
        values = own.exclude(**{name: ""}).values_list(name, flat=True).distinct()[:100]
        found[name] = [Option(value, value) for value in sorted(values)]
    return {**found, "segment": _segments(workspace_id), "tag": _tags(workspace_id)}


def for_people(*, workspace_id: int) -> dict[str, list[Option]]:
    """Return the choices of the list of people."""
    return {"segment": _segments(workspace_id), "tag": _tags(workspace_id)}


def resolve(*, workspace_id: int, values: Any) -> dict[str, Any]:
    """Return the filters with the segment itself in place of its key."""
    found = dict(values)
    if "segment" in found:
        found["segment"] = Segment.objects.in_workspace(workspace_id).by_key(found["segment"]).get()
    return found
