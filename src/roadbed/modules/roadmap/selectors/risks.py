"""Reading risks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet

from roadbed.modules.roadmap.models import Feature, Risk


def access_risk(*, workspace_id: int, number: int) -> Risk:
    """Return the risk with that number, or raise `Risk.DoesNotExist`, for strangers too."""
    rows = Risk.objects.in_workspace(workspace_id).select_related("owner__user", "product", "workspace")
    found: Risk = rows.prefetch_related("hits").get(number=number)
    return found


def filter_risks(*, workspace_id: int, filters: Mapping[str, Any]) -> QuerySet[Risk]:
    """Return the risks that the filters leave, with what they hit."""
    rows: Any = Risk.objects.in_workspace(workspace_id).filter(kind="risk").not_archived()
    if words := filters.get("q"):
        rows = rows.filter(Q(title__icontains=words) | Q(description__icontains=words))
    if state := filters.get("state"):
        rows = rows.filter(state=state)
    if product := filters.get("product"):
        rows = rows.filter(product__slug=product)
    return rows.select_related("owner__user", "product").prefetch_related("hits")  # type: ignore[no-any-return]  # kept loose while the filters are put on


def risks_of(feature: Feature) -> list[Risk]:
    """Return the open risks that would hit a feature; one query."""
    rows = Risk.objects.in_workspace(feature.workspace_id).filter(hits=feature, state=Risk.State.OPEN)
    return list(rows.order_by("-probability", "pk")[:50])
