"""A plan with the changes of a branch laid over it. Pure: nothing is read or written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from roadbed.modules.roadmap.models import BranchChange
from roadbed.modules.roadmap.selectors.plan import PlanDependency, PlanEffort, PlanItem, WholePlan

Field = BranchChange.Field


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _laid(item: PlanItem, change: BranchChange) -> PlanItem:
    value: Any = change.value
    if change.field == Field.PLACE:
        return replace(item, horizon=value["horizon"], rank=value["rank"])
    if change.field == Field.STATUS:
        return replace(item, status=value)
    if change.field == Field.EFFORT:
        three = (value["p10"], value["p50"], value["p90"], value["mean"])
        return replace(item, effort=PlanEffort(*three, "three_point", change.at))
    if change.field == Field.TEAM:
        return replace(item, team_id=value)
    if change.field == Field.RELEASE:
        return replace(item, release_id=value)
    if change.field == Field.DUE_KIND:
        return replace(item, is_due_hard=value == "hard")
    days: dict[str, Any] = {change.field: _day(value)}
    return replace(item, **days)


def overlay(plan: WholePlan, changes: Sequence[BranchChange]) -> WholePlan:
    """Return the plan as a branch has it; what is not there any more is left as it is."""
    items = {one.id: one for one in plan.items}
    externals = {one.id for one in plan.externals}
    ties = list(plan.dependencies)
    for change in changes:
        if change.record_id not in items:
            continue
        if change.field != Field.WAITS:
            items[change.record_id] = _laid(items[change.record_id], change)
            continue
        pair = (change.record_id, change.other_id)
        ties = [one for one in ties if (one.item_id, one.on_id or one.external_id) != pair]
        if change.value is not None and (change.other_id in items or change.other_id in externals):
            is_outside = change.other_id in externals
            ties.append(
                PlanDependency(
                    id=-(change.pk or 0),
                    item_id=change.record_id,
                    on_id=None if is_outside else change.other_id,
                    external_id=change.other_id if is_outside else None,
                    tie=change.value["tie"],
                    lag=change.value["lag"],
                )
            )
    return replace(plan, items=tuple(items.values()), dependencies=tuple(ties))
