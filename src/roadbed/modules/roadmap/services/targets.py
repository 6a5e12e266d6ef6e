"""What is done when several pieces of work are: parents, releases and objectives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from roadbed.core.records.models import Link, Relation
from roadbed.modules.roadmap.models import ForecastRow, Objective
from roadbed.modules.roadmap.services import translating
from roadbed.modules.roadmap.services import units as work


@dataclass(frozen=True, slots=True)
class Goal:
    """An objective and the features that deliver it."""

    id: int
    key: str
    last_date: date
    features: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """What is done when several pieces of work are."""

    id: int
    key: str
    kind: str
    pieces: tuple[work.Unit, ...]
    missing: tuple[work.Refusal, ...]
    due: date | None
    is_hard: bool
    team_id: int | None = None
    release_id: int | None = None


def goals_of(workspace_id: int) -> tuple[Goal, ...]:
    """Return the active objectives that something delivers; two queries."""
    rows = Objective.objects.in_workspace(workspace_id).not_archived().filter(state=Objective.State.ACTIVE)
    found = {one.pk: one for one in rows.order_by("pk")}
    links = Link.objects.filter(target_id__in=found, relation=Relation.DELIVERS).order_by("pk")
    delivered: dict[int, list[int]] = {}
    for source, target in links.values_list("source_id", "target_id"):
        delivered.setdefault(target, []).append(source)
    return tuple(
        Goal(pk, found[pk].key, found[pk].last_date, tuple(features)) for pk, features in delivered.items()
    )


def targets_of(
    forest: work.Forest, translated: translating.Translated, goals: Iterable[Goal]
) -> tuple[Target, ...]:
    """Return what is done with several pieces of work: parents, releases, objectives; each with what it lacks."""
    own = {one.item.id for one in translated.units} | {one.id for one in translated.refused}
    inside: dict[int, list[work.Unit]] = {}
    lacking: dict[int, list[work.Refusal]] = {}
    released: dict[int, list[work.Unit]] = {}
    unreleased: dict[int, list[work.Refusal]] = {}
    for unit in translated.units:
        for above in forest.above(unit.item):
            inside.setdefault(above.id, []).append(unit)
        if unit.release_id is not None:
            released.setdefault(unit.release_id, []).append(unit)
    for refusal in translated.refused:
        item = forest.items[refusal.id]
        for above in forest.above(item):
            lacking.setdefault(above.id, []).append(refusal)
        release = forest.release_of(item)
        if release is not None:
            unreleased.setdefault(release, []).append(refusal)
    found = [
        Target(
            item.id,
            item.key,
            ForecastRow.Kind.PARENT,
            tuple(inside[item.id]),
            tuple(lacking.get(item.id, ())),
            item.due_date,
            item.is_due_hard,
            item.team_id,
            forest.release_of(item),
        )
        for item in forest.plan.items
        if item.id in inside and item.id not in own
    ]
    found += [
        Target(
            one.id,
            one.key,
            ForecastRow.Kind.RELEASE,
            tuple(released[one.id]),
            tuple(unreleased.get(one.id, ())),
            one.ship_date,
            one.is_hard,
        )
        for one in forest.plan.releases
        if one.id in released and one.shipped_at is None
    ]
    for goal in goals:
        pieces = {unit.key: unit for each in goal.features for unit in inside.get(each, ())}
        missing = {one.key: one for each in goal.features for one in lacking.get(each, ())}
        if pieces:
            found.append(
                Target(
                    goal.id,
                    goal.key,
                    ForecastRow.Kind.OBJECTIVE,
                    tuple(pieces.values()),
                    tuple(missing.values()),
                    goal.last_date,
                    False,
                )
            )
    return tuple(found)
