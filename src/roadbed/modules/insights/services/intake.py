"""The one way in for what sources bring: each piece once, with who said it, into the inbox, and never lost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F

from roadbed.core.accounts import sealed
from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.records.models import RecordTag, Relation
from roadbed.modules.insights.models import Account, Arrival, Feedback, Quote, Source
from roadbed.modules.insights.models.domains import OPEN_MAIL, domain_of
from roadbed.modules.insights.services import cleaning, items
from roadbed.modules.insights.services.deeds import doing
from roadbed.modules.insights.services.feedback import TITLE_MOST, add_feedback, first_words
from roadbed.modules.insights.services.items import Item

PAYLOAD_MOST = 200_000
Outcome = Arrival.Outcome
CAN_BE_TRIED_AGAIN = frozenset({Outcome.REFUSED, Outcome.LEFT_OUT})


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one item."""

    outcome: str
    external_id: str
    feedback: Feedback | None = None
    detail: str = ""


def actor_of(source: Source) -> Actor:
    """Return who stands in the history for what a source brings."""
    return Actor(user_id=None, name=source.name, via="import")


def receive(*, source: Source, item: Item, at: datetime) -> Received:
    """Take one item in, or say why not; whatever it is, it is written down.

    The workspace's history is held meanwhile, so two workers that bring the same item at once make one piece of it;
    the database's constraint on source and id stands behind that.
    """
    external_id = items.id_of(item)
    try:
        with transaction.atomic():
            received = _take(source=source, item=item, external_id=external_id, at=at)
            _write_down(source=source, item=item, received=received, at=at)
    except (ValidationError, IntegrityError) as error:
        known = _find(source, external_id)
        if known is not None and not item.is_gone and isinstance(error, IntegrityError):
            received = Received(Outcome.KNOWN, external_id, known)
        else:
            received = Received(Outcome.REFUSED, external_id, None, _reason(error))
        with transaction.atomic():
            _write_down(source=source, item=item, received=received, at=at)
    return received


def receive_all(*, source: Source, found: Iterable[Item], at: datetime) -> list[Received]:
    """Take items in, one transaction each: a bad one keeps none of the others out."""
    return [receive(source=source, item=item, at=at) for item in found]


def refuse(*, source: Source, item: Item, reason: str, at: datetime) -> Received:
    """Write down an item that could not even be read, with what there is of it."""
    received = Received(Outcome.REFUSED, items.id_of(item), None, reason[:400])
    with transaction.atomic():
        _write_down(source=source, item=item, received=received, at=at)
    return received


def leave_out(*, source: Source, item: Item, reason: str, at: datetime) -> Received:
    """Write down an item that nobody said, such as an automatic answer."""
    received = Received(Outcome.LEFT_OUT, items.id_of(item), None, reason[:400])
    with transaction.atomic():
        _write_down(source=source, item=item, received=received, at=at)
    return received


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        if hasattr(error, "error_dict"):
            return " ".join(
                f"{name.replace('_', ' ').capitalize()}: {' '.join(texts)}"
                if name != "__all__"
                else " ".join(texts)
                for name, texts in error.message_dict.items()
            )[:400]
        return " ".join(error.messages)[:400]
    return "It could not be kept: another record has its id."


def _find(source: Source, external_id: str) -> Feedback | None:
    found: Feedback | None = (
        Feedback.objects.filter(
            workspace_id=source.workspace_id,
            kind="feedback",
            external_source=source.origin,
            external_id=external_id,
        )
        .select_related("merged_into")
        .first()
    )
    return found


def _take(*, source: Source, item: Item, external_id: str, at: datetime) -> Received:
    with doing(workspace_id=source.workspace_id):
        known = _find(source, external_id)
        if item.is_gone:
            return _remove(known, source=source, external_id=external_id, at=at)
        if known is not None:
            return _compare(known, source=source, item=item, external_id=external_id, at=at)
        return _add(source=source, item=item, external_id=external_id, at=at)


