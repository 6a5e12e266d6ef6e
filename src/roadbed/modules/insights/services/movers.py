"""What follows when two records of this module, or two targets of quotes, become one.

Quotes stay with the wording they were taken from: a merged piece keeps its own text and its own quotes, which count
as long as the survivor is there. Only what points *at* the merged record moves.
"""

from __future__ import annotations

from typing import Any

from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.modules.insights.models import Feedback, Person, Quote, Vote
from roadbed.modules.insights.services import themes

_KEPT = ("feedback_id", "start", "end", "text", "strength", "note", "created_by_id")


def _move_quotes(merged: Record, survivor: Record) -> Any:
    """Quotes about the merged record are about the survivor; of two on the same words the stronger stays."""
    have = {
        (quote.feedback_id, quote.start, quote.end): quote
        for quote in Quote.objects.filter(target_id=survivor.pk)
    }
    moved, dropped, raised = [], [], []
    for quote in Quote.objects.filter(target_id=merged.pk):
        twin = have.get((quote.feedback_id, quote.start, quote.end))
        if twin is None:
            moved.append(quote.pk)
            continue
        kept = {name: getattr(quote, name) for name in _KEPT}
        dropped.append({**kept, "created_at": quote.created_at.isoformat()})
        if quote.strength > twin.strength:
            raised.append([twin.pk, twin.strength])
            Quote.objects.filter(pk=twin.pk).update(strength=quote.strength)
        quote.delete()
    Quote.objects.filter(pk__in=moved).update(target_id=survivor.pk)
    return {"moved": moved, "dropped": dropped, "raised": raised}


def _move_quotes_back(merged: Record, survivor: Record, trail: Any) -> None:
    Quote.objects.filter(pk__in=trail["moved"]).update(target_id=merged.pk)
    Quote.objects.bulk_create(Quote(target_id=merged.pk, **facts) for facts in trail["dropped"])
    for pk, strength in trail["raised"]:
        Quote.objects.filter(pk=pk).update(strength=strength)


def _move_wordings(merged: Record, survivor: Record) -> Any:
    """What was merged into the merged record before lives on in the survivor too."""
    moved = list(Record.objects.filter(merged_into_id=merged.pk).values_list("pk", flat=True))
    Record.objects.filter(pk__in=moved).update(merged_into_id=survivor.pk)
    return moved


def _move_wordings_back(merged: Record, survivor: Record, trail: Any) -> None:
    Record.objects.filter(pk__in=trail).update(merged_into_id=merged.pk)


def _move_pieces(merged: Record, survivor: Record) -> Any:
    """What the merged person or account said, the survivor said."""
    if merged.kind not in {"person", "account"}:
        return []
    own = {merged.kind: merged.pk}
    moved = list(Feedback.objects.filter(**own).values_list("pk", flat=True))
    Feedback.objects.filter(**own).update(**{f"{merged.kind}_id": survivor.pk})
    return moved


def _move_pieces_back(merged: Record, survivor: Record, trail: Any) -> None:
    if trail:
        Feedback.objects.filter(pk__in=trail).update(**{f"{merged.kind}_id": merged.pk})


def _move_people(merged: Record, survivor: Record) -> Any:
    """The people of the merged account are in the survivor now."""
    if merged.kind != "account":
        return []
    moved = list(Person.objects.filter(account_id=merged.pk).values_list("pk", flat=True))
    Person.objects.filter(account_id=merged.pk).update(account_id=survivor.pk)
    return moved


def _move_people_back(merged: Record, survivor: Record, trail: Any) -> None:
    if trail:
        Person.objects.filter(pk__in=trail).update(account_id=merged.pk)


def _move_votes(merged: Record, survivor: Record) -> Any:
    """Votes for the merged record are for the survivor, those of a merged person are the survivor's.

    Somebody who voted for both has voted once; the other vote waits in the trail.
    """
    other = "person_id" if merged.kind != "person" else "target_id"
    own = "target_id" if merged.kind != "person" else "person_id"
    have = set(Vote.objects.filter(**{own: survivor.pk}).values_list(other, flat=True))
    moved, dropped = [], []
    for vote in Vote.objects.filter(**{own: merged.pk}):
        if getattr(vote, other) not in have:
            moved.append(vote.pk)
            continue
        kept = {name: getattr(vote, name) for name in ("person_id", "target_id", "note", "voted_by_id")}
        dropped.append({**kept, "voted_at": vote.voted_at.isoformat()})
    Vote.objects.filter(**{own: merged.pk}).exclude(pk__in=moved).delete()
    Vote.objects.filter(pk__in=moved).update(**{own: survivor.pk})
    return {"own": own, "moved": moved, "dropped": dropped}


def _move_votes_back(merged: Record, survivor: Record, trail: Any) -> None:
    Vote.objects.filter(pk__in=trail["moved"]).update(**{trail["own"]: merged.pk})
    # What was taken back meanwhile (a vote for the survivor) is not brought back with it.
    Vote.objects.bulk_create((Vote(**facts) for facts in trail["dropped"]), ignore_conflicts=True)


def register() -> None:
    """Let the module's rows follow merges."""
    records.register_mover(records.Mover("insights.quotes", _move_quotes, _move_quotes_back))
    records.register_mover(records.Mover("insights.wordings", _move_wordings, _move_wordings_back))
    records.register_mover(records.Mover("insights.pieces", _move_pieces, _move_pieces_back))
    records.register_mover(records.Mover("insights.votes", _move_votes, _move_votes_back))
    records.register_mover(records.Mover("insights.people", _move_people, _move_people_back))
    records.register_mover(records.Mover("insights.themes", themes.move_theme, themes.move_theme_back))
