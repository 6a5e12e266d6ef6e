"""Votes: somebody wants it too."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.modules.insights.models import Person, Vote
from roadbed.modules.insights.services import tally

MOST_AT_ONCE = 200


class NotVotableError(ValidationError):
    """Nobody can vote for this record, or this person cannot vote."""


def votable_kinds() -> frozenset[str]:
    """The kinds that people may vote for."""
    return tally.target_kinds() | {"feedback"}


def _check(*, person: Person, target: Record) -> None:
    if target.kind not in votable_kinds():
        raise NotVotableError({"target": f"{target.key} is nothing to vote for."})
    if target.workspace_id != person.workspace_id:
        raise NotVotableError({"person": "This person is in another workspace."})
    if person.is_deleted:
        raise NotVotableError({"person": f"{person.key} is deleted. Restore them first."})
    if target.is_deleted:
        raise NotVotableError({"target": f"{target.key} is deleted. Restore it first."})


def _recount(*, target: Record, at: datetime) -> None:
    touched = tally.targets_of_feedback(record_ids=[target.pk]) if target.kind == "feedback" else {target.pk}
    tally.recount(workspace_id=target.workspace_id, record_ids=touched, at=at)


@transaction.atomic
def vote(
    *,
    person: Person,
    target: Record,
    actor: Actor,
    at: datetime,
    note: str = "",
    on_behalf: bool = False,
    voted_at: datetime | None = None,
) -> Vote:
    """Let a person want a need, a feature or what a piece of feedback asks for. A second vote changes nothing.

    Parameters
    ----------
    on_behalf : bool
        Whether the actor votes for somebody else; then the vote keeps who did so, and a new note replaces the old.
    voted_at : datetime, optional
        When it was meant, where that is not now; never later than `at`.

    Raises
    ------
    NotVotableError
        If the record is of a kind that takes no votes, one of the two is deleted, or they are of two workspaces.
    """
    _check(person=person, target=target)
    words = " ".join(note.replace("\x00", "").split())
    if len(words) > 500:
        raise ValidationError({"note": "A note has at most 500 characters."})
    made, is_new = Vote.objects.get_or_create(
        person_id=person.pk,
        target_id=target.pk,
        defaults={
            "note": words,
            "voted_at": min(voted_at or at, at),
            "voted_by_id": actor.user_id if on_behalf else None,
        },
    )
    facts = {"person": person.key, "note": words, "on_behalf": on_behalf}
    if is_new:
        records.record_activity(record=target, actor=actor, verb="voted", at=at, changes=facts)
        _recount(target=target, at=at)
    elif words and words != made.note:
        before, made.note = made.note, words
        made.save(update_fields=["note"])
        told = {"person": person.key, "note": [before, words]}
        records.record_activity(record=target, actor=actor, verb="noted vote", at=at, changes=told)
    return made


@transaction.atomic
def vote_many(
    *, people: Collection[Person], target: Record, actor: Actor, at: datetime, note: str = ""
) -> list[Vote]:
    """Vote on behalf of several people at once.

    Raises
    ------
    NotVotableError
        As `vote` does; then nobody has voted.
    """
    if len(people) > MOST_AT_ONCE:
        raise ValidationError({"person": f"At most {MOST_AT_ONCE} people at once."})
    return [
        vote(person=person, target=target, actor=actor, at=at, note=note, on_behalf=True) for person in people
    ]


@transaction.atomic
def unvote(*, person: Person, target: Record, actor: Actor, at: datetime) -> bool:
    """Take a vote back; return whether there was one."""
    gone, _ = Vote.objects.filter(person_id=person.pk, target_id=target.pk).delete()
    if not gone:
        return False
    records.record_activity(
        record=target, actor=actor, verb="took vote back", at=at, changes={"person": person.key}
    )
    _recount(target=target, at=at)
    return True