def cleaned(*, source: Source, item: Item) -> Item:
    """Return the item without the words that the workspace does not keep."""
    cleaner = cleaning.cleaner_for(workspace_id=source.workspace_id)
    if cleaner is None:
        return item
    try:
        text, title = cleaner.text(item.text), cleaner.text(item.title)
        return replace(item, text=text, title=title, attributes=cleaner.facts(item.attributes))
    finally:
        cleaner.note()


def _account(source: Source, email: str) -> Account | None:
    """Return the account whose domain the address is at; the big mail providers are nobody's account."""
    domain = domain_of(email) if email else ""
    if not domain or domain in OPEN_MAIL:
        return None
    accounts = Account.objects.in_workspace(source.workspace_id).filter(kind="account")
    found: Account | None = accounts.filter(domain=domain).order_by("pk").first()
    return found


def _add(*, source: Source, item: Item, external_id: str, at: datetime) -> Received:
    item = items.sound(cleaned(source=source, item=item))
    actor = actor_of(source)
    feedback = add_feedback(
        workspace=source.workspace,
        text=item.text,
        title=item.title,
        # A clock over there may run a little ahead of ours.
        said_at=min(item.said_at or at, at),
        actor=actor,
        at=at,
        account=None if item.account else _account(source, item.email),
        person_name=item.person,
        person_email=item.email,
        account_name=item.account,
        product=source.product,
        source=source.name,
        url=item.url,
        locale=item.locale,
        rating=item.rating,
        attributes=item.attributes,
        external_source=source.origin,
        external_id=external_id,
    )
    if item.tags:
        records.set_tags(record=feedback, names=list(item.tags), actor=actor, at=at)
    _tie(feedback, source=source, item=item, actor=actor, at=at)
    return Received(Outcome.NEW, external_id, feedback)


def _tie(feedback: Feedback, *, source: Source, item: Item, actor: Actor, at: datetime) -> None:
    """Link a reply to the nearest piece of its thread that is here."""
    for external_id in item.reply_to:
        before = _find(source, external_id[:200])
        if before is not None and before.deleted_at is None and before.pk != feedback.pk:
            records.create_link(
                source=feedback, target=before, relation=Relation.RELATES_TO, actor=actor, at=at
            )
            return


def _compare(known: Feedback, *, source: Source, item: Item, external_id: str, at: datetime) -> Received:
    """Follow what changed over there. Quoted words stay as they were; what somebody deleted here stays deleted."""
    if known.deleted_at is not None:
        where = (
            f" It is part of {known.merged_into.key} now." if known.merged_into else " It was deleted here."
        )
        return Received(Outcome.KNOWN, external_id, known, where.strip())
    item = items.sound(cleaned(source=source, item=item))
    title = first_words(item.title, limit=TITLE_MOST) if item.title else first_words(item.text)
    changes: dict[str, Any] = {}
    detail = ""
    merged = {**known.attributes, **item.attributes}
    if merged != known.attributes:
        changes["attributes"] = merged
    if item.rating is not None and item.rating != known.rating:
        changes["rating"] = item.rating
    if item.text != known.text and Quote.objects.filter(feedback=known).exists():
        detail = "Its words were changed over there, but they are quoted here: they stay as they were."
    elif item.text != known.text:
        changes |= {"text": item.text, "title": title}
    elif title != known.title:
        changes["title"] = title
    if changes:
        records.change_record(record=known, changes=changes, actor=actor_of(source), at=at)
    if item.tags:
        own = set(RecordTag.objects.filter(record=known).values_list("tag__name", flat=True))
        if {tag.casefold() for tag in item.tags} - {name.casefold() for name in own}:
            records.set_tags(record=known, names=sorted(own | set(item.tags)), actor=actor_of(source), at=at)
    return Received(Outcome.CHANGED if changes else Outcome.KNOWN, external_id, known, detail)


