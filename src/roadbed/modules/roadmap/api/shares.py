"""Links to the roadmap for people outside."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Router, Schema
from ninja.responses import Status as Answer

from roadbed.core.api.auth import access_of
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import selectors, services
from roadbed.modules.roadmap.api.schemas import READ_PROBLEMS, WRITE_PROBLEMS
from roadbed.modules.roadmap.models import Share

router = Router(tags=["roadmap"])


class RoadmapShareOut(Schema):
    """A link; its secret is not kept."""

    id: int
    name: str
    form: Literal["page", "calendar"]
    audience: Share.Audience
    query: str
    has_password: bool
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    @staticmethod
    def resolve_has_password(share: Share) -> bool:
        """Whether it asks for a password."""
        return bool(share.password)


class ShareMade(Schema):
    """A new link with its address, which is told once."""

    share: RoadmapShareOut
    url: str


class ShareIn(Schema):
    """A link to be made."""

    name: str = Field(min_length=1, max_length=120)
    form: Literal["page", "calendar"] = "page"
    audience: Share.Audience = Share.Audience.CLIENTS
    query: str = Field("", max_length=2000, description="Filters as the list page writes them.")
    password: str = Field("", max_length=200)
    expires_at: datetime | None = None


@router.get(
    "shares",
    response={200: list[RoadmapShareOut], **READ_PROBLEMS},
    operation_id="list_shares",
    url_name="shares",
)
def list_shares(request: HttpRequest, workspace: Path[str]) -> list[Share]:
    """List the links to the roadmap, those that still lead somewhere first."""
    access = access_of(request, role=Role.MAKER)
    return selectors.shares_of(workspace_id=access.workspace.pk)


@router.post(
    "shares", response={201: ShareMade, **WRITE_PROBLEMS}, operation_id="create_share", url_name="shares"
)
def create_share(request: HttpRequest, workspace: Path[str], body: ShareIn) -> Answer[dict[str, Any]]:
    """Make a link. Its address is told once."""
    access = access_of(request, role=Role.MAKER)
    if any("\x00" in text for text in (body.name, body.query, body.password)):
        raise ValidationError("Null characters cannot be stored.")
    if body.expires_at is not None and timezone.is_naive(body.expires_at):
        raise ValidationError({"expires_at": "Say the time zone, such as 2027-01-31T00:00:00Z."})
    share, secret = services.create_share(
        workspace=access.workspace, actor=access.actor, at=timezone.now(), **body.dict()
    )
    ending = "calendar.ics" if share.form == Share.Form.CALENDAR else ""
    return Answer(201, {"share": share, "url": request.build_absolute_uri(f"/s/{secret}/{ending}")})


@router.delete(
    "shares/{int:share_id}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="revoke_share",
    url_name="share",
)
def revoke_share(request: HttpRequest, workspace: Path[str], share_id: Path[int]) -> Answer[None]:
    """Let a link lead nowhere any more."""
    access = access_of(request, role=Role.MAKER)
    share = selectors.access_share(workspace_id=access.workspace.pk, share_id=share_id)
    services.revoke_share(share=share, actor=access.actor, at=timezone.now())
    return Answer(204, None)
