"""Giving back what a step changed on a feature or a release, and following the core's own deeds."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from roadbed.core.accounts.actors import Actor
from roadbed.core.evidence import rollup
from roadbed.core.records import kinds
from roadbed.core.records import services as records
from roadbed.core.records.models import Activity, Link, Record
from roadbed.core.workspaces.models import Department, Member, Product, Team
from roadbed.modules.roadmap.models import Deed, Feature, Release, StatusSpell
from roadbed.modules.roadmap.services import deeds, dependencies, estimates, statuses, tree

_DATES = (
    "target_start",
    "target_end",
    "start_date",
    "ship_date",
    "not_before",
    "due_date",
    "earliest",
    "latest",
    "delivered_date",
    "first_date",
    "last_date",
)
_RELATED: dict[str, Any] = {
    "owner_id": Member,
    "team_id": Team,
    "release_id": Release,
    "product_id": Product,
    "department_id": Department,
}


def _still_as_left(record: Record, step: deeds.Step) -> bool:
    return deeds.values_of(record, list(step.after)) == step.after


def _value(name: str, value: Any) -> tuple[str, Any]:
    if name in _RELATED:
        return name.removesuffix("_id"), _RELATED[name].objects.filter(pk=value).first() if value else None
    if name in _DATES and value:
        return name, date.fromisoformat(value)
    if name == "shipped_at" and value:
        return name, datetime.fromisoformat(value)
    return name, value


def _change_life(step: deeds.Step, record: Record, actor: Actor, at: datetime) -> bool:
    """Take back making, deleting or linking; True where that could be done."""
    if step.life == "created" and not record.is_deleted:
        records.delete_record(record=record, actor=actor, at=at)
        return True
    if step.life == "deleted" and record.is_deleted and record.merged_into_id is None:
        records.restore_record(record=record, actor=actor, at=at)
        return True
    if step.life == "linked":
        link = Link.objects.select_related("source", "target").filter(pk=step.after["link"]).first()
        if link is not None:
            records.remove_link(link=link, actor=actor, at=at)
            return True
    return False


def _undo_feature(step: deeds.Step, record: Record, actor: Actor, at: datetime) -> bool:
    if step.life == "estimated":
        return estimates.take_back(step=step, feature=Feature.objects.get(pk=record.pk), actor=actor, at=at)
    if step.life in {"depends", "undepends"}:
        return dependencies.take_back(
            step=step, feature=Feature.objects.get(pk=record.pk), actor=actor, at=at
        )
    if step.life:
        return _change_life(step, record, actor, at)
    feature = Feature.objects.get(pk=record.pk)
    if not _still_as_left(feature, step):
        return False
    names = set(step.before)
    if "position" in names:
        parent_id = step.before["parent_id"]
        parent = Feature.objects.filter(pk=parent_id, deleted_at__isnull=True).first() if parent_id else None
        if parent_id and parent is None:
            return False
        tree.lock_tree(workspace_id=feature.workspace_id)
        tree.check(feature=feature, parent=parent)
        tree.put(
            feature=feature,
            parent=parent,
            product_id=step.before["product_id"],
            position=step.before["position"],
            actor=actor,
            at=at,
        )
        return True
    if "status" in names:
        statuses.restore_status(feature=feature, step=step, actor=actor, at=at)
        return True
    if "rank" in names:
        Feature.objects.filter(pk=feature.pk).update(rank=step.before["rank"])
        feature.rank = step.before["rank"]
        if step.before["horizon"] == feature.horizon:
            records.touch_record(record=feature, actor=actor, at=at)
            records.record_activity(record=feature, actor=actor, verb="reordered", at=at)
        else:
            records.change_record(
                record=feature, changes={"horizon": step.before["horizon"]}, actor=actor, at=at
            )
        return True
    if names == {"status_reason"}:
        open_spell = StatusSpell.objects.filter(feature=feature, left_at__isnull=True)
        open_spell.update(reason=step.before["status_reason"])
    changes = dict(_value(name, value) for name, value in step.before.items())
    records.change_record(record=feature, changes=changes, actor=actor, at=at)
    return True


def _undo_plain(step: deeds.Step, record: Record, actor: Actor, at: datetime) -> bool:
    """Give back the fields of a record that has no rules beyond its own."""
    if step.life:
        return _change_life(step, record, actor, at)
    whole = kinds.get(record.kind).model.objects.get(pk=record.pk)
    if not _still_as_left(whole, step):
        return False
    changes = dict(_value(name, value) for name, value in step.before.items())
    records.change_record(record=whole, changes=changes, actor=actor, at=at)
    return True


deeds.register_undoer("feature", _undo_feature)
for _kind in ("release", "external", "objective", "risk"):
    deeds.register_undoer(_kind, _undo_plain)


def _actor_of(activity: Activity) -> Actor:
    return Actor(user_id=activity.actor_id, name=activity.actor_name, via=activity.via)  # type: ignore[arg-type]  # stored from a Via


def follow_life(activity: Activity) -> None:
    """Keep the tree whole when the core deletes or restores a feature, inside the same transaction.

    Deleting lifts the children to the parent, so that nothing disappears from the tree; restoring gives back
    those that are still where they were lifted to, and finds a living parent for the feature itself.
    """
    if activity.verb not in {"deleted", "restored"} or activity.record_id is None:
        return
    feature = Feature.objects.filter(pk=activity.record_id).first()
    if feature is None:
        return
    actor, at = _actor_of(activity), activity.at
    if activity.verb == "deleted":
        tree.lift_children(feature=feature, actor=actor, at=at)
    else:
        _settle(feature=feature, actor=actor, at=at)
    above = [feature.pk] if feature.parent_id is None else [feature.pk, feature.parent_id]
    rollup.recount(workspace_id=feature.workspace_id, record_ids=above, at=at)


def _settle(*, feature: Feature, actor: Actor, at: datetime) -> None:
    tree.lock_tree(workspace_id=feature.workspace_id)
    living = Feature.objects.in_workspace(feature.workspace_id).in_bulk(feature.ancestor_ids)
    nearest = next((living[pk] for pk in reversed(feature.ancestor_ids) if pk in living), None)
    if feature.parent_id is not None and (nearest is None or nearest.pk != feature.parent_id):
        tree.put(
            feature=feature,
            parent=nearest,
            product_id=feature.product_id,
            position=feature.position,
            actor=actor,
            at=at,
        )
    lifting = Deed.objects.filter(
        workspace_id=feature.workspace_id, summary=tree.lifted(feature), undone_at__isnull=True
    ).first()
    if lifting is not None:
        try:
            deeds.undo_deed(deed=lifting, actor=actor, at=at)
        except deeds.NotUndoableError:
            return
