"""Members, and those who are invited."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema, Status

from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.workspaces import selectors, services
from roadbed.core.workspaces.api.shared import LARGEST, READ, WRITE
from roadbed.core.workspaces.models import Department, Invitation, Member
from roadbed.core.workspaces.roles import Role

router = Router()


class MemberOut(Schema):
    """A member."""

    id: int
    name: str
    email: str = Field(alias="user.email")
    role: Role
    department: str | None
    joined_at: datetime

    @staticmethod
    def resolve_department(member: Member) -> str | None:
        """The department's name."""
        return member.department.name if member.department else None


class MemberIn(Schema):
    """A role, a department (by its id; null for none), or both."""

    role: Role | None = None
    department: int | None = Field(None, ge=1, le=LARGEST)


def _department(access: Any, number: int | None) -> Department | None:
    if number is None:
        return None
    found = Department.objects.filter(workspace=access.workspace, pk=number).first()
    if found is None:
        raise ValidationError({"department": "There is no such department."})
    return found


@router.get(
    "members", response={200: PageOut[MemberOut], **READ}, operation_id="list_members", url_name="members"
)
def list_members(request: HttpRequest, workspace: Path[str], query: Query[PageQuery]) -> dict[str, Any]:
    """List the members."""
    access = access_of(request)
    items, following = page_by_id(
        selectors.members(workspace_id=access.workspace.pk), query, newest_first=False
    )
    return {"items": items, "next": following}


@router.get(
    "members/{int:member_id}", response={200: MemberOut, **READ}, operation_id="get_member", url_name="member"
)
def get_member(request: HttpRequest, workspace: Path[str], member_id: Path[int]) -> Member:
    """Read one member."""
    access = access_of(request)
    return selectors.access_member(workspace_id=access.workspace.pk, member_id=member_id)


@router.patch("members/{int:member_id}", response={200: MemberOut, **WRITE}, operation_id="change_member")
def change_member(request: HttpRequest, workspace: Path[str], member_id: Path[int], body: MemberIn) -> Member:
    """Give a member another role or department."""
    access = access_of(request, role=Role.OWNER)
    member = selectors.access_member(workspace_id=access.workspace.pk, member_id=member_id)
    given = body.dict(exclude_unset=True)
    department = _department(access, body.department) if "department" in given else member.department
    return services.change_member(
        member=member,
        role=body.role or Role(member.role),
        department=department,
        actor=access.actor,
        at=timezone.now(),
    )


@router.delete("members/{int:member_id}", response={204: None, **WRITE}, operation_id="remove_member")
def remove_member(request: HttpRequest, workspace: Path[str], member_id: Path[int]) -> Status[None]:
    """Take a member out. Their tokens end at once."""
    access = access_of(request, role=Role.OWNER)
    member = selectors.access_member(workspace_id=access.workspace.pk, member_id=member_id)
    services.remove_member(member=member, actor=access.actor, at=timezone.now())
    return Status(204, None)


class InvitationIn(Schema):
    """Whom to ask in, as what."""

    email: str = Field(max_length=254)
    role: Role = Role.VIEWER
    department: int | None = Field(None, ge=1, le=LARGEST)


class InvitationOut(Schema):
    """An invitation that can still be accepted."""

    id: int
    email: str
    role: Role
    invited_at: datetime
    expires_at: datetime


class InvitationMade(InvitationOut):
    """A new invitation with its link, which is given here and never again."""

    link: str


@router.get(
    "invitations",
    response={200: list[InvitationOut], **READ},
    operation_id="list_invitations",
    url_name="invitations",
)
def list_invitations(request: HttpRequest, workspace: Path[str]) -> list[Invitation]:
    """List open invitations."""
    access = access_of(request, role=Role.OWNER)
    return selectors.open_invitations(workspace_id=access.workspace.pk, now=timezone.now())


@router.post("invitations", response={201: InvitationMade, **WRITE}, operation_id="invite")
def invite(request: HttpRequest, workspace: Path[str], body: InvitationIn) -> Status[dict[str, Any]]:
    """Ask somebody in by mail, for 14 days."""
    access = access_of(request, role=Role.OWNER)
    invitation, path = services.invite(
        workspace=access.workspace,
        email=body.email,
        role=body.role,
        department=_department(access, body.department),
        actor=access.actor,
        at=timezone.now(),
    )
    facts = InvitationOut.from_orm(invitation).dict()
    return Status(201, {**facts, "link": request.build_absolute_uri(path)})


@router.delete(
    "invitations/{int:invitation_id}",
    response={204: None, **WRITE},
    operation_id="revoke_invitation",
    url_name="invitation",
)
def revoke_invitation(request: HttpRequest, workspace: Path[str], invitation_id: Path[int]) -> Status[None]:
    """Take an invitation back."""
    access = access_of(request, role=Role.OWNER)
    invitation = get_object_or_404(Invitation, workspace=access.workspace, pk=invitation_id)
    services.revoke_invitation(invitation=invitation, actor=access.actor, at=timezone.now())
    return Status(204, None)
