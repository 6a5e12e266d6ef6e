"""The technical roadmap with what needs it, and the portfolio over products."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, Min, Q

from roadbed.core.records.models import Link, Relation
from roadbed.core.workspaces.models import Product
from roadbed.modules.roadmap.models import CLOSED, Estimate, Feature, Lane, Release, Status, Work
from roadbed.modules.roadmap.selectors.dependencies import alive
from roadbed.modules.roadmap.selectors.features import RELATED

MOST = 500


@dataclass(slots=True)
class TechnicalItem:
    """A piece of technical work, with what it is for and what it waits for on the other lane."""

    feature: Feature
    estimate: Estimate | None = None
    needed_by: list[Feature] = field(default_factory=list)
    waits_for: list[Feature] = field(default_factory=list)


def technical_lanes(*, workspace_id: int, product: str = "") -> list[tuple[Work, list[TechnicalItem]]]:
    """Return the open technical work by kind, each with the product features that need it; five queries."""
    rows: Any = Feature.objects.in_workspace(workspace_id).not_archived()
    rows = rows.filter(lane=Lane.TECHNICAL).exclude(status__in=CLOSED).exclude(level="area")
    if product:
        rows = rows.filter(product__slug=product)
    items = {
        one.pk: TechnicalItem(one) for one in rows.select_related(*RELATED).order_by("rank", "pk")[:MOST]
    }
    pairs = _pairs(workspace_id, set(items))
    others: dict[int, Feature] = (
        Feature.objects.in_workspace(workspace_id)
        .filter(pk__in={other for pair in pairs for other in pair} - set(items))
        .in_bulk()
    )
    for waiting, on in pairs:
        if on in items and waiting in others and others[waiting] not in items[on].needed_by:
            items[on].needed_by.append(others[waiting])
        if waiting in items and on in others and others[on] not in items[waiting].waits_for:
            items[waiting].waits_for.append(others[on])
    for estimate in Estimate.objects.filter(feature_id__in=items, is_current=True):
        items[estimate.feature_id].estimate = estimate
    order = (
        Work.PLATFORM,
        Work.MIGRATION,
        Work.DEBT,
        Work.DEPRECATION,
        Work.CAPABILITY,
        Work.IMPROVEMENT,
        Work.NONE,
    )
    lanes = [(work, [one for one in items.values() if one.feature.work == work]) for work in order]
    return [(work, found) for work, found in lanes if found]


def _pairs(workspace_id: int, ids: set[int]) -> list[tuple[int, int]]:
    """Return (what waits, what it waits for): by dependencies, and by links that say so."""
    touching = Q(feature_id__in=ids) | Q(on_id__in=ids)
    waits = alive(workspace_id).filter(touching, on__isnull=False).order_by()
    found = [(one, on) for one, on in waits.values_list("feature_id", "on_id") if on is not None]
    links = Link.objects.filter(
        Q(source_id__in=ids) | Q(target_id__in=ids),
        relation=Relation.DEPENDS_ON,
        source__kind="feature",
        target__kind="feature",
        source__circle__isnull=True,
    )
    return found + list(links.values_list("source_id", "target_id"))


@dataclass(frozen=True, slots=True)
class ProductLine:
    """A product in the portfolio."""

    product: Product | None
    open: int
    now: int
    next: int
    later: int
    going: int
    shipped: int
    technical: int
    unestimated: int
    days: float
    """The sum of the means of open leaves, in person-days: means add up, quantiles do not."""
    hard: date | None
    """The next hard date of an open feature."""
    release: Release | None
    """The next release that is planned."""


def portfolio(*, workspace_id: int) -> list[ProductLine]:
    """Return what is planned for each product, in a number of queries that does not grow; empty products too."""
    live: Any = Feature.objects.in_workspace(workspace_id).not_archived().exclude(level="area").order_by()
    is_open = ~Q(status__in=CLOSED)
    counted = {
        row["product_id"]: row
        for row in live.values("product_id").annotate(
            open=Count("pk", filter=is_open),
            now=Count("pk", filter=is_open & Q(horizon="now")),
            next=Count("pk", filter=is_open & Q(horizon="next")),
            later=Count("pk", filter=is_open & Q(horizon="later")),
            going=Count("pk", filter=Q(status__in=[Status.DEVELOPMENT, Status.BETA])),
            shipped=Count("pk", filter=Q(status=Status.SHIPPED)),
            technical=Count("pk", filter=is_open & Q(lane=Lane.TECHNICAL)),
            hard=Min("due_date", filter=is_open & Q(due_kind="hard")),
        )
    }
    parents = set(live.filter(parent__isnull=False).values_list("parent_id", flat=True))
    leaves = [
        (pk, product)
        for pk, product in live.filter(is_open).values_list("pk", "product_id")
        if pk not in parents
    ]
    means = dict(
        Estimate.objects.filter(feature__workspace_id=workspace_id, is_current=True)
        .order_by()
        .values_list("feature_id", "mean")
    )
    days: dict[int | None, float] = {}
    unestimated: dict[int | None, int] = {}
    for pk, product_id in leaves:
        if pk in means:
            days[product_id] = days.get(product_id, 0.0) + means[pk]
        else:
            unestimated[product_id] = unestimated.get(product_id, 0) + 1
    upcoming: dict[int | None, Release] = {}
    planned = Release.objects.in_workspace(workspace_id).filter(
        state=Release.State.PLANNED, ship_date__isnull=False
    )
    for release in planned.order_by("-ship_date", "-pk"):
        upcoming[release.product_id] = release
    products: list[Product | None] = list(
        Product.objects.filter(workspace_id=workspace_id, archived_at__isnull=True)
    )
    if None in counted:
        products.append(None)
    lines = []
    for product in products:
        pk = product.pk if product else None
        row = counted.get(pk, {})
        lines.append(
            ProductLine(
                product=product,
                open=row.get("open", 0),
                now=row.get("now", 0),
                next=row.get("next", 0),
                later=row.get("later", 0),
                going=row.get("going", 0),
                shipped=row.get("shipped", 0),
                technical=row.get("technical", 0),
                unestimated=unestimated.get(pk, 0),
                days=days.get(pk, 0.0),
                hard=row.get("hard"),
                release=upcoming.get(pk),
            )
        )
    return lines
