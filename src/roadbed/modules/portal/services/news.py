"""Write the changelog."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.modules.portal.models import Board, News
from roadbed.modules.portal.services.listings import clean_words, code_of

KINDS = frozenset({"release", "feature"})


@transaction.atomic
def write(
    *, board: Board, title: str, text: str, actor: Actor, at: datetime, record: Record | None = None
) -> News:
    """Write an entry as a draft.

    Raises
    ------
    ValidationError
        If words are missing, or it tells of something that is neither a release nor a feature of this workspace.
    """
    if record is not None:
        if record.workspace_id != board.workspace_id or record.kind not in KINDS or record.is_deleted:
            raise ValidationError({"record": "An entry tells of a release or a feature of this workspace."})
        if record.circle_id is not None and record.circle_id != board.circle_id:
            raise ValidationError({"record": f"{record.key} is private. It cannot be told of here."})
    entry = News(
        board=board,
        record_id=record.pk if record else None,
        code=code_of("news", board.pk, News.objects.filter(board=board).count(), title, at.isoformat()),
        title=" ".join(clean_words(title).split()),
        text=clean_words(text),
        created_at=at,
        updated_at=at,
        written_by_id=actor.user_id,
    )
    entry.full_clean(exclude={"board", "record", "written_by"})
    entry.save(force_insert=True)
    facts = {"title": entry.title, "entry": entry.pk, "tells of": record.key if record else ""}
    records.record_activity(record=board, actor=actor, verb="drafted news", at=at, changes=facts)
    return entry


@transaction.atomic
def rewrite(*, entry: News, title: str, text: str, actor: Actor, at: datetime) -> News:
    """Change the words of an entry."""
    before = [entry.title, entry.text]
    entry.title, entry.text = " ".join(clean_words(title).split()), clean_words(text)
    if before == [entry.title, entry.text]:
        return entry
    entry.updated_at = at
    entry.full_clean(exclude={"board", "record", "written_by"})
    entry.save(update_fields=["title", "text", "updated_at"])
    facts = {"entry": entry.pk, "title": [before[0], entry.title], "text": [before[1], entry.text]}
    records.record_activity(record=entry.board, actor=actor, verb="rewrote news", at=at, changes=facts)
    return entry


@transaction.atomic
def publish(*, entry: News, actor: Actor, at: datetime) -> None:
    """Let visitors read an entry."""
    if entry.published_at is None:
        entry.published_at = entry.updated_at = at
        entry.save(update_fields=["published_at", "updated_at"])
        facts = {"title": entry.title, "entry": entry.pk}
        records.record_activity(record=entry.board, actor=actor, verb="published news", at=at, changes=facts)


@transaction.atomic
def withdraw(*, entry: News, actor: Actor, at: datetime) -> None:
    """Make a draft of an entry again."""
    if entry.published_at is not None:
        entry.published_at, entry.updated_at = None, at
        entry.save(update_fields=["published_at", "updated_at"])
        facts = {"title": entry.title, "entry": entry.pk}
        records.record_activity(record=entry.board, actor=actor, verb="withdrew news", at=at, changes=facts)


@transaction.atomic
def remove(*, entry: News, actor: Actor, at: datetime) -> None:
    """Take a draft away; its words stay in the history.

    Raises
    ------
    ValidationError
        If it is published.
    """
    if entry.published_at is not None:
        raise ValidationError("Withdraw it first: visitors may have linked to it.")
    facts = {"title": entry.title, "text": entry.text}
    records.record_activity(record=entry.board, actor=actor, verb="removed news", at=at, changes=facts)
    entry.delete()
