"""Hold a session of the team radar: begin, vote, open, vote again, close, keep what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Department, Member, Workspace
from roadbed.modules.alignment.models import Criterion, Session, SessionItem, State, Vote
from roadbed.modules.alignment.selectors import results
from roadbed.modules.priorities import facade as priorities
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.priority import agreement

KINDS = frozenset({"feature", "need"})
MOST_ITEMS = 60
MOST_CRITERIA = 10


class NotVotingError(Exception):
    """Votes are not taken now."""


@dataclass(frozen=True, slots=True)
class CriterionDraft:
    """A criterion to be rated; without departments everybody rates it."""

    label: str
    low: float = 1.0
    high: float = 5.0
    question: str = ""
    figure: str = ""
    departments: tuple[Department, ...] = ()


@transaction.atomic
def create_session(
    *,
    workspace: Workspace,
    title: str,
    items: Sequence[Record],
    criteria: Sequence[CriterionDraft],
    actor: Actor,
    at: datetime,
    about: str = "",
) -> Session:
    """Begin a session; votes are taken at once.

    Raises
    ------
    ValidationError
        If there is nothing to rate, or nothing to rate it by.
    """
    if not 1 <= len(items) <= MOST_ITEMS:
        raise ValidationError({"items": f"A session rates 1 to {MOST_ITEMS} items."})
    if not 1 <= len(criteria) <= MOST_CRITERIA:
        raise ValidationError({"criteria": f"A session has 1 to {MOST_CRITERIA} criteria."})
    for record in items:
        if record.kind not in KINDS or record.workspace_id != workspace.pk or record.circle_id is not None:
            raise ValidationError({"items": f"{record.key} cannot be rated: open features and needs can."})
    session = Session(workspace=workspace, title=title, about=about)
    records.create_record(record=session, actor=actor, at=at)
    seen = dict.fromkeys(record.pk for record in items)
    SessionItem.objects.bulk_create(
        SessionItem(session=session, record_id=pk, position=place) for place, pk in enumerate(seen)
    )
    for place, draft in enumerate(criteria):
        if draft.figure and not (draft.figure.isidentifier() and draft.figure.isascii()):
            raise ValidationError({"criteria": f"{draft.figure[:40]} is no name for a figure."})
        made = Criterion(
            session=session,
            label=draft.label,
            question=draft.question,
            low=draft.low,
            high=draft.high,
            figure=draft.figure,
            position=place,
        )
        made.full_clean(exclude={"session"})
        made.save()
        if any(one.workspace_id != workspace.pk for one in draft.departments):
            raise ValidationError({"criteria": "There is no such department here."})
        made.departments.set(draft.departments)
    return session


def _locked(session: Session) -> Session:
    found: Session = Session.objects.select_for_update(of=("self",)).get(pk=session.pk)
    return found


@transaction.atomic
def cast(
    *,
    session: Session,
    member: Member,
    values: Mapping[tuple[int, int], float | None],
    actor: Actor,
    at: datetime,
) -> int:
    """Keep somebody's votes, by item and criterion; None takes one back. Return how many they have now.

    Raises
    ------
    NotVotingError
        If the votes are open already.
    ValidationError
        If a vote lies outside its scale, or is not theirs to cast.
    """
    session = _locked(session)
    if not session.is_voting:
        raise NotVotingError(f"{session.key} is opened: votes are no longer taken.")
    items = set(session.items.values_list("pk", flat=True))
    criteria = {one.pk: one for one in results.criteria_for(session, member)}
    for (item, criterion), value in values.items():
        if item not in items or criterion not in criteria:
            raise ValidationError("This is not yours to rate.")
        one = criteria[criterion]
        if value is not None and not one.low <= value <= one.high:
            raise ValidationError(f"{one.label} goes from {one.low:g} to {one.high:g}.")
        rows = Vote.objects.filter(item_id=item, criterion_id=criterion, member=member, round=session.round)
        if value is None:
            rows.delete()
        else:
            Vote.objects.update_or_create(
                item_id=item,
                criterion_id=criterion,
                member=member,
                round=session.round,
                defaults={"value": value, "cast_at": at},
            )
    # Who voted is known, what they said is not: the history must not tell it either.
    records.record_activity(
        record=session, actor=actor, verb="voted", at=at, changes={"round": session.round}
    )
    return Vote.objects.filter(item__session=session, member=member, round=session.round).count()


@transaction.atomic
def open_votes(*, session: Session, actor: Actor, at: datetime) -> Session:
    """Show everybody's votes, to everybody at once.

    Raises
    ------
    NotVotingError
        If they are open already.
    """
    session = _locked(session)
    if not session.is_voting:
        raise NotVotingError(f"{session.key} is opened already.")
    if not Vote.objects.filter(item__session=session, round=session.round).exists():
        raise NotVotingError("Nobody has voted yet.")
    session.opened_at = at
    session.save(update_fields=["opened_at"])
    records.change_record(record=session, changes={"state": State.OPEN}, actor=actor, at=at, verb="opened")
    return session


@transaction.atomic
def vote_again(*, session: Session, actor: Actor, at: datetime) -> Session:
    """Begin another round: the votes so far stay to be read, and begin as everybody's own."""
    session = _locked(session)
    if session.state != State.OPEN:
        raise NotVotingError("A further round begins once the votes are open.")
    last = Vote.objects.filter(item__session=session, round=session.round)
    Vote.objects.bulk_create(
        [
            Vote(
                item_id=one.item_id,
                criterion_id=one.criterion_id,
                member_id=one.member_id,
                round=session.round + 1,
                value=one.value,
                cast_at=at,
            )
            for one in last
        ],
        batch_size=1_000,
    )
    records.change_record(
        record=session,
        changes={"state": State.VOTING, "round": session.round + 1},
        actor=actor,
        at=at,
        verb="began another round",
    )
    return session


@transaction.atomic
def close(*, session: Session, actor: Actor, at: datetime) -> Session:
    """End a session; what was said stays to be read."""
    session = _locked(session)
    if session.is_voting:
        raise NotVotingError("Open the votes first.")
    records.change_record(record=session, changes={"state": State.CLOSED}, actor=actor, at=at, verb="closed")
    return session


@transaction.atomic
def keep_as_figures(*, session: Session, actor: Actor, at: datetime) -> int:
    """Make inputs of lenses of the votes: disagreement becomes a wider range. Return how many are new.

    Raises
    ------
    NotVotingError
        If the votes are hidden yet.
    ValidationError
        If no criterion names a figure, or nothing was rated by three people.
    """
    if session.is_voting:
        raise NotVotingError("Open the votes first.")
    figures = {}
    for one in session.criteria.exclude(figure=""):
        votes: dict[int, list[float]] = {}
        rows = Vote.objects.filter(criterion=one, round=session.round).select_related("item")
        for vote in rows:
            votes.setdefault(vote.item.record_id, []).append(vote.value)
        for record_id, values in votes.items():
            try:
                found = agreement.range_of_votes(votes=values, scale=(one.low, one.high))
            except NotEnoughDataError:
                continue
            figures[record_id, one.figure] = found
    if not figures:
        raise ValidationError("Nothing to keep: a criterion names its figure, and three people rate an item.")
    kept = priorities.take_votes(
        figures=figures,
        note=f"{session.key}, round {session.round}",
        workspace_id=session.workspace_id,
        actor=actor,
        at=at,
    )
    records.record_activity(record=session, actor=actor, verb="kept", at=at, changes={"figures": kept})
    return kept
