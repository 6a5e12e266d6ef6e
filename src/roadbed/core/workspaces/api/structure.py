"""Departments, teams and products."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema, Status

from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.workspaces import services
from roadbed.core.workspaces.api.shared import LARGEST, READ, WRITE
from roadbed.core.workspaces.models import Department, Product, Team
from roadbed.core.workspaces.roles import Role

router = Router()


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
