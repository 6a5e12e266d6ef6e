"""Members, invitations, departments and teams."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from roadbed.core.workspaces import selectors, services
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.forms import InviteForm, MemberForm, NameForm, TeamForm
from roadbed.core.workspaces.models import Department, Invitation, Member, Team
from roadbed.core.workspaces.roles import Role
from roadbed.web import responses, toasts

SALT = "roadbed.settings.restore"


def _place(access: Access, name: str, **parts: Any) -> str:
    return reverse(name, kwargs={"workspace": access.workspace.slug, **parts})


def _members_context(access: Access, **more: Any) -> dict[str, Any]:
    now = timezone.now()
    workspace_id = access.workspace.pk
    rows = [
        {
            "member": member,
            "form": MemberForm(
                workspace_id=workspace_id,
                auto_id=f"member-{member.pk}-%s",
                initial={"role": member.role, "department": member.department_id},
            ),
        }
        for member in selectors.members(workspace_id=workspace_id)
    ]
    invitations = selectors.open_invitations(workspace_id=workspace_id, now=now) if access.can_own else []
    invite_form = InviteForm(workspace_id=workspace_id, initial={"role": Role.CONTRIBUTOR})
    return {"rows": rows, "invitations": invitations, "form": invite_form, **more}


@page()
@require_http_methods(["GET", "HEAD"])
def members(request: HttpRequest, access: Access) -> HttpResponse:
    """Who is here, as what."""
    return responses.page(request, "workspaces/members.html", _members_context(access))


@never_cache
@page(role=Role.OWNER)
@require_POST
def invite(request: HttpRequest, access: Access) -> HttpResponse:
    """Ask somebody in; the answer shows the link, once."""
    form = InviteForm(request.POST, workspace_id=access.workspace.pk)
    if form.is_valid():
        try:
            invitation, path = services.invite(
                workspace=access.workspace,
                email=form.cleaned_data["email"],
                role=Role(form.cleaned_data["role"]),
                department=form.cleaned_data["department"],
                actor=access.actor,
                at=timezone.now(),
            )
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            link = request.build_absolute_uri(path)
            context = _members_context(access, link=link, invited=invitation)
            return responses.page(request, "workspaces/members.html", context)
    return responses.form_page(request, "workspaces/members.html", _members_context(access, form=form))


@page(role=Role.OWNER)
@require_POST
def revoke_invitation(request: HttpRequest, access: Access, invitation_id: int) -> HttpResponse:
    """Take an invitation back."""
    invitation = get_object_or_404(Invitation, workspace=access.workspace, pk=invitation_id)
    services.revoke_invitation(invitation=invitation, actor=access.actor, at=timezone.now())
    toasts.add(request, f"The invitation of {invitation.email} is taken back.")
    return redirect("settings-members", workspace=access.workspace.slug)


def _member(access: Access, member_id: int, *, removed: bool = False) -> Member:
    try:
        return selectors.access_member(workspace_id=access.workspace.pk, member_id=member_id, removed=removed)
    except Member.DoesNotExist as error:
        raise Http404 from error


@page(role=Role.OWNER)
@require_POST
def change_member(request: HttpRequest, access: Access, member_id: int) -> HttpResponse:
    """Give a member another role or department."""
    member = _member(access, member_id)
    form = MemberForm(request.POST, workspace_id=access.workspace.pk)
    if not form.is_valid():
        toasts.add(request, "Choose a role and a department from the lists.", tone="bad")
        return redirect("settings-members", workspace=access.workspace.slug)
    try:
        services.change_member(
            member=member,
            role=Role(form.cleaned_data["role"]),
            department=form.cleaned_data["department"],
            actor=access.actor,
            at=timezone.now(),
        )
        toasts.add(request, f"{member.name} is {member.get_role_display().lower()} now.")
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
    return redirect("settings-members", workspace=access.workspace.slug)


@page(role=Role.OWNER)
@require_POST
def remove_member(request: HttpRequest, access: Access, member_id: int) -> HttpResponse:
    """Take a member out; it can be undone."""
    member = _member(access, member_id)
    try:
        services.remove_member(member=member, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
    else:
        undo = _place(access, "settings-member-restore", member_id=member.pk)
        toasts.add(request, f"{member.name} is out; their tokens ended.", undo_url=undo)
    if member.user_id == access.member.user_id:
        return redirect("home")
    return redirect("settings-members", workspace=access.workspace.slug)


@page(role=Role.OWNER)
@require_POST
def restore_member(request: HttpRequest, access: Access, member_id: int) -> HttpResponse:
    """Let a removed member in again."""
    member = _member(access, member_id, removed=True)
    services.restore_member(member=member, actor=access.actor, at=timezone.now())
    toasts.add(request, f"{member.name} is back.")
    return redirect("settings-members", workspace=access.workspace.slug)


def _trail(kept: str) -> dict[str, Any]:
    """Read what a page carried, signed, to restore a row from."""
    try:
        found: dict[str, Any] = signing.loads(kept, salt=SALT)
    except signing.BadSignature as error:
        raise Http404 from error
    return found


@page()
@require_http_methods(["GET", "HEAD"])
def departments(request: HttpRequest, access: Access) -> HttpResponse:
    """The departments, with how many are in each."""
    context = {"departments": selectors.departments(workspace_id=access.workspace.pk), "form": NameForm()}
    return responses.page(request, "workspaces/departments.html", context)


def _departments_again(request: HttpRequest, access: Access, form: NameForm) -> HttpResponse:
    context = {"departments": selectors.departments(workspace_id=access.workspace.pk), "form": form}
    return responses.form_page(request, "workspaces/departments.html", context)


@page(role=Role.OWNER)
@require_POST
def add_department(request: HttpRequest, access: Access) -> HttpResponse:
    """Add a department."""
    form = NameForm(request.POST)
    if form.is_valid():
        try:
            services.add_department(
                workspace=access.workspace,
                name=form.cleaned_data["name"],
                actor=access.actor,
                at=timezone.now(),
            )
            return redirect("settings-departments", workspace=access.workspace.slug)
        except ValidationError as error:
            form.add_error("name", error.messages)
    return _departments_again(request, access, form)


@page(role=Role.OWNER)
@require_POST
def rename_department(request: HttpRequest, access: Access, department_id: int) -> HttpResponse:
    """Call a department otherwise."""
    department = get_object_or_404(Department, workspace=access.workspace, pk=department_id)
    form = NameForm(request.POST)
    try:
        if form.is_valid():
            services.rename_department(
                department=department, name=form.cleaned_data["name"], actor=access.actor, at=timezone.now()
            )
        else:
            toasts.add(request, "A department needs a name of at most 80 letters.", tone="bad")
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
    return redirect("settings-departments", workspace=access.workspace.slug)


@page(role=Role.OWNER)
@require_POST
def remove_department(request: HttpRequest, access: Access, department_id: int) -> HttpResponse:
    """Remove a department; it can be undone."""
    department = get_object_or_404(Department, workspace=access.workspace, pk=department_id)
    trail = services.remove_department(department=department, actor=access.actor, at=timezone.now())
    undo = _place(access, "settings-department-restore", kept=signing.dumps(trail, salt=SALT))
    toasts.add(request, f"The department {trail['name']} is gone.", undo_url=undo)
    return redirect("settings-departments", workspace=access.workspace.slug)


@page(role=Role.OWNER)
@require_POST
def restore_department(request: HttpRequest, access: Access, kept: str) -> HttpResponse:
    """Bring a department back."""
    try:
        services.restore_department(
            workspace=access.workspace, trail=_trail(kept), actor=access.actor, at=timezone.now()
        )
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
    return redirect("settings-departments", workspace=access.workspace.slug)


def _teams_context(access: Access, form: TeamForm | None = None) -> dict[str, Any]:
    workspace_id = access.workspace.pk
    found = selectors.teams(workspace_id=workspace_id)
    rows = [
        {
            "team": team,
            "people": [member for member in team.members.all() if member.removed_at is None],
            "form": TeamForm(
                workspace_id=workspace_id,
                auto_id=f"team-{team.pk}-%s",
                initial={"name": team.name, "members": [member.pk for member in team.members.all()]},
            ),
        }
        for team in (found if access.can_own else [])
    ]
    plain = [] if access.can_own else [{"team": team, "people": list(team.members.all())} for team in found]
    return {"rows": rows or plain, "form": form or TeamForm(workspace_id=workspace_id)}


@page()
@require_http_methods(["GET", "HEAD"])
def teams(request: HttpRequest, access: Access) -> HttpResponse:
    """The teams and who is in them."""
    return responses.page(request, "workspaces/teams.html", _teams_context(access))


@page(role=Role.OWNER)
@require_POST
def add_team(request: HttpRequest, access: Access) -> HttpResponse:
    """Add a team."""
    form = TeamForm(request.POST, workspace_id=access.workspace.pk)
    if form.is_valid():
        try:
            services.add_team(
                workspace=access.workspace,
                name=form.cleaned_data["name"],
                members=[member.pk for member in form.cleaned_data["members"]],
                actor=access.actor,
                at=timezone.now(),
            )
            return redirect("settings-teams", workspace=access.workspace.slug)
        except ValidationError as error:
            form.add_error("name", error.messages)
    return responses.form_page(request, "workspaces/teams.html", _teams_context(access, form))


@page(role=Role.OWNER)
@require_POST
def change_team(request: HttpRequest, access: Access, team_id: int) -> HttpResponse:
    """Rename a team, or change who is in it."""
    team = get_object_or_404(Team, workspace=access.workspace, pk=team_id)
    form = TeamForm(request.POST, workspace_id=access.workspace.pk)
    try:
        if form.is_valid():
            services.change_team(
                team=team,
                name=form.cleaned_data["name"],
                members=[member.pk for member in form.cleaned_data["members"]],
                actor=access.actor,
                at=timezone.now(),
            )
        else:
            toasts.add(request, "A team needs a name, and members of this workspace.", tone="bad")
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
    return redirect("settings-teams", workspace=access.workspace.slug)


@page(role=Role.OWNER)
@require_POST
def remove_team(request: HttpRequest, access: Access, team_id: int) -> HttpResponse:
    """Remove a team; it can be undone."""
    team = get_object_or_404(Team, workspace=access.workspace, pk=team_id)
    trail = services.remove_team(team=team, actor=access.actor, at=timezone.now())
    undo = _place(access, "settings-team-restore", kept=signing.dumps(trail, salt=SALT))
    toasts.add(request, f"The team {trail['name']} is gone.", undo_url=undo)
    return redirect("settings-teams", workspace=access.workspace.slug)


@page(role=Role.OWNER)
@require_POST
def restore_team(request: HttpRequest, access: Access, kept: str) -> HttpResponse:
    """Bring a team back."""
    try:
        services.restore_team(
            workspace=access.workspace, trail=_trail(kept), actor=access.actor, at=timezone.now()
        )
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
    return redirect("settings-teams", workspace=access.workspace.slug)
