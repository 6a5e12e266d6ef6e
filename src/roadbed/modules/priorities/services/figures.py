"""Say a figure of a record, take it back, say how waiting costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.modules.priorities.models import Figure, Pace, Source
from roadbed_engines.priority import delay
from roadbed_engines.priority.ranges import Range

KINDS = frozenset({"feature", "need"})
LARGEST = 1e12


@dataclass(frozen=True, slots=True)
class Said:
    """One figure to be kept."""

    record: Record
    name: str
    range: Range
    note: str = ""


def words(low: float, likely: float | None, high: float) -> str:
    """Return a range as people write it."""
    if low == high:
        return f"{low:g}"
    middle = f", likely {likely:g}" if likely is not None else ""
    return f"{low:g} to {high:g}{middle}"


def enqueue_rankings(workspace_id: int) -> None:
    """Let every lens of a workspace be ranked anew, once this is committed; those that nothing changed cost little."""
    jobs.enqueue_on_commit("priorities.rank_all", workspace_id=workspace_id, key="rank")


@transaction.atomic
def say_figures(*, said: Sequence[Said], actor: Actor, at: datetime, source: str = Source.PERSON) -> int:
    """Keep figures as the current ones; what they replace stays in the history. Return how many are new.

    Raises
    ------
    ValidationError
        If a record takes no figures, or a figure is out of all proportion.
    """
    fresh = 0
    for one in said:
        if one.record.kind not in KINDS or one.record.is_deleted:
            raise ValidationError(f"{one.record.key} takes no figures: features and needs do.")
        if not one.name.isidentifier() or len(one.name) > 40:
            raise ValidationError({"name": f"{one.name[:40]} is no name for a figure."})
        if max(abs(one.range.low), abs(one.range.high)) > LARGEST:
            raise ValidationError(f"{one.name}: this is out of all proportion.")
        rows = Figure.objects.select_for_update().filter(
            record_id=one.record.pk, name=one.name, is_current=True
        )
        before = rows.first()
        if before is not None:
            if (before.range, before.source, before.note) == (one.range, source, one.note):
                continue
            rows.update(is_current=False)
        Figure.objects.create(
            record_id=one.record.pk,
            name=one.name,
            low=one.range.low,
            likely=one.range.likely,
            high=one.range.high,
            confidence=one.range.confidence,
            source=source,
            note=one.note[:300],
            given_at=at,
            given_by_id=actor.user_id,
        )
        was = words(before.low, before.likely, before.high) if before else None
        now = words(one.range.low, one.range.likely, one.range.high)
        records.record_activity(
            record=one.record, actor=actor, verb="rated", at=at, changes={one.name: [was, now]}
        )
        fresh += 1
    if fresh:
        enqueue_rankings(said[0].record.workspace_id)
    return fresh


@transaction.atomic
def take_back_figure(*, record: Record, name: str, actor: Actor, at: datetime) -> bool:
    """Let a figure be current no more; evidence answers again, where it can."""
    rows = Figure.objects.select_for_update().filter(record_id=record.pk, name=name, is_current=True)
    before = rows.first()
    if before is None:
        return False
    rows.update(is_current=False)
    was = words(before.low, before.likely, before.high)
    records.record_activity(record=record, actor=actor, verb="rated", at=at, changes={name: [was, None]})
    enqueue_rankings(record.workspace_id)
    return True


@transaction.atomic
def set_pace(
    *, record: Record, profile: str, actor: Actor, at: datetime, due_date: date | None = None
) -> None:
    """Say how what waiting costs runs over time.

    Raises
    ------
    ValidationError
        If there is no such profile, or a fixed date has no day.
    """
    if profile not in delay.PROFILES:
        raise ValidationError({"profile": f"There is no profile {profile[:20]}."})
    if record.kind not in KINDS:
        raise ValidationError(f"{record.key} takes no profile of delay: features and needs do.")
    before = Pace.objects.filter(record_id=record.pk).first()
    pace = Pace(record_id=record.pk, profile=profile, due_date=due_date if profile == "fixed date" else None)
    pace.full_clean(exclude={"record"}, validate_unique=False)
    was = before.profile if before else "standard"
    if was == profile and (before.due_date if before else None) == pace.due_date:
        return
    pace.save()
    records.record_activity(
        record=record, actor=actor, verb="changed", at=at, changes={"profile of delay": [was, profile]}
    )
    enqueue_rankings(record.workspace_id)
