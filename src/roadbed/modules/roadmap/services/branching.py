"""Setting up a what-if plan, changing in it, having it approved, and giving it up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Member, Team, Workspace
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import selectors
from roadbed.modules.roadmap.models import (
    Branch,
    BranchChange,
    External,
    Feature,
    Hardness,
    Horizon,
    Origin,
    Release,
    Status,
    Tie,
    graphs,
)
from roadbed.modules.roadmap.models.dependencies import MOST_LAG
from roadbed.modules.roadmap.selectors import branches as reading
from roadbed.modules.roadmap.services import branch_outlooks, dependencies, estimates, order

Field = BranchChange.Field
STATUSES = (
    Status.IDEA,
    Status.DISCOVERY,
    Status.PLANNED,
    Status.DEVELOPMENT,
    Status.BETA,
    Status.DROPPED,
)
"""What a branch may let a feature be: shipped is nothing that could be, but something that is."""
MOST = 2_000
"""Changes in a branch."""


class ClosedBranchError(ValidationError):
    """A branch was merged or discarded, and can no longer change."""


def refuse_closed(branch: Branch) -> None:
    """Refuse to change what was merged or discarded.

    Raises
    ------
    ClosedBranchError
        If it was.
    """
    if not branch.is_open:
        raise ClosedBranchError(
            f"{branch.key} is {Branch.State(branch.state).label.lower()}: it can no longer change."
        )


@transaction.atomic
def create_branch(
    *,
    workspace: Workspace,
    title: str,
    actor: Actor,
    at: datetime,
    description: str = "",
    origin: str = Branch.Origin.HAND,
    facts: Mapping[str, Any] | None = None,
) -> Branch:
    """Set up a what-if plan; it is the plan itself until something is changed in it."""
    branch = Branch(
        workspace=workspace,
        title=" ".join(title.split()),
        description=description,
        origin=origin,
        facts=dict(facts or {}),
    )
    records.create_record(record=branch, actor=actor, at=at, prefix="B")
    return branch


@transaction.atomic
def describe_branch(
    *,
    branch: Branch,
    changes: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
) -> Branch:
    """Change what a branch is called and why it is there."""
    if set(changes) - {"title", "description"}:
        raise ValueError("only its title and its description are set like this")
    return records.change_record(
        record=branch, changes=changes, actor=actor, at=at, expected_version=expected_version
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """What a branch is to say of one field of a feature; with `other`, how it waits for that."""

    field: str
    value: Any
    other: Record | None = None
    why: str = ""


def _plain_day(field: str, value: Any) -> str | None:
    if value in (None, ""):
        return None
    try:
        day = value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError as error:
        raise ValidationError({field: "This is no day, such as 2026-03-01."}) from error
    return day.isoformat()


def _ranks(branch: Branch, horizon: str, *, without: int) -> dict[int, float]:
    """Return the order of a column as the branch has it."""
    rows = Feature.objects.filter(workspace_id=branch.workspace_id, deleted_at__isnull=True, horizon=horizon)
    ranks: dict[int, float] = dict(rows.values_list("pk", "rank"))
    for one in BranchChange.objects.filter(branch=branch, field=Field.PLACE, merged_at__isnull=True):
        place: Any = one.value
        ranks.pop(one.record_id, None)
        if place["horizon"] == horizon:
            ranks[one.record_id] = place["rank"]
    ranks.pop(without, None)
    return ranks


def _place(branch: Branch, feature: Feature, value: Any) -> dict[str, Any]:
    """Return the column and a number in its order: behind or in front of another card, else at the end."""
    horizon = str(Horizon(value["horizon"]))
    if value.get("rank") is not None:
        return {"horizon": horizon, "rank": value["rank"]}
    ranks = _ranks(branch, horizon, without=feature.pk)
    anchor, is_before = value.get("before") or value.get("after"), value.get("before") is not None
    if anchor is None:
        return {"horizon": horizon, "rank": max(ranks.values(), default=0) + order.GAP}
    if anchor.pk not in ranks:
        raise ValidationError({Field.PLACE: f"{anchor.key} does not stand in that column."})
    here = ranks[anchor.pk]
    if is_before:
        near = max((one for one in ranks.values() if one < here), default=here - 2 * order.GAP)
    else:
        near = min((one for one in ranks.values() if one > here), default=here + 2 * order.GAP)
    return {"horizon": horizon, "rank": (here + near) / 2}


def _plain(branch: Branch, feature: Feature, wish: Wish) -> Any:
    """Return a wish as a branch keeps it, checked.

    Raises
    ------
    ValidationError
        If there is no such choice, or a figure is out of order.
    """
    field, value = wish.field, wish.value
    if field in reading.DAYS:
        return _plain_day(field, value)
    if field == Field.STATUS:
        if value not in STATUSES:
            raise ValidationError({field: "A branch can leave it an idea, plan it, begin it or drop it."})
        if value == Status.DROPPED and not wish.why.strip():
            raise ValidationError({field: "Say why it is dropped: whoever asked for it will want to know."})
        return str(Status(value))
    if field == Field.DUE_KIND:
        if value not in Hardness.values:
            raise ValidationError({field: "A day is soft or hard."})
        return str(value)
    if field == Field.EFFORT:
        found, kept = estimates.work_out(feature=feature, origin=Origin.THREE_POINT, said=value or {})
        names = (*reading.EFFORT, "mean")
        return {name: round(getattr(found, name), 4) for name in names} | {"said": kept}
    if field == Field.TEAM:
        return _related(field, value, Team.objects.filter(workspace_id=feature.workspace_id))
    if field == Field.RELEASE:
        return _related(field, value, Release.objects.in_workspace(feature.workspace_id))
    if field == Field.PLACE:
        if value.get("horizon") not in Horizon.values:
            raise ValidationError({field: "There is no such column."})
        return _place(branch, feature, value)
    return _wait(wish)


def _related(field: str, value: Any, rows: Any) -> int | None:
    if value in (None, ""):
        return None
    pk = getattr(value, "pk", value)
    if not rows.filter(pk=pk).exists():
        raise ValidationError({field: "There is no such choice in this workspace."})
    return int(pk)


def _wait(wish: Wish) -> dict[str, Any] | None:
    if wish.value is None:
        return None
    tie, lag = wish.value.get("tie", Tie.FINISH_START), int(wish.value.get("lag") or 0)
    if tie not in Tie.values:
        raise ValidationError({"tie": "There is no such way to wait."})
    if abs(lag) > MOST_LAG:
        raise ValidationError({"lag": f"At most {MOST_LAG} working days."})
    return {"tie": str(tie), "lag": lag}


def _refuse_circle(branch: Branch, feature: Feature, other: Feature, tie: str) -> None:
    graph = selectors.graph_of(workspace_id=branch.workspace_id)
    for one in BranchChange.objects.filter(branch=branch, field=Field.WAITS, merged_at__isnull=True):
        if one.value is not None and one.other_id is not None:
            graph.add(graphs.Wait(feature=one.record_id, on=one.other_id, tie=one.value["tie"]))
    circle = graph.circle_with(graphs.Wait(feature=feature.pk, on=other.pk, tie=tie))
    if circle:
        keys = selectors.keys_in_order(circle)
        raise dependencies.CircleError(
            f"This would close a circle, and nothing in it could ever be done: {dependencies.circle_words(keys)}."
        )


@transaction.atomic
def change_in_branch(
    *, branch: Branch, feature: Feature, wishes: list[Wish], actor: Actor, at: datetime, work_out: bool = True
) -> list[BranchChange]:
    """Let a branch say something else of a feature; what says the same as the plan is no change any more.

    Parameters
    ----------
    work_out : bool
        Whether to work out the dates at once.

    Raises
    ------
    ClosedBranchError
        If it was merged or discarded.
    ValidationError
        If a value is refused, as the plan itself would refuse it.
    """
    branch = Branch.objects.select_for_update(of=("self",)).get(pk=branch.pk)
    refuse_closed(branch)
    if feature.workspace_id != branch.workspace_id or feature.is_deleted:
        raise ValidationError("There is no such feature here.")
    values = reading.values_now(workspace_id=branch.workspace_id, feature_ids=[feature.pk])
    if feature.pk not in values:
        raise ValidationError(f"{feature.key} is put away: take it back into the plan first.")
    waits = reading.waits_now(workspace_id=branch.workspace_id, feature_ids=[feature.pk])
    held = {
        (one.field, one.other_id): one
        for one in BranchChange.objects.filter(branch=branch, record=feature, merged_at__isnull=True)
    }
    found, said = [], {}
    for wish in wishes:
        other = wish.other
        if (wish.field == Field.WAITS) != (other is not None):
            raise ValidationError({"on": "Say what it waits for."})
        if other is not None:
            if other.workspace_id != branch.workspace_id or not isinstance(other, Feature | External):
                raise ValidationError({"on": "There is no such thing here."})
            if other.pk == feature.pk:
                raise ValidationError({"on": f"{feature.key} cannot wait for itself."})
        value = _plain(branch, feature, wish)
        if isinstance(other, Feature) and value is not None:
            _refuse_circle(branch, feature, other, value["tie"])
        now = waits.get((feature.pk, other.pk)) if other is not None else values[feature.pk][wish.field]
        known = held.get((wish.field, other.pk if other is not None else None))
        name = f"{wish.field} {other.key}" if other is not None else wish.field
        said[name] = [known.value if known else now, value]
        if reading.alike(wish.field, now, value):
            if known is not None:
                known.delete()
            continue
        BranchChange.objects.filter(
            branch=branch, record=feature, field=wish.field, other=other, merged_at__isnull=False
        ).delete()
        change = known or BranchChange(branch=branch, record=feature, field=wish.field, other=other, base=now)
        change.value, change.why, change.at, change.by_id = value, wish.why.strip()[:300], at, actor.user_id
        change.save()
        found.append(change)
    if BranchChange.objects.filter(branch=branch).count() > MOST:
        raise ValidationError(f"A branch holds at most {MOST:,} changes. Merge some of them first.")
    _changed(branch, actor=actor, at=at, about=feature, said=said)
    if work_out:
        branch_outlooks.work_out(branch=branch, at=at)
    return found


def _words(branch: Branch, said: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what changed as people read it in the history."""
    values = [(name.partition(" ")[0], value) for name, pair in said.items() for value in pair]
    names = reading.names_of(workspace_id=branch.workspace_id, values=values)
    return {
        name: [reading.words(name.partition(" ")[0], value, names=names) for value in pair]
        for name, pair in said.items()
    }


