"""Keeping questions: asked of a person, owned, answered with citations, closed, rated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Member, Workspace
from roadbed.modules.ask.models import Citation, Question, Rating, State

MOST_CITATIONS = 20


@dataclass(frozen=True, slots=True)
class Source:
    """A record that an answer rests on, and the words of it that say so."""

    record: Record
    quote: str = ""


class NotOpenError(ValidationError):
    """The question was answered or closed meanwhile."""

    def __init__(self, question: Question) -> None:
        super().__init__(f"{question.key} is {question.get_state_display().lower()} already.")


def _check_owner(owner: Member | None, *, workspace_id: int) -> None:
    if owner is not None and (owner.workspace_id != workspace_id or owner.removed_at is not None):
        raise ValidationError({"owner": "This person is not in the workspace."})


def _check_sources(sources: Sequence[Source], *, workspace_id: int) -> None:
    if len(sources) > MOST_CITATIONS:
        raise ValidationError({"citations": f"At most {MOST_CITATIONS} records can be cited."})
    for source in sources:
        if source.record.workspace_id != workspace_id or source.record.deleted_at is not None:
            raise ValidationError({"citations": "This record is not there."})
        if source.record.circle_id is not None:
            # The question is open to everybody; what is private to a circle must not become known by it.
            raise ValidationError(
                {
                    "citations": f"{source.record.key} is private to a circle, and the answer is open to everybody."
                }
            )


def _cite(question: Question, sources: Sequence[Source]) -> None:
    question.citations.all().delete()
    Citation.objects.bulk_create(
        Citation(question=question, record=source.record, place=place, quote=source.quote[:2000])
        for place, source in enumerate(sources, start=1)
    )


@transaction.atomic
def ask_people(
    *,
    workspace: Workspace,
    text: str,
    actor: Actor,
    at: datetime,
    details: str = "",
    owner: Member | None = None,
    due_date: date | None = None,
) -> Question:
    """Keep a question that nothing answers yet, so that somebody finds it out by a day."""
    _check_owner(owner, workspace_id=workspace.pk)
    question = Question(
        workspace=workspace,
        title=" ".join(text.split())[:300],
        details=details.strip(),
        owner=owner,
        due_date=due_date,
    )
    made = records.create_record(record=question, actor=actor, at=at, verb="asked")
    if owner is not None:
        records.watch_as(record=made, user_id=owner.user_id, at=at)
    return made


@transaction.atomic
def keep_answer(
    *, workspace: Workspace, text: str, sources: Sequence[Source], actor: Actor, at: datetime
) -> Question:
    """Keep a question with the sentences that answer it, in the words of the records, for whoever asks alike."""
    if not sources:
        raise ValidationError({"citations": "There is nothing open to everybody that could be kept."})
    _check_sources(sources, workspace_id=workspace.pk)
    title = " ".join(text.split())[:300]
    known: Question | None = Question.objects.in_workspace(workspace.pk).filter(title__iexact=title).first()
    if known is not None:
        return known
    question = Question(workspace=workspace, title=title, state=State.ANSWERED, answered_at=at)
    made = records.create_record(record=question, actor=actor, at=at, verb="asked")
    _cite(made, sources)
    return made


@transaction.atomic
def change_question(
    *,
    question: Question,
    changes: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
) -> Question:
    """Change the words, the owner or the day of a question."""
    _check_owner(changes.get("owner"), workspace_id=question.workspace_id)
    changed = records.change_record(
        record=question, changes=changes, actor=actor, at=at, expected_version=expected_version
    )
    owner = changes.get("owner")
    if owner is not None:
        records.watch_as(record=changed, user_id=owner.user_id, at=at)
    return changed


@transaction.atomic
def answer_question(
    *,
    question: Question,
    answer: str,
    by: Member,
    actor: Actor,
    at: datetime,
    sources: Sequence[Source] = (),
    expected_version: int | None = None,
) -> Question:
    """Answer a question in a person's words, with the records that it rests on.

    Raises
    ------
    ValidationError
        If there are no words, or a record cited is private to a circle or not there.
    """
    if not answer.strip():
        raise ValidationError({"answer": "Write the answer."})
    _check_sources(sources, workspace_id=question.workspace_id)
    changed = records.change_record(
        record=question,
        changes={"answer": answer.strip(), "state": State.ANSWERED, "answered_by": by, "answered_at": at},
        actor=actor,
        at=at,
        expected_version=expected_version,
        verb="answered",
    )
    _cite(changed, sources)
    # An answer that is new has helped nobody yet.
    changed.ratings.all().delete()
    return changed


@transaction.atomic
def close_question(*, question: Question, actor: Actor, at: datetime) -> Question:
    """Stop looking for an answer."""
    if question.state == State.CLOSED:
        raise NotOpenError(question)
    return records.change_record(
        record=question, changes={"state": State.CLOSED}, actor=actor, at=at, verb="closed"
    )


@transaction.atomic
def reopen_question(*, question: Question, actor: Actor, at: datetime) -> Question:
    """Look for an answer again; what was answered stays to be read."""
    if question.is_open:
        raise NotOpenError(question)
    return records.change_record(
        record=question, changes={"state": State.OPEN}, actor=actor, at=at, verb="reopened"
    )


@transaction.atomic
def rate_answer(
    *, question: Question, member: Member, is_helpful: bool, actor: Actor, at: datetime
) -> Rating:
    """Say whether the answer helped; each member says so once, and may think again."""
    if not question.is_answered:
        raise ValidationError("There is no answer yet.")
    rating, _ = Rating.objects.update_or_create(
        question=question, member=member, defaults={"is_helpful": is_helpful, "at": at}
    )
    records.record_activity(
        record=question, actor=actor, verb="rated", at=at, changes={"helpful": "yes" if is_helpful else "no"}
    )
    return rating
