"""Reading features: lists, the board, levels of the tree, one feature."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from roadbed.core.records.models import Link, RecordTag, Relation
from roadbed.core.search import selectors as search
from roadbed.modules.roadmap.models import CLOSED, Feature, Horizon, Status

RELATED = ("product", "release", "team", "owner__user", "tally")
BOARD_HORIZONS = (Horizon.NOW, Horizon.NEXT, Horizon.LATER)
CARDS = 40
"""Cards drawn in a column of the board; the list has the rest."""


def access_feature(*, workspace_id: int, key: str) -> Feature:
    """Return the feature with that key, or raise `Feature.DoesNotExist`, for strangers too."""
    rows = (
        Feature.objects.in_workspace(workspace_id).by_key(key).select_related(*RELATED, "parent", "workspace")
    )
    found: Feature = rows.get()
    return found


def _found_by_words(workspace_id: int, words: str) -> Q:
    ids = search.record_ids(workspace_id=workspace_id, query=words, only=("feature",))
    return Q(pk__in=ids)


def filter_features(*, workspace_id: int, filters: Mapping[str, Any]) -> QuerySet[Feature]:
    """Return the features that the filters leave; the page, the board, the API and the download share it.

    Parameters
    ----------
    filters : mapping
        As `roadbed.modules.roadmap.forms.lists.FILTERS` parses them; what is absent does not narrow.
    """
    # The kind says nothing new, but lets the index over (workspace, kind, …) order the rows.
    rows: Any = Feature.objects.in_workspace(workspace_id).filter(kind="feature")
    rows = (
        rows.exclude(archived_at__isnull=True)
        if filters.get("archived")
        else rows.filter(archived_at__isnull=True)
    )
    if words := filters.get("q"):
        rows = rows.filter(_found_by_words(workspace_id, words))
    if product := filters.get("product"):
        rows = rows.filter(product__slug=product)
    for name in ("lane", "level", "status", "horizon", "work", "size"):
        if chosen := filters.get(name):
            rows = rows.filter(**{f"{name}__in": chosen if not isinstance(chosen, str) else [chosen]})
    if team := filters.get("team"):
        rows = rows.filter(team_id=team)
    if owner := filters.get("owner"):
        rows = rows.filter(owner_id=owner)
    if release := filters.get("release"):
        rows = rows.filter(release__number=release)
    if (is_open := filters.get("open")) is not None:
        rows = rows.exclude(status__in=CLOSED) if is_open else rows.filter(status__in=CLOSED)
    for name in ("people", "revenue", "impact"):
        if span := filters.get(name):
            if span.low is not None:
                rows = rows.filter(**{f"tally__{name}__gte": span.low})
            if span.high is not None:
                rows = rows.filter(Q(**{f"tally__{name}__lte": span.high}) | Q(tally__isnull=True))
    if tags := filters.get("tag"):
        tagged = RecordTag.objects.filter(record_id=OuterRef("pk"), tag__name__in=tags)
        rows = rows.filter(Exists(tagged))
    if (answers := filters.get("answers")) is not None:
        linked = Exists(Link.objects.filter(source_id=OuterRef("pk"), relation=Relation.ANSWERS))
        rows = rows.filter(linked) if answers else rows.exclude(linked)
    return rows.select_related(*RELATED)  # type: ignore[no-any-return]  # kept loose while the filters are put on


def board_columns(
    *, workspace_id: int, filters: Mapping[str, Any]
) -> list[tuple[Horizon, list[Feature], int]]:
    """Return the board: each horizon with its first cards and how many there are; a query a column, and one more."""
    rows = filter_features(workspace_id=workspace_id, filters={**filters, "horizon": None})
    rows = rows.exclude(status__in=CLOSED).exclude(level="area")
    cards = {
        horizon: list(rows.filter(horizon=horizon).order_by("rank", "pk")[: CARDS + 1])
        for horizon in BOARD_HORIZONS
    }
    totals = {horizon: len(found) for horizon, found in cards.items()}
    long = [horizon for horizon, total in totals.items() if total > CARDS]
    if long:
        counted = rows.filter(horizon__in=long).order_by().values_list("horizon").annotate(Count("pk"))
        totals |= {Horizon(horizon): total for horizon, total in counted}
    return [(horizon, found[:CARDS], totals[horizon]) for horizon, found in cards.items()]


def level_of_tree(
    *, workspace_id: int, parent_id: int | None, product: str = "", limit: int = 200
) -> list[Feature]:
    """Return the live children of a node (or the roots) in their order, as `_as_nodes` has them."""
    rows = Feature.objects.in_workspace(workspace_id).not_archived().filter(parent_id=parent_id)
    if product and parent_id is None:
        rows = rows.filter(product__slug=product)
    return list(_as_nodes(rows).order_by("position", "pk")[:limit])


def levels_below(*, workspace_id: int, parent_ids: Collection[int]) -> list[Feature]:
    """Return the live children of many nodes at once, in their order, as `_as_nodes` has them; one query."""
    rows = Feature.objects.in_workspace(workspace_id).not_archived().filter(parent_id__in=parent_ids)
    return list(_as_nodes(rows).order_by("parent_id", "position", "pk"))


def _as_nodes(rows: QuerySet[Feature]) -> QuerySet[Feature]:
    """Add `has_children`, and `width`: how many hang under each at the most, dead ones too, by the index alone."""
    under = Feature.objects.filter(parent_id=OuterRef("pk"))
    living = under.filter(deleted_at__isnull=True, archived_at__isnull=True)
    width = under.order_by().values("parent_id").annotate(count=Count("record_id")).values("count")
    return rows.annotate(has_children=Exists(living), width=Subquery(width)).select_related(*RELATED)


def sibling_of(feature: Feature, *, is_before: bool) -> Feature | None:
    """Return the live sibling right before or behind a feature, or None at the end."""
    rows = Feature.objects.in_workspace(feature.workspace_id).not_archived()
    rows = rows.filter(parent_id=feature.parent_id).exclude(pk=feature.pk)
    if feature.parent_id is None:
        rows = rows.filter(product_id=feature.product_id)
    here = Q(position=feature.position)
    if is_before:
        rows = rows.filter(Q(position__lt=feature.position) | (here & Q(pk__lt=feature.pk)))
        return rows.order_by("-position", "-pk").first()  # type: ignore[no-any-return]  # the manager is loosely typed
    rows = rows.filter(Q(position__gt=feature.position) | (here & Q(pk__gt=feature.pk)))
    return rows.order_by("position", "pk").first()  # type: ignore[no-any-return]  # the manager is loosely typed


def path_of(feature: Feature) -> list[Feature]:
    """Return the ancestors, root first, in one query."""
    found: dict[int, Feature] = Feature.objects.in_bulk(feature.ancestor_ids)
    return [found[pk] for pk in feature.ancestor_ids if pk in found]


def children_of(feature: Feature, *, limit: int = 100) -> list[Feature]:
    """Return what lies right under a feature."""
    rows = Feature.objects.in_workspace(feature.workspace_id).filter(parent_id=feature.pk)
    return list(rows.select_related(*RELATED).order_by("position", "pk")[:limit])


def progress_below(*, features: Collection[Feature]) -> dict[int, tuple[int, int]]:
    """Return (shipped, all) of the live children of each feature, dropped ones left out; one query."""
    counts: dict[int, tuple[int, int]] = {}
    rows = Feature.objects.filter(parent_id__in=[one.pk for one in features], deleted_at__isnull=True)
    for parent_id, status in rows.exclude(status=Status.DROPPED).values_list("parent_id", "status"):
        if parent_id is not None:
            done, total = counts.get(parent_id, (0, 0))
            counts[parent_id] = (done + (status == Status.SHIPPED), total + 1)
    return counts
