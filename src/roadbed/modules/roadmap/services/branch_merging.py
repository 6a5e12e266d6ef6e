"""Taking a branch, or part of it, over into the plan; what both have changed is never written over unasked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Team
from roadbed.modules.roadmap.models import (
    Branch,
    BranchChange,
    Deed,
    Dependency,
    External,
    Feature,
    Horizon,
    Origin,
    Release,
    Status,
)
from roadbed.modules.roadmap.selectors import branches as reading
from roadbed.modules.roadmap.services import (
    branch_outlooks,
    branching,
    bulk,
    deeds,
    dependencies,
    estimates,
    features,
    statuses,
    tree,
)

Field = BranchChange.Field


class BranchConflictError(ValidationError):
    """The plan has changed since, where the branch differs too; `keys` names the features."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = tuple(keys)
        names = ", ".join(self.keys[:6]) + (" and more" if len(self.keys) > 6 else "")
        super().__init__(
            f"The plan has changed since where this branch differs too: {names}. "
            "Say for each whether the branch’s or the plan’s stands."
        )


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did: how many changes it took over, and how many are left in the branch."""

    deed: Deed | None
    taken: int
    left: int


@transaction.atomic
def merge_branch(
    *,
    branch: Branch,
    actor: Actor,
    at: datetime,
    only: Collection[int] | None = None,
    over: Collection[int] = (),
    dropped: Collection[int] = (),
) -> Merged:
    """Take changes over into the plan, as one deed that can be undone as one.

    Parameters
    ----------
    only : collection of int, optional
        The changes to take over; by default all that wait.
    over : collection of int
        Those of them that stand although the plan has changed since.
    dropped : collection of int
        Changes that are given up: the plan's value stands.

    Raises
    ------
    BranchConflictError
        If the plan has changed since where a chosen change differs too, and it is in neither `over` nor `dropped`.
    ValidationError
        If the branch is closed or waits for approval, or the plan refuses a value; nothing is taken over then.
    """
    branch = Branch.objects.select_for_update(of=("self",)).get(pk=branch.pk)
    branching.refuse_closed(branch)
    if branch.state == Branch.State.ASKED:
        raise ValidationError("It waits for approval. Nothing of it can be merged until that is given.")
    tree.lock_tree(workspace_id=branch.workspace_id)
    waiting = reading.differences(branch)
    given_up = [one.change.pk for one in waiting if one.change.pk in set(dropped)]
    chosen = [
        one
        for one in waiting
        if (only is None or one.change.pk in set(only)) and one.change.pk not in set(given_up)
    ]
    clashing = [one for one in chosen if one.is_conflict and one.change.pk not in set(over)]
    if clashing:
        raise BranchConflictError(sorted({one.record.key for one in clashing}))
    gone = [one for one in chosen if one.clash == "gone"]
    if gone and only is not None:
        names = ", ".join(sorted({one.record.key for one in gone}))
        raise ValidationError(f"{names} is no longer in the plan, so nothing of it can be merged.")
    taken = [one for one in chosen if one.clash != "gone"]
    if not taken and not given_up:
        raise ValidationError("Choose what is to be merged: nothing of it is left that could be.")
    BranchChange.objects.filter(pk__in=given_up).delete()
    by_feature: dict[int, list[BranchChange]] = {}
    for one in taken:
        if one.clash != "same":
            by_feature.setdefault(one.record.pk, []).append(one.change)
    steps: list[dict[str, Any]] = []
    for feature in Feature.objects.filter(pk__in=by_feature).order_by("pk"):
        made = _take(feature, by_feature[feature.pk], actor=actor, at=at)
        for one_deed in made:
            steps.extend(one_deed.steps)
        Deed.objects.filter(pk__in=[one_deed.pk for one_deed in made]).delete()
    deed: Deed | None = None
    if steps:
        # The first step is given back last: by then the plan is what it was.
        steps.insert(0, asdict(_merging(branch, taken)))
        deed = Deed.objects.create(
            workspace_id=branch.workspace_id,
            summary=f"Merged {len(taken)} change{'' if len(taken) == 1 else 's'} of {branch.key}."[:300],
            steps=steps,
            at=at,
            by_id=actor.user_id,
        )
    BranchChange.objects.filter(pk__in=[one.change.pk for one in taken]).update(merged_at=at)
    left = BranchChange.objects.filter(branch=branch, merged_at__isnull=True).count()
    facts = {"taken": len(taken), "given up": len(given_up), "left": left}
    if left:
        records.touch_record(record=branch, actor=actor, at=max(at, branch.created_at))
        records.record_activity(record=branch, actor=actor, verb="merged in part", at=at, changes=facts)
    else:
        records.change_record(
            record=branch, changes={"state": Branch.State.MERGED}, actor=actor, at=at, verb="merged"
        )
    return Merged(deed, len(taken), left)


def _merging(branch: Branch, taken: Sequence[reading.Difference]) -> deeds.Step:
    """Return what the merge did to the branch itself, so that undoing it opens the branch again."""
    return deeds.Step(
        id=branch.pk,
        kind=branch.kind,
        life=deeds.ONLY_WITH_OTHERS,
        before={"state": str(branch.state)},
        after={"changes": [one.change.pk for one in taken]},
    )


def _undo_merge(step: deeds.Step, record: Record, actor: Actor, at: datetime) -> bool:
    """Let the changes wait in the branch again, and open it if it was merged whole.

    What the plan kept, since somebody has changed it meanwhile, waits too, and is asked about when it is merged again.
    """
    branch = Branch.objects.get(pk=record.pk)
    rows = BranchChange.objects.filter(branch=branch, pk__in=step.after["changes"], merged_at__isnull=False)
    facts = {"undone": rows.update(merged_at=None)}
    if branch.state == Branch.State.MERGED:
        records.change_record(
            record=branch, changes={"state": step.before["state"]}, actor=actor, at=at, verb="merge undone"
        )
    else:
        records.touch_record(record=branch, actor=actor, at=at)
        records.record_activity(record=branch, actor=actor, verb="merge undone", at=at, changes=facts)
    if branch.is_open:
        branch_outlooks.work_out(branch=branch, at=at)
    return True


deeds.register_undoer("branch", _undo_merge)


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _take(feature: Feature, changes: Sequence[BranchChange], *, actor: Actor, at: datetime) -> list[Deed]:
    """Make a feature what the branch says, by the services that people change the plan with; return the deeds."""
    made: list[Deed | None] = []
    by_field = {one.field: one for one in changes if one.field != Field.WAITS}
    plain: dict[str, Any] = {}
    for field, one in by_field.items():
        if field in reading.DAYS:
            plain[field] = _day(one.value)
        elif field == Field.DUE_KIND:
            plain[field] = one.value
        elif field == Field.TEAM:
            plain["team"] = Team.objects.filter(workspace_id=feature.workspace_id, pk=one.value or 0).first()
        elif field == Field.RELEASE:
            rows: Any = Release.objects.in_workspace(feature.workspace_id)
            plain["release"] = rows.filter(pk=one.value or 0).first()
    if plain:
        made.append(bulk.change_feature(feature=feature, changes=plain, actor=actor, at=at))
    if place := by_field.get(Field.PLACE):
        made.append(_put(feature, place.value, actor=actor, at=at))
    if status := by_field.get(Field.STATUS):
        entered = Status(str(status.value))
        reason = status.why if entered == Status.DROPPED else ""
        made.append(
            statuses.change_status(feature=feature, status=entered, reason=reason, actor=actor, at=at)
        )
    if effort := by_field.get(Field.EFFORT):
        said: Any = effort.value
        if said:
            _, deed = estimates.estimate_feature(
                feature=feature,
                origin=Origin.THREE_POINT,
                said=said["said"],
                note=effort.why,
                actor=actor,
                at=at,
            )
            made.append(deed)
    for one in changes:
        if one.field == Field.WAITS:
            made += _tie(feature, one, actor=actor, at=at)
    return [one_deed for one_deed in made if one_deed is not None]


def _put(feature: Feature, value: Any, *, actor: Actor, at: datetime) -> Deed | None:
    """Put a card where the branch has it: right behind what comes before it there."""
    rows = features.board_rows(workspace_id=feature.workspace_id, horizon=value["horizon"])
    rows = rows.exclude(pk=feature.pk)
    before = rows.filter(rank__lte=value["rank"]).order_by("-rank", "-pk").first()
    first = rows.order_by("rank", "pk").first() if before is None else None
    return features.place_feature(
        feature=feature, horizon=Horizon(value["horizon"]), after=before, before=first, actor=actor, at=at
    )


def _tie(feature: Feature, change: BranchChange, *, actor: Actor, at: datetime) -> list[Deed]:
    known = Dependency.objects.filter(feature=feature).filter(
        Q(on_id=change.other_id or 0) | Q(external_id=change.other_id or 0)
    )
    rows = list(known.order_by("pk"))
    if change.value is None:
        return [dependencies.remove_dependency(dependency=one, actor=actor, at=at) for one in rows]
    tie, lag = change.value["tie"], change.value["lag"]
    if rows:
        dependencies.change_dependency(
            dependency=rows[0], tie=tie, lag=lag, note=rows[0].note, actor=actor, at=at
        )
        return []
    on: Any = Feature.objects.filter(pk=change.other_id).first()
    if on is None:
        on = External.objects.get(pk=change.other_id)
    _, deed = dependencies.add_dependency(
        feature=feature, on=on, tie=tie, lag=lag, note=change.why, actor=actor, at=at
    )
    return [deed]
