"""Letting people outside see a part of the plan, and ending that."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts import keys
from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.roadmap.models import Share

MOST = 200
SHORTEST_PASSWORD = 8


@transaction.atomic
def create_share(
    *,
    workspace: Workspace,
    name: str,
    actor: Actor,
    at: datetime,
    form: str = Share.Form.PAGE,
    audience: str = Share.Audience.CLIENTS,
    query: str = "",
    password: str = "",
    expires_at: datetime | None = None,
) -> tuple[Share, str]:
    """Make a secret address for a filter of the roadmap. The secret is returned once, and not kept.

    Raises
    ------
    ValidationError
        If it expired already, the password is too short, or a calendar is to be for customers.
    """
    if Share.objects.filter(workspace=workspace, revoked_at__isnull=True).count() >= MOST:
        raise ValidationError(f"A workspace has at most {MOST} links. End some that nobody needs.")
    if password and form == Share.Form.CALENDAR:
        raise ValidationError({"password": "A calendar has none: programs could not type it."})
    if password and len(password) < SHORTEST_PASSWORD:
        raise ValidationError({"password": f"At least {SHORTEST_PASSWORD} characters."})
    if expires_at is not None and expires_at <= at:
        raise ValidationError({"expires": "This day is past."})
    if form == Share.Form.CALENDAR and audience != Share.Audience.INSIDE:
        raise ValidationError({"audience": "A calendar has days, so it is for colleagues."})
    secret = keys.make(length=40)
    share = Share(
        workspace=workspace,
        name=" ".join(name.split()),
        form=form,
        audience=audience,
        query=query.lstrip("?"),
        token_hash=keys.digest(secret),
        password=make_password(password) if password else "",
        created_at=at,
        created_by_id=actor.user_id,
        expires_at=expires_at,
    )
    share.full_clean()
    share.save(force_insert=True)
    records.record_activity(
        workspace_id=workspace.pk,
        actor=actor,
        verb="shared the roadmap",
        at=at,
        changes={"name": share.name, "audience": share.get_audience_display(), "until": expires_at},
    )
    return share, secret


@transaction.atomic
def revoke_share(*, share: Share, actor: Actor, at: datetime) -> None:
    """Let an address lead nowhere any more."""
    changed = Share.objects.filter(pk=share.pk, revoked_at__isnull=True).update(revoked_at=at)
    if not changed:
        raise ValidationError("This link was ended already.")
    records.record_activity(
        workspace_id=share.workspace_id,
        actor=actor,
        verb="ended a link to the roadmap",
        at=at,
        changes={"name": share.name},
    )
