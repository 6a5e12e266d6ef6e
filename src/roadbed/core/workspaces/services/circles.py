"""Circles: a few members, and the wall around what only they may see."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import RestrictedError

from roadbed.core.accounts.actors import Actor
from roadbed.core.records.services import record_activity
from roadbed.core.workspaces.models import Circle, Member, Workspace
from roadbed.core.workspaces.services import changes


def _members(workspace_id: int, numbers: Collection[int]) -> list[Member]:
    return list(
        Member.objects.select_related("user").filter(
            workspace_id=workspace_id, removed_at__isnull=True, pk__in=numbers
        )
    )


def _names(members: Iterable[Member]) -> list[str]:
    return sorted(member.name for member in members)


@transaction.atomic
def make_circle(
    *,
    workspace: Workspace,
    name: str,
    actor: Actor,
    at: datetime,
    description: str = "",
    members: Collection[int] = (),
) -> Circle:
    """Make a circle of these members (by their numbers; those of other workspaces are left out).

    Whoever makes it is not in it unless they are among the members.
    """
    circle = Circle(
        workspace=workspace, name=" ".join(name.split()), description=description.strip(), created_at=at
    )
    circle.full_clean()
    circle.save()
    people = _members(workspace.pk, members)
    circle.members.set(people)
    record_activity(
        workspace_id=workspace.pk,
        actor=actor,
        verb="made circle",
        at=at,
        changes={"circle": circle.name, "members": [[], _names(people)]},
    )
    return circle


@transaction.atomic
def change_circle(
    *,
    circle: Circle,
    name: str,
    members: Collection[int],
    actor: Actor,
    at: datetime,
    description: str | None = None,
) -> Circle:
    """Rename a circle, or change who is in it. Who comes in sees all that it holds; who goes sees none of it."""
    before = _names(circle.members.select_related("user"))
    called = circle.name
    circle.members.set(_members(circle.workspace_id, members))
    after = _names(circle.members.select_related("user"))
    facts = {"circle": called, **({"members": [before, after]} if before != after else {})}
    wanted = {"name": " ".join(name.split())}
    if description is not None:
        wanted["description"] = description.strip()
    changed = changes.apply(
        row=circle,
        workspace_id=circle.workspace_id,
        changes=wanted,
        verb="changed circle",
        actor=actor,
        at=at,
        facts=facts,
    )
    if not changed and before != after:
        record_activity(
            workspace_id=circle.workspace_id, actor=actor, verb="changed circle", at=at, changes=facts
        )
    return circle


@transaction.atomic
def remove_circle(*, circle: Circle, actor: Actor, at: datetime) -> None:
    """Remove a circle that holds nothing.

    Raises
    ------
    ValidationError
        If something is still private to it, deleted records included: nobody could ever see that again.
    """
    workspace_id, name = circle.workspace_id, circle.name
    members = _names(circle.members.select_related("user"))
    try:
        circle.delete()
    except RestrictedError as error:
        raise ValidationError(
            f"Something is still private to {name}. Its members can open it, or move it elsewhere, first."
        ) from error
    record_activity(
        workspace_id=workspace_id,
        actor=actor,
        verb="removed circle",
        at=at,
        changes={"circle": name, "members": [members, []]},
    )
