"""Keeping what a deed changed, and giving it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from django.db import models, transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.modules.roadmap.models import Deed

NotUndoableError = records.NotUndoableError
ONLY_WITH_OTHERS = "merged"
"""The life of a step that is given back only where something else of its deed was."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a deed changed on one record: plain values by field, before and after."""

    id: int
    kind: str
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    life: str = ""
    """``created``, ``deleted``, ``linked`` or ``merged`` where the deed was that."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What taking a deed back did: the keys given back, and those left because they have changed since."""

    returned: tuple[str, ...]
    kept: tuple[str, ...]


def plain(value: Any) -> Any:
    """Return a field's value as JSON keeps it."""
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value


def values_of(record: Record, names: Sequence[str]) -> dict[str, Any]:
    """Return the current values of some attributes, plain."""
    return {name: plain(getattr(record, name)) for name in names}


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the names whose values differ."""
    return [name for name in after if before.get(name) != after[name]]


def keep(*, workspace_id: int, summary: str, steps: Sequence[Step], actor: Actor, at: datetime) -> Deed:
    """Keep a deed, so that it can be taken back. Runs in the transaction of the deed."""
    return Deed.objects.create(
        workspace_id=workspace_id,
        summary=summary[:300],
        steps=[asdict(step) for step in steps],
        at=at,
        by_id=actor.user_id,
    )


def access_deed(*, workspace_id: int, deed_id: int) -> Deed:
    """Return a deed of the workspace, or raise `Deed.DoesNotExist`."""
    return Deed.objects.get(workspace_id=workspace_id, pk=deed_id)


@transaction.atomic
def undo_deed(*, deed: Deed, actor: Actor, at: datetime) -> Undone:
    """Give back what a deed changed, except where somebody has changed the same since.

    Raises
    ------
    NotUndoableError
        If it was taken back already, or nothing is as the deed left it.
    """
    deed = Deed.objects.select_for_update().get(pk=deed.pk)
    if deed.undone_at is not None:
        raise NotUndoableError("This was undone already.")
    returned: list[str] = []
    kept: list[str] = []
    for raw in reversed(deed.steps):
        step = Step(**raw)
        record = Record.objects.filter(pk=step.id, workspace_id=deed.workspace_id).first()
        if record is None or (step.life == ONLY_WITH_OTHERS and not returned):
            continue
        done = _UNDOERS[step.kind](step, record, actor, at)
        (returned if done else kept).append(record.key)
    if not returned:
        names = ", ".join(sorted(kept)) or "Everything"
        raise NotUndoableError(f"{names} changed since, so there is nothing left to undo.")
    deed.undone_at = at
    deed.save(update_fields=["undone_at"])
    return Undone(returned=tuple(reversed(returned)), kept=tuple(reversed(kept)))


_UNDOERS: dict[str, Any] = {}


def register_undoer(kind: str, undoer: Any) -> None:
    """Name the function `(step, record, actor, at) -> bool` that gives a step back on records of a kind."""
    _UNDOERS[kind] = undoer
