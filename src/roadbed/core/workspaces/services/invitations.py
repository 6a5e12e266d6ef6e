"""Ask somebody in by mail."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from roadbed.core.accounts import keys
from roadbed.core.accounts.actors import Actor
from roadbed.core.accounts.models import User
from roadbed.core.records.services import record_activity
from roadbed.core.workspaces.models import Department, Invitation, Member, Workspace
from roadbed.core.workspaces.roles import Role

INVITATION_LIFETIME = timedelta(days=14)


class InvitationGoneError(Exception):
    """The invitation was used, taken back, or is too old."""


def _send(invitation: Invitation, *, path: str, inviter: str) -> None:
    context = {
        "invitation": invitation,
        "inviter": inviter,
        "url": settings.ROADBED_URL + path,
        "workspace": invitation.workspace,
    }
    body = render_to_string("workspaces/mail/invitation.txt", context)
    EmailMessage(
        subject=f"{inviter} invites you to {invitation.workspace.name}", body=body, to=[invitation.email]
    ).send()


@transaction.atomic
def invite(
    *,
    workspace: Workspace,
    email: str,
    role: Role,
    actor: Actor,
    at: datetime,
    department: Department | None = None,
) -> tuple[Invitation, str]:
    """Ask an address in for 14 days; an open invitation of the same address is replaced.

    Returns the invitation and the path of its page, which is mailed and can be shown once: only its hash is kept.

    Raises
    ------
    ValidationError
        If the address cannot be one, or is already in.
    """
    email = User.objects.normalize_email(email).lower().strip()
    if Member.objects.filter(
        workspace=workspace, user__email__iexact=email, removed_at__isnull=True
    ).exists():
        raise ValidationError({"email": "Somebody with this address is already a member."})
    if department is not None and department.workspace_id != workspace.pk:
        raise ValidationError({"department": "There is no such department."})
    Invitation.objects.filter(
        workspace=workspace, email__iexact=email, accepted_at__isnull=True, revoked_at__isnull=True
    ).update(revoked_at=at)
    secret = keys.make()
    invitation = Invitation(
        workspace=workspace,
        email=email,
        role=role,
        department=department,
        token_hash=keys.digest(secret),
        invited_by_id=actor.user_id,
        invited_at=at,
        expires_at=at + INVITATION_LIFETIME,
    )
    invitation.full_clean()
    invitation.save()
    record_activity(
        workspace_id=workspace.pk, actor=actor, verb="invited", at=at, changes={"email": email, "role": role}
    )
    path = reverse("invitation", kwargs={"secret": secret})
    # Robust: a mail server that is down must not take the invitation with it; its link is shown as well.
    transaction.on_commit(lambda: _send(invitation, path=path, inviter=actor.name), robust=True)
    return invitation, path


def find_invitation(*, secret: str, at: datetime) -> Invitation | None:
    """Return the open invitation with that secret, or None."""
    return (
        Invitation.objects.select_related("workspace", "department", "invited_by")
        .filter(
            token_hash=keys.digest(secret),
            accepted_at__isnull=True,
            revoked_at__isnull=True,
            expires_at__gt=at,
            workspace__closed_at__isnull=True,
        )
        .first()
    )


@transaction.atomic
def accept_invitation(*, secret: str, user: User, actor: Actor, at: datetime) -> Member:
    """Join, or join again. Who is already in keeps the role they have.

    Raises
    ------
    InvitationGoneError
        If it was used, taken back or is too old.
    """
    invitation = find_invitation(secret=secret, at=at)
    if invitation is None:
        raise InvitationGoneError
    taken = Invitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True).update(accepted_at=at)
    if not taken:
        raise InvitationGoneError
    member, is_new = Member.objects.select_for_update().get_or_create(
        workspace=invitation.workspace,
        user=user,
        defaults={"role": invitation.role, "department": invitation.department, "joined_at": at},
    )
    if not is_new and member.removed_at is not None:
        member.removed_at = None
        member.role, member.department = invitation.role, invitation.department
        member.save(update_fields=["removed_at", "role", "department"])
    record_activity(
        workspace_id=invitation.workspace_id,
        actor=actor,
        verb="joined",
        at=at,
        changes={"member": user.display_name, "role": member.role, "invited": invitation.email},
    )
    return member


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, actor: Actor, at: datetime) -> None:
    """Take an invitation back; its link stops working."""
    open_one = Invitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True, revoked_at__isnull=True)
    if open_one.update(revoked_at=at):
        record_activity(
            workspace_id=invitation.workspace_id,
            actor=actor,
            verb="revoked invitation",
            at=at,
            changes={"email": invitation.email},
        )
