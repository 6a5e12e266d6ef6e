"""What comes onto a board, what visitors see of it, and what is said to it."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.gates import services as gates
from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.modules.insights import facade as insights
from roadbed.modules.portal.models import Board, Listing, Standing, State, StatusNote, Visitor
from roadbed.modules.portal.selectors.listings import plain
from roadbed.modules.portal.selectors.standings import OF_STATUS
from roadbed.modules.portal.services import standings, voices
from roadbed.modules.roadmap import facade as roadmap

KINDS = frozenset({"feedback", "need", "feature"})
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
TITLE_LONGEST = 200
SOURCE = "portal"


class NotOpenError(ValidationError):
    """The board takes no submissions."""


def clean_words(text: str) -> str:
    """Return what somebody wrote as it is kept: one kind of line end, no character that cannot be stored."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()


def code_of(*parts: object) -> str:
    """Return an address that nobody can guess or count by: made of what it stands for and the installation's key."""
    number, letters = int(gates.digest(*map(str, parts)), 16), ""
    for _ in range(9):
        number, place = divmod(number, len(ALPHABET))
        letters += ALPHABET[place]
    return letters


def _line(text: str) -> str:
    return " ".join(clean_words(text).split())


def _new(*, board: Board, record: Record, title: str, text: str, at: datetime) -> Listing:
    # The very instances that the caller holds are kept: their board and record are asked for right after.
    listing = Listing(
        board=board,
        record_id=record.pk,
        code=code_of("listing", board.pk, record.pk, at.isoformat()),
        title=_line(title),
        text=clean_words(text),
        words=plain(title, text),
        state_at=at,
        standing_at=at,
        created_at=at,
        heat=voices.starting_heat(at),
    )
    listing.record = Record.objects.get(pk=record.pk)
    return listing


def _save(listing: Listing) -> None:
    listing.full_clean(exclude={"board", "record", "author"})
    listing.save(force_insert=True)


def _publish(listing: Listing, at: datetime) -> None:
    listing.state, listing.state_at = State.PUBLISHED, at
    listing.published_at = listing.published_at or at
    listing.heat = voices.starting_heat(at)


def _facts(listing: Listing) -> dict[str, object]:
    return {"board": listing.board.key, "listing": listing.pk, "title": listing.title}


def _first_step(listing: Listing, at: datetime) -> None:
    StatusNote.objects.create(listing=listing, standing=Standing.OPEN, at=at)


def _way_so_far(listing: Listing, at: datetime) -> None:
    """Begin with the way that a feature has gone: statuses and days, without the reasons, which are internal."""
    way = roadmap.way_of(workspace_id=listing.board.workspace_id, record_id=listing.record_id)
    steps = [(OF_STATUS[status], entered_at) for status, entered_at in way if status in OF_STATUS]
    if not steps:
        _first_step(listing, at)
        return
    StatusNote.objects.bulk_create(
        [StatusNote(listing=listing, standing=standing, at=entered_at) for standing, entered_at in steps]
    )
    listing.standing, listing.standing_at = steps[-1]
    listing.save(update_fields=["standing", "standing_at"])


@transaction.atomic
def submit(
    *,
    board: Board,
    title: str,
    text: str,
    at: datetime,
    visitor: Visitor | None = None,
    guest: str = "",
    name: str = "",
) -> Listing:
    """Take in what a visitor asks for: a piece of feedback, and its place on the board.

    On a private board the feedback lies behind the board's wall. What is moderated waits until somebody has read it.

    Raises
    ------
    ValidationError
        If there are no words, or too many; `NotOpenError` if the board takes none.
    """
    if not board.takes_posts:
        raise NotOpenError("This board takes no submissions at the moment.")
    heading, words = _line(title), clean_words(text)
    if len(heading) < 4:
        raise ValidationError({"title": "Say in a few words what you need."})
    if len(heading) > TITLE_LONGEST:
        raise ValidationError({"title": f"Keep it to {TITLE_LONGEST} characters, and say the rest below."})
    if len(words) > 10_000:
        raise ValidationError({"text": "Keep it to 10,000 characters."})
    record = insights.hear(
        workspace=board.workspace,
        text=f"{heading}\n\n{words}" if words else heading,
        person_id=visitor.person_id if visitor else None,
        source=SOURCE,
        circle=board.circle,
        product=board.product,
        actor=voices.actor_of(visitor),
        at=at,
    )
    listing = _new(board=board, record=record, title=heading, text=words, at=at)
    listing.author_id = visitor.person_id if visitor else None
    listing.author_name = (visitor.display_name if visitor else _line(name))[:80]
    listing.guest = "" if visitor else guest
    if not board.is_moderated:
        _publish(listing, at)
    _save(listing)
    _first_step(listing, at)
    if visitor is not None:
        voices.follow(listing=listing, visitor=visitor, at=at)
    voices.recount(listings=[listing], at=at)
    return listing


