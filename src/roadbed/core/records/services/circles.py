"""Put a record behind the wall of a circle, or open it to everybody."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import kinds
from roadbed.core.records.models import Activity, Record, Watch
from roadbed.core.records.services.activity import record_activity
from roadbed.core.workspaces.models import Circle


def check_circle(*, kind: str, circle: Circle | None, workspace_id: int) -> None:
    """Refuse a circle of another workspace, and one for a kind of record that is always open.

    Raises
    ------
    ValidationError
        If the record cannot be private, or not to this circle.
    """
    if circle is None:
        return
    if circle.workspace_id != workspace_id:
        raise ValidationError({"circle": "There is no such circle here."})
    if not kinds.get(kind).may_be_private:
        raise ValidationError({"circle": f"{kinds.get(kind).plural} are open to the whole workspace."})


@transaction.atomic
def move_to_circle(
    *,
    record: Record,
    circle: Circle | None,
    actor: Actor,
    at: datetime,
    actor_circles: Collection[int],
) -> Activity | None:
    """Make a record private to a circle, or (None) open to the whole workspace; None where it is so already.

    What was merged into it goes along. Followers outside the circle stop following.

    Parameters
    ----------
    actor_circles : collection of int
        The circles that the actor is in: both the one that it leaves and the one that it enters must be among them.

    Raises
    ------
    ValidationError
        If the actor is not in one of the circles, or the kind of record is always open.
    """
    check_circle(kind=record.kind, circle=circle, workspace_id=record.workspace_id)
    stored = Record.objects.select_for_update().get(pk=record.pk)
    for wall in (stored.circle_id, circle.pk if circle else None):
        if wall is not None and wall not in actor_circles:
            raise ValidationError(
                {"circle": "Only members of a circle may move records into it or out of it."}
            )
    if stored.circle_id == (circle.pk if circle else None):
        return None
    if kinds.get(record.kind).keeps_circle:
        raise ValidationError({"circle": f"The wall of {record.key} stays where it was built."})
    before = stored.circle
    Record.objects.filter(pk=record.pk).update(
        circle=circle,
        version=F("version") + 1,
        updated_at=max(at, stored.updated_at),
        updated_by_id=actor.user_id,
    )
    _take_along(root_id=record.pk, circle=circle)
    if circle is not None:
        inside = circle.members.values("pk")
        Watch.objects.filter(record_id=record.pk).exclude(member_id__in=inside).delete()
    record.refresh_from_db(fields=["circle", "version", "updated_at", "updated_by"])
    facts: dict[str, Any] = {"circle": [before.name if before else None, circle.name if circle else None]}
    verb = "made private" if circle is not None else "opened"
    return record_activity(record=record, actor=actor, verb=verb, at=at, changes=facts)


def _take_along(*, root_id: int, circle: Circle | None) -> None:
    """Move what lives on in a record behind the same wall, however many merges deep."""
    found = {root_id}
    while found:
        inside = Record.objects.filter(merged_into_id__in=found)
        found = set(inside.values_list("pk", flat=True))
        Record.objects.filter(pk__in=found).update(circle=circle)
