"""Moving through the tree: under another parent, among siblings, and out of the way of a deletion."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max, QuerySet, Value
from django.db.models.functions import Concat, Length, Substr

from roadbed.core.accounts.actors import Actor
from roadbed.core.evidence import rollup
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Product, Workspace
from roadbed.modules.roadmap import selectors
from roadbed.modules.roadmap.models import LEVEL_ORDER, Deed, Feature, graphs, trails
from roadbed.modules.roadmap.services import deeds, order

PLACE = ("parent_id", "position", "product_id")


class CycleError(ValidationError):
    """A feature was to be moved under itself, or under something that lies below it."""


def lock_tree(*, workspace_id: int) -> None:
    """Let one writer at a time change the shape of a workspace's tree: two moves at once could close a circle.

    SQLite writes one transaction at a time anyway.
    """
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)


def siblings(*, workspace_id: int, parent_id: int | None, product_id: int | None) -> QuerySet[Feature]:
    """Everything that shares an order in the tree, deleted ones too: they come back to their place."""
    rows: QuerySet[Feature] = Feature.objects.filter(workspace_id=workspace_id, parent_id=parent_id)
    if parent_id is not None:
        return rows
    return rows.filter(product_id=product_id) if product_id is not None else rows.filter(product__isnull=True)


def check(*, feature: Feature, parent: Feature | None) -> None:
    """Refuse a parent that would close a circle, is smaller than the node, or makes the tree too deep."""
    if parent is None:
        return
    if parent.workspace_id != feature.workspace_id or parent.is_deleted:
        raise ValidationError({"parent": "There is no such feature here."})
    if parent.pk == feature.pk:
        raise CycleError({"parent": f"{feature.key} cannot lie under itself."})
    if feature.pk in parent.ancestor_ids:
        raise CycleError({"parent": f"{feature.key} cannot move under {parent.key}, which lies below it."})
    if LEVEL_ORDER[feature.level] < LEVEL_ORDER[parent.level]:
        article = "an" if feature.level == "area" else "a"
        text = f"{feature.key} is {article} {feature.level} and cannot lie under the {parent.level} {parent.key}."
        raise ValidationError({"parent": text})
    longest = Feature.objects.descendants_of(feature).aggregate(longest=Max(Length("trail")))["longest"]
    own = (longest or len(feature.trail)) - len(feature.trail)
    if len(parent.children_trail) + own > trails.MAX_DEPTH * trails.WIDTH:
        raise ValidationError({"parent": f"The tree is at most {trails.MAX_DEPTH} levels deep."})


def _carry_branch(*, feature: Feature, old: str) -> None:
    """Rewrite the trails below a node that moved: one UPDATE, whatever the size of the branch."""
    below = Feature.objects.filter(trails.within(old))
    below.update(trail=Concat(Value(feature.children_trail), Substr("trail", len(old) + 1)))
    branch = Feature.objects.filter(trails.within(feature.children_trail)).values("pk")
    Record.objects.filter(pk__in=branch).exclude(product_id=feature.product_id).update(
        product_id=feature.product_id, version=F("version") + 1
    )


def put(
    *,
    feature: Feature,
    parent: Feature | None,
    product_id: int | None,
    position: int,
    actor: Actor,
    at: datetime,
) -> deeds.Step | None:
    """Set a node's place and carry its branch along. The tree must be locked and the place checked."""
    before = deeds.values_of(feature, PLACE)
    old_trail, old_parent = feature.children_trail, feature.parent
    feature.parent = parent
    feature.trail = parent.children_trail if parent else ""
    feature.product_id = parent.product_id if parent else product_id
    feature.position = position
    after = deeds.values_of(feature, PLACE)
    if before == after:
        return None
    Feature.objects.filter(pk=feature.pk).update(parent=parent, trail=feature.trail, position=position)
    Record.objects.filter(pk=feature.pk).update(
        product_id=feature.product_id, version=F("version") + 1, updated_at=at, updated_by_id=actor.user_id
    )
    feature.refresh_from_db(fields=["version", "updated_at", "updated_by"])
    moved = before["parent_id"] != after["parent_id"]
    if moved or before["product_id"] != after["product_id"]:
        _carry_branch(feature=feature, old=old_trail)
    facts = (
        {"parent": [old_parent.key if old_parent else None, parent.key if parent else None]} if moved else {}
    )
    verb = "moved" if moved else "reordered"
    records.record_activity(record=feature, actor=actor, verb=verb, at=at, changes=facts)
    if moved:
        ids = [pk for pk in (feature.pk, before["parent_id"]) if pk is not None]
        rollup.recount(workspace_id=feature.workspace_id, record_ids=ids, at=at)
    return deeds.Step(id=feature.pk, kind="feature", before=before, after=after)


