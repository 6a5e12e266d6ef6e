"""Take in what somebody said, and change what is known about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.workspaces.models import Circle, Product, Workspace
from roadbed.modules.insights.models import Account, Feedback, Person
from roadbed.modules.insights.services import cleaning, customers

TITLE_LENGTH = 90
TITLE_MOST = 290
OWN_WORDS = frozenset({"text", "title"})


def first_words(text: str, *, limit: int = TITLE_LENGTH) -> str:
    """Return the first words of a text on one line, cut between words.

    >>> first_words("When a road closes\\nwe phone every driver.", limit=20)
    'When a road closes…'
    """
    line = " ".join(text[: limit * 8].split())
    if len(line) <= limit:
        return line
    cut = line[: limit + 1].rpartition(" ")[0] or line[:limit]
    return cut.rstrip(" ,;:-–—(") + "…"


def clean_text(text: str) -> str:
    """Return the text as it is kept: line ends made one kind, nothing around it, no character that cannot be stored."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()


@transaction.atomic
def speakers(
    *,
    workspace: Workspace,
    account_name: str,
    person_name: str,
    person_email: str,
    actor: Actor,
    at: datetime,
    account: Account | None = None,
) -> tuple[Account | None, Person | None]:
    """Return the account and the person of these names, found or made; a person brings their account along."""
    person = None
    if account is None and account_name.strip():
        account = customers.find_or_make_account(workspace=workspace, name=account_name, actor=actor, at=at)
    if person_name.strip() or person_email.strip():
        person = customers.find_or_make_person(
            workspace=workspace, name=person_name, email=person_email, account=account, actor=actor, at=at
        )
    return account or (person.account if person else None), person


@transaction.atomic
def add_feedback(
    *,
    workspace: Workspace,
    text: str,
    said_at: datetime,
    actor: Actor,
    at: datetime,
    person: Person | None = None,
    account: Account | None = None,
    person_name: str = "",
    person_email: str = "",
    account_name: str = "",
    product: Product | None = None,
    source: str = "",
    url: str = "",
    locale: str = "",
    rating: Decimal | None = None,
    attributes: Mapping[str, Any] | None = None,
    external_source: str = "",
    external_id: str = "",
    title: str = "",
    circle: Circle | None = None,
) -> Feedback:
    """Take in one thing one person said. Who said it, and for whom, is found by name or made.

    Its first words are its title where it brings none of its own. With a circle only its members see it.

    Raises
    ------
    ValidationError
        If there are no words, they were said in the future, or a field refuses.
    """
    kept = clean_text(text)
    _refuse_future(said_at=said_at, at=at)
    cleaner = cleaning.cleaner_for(workspace_id=workspace.pk)
    if cleaner is not None:
        # Before a word is stored anywhere: what is taken out here is nowhere.
        kept, title = cleaner.text(kept), cleaner.text(title)
        attributes = cleaner.facts(attributes or {})
        cleaner.note()
    named = speakers(
        workspace=workspace,
        account=account,
        account_name=account_name,
        person_name="" if person else person_name,
        person_email="" if person else person_email,
        actor=actor,
        at=at,
    )
    person = person or named[1]
    account = account or named[0] or (person.account if person else None)
    feedback = Feedback(
        workspace=workspace,
        circle=circle,
        product=product,
        title=first_words(title or kept, limit=TITLE_MOST if title else TITLE_LENGTH),
        text=kept,
        person=person,
        account=account,
        source=source.strip(),
        url=url.strip(),
        locale=locale.strip(),
        rating=rating,
        said_at=said_at,
        attributes=dict(attributes or {}),
        external_source=external_source,
        external_id=external_id,
    )
    return records.create_record(record=feedback, actor=actor, at=at)


@transaction.atomic
def change_feedback(
    *,
    feedback: Feedback,
    changes: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
) -> Feedback:
    """Change what is known about a piece: who, where, when, which product. What was said stays as it was.

    Raises
    ------
    ValidationError
        If the change touches the words, or a field refuses.
    """
    if OWN_WORDS & set(changes):
        raise ValidationError({"text": "What somebody said is never changed. Add a comment instead."})
    if "said_at" in changes:
        _refuse_future(said_at=changes["said_at"], at=at)
    return records.change_record(
        record=feedback, changes=changes, actor=actor, at=at, expected_version=expected_version
    )


def _refuse_future(*, said_at: datetime, at: datetime) -> None:
    if said_at > at:
        raise ValidationError({"said_at": "This is in the future. When was it said?"})
