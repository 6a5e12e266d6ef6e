"""A run: in, then out, with everything that can interrupt it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction

from roadbed.core.jobs import services as jobs
from roadbed.modules.trackers.models import Binding, Connection, Run
from roadbed.modules.trackers.services import connectors, runs
from roadbed.modules.trackers.services.connectors.base import Connector, Gone, TrackerError, WaitError
from roadbed.modules.trackers.services.pulling import Puller
from roadbed.modules.trackers.services.pushing import Pusher
from roadbed.modules.trackers.services.runs import Log

Now = Callable[[], datetime]


@contextmanager
def _opened(*, connection: Connection, kind: Run.Kind, now: Now, who: str, whole: bool) -> Any:
    """Hold the connection, open a run, and write down how it ended."""
    is_dry = kind == Run.Kind.DRY
    if not is_dry:
        runs.take_hold(connection=connection, who=who, at=now())
    run = runs.begin(connection=connection, kind=kind, at=now())
    log = Log(run=run, now=now, most=runs.DRY_ENTRIES_MOST if is_dry else runs.ENTRIES_MOST)
    try:
        yield log
    except WaitError as error:
        runs.end(run=run, outcome=Run.Outcome.WAITS, at=now(), error=str(error))
        if not is_dry:
            runs.note_wait(connection=connection, until=error.until, at=now())
        raise
    except TrackerError as error:
        runs.end(run=run, outcome=Run.Outcome.FAILED, at=now(), error=str(error))
        if not is_dry:
            runs.note_failed(connection=connection, reason=str(error), at=now())
        raise
    except Exception as error:
        reason = f"Something went wrong here: {type(error).__name__}: {error}"
        runs.end(run=run, outcome=Run.Outcome.FAILED, at=now(), error=reason)
        if not is_dry:
            runs.note_failed(connection=connection, reason=reason, at=now())
        raise
    else:
        runs.end(run=run, outcome=Run.Outcome.GOOD, at=now())
        if not is_dry:
            runs.note_good(connection=connection, at=now(), whole=whole)
    finally:
        if not is_dry:
            runs.let_go(connection=connection, who=who)


def _hands(
    *, connection: Connection, log: Log, now: Now, told: runs.Told, who: str, connector: Connector | None
) -> tuple[Puller, Pusher]:
    speaks = connector or connectors.connect(connection, now=now)
    puller = Puller(connection=connection, connector=speaks, log=log, told=told, who=who)
    return puller, Pusher(connection=connection, connector=speaks, puller=puller, log=log, told=told, who=who)


def sync(
    *,
    connection: Connection,
    now: Now,
    told: runs.Told,
    who: str,
    is_dry: bool = False,
    connector: Connector | None = None,
) -> Run:
    """Look at everything that changed on either side; a dry run says what would be done, and does nothing.

    Raises
    ------
    BusyError
        If another run works on the connection.
    WaitError
        If the tracker asks us to come back later; what was read until then is kept.
    TrackerError
        If it refuses, or does not answer.
    """
    kind = Run.Kind.DRY if is_dry else Run.Kind.LOOK
    with _opened(connection=connection, kind=kind, now=now, who=who, whole=True) as log:
        puller, pusher = _hands(
            connection=connection, log=log, now=now, told=told, who=who, connector=connector
        )
        puller.everything()
        pusher.everything()
    found: Run = log.run
    return found


def push(
    *, connection: Connection, now: Now, told: runs.Told, who: str, connector: Connector | None = None
) -> Run:
    """Bring out what changed here, without reading everything there. Raises as `sync`."""
    with _opened(connection=connection, kind=Run.Kind.HOOK, now=now, who=who, whole=False) as log:
        _, pusher = _hands(connection=connection, log=log, now=now, told=told, who=who, connector=connector)
        pusher.everything()
    found: Run = log.run
    return found


def follow(
    *,
    connection: Connection,
    ids: Sequence[str],
    gone: Sequence[tuple[str, str]],
    now: Now,
    told: runs.Told,
    who: str,
    connector: Connector | None = None,
) -> Run:
    """Look at the issues that a webhook told of, as they are now: an old call can do no harm. Raises as `sync`."""
    with _opened(connection=connection, kind=Run.Kind.HOOK, now=now, who=who, whole=False) as log:
        puller, _ = _hands(connection=connection, log=log, now=now, told=told, who=who, connector=connector)
        lost = [Gone(id, moved_to=place) for id, place in gone]
        issues = []
        for id in ids:
            found = puller.connector.get(id)
            if isinstance(found, Gone):
                lost.append(found)
            else:
                issues.append(found)
        puller.take_page(issues, cursor=None)
        for each in lost:
            binding = Binding.objects.filter(
                connection=connection, external_id=each.id, state=Binding.State.LIVE
            ).first()
            if binding is not None:
                puller.lose(each, binding)
    run: Run = log.run
    return run


def make(
    *,
    connection: Connection,
    record_id: int,
    now: Now,
    told: runs.Told,
    who: str,
    connector: Connector | None = None,
) -> Run:
    """Make an issue of one feature that somebody asked for. Raises as `sync`."""
    with _opened(connection=connection, kind=Run.Kind.HOOK, now=now, who=who, whole=False) as log:
        _, pusher = _hands(connection=connection, log=log, now=now, told=told, who=who, connector=connector)
        pusher.make_one(record_id)
    found: Run = log.run
    return found


# When


@transaction.atomic
def enqueue_due(*, at: datetime) -> int:
    """Queue a look at every connection that is due; return how many."""
    due = list(
        Connection.objects.running()
        .select_for_update(of=("self",))
        .filter(next_run_at__lte=at)
        .order_by("next_run_at")[:100]
    )
    for connection in due:
        connection.next_run_at = at + connection.every
        connection.save(update_fields=["next_run_at"])
        enqueue(connection)
    return len(due)


def enqueue(connection: Connection, *, is_dry: bool = False) -> Any:
    """Queue a look at one connection; several that wait are one."""
    what = "See what would be done with" if is_dry else "Keep in step with"
    return jobs.enqueue(
        "trackers.dry_run" if is_dry else "trackers.look",
        workspace_id=connection.workspace_id,
        key=f"connection-{connection.pk}",
        label=f"{what} {connection.name}"[:160],
        connection_id=connection.pk,
    )
