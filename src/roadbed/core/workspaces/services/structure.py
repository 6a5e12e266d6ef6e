"""Departments, who get told, and teams, who build."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records.services import record_activity
from roadbed.core.workspaces.models import Department, Member, Team, Workspace
from roadbed.core.workspaces.services import changes

Trail = dict[str, Any]
"""What `restore_…` needs: the name and the members' numbers. Plain JSON: a page can carry it, signed."""


@dataclass(frozen=True, slots=True)
class TeamPart:
    """What a module knows of a team, kept when the team is removed and given back with it.

    `keep(team, at)` returns plain JSON, and little of it: it travels in an address.
    """

    name: str
    keep: Callable[[Team, datetime], Any]
    give_back: Callable[[Team, Any, Actor, datetime], None]


_TEAM_PARTS: dict[str, TeamPart] = {}


def register_team_part(part: TeamPart) -> None:
    """Let a module's part of a team follow it; the same name replaces the one before."""
    _TEAM_PARTS[part.name] = part


def _members(workspace_id: int, numbers: Collection[int]) -> list[Member]:
    return list(Member.objects.filter(workspace_id=workspace_id, removed_at__isnull=True, pk__in=numbers))


@transaction.atomic
def add_department(*, workspace: Workspace, name: str, actor: Actor, at: datetime) -> Department:
    """Add a department."""
    department = Department(workspace=workspace, name=" ".join(name.split()))
    department.full_clean()
    department.save()
    record_activity(
        workspace_id=workspace.pk,
        actor=actor,
        verb="added department",
        at=at,
        changes={"name": [None, department.name]},
    )
    return department


@transaction.atomic
def rename_department(*, department: Department, name: str, actor: Actor, at: datetime) -> None:
    """Call a department otherwise."""
    changes.apply(
        row=department,
        workspace_id=department.workspace_id,
        changes={"name": " ".join(name.split())},
        verb="renamed department",
        actor=actor,
        at=at,
    )


@transaction.atomic
def remove_department(*, department: Department, actor: Actor, at: datetime) -> Trail:
    """Remove a department; its members have none afterwards. Returns what `restore_department` needs."""
    members = list(Member.objects.filter(department=department).values_list("pk", flat=True))
    trail: Trail = {"name": department.name, "members": members}
    record_activity(
        workspace_id=department.workspace_id,
        actor=actor,
        verb="removed department",
        at=at,
        changes={"name": [department.name, None], "members": len(members)},
    )
    department.delete()
    return trail


@transaction.atomic
def restore_department(*, workspace: Workspace, trail: Trail, actor: Actor, at: datetime) -> Department:
    """Bring a removed department back, with those of its members who have found no other since."""
    department = add_department(workspace=workspace, name=trail["name"], actor=actor, at=at)
    Member.objects.filter(workspace=workspace, pk__in=trail["members"], department__isnull=True).update(
        department=department
    )
    return department


@transaction.atomic
def add_team(
    *, workspace: Workspace, name: str, actor: Actor, at: datetime, members: Collection[int] = ()
) -> Team:
    """Add a team with these members (by their numbers; those of other workspaces are left out)."""
    team = Team(workspace=workspace, name=" ".join(name.split()))
    team.full_clean()
    team.save()
    people = _members(workspace.pk, members)
    team.members.set(people)
    record_activity(
        workspace_id=workspace.pk,
        actor=actor,
        verb="added team",
        at=at,
        changes={"name": [None, team.name], "members": [person.name for person in people]},
    )
    return team


@transaction.atomic
def change_team(*, team: Team, name: str, members: Collection[int], actor: Actor, at: datetime) -> Team:
    """Rename a team, or change who is in it."""
    before = sorted(member.name for member in team.members.select_related("user"))
    team.members.set(_members(team.workspace_id, members))
    after = sorted(member.name for member in team.members.select_related("user"))
    facts = {"team": team.name, **({"members": [before, after]} if before != after else {})}
    changed = changes.apply(
        row=team,
        workspace_id=team.workspace_id,
        changes={"name": " ".join(name.split())},
        verb="changed team",
        actor=actor,
        at=at,
        facts=facts,
    )
    if not changed and before != after:
        record_activity(
            workspace_id=team.workspace_id, actor=actor, verb="changed team", at=at, changes=facts
        )
    return team


@transaction.atomic
def remove_team(*, team: Team, actor: Actor, at: datetime) -> Trail:
    """Remove a team. Returns what `restore_team` needs."""
    trail: Trail = {
        "name": team.name,
        "members": list(team.members.values_list("pk", flat=True)),
        "parts": {part.name: part.keep(team, at) for part in _TEAM_PARTS.values()},
    }
    record_activity(
        workspace_id=team.workspace_id,
        actor=actor,
        verb="removed team",
        at=at,
        changes={"name": [team.name, None]},
    )
    team.delete()
    return trail


@transaction.atomic
def restore_team(*, workspace: Workspace, trail: Trail, actor: Actor, at: datetime) -> Team:
    """Bring a removed team back, with those who are still members of the workspace."""
    team = add_team(workspace=workspace, name=trail["name"], members=trail["members"], actor=actor, at=at)
    for name, kept in trail.get("parts", {}).items():
        if name in _TEAM_PARTS:
            _TEAM_PARTS[name].give_back(team, kept, actor, at)
    return team
