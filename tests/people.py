"""The people in the tests: Ada owns, Ben makes, Cleo contributes, Dan views, Eve is in another workspace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.test import Client

from roadbed.core.accounts.actors import Actor
from roadbed.core.accounts.models import User
from roadbed.core.workspaces.models import Member, Workspace
from roadbed.core.workspaces.roles import Role

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Someone:
    """A signed-in person: their browser and what the services know of them."""

    user: User
    member: Member
    browser: Client

    @property
    def actor(self) -> Actor:
        return Actor(user_id=self.user.pk, name=self.user.display_name, via="page")

    @property
    def base(self) -> str:
        return f"/w/{self.member.workspace.slug}/"

    def get(self, path: str, *args: Any, **extra: Any) -> Any:
        """Open a page; a path without a leading slash is below the workspace's address."""
        return self.browser.get(path if path.startswith("/") else self.base + path, *args, **extra)

    def post(self, path: str, *args: Any, **extra: Any) -> Any:
        return self.browser.post(path if path.startswith("/") else self.base + path, *args, **extra)

    def api(self, method: str, path: str, data: Any = None, **headers: str) -> Any:
        """Call the API of the own workspace with the session."""
        call = getattr(self.browser, method.lower())
        address = path if path.startswith("/") else f"/api/v1/{self.member.workspace.slug}/{path}"
        sent = {"data": data, "content_type": "application/json"} if data is not None else {}
        return call(
            address, **sent, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )


def make_workspace(slug: str = "northwind", name: str = "Northwind") -> Workspace:
    """A workspace as `create_workspace` leaves it, without its owner."""
    return Workspace.objects.create(slug=slug, name=name, created_at=NOW)


def join(workspace: Workspace, name: str, role: Role) -> Someone:
    """A person with a role, signed in."""
    user = User.objects.create_user(f"{name.lower()}@{workspace.slug}.example", name=name)
    member = Member.objects.create(workspace=workspace, user=user, role=role, joined_at=NOW)
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return Someone(user=user, member=member, browser=browser)
