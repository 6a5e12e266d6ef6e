"""Who one is, and the workspace itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Router, Schema

from roadbed.core.api.auth import Caller, CallerSessionAuth, CallerTokenAuth, access_of
from roadbed.core.api.problems import PROBLEM
from roadbed.core.workspaces import services
from roadbed.core.workspaces.api.shared import READ, WRITE
from roadbed.core.workspaces.roles import Role

router = Router()
root_router = Router(tags=["me"])


class PlaceOut(Schema):
    """A workspace that the caller may enter, and as what."""

    workspace: str
    name: str
    role: Role


class MeOut(Schema):
    """Who is asking."""

    name: str
    email: str
    scope: str = Field(description="`read` or `write`; a session may write.")
    workspaces: list[PlaceOut]


@root_router.get(
    "me",
    auth=[CallerTokenAuth(), CallerSessionAuth()],
    response={200: MeOut, 401: PROBLEM, 403: PROBLEM, 429: PROBLEM},
    operation_id="get_me",
    url_name="me",
)
def get_me(request: HttpRequest) -> dict[str, Any]:
    """Say who is asking: a person sees all their workspaces, a token the one it is for."""
    caller: Caller = request.auth  # type: ignore[attr-defined]  # ninja keeps what the authentication returned
    places = [
        {"workspace": member.workspace.slug, "name": member.workspace.name, "role": member.role}
        for member in caller.members
    ]
    return {
        "name": caller.user.display_name,
        "email": caller.user.email,
        "scope": caller.scope,
        "workspaces": places,
    }


class WorkspaceOut(Schema):
    """The workspace."""

    slug: str
    name: str
    currency: str
    created_at: datetime


class WorkspaceIn(Schema):
    """What an owner may change."""

    name: str | None = Field(None, min_length=1, max_length=120)
    currency: str | None = Field(None, pattern="^[A-Z]{3}$")


@router.get(
    "workspace", response={200: WorkspaceOut, **READ}, operation_id="get_workspace", url_name="workspace"
)
def get_workspace(request: HttpRequest, workspace: Path[str]) -> Any:
    """Read the workspace."""
    return access_of(request).workspace


@router.patch("workspace", response={200: WorkspaceOut, **WRITE}, operation_id="change_workspace")
def change_workspace(request: HttpRequest, workspace: Path[str], body: WorkspaceIn) -> Any:
    """Rename the workspace, or count its money in another currency."""
    access = access_of(request, role=Role.OWNER)
    place = access.workspace
    services.change_workspace(
        workspace=place,
        name=body.name or place.name,
        currency=body.currency or place.currency,
        actor=access.actor,
        at=timezone.now(),
    )
    return place
