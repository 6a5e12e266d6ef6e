"""Run an import batch by batch: each batch's rows and the note of how far it got are one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import bulk, upkeep
from roadbed.core.records import services as records
from roadbed.core.tables.models import Import, ImportBatch, ImportChange, ImportReject
from roadbed.core.tables.reading import Row, UnreadableFileError
from roadbed.core.tables.targets import Outcome, ParsedRow, Run
from roadbed.core.tables.understanding import Understanding, shown
from roadbed.core.workspaces.models import Circle

STATISTICS_FROM = 2_000
"""From this many rows on, the query planner is told that the tables have grown."""
BATCH = 1000
ATTEMPTS = 3
SHOWN_REJECTS = 100
State = Import.State
Pair = tuple[Row, ParsedRow | str]
Clock = Callable[[], datetime]
Told = Callable[[int, int], None]


class _StopError(Exception):
    """Somebody else runs this import, or asked it to stop."""


def _batches(pairs: Iterator[Pair], size: int) -> Iterator[list[Pair]]:
    batch: list[Pair] = []
    for pair in pairs:
        batch.append(pair)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def ranges(ids: Sequence[int]) -> list[list[int]]:
    """Return ids as ranges, first and last included.

    >>> ranges([4, 5, 6, 9])
    [[4, 6], [9, 9]]
    """
    found: list[list[int]] = []
    for each in sorted(ids):
        if found and each == found[-1][1] + 1:
            found[-1][1] = each
        else:
            found.append([each, each])
    return found


def hold_workspace(workspace_id: int) -> None:
    """Let one import at a time write into a workspace; released with the transaction."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [0x1A7_0AD, workspace_id % 2**31])


def _context(
    run: Import, understanding: Understanding, actor: Actor, at: datetime, *, is_dry: bool = False
) -> Run:
    return Run(
        workspace_id=run.workspace_id,
        product_id=run.product_id,
        actor=actor,
        at=at,
        started_at=run.created_at,
        source=run.external_source,
        currency=run.workspace.currency,
        mapped=understanding.mapped,
        is_dry=is_dry,
        circles=dict(
            Circle.objects.filter(
                workspace_id=run.workspace_id,
                members__user_id=actor.user_id,
                members__removed_at__isnull=True,
            ).values_list("pk", "name")
        )
        if actor.user_id is not None
        else {},
    )


def _write(
    understanding: Understanding, context: Run, batch: Sequence[Pair]
) -> tuple[Outcome, list[tuple[Row, str]]]:
    """Let the target write what was understood, and gather what was not."""
    sound = [(row, parsed) for row, parsed in batch if isinstance(parsed, ParsedRow)]
    rejects = [(row, parsed) for row, parsed in batch if isinstance(parsed, str)]
    outcome = understanding.target.write(context, [parsed for _, parsed in sound])
    for index, reason in outcome.rejects:
        row = sound[index][0]
        rejects.append((row, f"{understanding.name(row.number)}{reason}"))
    return outcome, rejects


def _settle_counts(
    understanding: Understanding, outcome: Outcome, rejected: int, size: int
) -> dict[str, int]:
    kind = understanding.target.kind
    created, changed = len(outcome.created.get(kind, [])), len(outcome.changed.get(kind, []))
    rejected -= outcome.partly
    return {
        "created": created,
        "changed": changed,
        "unchanged": size - created - changed - rejected,
        "rejected": rejected,
    }


def run_import(
    *, run: Import, actor: Actor, now: Clock, told: Told | None = None, batch_size: int = BATCH
) -> Import:
    """Import what is left of the file. Ends as done, stopped or failed; run again, it goes on where it was.

    Parameters
    ----------
    told : callable, optional
        Called as ``told(done, total)`` after each batch was committed; what it raises ends the run between batches.
    """
    if not Import.objects.filter(pk=run.pk, state__in=[State.QUEUED, State.RUNNING]).update(
        state=State.RUNNING, progress_at=now()
    ):
        return Import.objects.get(pk=run.pk)
    run = Import.objects.select_related("file", "workspace").get(pk=run.pk)
    try:
        understanding = Understanding(run)
        context = _context(run, understanding, actor, now())
        done = run.rows_done
        for batch in _batches(understanding.rows(skip=done), batch_size):
            _commit(run, understanding, context, batch, done, now)
            done += len(batch)
            if told is not None:
                told(done, run.rows_total or done)
        _finish(run, done, now())
    except _StopError:
        pass
    except (UnreadableFileError, ValueError, OSError) as error:
        Import.objects.filter(pk=run.pk, state=State.RUNNING).update(
            state=State.FAILED, error=str(error)[:2000], finished_at=now()
        )
        if not isinstance(error, UnreadableFileError):
            raise
    return Import.objects.select_related("file", "workspace").get(pk=run.pk)


