"""Say something about a record; follow it."""

from __future__ import annotations

import re
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records.models import Comment, Record, Watch
from roadbed.core.records.services.activity import record_activity
from roadbed.core.records.services.records import watch_as
from roadbed.core.search import services as search
from roadbed.core.workspaces.models import Member

MENTION = re.compile(r"(?<![\w@.])@([\w.+-]+@[\w-]+\.[\w.-]+\w|[\w.-]*\w)")


def mentioned_members(*, record: Record, body: str) -> list[Member]:
    """Return the members whom a text names with @: by address, its part before the @, or the name in one word.

    On a private record only members of its circle can be meant.
    """
    names = {match.group(1).lower() for match in MENTION.finditer(body)}
    if not names:
        return []
    members = Member.objects.select_related("user").filter(
        workspace_id=record.workspace_id, removed_at__isnull=True
    )
    if record.circle_id is not None:
        members = members.filter(circles=record.circle_id)
    return [
        member
        for member in members
        if names
        & {
            member.user.email.lower(),
            member.user.email.lower().partition("@")[0],
            "".join(member.user.name.lower().split()),
            member.user.name.lower().partition(" ")[0],
        }
    ]


@transaction.atomic
def add_comment(*, record: Record, body: str, actor: Actor, at: datetime) -> Comment:
    """Comment in Markdown. The author and whoever is mentioned follow the record from now on."""
    comment = Comment(
        record_id=record.pk, author_id=actor.user_id, author_name=actor.name, body=body.strip(), created_at=at
    )
    comment.full_clean()
    comment.save()
    mentioned = mentioned_members(record=record, body=comment.body)
    comment.mentions.set(mentioned)
    for member in mentioned:
        watch_as(record=record, user_id=member.user_id, at=at)
    if actor.user_id is not None:
        watch_as(record=record, user_id=actor.user_id, at=at)
    facts = {
        "comment": comment.pk,
        "text": comment.body[:280],
        "mentions": [member.pk for member in mentioned],
    }
    record_activity(record=record, actor=actor, verb="commented", at=at, changes=facts)
    search.put_comment(comment=comment, record=record)
    return comment


@transaction.atomic
def edit_comment(*, comment: Comment, body: str, actor: Actor, at: datetime) -> Comment:
    """Change one's own comment; the text before it stays in the history."""
    if comment.author_id != actor.user_id:
        raise ValidationError("Only its author can change a comment.")
    before, comment.body, comment.edited_at = comment.body, body.strip(), at
    comment.full_clean()
    comment.save(update_fields=["body", "edited_at"])
    comment.mentions.set(mentioned_members(record=comment.record, body=comment.body))
    facts = {"comment": comment.pk, "body": [before, comment.body]}
    record_activity(record=comment.record, actor=actor, verb="edited comment", at=at, changes=facts)
    search.put_comment(comment=comment, record=comment.record)
    return comment


@transaction.atomic
def delete_comment(*, comment: Comment, actor: Actor, at: datetime) -> None:
    """Take a comment away; it can be brought back."""
    comment.deleted_at = at
    comment.save(update_fields=["deleted_at"])
    record_activity(
        record=comment.record, actor=actor, verb="deleted comment", at=at, changes={"comment": comment.pk}
    )
    search.remove_comment(comment_id=comment.pk)


@transaction.atomic
def restore_comment(*, comment: Comment, actor: Actor, at: datetime) -> None:
    """Bring a deleted comment back."""
    comment.deleted_at = None
    comment.save(update_fields=["deleted_at"])
    record_activity(
        record=comment.record, actor=actor, verb="restored comment", at=at, changes={"comment": comment.pk}
    )
    search.put_comment(comment=comment, record=comment.record)


@transaction.atomic
def start_watching(*, record: Record, member: Member, at: datetime) -> None:
    """Follow a record."""
    Watch.objects.get_or_create(record_id=record.pk, member=member, defaults={"created_at": at})


@transaction.atomic
def stop_watching(*, record: Record, member: Member) -> None:
    """Stop following a record."""
    Watch.objects.filter(record_id=record.pk, member=member).delete()
