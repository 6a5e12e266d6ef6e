"""Who is in a workspace, as what, and how they like it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import available_timezones

from allauth.usersessions.models import UserSession
from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records.services import record_activity
from roadbed.core.workspaces.models import ApiToken, Department, Member, Product, View
from roadbed.core.workspaces.roles import Role
from roadbed.core.workspaces.services import changes


class LastOwnerError(ValidationError):
    """A workspace without an owner could not be administered by anybody."""

    def __init__(self) -> None:
        super().__init__("A workspace needs an owner. Make somebody else an owner first.")


def _keep_an_owner(member: Member) -> None:
    """Refuse when the member is the last owner. Other writers wait for the locked rows."""
    owners = Member.objects.select_for_update().filter(
        workspace_id=member.workspace_id, role=Role.OWNER, removed_at__isnull=True
    )
    if [owner.pk for owner in owners] == [member.pk]:
        raise LastOwnerError


@transaction.atomic
def change_member(
    *, member: Member, role: Role, department: Department | None, actor: Actor, at: datetime
) -> Member:
    """Give a member another role or department.

    Raises
    ------
    LastOwnerError
        If they are the only owner and would be none.
    ValidationError
        If the department belongs to another workspace.
    """
    if role is not Role.OWNER:
        _keep_an_owner(member)
    if department is not None and department.workspace_id != member.workspace_id:
        raise ValidationError({"department": "There is no such department."})
    changes.apply(
        row=member,
        workspace_id=member.workspace_id,
        changes={"role": role, "department": department},
        verb="changed member",
        actor=actor,
        at=at,
        facts={"member": member.name},
    )
    return member


@transaction.atomic
def remove_member(*, member: Member, actor: Actor, at: datetime) -> None:
    """Take a member out. Their pages, tokens and, where this was their only workspace, sessions end at once.

    What they wrote stays. `restore_member` brings them back, though not their tokens.
    """
    if member.removed_at is not None:
        return
    _keep_an_owner(member)
    ApiToken.objects.filter(member=member, revoked_at__isnull=True).update(revoked_at=at)
    # Coming back does not bring back what was private: each circle decides anew.
    member.circles.clear()
    member.removed_at = max(at, member.joined_at)
    member.save(update_fields=["removed_at"])
    verb = "left" if actor.user_id == member.user_id else "removed member"
    record_activity(
        workspace_id=member.workspace_id, actor=actor, verb=verb, at=at, changes={"member": member.name}
    )
    if not Member.objects.filter(user_id=member.user_id, removed_at__isnull=True).exists():
        for session in UserSession.objects.filter(user_id=member.user_id):
            session.end()


@transaction.atomic
def restore_member(*, member: Member, actor: Actor, at: datetime) -> None:
    """Let a removed member in again, with the role they had."""
    if member.removed_at is None:
        return
    member.removed_at = None
    member.save(update_fields=["removed_at"])
    record_activity(
        workspace_id=member.workspace_id,
        actor=actor,
        verb="restored member",
        at=at,
        changes={"member": member.name, "role": member.role},
    )


@transaction.atomic
def switch_view(*, member: Member, view: View, actor: Actor, at: datetime) -> None:
    """Look at the same plan from the business or from the technical side."""
    changes.apply(
        row=member,
        workspace_id=member.workspace_id,
        changes={"view": view},
        verb="switched view",
        actor=actor,
        at=at,
        facts={"member": member.name},
    )


@transaction.atomic
def switch_product(*, member: Member, product: Product | None, actor: Actor, at: datetime) -> None:
    """Work on one product, or on all of them."""
    changes.apply(
        row=member,
        workspace_id=member.workspace_id,
        changes={"product": product},
        verb="switched product",
        actor=actor,
        at=at,
        facts={"member": member.name},
    )


@transaction.atomic
def update_profile(
    *, member: Member, name: str, time_zone: str, theme: str, shortcuts: bool, actor: Actor, at: datetime
) -> None:
    """Change how a person is called, their time zone, colours, and whether single keys do something.

    Raises
    ------
    ValidationError
        If the time zone is unknown or another field refuses.
    """
    if time_zone not in available_timezones():
        raise ValidationError({"time_zone": "There is no such time zone. Write it like Europe/Berlin."})
    changes.apply(
        row=member.user,
        workspace_id=member.workspace_id,
        changes={"name": name.strip(), "time_zone": time_zone, "theme": theme, "shortcuts": shortcuts},
        verb="changed profile",
        actor=actor,
        at=at,
    )
