"""Taking events in, moving them into their days, and letting go of old ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.analytics.events import event, manifest
from roadbed.analytics.events.event import BatchError, Event
from roadbed.analytics.events.receipts import Receipt
from roadbed.core.accounts.actors import Actor
from roadbed.core.records.services import record_activity
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.experiments.models import (
    Environment,
    EventPolicy,
    ExposureLog,
    Flag,
)
from roadbed.modules.experiments.models.events import KEPT_DAYS
from roadbed.modules.experiments.services import environments, places

if TYPE_CHECKING:  # columns take a second to load: whoever keeps events does so, not every start
    from roadbed.analytics.events.compaction import Moved
    from roadbed.analytics.events.store import EventStore

MOST_EVENTS = 5_000
"""Events that one batch may have."""


@cache
def _store(folder: Path) -> EventStore:
    """Return the one store of a folder in this process: it remembers for a moment how much waits."""
    from roadbed.analytics.events.store import EventStore

    return EventStore(folder)


def event_store(workspace_id: int) -> EventStore:
    """Return the store of a workspace's events."""
    return _store(places.events_folder(workspace_id))


def take_events(
    *, workspace_id: int, sent: Sequence[object], key: str, said: str, environment: str = "", at: datetime
) -> Receipt:
    """Keep a batch, and return once it would outlive a loss of power: all of it or nothing.

    Parameters
    ----------
    key : str
        The sender's idempotency key.
    said : str
        What was sent, word for word: the same key with other words is refused.
    environment : str
        Where the sender's key belongs; it counts for all events then.

    Raises
    ------
    BatchError
        If an event cannot be taken, or there are too many: with the place of each and why.
    BusyError
        If too much waits to be moved.
    OtherContentError
        If the key was used for other events.
    """
    from roadbed.analytics.events.store import digest

    if len(sent) > MOST_EVENTS:
        raise BatchError(
            [(MOST_EVENTS, f"A batch has at most {MOST_EVENTS:,} events; this has {len(sent):,}.")]
        )
    found = event.read_batch(sent, key=key, now=at, environment=environment)
    return event_store(workspace_id).append(found, key=key, received_at=at, content=digest("sent", said))


def take_exposures(*, workspace_id: int, exposures: Sequence[Event], key: str, at: datetime) -> None:
    """Keep exposures that the flag server wrote down.

    Raises
    ------
    BusyError
        If too much waits to be moved.
    """
    event_store(workspace_id).append(exposures, key=key, received_at=at)


def stored_workspaces() -> list[int]:
    """Return the workspaces that have events."""
    room = Path(settings.ROADBED_DATA) / "events"
    if not room.is_dir():
        return []
    return sorted(int(each.name) for each in room.iterdir() if each.name.isdecimal())


def move_events(*, workspace_id: int, at: datetime) -> Moved:
    """Move what waits into its days, round by round; nothing where another process is at it."""
    from roadbed.analytics.events import compaction

    store = event_store(workspace_id)
    whole = compaction.Moved()
    if not store.waiting()[0]:
        return whole
    while True:
        try:
            one = compaction.compact(store, now=at)
        except compaction.CompactingError:
            return whole
        whole = compaction.Moved(
            whole.batches + one.batches,
            whole.events + one.events,
            whole.repeated + one.repeated,
            one.days,
            one.left,
        )
        if not one.left:
            return whole


def policy_of(workspace: Workspace) -> EventPolicy:
    """Return how long a workspace keeps its events."""
    return EventPolicy.objects.filter(workspace=workspace).first() or EventPolicy(
        workspace=workspace, keep_days=KEPT_DAYS
    )


@transaction.atomic
def change_policy(*, workspace: Workspace, keep_days: int, actor: Actor, at: datetime) -> EventPolicy:
    """Change how long events are kept; the next night lets go of what is older.

    Raises
    ------
    ValidationError
        If it is less than a week or more than ten years.
    """
    policy = EventPolicy.objects.select_for_update().filter(workspace=workspace).first()
    before = policy.keep_days if policy else KEPT_DAYS
    policy = policy or EventPolicy(workspace=workspace)
    policy.keep_days, policy.changed_at = keep_days, at
    policy.full_clean()
    policy.save()
    if before != keep_days:
        record_activity(
            workspace_id=workspace.pk, actor=actor, verb="changed retention of events", at=at,
            changes={"keep_days": [before, keep_days]},
        )  # fmt: skip
    return policy


def apply_policy(*, workspace: Workspace, at: datetime) -> int:
    """Let go of the days that are older than the policy keeps, and return how many events that was."""
    from roadbed.analytics.events import compaction

    policy = policy_of(workspace)
    edge = at.astimezone(UTC).date() - timedelta(days=policy.keep_days)
    try:
        gone = compaction.drop_before(event_store(workspace.pk), day=edge, now=at)
    except compaction.CompactingError:
        return 0
    if policy.pk:
        EventPolicy.objects.filter(pk=policy.pk).update(applied_at=at)
    return gone


def forget_unit(*, workspace: Workspace, unit: str, unit_type: str, actor: Actor, at: datetime) -> int:
    """Let go of all that one unit did, and return how many events that was. The history says that, not who.

    Raises
    ------
    ValidationError
        If events are being moved just now.
    """
    from roadbed.analytics.events import compaction

    try:
        gone = compaction.forget_unit(event_store(workspace.pk), unit=unit, unit_type=unit_type, now=at)
    except compaction.CompactingError as error:
        raise ValidationError("Events are being moved just now. Try again in a moment.") from error
    record_activity(
        workspace_id=workspace.pk, actor=actor, verb="forgot a unit’s events", at=at,
        changes={"unit_type": unit_type, "events": gone},
    )  # fmt: skip
    return gone


@transaction.atomic
def log_exposures(
    *, environment: Environment, flag: Flag | None, on: bool, actor: Actor, at: datetime
) -> None:
    """Begin to write evaluations of a flag (of all flags: None) in an environment down as exposures, or end it."""
    rows = ExposureLog.objects.filter(environment=environment, flag=flag)
    if rows.exists() == on:
        return
    if on:
        ExposureLog.objects.create(environment=environment, flag=flag, since=at)
    else:
        rows.delete()
    environments.touch(environment, at=at)
    record_activity(
        workspace_id=environment.workspace_id,
        record=flag,
        actor=actor,
        verb="began to log exposures" if on else "ended to log exposures",
        at=at,
        changes={"environment": environment.key},
    )


def waiting_events(workspace_id: int) -> dict[str, Any]:
    """Return how many batches wait to be moved, how many events are kept, since when and how large that is."""
    store = event_store(workspace_id)
    state = manifest.read(store.folder)
    batches, size = store.waiting()
    days = [part.day for part in state.parts]
    return {
        "batches": batches,
        "events": sum(part.rows for part in state.parts),
        "bytes": sum(part.size for part in state.parts) + size,
        "first": min(days, default=""),
        "last": max(days, default=""),
        "days": len(set(days)),
    }
