"""Empty the inbox: link, skip, note a new need; many at once; and take it back."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.records.models import Activity, Record
from roadbed.core.workspaces.models import Product
from roadbed.modules.insights.models import Feedback, Need, Quote, Strength
from roadbed.modules.insights.services import needs, quotes, readings, themes
from roadbed.modules.insights.services.deeds import Deed, doing

MOST_AT_ONCE = 500
VERBS = {Feedback.State.DONE: "triaged", Feedback.State.SKIPPED: "skipped", Feedback.State.NEW: "reopened"}


@transaction.atomic
def set_state(*, feedback: Feedback, state: str, actor: Actor, at: datetime) -> bool:
    """Move a piece in or out of the inbox; returns whether anything changed.

    Raises
    ------
    ValidationError
        If there is no such state.
    """
    if state not in VERBS:
        raise ValidationError({"state": "A piece of feedback is new, skipped or done."})
    before = Feedback.objects.select_for_update().values_list("state", flat=True).get(pk=feedback.pk)
    if before == state:
        feedback.state = state
        return False
    feedback.state = state
    feedback.triaged_at = None if state == Feedback.State.NEW else at
    feedback.triaged_by_id = None if state == Feedback.State.NEW else actor.user_id
    # Straight into the two tables: a full save would check and index words that have not changed, row after row.
    Feedback.objects.filter(pk=feedback.pk).update(
        state=state, triaged_at=feedback.triaged_at, triaged_by_id=feedback.triaged_by_id
    )
    Record.objects.filter(pk=feedback.pk).update(
        version=F("version") + 1, updated_at=at, updated_by_id=actor.user_id
    )
    facts = {"state": [before, state]}
    records.record_activity(
        record=feedback, actor=actor, verb=VERBS[Feedback.State(state)], at=at, changes=facts
    )
    return True


def mark_triaged(*, feedback: Feedback, actor: Actor, at: datetime) -> bool:
    """Say that a piece has been dealt with."""
    return set_state(feedback=feedback, state=Feedback.State.DONE, actor=actor, at=at)


def skip(*, feedback: Feedback, actor: Actor, at: datetime) -> bool:
    """Say that nothing needs to follow from a piece."""
    return set_state(feedback=feedback, state=Feedback.State.SKIPPED, actor=actor, at=at)


def reopen(*, feedback: Feedback, actor: Actor, at: datetime) -> bool:
    """Put a piece back into the inbox."""
    return set_state(feedback=feedback, state=Feedback.State.NEW, actor=actor, at=at)


def accept(
    *,
    feedback: Feedback,
    target: Record,
    actor: Actor,
    at: datetime,
    start: int = 0,
    end: int | None = None,
    strength: int = Strength.USEFUL,
    note: str = "",
    stay: bool = False,
) -> Deed:
    """Link words (the whole text by default) to a need or a feature, and call the piece triaged unless it stays."""
    with doing(workspace_id=feedback.workspace_id) as deed:
        quotes.quote_words(
            feedback=feedback,
            target=target,
            start=start,
            end=len(feedback.text) if end is None else end,
            strength=strength,
            note=note,
            actor=actor,
            at=at,
        )
        if not stay:
            mark_triaged(feedback=feedback, actor=actor, at=at)
        deed.count = 1
    return deed


def accept_as_new_need(
    *,
    feedback: Feedback,
    title: str,
    actor: Actor,
    at: datetime,
    product: Product | None = None,
    start: int = 0,
    end: int | None = None,
    strength: int = Strength.USEFUL,
    note: str = "",
) -> tuple[Need, Deed]:
    """Write down a new need and back it with these words."""
    with doing(workspace_id=feedback.workspace_id) as deed:
        need = needs.create_need(
            workspace=feedback.workspace, title=title, product=product or feedback.product, actor=actor, at=at
        )
        quotes.quote_words(
            feedback=feedback,
            target=need,
            start=start,
            end=len(feedback.text) if end is None else end,
            strength=strength,
            note=note,
            actor=actor,
            at=at,
        )
        mark_triaged(feedback=feedback, actor=actor, at=at)
        deed.count = 1
    return need, deed


def _pieces(*, workspace_id: int, numbers: Collection[int], circles: Collection[int]) -> Iterable[Feedback]:
    if len(numbers) > MOST_AT_ONCE:
        raise ValidationError(f"Up to {MOST_AT_ONCE} at once. Narrow the list, or do it in parts.")
    rows = Feedback.objects.in_workspace(workspace_id, circles=circles).select_related("merged_into")
    return list(rows.filter(prefix="FB", number__in=numbers).order_by("pk"))


def set_state_of_many(
    *,
    workspace_id: int,
    numbers: Collection[int],
    state: str,
    actor: Actor,
    at: datetime,
    circles: Collection[int] = (),
) -> Deed:
    """Move many pieces in or out of the inbox."""
    with doing(workspace_id=workspace_id) as deed:
        for feedback in _pieces(workspace_id=workspace_id, numbers=numbers, circles=circles):
            deed.count += set_state(feedback=feedback, state=state, actor=actor, at=at)
    return deed


def link_many(
    *,
    workspace_id: int,
    numbers: Collection[int],
    target: Record,
    actor: Actor,
    at: datetime,
    strength: int = Strength.USEFUL,
    circles: Collection[int] = (),
) -> Deed:
    """Make the whole text of many pieces evidence for a need or a feature. What is new among them is triaged by it."""
    with doing(workspace_id=workspace_id) as deed:
        for feedback in _pieces(workspace_id=workspace_id, numbers=numbers, circles=circles):
            quotes.quote_words(
                feedback=feedback,
                target=target,
                start=0,
                end=len(feedback.text),
                strength=strength,
                actor=actor,
                at=at,
            )
            mark_triaged(feedback=feedback, actor=actor, at=at)
            deed.count += 1
    return deed


def tag_many(
    *,
    workspace_id: int,
    numbers: Collection[int],
    names: Collection[str],
    actor: Actor,
    at: datetime,
    circles: Collection[int] = (),
) -> Deed:
    """Add tags to many pieces."""
    if not any(name.strip() for name in names):
        raise ValidationError({"tags": "Write at least one tag."})
    with doing(workspace_id=workspace_id) as deed:
        for feedback in _pieces(workspace_id=workspace_id, numbers=numbers, circles=circles):
            own = list(feedback.record_tags.values_list("tag__name", flat=True))
            records.set_tags(record=feedback, names=[*own, *names], actor=actor, at=at)
            deed.count += 1
    return deed


def delete_many(
    *,
    workspace_id: int,
    numbers: Collection[int],
    actor: Actor,
    at: datetime,
    circles: Collection[int] = (),
) -> Deed:
    """Delete many pieces; each can be restored."""
    with doing(workspace_id=workspace_id) as deed:
        for feedback in _pieces(workspace_id=workspace_id, numbers=numbers, circles=circles):
            records.delete_record(record=feedback, actor=actor, at=at)
            deed.count += 1
    return deed


def undo(
    *,
    workspace_id: int,
    first: int,
    last: int,
    actor: Actor,
    at: datetime,
    circles: Collection[int] = (),
) -> Deed:
    """Take back what the activities `first` to `last` did, newest first. Only one's own deeds.

    Raises
    ------
    NotUndoableError
        If they are somebody else's, are no deeds of this module, or something was done since that stands on them.
    """
    if not 0 < first <= last or last - first > MOST_AT_ONCE * 4:
        raise records.NotUndoableError("There is nothing here to undo.")
    with doing(workspace_id=workspace_id) as deed:
        done = list(
            Activity.objects.filter(workspace_id=workspace_id, sequence__gte=first, sequence__lte=last)
            .visible_to(circles)
            .order_by("-sequence")
        )
        if not done or any(activity.actor_id != actor.user_id for activity in done):
            raise records.NotUndoableError("Only your own deeds can be undone here.")
        touched = set()
        for activity in done:
            if _take_back(activity=activity, actor=actor, at=at):
                touched.add(activity.record_id)
        if not touched:
            raise records.NotUndoableError("There is nothing here to undo.")
        deed.count = len(touched)
    return deed


def _take_back(*, activity: Activity, actor: Actor, at: datetime) -> bool:
    record = Record.objects.filter(pk=activity.record_id).first()
    if record is None:
        return False
    facts: dict[str, Any] = activity.changes
    match activity.verb:
        case "triaged" | "skipped" | "reopened":
            feedback = Feedback.objects.get(pk=record.pk)
            before, after = facts["state"]
            if feedback.state != after:
                raise records.NotUndoableError(f"{record.key} was moved again since.")
            return set_state(feedback=feedback, state=before, actor=actor, at=at)
        case "quoted":
            quote = Quote.objects.select_related("feedback", "target").filter(pk=facts["quote"]).first()
            if quote is None:
                raise records.NotUndoableError(f"This quote of {record.key} is gone already.")
            quotes.remove_quote(quote=quote, actor=actor, at=at, keep_link=not facts.get("new_link", True))
            return True
        case "unquoted":
            quotes.put_back_quote(facts=facts, actor=actor, at=at)
            return True
        case "weighed quote":
            quote = Quote.objects.select_related("feedback", "target").filter(pk=facts["quote"]).first()
            if quote is None:
                raise records.NotUndoableError(f"This quote of {record.key} is gone meanwhile.")
            quotes.change_quote(
                quote=quote,
                strength=facts["strength"][0] if "strength" in facts else None,
                note=facts["note"][0] if "note" in facts else None,
                actor=actor,
                at=at,
            )
            return True
        case "read":
            readings.take_back(feedback=Feedback.objects.get(pk=record.pk), facts=facts, actor=actor, at=at)
            return True
        case "put into a theme":
            piece = Feedback.objects.select_related("workspace").get(pk=record.pk)
            themes.move_back(workspace=piece.workspace, before=facts["before"], actor=actor, at=at)
            return True
        case "tagged":
            records.set_tags(record=record, names=facts["tags"][0], actor=actor, at=at)
            return True
        case "deleted":
            records.restore_record(record=record, actor=actor, at=at)
            return True
        case "created" if record.kind == "need":
            records.delete_record(record=record, actor=actor, at=at)
            return True
    return False
