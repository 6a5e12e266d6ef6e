"""Reading feedback: by the machine in batches, corrected by people, who are never overruled."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q

from roadbed.core.accounts.actors import Actor
from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.core.records.models import Activity
from roadbed.modules.insights.models import By, Feedback, Reading, ReadingModel, ReadingSettings
from roadbed.modules.insights.models.readings import ASPECTS, labels_of
from roadbed.modules.insights.services import cleaning
from roadbed.modules.insights.services.deeds import Deed, doing
from roadbed_engines.text import classifiers, intents, languages, redaction, sentiment, statements

BATCH = 200
MOST_STATEMENTS = 60
WHY_LENGTH = 200
PLAIN_WHY = {By.PERSON: "a person said so"}


@lru_cache(maxsize=32)
def _model(pk: int, trained_at: datetime) -> classifiers.Model:
    row = ReadingModel.objects.get(pk=pk)
    return classifiers.Model.from_bytes(bytes(row.kept))


@dataclass(frozen=True, slots=True)
class Read:
    """What was read in a text, before anybody said otherwise."""

    language: classifiers.Reading
    intent: classifiers.Reading
    sentiment: classifiers.Reading
    statements: tuple[tuple[int, int, str, float], ...]
    private: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads texts as this workspace taught it."""

    version: int
    models: Mapping[str, classifiers.Model]
    finder: cleaning.Cleaner | None

    def intent(self, text: str) -> classifiers.Reading:
        """Read the intent: by what was learnt, where that beats the rules and knows the words."""
        model = self.models.get("intent")
        learnt = model.read(text=text) if model else None
        return learnt if learnt is not None and learnt.label else intents.read_intent(text=text)

    def sentiment(self, text: str, *, language: str) -> classifiers.Reading:
        """Read the sentiment, alike."""
        model = self.models.get("sentiment")
        learnt = model.read(text=text) if model else None
        if learnt is not None and learnt.label:
            return learnt
        return sentiment.read_sentiment(text=text, language=language or "en")

    def read(self, text: str) -> Read:
        """Read everything in a text."""
        spoken = languages.detect(text=text)
        found = statements.split(text=text)[:MOST_STATEMENTS]
        parts = []
        for one in found:
            own = self.intent(one.text)
            parts.append((one.start, one.end, own.label, own.confidence))
        private: tuple[tuple[str, int, int], ...] = ()
        if self.finder is not None:
            try:
                private = tuple((each.kind, each.start, each.end) for each in self.finder.find(text))
            except ValidationError:
                private = ()  # an own pattern without an end: pointing out is a courtesy, reading goes on
        return Read(
            language=classifiers.Reading(spoken.code, spoken.confidence, spoken.why),
            intent=self.intent(text),
            sentiment=self.sentiment(text, language=spoken.code),
            statements=tuple(parts),
            private=private,
        )


def reader_for(*, workspace_id: int) -> Reader:
    """Return what reads for a workspace, with its own models and patterns."""
    chosen = cleaning.settings_of(workspace_id=workspace_id)
    rows = ReadingModel.objects.filter(workspace_id=workspace_id, is_used=True).defer("kept")
    models = {row.aspect: _model(row.pk, row.trained_at) for row in rows}
    finder = cleaning.cleaner_of(chosen) if chosen.redaction == cleaning.Mode.SUGGEST else None
    return Reader(version=chosen.version, models=models, finder=finder)


