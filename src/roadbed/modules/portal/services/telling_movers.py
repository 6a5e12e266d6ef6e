"""What was told follows merges: of the record it was told of, and of the people who were told."""

from __future__ import annotations

from typing import Any

from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.modules.portal.models import Letter, Telling


def _move(merged: Record, survivor: Record) -> Any:
    tellings = list(Telling.objects.filter(record_id=merged.pk).values_list("pk", flat=True))
    Telling.objects.filter(pk__in=tellings).update(record_id=survivor.pk)
    have = set(Letter.objects.filter(person_id=survivor.pk).values_list("telling_id", flat=True))
    letters = Letter.objects.filter(person_id=merged.pk).exclude(telling_id__in=have)
    moved = list(letters.values_list("pk", flat=True))
    Letter.objects.filter(pk__in=moved).update(person_id=survivor.pk)
    return {"tellings": tellings, "letters": moved}


def _move_back(merged: Record, survivor: Record, trail: Any) -> None:
    Telling.objects.filter(pk__in=trail["tellings"]).update(record_id=merged.pk)
    Letter.objects.filter(pk__in=trail["letters"]).update(person_id=merged.pk)


def register() -> None:
    """Let tellings and letters follow merges."""
    records.register_mover(records.Mover("portal.tellings", _move, _move_back))
