"""What a run does is written down, deed by deed; one run at a time works on a connection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from roadbed.core.notify.services import notices
from roadbed.modules.trackers.models import Binding, Connection, Entry, Run
from roadbed.modules.trackers.services.connectors.base import Issue

LEASE = timedelta(minutes=2)
"""How long a run may be silent before another takes over: more than the longest call."""
PAUSE_MOST = timedelta(days=1)
TELL_AFTER = 5
KEPT = timedelta(days=90)
ENTRIES_MOST = 2_000
"""Deeds that are written down of one run; all are counted."""
DRY_ENTRIES_MOST = 500
Told = Callable[[int, str], None]
Deed = Entry.Deed


class BusyError(Exception):
    """Another run works on the connection."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        super().__init__(f"Another run works on it; it must say something by {until:%H:%M:%S} UTC.")


def shown(value: Any) -> str:
    """Return a value as a log shows it."""
    if value is None or value == "":
        return ""
    if isinstance(value, (list, tuple)):
        return ", ".join(str(each) for each in value)[:300]
    return str(value)[:300]


@dataclass
class Log:
    """The deeds of a run, written with the page that they belong to."""

    run: Run
    now: Callable[[], datetime]
    most: int = ENTRIES_MOST
    counts: Counter[str] = field(default_factory=Counter)
    _waiting: list[Entry] = field(default_factory=list)
    _written: int = 0

    @property
    def is_dry(self) -> bool:
        """Whether nothing is to be done, but said."""
        return self.run.kind == Run.Kind.DRY

    def note(
        self,
        deed: Deed,
        *,
        issue: Issue | None = None,
        binding: Binding | None = None,
        record_id: int | None = None,
        name: str = "",
        before: Any = "",
        after: Any = "",
        note: str = "",
    ) -> None:
        """Write down a deed."""
        self.counts[deed.value] += 1
        if self._written + len(self._waiting) >= self.most:
            return
        bound = binding if binding is not None and binding.pk else None
        self._waiting.append(
            Entry(
                run=self.run,
                at=self.now(),
                deed=deed,
                binding=bound,
                record_id=record_id if record_id is not None else (binding.record_id if binding else None),
                key=issue.key if issue else (binding.key if binding else ""),
                url=(issue.url if issue else (binding.url if binding else ""))[:500],
                field=name,
                before=shown(before),
                after=shown(after),
                note=note[:400],
            )
        )

    def write(self) -> None:
        """Write what has gathered, within the caller's transaction."""
        Entry.objects.bulk_create(self._waiting)
        self._written += len(self._waiting)
        self._waiting = []
        self.run.counts = dict(self.counts)
        Run.objects.filter(pk=self.run.pk).update(issues=self.run.issues, counts=dict(self.counts))

    def forget(self) -> None:
        """Let go of what has gathered: its page was rolled back."""
        self._waiting = []


@transaction.atomic
def take_hold(*, connection: Connection, who: str, at: datetime) -> None:
    """Make sure that only this run works on the connection.

    Raises
    ------
    BusyError
        If another one does.
    """
    free = Q(busy_until__isnull=True) | Q(busy_until__lt=at) | Q(busy_by=who)
    changed = Connection.objects.filter(free, pk=connection.pk).update(busy_by=who, busy_until=at + LEASE)
    if not changed:
        until = Connection.objects.values_list("busy_until", flat=True).get(pk=connection.pk)
        raise BusyError(until or at)


def let_go(*, connection: Connection, who: str) -> None:
    """Let the next run work on the connection."""
    Connection.objects.filter(pk=connection.pk, busy_by=who).update(busy_by="", busy_until=None)


@transaction.atomic
def begin(*, connection: Connection, kind: Run.Kind, at: datetime) -> Run:
    """Open a run. One that was left open by a killed process is closed."""
    Run.objects.filter(connection=connection, outcome=Run.Outcome.RUNNING).exclude(kind=Run.Kind.DRY).update(
        outcome=Run.Outcome.FAILED,
        ended_at=at,
        error="It was interrupted; the next run went on where it was.",
    )
    return Run.objects.create(connection=connection, kind=kind, began_at=at)


@transaction.atomic
def end(*, run: Run, outcome: Run.Outcome, at: datetime, error: str = "") -> None:
    """Close a run."""
    run.outcome, run.ended_at, run.error = outcome, at, error[:400]
    run.save(update_fields=["outcome", "ended_at", "error", "issues"])


@transaction.atomic
def note_good(*, connection: Connection, at: datetime, whole: bool) -> None:
    """Remember that a run went well."""
    held: Connection = Connection.objects.select_for_update().get(pk=connection.pk)
    held.last_run_at = held.last_good_at = at
    held.failures, held.last_error, held.waits_until = 0, "", None
    if whole:
        held.next_run_at = at + held.every if held.is_on else None
    held.save(
        update_fields=["last_run_at", "last_good_at", "failures", "last_error", "waits_until", "next_run_at"]
    )


@transaction.atomic
def note_failed(*, connection: Connection, reason: str, at: datetime) -> None:
    """Remember that a run failed; each further failure doubles the pause, up to a day."""
    held: Connection = Connection.objects.select_for_update().get(pk=connection.pk)
    held.failures += 1
    held.last_error, held.last_error_at, held.last_run_at = reason[:400], at, at
    pause = min(held.every * 2 ** min(held.failures - 1, 12), PAUSE_MOST)
    held.next_run_at = at + pause if held.is_on else None
    held.save(update_fields=["failures", "last_error", "last_error_at", "last_run_at", "next_run_at"])
    if held.failures == TELL_AFTER:
        notices.tell_owners(
            workspace=held.workspace,
            text=f"{held.name} is no longer kept in step: {TELL_AFTER} looks in a row failed.",
            quote=held.last_error,
            path=f"trackers/{held.pk}/",
            at=at,
        )


@transaction.atomic
def note_wait(*, connection: Connection, until: datetime, at: datetime) -> None:
    """Remember that we were asked to wait: no failure, but a later run, which goes on where this one was."""
    held: Connection = Connection.objects.select_for_update().get(pk=connection.pk)
    held.last_run_at, held.waits_until = at, until
    held.next_run_at = max(until, at + timedelta(seconds=5)) if held.is_on else None
    held.save(update_fields=["last_run_at", "waits_until", "next_run_at"])


def prune(*, at: datetime) -> int:
    """Delete runs of long ago, a batch at a time; return how many went."""
    old = list(Run.objects.filter(began_at__lt=at - KEPT).order_by("pk").values_list("pk", flat=True)[:200])
    Run.objects.filter(pk__in=old).delete()
    return len(old)
