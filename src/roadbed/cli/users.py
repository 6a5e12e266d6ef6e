"""`roadbed user …`: people, from the server's own terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from roadbed.cli.exits import Exit, end
from roadbed.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from roadbed.core.accounts.actors import Actor
    from roadbed.core.accounts.models import User
    from roadbed.core.workspaces.models import Member, Workspace

app = typer.Typer(help="Create people, let them in, give them roles.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="The address that the person signs in with.")]
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]
RoleName = Annotated[str, typer.Option(help="owner, maker, contributor or viewer.")]


@app.command()
def create(
    email: Email,
    name: Annotated[str, typer.Option(help="What the person is called.")] = "",
    workspace: Annotated[
        str, typer.Option(help="Slug of the workspace to join; with a new name, one is opened.")
    ] = "",
    role: RoleName = "owner",
    json: AsJson = False,
) -> None:
    """Create a person and print a link that signs them in, once. No password is set.

    Examples:

        roadbed user create ada@example.org --name Ada --workspace "Northwind Dispatch"

        roadbed user create dan@example.org --workspace northwind-dispatch --role viewer
    """
    _prepare()
    from django.core.exceptions import ValidationError
    from django.db import transaction

    from roadbed.core.accounts import services as accounts

    at = datetime.now(UTC)
    try:
        with transaction.atomic():
            user = accounts.create_account(email=email, name=name)
            if workspace:
                _join(user, workspace=workspace, role=role, at=at)
            link = _link(user, at=at)
    except ValidationError as error:
        end(Exit.FAILURE, " ".join(error.messages))
    _tell_link(user, link=link, as_json=json)


@app.command()
def link(email: Email, json: AsJson = False) -> None:
    """Print a link that signs the person in, once, within 15 minutes.

    Examples:

        roadbed user link ada@example.org
    """
    _prepare()
    user = _find(email)
    if not user.is_active:
        end(Exit.REFUSED, f"{email} may not sign in", fix=f"roadbed user activate {email}")
    _tell_link(user, link=_link(user, at=datetime.now(UTC)), as_json=json)


@app.command()
def role(
    email: Email,
    workspace: Annotated[str, typer.Argument(help="Slug of the workspace.")],
    role: Annotated[str, typer.Argument(help="owner, maker, contributor or viewer.")],
) -> None:
    """Give a person a role in a workspace; who is not in it joins it.

    Examples:

        roadbed user role ben@example.org northwind maker
    """
    _prepare()
    from django.core.exceptions import ValidationError
    from django.db import transaction

    user = _find(email)
    try:
        with transaction.atomic():
            member = _join(user, workspace=_workspace(workspace).slug, role=role, at=datetime.now(UTC))
    except ValidationError as error:
        end(Exit.REFUSED, " ".join(error.messages))
    say(f"{email} is {member.role} in {member.workspace.slug}")


@app.command()
def deactivate(email: Email) -> None:
    """Let a person in no more, and end their sessions. What they wrote stays.

    Examples:

        roadbed user deactivate eve@example.org
    """
    _set_active(email, value="no")


@app.command()
def activate(email: Email) -> None:
    """Let a person in again.

    Examples:

        roadbed user activate eve@example.org
    """
    _set_active(email, value="yes")


@app.command("list")
def list_people(json: AsJson = False) -> None:
    """List everybody, with their workspaces and roles.

    Examples:

        roadbed user list --json
    """
    _prepare()
    from roadbed.core.accounts.models import User
    from roadbed.core.workspaces.models import Member

    roles: dict[int, dict[str, str]] = {}
    members = Member.objects.filter(removed_at__isnull=True).order_by("workspace__slug")
    for person, slug, name in members.values_list("user_id", "workspace__slug", "role"):
        roles.setdefault(person, {})[slug] = name
    people = [
        {"email": user.email, "name": user.name, "active": user.is_active, "roles": roles.get(user.pk, {})}
        for user in User.objects.order_by("email")
    ]
    if json:
        print_json(people)
        return
    rows = [
        (
            str(person["email"]),
            str(person["name"]),
            "yes" if person["active"] else "no",
            ", ".join(f"{slug}: {name}" for slug, name in roles_of.items()),
        )
        for person in people
        if isinstance(roles_of := person["roles"], dict)
    ]
    print_table(["e-mail", "name", "active", "roles"], rows)


def _prepare() -> None:
    """Set Django up on tables that are there."""
    from roadbed.cli import environment, preparation

    data = environment.prepare()
    preparation.migrate(data=data, at=datetime.now(UTC), said=say)


def _actor() -> Actor:
    """Return the actor of the server's terminal."""
    from roadbed.core.accounts.actors import Actor

    return Actor(user_id=None, name="The server's terminal", via="cli")


def _find(email: str) -> User:
    from roadbed.core.accounts.models import User

    user = User.objects.filter(email__iexact=email.strip()).first()
    if user is None:
        end(Exit.FAILURE, f"nobody signs in with {email}", fix="roadbed user list shows who does.")
    return user


def _workspace(slug: str) -> Workspace:
    from roadbed.core.workspaces.models import Workspace

    found = Workspace.objects.filter(slug=slug).first()
    if found is None:
        slugs = ", ".join(Workspace.objects.order_by("slug").values_list("slug", flat=True)) or "none"
        end(Exit.FAILURE, f"there is no workspace {slug}", fix=f"There is: {slugs}")
    return found


def _join(user: User, *, workspace: str, role: str, at: datetime) -> Member:
    """Make the person a member with the role; a workspace that is not there is opened, with them as its owner."""
    from roadbed.core.records import services as records
    from roadbed.core.workspaces import services as workspaces
    from roadbed.core.workspaces.models import Member, Workspace
    from roadbed.core.workspaces.roles import Role

    if role not in Role.values:
        end(Exit.USAGE, f"there is no role {role}", fix=f"There are: {', '.join(Role.values)}")
    place = Workspace.objects.filter(slug=workspace).first()
    if place is None:
        if role != Role.OWNER:
            end(
                Exit.FAILURE,
                f"there is no workspace {workspace}",
                fix="Who opens one owns it: leave --role out.",
            )
        opened = workspaces.create_workspace(name=workspace, owner=user, actor=_actor(), at=at)
        return Member.objects.get(workspace=opened, user=user)
    member, is_new = Member.objects.get_or_create(
        workspace=place, user=user, defaults={"role": role, "joined_at": at}
    )
    if is_new:
        changes = {"member": member.name, "role": role}
        records.record_activity(workspace_id=place.pk, actor=_actor(), verb="joined", at=at, changes=changes)
        return member
    workspaces.restore_member(member=member, actor=_actor(), at=at)
    return workspaces.change_member(
        member=member, role=Role(role), department=member.department, actor=_actor(), at=at
    )


def _link(user: User, *, at: datetime) -> str:
    import os

    from django.conf import settings

    from roadbed.cli import preparation
    from roadbed.core.accounts import services as accounts

    running = "" if "ROADBED_URL" in os.environ else preparation.running_at(settings.ROADBED_DATA)
    return (running or str(settings.ROADBED_URL)) + accounts.issue_sign_in_link(user=user, at=at)


def _tell_link(user: User, *, link: str, as_json: bool) -> None:
    if as_json:
        print_json({"email": user.email, "sign_in_link": link})
        return
    say(f"this link signs {user.display_name} in, once, within 15 minutes:")
    print(link)


def _set_active(email: str, *, value: str) -> None:
    _prepare()
    user = _find(email)
    user.is_active = value == "yes"
    user.save(update_fields=["is_active"])
    say(f"{email} may {'' if user.is_active else 'not '}sign in")
