"""What somebody says through the customers' own door, and their right to be forgotten."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Circle, Product, Workspace
from roadbed.modules.insights.models import Account, Feedback, Person, Quote, Vote
from roadbed.modules.insights.services import customers, feedback, quotes, tally

FORGOTTEN = "Somebody who asked to be forgotten"


def account_of_address(*, workspace_id: int, email: str) -> Account | None:
    """Return the account whose domain an address has; none for the domain of nobody."""
    domain = email.strip().lower().rpartition("@")[2]
    if not domain:
        return None
    found: Account | None = (
        Account.objects.in_workspace(workspace_id).filter(domain__iexact=domain).order_by("pk").first()
    )
    return found


@transaction.atomic
def welcome(*, workspace: Workspace, email: str, name: str, actor: Actor, at: datetime) -> Person:
    """Return the person with a confirmed address, found or made, with the account whose domain it has."""
    account = account_of_address(workspace_id=workspace.pk, email=email)
    return customers.find_or_make_person(
        workspace=workspace, name=name, email=email, account=account, actor=actor, at=at
    )


def is_customer(*, workspace_id: int, email: str) -> bool:
    """Whether an address belongs to a customer: it has an account's domain, or its person is in an account."""
    if account_of_address(workspace_id=workspace_id, email=email) is not None:
        return True
    people = Person.objects.in_workspace(workspace_id).filter(email__iexact=email.strip())
    return bool(people.filter(account__isnull=False, account__deleted_at__isnull=True).exists())


@transaction.atomic
def hear(
    *,
    workspace: Workspace,
    text: str,
    person_id: int | None,
    source: str,
    circle: Circle | None,
    product: Product | None,
    actor: Actor,
    at: datetime,
) -> Feedback:
    """Take in what somebody said through a door of ours; behind a circle's wall where one is given."""
    person = (
        Person.objects.in_workspace(workspace.pk).filter(pk=person_id).select_related("account").first()
        if person_id is not None
        else None
    )
    return feedback.add_feedback(
        workspace=workspace,
        text=text,
        said_at=at,
        person=person,
        source=source,
        circle=circle,
        product=product,
        actor=actor,
        at=at,
    )


@transaction.atomic
def back(*, feedback_id: int, target: Record, actor: Actor, at: datetime) -> int:
    """Make a whole piece evidence for a need or a feature; return the quote's number."""
    piece = Feedback.objects.get(pk=feedback_id)
    made = quotes.quote_words(feedback=piece, target=target, start=0, end=len(piece.text), actor=actor, at=at)
    return int(made.pk)


@transaction.atomic
def unback(*, quote_id: int, actor: Actor, at: datetime) -> None:
    """Take that back; nothing happens where the quote is gone already."""
    found = Quote.objects.filter(pk=quote_id).first()
    if found is not None:
        quotes.remove_quote(quote=found, actor=actor, at=at)


@transaction.atomic
def forget(*, person_id: int, actor: Actor, at: datetime) -> None:
    """Take name, address, job and account from a person, and their votes. What they said stays, said by nobody.

    Raises
    ------
    ValidationError
        If the person is not there.
    """
    person = Person.objects.filter(pk=person_id, deleted_at__isnull=True).first()
    if person is None:
        raise ValidationError("There is no such person.")
    Vote.objects.filter(person_id=person_id).delete()
    touched = list(Feedback.objects.filter(person_id=person_id).values_list("pk", flat=True))
    Feedback.objects.filter(pk__in=touched).update(person=None)
    targets = list(
        Quote.objects.filter(feedback_id__in=touched).values_list("target_id", flat=True).distinct()
    )
    # Not through `change_record`: the history would keep the very words that are to go.
    Person.objects.filter(pk=person_id).update(email="", job_title="", account=None, attributes={})
    Record.objects.filter(pk=person_id).update(title=FORGOTTEN, external_id="", external_source="")
    person.refresh_from_db()
    records.record_activity(record=person, actor=actor, verb="forgot", at=at)
    records.delete_record(record=person, actor=actor, at=at)
    if targets:
        tally.recount(workspace_id=person.workspace_id, record_ids=targets, at=at)
