"""Keys for programs."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts import keys
from roadbed.core.accounts.actors import Actor
from roadbed.core.records.services import record_activity
from roadbed.core.workspaces.models import ApiToken, Member

PREFIX = "rb_"
SHOWN = 9
"""How many of the first characters are kept, to recognise a token by."""


@transaction.atomic
def create_token(
    *,
    member: Member,
    name: str,
    scope: ApiToken.Scope,
    actor: Actor,
    at: datetime,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make a token that acts as the member. Returns it and its secret, which is kept nowhere: show it now.

    Raises
    ------
    ValidationError
        If it would expire in the past, or a field refuses.
    """
    if expires_at is not None and expires_at <= at:
        raise ValidationError({"expires_at": "Choose a day to come."})
    secret = PREFIX + keys.make()
    token = ApiToken(
        member=member,
        name=name.strip(),
        scope=scope,
        prefix=secret[:SHOWN],
        token_hash=keys.digest(secret),
        created_at=at,
        expires_at=expires_at,
    )
    token.full_clean()
    token.save()
    record_activity(
        workspace_id=member.workspace_id,
        actor=actor,
        verb="created token",
        at=at,
        changes={"token": token.prefix, "name": token.name, "scope": scope, "expires_at": expires_at},
    )
    return token, secret


@transaction.atomic
def revoke_token(*, token: ApiToken, actor: Actor, at: datetime) -> None:
    """End a token at once."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=at):
        token.revoked_at = at
        record_activity(
            workspace_id=token.member.workspace_id,
            actor=actor,
            verb="revoked token",
            at=at,
            changes={"token": token.prefix, "name": token.name},
        )
