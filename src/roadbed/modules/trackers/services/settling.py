"""What a person decides: whose value stands, and what becomes of pairs that came apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.modules.roadmap import facade as roadmap
from roadbed.modules.trackers.models import Binding, Conflict, Connection
from roadbed.modules.trackers.services import reconciling
from roadbed.modules.trackers.services.translating import Translator
from roadbed_engines.merging import settle

State = Binding.State


@transaction.atomic
def settle_conflicts(*, conflicts: Sequence[Conflict], keep: str, actor: Actor, at: datetime) -> int:
    """Let our value stand, or theirs. What is chosen comes in here and now, or goes out with a job.

    Returns
    -------
    int
        How many were settled; those that somebody settled before are left.
    """
    if keep not in {"ours", "theirs"}:
        raise ValidationError("Keep ours or theirs.")
    count = 0
    touched: set[int] = set()
    for conflict in conflicts:
        held = (
            Conflict.objects.select_for_update(of=("self",))
            .filter(pk=conflict.pk, settled_at__isnull=True)
            .first()
        )
        if held is None:
            continue
        binding = (
            Binding.objects.select_for_update(of=("self",))
            .select_related("connection__workspace")
            .get(pk=held.binding_id)
        )
        connection = binding.connection
        held.settled_at, held.settled_by_id, held.choice = at, actor.user_id, keep
        held.save(update_fields=["settled_at", "settled_by", "choice"])
        _carry_out(connection=connection, binding=binding, conflict=held, keep=keep, actor=actor, at=at)
        touched.add(connection.pk)
        count += 1
    for pk in touched:
        _push(Connection.objects.get(pk=pk))
    return count


def _carry_out(
    *, connection: Connection, binding: Binding, conflict: Conflict, keep: str, actor: Actor, at: datetime
) -> None:
    states = roadmap.states(workspace_id=connection.workspace_id, record_ids=[binding.record_id or 0])
    state = states.get(binding.record_id or 0)
    theirs = reconciling.remembered(binding).values.get(conflict.field)
    if state is None:
        return
    name = conflict.field
    bound = _bound(connection, state.parent)
    ours = Translator(connection).ours(state, bound=bound).values.get(name)
    direction = connection.rules[name].direction
    bases = {**binding.bases, name: settle(keep=keep, direction=direction, ours=ours, theirs=theirs)}
    if keep == "theirs" and direction.comes_in:
        refused = roadmap.take_over(
            workspace=connection.workspace,
            record_id=state.record_id,
            values={name: theirs},
            actor=actor,
            at=at,
            reason=f"{binding.key} at {connection.name} says so.",
        )
        if refused:
            raise ValidationError(refused[name])
        fresh = roadmap.states(workspace_id=connection.workspace_id, record_ids=[state.record_id])[
            state.record_id
        ]
        now_ours = Translator(connection).ours(fresh, bound=_bound(connection, fresh.parent)).values.get(name)
        bases[name] = type(bases[name])(now_ours, theirs)
    binding.keep(bases)
    binding.needs_push = True
    binding.save(update_fields=["base", "needs_push"])
    chosen = conflict.ours if keep == "ours" else conflict.theirs
    record = Record.objects.get(pk=state.record_id)
    facts = {"field": conflict.label, "kept": keep, "value": str(chosen)[:300], "issue": binding.key}
    records.record_activity(record=record, actor=actor, verb="settled conflict", at=at, changes=facts)


def _bound(connection: Connection, parent: int | None) -> dict[int, str]:
    if parent is None:
        return {}
    rows = Binding.objects.filter(connection=connection, record_id=parent, state=State.LIVE)
    return {pk: key for pk, key in rows.values_list("record_id", "external_id") if pk is not None}


def _push(connection: Connection) -> None:
    if connection.is_on:
        jobs.enqueue(
            "trackers.push",
            workspace_id=connection.workspace_id,
            key=f"connection-{connection.pk}",
            label=f"Bring changes to {connection.name}"[:160],
            connection_id=connection.pk,
        )


@transaction.atomic
def decide_apart(*, binding: Binding, choice: str, actor: Actor, at: datetime) -> Binding:
    """Say what becomes of a pair that came apart: the issue was deleted or moved, or the feature was.

    Parameters
    ----------
    choice : {"cut", "again", "drop"}
        Let go of the issue; make a new issue for the feature; or drop the feature as well.

    Raises
    ------
    ValidationError
        If the pair has not come apart, or there is no feature to make an issue of.
    """
    held: Binding = (
        Binding.objects.select_for_update(of=("self",))
        .select_related("connection__workspace")
        .get(pk=binding.pk)
    )
    if held.state not in {State.GONE, State.MOVED, State.ORPHAN}:
        raise ValidationError("These two are in step, or were let go already.")
    record = held.record
    if choice in {"again", "drop"} and (record is None or record.deleted_at is not None):
        raise ValidationError("The feature is not there any more.")
    if choice == "drop" and record is not None:
        refused = roadmap.take_over(
            workspace=held.connection.workspace,
            record_id=record.pk,
            values={"status": "dropped"},
            actor=actor,
            at=at,
            reason=f"Its issue {held.key} at {held.connection.name} is gone.",
        )
        if refused:
            raise ValidationError(next(iter(refused.values())))
    if choice == "again":
        if not held.connection.is_on:
            raise ValidationError("Start the connection first.")
        Binding.objects.filter(pk=held.pk).delete()
        jobs.enqueue("trackers.make", workspace_id=held.connection.workspace_id,
                     connection_id=held.connection_id, record_id=held.record_id,
                     label=f"Make an issue at {held.connection.name}"[:160])  # fmt: skip
        return held
    if choice not in {"cut", "drop"}:
        raise ValidationError("Cut, again or drop is wanted.")
    held.state, held.needs_push = State.CUT, False
    held.save(update_fields=["state", "needs_push"])
    return held


@transaction.atomic
def bind(*, connection: Connection, record: Record, external_id: str, actor: Actor, at: datetime) -> Binding:
    """Say that a feature and an issue are the same. The next look compares them for the first time.

    Raises
    ------
    ValidationError
        If one of them is bound already.
    """
    rows = Binding.objects.filter(connection=connection)
    known = rows.filter(external_id=external_id).first()
    if known is not None and known.state in {State.LIVE, State.CREATING}:
        raise ValidationError(f"{external_id} is bound to another feature.")
    if rows.filter(record=record, state__in=[State.LIVE, State.CREATING]).exists():
        raise ValidationError(f"{record.key} has an issue there already.")
    if known is not None:
        known.delete()
    try:
        binding = Binding.objects.create(
            connection=connection,
            record=record,
            external_id=external_id,
            key=external_id,
            made_at=at,
            needs_push=True,
        )
    except IntegrityError as error:
        raise ValidationError("Somebody bound it a moment ago.") from error
    facts = {"issue": external_id, "at": connection.name}
    records.record_activity(record=record, actor=actor, verb="bound issue", at=at, changes=facts)
    _push(connection)
    return binding


@transaction.atomic
def ask_to_make(*, connection: Connection, record: Record) -> Any:
    """Have an issue made of a feature, whatever the filter says.

    Raises
    ------
    ValidationError
        If it has one, or the connection is not started.
    """
    if not connection.is_on:
        raise ValidationError("Start the connection first.")
    taken = Binding.objects.filter(
        connection=connection, record=record, state__in=[State.LIVE, State.CREATING]
    )
    if taken.exists():
        raise ValidationError(f"{record.key} has an issue there already.")
    return jobs.enqueue(
        "trackers.make",
        workspace_id=connection.workspace_id,
        key=f"make-{connection.pk}-{record.pk}",
        label=f"Make an issue of {record.key} at {connection.name}"[:160],
        connection_id=connection.pk,
        record_id=record.pk,
    )


@transaction.atomic
def cut(*, binding: Binding, actor: Actor, at: datetime) -> None:
    """Let go of an issue: both stay, and are no longer kept in step. The issue does not come in again."""
    held: Binding = Binding.objects.select_for_update(of=("self",)).get(pk=binding.pk)
    if held.state == State.CUT:
        return
    held.state, held.needs_push = State.CUT, False
    held.save(update_fields=["state", "needs_push"])
    Conflict.objects.filter(binding=held, settled_at__isnull=True).update(settled_at=at, choice="cut")
    if held.record is not None and held.record.deleted_at is None:
        records.record_activity(record=held.record, actor=actor, verb="let go of issue", at=at,
                                changes={"issue": held.key})  # fmt: skip
