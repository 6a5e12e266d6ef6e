"""Segments and holdouts: what many flags share, and so changes many at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records.services import record_activity
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.experiments.models import FlagSegment, FlagState, Holdout
from roadbed.modules.experiments.services import environments
from roadbed.modules.experiments.services.errors import FlagRefusedError
from roadbed_engines.flags import checking
from roadbed_engines.flags import definitions as d


@transaction.atomic
def put_segment(
    *, workspace: Workspace, key: str, name: str, condition: Mapping[str, Any], actor: Actor, at: datetime
) -> FlagSegment:
    """Make a segment, or change it; every flag that uses it follows at once.

    Raises
    ------
    FlagRefusedError
        If the condition would not work.
    """
    wanted = d.Segment(key=key, condition=dict(condition), name=name)
    if problems := checking.check(d.Definitions(segments={key: wanted})):
        place = f"segments.{key}"
        raise FlagRefusedError(
            [d.Problem(each.place.removeprefix(place).strip("."), each.message) for each in problems]
        )
    segment = FlagSegment.objects.select_for_update().filter(workspace=workspace, key=key).first()
    before = segment.condition if segment else None
    if segment is None:
        segment = FlagSegment(workspace=workspace, key=key, version=0)
    segment.name = name.strip() or key
    segment.condition = dict(condition)
    segment.version += 1
    segment.changed_at = at
    segment.full_clean()
    segment.save()
    environments.touch_all(workspace_id=workspace.pk, at=at)
    record_activity(
        workspace_id=workspace.pk,
        actor=actor,
        verb="changed flag segment" if before is not None else "added flag segment",
        at=at,
        changes={"segment": key, "condition": [before, segment.condition]},
    )
    return segment


def _users(*, workspace_id: int, uses: Any) -> list[str]:
    rows = FlagState.objects.filter(environment__workspace_id=workspace_id, flag__deleted_at__isnull=True)
    found = {key for key, definition in rows.values_list("flag__flag_key", "definition") if uses(definition)}
    return sorted(found)


def _refuse_used(name: str, users: list[str]) -> None:
    if users:
        more = f" and {len(users) - 5} more" if len(users) > 5 else ""
        raise ValidationError(f"{name} is used by {', '.join(users[:5])}{more}.")


@transaction.atomic
def delete_segment(*, segment: FlagSegment, actor: Actor, at: datetime) -> None:
    """Delete a segment that no flag uses.

    Raises
    ------
    ValidationError
        If one does; the message names them.
    """

    def uses(definition: Mapping[str, Any]) -> bool:
        return any(
            segment.key in [*rule.get("segments", []), *rule.get("not_segments", [])]
            for rule in definition.get("rules", [])
        )

    _refuse_used(segment.name, _users(workspace_id=segment.workspace_id, uses=uses))
    record_activity(
        workspace_id=segment.workspace_id,
        actor=actor,
        verb="deleted flag segment",
        at=at,
        changes={"segment": segment.key, "condition": [segment.condition, None]},
    )
    segment.delete()


@transaction.atomic
def put_holdout(
    *, workspace: Workspace, key: str, changes: Mapping[str, Any], actor: Actor, at: datetime
) -> Holdout:
    """Make a holdout, or change it: name, share, unit, whether it is on and whether new flags join.

    Raises
    ------
    ValidationError
        If the share is no share, or another field refuses.
    """
    holdout = Holdout.objects.select_for_update().filter(workspace=workspace, key=key).first()
    is_new = holdout is None
    if holdout is None:
        holdout = Holdout(workspace=workspace, key=key, name=key, version=0)
    differences = {}
    for name in ("name", "share", "unit", "joins_new", "is_on"):
        if name in changes and (is_new or getattr(holdout, name) != changes[name]):
            differences[name] = [None if is_new else getattr(holdout, name), changes[name]]
            setattr(holdout, name, changes[name])
    holdout.version += 1
    holdout.changed_at = at
    holdout.full_clean()
    holdout.save()
    environments.touch_all(workspace_id=workspace.pk, at=at)
    record_activity(
        workspace_id=workspace.pk,
        actor=actor,
        verb="added holdout" if is_new else "changed holdout",
        at=at,
        changes={"holdout": key, **differences},
    )
    return holdout


@transaction.atomic
def delete_holdout(*, holdout: Holdout, actor: Actor, at: datetime) -> None:
    """Delete a holdout that no flag has joined.

    Raises
    ------
    ValidationError
        If one has; the message names them.
    """
    users = _users(
        workspace_id=holdout.workspace_id,
        uses=lambda definition: holdout.key in definition.get("holdouts", []),
    )
    _refuse_used(holdout.name, users)
    record_activity(
        workspace_id=holdout.workspace_id,
        actor=actor,
        verb="deleted holdout",
        at=at,
        changes={"holdout": holdout.key},
    )
    holdout.delete()
