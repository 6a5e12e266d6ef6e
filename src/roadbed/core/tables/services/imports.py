"""Take a file in, map its columns, and set an import going."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.files import services as files
from roadbed.core.jobs import services as jobs
from roadbed.core.tables import mapping as mappings
from roadbed.core.tables import targets
from roadbed.core.tables.models import Import
from roadbed.core.tables.reading import Layout, Row, open_table, probe
from roadbed.core.tables.understanding import Understanding
from roadbed.core.workspaces.models import Product, Workspace

SAMPLE = 200
NOT_A_NAME = re.compile(r"[^a-z]+")
State = Import.State


class NotNowError(ValueError):
    """The import is in a state in which this cannot be done."""


class AmbiguousDatesError(ValueError):
    """The dates of a column can be read with the day or the month first, and nothing in it decides."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self.columns = dict(columns)
        shown = ", ".join(f"“{name}” (such as {example})" for name, example in columns.items())
        super().__init__(
            f"Are the dates in {shown} day first or month first? Nothing in the file decides: choose the date order."
        )


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A row as it would be understood."""

    number: int
    cells: list[str]
    values: dict[str, Any]
    problem: str = ""


def source_from(name: str) -> str:
    """Return a name for where a file's ids come from, that next month's file of the same export has too.

    >>> source_from("thunderbird_questions_2025.csv"), source_from("export (3).csv"), source_from("2025.csv")
    ('thunderbird-questions', 'export', 'file')
    """
    return NOT_A_NAME.sub("-", Path(name).stem.lower()).strip("-")[:60] or "file"


def create_import(
    *,
    workspace: Workspace,
    target: str,
    name: str,
    chunks: Iterable[bytes],
    actor: Actor,
    at: datetime,
    product: Product | None = None,
    source: str = "",
    layout: Mapping[str, Any] | None = None,
    asked: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    preset: str = "",
) -> Import:
    """Store a file, find out how it is to be read, and guess which column is which.

    Parameters
    ----------
    layout : mapping, optional
        What is known of the file already: encoding, delimiter, sheet, header.
    asked : mapping, optional
        Header to field name, in place of the guess.
    preset : str, optional
        Whose export it is; found out by its headers otherwise.

    Raises
    ------
    UnreadableFileError, MappingError, UnknownPresetError, FileTooLargeError
        If it cannot be taken; nothing is kept of it then.
    """
    wanted = targets.get(target)
    named = wanted.preset(preset) if preset else None
    stored = files.store_file(workspace=workspace, name=name, chunks=chunks, actor=actor, at=at)
    path = files.path_of(stored)
    try:
        found = probe(path, stored.name, asked=dict(layout or {}))
        columns, sample = _sample(path, found)
        chosen = named or wanted.recognise(columns)
        guessed = mappings.guess(target=wanted, columns=columns, rows=sample, preset=chosen)
        if named is not None and not any(
            guessed[place] not in {"", mappings.KEEP} for place in range(len(columns))
        ):
            raise targets.UnknownPresetError(
                f"The file has none of the columns of {named.label}: {', '.join(list(named.columns)[:8])}."
            )
        fields = mappings.by_name(target=wanted, columns=columns, asked=asked or {}, guessed=guessed)
    except BaseException:
        stored.delete()
        path.unlink(missing_ok=True)
        raise
    return Import.objects.create(
        workspace=workspace,
        product=product,
        target=wanted.name,
        file=stored,
        file_name=stored.name,
        external_source=(source or (chosen.source if chosen else "") or source_from(stored.name))[:60],
        layout=found.plain(),
        columns=list(columns),
        mapping=fields,
        options={**dict(options or {}), **_walls(fields), **({"preset": chosen.name} if chosen else {})},
        created_by_id=actor.user_id,
        created_by_name=actor.name[:120],
        created_at=at,
    )


def _walls(fields: Sequence[str]) -> dict[str, bool]:
    """A file that names circles holds what others may not see, its rejected rows included."""
    return {"private": True} if "circle" in fields else {}


def _sample(path: Path, layout: Layout) -> tuple[tuple[str, ...], list[Row]]:
    table = open_table(path, layout)
    return table.columns, list(islice(table.rows(), SAMPLE))


def _draft(run: Import) -> Import:
    held = Import.objects.select_for_update().select_related("file", "workspace").get(pk=run.pk)
    if not held.is_draft:
        raise NotNowError(f"This import is {held.get_state_display().lower()}: it can no longer be changed.")
    return held


@transaction.atomic
def change_layout(*, run: Import, asked: Mapping[str, Any]) -> Import:
    """Read the file another way, and guess its columns anew."""
    held = _draft(run)
    path = files.path_of(held.file)
    kept = {name: value for name, value in held.layout.items() if name == "format"}
    found = probe(path, held.file_name, asked={**kept, **asked})
    columns, sample = _sample(path, found)
    held.layout = found.plain()
    if list(columns) != held.columns:
        held.columns = list(columns)
        wanted = targets.get(held.target)
        chosen = wanted.recognise(columns)
        held.mapping = mappings.guess(target=wanted, columns=columns, rows=sample, preset=chosen)
        held.options.pop("private", None)
        held.options.pop("preset", None)
        held.options |= {"preset": chosen.name} if chosen else {}
        held.options |= _walls(held.mapping)
    held.dry_run = None
    held.save(update_fields=["layout", "columns", "mapping", "options", "dry_run"])
    return held


@transaction.atomic
def change_mapping(
    *,
    run: Import,
    fields: Sequence[str],
    options: Mapping[str, Any] | None = None,
    source: str | None = None,
    product: Product | None = None,
) -> Import:
    """Say which column is which; it is checked when the import starts, so that it can be edited step by step."""
    held = _draft(run)
    if len(fields) != len(held.columns):
        raise mappings.MappingError(f"The file has {len(held.columns)} columns, the mapping {len(fields)}.")
    held.mapping = list(fields)
    held.product = product
    if options is not None:
        held.options = {**held.options, **options}
    held.options.pop("private", None)
    held.options |= _walls(fields)
    if source is not None:
        held.external_source = " ".join(source.split())[:60] or source_from(held.file_name)
    held.dry_run = None
    held.save(update_fields=["mapping", "product", "options", "external_source", "dry_run"])
    return held


def preview(*, run: Import, count: int = 8) -> list[PreviewRow]:
    """Return the first rows as they would be understood, with what is wrong with them."""
    understanding = Understanding(run)
    rows: list[PreviewRow] = []
    for row, parsed in islice(understanding.rows(), count):
        cells = [str(cell if cell is not None else "")[:200] for cell in row.cells]
        if isinstance(parsed, str):
            rows.append(PreviewRow(row.number, cells, {}, parsed))
        else:
            rows.append(PreviewRow(row.number, cells, parsed.values))
    return rows


@dataclass(frozen=True, slots=True)
class Settled:
    """A mapping that was checked against the whole file, and what the file's columns decided."""

    mapping: list[str]
    options: dict[str, Any]
    rows: int

    def put(self, run: Import) -> None:
        """Keep it with the import.

        Raises
        ------
        NotNowError
            If somebody changed the mapping meanwhile.
        """
        if run.mapping != self.mapping:
            raise NotNowError("Somebody changed the mapping meanwhile. Look at it again.")
        run.options = {**run.options, **self.options}
        run.rows_total = self.rows
        run.save(update_fields=["options", "rows_total"])


