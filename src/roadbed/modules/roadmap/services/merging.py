"""What follows when two features, or two releases, become one."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from roadbed.core.accounts.actors import SYSTEM
from roadbed.core.records.models import Record
from roadbed.core.records.services import Mover
from roadbed.modules.roadmap.models import Feature
from roadbed.modules.roadmap.services import order, tree


def _reparent(feature: Feature, parent: Feature | None, position: int | None = None) -> None:
    rows = tree.siblings(
        workspace_id=feature.workspace_id,
        parent_id=parent.pk if parent else None,
        product_id=parent.product_id if parent else feature.product_id,
    ).exclude(pk=feature.pk)
    place = order.last(rows=rows, field="position") if position is None else position
    tree.put(
        feature=feature,
        parent=parent,
        product_id=feature.product_id,
        position=place,
        actor=SYSTEM,
        at=feature.updated_at,
    )


def _move(merged: Record, survivor: Record) -> Any:
    if merged.kind == "release":
        ids = list(Feature.objects.filter(release_id=merged.pk).values_list("pk", flat=True))
        Feature.objects.filter(pk__in=ids).update(release_id=survivor.pk)
        return {"released": ids}
    if merged.kind != "feature":
        return {}
    tree.lock_tree(workspace_id=merged.workspace_id)
    trail: list[list[Any]] = []
    old, new = Feature.objects.get(pk=merged.pk), Feature.objects.get(pk=survivor.pk)
    if old.pk in new.ancestor_ids:
        # The survivor lies below what is merged into it: it takes its place first.
        trail.append([new.pk, new.parent_id, new.position])
        _reparent(new, Feature.objects.filter(pk=old.parent_id).first() if old.parent_id else None)
    for child in Feature.objects.filter(parent_id=old.pk).order_by("position", "pk"):
        trail.append([child.pk, child.parent_id, child.position])
        # The size of a node bounds what may lie under it; a smaller survivor takes larger children as siblings.
        home = Feature.objects.get(pk=new.pk)
        try:
            tree.check(feature=child, parent=home)
            _reparent(child, home)
        except ValidationError:
            _reparent(child, Feature.objects.filter(pk=home.parent_id).first() if home.parent_id else None)
    return {"moved": trail}


def _move_back(merged: Record, survivor: Record, trail: Any) -> None:
    if "released" in trail:
        Feature.objects.filter(pk__in=trail["released"], release_id=survivor.pk).update(release_id=merged.pk)
    if trail.get("moved"):
        tree.lock_tree(workspace_id=merged.workspace_id)
    for pk, parent_id, position in reversed(trail.get("moved", [])):
        feature = Feature.objects.filter(pk=pk).first()
        parent = Feature.objects.filter(pk=parent_id).first() if parent_id else None
        if feature is not None:
            _reparent(feature, parent, position)


FEATURE_MOVER = Mover("roadmap", _move, _move_back)
"""Children follow a merged feature, features follow a merged release, and both return when it is undone."""
