"""What the organisation makes and plans."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from roadbed.core.accounts.actors import Actor
from roadbed.core.records.services import record_activity
from roadbed.core.workspaces.models import Member, Product, Workspace
from roadbed.core.workspaces.services import changes


@transaction.atomic
def add_product(
    *, workspace: Workspace, name: str, actor: Actor, at: datetime, description: str = "", slug: str = ""
) -> Product:
    """Add a product; its slug is made from the name where none is given.

    Raises
    ------
    ValidationError
        If a field refuses, or the slug is taken.
    """
    taken = set(Product.objects.filter(workspace=workspace).values_list("slug", flat=True))
    product = Product(
        workspace=workspace,
        name=name.strip(),
        description=description.strip(),
        slug=slug or changes.free_slug(wanted=slugify(name), taken=taken),
    )
    product.full_clean()
    product.save()
    record_activity(
        workspace_id=workspace.pk,
        actor=actor,
        verb="added product",
        at=at,
        changes={"name": [None, product.name]},
    )
    return product


@transaction.atomic
def change_product(*, product: Product, name: str, description: str, actor: Actor, at: datetime) -> Product:
    """Rename or describe a product. Its slug, and so every address, stays."""
    changes.apply(
        row=product,
        workspace_id=product.workspace_id,
        changes={"name": name.strip(), "description": description.strip()},
        verb="changed product",
        actor=actor,
        at=at,
        facts={"product": product.slug},
    )
    return product


@transaction.atomic
def archive_product(*, product: Product, actor: Actor, at: datetime) -> None:
    """Put a product away: its records stay, it is no longer offered, and nobody keeps working on it."""
    if changes.apply(
        row=product,
        workspace_id=product.workspace_id,
        changes={"archived_at": product.archived_at or at},
        verb="archived product",
        actor=actor,
        at=at,
        facts={"product": product.slug},
    ):
        Member.objects.filter(product=product).update(product=None)


@transaction.atomic
def unarchive_product(*, product: Product, actor: Actor, at: datetime) -> None:
    """Bring a product back."""
    changes.apply(
        row=product,
        workspace_id=product.workspace_id,
        changes={"archived_at": None},
        verb="unarchived product",
        actor=actor,
        at=at,
        facts={"product": product.slug},
    )