def _remove(known: Feedback | None, *, source: Source, external_id: str, at: datetime) -> Received:
    """Delete what was deleted over there, unless something here was built on its words."""
    if known is None or known.deleted_at is not None:
        return Received(Outcome.KNOWN, external_id, known, "It was not here any more.")
    if Quote.objects.filter(feedback=known).exists():
        attributes = {**known.attributes, "deleted over there": at.date().isoformat()}
        records.change_record(record=known, changes={"attributes": attributes}, actor=actor_of(source), at=at)
        return Received(
            Outcome.CHANGED, external_id, known, "It was deleted over there, but is quoted here: it stays."
        )
    records.delete_record(record=known, actor=actor_of(source), at=at)
    return Received(Outcome.REMOVED, external_id, known)


def _write_down(*, source: Source, item: Item, received: Received, at: datetime) -> None:
    """Keep what became of it, and count it."""
    is_new = received.outcome == Outcome.NEW
    lag = max(0, int((at - item.said_at).total_seconds())) if is_new and item.said_at else None
    counts: Counter[str] = Counter()
    if received.outcome == Outcome.REFUSED:
        counts["refused_count"] += 1
    elif received.outcome in {Outcome.KNOWN, Outcome.LEFT_OUT}:
        counts["known_count"] += 1
    else:
        counts["new_count" if is_new else "changed_count"] += 1
    facts: dict[str, Any] = {name: F(name) + count for name, count in counts.items()}
    if received.outcome == Outcome.REFUSED:
        facts |= {"last_error": items.storable(received.detail)[:400], "last_error_at": at}
    if is_new:
        facts["last_arrival_at"] = at
    Source.objects.filter(pk=source.pk).update(**facts)
    if received.outcome == Outcome.KNOWN and not received.detail:
        return  # a poll that finds the same again would bury what matters
    Arrival.objects.create(
        source=source,
        at=at,
        external_id=received.external_id,
        outcome=received.outcome,
        record=received.feedback,
        detail=items.storable(received.detail)[:400],
        lag_seconds=min(lag, 2**31 - 1) if lag is not None else None,
        payload=_payload(source, item) if received.outcome in CAN_BE_TRIED_AGAIN else "",
    )


def _payload(source: Source, item: Item) -> str:
    """Return a refused item, sealed, so that it can be tried again once what was wrong is put right."""
    try:
        item = cleaned(source=source, item=item)
    except ValidationError:
        return ""  # what could not be cleaned is not kept
    kept = {name: value for name, value in asdict(item).items() if value not in (None, "", (), [], {}, False)}
    text = json.dumps(kept, default=str)[:PAYLOAD_MOST]
    return sealed.seal({"item": text})


def item_from(arrival: Arrival) -> Item | None:
    """Return the item that was refused; nothing where it cannot be read any more."""
    try:
        kept = json.loads(sealed.unseal(arrival.payload).get("item", ""))
        said_at = datetime.fromisoformat(kept["said_at"]) if "said_at" in kept else None
        rating = Decimal(kept["rating"]) if "rating" in kept else None
    except (ValueError, KeyError, InvalidOperation):
        return None
    known = {name: value for name, value in kept.items() if name in Item.__slots__}
    return Item(**{"text": "", **known, "said_at": said_at, "rating": rating})


def retry(*, arrival: Arrival, at: datetime) -> Received:
    """Try a refused item once more.

    Raises
    ------
    ValidationError
        If it is not a refused one, or cannot be read any more.
    """
    item = item_from(arrival) if arrival.outcome in CAN_BE_TRIED_AGAIN else None
    if item is None or arrival.retried_at is not None:
        raise ValidationError("There is nothing to try again.")
    received = receive(source=arrival.source, item=item, at=at)
    Arrival.objects.filter(pk=arrival.pk).update(retried_at=at, payload="")
    return received
