"""What every page's frame needs: the workspace, the member, the navigation, the unread count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from roadbed.core.workspaces import navigation
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Member, Product, Workspace


@dataclass(frozen=True, slots=True)
class Shell:
    """The frame around a page."""

    access: Access
    workspace: Workspace
    member: Member
    nav: list[navigation.Group]
    unread: int
    products: list[Product]

    @property
    def can_make(self) -> bool:
        """Whether the member may change records."""
        return self.access.can_make

    @property
    def product(self) -> Product | None:
        """The product that the member has chosen to work on; None means all."""
        return self.member.product


def shell(request: HttpRequest) -> dict[str, Any]:
    """Put `shell` into the context of pages inside a workspace; fragments and plain pages get None."""
    access: Access | None = getattr(request, "access", None)
    if access is None or request.headers.get("HX-Request-Type") == "partial":
        return {"shell": None, "access": access}
    return {
        "access": access,
        "shell": Shell(
            access=access,
            workspace=access.workspace,
            member=access.member,
            nav=navigation.build(access=access, path=request.path),
            unread=navigation.unread(access=access),
            products=list(Product.objects.filter(workspace=access.workspace, archived_at__isnull=True)),
        ),
    }
