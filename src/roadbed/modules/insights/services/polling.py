"""Going and asking: when a source is due, and what a run left behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from roadbed.core.jobs import services as jobs
from roadbed.core.notify.services import notices
from roadbed.modules.insights.models import Source
from roadbed.modules.insights.services.items import storable

PAUSE_MOST = timedelta(days=1)
TELL_AFTER = 5
"""So many failures in a row, and the owners are told: one may be a hiccup."""
Told = Callable[[int, str], None]
"""Told how many pieces were looked at, and what is being done; it may raise to end the run."""


class FetchError(Exception):
    """A run failed; the message says why, in words for the source's page."""


class WaitError(Exception):
    """The other side asks us to come back later."""

    def __init__(self, reason: str, *, until: datetime) -> None:
        self.until = until
        super().__init__(reason)


@transaction.atomic
def enqueue_due(*, at: datetime) -> int:
    """Queue a run of every source that is due; return how many."""
    due = list(
        Source.objects.listening()
        .select_for_update()
        .filter(next_run_at__lte=at)
        .order_by("next_run_at")[:100]
    )
    for source in due:
        source.next_run_at = at + source.every
        source.save(update_fields=["next_run_at"])
        enqueue(source)
    return len(due)


def enqueue(source: Source) -> Any:
    """Queue a run of one source; several that wait are one."""
    return jobs.enqueue(
        "insights.fetch_source",
        workspace_id=source.workspace_id,
        key=f"source-{source.pk}",
        label=f"Look for news at {source.name}"[:160],
        source_id=source.pk,
    )


@transaction.atomic
def keep_cursor(*, source: Source, cursor: Mapping[str, Any]) -> None:
    """Remember how far a source was read, so that a run that is killed goes on there."""
    held: Source = Source.objects.select_for_update().get(pk=source.pk)
    held.cursor = {**held.cursor, **cursor}
    held.save(update_fields=["cursor"])
    source.cursor = held.cursor


@transaction.atomic
def note_good(*, source: Source, at: datetime) -> None:
    """Remember that a run went well."""
    held: Source = Source.objects.select_for_update().get(pk=source.pk)
    held.last_run_at, held.failures = at, 0
    held.next_run_at = at + held.every if held.is_on and held.is_pulled else None
    held.save(update_fields=["last_run_at", "failures", "next_run_at"])


@transaction.atomic
def note_failed(*, source: Source, reason: str, at: datetime) -> None:
    """Remember that a run failed; each further failure doubles the pause, up to a day."""
    held: Source = Source.objects.select_for_update().get(pk=source.pk)
    held.failures += 1
    held.last_error, held.last_error_at, held.last_run_at = storable(reason)[:400], at, at
    pause = min(held.every * 2 ** min(held.failures - 1, 12), PAUSE_MOST)
    held.next_run_at = at + pause if held.is_on and held.is_pulled else None
    held.save(update_fields=["failures", "last_error", "last_error_at", "last_run_at", "next_run_at"])
    if held.failures == TELL_AFTER:
        notices.tell_owners(
            workspace=held.workspace,
            text=f"Nothing comes in from {held.name} any more: {TELL_AFTER} looks in a row failed.",
            quote=held.last_error,
            path=f"insights/sources/{held.pk}/",
            at=at,
        )


@transaction.atomic
def note_wait(*, source: Source, reason: str, until: datetime, at: datetime) -> None:
    """Remember that we were asked to wait: no failure, but a later run."""
    held: Source = Source.objects.select_for_update().get(pk=source.pk)
    held.last_error, held.last_error_at, held.last_run_at = storable(reason)[:400], at, at
    held.next_run_at = max(until, at + timedelta(minutes=1)) if held.is_on and held.is_pulled else None
    held.save(update_fields=["last_error", "last_error_at", "last_run_at", "next_run_at"])
