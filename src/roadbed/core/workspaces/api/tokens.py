"""Tokens for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Path, Router, Schema, Status

from roadbed.core.api.auth import access_of, with_session
from roadbed.core.workspaces import selectors, services
from roadbed.core.workspaces.api.shared import READ, WRITE
from roadbed.core.workspaces.models import ApiToken

router = Router()


class TokenOut(Schema):
    """One of the caller's own tokens; its secret is kept nowhere."""

    id: int
    name: str
    prefix: str
    scope: ApiToken.Scope
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class TokenIn(Schema):
    """A new token."""

    name: str = Field(min_length=1, max_length=80)
    scope: ApiToken.Scope = ApiToken.Scope.READ
    expires_at: datetime | None = None


class TokenMade(TokenOut):
    """A new token with its secret, which is given here and never again."""

    token: str


@router.get("tokens", response={200: list[TokenOut], **READ}, operation_id="list_tokens", url_name="tokens")
def list_tokens(request: HttpRequest, workspace: Path[str]) -> list[ApiToken]:
    """List one's own tokens."""
    return selectors.tokens(member=access_of(request).member)


@router.post("tokens", response={201: TokenMade, **WRITE}, operation_id="create_token")
def create_token(
    request: HttpRequest, workspace: Path[str], body: TokenIn, response: HttpResponse
) -> Status[dict[str, Any]]:
    """Make a token for oneself. This takes a session: a token cannot make others."""
    access = with_session(request)
    expires_at = body.expires_at
    if expires_at is not None and timezone.is_naive(expires_at):
        expires_at = timezone.make_aware(expires_at)
    token, secret = services.create_token(
        member=access.member,
        name=body.name,
        scope=body.scope,
        expires_at=expires_at,
        actor=access.actor,
        at=timezone.now(),
    )
    response["Cache-Control"] = "no-store"
    return Status(201, {**TokenOut.from_orm(token).dict(), "token": secret})


@router.delete(
    "tokens/{int:token_id}", response={204: None, **WRITE}, operation_id="revoke_token", url_name="token"
)
def revoke_token(request: HttpRequest, workspace: Path[str], token_id: Path[int]) -> Status[None]:
    """Revoke one of one's own tokens. This takes a session as well."""
    access = with_session(request)
    token = get_object_or_404(ApiToken.objects.select_related("member"), member=access.member, pk=token_id)
    services.revoke_token(token=token, actor=access.actor, at=timezone.now())
    return Status(204, None)
