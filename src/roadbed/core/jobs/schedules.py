"""Queueing recurring tasks: each slot once, however many workers look."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from roadbed.core.jobs import queue, registry
from roadbed.core.jobs.models import ScheduleState


def enqueue_due(*, now: datetime) -> int:
    """Queue every recurring task whose slot has begun and was not queued yet; return how many."""
    zone = ZoneInfo(settings.TIME_ZONE)
    known = dict(ScheduleState.objects.values_list("name", "slot_at"))
    count = 0
    for schedule in registry.schedules():
        slot = schedule.slot(now=now, zone=zone)
        if schedule.name in known and known[schedule.name] >= slot:
            continue
        count += _take_slot(schedule=schedule, slot=slot)
    return count


@transaction.atomic
def _take_slot(*, schedule: registry.Schedule, slot: datetime) -> int:
    state, is_new = ScheduleState.objects.select_for_update().get_or_create(
        name=schedule.name, defaults={"slot_at": slot}
    )
    if is_new and schedule.at is not None:
        return 0  # a task of the night does not run at the first start, in the middle of a day
    if not is_new and state.slot_at >= slot:
        return 0
    state.slot_at = slot
    state.save(update_fields=["slot_at"])
    queue.enqueue(schedule.name, key="schedule")
    return 1
