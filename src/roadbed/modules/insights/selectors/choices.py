"""The choices of filters that only the database knows."""

from __future__ import annotations

from typing import Any

from roadbed.core.records.models import Tag
from roadbed.core.workspaces.models import Product
from roadbed.modules.insights.models import Account, Segment
from roadbed.modules.insights.selectors import narrowing
from roadbed.web.filters import Option

MOST_TAGS = 200


def _segments(workspace_id: int) -> list[Option]:
    rows = Segment.objects.in_workspace(workspace_id).filter(kind="segment").order_by("title")[:200]
    return [Option(segment.key, segment.title) for segment in rows]


def _tags(workspace_id: int) -> list[Option]:
    names = Tag.objects.filter(workspace_id=workspace_id).values_list("name", flat=True)[:MOST_TAGS]
    return [Option(name, name) for name in names]


def for_feedback(*, workspace_id: int) -> dict[str, list[Option]]:
    """Return the choices of the list of feedback."""
    products = Product.objects.filter(workspace_id=workspace_id)
    sources = narrowing.values_of_feedback(workspace_id=workspace_id, column="source")
    return {
        "source": [Option(name, name) for name in sources],
        "segment": _segments(workspace_id),
        "tag": _tags(workspace_id),
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