def _commit(
    run: Import, understanding: Understanding, context: Run, batch: list[Pair], done: int, now: Clock
) -> None:
    """Write a batch and the note of it; where somebody else wrote in between, look again and write anew."""
    for attempt in range(1, ATTEMPTS + 1):
        context.at = now()
        try:
            with transaction.atomic():
                hold_workspace(run.workspace_id)
                held = Import.objects.select_for_update().get(pk=run.pk)
                if held.state != State.RUNNING or held.rows_done != done:
                    raise _StopError
                if not held.is_cancel_requested:
                    _commit_held(held, understanding, context, batch)
        except (IntegrityError, OperationalError):
            # What was looked up may be out of date, and what was made is rolled back.
            context.memory.clear()
            if attempt == ATTEMPTS:
                raise
            continue
        break
    if held.is_cancel_requested:
        Import.objects.filter(pk=run.pk, state=State.RUNNING).update(state=State.CANCELLED, finished_at=now())
        raise _StopError


def _kept_cells(held: Import, understanding: Understanding, row: Row) -> list[str]:
    """Return the cells of a rejected row as they may be kept."""
    cells, clean = shown(row.cells), understanding.target.clean
    return [clean(workspace_id=held.workspace_id, text=cell) for cell in cells] if clean else cells


def _commit_held(held: Import, understanding: Understanding, context: Run, batch: list[Pair]) -> None:
    outcome, rejects = _write(understanding, context, batch)
    counts = _settle_counts(understanding, outcome, len(rejects), len(batch))
    made = {
        kind: len(ids) for kind, ids in outcome.created.items() if kind != understanding.target.kind and ids
    }
    note = ImportBatch.objects.create(
        run=held,
        number=held.batches.count() + 1,
        rows=len(batch),
        created={kind: ranges(ids) for kind, ids in outcome.created.items() if ids},
        others=ranges(outcome.others),
        written_at=context.at,
    )
    bulk.insert(
        ImportChange,
        ["batch_id", "record_id", "kind", "before"],
        [
            (note.pk, each.record_id, kind, dict(each.before))
            for kind, all_ in outcome.changed.items()
            for each in all_
        ],
    )
    bulk.insert(
        ImportReject,
        ["run_id", "row", "reason", "cells"],
        [(held.pk, row.number, reason, _kept_cells(held, understanding, row)) for row, reason in rejects],
    )
    if understanding.target.follow is not None:
        touched = {kind: [each.record_id for each in all_] for kind, all_ in outcome.changed.items()}
        understanding.target.follow(held.workspace_id, outcome.created, touched, context.at)
    held.made_along = {
        kind: held.made_along.get(kind, 0) + made.get(kind, 0) for kind in {*held.made_along, *made}
    }
    Import.objects.filter(pk=held.pk).update(
        rows_done=F("rows_done") + len(batch),
        created_count=F("created_count") + counts["created"],
        changed_count=F("changed_count") + counts["changed"],
        unchanged_count=F("unchanged_count") + counts["unchanged"],
        rejected_count=F("rejected_count") + counts["rejected"],
        made_along=held.made_along,
        progress_at=context.at,
    )
    facts = {"import": held.pk, "file": held.shown_name, "target": held.target, "rows": len(batch), **counts}
    records.record_activity(
        workspace_id=held.workspace_id, actor=context.actor, verb="imported", at=context.at, changes=facts
    )


def _finish(run: Import, done: int, at: datetime) -> None:
    # A file that lost rows since it was counted would end early: the count follows what was read.
    Import.objects.filter(pk=run.pk, state=State.RUNNING, rows_done=done).update(
        state=State.DONE, finished_at=at, progress_at=at, rows_total=done
    )
    if done >= STATISTICS_FROM:
        upkeep.refresh_statistics()


def check_import(*, run: Import, actor: Actor, now: Clock, told: Told | None = None) -> dict[str, Any]:
    """Go through the whole file without writing, and return what an import would do."""
    run = Import.objects.select_related("file", "workspace").get(pk=run.pk)
    understanding = Understanding(run)
    context = _context(run, understanding, actor, now(), is_dry=True)
    total = {"created": 0, "changed": 0, "unchanged": 0, "rejected": 0}
    made: dict[str, int] = {}
    rejected: list[dict[str, Any]] = []
    done = 0
    for batch in _batches(understanding.rows(), BATCH):
        outcome, rejects = _write(understanding, context, batch)
        for name, count in _settle_counts(understanding, outcome, len(rejects), len(batch)).items():
            total[name] += count
        for kind, ids in outcome.created.items():
            if kind != understanding.target.kind:
                made[kind] = made.get(kind, 0) + len(ids)
        room = SHOWN_REJECTS - len(rejected)
        rejected += [{"row": row.number, "reason": reason} for row, reason in rejects[:room]]
        done += len(batch)
        if told is not None:
            told(done, run.rows_total or done)
        if Import.objects.filter(pk=run.pk, is_cancel_requested=True).exists():
            break
    return {**total, "rows": done, "made_along": made, "rejects": rejected, "at": now().isoformat()}
