"""The tree, for everything that climbs it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db.models import OuterRef, Q, Subquery

from roadbed.core.evidence import rollup
from roadbed.modules.roadmap.models import Feature, trails


def ancestors_of(workspace_id: int, record_ids: Collection[int]) -> Mapping[int, Collection[int]]:
    """Return the live ancestors of each feature, read off its trail; two queries."""
    rows = Feature.objects.filter(workspace_id=workspace_id, pk__in=record_ids).values_list("pk", "trail")
    above = {pk: trails.ids(trail) for pk, trail in rows}
    wanted = {one for ids in above.values() for one in ids}
    live = set(Feature.objects.in_workspace(workspace_id).filter(pk__in=wanted).values_list("pk", flat=True))
    return {pk: [one for one in ids if one in live] for pk, ids in above.items()}


def descendants_of(workspace_id: int, record_ids: Collection[int]) -> Mapping[int, Collection[int]]:
    """Return the live descendants of each feature; two queries."""
    rows = Feature.objects.filter(workspace_id=workspace_id, pk__in=record_ids).only(
        "pk", "trail", "record_id"
    )
    prefixes = {row.pk: row.children_trail for row in rows}
    if not prefixes:
        return {}
    condition = Q()
    for prefix in prefixes.values():
        condition |= trails.within(prefix)
    below: dict[int, list[int]] = {pk: [] for pk in prefixes}
    for pk, trail in Feature.objects.in_workspace(workspace_id).filter(condition).values_list("pk", "trail"):
        for ancestor in trails.ids(trail):
            if ancestor in below:
                below[ancestor].append(pk)
    return below


def untrue_trails() -> int:
    """Count the features whose trail does not lead to their parent, in every workspace; one query."""
    parents = Feature.objects.filter(pk=OuterRef("parent_id")).values("trail")[:1]
    rows = Feature.objects.filter(parent__isnull=False).annotate(above=Subquery(parents))
    count = 0
    for trail, above, parent_id in rows.values_list("trail", "above", "parent_id").iterator(chunk_size=5000):
        count += trail != trails.below(trail=above or "", pk=parent_id or 0)
    return count


TREE = rollup.Tree(descendants=descendants_of, ancestors=ancestors_of)