def _changed(branch: Branch, *, actor: Actor, at: datetime, about: Feature, said: Mapping[str, Any]) -> None:
    """Count it in the version and the history; what was asked or approved was another plan."""
    if branch.state != Branch.State.OPEN:
        branch.state = Branch.State.OPEN
        branch.save(update_fields=["state"])
    records.touch_record(record=branch, actor=actor, at=max(at, branch.created_at))
    records.record_activity(
        record=branch,
        about=about,
        actor=actor,
        verb="changed in the branch",
        at=at,
        changes=_words(branch, said),
    )


@transaction.atomic
def take_back(*, branch: Branch, change: BranchChange, actor: Actor, at: datetime) -> None:
    """Let a branch say what the plan says again."""
    branch = Branch.objects.select_for_update(of=("self",)).get(pk=branch.pk)
    refuse_closed(branch)
    feature = Feature.objects.filter(pk=change.record_id).first()
    name = str(change.field)
    said = {name: [change.value, None]}
    change.delete()
    if feature is not None:
        _changed(branch, actor=actor, at=at, about=feature, said=said)
    branch_outlooks.work_out(branch=branch, at=at)


def _turn(branch: Branch, *, state: str, verb: str, actor: Actor, at: datetime, **fields: Any) -> Branch:
    return records.change_record(
        record=branch, changes={"state": state, **fields}, actor=actor, at=at, verb=verb
    )


