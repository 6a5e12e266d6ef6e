"""Words of feedback, and what they are evidence for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.records.models import Link, Record, Relation
from roadbed.modules.insights.models import Feedback, Quote, Strength
from roadbed.modules.insights.services import tally


def _root(feedback: Feedback) -> Record:
    """The piece that a wording lives on in: itself, or what it was merged into."""
    return feedback.merged_into if feedback.merged_into is not None else feedback


def quotes_between(*, source_id: int, target_id: int) -> Any:
    """The quotes of a piece (its merged wordings too) about a record."""
    said = Q(feedback_id=source_id) | Q(feedback__merged_into_id=source_id)
    return Quote.objects.filter(said, target_id=target_id)


def _facts(quote: Quote) -> dict[str, Any]:
    """What is needed to put a quote back as it was."""
    return {
        "quote": quote.pk,
        "feedback": quote.feedback_id,
        "target_id": quote.target_id,
        "target": quote.target.key,
        "title": quote.target.title,
        "start": quote.start,
        "end": quote.end,
        "text": quote.text[:1000],
        "strength": Strength(quote.strength).label,
        "level": quote.strength,
        "note": quote.note,
        "created_at": quote.created_at,
        "created_by": quote.created_by_id,
    }


@transaction.atomic
def quote_words(
    *,
    feedback: Feedback,
    target: Record,
    start: int,
    end: int,
    actor: Actor,
    at: datetime,
    strength: int = Strength.USEFUL,
    note: str = "",
) -> Quote:
    """Make words of a piece of feedback evidence for a need or a feature.

    Space at either end of the words is left out. The same words for the same target are one quote: quoting them
    again sets its strength and note.

    Raises
    ------
    ValidationError
        If the words lie outside the text or hold nothing but space, the target cannot be backed by feedback, or one
        of the two is deleted.
    """
    if target.kind not in tally.target_kinds():
        raise ValidationError({"target": f"{target.key} is nothing that feedback can back."})
    if target.workspace_id != feedback.workspace_id:
        raise ValidationError({"target": "Records of two workspaces cannot be linked."})
    if not 0 <= start < end <= len(feedback.text):
        raise ValidationError({"start": f"Select words between 0 and {len(feedback.text)}."})
    words = feedback.text[start:end]
    start += len(words) - len(words.lstrip())
    end -= len(words) - len(words.rstrip())
    if start >= end:
        raise ValidationError({"start": "Select at least one word."})
    same = Quote.objects.filter(feedback_id=feedback.pk, target_id=target.pk, start=start, end=end).first()
    if same is not None:
        return change_quote(quote=same, strength=strength, note=note, actor=actor, at=at)
    source = _root(feedback)
    new = not Link.objects.filter(
        source_id=source.pk, target_id=target.pk, relation=Relation.SUPPORTS
    ).exists()
    records.create_link(source=source, target=target, relation=Relation.SUPPORTS, actor=actor, at=at)
    quote = Quote(
        feedback=feedback,
        target_id=target.pk,
        start=start,
        end=end,
        text=feedback.text[start:end],
        strength=strength,
        note=note,
        created_at=at,
        created_by_id=actor.user_id,
    )
    quote.full_clean(exclude={"created_by"})
    quote.save(force_insert=True)
    facts = {**_facts(quote), "new_link": new}
    records.record_activity(record=feedback, actor=actor, verb="quoted", at=at, changes=facts)
    tally.recount(workspace_id=feedback.workspace_id, record_ids=[target.pk], at=at)
    return quote


@transaction.atomic
def change_quote(
    *, quote: Quote, actor: Actor, at: datetime, strength: int | None = None, note: str | None = None
) -> Quote:
    """Say anew how much the speaker wants it, and why that is so."""
    before: dict[str, Any] = {"strength": quote.strength, "note": quote.note}
    after: dict[str, Any] = {
        "strength": quote.strength if strength is None else strength,
        "note": quote.note if note is None else note,
    }
    if before == after:
        return quote
    quote.strength, quote.note = after["strength"], after["note"]
    quote.full_clean(exclude={"created_by"})
    quote.save(update_fields=["strength", "note"])
    facts: dict[str, Any] = {
        name: [before[name], after[name]] for name in before if before[name] != after[name]
    }
    facts |= {"quote": quote.pk, "target": quote.target.key, "text": quote.text[:280]}
    records.record_activity(record=quote.feedback, actor=actor, verb="weighed quote", at=at, changes=facts)
    tally.recount(workspace_id=quote.feedback.workspace_id, record_ids=[quote.target_id], at=at)
    return quote


@transaction.atomic
def remove_quote(*, quote: Quote, actor: Actor, at: datetime, keep_link: bool = False) -> None:
    """Take words back as evidence. The link goes with the last quote on it, unless it is to be kept."""
    feedback, source = quote.feedback, _root(quote.feedback)
    facts, target_id = _facts(quote), quote.target_id
    quote.delete()
    link = Link.objects.filter(source_id=source.pk, target_id=target_id, relation=Relation.SUPPORTS).first()
    last = link is not None and not quotes_between(source_id=source.pk, target_id=target_id).exists()
    facts["link_removed"] = last and not keep_link
    if link is not None and facts["link_removed"]:
        records.remove_link(link=link, actor=actor, at=at)
    records.record_activity(record=feedback, actor=actor, verb="unquoted", at=at, changes=facts)
    tally.recount(workspace_id=feedback.workspace_id, record_ids=[target_id], at=at)


@transaction.atomic
def put_back_quote(*, facts: dict[str, Any], actor: Actor, at: datetime) -> Quote:
    """Put a removed quote back, with its author and its date.

    Raises
    ------
    NotUndoableError
        If its feedback or its target is gone meanwhile, or the same words were quoted again.
    """
    feedback = Feedback.objects.filter(pk=facts["feedback"]).first()
    target = Record.objects.filter(pk=facts["target_id"], deleted_at__isnull=True).first()
    if feedback is None or target is None or _root(feedback).is_deleted:
        raise records.NotUndoableError("The feedback or its target is gone meanwhile. Restore it first.")
    place = {"feedback": feedback, "target_id": target.pk, "start": facts["start"], "end": facts["end"]}
    if Quote.objects.filter(**place).exists():
        raise records.NotUndoableError("The same words were quoted again meanwhile.")
    records.create_link(source=_root(feedback), target=target, relation=Relation.SUPPORTS, actor=actor, at=at)
    quote = Quote.objects.create(
        **place,
        text=feedback.text[facts["start"] : facts["end"]],
        strength=facts["level"],
        note=facts["note"],
        created_at=datetime.fromisoformat(facts["created_at"]),
        created_by_id=facts["created_by"],
    )
    records.record_activity(record=feedback, actor=actor, verb="quoted", at=at, changes=_facts(quote))
    tally.recount(workspace_id=feedback.workspace_id, record_ids=[target.pk], at=at)
    return quote


def guard_link(link: Link, actor: Actor, at: datetime) -> None:
    """Refuse to cut a link that quotes stand on: they would count on without it.

    Raises
    ------
    ValidationError
        If the link was removed while quotes still need it.
    """
    was_removed = link.pk is None
    if not was_removed or link.relation != Relation.SUPPORTS:
        return
    if quotes_between(source_id=link.source_id, target_id=link.target_id).exists():
        raise ValidationError(
            "Quotes stand on this link. Remove them from the feedback first; the link goes with the last."
        )
