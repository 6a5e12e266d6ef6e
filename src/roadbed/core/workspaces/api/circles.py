"""Circles: who may see what is private to them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema, Status

from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.workspaces import services
from roadbed.core.workspaces.api.shared import LARGEST, READ, WRITE
from roadbed.core.workspaces.models import Circle
from roadbed.core.workspaces.roles import Role

router = Router()


class CircleOut(Schema):
    """A circle with its members, by their ids. What it holds only they see."""

    id: int
    name: str
    description: str
    members: list[int]

    @staticmethod
    def resolve_members(circle: Circle) -> list[int]:
        """The ids of the members."""
        return sorted(member.pk for member in circle.members.all())


class CircleIn(Schema):
    """A circle's name, what it is for, and its members, by their ids."""

    name: str = Field(min_length=1, max_length=80)
    description: str = Field("", max_length=300)
    members: list[int] = Field(default_factory=list, max_length=500)

    @property
    def numbers(self) -> list[int]:
        """The ids that can be a member's."""
        return [number for number in self.members if 0 < number <= LARGEST]


@router.get(
    "circles", response={200: PageOut[CircleOut], **READ}, operation_id="list_circles", url_name="circles"
)
def list_circles(request: HttpRequest, workspace: Path[str], query: Query[PageQuery]) -> dict[str, Any]:
    """List the circles."""
    access = access_of(request)
    rows = Circle.objects.filter(workspace=access.workspace).prefetch_related("members")
    items, following = page_by_id(rows, query, newest_first=False)
    return {"items": items, "next": following}


@router.post("circles", response={201: CircleOut, **WRITE}, operation_id="make_circle")
def make_circle(request: HttpRequest, workspace: Path[str], body: CircleIn) -> Status[Circle]:
    """Make a circle. Whoever makes it is in it only if they are among the members."""
    access = access_of(request, role=Role.OWNER)
    circle = services.make_circle(
        workspace=access.workspace,
        name=body.name,
        description=body.description,
        members=body.numbers,
        actor=access.actor,
        at=timezone.now(),
    )
    return Status(201, circle)


@router.put(
    "circles/{int:circle_id}",
    response={200: CircleOut, **WRITE},
    operation_id="change_circle",
    url_name="circle",
)
def change_circle(request: HttpRequest, workspace: Path[str], circle_id: Path[int], body: CircleIn) -> Circle:
    """Rename a circle, and say who is in it."""
    access = access_of(request, role=Role.OWNER)
    circle = get_object_or_404(Circle, workspace=access.workspace, pk=circle_id)
    return services.change_circle(
        circle=circle,
        name=body.name,
        description=body.description,
        members=body.numbers,
        actor=access.actor,
        at=timezone.now(),
    )


@router.delete("circles/{int:circle_id}", response={204: None, **WRITE}, operation_id="remove_circle")
def remove_circle(request: HttpRequest, workspace: Path[str], circle_id: Path[int]) -> Status[None]:
    """Remove a circle that holds nothing."""
    access = access_of(request, role=Role.OWNER)
    circle = get_object_or_404(Circle, workspace=access.workspace, pk=circle_id)
    services.remove_circle(circle=circle, actor=access.actor, at=timezone.now())
    return Status(204, None)
