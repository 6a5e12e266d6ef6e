"""Finding who stands behind a token. Making and revoking them is in `services`."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from roadbed.core.accounts import keys
from roadbed.core.accounts.actors import Actor
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import ApiToken

LAST_USE_GRAIN = timedelta(minutes=5)


def find_token(*, token: str, at: datetime) -> ApiToken | None:
    """Return the token; None for an unknown, expired or revoked one or a removed member. Notes its use."""
    found = (
        ApiToken.objects.select_related("member__workspace", "member__user")
        .filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=at),
            token_hash=keys.digest(token),
            revoked_at__isnull=True,
            member__removed_at__isnull=True,
            member__user__is_active=True,
            member__workspace__closed_at__isnull=True,
        )
        .first()
    )
    if found is None:
        return None
    if found.last_used_at is None or at - found.last_used_at > LAST_USE_GRAIN:
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=at)
    return found


def find_access(*, token: str, at: datetime) -> Access | None:
    """Return the token's way into its workspace; None where it opens nothing."""
    found = find_token(token=token, at=at)
    if found is None:
        return None
    member = found.member
    return Access(
        workspace=member.workspace,
        member=member,
        actor=Actor(user_id=member.user_id, name=member.user.display_name, via="api"),
        may_write=found.scope == ApiToken.Scope.WRITE,
    )