def settle(run: Import) -> Settled:
    """Check the mapping, count the rows, and let the columns decide how dates and numbers are written.

    It reads the whole file, so it is done before a transaction begins: other writers need not wait.

    Raises
    ------
    MappingError
        If the mapping cannot be used.
    AmbiguousDatesError
        If somebody has to say whether the day or the month comes first.
    """
    mappings.check(target=targets.get(run.target), columns=run.columns, fields=run.mapping)
    findings = Understanding(run).survey()
    if findings.open_dates and not run.options.get("date_order"):
        raise AmbiguousDatesError(findings.open_dates)
    return Settled(run.mapping, {"orders": findings.orders, "marks": findings.marks}, findings.rows)


def start_check(*, run: Import, actor: Actor) -> Import:
    """Queue a dry run: everything but the writing."""
    settled = settle(run) if run.is_draft else None
    with transaction.atomic():
        held = _draft(run)
        if settled is not None:
            settled.put(held)
        held.state = State.CHECKING
        held.dry_run = None
        held.is_cancel_requested = False
        held.save(update_fields=["state", "dry_run", "is_cancel_requested"])
        _enqueue("tables.check", held, actor, f"Check of {held.shown_name}")
    return held


def start_import(*, run: Import, actor: Actor, at: datetime, is_inline: bool = False) -> Import:
    """Queue the import, or go on with one that stopped. Rows that were written already are not written again.

    Parameters
    ----------
    is_inline : bool
        The caller runs it itself, by `run_import`.
    """
    settled = settle(run) if run.is_draft else None
    with transaction.atomic():
        held = Import.objects.select_for_update().select_related("file", "workspace").get(pk=run.pk)
        if held.is_draft and settled is not None:
            settled.put(held)
            held.started_at = at
        elif held.is_draft or not held.can_resume:
            raise NotNowError(f"This import is {held.get_state_display().lower()} and cannot be started.")
        held.state = State.QUEUED
        held.is_cancel_requested = False
        held.error = ""
        held.finished_at = None
        held.progress_at = at
        held.save(
            update_fields=[
                "state",
                "started_at",
                "is_cancel_requested",
                "error",
                "finished_at",
                "progress_at",
            ]
        )
        if not is_inline:
            _enqueue("tables.import", held, actor, f"Import of {held.shown_name}")
    return held


@transaction.atomic
def cancel_import(*, run: Import) -> Import:
    """Ask a running import to stop after its batch. What was written stays, and can be undone."""
    held = Import.objects.select_for_update().get(pk=run.pk)
    if not held.is_active or held.state == State.UNDOING:
        raise NotNowError(f"This import is {held.get_state_display().lower()}: there is nothing to stop.")
    held.is_cancel_requested = True
    if held.state == State.QUEUED:
        held.state = State.CANCELLED if held.started_at and held.rows_done else State.DRAFT
    held.save(update_fields=["is_cancel_requested", "state"])
    return held


@transaction.atomic
def start_undo(*, run: Import, actor: Actor, is_inline: bool = False) -> Import:
    """Queue the undoing of everything that the import made and changed."""
    held = Import.objects.select_for_update().get(pk=run.pk)
    if not held.can_undo and held.state != State.UNDOING:
        raise NotNowError(f"This import is {held.get_state_display().lower()}: there is nothing to undo.")
    held.state = State.UNDOING
    held.save(update_fields=["state"])
    if not is_inline:
        _enqueue("tables.undo", held, actor, f"Undoing of {held.shown_name}")
    return held


def _enqueue(task: str, run: Import, actor: Actor, label: str) -> None:
    job = jobs.enqueue(
        task, workspace_id=run.workspace_id, actor=actor, label=label[:120], import_id=run.pk, name=actor.name
    )
    run.job_id = job.pk
    run.save(update_fields=["job_id"])
