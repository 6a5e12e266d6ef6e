"""The one gate in front of every page: who is asking, in which workspace, and may they."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase

from roadbed.core.accounts.actors import Actor, Via
from roadbed.core.accounts.models import User
from roadbed.core.workspaces.models import Member, Workspace
from roadbed.core.workspaces.roles import Role

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Access:
    """A member's way into a workspace."""

    workspace: Workspace
    member: Member
    actor: Actor
    may_write: bool = True
    _circles: list[frozenset[int]] = field(default_factory=list, repr=False, compare=False)
    _counted: dict[Callable[[Access], int], int] = field(default_factory=dict, repr=False, compare=False)

    def count(self, counter: Callable[[Access], int]) -> int:
        """Return what a counter counts for this member, once a request: the navigation and Today ask the same."""
        if counter not in self._counted:
            self._counted[counter] = counter(self)
        return self._counted[counter]

    @property
    def role(self) -> Role:
        """The member's role."""
        return Role(self.member.role)

    def allows(self, role: Role) -> bool:
        """Whether the member may do what `role` may; a read-only token is never more than a viewer."""
        if not self.may_write and role is not Role.VIEWER:
            return False
        return self.role.includes(role)

    @property
    def circle_ids(self) -> frozenset[int]:
        """The circles whose private records the member may see; everybody else sees none of those."""
        if not self._circles:
            self._circles.append(self.member.circle_ids)
        return self._circles[0]

    @property
    def can_contribute(self) -> bool:
        """Whether the member may comment and submit."""
        return self.allows(Role.CONTRIBUTOR)

    @property
    def can_make(self) -> bool:
        """Whether the member may change records."""
        return self.allows(Role.MAKER)

    @property
    def can_own(self) -> bool:
        """Whether the member may administer the workspace."""
        return self.allows(Role.OWNER)


def find_access(*, user: User, workspace: str, via: Via) -> Access | None:
    """Return the person's way into the workspace, or None for strangers and removed members."""
    if not user.is_active:
        return None
    found = Member.objects.select_related("workspace").filter(
        workspace__slug=workspace, workspace__closed_at__isnull=True, user_id=user.pk, removed_at__isnull=True
    )
    member = next(iter(found.order_by()[:1]), None)
    if member is None:
        return None
    member.user = copy(user)  # the request's is a stand-in, whose type is not a person's
    actor = Actor(user_id=member.user_id, name=user.display_name, via=via)
    return Access(workspace=member.workspace, member=member, actor=actor)


View = Callable[Concatenate[HttpRequest, Access, P], HttpResponseBase]


def page(*, role: Role = Role.VIEWER) -> Callable[[View[P]], Callable[..., HttpResponseBase]]:
    """Guard a page: visitors sign in, strangers see 404, too low a role sees 403.

    The URL must capture ``workspace`` (a slug); the view receives an `Access` in its place.
    """

    def decorate(view: View[P]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(
            request: HttpRequest, workspace: str, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            access = find_access(user=request.user, workspace=workspace, via="page")
            if access is None:
                raise Http404
            if not access.allows(role):
                raise PermissionDenied(f"This needs the role {role.label.lower()}.")
            request.access = access  # type: ignore[attr-defined]  # the shell's context reads it back
            return view(request, access, *args, **kwargs)

        guarded.required_role = role  # type: ignore[attr-defined]  # the permission matrix reads it
        return guarded

    return decorate
