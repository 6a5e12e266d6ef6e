"""Founding the demo's workspace: its product, departments, teams and the people who work in it. All are made up."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.accounts.models import User
from roadbed.core.workspaces.models import Department, Member, Team, View, Workspace
from roadbed.core.workspaces.roles import Role
from roadbed.core.workspaces.services import create_workspace

OWNER = ("Ada Lind", "ada@northwind.example")
PEOPLE: tuple[tuple[str, Role, str, View, str], ...] = (
    ("Ben Achterberg", Role.MAKER, "Product", View.BUSINESS, ""),
    ("Ruth Solberg", Role.MAKER, "Engineering", View.TECHNICAL, "Routing"),
    ("Kofi Mensa", Role.MAKER, "Engineering", View.TECHNICAL, "Mobile"),
    ("Yuki Tanabe", Role.CONTRIBUTOR, "Design", View.BUSINESS, "Mobile"),
    ("Ines Calloway", Role.CONTRIBUTOR, "Engineering", View.TECHNICAL, "Routing"),
    ("Tomasz Wrona", Role.CONTRIBUTOR, "Engineering", View.TECHNICAL, "Routing"),
    ("Leila Haddad", Role.CONTRIBUTOR, "Engineering", View.TECHNICAL, "Routing"),
    ("Piotr Malek", Role.CONTRIBUTOR, "Engineering", View.TECHNICAL, "Mobile"),
    ("Emre Aydin", Role.CONTRIBUTOR, "Engineering", View.TECHNICAL, "Mobile"),
    ("Sven Okafor", Role.CONTRIBUTOR, "Engineering", View.TECHNICAL, "Platform"),
    ("Mei Lindqvist", Role.CONTRIBUTOR, "Engineering", View.TECHNICAL, "Platform"),
    ("Jonas Petit", Role.CONTRIBUTOR, "Engineering", View.TECHNICAL, "Platform"),
    ("Aroha Ngata", Role.CONTRIBUTOR, "Engineering", View.TECHNICAL, "Platform"),
    ("Cleo Marchetti", Role.CONTRIBUTOR, "Support", View.BUSINESS, ""),
    ("Olaf Brenner", Role.CONTRIBUTOR, "Sales", View.BUSINESS, ""),
    ("Dan Ferris", Role.VIEWER, "Marketing", View.BUSINESS, ""),
)
TEAMS = ("Routing", "Mobile", "Platform")
OPENED_BEFORE = timedelta(days=640)


@transaction.atomic
def found(*, name: str, slug: str, at: datetime) -> Workspace:
    """Open the demo's workspace as it was some time before `at`, with its people.

    Raises
    ------
    ValidationError
        If the slug is taken: the demo is founded once.
    """
    opened = at - OPENED_BEFORE
    owner_name, owner_email = OWNER
    owner = User.objects.filter(email=owner_email).first() or User.objects.create_user(
        owner_email, name=owner_name
    )
    actor = Actor(user_id=owner.pk, name=owner.display_name, via="demo")
    workspace = create_workspace(
        name=name, slug=slug, owner=owner, actor=actor, at=opened, product="Dispatch", is_demo=True
    )
    Member.objects.filter(workspace=workspace, user=owner).update(view=View.TECHNICAL)
    departments = {
        department.name: department for department in Department.objects.filter(workspace=workspace)
    }
    teams = {label: Team.objects.create(workspace=workspace, name=label) for label in TEAMS}
    for person, role, department, view, team in PEOPLE:
        email = f"{person.partition(' ')[0].lower()}@northwind.example"
        user = User.objects.filter(email=email).first() or User.objects.create_user(email, name=person)
        member = Member.objects.create(
            workspace=workspace,
            user=user,
            role=role,
            department=departments[department],
            view=view,
            joined_at=opened + timedelta(days=3),
        )
        if team:
            teams[team].members.add(member)
    return workspace
