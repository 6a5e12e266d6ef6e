"""Who is asking the API: a program with a token, or a person with a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer
from ninja.security.apikey import APIKeyCookie

from roadbed.core.accounts.models import User
from roadbed.core.api.problems import ForbiddenError, MissingError
from roadbed.core.workspaces import selectors, tokens
from roadbed.core.workspaces.access import Access, find_access
from roadbed.core.workspaces.models import Member
from roadbed.core.workspaces.roles import Role


def _workspace_of(request: HttpRequest) -> str:
    match = request.resolver_match
    return str(match.kwargs.get("workspace", "")) if match else ""


class TokenAuth(HttpBearer):
    """``Authorization: Bearer rb_…``."""

    def authenticate(self, request: HttpRequest, token: str) -> Access | None:
        """Return the token's way into the workspace of the address; a stranger's token sees 404."""
        access = tokens.find_access(token=token, at=timezone.now())
        if access is None:
            return None
        if access.workspace.slug != _workspace_of(request):
            raise MissingError
        return access


class SessionAuth(APIKeyCookie):
    """The session of a signed-in person; Django's CSRF token is needed to write."""

    def __init__(self) -> None:
        super().__init__(csrf=True)

    param_name = "sessionid"

    def authenticate(self, request: HttpRequest, key: str | None) -> Access | None:
        """Return the person's way into the workspace of the address; strangers see 404."""
        if not request.user.is_authenticated:
            return None
        access = find_access(user=request.user, workspace=_workspace_of(request), via="api")
        if access is None:
            raise MissingError
        return access


def access_of(request: HttpRequest, *, role: Role = Role.VIEWER) -> Access:
    """Return who is asking, or refuse.

    Raises
    ------
    ForbiddenError
        If the member's role, or a read-only token, does not reach that far.
    """
    access: Any = getattr(request, "auth", None)
    if not isinstance(access, Access):
        raise MissingError
    if not access.allows(role):
        raise ForbiddenError(f"This needs the role {role.label.lower()} and a token that may write.")
    return access


def with_session(request: HttpRequest) -> Access:
    """Return the person who is asking with a session.

    Raises
    ------
    ForbiddenError
        If it is a token: one that leaked must not be able to outlive its own end by making others.
    """
    access = access_of(request)
    if "Authorization" in request.headers:
        raise ForbiddenError("This takes a session. A token cannot make or revoke tokens.")
    return access


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking outside of a workspace."""

    user: User
    members: list[Member]
    scope: str


class CallerTokenAuth(HttpBearer):
    """A token, wherever it belongs."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        """Return the person behind the token and the one workspace that it opens."""
        found = tokens.find_token(token=token, at=timezone.now())
        return Caller(user=found.member.user, members=[found.member], scope=found.scope) if found else None


class CallerSessionAuth(APIKeyCookie):
    """The session of a signed-in person."""

    param_name = "sessionid"

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        """Return the person and all their workspaces."""
        if not isinstance(request.user, User):
            return None
        return Caller(
            user=request.user, members=selectors.workspaces_of(user_id=request.user.pk), scope="write"
        )