def digest_of(text: str) -> str:
    """Return what tells whether the words changed since they were read."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def fill(*, row: Reading, read: Read, text: str, version: int, at: datetime) -> Reading:
    """Write into a row what was read, but leave what a person said."""
    for aspect in ASPECTS:
        own: classifiers.Reading = getattr(read, aspect)
        if getattr(row, f"{aspect}_by") == By.PERSON:
            continue
        setattr(row, aspect, own.label)
        setattr(row, f"{aspect}_confidence", own.confidence)
        setattr(row, f"{aspect}_why", own.why[:WHY_LENGTH])
    digest = digest_of(text)
    row.statements = [list(part) for part in read.statements]
    row.private = [list(part) for part in read.private]
    if row.text_digest and row.text_digest != digest:
        row.private_left = False
    row.has_private = bool(read.private) and not row.private_left
    row.text_digest, row.version, row.read_at = digest, version, at
    return row


def live(*, feedback: Feedback, at: datetime) -> Reading:
    """Return the reading of a piece; where the job has not come by yet, one made now and not kept."""
    row = Reading.objects.filter(pk=feedback.pk).first()
    if row is not None and row.text_digest == digest_of(feedback.text):
        return row
    row = row or Reading(feedback=feedback, home_id=feedback.workspace_id, text_digest="")
    reader = reader_for(workspace_id=feedback.workspace_id)
    return fill(row=row, read=reader.read(feedback.text), text=feedback.text, version=0, at=at)


def waiting(*, workspace_id: int, after: int, version: int, limit: int = BATCH) -> list[Feedback]:
    """Return the next pieces that were not read yet, or by an older version; private ones too, nobody is shown them."""
    rows = Feedback.objects.filter(home_id=workspace_id, pk__gt=after)
    stale = Q(reading__isnull=True) | ~Q(reading__version=version)
    found: list[Feedback] = list(rows.filter(stale).only("pk", "text", "workspace_id").order_by("pk")[:limit])
    return found


_FIELDS = [
    *(f"{aspect}{tail}" for aspect in ASPECTS for tail in ("", "_confidence", "_why")),
    "statements", "private", "has_private", "private_left", "text_digest", "version", "read_at",
]  # fmt: skip


def read_everything(*, workspace_id: int, at: datetime) -> Iterator[int]:
    """Read what was not read yet, batch by batch, and yield how many were. Stopped, it goes on where it was."""
    reader = reader_for(workspace_id=workspace_id)
    after = done = 0
    while pieces := waiting(workspace_id=workspace_id, after=after, version=reader.version):
        read = [(piece, reader.read(piece.text)) for piece in pieces]
        with transaction.atomic():
            have = Reading.objects.select_for_update().in_bulk([piece.pk for piece in pieces])
            new: list[Reading] = []
            old: list[Reading] = []
            for piece, found in read:
                row = have.get(piece.pk) or Reading(
                    feedback_id=piece.pk, home_id=workspace_id, text_digest=""
                )
                fill(row=row, read=found, text=piece.text, version=reader.version, at=at)
                (old if piece.pk in have else new).append(row)
            Reading.objects.bulk_create(new, ignore_conflicts=True)
            Reading.objects.bulk_update(old, _FIELDS, batch_size=100)
        after = pieces[-1].pk
        done += len(pieces)
        yield done


def forget(*, workspace_id: int, ids: Collection[int]) -> None:
    """Let pieces whose words changed be read again."""
    Reading.objects.filter(home_id=workspace_id, pk__in=ids).update(version=0)


def ask_for_reading(*, workspace_id: int) -> None:
    """Queue the reading of what is new; asked for again meanwhile, it is done once."""
    jobs.enqueue_on_commit("insights.read", workspace_id=workspace_id, key="read")


def follow(activity: Activity) -> None:
    """Have new and changed words read."""
    if not activity.record_key.startswith("FB-") or activity.record_id is None:
        return
    if activity.verb == "created":
        ask_for_reading(workspace_id=activity.workspace_id)
    elif activity.verb in {"changed", "redacted"} and (
        "text" in activity.changes or activity.verb == "redacted"
    ):
        forget(workspace_id=activity.workspace_id, ids=[activity.record_id])
        ask_for_reading(workspace_id=activity.workspace_id)


def _held(feedback: Feedback, at: datetime) -> Reading:
    """Return the row of a piece, locked; made now where there is none."""
    row = Reading.objects.select_for_update().filter(pk=feedback.pk).first()
    if row is not None:
        return row
    row = live(feedback=feedback, at=at)
    row.save(force_insert=True)
    return row


def _check(aspect: str, label: str) -> str:
    label = label.strip().lower()
    if aspect not in ASPECTS:
        raise ValidationError({"aspect": "Only language, intent and sentiment are read."})
    known = labels_of(aspect)
    if known and label and label not in known:
        raise ValidationError({aspect: f"“{label}” is no {aspect}."})
    if (
        not known
        and label
        and not (2 <= len(label) <= 12 and label.replace("-", "").isalnum() and label.isascii())
    ):
        raise ValidationError({aspect: "A language is a code, such as en or de-at."})
    return label


@transaction.atomic
def correct(
    *, feedback: Feedback, aspect: str, label: str, actor: Actor, at: datetime, by: str = By.PERSON
) -> Deed:
    """Say what a piece is. No later run changes that; the models learn from it in the night.

    Raises
    ------
    ValidationError
        If there is no such aspect or label.
    """
    label = _check(aspect, label)
    with doing(workspace_id=feedback.workspace_id) as deed:
        row = _held(feedback, at)
        before = (getattr(row, aspect), getattr(row, f"{aspect}_by"))
        if before == (label, by):
            return deed
        setattr(row, aspect, label)
        setattr(row, f"{aspect}_by", by)
        if by == By.PERSON:
            setattr(row, f"{aspect}_confidence", 1.0)
            setattr(row, f"{aspect}_why", PLAIN_WHY[By.PERSON])
        else:
            row.version = 0  # the machine's word again: let it be read anew
        row.save()
        facts = {"aspect": aspect, "label": [before[0], label], "by": [before[1], by]}
        records.record_activity(record=feedback, actor=actor, verb="read", at=at, changes=facts)
        if by == By.MACHINE:
            ask_for_reading(workspace_id=feedback.workspace_id)
        deed.count = 1
    return deed


@transaction.atomic
def confirm(*, feedback: Feedback, actor: Actor, at: datetime) -> Deed:
    """Say that intent and sentiment are as the machine read them; what it did not read stays open."""
    with doing(workspace_id=feedback.workspace_id) as deed:
        row = _held(feedback, at)
        for aspect in ("intent", "sentiment"):
            if getattr(row, aspect) and getattr(row, f"{aspect}_by") == By.MACHINE:
                correct(feedback=feedback, aspect=aspect, label=getattr(row, aspect), actor=actor, at=at)
                deed.count = 1
    return deed


def take_back(*, feedback: Feedback, facts: Mapping[str, Any], actor: Actor, at: datetime) -> None:
    """Undo a correction.

    Raises
    ------
    NotUndoableError
        If it was said otherwise since.
    """
    row = Reading.objects.filter(pk=feedback.pk).first()
    aspect = str(facts["aspect"])
    if row is None or [getattr(row, aspect), getattr(row, f"{aspect}_by")] != [
        facts["label"][1],
        facts["by"][1],
    ]:
        raise records.NotUndoableError(f"{feedback.key} was read otherwise since.")
    correct(feedback=feedback, aspect=aspect, label=facts["label"][0], by=facts["by"][0], actor=actor, at=at)


def grow_version(*, workspace_id: int) -> None:
    """Let everything be read anew, because what reads has changed."""
    ReadingSettings.objects.get_or_create(
        workspace_id=workspace_id, defaults={"kinds": list(redaction.KINDS)}
    )
    ReadingSettings.objects.filter(workspace_id=workspace_id).update(version=F("version") + 1)
    ask_for_reading(workspace_id=workspace_id)
