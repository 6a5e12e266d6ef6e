"""Being called: by a tracker's webhook, and by the roadmap's own history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from roadbed.core.accounts import keys
from roadbed.core.jobs import services as jobs
from roadbed.core.records.models import Activity, Record
from roadbed.core.records.services.merging import Mover
from roadbed.modules.trackers.models import Binding, Connection
from roadbed.modules.trackers.services import connectors
from roadbed.modules.trackers.services.connectors.base import Heard

State = Binding.State


def find(*, token: str) -> Connection | None:
    """Return the connection whose address this is."""
    rows = Connection.objects.filter(deleted_at__isnull=True, workspace__closed_at__isnull=True)
    found: Connection | None = (
        rows.filter(token_digest=keys.digest(token)).select_related("workspace", "product").first()
    )
    return found


def hear(*, connection: Connection, headers: Mapping[str, str], body: bytes, at: datetime) -> Heard:
    """Check a call, and queue a look at what it tells of. Nothing in the call is believed but which issue it was.

    Raises
    ------
    UnsignedError
        If it is not signed with our secret.
    ValueError
        If it cannot be read, or is about another project.
    """
    connector = connectors.connect(connection, now=timezone.now)
    heard = connector.hear(headers=headers, body=body, secret=connection.secrets.get("hook", ""))
    with transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(last_heard_at=at)
        if heard.changed or heard.gone:
            jobs.enqueue(
                "trackers.follow",
                workspace_id=connection.workspace_id,
                key=f"issues-{connection.pk}-{'-'.join(heard.changed)}-{'-'.join(each.id for each in heard.gone)}"[
                    :120
                ],
                label=f"Follow a call of {connection.name}"[:160],
                connection_id=connection.pk,
                ids=list(heard.changed),
                gone=[[each.id, each.moved_to] for each in heard.gone],
            )
    return heard


def listen(activity: Activity) -> None:
    """Let a change here travel out soon; called with each new activity, within its transaction."""
    if activity.record_id is None or activity.via == "job" or activity.record_key[:1] not in {"F", "T"}:
        return
    waiting = Binding.objects.filter(record_id=activity.record_id, state=State.LIVE)
    if not waiting.update(needs_push=True):
        return
    on = Connection.objects.running().filter(bindings__in=waiting).distinct()
    for pk, workspace_id, name in on.values_list("pk", "workspace_id", "name"):
        jobs.enqueue(
            "trackers.push",
            workspace_id=workspace_id,
            key=f"connection-{pk}",
            label=f"Bring changes to {name}"[:160],
            connection_id=pk,
        )


def _move(merged: Record, survivor: Record) -> list[int]:
    """Let the issues of a merged feature follow it, except where the survivor has one of the same connection."""
    taken = Binding.objects.filter(record_id=survivor.pk, state__in=[State.LIVE, State.CREATING])
    rows = Binding.objects.filter(record_id=merged.pk, state=State.LIVE).exclude(
        connection_id__in=taken.values("connection_id")
    )
    moved = list(rows.values_list("pk", flat=True))
    Binding.objects.filter(pk__in=moved).update(record_id=survivor.pk, needs_push=True)
    return moved


def _move_back(merged: Record, survivor: Record, trail: list[int]) -> None:
    Binding.objects.filter(pk__in=trail, record_id=survivor.pk).update(record_id=merged.pk, needs_push=True)


MOVER = Mover(name="trackers", move=_move, move_back=_move_back)
