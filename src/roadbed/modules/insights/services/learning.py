"""Learning from a workspace's own labels: corrections, confirmations, and star ratings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from roadbed.modules.insights.models import By, Feedback, Reading, ReadingModel
from roadbed.modules.insights.services import readings
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.text import classifiers, intents, sentiment

MOST = classifiers.MOST
READ = classifiers.READ
COUNTED = 1000


@dataclass(frozen=True, slots=True)
class Lesson:
    """What became of learning one aspect."""

    aspect: str
    labels: int
    is_used: bool
    reason: str
    """Why nothing was learnt, where that is so."""


def _said_by_people(workspace_id: int, aspect: str) -> list[tuple[int, str, str]]:
    rows = Reading.objects.filter(home_id=workspace_id, feedback__deleted_at__isnull=True)
    rows = rows.filter(**{f"{aspect}_by": By.PERSON}, feedback__circle__isnull=True).exclude(**{aspect: ""})
    return list(rows.order_by("-pk").values_list("pk", "feedback__text", aspect)[:MOST])


def _rated(workspace_id: int) -> list[tuple[int, str, str]]:
    """Return texts with what their ratings say. A source that never goes beyond five stars has five."""
    rows = Feedback.objects.in_workspace(workspace_id).filter(kind="feedback", rating__isnull=False)
    most = {
        row["source"]: 5 if row["most"] <= 5 else 10
        for row in rows.order_by().values("source").annotate(most=Max("rating"))
    }
    found = rows.order_by("-pk").values_list("pk", "text", "rating", "source")[:MOST]
    return [
        (pk, text, sentiment.label_of_rating(rating=float(rating), most=most[source]))
        for pk, text, rating, source in found
    ]


def labelled(*, workspace_id: int, aspect: str) -> tuple[list[str], list[str]]:
    """Return the texts that people labelled, oldest first, and their labels. What was said beats what was rated."""
    found: dict[int, tuple[str, str]] = {}
    if aspect == "sentiment":
        found = {pk: (text[:READ], label) for pk, text, label in _rated(workspace_id)}
    found |= {pk: (text[:READ], label) for pk, text, label in _said_by_people(workspace_id, aspect)}
    ordered = [found[pk] for pk in sorted(found)][-MOST:]
    return [text for text, _ in ordered], [label for _, label in ordered]


def _plain(quality: classifiers.Quality) -> dict[str, Any]:
    return asdict(quality)


def learn(*, workspace_id: int, at: datetime, seed: int = 0) -> Iterator[Lesson]:
    """Learn intent and sentiment anew. A model is used only where it beats the rules on labels held back."""
    changed = False
    for aspect, engine in (("intent", intents), ("sentiment", sentiment)):
        texts, labels = labelled(workspace_id=workspace_id, aspect=aspect)
        try:
            trained = engine.train(texts=texts, labels=labels, seed=seed)
            rules = engine.rules_quality(texts=texts, labels=labels)
        except NotEnoughDataError as error:
            # Labels may have become fewer: what was learnt from them goes with them.
            changed |= bool(ReadingModel.objects.filter(workspace_id=workspace_id, aspect=aspect).delete()[0])
            yield Lesson(aspect, len(labels), is_used=False, reason=str(error))
            continue
        is_used = trained.quality.accuracy > rules.accuracy
        with transaction.atomic():
            ReadingModel.objects.update_or_create(
                workspace_id=workspace_id,
                aspect=aspect,
                defaults={
                    "kept": trained.model.to_bytes(),
                    "quality": _plain(trained.quality),
                    "rules_quality": _plain(rules),
                    "is_used": is_used,
                    "trained_at": at,
                },
            )
        changed = True
        reason = "" if is_used else "The rules are better so far."
        yield Lesson(aspect, len(labels), is_used=is_used, reason=reason)
    if changed:
        with transaction.atomic():
            readings.grow_version(workspace_id=workspace_id)


def labels_new(*, workspace_id: int) -> bool:
    """Whether anything was labelled since the last lesson, so that the night's run has something to do."""
    last = ReadingModel.objects.filter(workspace_id=workspace_id).aggregate(at=Max("trained_at"))["at"]
    texts, _ = labelled(workspace_id=workspace_id, aspect="intent")
    if len(texts) < classifiers.LEAST:
        texts, _ = labelled(workspace_id=workspace_id, aspect="sentiment")
        if len(texts) < sentiment.LEAST:
            return False
    if last is None:
        return True
    newest = Feedback.objects.filter(home_id=workspace_id).aggregate(at=Max("updated_at"))["at"]
    return bool(newest and newest > last)


def count_labels(*, workspace_id: int, aspect: str) -> int:
    """Return how many labels there are to learn from, up to a thousand."""
    rows = Reading.objects.filter(home_id=workspace_id, feedback__deleted_at__isnull=True)
    said = rows.filter(**{f"{aspect}_by": By.PERSON}, feedback__circle__isnull=True).exclude(**{aspect: ""})
    if aspect != "sentiment":
        return said.order_by()[:COUNTED].count()
    rated = Feedback.objects.in_workspace(workspace_id).filter(kind="feedback", rating__isnull=False)
    rest = said.filter(feedback__rating__isnull=True)
    return min(COUNTED, rated.order_by()[:COUNTED].count() + rest.order_by()[:COUNTED].count())
