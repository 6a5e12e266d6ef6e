"""Saying what the plan is for, by which figures that is seen, and how they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.records.models import Relation
from roadbed.core.workspaces.models import Department, Member, Product, Workspace
from roadbed.modules.roadmap.models import CheckIn, Deed, Direction, Feature, KeyResult, Objective
from roadbed.modules.roadmap.services import deeds

FIELDS = (
    "title",
    "product",
    "first_date",
    "last_date",
    "state",
    "owner",
    "department",
    "description",
    "lesson",
)
RELATED = ("owner", "department", "product")
RESULT_FIELDS = ("title", "unit", "direction", "baseline", "target", "owner")
MOST_RESULTS = 20


@dataclass(frozen=True, slots=True)
class ObjectiveDraft:
    """An objective to be made."""

    title: str
    first_date: date
    last_date: date
    state: str = Objective.State.ACTIVE
    owner: Member | None = None
    department: Department | None = None
    product: Product | None = None
    description: str = ""
    lesson: str = ""
    external_source: str = ""
    external_id: str = ""


def _check_walls(workspace_id: int, values: Mapping[str, Any]) -> None:
    for name in RELATED:
        related = values.get(name)
        if related is not None and related.workspace_id != workspace_id:
            raise ValidationError({name: "There is no such choice in this workspace."})


@transaction.atomic
def create_objective(
    *, workspace: Workspace, draft: ObjectiveDraft, actor: Actor, at: datetime
) -> tuple[Objective, Deed]:
    """Set an objective for a period."""
    values = {name: getattr(draft, name) for name in (*FIELDS, "external_source", "external_id")}
    _check_walls(workspace.pk, values)
    objective = Objective(workspace=workspace, **values)
    records.create_record(record=objective, actor=actor, at=at)
    step = deeds.Step(id=objective.pk, kind="objective", life="created")
    summary = f"Set the objective {objective.key}."
    return objective, deeds.keep(workspace_id=workspace.pk, summary=summary, steps=[step], actor=actor, at=at)


@transaction.atomic
def change_objective(
    *,
    objective: Objective,
    changes: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
) -> Deed | None:
    """Change an objective, or close it with what was learned. None where nothing differs."""
    unknown = set(changes) - set(FIELDS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} cannot be set like this")
    _check_walls(objective.workspace_id, changes)
    names = [f"{name}_id" if name in RELATED else name for name in changes]
    before = deeds.values_of(Objective.objects.get(pk=objective.pk), names)
    records.change_record(
        record=objective, changes=changes, actor=actor, at=at, expected_version=expected_version
    )
    after = deeds.values_of(objective, names)
    differing = deeds.differing(before, after)
    if not differing:
        return None
    step = deeds.Step(
        id=objective.pk,
        kind="objective",
        before={name: before[name] for name in differing},
        after={name: after[name] for name in differing},
    )
    what = ", ".join(name.removesuffix("_id").replace("_", " ") for name in differing)
    return deeds.keep(
        workspace_id=objective.workspace_id,
        summary=f"Changed {what} of {objective.key}.",
        steps=[step],
        actor=actor,
        at=at,
    )


@transaction.atomic
def put_key_result(
    *,
    objective: Objective,
    actor: Actor,
    at: datetime,
    key_result: KeyResult | None = None,
    **changes: Any,
) -> KeyResult:
    """Add a key result to an objective, or change one.

    Raises
    ------
    ValidationError
        If the target does not lie on the side of the baseline that the figure is to go to.
    """
    unknown = set(changes) - set(RESULT_FIELDS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} cannot be set like this")
    is_new = key_result is None
    if key_result is None:
        count = KeyResult.objects.filter(objective=objective).count()
        if count >= MOST_RESULTS:
            raise ValidationError(f"An objective has at most {MOST_RESULTS} key results.")
        key_result = KeyResult(objective=objective, position=count)
    differences: dict[str, Any] = {}
    for name, value in changes.items():
        before = getattr(key_result, name, None)
        if is_new or before != value:
            differences[name] = [None if is_new else before, value]
            setattr(key_result, name, value)
    _check_walls(objective.workspace_id, {"owner": key_result.owner})
    for name in ("baseline", "target"):
        value = getattr(key_result, name)
        if value is not None and not isfinite(value):
            raise ValidationError({name: "This must be a figure."})
    if key_result.baseline is not None and key_result.target is not None:
        goes_up = key_result.direction == Direction.UP
        if key_result.target == key_result.baseline or (key_result.target > key_result.baseline) != goes_up:
            side = "above" if goes_up else "below"
            raise ValidationError({"target": f"The target must lie {side} the baseline."})
    key_result.full_clean()
    key_result.save()
    if differences:
        records.touch_record(record=objective, actor=actor, at=max(at, objective.created_at))
        records.record_activity(
            record=objective,
            actor=actor,
            verb="added a key result" if is_new else "changed a key result",
            at=at,
            changes={"key result": key_result.title, **differences},
        )
    return key_result


@transaction.atomic
def remove_key_result(*, key_result: KeyResult, actor: Actor, at: datetime) -> None:
    """Take a key result out of an objective, with its check-ins."""
    objective = key_result.objective
    records.touch_record(record=objective, actor=actor, at=max(at, objective.created_at))
    records.record_activity(
        record=objective,
        actor=actor,
        verb="removed a key result",
        at=at,
        changes={"key result": [key_result.title, None]},
    )
    key_result.delete()


@transaction.atomic
def check_in(
    *,
    key_result: KeyResult,
    value: float,
    actor: Actor,
    at: datetime,
    confidence: int | None = None,
    note: str = "",
) -> CheckIn:
    """Say how a key result's figure stands now; earlier ones stay in the history.

    Raises
    ------
    ValidationError
        If the value is no figure, or the confidence no percentage.
    """
    if not isfinite(value):
        raise ValidationError({"value": "This must be a figure."})
    if confidence is not None and not 0 <= confidence <= 100:
        raise ValidationError({"confidence": "Between 0 and 100 percent."})
    before = CheckIn.objects.filter(key_result=key_result).order_by("-at", "-pk").first()
    made = CheckIn(
        key_result=key_result,
        value=value,
        confidence=confidence,
        note=" ".join(note.split()),
        at=at,
        by_id=actor.user_id,
        by_name=actor.name[:120],
    )
    made.full_clean()
    made.save(force_insert=True)
    objective = key_result.objective
    records.touch_record(record=objective, actor=actor, at=max(at, objective.created_at))
    records.record_activity(
        record=objective,
        actor=actor,
        verb="checked in",
        at=at,
        changes={"key result": key_result.title, "value": [before.value if before else None, value]},
    )
    return made


@transaction.atomic
def deliver(*, feature: Feature, objective: Objective, actor: Actor, at: datetime) -> Deed | None:
    """Say which objective a feature is for. None where it says so already."""
    if feature.links_out.filter(target_id=objective.pk, relation=Relation.DELIVERS).exists():
        return None
    link = records.create_link(
        source=feature, target=objective, relation=Relation.DELIVERS, actor=actor, at=at
    )
    step = deeds.Step(id=feature.pk, kind="feature", life="linked", after={"link": link.pk})
    summary = f"{feature.key} delivers {objective.key}."
    return deeds.keep(workspace_id=feature.workspace_id, summary=summary, steps=[step], actor=actor, at=at)
