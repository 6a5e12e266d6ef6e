"""What follows when two features, or two releases, become one."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q

from roadbed.core.accounts.actors import SYSTEM
from roadbed.core.records.models import Record
from roadbed.core.records.services import Mover
from roadbed.modules.roadmap import selectors
from roadbed.modules.roadmap.models import Dependency, Feature, Risk, graphs
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
    return {"moved": trail, **_take_ties(old, new)}


def _take_ties(old: Feature, new: Feature) -> dict[str, Any]:
    """Let the survivor wait, be waited for and be at risk in the merged one's place, where that closes no circle."""
    taken: dict[str, Any] = {"waits": [], "waited": [], "risks": []}
    for dependency in Dependency.objects.filter(Q(feature=old) | Q(on=old)).order_by("pk"):
        side = "feature" if dependency.feature_id == old.pk else "on"
        feature_id = new.pk if side == "feature" else dependency.feature_id
        on_id = dependency.on_id if side == "feature" else new.pk
        if feature_id == on_id:
            continue
        known = Dependency.objects.filter(
            feature_id=feature_id, on_id=on_id, external=dependency.external, tie=dependency.tie
        )
        if known.exists():
            continue
        if on_id is not None:
            wait = graphs.Wait(feature=feature_id, on=on_id, tie=dependency.tie)
            if selectors.graph_of(workspace_id=new.workspace_id).circle_with(wait):
                continue
        Dependency.objects.filter(pk=dependency.pk).update(**{f"{side}_id": new.pk})
        taken["waits" if side == "feature" else "waited"].append(dependency.pk)
    for risk in Risk.objects.filter(hits=old).exclude(hits=new):
        risk.hits.add(new)
        taken["risks"].append(risk.pk)
    return taken


def _give_ties_back(merged: Record, survivor: Record, trail: Any) -> None:
    Dependency.objects.filter(pk__in=trail.get("waits", []), feature_id=survivor.pk).update(
        feature_id=merged.pk
    )
    Dependency.objects.filter(pk__in=trail.get("waited", []), on_id=survivor.pk).update(on_id=merged.pk)
    for risk in Risk.objects.filter(pk__in=trail.get("risks", [])):
        risk.hits.remove(survivor.pk)


def _move_back(merged: Record, survivor: Record, trail: Any) -> None:
    if "released" in trail:
        Feature.objects.filter(pk__in=trail["released"], release_id=survivor.pk).update(release_id=merged.pk)
    if merged.kind == "feature":
        _give_ties_back(merged, survivor, trail)
    if trail.get("moved"):
        tree.lock_tree(workspace_id=merged.workspace_id)
    for pk, parent_id, position in reversed(trail.get("moved", [])):
        feature = Feature.objects.filter(pk=pk).first()
        parent = Feature.objects.filter(pk=parent_id).first() if parent_id else None
        if feature is not None:
            _reparent(feature, parent, position)


FEATURE_MOVER = Mover("roadmap", _move, _move_back)
"""Children follow a merged feature, features follow a merged release, and both return when it is undone."""
