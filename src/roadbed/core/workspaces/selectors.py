"""Reading workspaces and who is in them."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, F, Q, QuerySet

from roadbed.core.workspaces.models import ApiToken, Circle, Department, Invitation, Member, Product, Team
from roadbed.core.workspaces.roles import Role


def workspaces_of(*, user_id: int) -> list[Member]:
    """The memberships of a person in open workspaces, the one they visited last first."""
    rows = Member.objects.select_related("workspace").filter(
        user_id=user_id, removed_at__isnull=True, workspace__closed_at__isnull=True
    )
    return list(rows.order_by(F("visit_at").desc(nulls_last=True), "-joined_at", "-pk"))


def closed_workspaces_of(*, user_id: int) -> list[Member]:
    """The memberships of an owner in workspaces that they may reopen."""
    rows = Member.objects.select_related("workspace").filter(
        user_id=user_id, role=Role.OWNER, removed_at__isnull=True, workspace__closed_at__isnull=False
    )
    return list(rows.order_by("workspace__name"))


def members(*, workspace_id: int) -> QuerySet[Member]:
    """The members of a workspace by name; the removed are left out."""
    return (
        Member.objects.select_related("user", "department")
        .filter(workspace_id=workspace_id, removed_at__isnull=True)
        .order_by("user__name", "user__email")
    )


def access_member(*, workspace_id: int, member_id: int, removed: bool = False) -> Member:
    """Return a member, or raise `Member.DoesNotExist`, for those of other workspaces too."""
    return Member.objects.select_related("user", "department").get(
        workspace_id=workspace_id, pk=member_id, removed_at__isnull=not removed
    )


def open_invitations(*, workspace_id: int, now: datetime) -> list[Invitation]:
    """Invitations that can still be accepted."""
    rows = Invitation.objects.select_related("department", "invited_by").filter(
        workspace_id=workspace_id, accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=now
    )
    return list(rows.order_by("-invited_at"))


def departments(*, workspace_id: int) -> list[Department]:
    """Departments with `people`, the number of their members."""
    present = Count("members", filter=Q(members__removed_at__isnull=True))
    return list(Department.objects.filter(workspace_id=workspace_id).annotate(people=present))


def teams(*, workspace_id: int) -> list[Team]:
    """Teams with their members."""
    return list(Team.objects.filter(workspace_id=workspace_id).prefetch_related("members__user"))


def circles(*, workspace_id: int) -> list[Circle]:
    """Circles with their members, by name. Who is in which is no secret; what they hold is."""
    return list(Circle.objects.filter(workspace_id=workspace_id).prefetch_related("members__user"))


def circles_of(*, member: Member) -> list[Circle]:
    """The circles that a member is in, by name."""
    return list(Circle.objects.filter(workspace_id=member.workspace_id, members=member))


def products(*, workspace_id: int) -> list[Product]:
    """Products, those put away last."""
    rows = Product.objects.filter(workspace_id=workspace_id)
    return list(rows.order_by(F("archived_at").asc(nulls_first=True), "name"))


def tokens(*, member: Member) -> list[ApiToken]:
    """The member's tokens that are not revoked, the newest first."""
    return list(
        ApiToken.objects.filter(member=member, revoked_at__isnull=True).order_by("-created_at", "-pk")
    )