@transaction.atomic
def ask_approval(*, branch: Branch, approver: Member, actor: Actor, at: datetime) -> Branch:
    """Ask somebody to decide; until they have, nothing of it can be merged.

    Raises
    ------
    ValidationError
        If there is nothing to decide, or they may not change the plan themselves.
    """
    branch = Branch.objects.select_for_update(of=("self",)).get(pk=branch.pk)
    refuse_closed(branch)
    if approver.workspace_id != branch.workspace_id or approver.removed_at is not None:
        raise ValidationError({"approver": "There is no such member here."})
    if approver.role not in {Role.OWNER, Role.MAKER}:
        raise ValidationError({"approver": f"{approver.name} may not change the plan, so cannot approve it."})
    if not BranchChange.objects.filter(branch=branch, merged_at__isnull=True).exists():
        raise ValidationError("It changes nothing yet, so there is nothing to approve.")
    records.watch_as(record=branch, user_id=approver.user_id, at=at)
    return _turn(
        branch,
        state=Branch.State.ASKED,
        verb="asked for approval",
        approver=approver,
        asked_at=at,
        decided_at=None,
        decided_by_id=None,
        decision="",
        actor=actor,
        at=at,
    )


def may_decide(*, branch: Branch, member: Member) -> bool:
    """Whether a member may decide on a branch: who was asked, and owners."""
    return branch.state == Branch.State.ASKED and (
        branch.approver_id == member.pk or member.role == Role.OWNER
    )


@transaction.atomic
def decide(
    *, branch: Branch, is_approved: bool, words: str, member: Member, actor: Actor, at: datetime
) -> Branch:
    """Approve a branch, or give it back with the reason.

    Raises
    ------
    ValidationError
        If nobody asked, somebody else was asked, or it is given back without a reason.
    """
    branch = Branch.objects.select_for_update(of=("self",)).get(pk=branch.pk)
    if branch.state != Branch.State.ASKED:
        raise ValidationError("Nobody has asked for a decision on it.")
    if not may_decide(branch=branch, member=member):
        raise ValidationError("Somebody else was asked to decide on it.")
    words = " ".join(words.split())[:500]
    if not is_approved and not words:
        raise ValidationError({"decision": "Say why, so that it can be made better."})
    return _turn(
        branch,
        state=Branch.State.APPROVED if is_approved else Branch.State.OPEN,
        verb="approved" if is_approved else "gave back",
        decided_at=at,
        decided_by_id=actor.user_id,
        decision=words,
        actor=actor,
        at=at,
    )


@transaction.atomic
def discard_branch(*, branch: Branch, actor: Actor, at: datetime) -> Branch:
    """Give a branch up; it stays readable, and can be taken up again."""
    refuse_closed(branch)
    return _turn(branch, state=Branch.State.DISCARDED, verb="discarded", actor=actor, at=at)


@transaction.atomic
def reopen_branch(*, branch: Branch, actor: Actor, at: datetime) -> Branch:
    """Take a discarded branch up again."""
    if branch.state != Branch.State.DISCARDED:
        raise ValidationError(f"{branch.key} was not discarded.")
    return _turn(branch, state=Branch.State.OPEN, verb="took up again", actor=actor, at=at)
