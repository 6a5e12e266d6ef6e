"""Making, changing and removing the channels of departments."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.notify.models import Channel
from roadbed.core.records import kinds
from roadbed.core.records import services as records

WORDS_MAX = 50


def _check(channel: Channel) -> None:
    known = {kind.name for kind in kinds.all_kinds()}
    strange = [kind for kind in channel.kinds if kind not in known]
    if strange:
        raise ValidationError({"kinds": f"“{strange[0]}” is not a kind of record."})
    for name in ("verbs", "tags"):
        words = getattr(channel, name)
        if len(words) > WORDS_MAX or any(len(str(word)) > 60 for word in words):
            raise ValidationError({name: "Fifty words of sixty letters at most."})
    if channel.department.workspace_id != channel.workspace_id:
        raise ValidationError({"department": "This department is not of this workspace."})
    if channel.endpoint is not None and channel.endpoint.workspace_id != channel.workspace_id:
        raise ValidationError({"endpoint": "This webhook is not of this workspace."})
    channel.full_clean()


@transaction.atomic
def save_channel(*, channel: Channel, actor: Actor, at: datetime) -> Channel:
    """Add a channel, or keep its changes."""
    is_new = channel.pk is None
    if is_new:
        channel.created_at = at
    _check(channel)
    channel.save()
    records.record_activity(
        workspace_id=channel.workspace_id,
        actor=actor,
        verb="added channel" if is_new else "changed channel",
        at=at,
        changes={"name": channel.name, "department": channel.department.name},
    )
    return channel


@transaction.atomic
def delete_channel(*, channel: Channel, actor: Actor, at: datetime) -> None:
    """Take a channel away; what was told stays told."""
    records.record_activity(
        workspace_id=channel.workspace_id,
        actor=actor,
        verb="removed channel",
        at=at,
        changes={"name": channel.name},
    )
    channel.delete()
