"""The API of the workspace itself: who one is, members, departments, teams, products, tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema, Status

from roadbed.core.api.auth import Caller, CallerSessionAuth, CallerTokenAuth, access_of, with_session
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.api.problems import ProblemOut
from roadbed.core.workspaces import selectors, services
from roadbed.core.workspaces.models import ApiToken, Department, Invitation, Member, Product, Team
from roadbed.core.workspaces.roles import Role

READ = dict.fromkeys((401, 403, 404, 422, 429), ProblemOut)
WRITE = dict.fromkeys((400, 401, 403, 404, 409, 422, 429), ProblemOut)
LARGEST = 2**63 - 1

router = Router(tags=["workspace"])
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
    response={200: MeOut, 401: ProblemOut, 403: ProblemOut, 429: ProblemOut},
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


class DepartmentOut(Schema):
    """A department."""

    id: int
    name: str


class NameIn(Schema):
    """A name."""

    name: str = Field(min_length=1, max_length=80)


@router.get(
    "departments",
    response={200: PageOut[DepartmentOut], **READ},
    operation_id="list_departments",
    url_name="departments",
)
def list_departments(request: HttpRequest, workspace: Path[str], query: Query[PageQuery]) -> dict[str, Any]:
    """List the departments."""
    access = access_of(request)
    rows = Department.objects.filter(workspace=access.workspace)
    items, following = page_by_id(rows, query, newest_first=False)
    return {"items": items, "next": following}


@router.post("departments", response={201: DepartmentOut, **WRITE}, operation_id="add_department")
def add_department(request: HttpRequest, workspace: Path[str], body: NameIn) -> Status[Department]:
    """Add a department."""
    access = access_of(request, role=Role.OWNER)
    return Status(
        201,
        services.add_department(
            workspace=access.workspace, name=body.name, actor=access.actor, at=timezone.now()
        ),
    )


@router.patch(
    "departments/{int:department_id}",
    response={200: DepartmentOut, **WRITE},
    operation_id="rename_department",
    url_name="department",
)
def rename_department(
    request: HttpRequest, workspace: Path[str], department_id: Path[int], body: NameIn
) -> Department:
    """Call a department otherwise."""
    access = access_of(request, role=Role.OWNER)
    department = get_object_or_404(Department, workspace=access.workspace, pk=department_id)
    services.rename_department(department=department, name=body.name, actor=access.actor, at=timezone.now())
    return department


@router.delete(
    "departments/{int:department_id}", response={204: None, **WRITE}, operation_id="remove_department"
)
def remove_department(request: HttpRequest, workspace: Path[str], department_id: Path[int]) -> Status[None]:
    """Remove a department; its members have none afterwards."""
    access = access_of(request, role=Role.OWNER)
    department = get_object_or_404(Department, workspace=access.workspace, pk=department_id)
    services.remove_department(department=department, actor=access.actor, at=timezone.now())
    return Status(204, None)


class TeamOut(Schema):
    """A team with its members, by their ids."""

    id: int
    name: str
    members: list[int]

    @staticmethod
    def resolve_members(team: Team) -> list[int]:
        """The ids of the members."""
        return sorted(member.pk for member in team.members.all())


class TeamIn(Schema):
    """A team's name and its members, by their ids."""

    name: str = Field(min_length=1, max_length=80)
    members: list[int] = Field(default_factory=list, max_length=500)


def _within(numbers: list[int]) -> list[int]:
    return [number for number in numbers if 0 < number <= LARGEST]


@router.get("teams", response={200: PageOut[TeamOut], **READ}, operation_id="list_teams", url_name="teams")
def list_teams(request: HttpRequest, workspace: Path[str], query: Query[PageQuery]) -> dict[str, Any]:
    """List the teams."""
    access = access_of(request)
    rows = Team.objects.filter(workspace=access.workspace).prefetch_related("members")
    items, following = page_by_id(rows, query, newest_first=False)
    return {"items": items, "next": following}


@router.post("teams", response={201: TeamOut, **WRITE}, operation_id="add_team")
def add_team(request: HttpRequest, workspace: Path[str], body: TeamIn) -> Status[Team]:
    """Add a team."""
    access = access_of(request, role=Role.OWNER)
    return Status(
        201,
        services.add_team(
            workspace=access.workspace,
            name=body.name,
            members=_within(body.members),
            actor=access.actor,
            at=timezone.now(),
        ),
    )


@router.put(
    "teams/{int:team_id}", response={200: TeamOut, **WRITE}, operation_id="change_team", url_name="team"
)
def change_team(request: HttpRequest, workspace: Path[str], team_id: Path[int], body: TeamIn) -> Team:
    """Rename a team, and say who is in it."""
    access = access_of(request, role=Role.OWNER)
    team = get_object_or_404(Team, workspace=access.workspace, pk=team_id)
    return services.change_team(
        team=team, name=body.name, members=_within(body.members), actor=access.actor, at=timezone.now()
    )


@router.delete("teams/{int:team_id}", response={204: None, **WRITE}, operation_id="remove_team")
def remove_team(request: HttpRequest, workspace: Path[str], team_id: Path[int]) -> Status[None]:
    """Remove a team."""
    access = access_of(request, role=Role.OWNER)
    team = get_object_or_404(Team, workspace=access.workspace, pk=team_id)
    services.remove_team(team=team, actor=access.actor, at=timezone.now())
    return Status(204, None)


class ProductOut(Schema):
    """A product."""

    slug: str
    name: str
    description: str
    archived_at: datetime | None


class ProductIn(Schema):
    """A new product."""

    name: str = Field(min_length=1, max_length=120)
    description: str = Field("", max_length=2000)


class ProductChange(Schema):
    """What changes of a product; `archived` puts it away or brings it back."""

    name: str | None = Field(None, min_length=1, max_length=120)
    description: str | None = Field(None, max_length=2000)
    archived: bool | None = None


@router.get(
    "products", response={200: PageOut[ProductOut], **READ}, operation_id="list_products", url_name="products"
)
def list_products(request: HttpRequest, workspace: Path[str], query: Query[PageQuery]) -> dict[str, Any]:
    """List the products, those put away too."""
    access = access_of(request)
    items, following = page_by_id(
        Product.objects.filter(workspace=access.workspace), query, newest_first=False
    )
    return {"items": items, "next": following}


@router.post("products", response={201: ProductOut, **WRITE}, operation_id="add_product")
def add_product(request: HttpRequest, workspace: Path[str], body: ProductIn) -> Status[Product]:
    """Add a product."""
    access = access_of(request, role=Role.OWNER)
    return Status(
        201,
        services.add_product(
            workspace=access.workspace,
            name=body.name,
            description=body.description,
            actor=access.actor,
            at=timezone.now(),
        ),
    )


@router.patch(
    "products/{slug:slug}",
    response={200: ProductOut, **WRITE},
    operation_id="change_product",
    url_name="product",
)
def change_product(
    request: HttpRequest, workspace: Path[str], slug: Path[str], body: ProductChange
) -> Product:
    """Rename, describe, put away or bring back a product."""
    access, now = access_of(request, role=Role.OWNER), timezone.now()
    product = get_object_or_404(Product, workspace=access.workspace, slug=slug)
    services.change_product(
        product=product,
        name=body.name or product.name,
        description=product.description if body.description is None else body.description,
        actor=access.actor,
        at=now,
    )
    if body.archived is not None:
        deed = services.archive_product if body.archived else services.unarchive_product
        deed(product=product, actor=access.actor, at=now)
    return product


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