@transaction.atomic
def put_on_board(
    *, board: Board, record: Record, title: str, text: str, actor: Actor, at: datetime
) -> Listing:
    """Show a need, a feature or a piece of feedback on a board, in words for customers.

    Raises
    ------
    ValidationError
        If it is of another kind, stands there already, or lies behind another wall than the board.
    """
    if record.workspace_id != board.workspace_id or record.is_deleted or board.is_deleted:
        raise ValidationError({"record": "There is no such record here."})
    if record.kind not in KINDS:
        raise ValidationError({"record": "Feedback, needs and features can stand on a board."})
    if record.circle_id is not None and record.circle_id != board.circle_id:
        raise ValidationError({"record": f"{record.key} is private. It cannot be shown on this board."})
    if Listing.objects.filter(board=board, record_id=record.pk).exists():
        raise ValidationError({"record": f"{record.key} stands on this board already."})
    if not _line(title):
        raise ValidationError({"title": "Say in a few words what it is."})
    listing = _new(board=board, record=record, title=title, text=text, at=at)
    _publish(listing, at)
    listing.state_by_id = actor.user_id
    _save(listing)
    _way_so_far(listing, at)
    records.record_activity(
        record=listing.record, about=board, actor=actor, verb="listed", at=at, changes=_facts(listing)
    )
    voices.recount(listings=[listing], at=at)
    standings.refresh(workspace=board.workspace, listings=[listing], at=at)
    return listing


@transaction.atomic
def take_off(*, listing: Listing, actor: Actor, at: datetime) -> None:
    """Take a record off a board. What visitors submitted themselves is refused instead, so that they are told."""
    if listing.author_id is not None or listing.guest:
        raise ValidationError("A visitor submitted this. Refuse it with a reason instead.")
    records.record_activity(
        record=listing.record,
        about=listing.board,
        actor=actor,
        verb="unlisted",
        at=at,
        changes=_facts(listing),
    )
    listing.delete()


@transaction.atomic
def publish(*, listing: Listing, actor: Actor, at: datetime) -> None:
    """Let visitors of the board see it, and tell who wrote it."""
    if listing.is_published:
        return
    _publish(listing, at)
    listing.state_reason, listing.state_by_id = "", actor.user_id
    listing.save(update_fields=["state", "state_at", "state_reason", "state_by", "published_at", "heat"])
    records.record_activity(
        record=listing.record,
        about=listing.board,
        actor=actor,
        verb="published",
        at=at,
        changes=_facts(listing),
    )
    voices.recount(listings=[listing], at=at)
    standings.refresh(workspace=listing.board.workspace, listings=[listing], at=at)
    _tell_author(listing)


@transaction.atomic
def refuse(*, listing: Listing, reason: str, actor: Actor, at: datetime) -> None:
    """Keep it from the board, and tell who wrote it why.

    Raises
    ------
    ValidationError
        If there is no reason.
    """
    words = _line(reason)
    if not words:
        raise ValidationError({"reason": "Say why: whoever wrote it will read this."})
    if len(words) > 300:
        raise ValidationError({"reason": "A reason has at most 300 characters."})
    if listing.state == State.REFUSED and listing.state_reason == words:
        return
    listing.state, listing.state_at, listing.state_reason = State.REFUSED, at, words
    listing.state_by_id = actor.user_id
    listing.save(update_fields=["state", "state_at", "state_reason", "state_by"])
    facts = {**_facts(listing), "reason": words}
    records.record_activity(
        record=listing.record, about=listing.board, actor=actor, verb="refused", at=at, changes=facts
    )
    _tell_author(listing)


@transaction.atomic
def wait_again(*, listing: Listing, actor: Actor, at: datetime) -> None:
    """Take a decision back: it waits to be read again, and visitors do not see it."""
    if listing.state == State.WAITING:
        return
    listing.state, listing.state_at, listing.state_reason = State.WAITING, at, ""
    listing.save(update_fields=["state", "state_at", "state_reason"])
    records.record_activity(
        record=listing.record,
        about=listing.board,
        actor=actor,
        verb="unpublished",
        at=at,
        changes=_facts(listing),
    )


@transaction.atomic
def reword(*, listing: Listing, title: str, text: str, actor: Actor, at: datetime) -> None:
    """Change what visitors read. What was submitted stays as it was, in the record.

    Raises
    ------
    ValidationError
        If there is no title, or a field refuses.
    """
    before = [listing.title, listing.text]
    listing.title, listing.text = _line(title), clean_words(text)
    listing.words = plain(listing.title, listing.text)
    if before == [listing.title, listing.text]:
        return
    listing.full_clean(exclude={"board", "record", "author"})
    listing.save(update_fields=["title", "text", "words"])
    facts = {
        "board": listing.board.key,
        "title": [before[0], listing.title],
        "text": [before[1], listing.text],
    }
    records.record_activity(
        record=listing.record, about=listing.board, actor=actor, verb="reworded", at=at, changes=facts
    )


@transaction.atomic
def answer(*, listing: Listing, text: str, actor: Actor, at: datetime) -> None:
    """Say something to a listing as its makers; whoever follows it hears of it. No words take the answer away.

    Raises
    ------
    ValidationError
        If it is too long.
    """
    words = clean_words(text)
    before = listing.answer
    if before == words:
        return
    listing.answer = words
    listing.answer_by, listing.answer_at = (actor.name[:120], at) if words else ("", None)
    listing.full_clean(exclude={"board", "record", "author"})
    listing.save(update_fields=["answer", "answer_by", "answer_at"])
    facts = {"board": listing.board.key, "answer": [before, words]}
    records.record_activity(
        record=listing.record,
        about=listing.board,
        actor=actor,
        verb="answered in public",
        at=at,
        changes=facts,
    )
    if words and listing.is_published:
        jobs.enqueue_on_commit(
            "portal.tell_answer",
            workspace_id=listing.board.workspace_id,
            key=f"answer-{listing.pk}",
            listing_id=listing.pk,
        )


def _tell_author(listing: Listing) -> None:
    if listing.author_id is not None:
        jobs.enqueue_on_commit(
            "portal.tell_verdict",
            workspace_id=listing.board.workspace_id,
            key=f"verdict-{listing.pk}",
            listing_id=listing.pk,
        )
