"""Turning the history into notices, reading them, and saying what one wants to hear."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from roadbed.core.notify.models import Frequency, Notice, Preference, Reason, Topic
from roadbed.core.workspaces.models import Member, Workspace
from roadbed.core.workspaces.roles import Role


def put(notices: Iterable[Notice]) -> None:
    """Write notices; one that is there already stays as it is."""
    Notice.objects.bulk_create(list(notices), ignore_conflicts=True, batch_size=500)


def tell_owners(*, workspace: Workspace, text: str, quote: str, path: str, at: datetime) -> None:
    """Tell every owner of something that nobody did."""
    owners = Member.objects.filter(workspace=workspace, role=Role.OWNER, removed_at__isnull=True)
    put(
        Notice(
            workspace=workspace,
            member=owner,
            reason=Reason.SYSTEM,
            actor_name="Roadbed",
            text=text[:400],
            quote=quote[:300],
            url=f"/w/{workspace.slug}/{path}",
            created_at=at,
        )
        for owner in owners
    )


def notices_of(*, member: Member) -> QuerySet[Notice]:
    """Return a member's notices, without those of deleted records and of what is private to others by now."""
    return notices_for(member=member.pk, circles=member.circle_ids)


def notices_for(*, member: int, circles: Collection[int]) -> QuerySet[Notice]:
    """Return the notices of the member with this id, who is in these circles."""
    found = Notice.objects.filter(member=member).exclude(record__deleted_at__isnull=False)
    return found.filter(Q(record__circle__isnull=True) | Q(record__circle_id__in=circles))


@transaction.atomic
def mark_read(*, member: Member, ids: Sequence[int] | None, at: datetime) -> list[int]:
    """Mark some notices as read, or all of them, and return which were not before."""
    unread = Notice.objects.filter(member=member, read_at__isnull=True)
    if ids is not None:
        unread = unread.filter(pk__in=ids)
    changed = list(unread.values_list("pk", flat=True))
    # By the moment, not by a list of ids that could be as long as the inbox.
    unread.update(read_at=at)
    return changed


@transaction.atomic
def mark_unread(*, member: Member, ids: Sequence[int] | None = None, read_at: datetime | None = None) -> int:
    """Take `mark_read` back: for these notices, or for all that were marked at that moment."""
    found = Notice.objects.filter(member=member)
    found = found.filter(pk__in=ids) if ids is not None else found.filter(read_at=read_at)
    return found.update(read_at=None)


def preference_of(*, member: Member) -> Preference:
    """Return what the member chose, or the defaults, unsaved."""
    return Preference.objects.filter(member=member).first() or Preference(member=member)


@transaction.atomic
def save_preference(*, preference: Preference) -> Preference:
    """Keep what the member chose."""
    preference.full_clean(validate_unique=False)
    preference.save()
    return preference


@transaction.atomic
def turn_mail_off(*, member: Member, topic: str = "") -> Preference:
    """Stop mail about a topic, or all of it: what the link in a mail does."""
    preference = preference_of(member=member)
    for name in [topic] if topic in Topic.values else Topic.values:
        setattr(preference, name, Frequency.OFF)
    preference.save()
    return preference
