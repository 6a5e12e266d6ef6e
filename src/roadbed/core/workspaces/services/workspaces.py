"""Open, change, close and reopen a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from roadbed.core.accounts.actors import Actor
from roadbed.core.accounts.models import User
from roadbed.core.records.services import record_activity
from roadbed.core.workspaces.models import Department, Member, Product, View, Workspace
from roadbed.core.workspaces.roles import Role
from roadbed.core.workspaces.services import changes

DEPARTMENTS = ("Product", "Engineering", "Design", "Marketing", "Sales", "Support")


@transaction.atomic
def create_workspace(
    *,
    name: str,
    owner: User,
    actor: Actor,
    at: datetime,
    slug: str = "",
    product: str = "",
    currency: str = "EUR",
    departments: Sequence[str] = DEPARTMENTS,
    is_demo: bool = False,
) -> Workspace:
    """Open a workspace with its owner, the usual departments and a first product.

    Parameters
    ----------
    slug : str, optional
        Its part of the address; made from the name where none is given.
    product : str, optional
        The first product's name; that of the workspace where none is given.

    Raises
    ------
    ValidationError
        If a name cannot be used, or the slug is taken.
    """
    workspace = Workspace(
        slug=slug or _free_slug(name), name=name.strip(), currency=currency, created_at=at, is_demo=is_demo
    )
    workspace.full_clean()
    workspace.save()
    Department.objects.bulk_create([Department(workspace=workspace, name=label) for label in departments])
    first = Product(workspace=workspace, name=product.strip() or workspace.name)
    first.slug = changes.free_slug(wanted=slugify(first.name), taken=set())
    first.full_clean()
    first.save()
    Member.objects.create(
        workspace=workspace,
        user=owner,
        role=Role.OWNER,
        department=Department.objects.filter(workspace=workspace, name="Product").first(),
        view=View.BUSINESS,
        joined_at=at,
    )
    record_activity(
        workspace_id=workspace.pk,
        actor=actor,
        verb="opened workspace",
        at=at,
        changes={"name": [None, workspace.name], "owner": owner.display_name, "product": first.name},
    )
    return workspace


def _free_slug(name: str) -> str:
    wanted = slugify(name)[:36] or "workspace"
    taken = set(Workspace.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    return changes.free_slug(wanted=wanted, taken=taken)


@transaction.atomic
def change_workspace(*, workspace: Workspace, name: str, currency: str, actor: Actor, at: datetime) -> None:
    """Rename it, or count its money in another currency. Amounts stay as they are: nothing is converted."""
    changes.apply(
        row=workspace,
        workspace_id=workspace.pk,
        changes={"name": name.strip(), "currency": currency.strip().upper()},
        verb="changed workspace",
        actor=actor,
        at=at,
    )


@transaction.atomic
def close_workspace(*, workspace: Workspace, confirmation: str, actor: Actor, at: datetime) -> None:
    """Let nobody in any more, neither people nor tokens. Everything is kept, and an owner can reopen it.

    Raises
    ------
    ValidationError
        If the confirmation is not the workspace's name.
    """
    if confirmation.strip() != workspace.name:
        raise ValidationError({"confirmation": f"Type {workspace.name} exactly as it is written."})
    changes.apply(
        row=workspace,
        workspace_id=workspace.pk,
        changes={"closed_at": at},
        verb="closed workspace",
        actor=actor,
        at=at,
    )


@transaction.atomic
def reopen_workspace(*, workspace: Workspace, actor: Actor, at: datetime) -> None:
    """Let its members in again."""
    changes.apply(
        row=workspace,
        workspace_id=workspace.pk,
        changes={"closed_at": None},
        verb="reopened workspace",
        actor=actor,
        at=at,
    )