def refuse_knot(*, feature: Feature, parent: Feature) -> None:
    """Refuse a place from which what waits for what would run in a circle, naming what is on it."""
    waits, parents = selectors.waits_and_parents(workspace_id=feature.workspace_id)
    if not waits:
        return
    knotted = graphs.Graph.of(waits=waits, parents={**parents, feature.pk: parent.pk}).knotted()
    if knotted:
        keys = ", ".join(selectors.keys_in_order(sorted(knotted)[:12]))
        raise ValidationError(
            {"parent": f"Under {parent.key}, {feature.key} would be in a circle of things that wait: {keys}."}
        )


@transaction.atomic
def move_feature(
    *,
    feature: Feature,
    parent: Feature | None,
    actor: Actor,
    at: datetime,
    after: Feature | None = None,
    before: Feature | None = None,
    product: Product | None = None,
    expected_version: int | None = None,
) -> Deed | None:
    """Move a node with everything below it: under `parent`, behind or in front of a sibling, else at the end.

    Parameters
    ----------
    product : Product, optional
        Where the node becomes a root: its product from then on. By default that of the root it is put beside, or
        else its own.

    Returns
    -------
    Deed or None
        None where it lies there already.

    Raises
    ------
    CycleError
        If `parent` is the node itself or lies below it.
    ValidationError
        If the node is larger than `parent`, or the tree would become too deep.
    StaleRecordError
        If `expected_version` is given and is no longer the record's.
    """
    lock_tree(workspace_id=feature.workspace_id)
    feature.refresh_from_db()
    if expected_version is not None and feature.version != expected_version:
        raise records.StaleRecordError(feature, expected_version)
    if parent is not None:
        parent = Feature.objects.get(pk=parent.pk)
    check(feature=feature, parent=parent)
    beside = after or before
    if parent is not None:
        product_id = parent.product_id
    elif product is not None:
        product_id = product.pk
    else:
        # Roots stand in order within their product: beside another's root means into its product.
        product_id = beside.product_id if beside is not None else feature.product_id
    rows = siblings(
        workspace_id=feature.workspace_id, parent_id=parent.pk if parent else None, product_id=product_id
    ).exclude(pk=feature.pk)
    same_place = feature.parent_id == (parent.pk if parent else None) and feature.product_id == product_id
    if parent is not None and not same_place:
        refuse_knot(feature=feature, parent=parent)
    if same_place and after is None and before is None:
        return None
    position = order.between(rows=rows, field="position", after=after, before=before)
    step = put(feature=feature, parent=parent, product_id=product_id, position=position, actor=actor, at=at)
    if step is None:
        return None
    target = f"under {parent.key}" if parent else "to the top level"
    summary = f"Reordered {feature.key}." if same_place else f"Moved {feature.key} {target}."
    return deeds.keep(workspace_id=feature.workspace_id, summary=summary, steps=[step], actor=actor, at=at)


@transaction.atomic
def lift_children(*, feature: Feature, actor: Actor, at: datetime) -> Deed | None:
    """Move the children of a node to its parent, in its place, so that nothing disappears with it."""
    lock_tree(workspace_id=feature.workspace_id)
    children = Feature.objects.filter(parent_id=feature.pk, deleted_at__isnull=True).order_by(
        "position", "pk"
    )
    parent = Feature.objects.filter(pk=feature.parent_id).first() if feature.parent_id else None
    rows = siblings(
        workspace_id=feature.workspace_id, parent_id=feature.parent_id, product_id=feature.product_id
    )
    steps: list[deeds.Step] = []
    anchor = feature
    for child in children:
        position = order.between(rows=rows.exclude(pk=child.pk), field="position", after=anchor)
        step = put(
            feature=child, parent=parent, product_id=feature.product_id, position=position, actor=actor, at=at
        )
        if step is not None:
            steps.append(step)
        anchor = child
    if not steps:
        return None
    return deeds.keep(
        workspace_id=feature.workspace_id, summary=lifted(feature), steps=steps, actor=actor, at=at
    )


def lifted(feature: Feature) -> str:
    """Return the summary by which the lifting of a node's children is found again."""
    return f"Lifted what lay under {feature.key}."
