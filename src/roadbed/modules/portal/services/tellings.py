"""Preparing, wording, approving and skipping what people are told."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.core.records.models import Activity, Record
from roadbed.modules.portal.models import Change, Letter, Telling, Words
from roadbed.modules.portal.selectors import tellings as reads
from roadbed.modules.portal.services import telling_words

COOL_OFF = timedelta(minutes=1)
"""So long an approval can be taken back before the first mail goes out."""
CHANGES = {
    "planned": Change.PLANNED,
    "development": Change.STARTED,
    "beta": Change.BETA,
    "shipped": Change.SHIPPED,
    "dropped": Change.DECLINED,
}
STANDINGS = {
    "planned": Change.PLANNED,
    "started": Change.STARTED,
    "beta": Change.BETA,
    "done": Change.SHIPPED,
    "declined": Change.DECLINED,
}
KINDS = frozenset({"feature", "need", "feedback"})
SILENT = frozenset({"demo", "import"})
"""Doors whose deeds are no news: a file that is read in tells of the past."""
LONGEST_BODY = 5000


class NotWaitingError(ValidationError):
    """Somebody decided already."""


class StaleTellingError(ValidationError):
    """Somebody changed the words since they were read."""


def follow(activity: Activity) -> None:
    """Hear of each deed, and look in a job whether anybody would want to hear of it."""
    if activity.record_id is None or activity.via in SILENT:
        return
    change, reason = change_in(activity)
    if change is None and "status" not in activity.changes:
        return
    jobs.enqueue_on_commit(
        "portal.prepare_telling",
        workspace_id=activity.workspace_id,
        record_id=activity.record_id,
        sequence=activity.sequence,
        change=str(change or ""),
        reason=reason,
    )


def change_in(activity: Activity) -> tuple[Change | None, str]:
    """Return what customers would care for in a deed, with the reason it gives; None where there is nothing."""
    facts = activity.changes
    for name, known in (("status", CHANGES), ("standing", STANDINGS)):
        pair = facts.get(name)
        if isinstance(pair, list) and len(pair) == 2 and pair[1] in known:
            given = facts.get("reason" if name == "standing" else "status_reason", "")
            reason = given[1] if isinstance(given, list) and len(given) == 2 else given
            return known[pair[1]], str(reason or "")[:500]
    if activity.verb == "archived" and activity.record_key.startswith("N-"):
        return Change.DECLINED, ""
    return None, ""


@transaction.atomic
def prepare(
    *, record: Record, change: str, at: datetime, sequence: int | None = None, reason: str = ""
) -> Telling | None:
    """Draft a telling for everybody who would want to hear of a change; None where there is nobody to tell.

    A draft of an older change of the same record that nobody approved is overtaken: nobody needs to hear that it is
    planned once it is shipped. The same change is drafted once.
    """
    if record.is_private or record.is_deleted or record.kind not in KINDS:
        return None
    if sequence is not None:
        known = Telling.objects.filter(record_id=record.pk, sequence=sequence).first()
        if known is not None:
            return known
    overtake(record=record, at=at)
    if not change or not any(one.channel for one in reads.audience_of(record=record)):
        return None
    telling = Telling.objects.create(
        workspace_id=record.workspace_id,
        record=record,
        sequence=sequence,
        change=change,
        reason=reason[:500],
        created_at=at,
    )
    title = reads.public_title_of(record=record)
    Words.objects.create(
        telling=telling,
        subject=telling_words.subject_for(change=change, title=title),
        body=telling_words.body_for(change=change, title=title),
    )
    return telling


def overtake(*, record: Record, at: datetime) -> int:
    """Put drafts aside that a newer change has made old news; return how many."""
    waiting = Telling.objects.filter(record_id=record.pk, state=Telling.State.WAITING)
    return waiting.update(state=Telling.State.OVERTAKEN, decided_at=at)


def _locked(telling: Telling, *, version: int | None) -> Telling:
    row = Telling.objects.select_for_update().select_related("record").get(pk=telling.pk)
    if version is not None and row.version != version:
        raise StaleTellingError("Somebody changed it meanwhile. Read it again first.")
    return row


def _waiting(telling: Telling, *, version: int | None) -> Telling:
    row = _locked(telling, version=version)
    if not row.is_waiting:
        raise NotWaitingError(f"It is {row.get_state_display().lower()} already.")
    return row


@transaction.atomic
def set_words(
    *,
    telling: Telling,
    subject: str,
    body: str,
    actor: Actor,
    at: datetime,
    locale: str = "",
    version: int | None = None,
) -> Telling:
    """Say it in other words, for everybody or for one language. Empty words for a language take it away.

    Raises
    ------
    NotWaitingError
        If somebody decided already.
    StaleTellingError
        If `version` is given and the words were changed since.
    ValidationError
        If words for everybody are empty or too long.
    """
    row = _waiting(telling, version=version)
    place = locale.replace("\x00", "").strip()[:12].replace("_", "-")
    head = " ".join(subject.replace("\x00", "").split())
    text = body.replace("\r\n", "\n").replace("\x00", "").strip()
    if place and not head and not text:
        Words.objects.filter(telling=row, locale=place).delete()
    else:
        if not head or not text:
            raise ValidationError({"subject" if not head else "body": "Say it in words."})
        if len(head) > 160 or len(text) > LONGEST_BODY:
            raise ValidationError({"body": f"At most 160 and {LONGEST_BODY} characters."})
        Words.objects.update_or_create(telling=row, locale=place, defaults={"subject": head, "body": text})
    row.version += 1
    row.save(update_fields=["version"])
    return row


@transaction.atomic
def approve(*, telling: Telling, actor: Actor, at: datetime, version: int | None = None) -> Telling:
    """Let everybody who would want to hear be told in these words, each once. Mail goes out after a minute.

    Raises
    ------
    NotWaitingError
        If somebody decided already.
    StaleTellingError
        If `version` is given and the words were changed since.
    ValidationError
        If there is nobody left to tell.
    """
    row = _waiting(telling, version=version)
    if row.record.is_deleted or row.record.is_private:
        raise ValidationError("Its record is gone, or private to a circle by now.")
    audience = [one for one in reads.audience_of(record=row.record) if one.channel]
    if not audience:
        raise ValidationError("There is nobody to tell any more. Skip it.")
    Letter.objects.bulk_create(
        [
            Letter(
                telling=row,
                person_id=one.person_id,
                email=one.email,
                locale=one.locale,
                reason=one.reason,
                channel=one.channel,
                told_at=at if one.channel == Letter.Channel.PAGE else None,
            )
            for one in audience
        ],
        batch_size=500,
        ignore_conflicts=True,
    )
    row.state, row.decided_at, row.decided_by_id = Telling.State.APPROVED, at, actor.user_id
    row.version += 1
    row.save(update_fields=["state", "decided_at", "decided_by", "version"])
    facts = {"change": row.change, "telling": row.pk, "people": len(audience)}
    records.record_activity(record=row.record, actor=actor, verb="approved telling", at=at, changes=facts)
    jobs.enqueue(
        "portal.send_telling",
        workspace_id=row.workspace_id,
        run_at=at + COOL_OFF,
        telling_id=row.pk,
    )
    return row


@transaction.atomic
def hold(*, telling: Telling, actor: Actor, at: datetime) -> Telling:
    """Take an approval back while nobody was told yet.

    Raises
    ------
    NotWaitingError
        If it was not approved, or the first mail is out.
    """
    row = _locked(telling, version=None)
    letters = Letter.objects.filter(telling=row)
    if row.state != Telling.State.APPROVED:
        raise NotWaitingError("Only what was approved can be held.")
    # Deleted by condition, and then looked at: a letter that is claimed at this very moment stays, and with it all.
    letters.filter(channel=Letter.Channel.PAGE).delete()
    letters.filter(claimed_at__isnull=True, failed_at__isnull=True).delete()
    if letters.exists():
        raise NotWaitingError("It cannot be held any more: the first are told.")
    row.state, row.decided_at, row.decided_by = Telling.State.WAITING, None, None
    row.version += 1
    row.save(update_fields=["state", "decided_at", "decided_by", "version"])
    facts = {"change": row.change, "telling": row.pk}
    records.record_activity(record=row.record, actor=actor, verb="held telling", at=at, changes=facts)
    return row


@transaction.atomic
def skip(*, telling: Telling, actor: Actor, at: datetime) -> Telling:
    """Tell nobody of this change.

    Raises
    ------
    NotWaitingError
        If somebody decided already.
    """
    row = _waiting(telling, version=None)
    row.state, row.decided_at, row.decided_by_id = Telling.State.SKIPPED, at, actor.user_id
    row.version += 1
    row.save(update_fields=["state", "decided_at", "decided_by", "version"])
    facts = {"change": row.change, "telling": row.pk}
    records.record_activity(record=row.record, actor=actor, verb="skipped telling", at=at, changes=facts)
    return row


@transaction.atomic
def reopen(*, telling: Telling, actor: Actor, at: datetime) -> Telling:
    """Let a skipped or overtaken telling wait again.

    Raises
    ------
    NotWaitingError
        If it waits, or people were told.
    """
    row = _locked(telling, version=None)
    if row.state not in {Telling.State.SKIPPED, Telling.State.OVERTAKEN}:
        raise NotWaitingError("Only what was skipped or overtaken can wait again.")
    row.state, row.decided_at, row.decided_by = Telling.State.WAITING, None, None
    row.version += 1
    row.save(update_fields=["state", "decided_at", "decided_by", "version"])
    facts = {"change": row.change, "telling": row.pk}
    records.record_activity(record=row.record, actor=actor, verb="reopened telling", at=at, changes=facts)
    return row


@transaction.atomic
def told_by_hand(*, letter: Letter, actor: Actor, at: datetime) -> Letter:
    """Note that a member told somebody themselves, by telephone or in person.

    Raises
    ------
    ValidationError
        If they are told another way, or were told.
    """
    changed = Letter.objects.filter(
        pk=letter.pk,
        channel=Letter.Channel.HAND,
        told_at__isnull=True,
        telling__state=Telling.State.APPROVED,
    ).update(told_at=at, claimed_at=at)
    if not changed:
        raise ValidationError("They were told already, or hear by mail.")
    letter.refresh_from_db()
    facts = {"person": letter.person.key, "telling": letter.telling_id}
    records.record_activity(
        record=letter.telling.record, actor=actor, verb="told by hand", at=at, changes=facts
    )
    return letter
