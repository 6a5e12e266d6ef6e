"""Accounts and the people in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models import Account, Person


def _line(text: str) -> str:
    return " ".join(text.split())


@transaction.atomic
def create_account(
    *,
    workspace: Workspace,
    name: str,
    actor: Actor,
    at: datetime,
    domain: str = "",
    plan: str = "",
    country: str = "",
    revenue: Decimal | None = None,
    attributes: Mapping[str, Any] | None = None,
    external_source: str = "",
    external_id: str = "",
) -> Account:
    """Add a customer organisation."""
    account = Account(
        workspace=workspace,
        title=_line(name),
        domain=domain.strip().lower(),
        plan=plan.strip(),
        country=country.strip(),
        revenue=revenue,
        attributes=dict(attributes or {}),
        external_source=external_source,
        external_id=external_id,
    )
    return records.create_record(record=account, actor=actor, at=at)


@transaction.atomic
def create_person(
    *,
    workspace: Workspace,
    name: str,
    actor: Actor,
    at: datetime,
    email: str = "",
    job_title: str = "",
    account: Account | None = None,
    attributes: Mapping[str, Any] | None = None,
    external_source: str = "",
    external_id: str = "",
) -> Person:
    """Add somebody who says things; without a name the address stands for it."""
    person = Person(
        workspace=workspace,
        title=_line(name) or email.strip().partition("@")[0],
        email=email.strip().lower(),
        job_title=job_title.strip(),
        account=account,
        attributes=dict(attributes or {}),
        external_source=external_source,
        external_id=external_id,
    )
    return records.create_record(record=person, actor=actor, at=at)


@transaction.atomic
def change_account(
    *,
    account: Account,
    changes: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
) -> Account:
    """Change what is known about an account. What it backs is counted anew when its revenue changes."""
    return records.change_record(
        record=account, changes=changes, actor=actor, at=at, expected_version=expected_version
    )


@transaction.atomic
def change_person(
    *,
    person: Person,
    changes: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
) -> Person:
    """Change what is known about a person."""
    return records.change_record(
        record=person, changes=changes, actor=actor, at=at, expected_version=expected_version
    )


def find_or_make_account(*, workspace: Workspace, name: str, actor: Actor, at: datetime) -> Account:
    """Return the account of that name, whatever its case, or a new one."""
    found = Account.objects.in_workspace(workspace.pk).filter(kind="account", title__iexact=_line(name))
    known = found.order_by("pk").first()
    return known or create_account(workspace=workspace, name=name, actor=actor, at=at)


def find_or_make_person(
    *,
    workspace: Workspace,
    name: str,
    actor: Actor,
    at: datetime,
    email: str = "",
    account: Account | None = None,
) -> Person:
    """Return the person with that address; without one, the person of that name at that account; or a new one."""
    people = Person.objects.in_workspace(workspace.pk).select_related("account")
    if email.strip():
        known = people.filter(email__iexact=email.strip()).order_by("pk").first()
    else:
        known = (
            people.filter(kind="person", title__iexact=_line(name), account=account).order_by("pk").first()
        )
    return known or create_person(
        workspace=workspace, name=name, email=email, account=account, actor=actor, at=at
    )
