"""Making and changing features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.records.models import Record, Relation
from roadbed.core.workspaces.models import Member, Product, Team, Workspace
from roadbed.modules.roadmap.models import (
    CLOSED,
    LEVEL_ORDER,
    Deed,
    Feature,
    Hardness,
    Horizon,
    Lane,
    Level,
    Release,
    Size,
    Status,
    StatusSpell,
    Work,
)
from roadbed.modules.roadmap.services import deeds, order, promises, tree

FIELDS = (
    "title",
    "description",
    "level",
    "owner",
    "team",
    "release",
    "target_start",
    "target_end",
    "work",
    "size",
    "not_before",
    "due_date",
    "due_kind",
    "due_to",
    "actual_days",
    "public_title",
)
"""What `change_feature` sets; place, horizon and status have services of their own."""
RELATED = ("owner", "team", "release")


@dataclass(frozen=True, slots=True)
class Draft:
    """A feature to be made."""

    title: str
    lane: Lane = Lane.PRODUCT
    level: Level | None = None
    """By default one step smaller than the parent; a feature at the top."""
    parent: Feature | None = None
    product: Product | None = None
    status: Status = Status.IDEA
    status_reason: str = ""
    status_at: datetime | None = None
    horizon: Horizon = Horizon.NONE
    description: str = ""
    owner: Member | None = None
    team: Team | None = None
    release: Release | None = None
    target_start: date | None = None
    target_end: date | None = None
    work: str = Work.NONE
    size: str = Size.NONE
    not_before: date | None = None
    due_date: date | None = None
    due_kind: str = Hardness.SOFT
    due_to: str = ""
    actual_days: float | None = None
    public_title: str = ""
    external_source: str = ""
    external_id: str = ""


def level_below(parent: Feature | None) -> Level:
    """Return the size that a new child most likely has."""
    if parent is None:
        return Level.FEATURE
    return Level.FEATURE if parent.level == Level.AREA else Level.STORY


def board_rows(*, workspace_id: int, horizon: str) -> Any:
    """Everything that shares a column of the board."""
    return Feature.objects.filter(workspace_id=workspace_id, horizon=horizon)


@transaction.atomic
def create_feature(*, workspace: Workspace, draft: Draft, actor: Actor, at: datetime) -> tuple[Feature, Deed]:
    """Add a node to the tree, at the end of its siblings and of its column, and open its first status.

    Raises
    ------
    ValidationError
        If a field, the place or the wall between workspaces refuses.
    """
    parent = draft.parent
    if parent is not None:
        tree.lock_tree(workspace_id=workspace.pk)
        parent = Feature.objects.select_related("product").get(pk=parent.pk)
        if parent.is_deleted:
            raise ValidationError({"parent": "There is no such feature here."})
    product = parent.product if parent else draft.product
    entered = draft.status_at or at
    if entered > at:
        raise ValidationError({"status": "A status cannot be entered in the future."})
    promises.refuse_past(
        field="due_date",
        day=draft.due_date,
        kind=draft.due_kind,
        before=(None, ""),
        at=at,
        is_done=draft.status in CLOSED,
    )
    feature = Feature(
        workspace=workspace,
        product=product,
        title=draft.title,
        parent=parent,
        trail=parent.children_trail if parent else "",
        lane=draft.lane,
        level=draft.level or level_below(parent),
        status=draft.status,
        status_reason=draft.status_reason,
        status_at=entered,
        horizon=draft.horizon,
        description=draft.description,
        owner=draft.owner,
        team=draft.team,
        release=draft.release,
        target_start=draft.target_start,
        target_end=draft.target_end,
        work=draft.work,
        size=draft.size,
        not_before=draft.not_before,
        due_date=draft.due_date,
        due_kind=draft.due_kind,
        due_to=draft.due_to,
        actual_days=draft.actual_days,
        public_title=draft.public_title,
        external_source=draft.external_source,
        external_id=draft.external_id,
    )
    rows = tree.siblings(
        workspace_id=workspace.pk,
        parent_id=parent.pk if parent else None,
        product_id=product.pk if product else None,
    )
    feature.position = order.last(rows=rows, field="position")
    feature.rank = order.last(rows=board_rows(workspace_id=workspace.pk, horizon=draft.horizon), field="rank")
    records.create_record(record=feature, actor=actor, at=at, prefix=Lane(draft.lane).prefix)
    StatusSpell.objects.create(
        feature=feature,
        status=draft.status,
        reason=draft.status_reason,
        entered_at=entered,
        entered_by_id=actor.user_id,
    )
    step = deeds.Step(id=feature.pk, kind="feature", life="created")
    deed = deeds.keep(
        workspace_id=workspace.pk, summary=f"Added {feature.key}.", steps=[step], actor=actor, at=at
    )
    return feature, deed


def set_fields(
    *,
    feature: Feature,
    changes: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
) -> deeds.Step | None:
    """Set plain fields and return what changed."""
    unknown = set(changes) - set(FIELDS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} cannot be set like this")
    names = [f"{name}_id" if name in RELATED else name for name in changes]
    stored = Feature.objects.get(pk=feature.pk)
    before = deeds.values_of(stored, names)
    if "level" in changes and changes["level"] != stored.level:
        _check_level(feature=stored, level=changes["level"])
    promises.refuse_past(
        field="due_date",
        day=changes.get("due_date", stored.due_date),
        kind=changes.get("due_kind", stored.due_kind),
        before=(stored.due_date, stored.due_kind),
        at=at,
        is_done=stored.is_closed or changes.get("status") in CLOSED,
    )
    records.change_record(
        record=feature, changes=changes, actor=actor, at=at, expected_version=expected_version
    )
    after = deeds.values_of(feature, names)
    differing = deeds.differing(before, after)
    if not differing:
        return None
    return deeds.Step(
        id=feature.pk,
        kind="feature",
        before={name: before[name] for name in differing},
        after={name: after[name] for name in differing},
    )


def _check_level(*, feature: Feature, level: str) -> None:
    if level not in LEVEL_ORDER:
        raise ValidationError({"level": f"There is no level {level}."})
    larger = [name for name, rank in LEVEL_ORDER.items() if rank < LEVEL_ORDER[level]]
    child = Feature.objects.filter(parent_id=feature.pk, deleted_at__isnull=True, level__in=larger).first()
    if child is not None:
        raise ValidationError({"level": f"{child.key} lies under it and is larger: an {child.level}."})


def set_horizon(
    *,
    feature: Feature,
    horizon: Horizon,
    actor: Actor,
    at: datetime,
    after: Feature | None = None,
    before: Feature | None = None,
    expected_version: int | None = None,
) -> deeds.Step | None:
    """Put a feature into a column of the board: at its end, or at a card."""
    stored = Feature.objects.select_for_update().get(pk=feature.pk)
    if expected_version is not None and stored.version != expected_version:
        raise records.StaleRecordError(stored, expected_version)
    if stored.horizon == horizon and after is None and before is None:
        return None
    rows = board_rows(workspace_id=feature.workspace_id, horizon=horizon).exclude(pk=feature.pk)
    rank = order.between(rows=rows, field="rank", after=after, before=before)
    kept = deeds.values_of(stored, ("horizon", "rank"))
    if stored.horizon == horizon and stored.rank == rank:
        return None
    if stored.horizon == horizon:
        # An order within the column is no news in the history of the feature, but the version must grow.
        Feature.objects.filter(pk=feature.pk).update(rank=rank)
        records.touch_record(record=feature, actor=actor, at=at)
        records.record_activity(record=feature, actor=actor, verb="reordered", at=at)
        feature.rank = rank
    else:
        Feature.objects.filter(pk=feature.pk).update(rank=rank)
        feature.rank = rank
        records.change_record(record=feature, changes={"horizon": horizon}, actor=actor, at=at)
    return deeds.Step(
        id=feature.pk, kind="feature", before=kept, after={"horizon": str(horizon), "rank": rank}
    )


@transaction.atomic
def place_feature(
    *,
    feature: Feature,
    horizon: Horizon,
    actor: Actor,
    at: datetime,
    after: Feature | None = None,
    before: Feature | None = None,
    expected_version: int | None = None,
) -> Deed | None:
    """Put a feature into a column of the board: at its end, or just behind or in front of a card."""
    step = set_horizon(
        feature=feature,
        horizon=horizon,
        actor=actor,
        at=at,
        after=after,
        before=before,
        expected_version=expected_version,
    )
    if step is None:
        return None
    same = step.before["horizon"] == step.after["horizon"]
    summary = (
        f"Reordered {feature.key}." if same else f"Moved {feature.key} to {Horizon(horizon).label.lower()}."
    )
    return deeds.keep(workspace_id=feature.workspace_id, summary=summary, steps=[step], actor=actor, at=at)


@transaction.atomic
def delete_feature(*, feature: Feature, actor: Actor, at: datetime) -> Deed:
    """Take a feature out of the plan. What lies under it moves up to its parent, and back on undo."""
    records.delete_record(record=feature, actor=actor, at=at)
    step = deeds.Step(id=feature.pk, kind="feature", life="deleted")
    return deeds.keep(
        workspace_id=feature.workspace_id, summary=f"Deleted {feature.key}.", steps=[step], actor=actor, at=at
    )


@transaction.atomic
def answer_need(*, feature: Feature, need: Record, actor: Actor, at: datetime, note: str = "") -> Deed | None:
    """Say which need the feature answers. None where it says so already."""
    known = feature.links_out.filter(target_id=need.pk, relation=Relation.ANSWERS).exists()
    if known:
        return None
    link = records.create_link(
        source=feature, target=need, relation=Relation.ANSWERS, actor=actor, at=at, note=note
    )
    step = deeds.Step(id=feature.pk, kind="feature", life="linked", after={"link": link.pk})
    summary = f"{feature.key} answers {need.key}."
    return deeds.keep(workspace_id=feature.workspace_id, summary=summary, steps=[step], actor=actor, at=at)
