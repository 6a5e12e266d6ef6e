"""The one way to write history."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import models, transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import events
from roadbed.core.records.models import Activity, ActivityHead, Record

GENESIS = "0" * 64


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it, the same on every database."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, models.Model):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(part) for part in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def digest(activity: Activity) -> str:
    """Return the hash that the activity must have: SHA-256 over its canonical JSON and the hash before it."""
    content = {
        "workspace": activity.workspace_id,
        "sequence": activity.sequence,
        "record": activity.record_id,
        "key": activity.record_key,
        "at": activity.at.astimezone(UTC).isoformat(),
        "actor": activity.actor_id,
        "actor_name": activity.actor_name,
        "via": activity.via,
        "verb": activity.verb,
        "changes": activity.changes,
        "previous": activity.previous_hash,
    }
    if activity.about_id is not None:
        content["about"] = activity.about_id
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def record_activity(
    *,
    actor: Actor,
    verb: str,
    at: datetime,
    record: Record | None = None,
    about: Record | None = None,
    workspace_id: int | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Activity:
    """Append one deed to the workspace's chain and tell those who listen.

    Parameters
    ----------
    record : Record, optional
        What it was done to; without one, `workspace_id` is needed.
    about : Record, optional
        The other record that the deed speaks of, such as the far end of a link. Whoever may not see both does not read
        of the deed.
    changes : mapping, optional
        Per field ``[before, after]``, or facts of the deed. Dates and decimals become text.
    """
    if record is not None:
        workspace_id = record.workspace_id
    if workspace_id is None:
        raise ValueError("An activity needs a record or a workspace")
    ActivityHead.objects.bulk_create([ActivityHead(workspace_id=workspace_id)], ignore_conflicts=True)
    head = ActivityHead.objects.select_for_update().get(workspace_id=workspace_id)
    activity = Activity(
        workspace_id=workspace_id,
        sequence=head.sequence + 1,
        record_id=record.pk if record else None,
        about_id=about.pk if about else None,
        record_key=record.key if record else "",
        at=at,
        actor_id=actor.user_id,
        actor_name=actor.name[:120],
        via=actor.via,
        verb=verb,
        changes=plain(changes or {}),
        previous_hash=head.hash,
    )
    activity.hash = digest(activity)
    activity.save(force_insert=True)
    ActivityHead.objects.filter(workspace_id=workspace_id).update(
        sequence=activity.sequence, hash=activity.hash
    )
    events.announce(activity)
    return activity


@dataclass(frozen=True, slots=True)
class ChainFault:
    """Where a workspace's history does not hold together."""

    workspace_id: int
    sequence: int
    reason: str


def verify_chain(*, workspace_id: int) -> Iterator[ChainFault]:
    """Walk a workspace's history and yield every fault: a gap, a changed row, a cut-off tail."""
    expected, previous = 1, GENESIS
    emptied: dict[int, int] = {}
    attested: set[tuple[int, int]] = set()
    for activity in (
        Activity.objects.filter(workspace_id=workspace_id).order_by("sequence").iterator(chunk_size=2000)
    ):
        if activity.sequence != expected:
            yield ChainFault(
                workspace_id, expected, f"{activity.sequence - expected} missing before {activity.sequence}"
            )
            expected = activity.sequence
        elif activity.previous_hash != previous:
            yield ChainFault(workspace_id, activity.sequence, "does not follow the activity before it")
        if digest(activity) == activity.hash:
            if activity.verb == "redacted":
                attested |= {(row, activity.sequence) for row in activity.changes.get("emptied", [])}
        elif isinstance(activity.changes.get("redacted"), int):
            # Words were taken out of it: the deed that did so lists it, and is itself hashed.
            emptied[activity.sequence] = activity.changes["redacted"]
        else:
            yield ChainFault(workspace_id, activity.sequence, "was changed after it was written")
        expected, previous = expected + 1, activity.hash
    for sequence, deed in emptied.items():
        if (sequence, deed) not in attested:
            yield ChainFault(workspace_id, sequence, "lost words by no deed that says so")
    head = ActivityHead.objects.filter(workspace_id=workspace_id).first()
    if head is not None and (head.sequence != expected - 1 or head.hash != previous):
        yield ChainFault(workspace_id, head.sequence, f"the history ends at {expected - 1} instead")
