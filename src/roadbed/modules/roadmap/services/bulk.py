"""One deed on many features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.modules.roadmap.models import Deed, Feature, Horizon, Status
from roadbed.modules.roadmap.services import deeds, features, statuses, tree
from roadbed.modules.roadmap.services import order as orders

MOST = 500
"""How many features one deed may change."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A feature that a bulk change left alone, and why."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Changed:
    """What a bulk change did."""

    deed: Deed | None
    count: int
    refused: tuple[Refused, ...] = ()


def step_of(
    *,
    feature: Feature,
    changes: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
) -> list[deeds.Step]:
    """Apply changes of every sort to one feature: plain fields, then horizon, then status."""
    steps: list[deeds.Step | None] = []
    plain = {name: value for name, value in changes.items() if name in features.FIELDS}
    expected = expected_version
    if plain:
        steps.append(
            features.set_fields(feature=feature, changes=plain, actor=actor, at=at, expected_version=expected)
        )
        expected = None
    if "horizon" in changes:
        steps.append(
            features.set_horizon(
                feature=feature,
                horizon=Horizon(changes["horizon"]),
                actor=actor,
                at=at,
                expected_version=expected,
            )
        )
        expected = None
    if "status" in changes:
        steps.append(
            statuses.set_status(
                feature=feature,
                status=Status(changes["status"]),
                reason=changes.get("status_reason", ""),
                entered_at=changes.get("status_at"),
                actor=actor,
                at=at,
                expected_version=expected,
            )
        )
    return [step for step in steps if step is not None]


def _message(error: ValidationError) -> str:
    return " ".join(error.messages)


def _summary(*, keys: Sequence[str], changes: Mapping[str, Any]) -> str:
    what = keys[0] if len(keys) == 1 else f"{len(keys)} features"
    if set(changes) <= {"status", "status_reason", "status_at"} and "status" in changes:
        return f"{what} {'is' if len(keys) == 1 else 'are'} {Status(changes['status']).label.lower()}."
    if set(changes) == {"horizon"}:
        return f"Moved {what} to {Horizon(changes['horizon']).label.lower()}."
    names = [name.replace("_", " ") for name in changes]
    return f"Changed {', '.join(names)} of {what}."


@transaction.atomic
def change_feature(
    *,
    feature: Feature,
    changes: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
) -> Deed | None:
    """Change one feature: plain fields, horizon and status at once. None where nothing differs.

    Raises
    ------
    StaleRecordError
        If `expected_version` is given and is no longer the record's.
    ValidationError
        If a field or a constraint refuses; nothing is changed then.
    """
    steps = step_of(feature=feature, changes=changes, actor=actor, at=at, expected_version=expected_version)
    if not steps:
        return None
    summary = _summary(keys=[feature.key], changes=changes)
    return deeds.keep(workspace_id=feature.workspace_id, summary=summary, steps=steps, actor=actor, at=at)


@transaction.atomic
def change_many(
    *, workspace_id: int, record_ids: Sequence[int], changes: Mapping[str, Any], actor: Actor, at: datetime
) -> Changed:
    """Make the same change to many features, as one deed that can be undone as one.

    A feature that refuses (its size, a reason that is missing) is left alone and named; the others are changed.

    Raises
    ------
    ValidationError
        If there are more than `MOST`.
    """
    if len(record_ids) > MOST:
        raise ValidationError(
            f"One deed changes at most {MOST} features. Narrow the filter, or go in two steps."
        )
    steps: list[deeds.Step] = []
    keys: list[str] = []
    refused: list[Refused] = []
    found = Feature.objects.in_workspace(workspace_id).filter(pk__in=record_ids).order_by("pk")
    for feature in found:
        try:
            with transaction.atomic():
                made = step_of(feature=feature, changes=changes, actor=actor, at=at)
        except ValidationError as error:
            refused.append(Refused(key=feature.key, reason=_message(error)))
            continue
        if made:
            steps.extend(made)
            keys.append(feature.key)
    if not steps:
        return Changed(deed=None, count=0, refused=tuple(refused))
    summary = _summary(keys=keys, changes=changes)
    deed = deeds.keep(workspace_id=workspace_id, summary=summary, steps=steps, actor=actor, at=at)
    return Changed(deed=deed, count=len(keys), refused=tuple(refused))


@transaction.atomic
def delete_many(*, workspace_id: int, record_ids: Sequence[int], actor: Actor, at: datetime) -> Changed:
    """Take many features out of the plan, as one deed that can be undone as one."""
    if len(record_ids) > MOST:
        raise ValidationError(
            f"One deed deletes at most {MOST} features. Narrow the filter, or go in two steps."
        )
    steps: list[deeds.Step] = []
    keys: list[str] = []
    for feature in Feature.objects.in_workspace(workspace_id).filter(pk__in=record_ids).order_by("pk"):
        records.delete_record(record=feature, actor=actor, at=at)
        steps.append(deeds.Step(id=feature.pk, kind="feature", life="deleted"))
        keys.append(feature.key)
    if not steps:
        return Changed(deed=None, count=0)
    what = keys[0] if len(keys) == 1 else f"{len(keys)} features"
    deed = deeds.keep(workspace_id=workspace_id, summary=f"Deleted {what}.", steps=steps, actor=actor, at=at)
    return Changed(deed=deed, count=len(keys))


@transaction.atomic
def move_many(
    *, workspace_id: int, record_ids: Sequence[int], parent: Feature | None, actor: Actor, at: datetime
) -> Changed:
    """Move many features under one parent, in their order; those that cannot lie there are named."""
    if len(record_ids) > MOST:
        raise ValidationError(
            f"One deed moves at most {MOST} features. Narrow the filter, or go in two steps."
        )
    tree.lock_tree(workspace_id=workspace_id)
    steps: list[deeds.Step] = []
    keys: list[str] = []
    refused: list[Refused] = []
    wanted = list(
        Feature.objects.in_workspace(workspace_id).filter(pk__in=record_ids).order_by("position", "pk")
    )
    for row in wanted:
        feature = Feature.objects.get(pk=row.pk)
        target = Feature.objects.get(pk=parent.pk) if parent else None
        try:
            tree.check(feature=feature, parent=target)
        except ValidationError as error:
            refused.append(Refused(key=feature.key, reason=_message(error)))
            continue
        product_id = target.product_id if target else feature.product_id
        rows = tree.siblings(
            workspace_id=workspace_id, parent_id=target.pk if target else None, product_id=product_id
        ).exclude(pk=feature.pk)
        position = orders.last(rows=rows, field="position")
        step = tree.put(
            feature=feature, parent=target, product_id=product_id, position=position, actor=actor, at=at
        )
        if step is not None:
            steps.append(step)
            keys.append(feature.key)
    if not steps:
        return Changed(deed=None, count=0, refused=tuple(refused))
    what = keys[0] if len(keys) == 1 else f"{len(keys)} features"
    place = f"under {parent.key}" if parent else "to the top level"
    deed = deeds.keep(
        workspace_id=workspace_id, summary=f"Moved {what} {place}.", steps=steps, actor=actor, at=at
    )
    return Changed(deed=deed, count=len(keys), refused=tuple(refused))
