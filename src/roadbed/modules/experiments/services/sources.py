"""Making data sources: the workspace's own events, files, and warehouses that are only read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from roadbed.analytics.sources.places import Relation, SourceError
from roadbed.core.accounts import sealed
from roadbed.core.accounts.actors import Actor
from roadbed.core.files import services as files
from roadbed.core.records.services import record_activity
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.experiments.models import (
    DataFile,
    DataSource,
    ExposureSource,
    FactSource,
    Place,
)
from roadbed.modules.experiments.services import mapping, places

SETTINGS = {
    Place.EVENTS: (),
    Place.FILES: ("folder",),
    Place.POSTGRES: ("host", "port", "database", "user", "schema", "ssl"),
}
SSL = ("disable", "prefer", "require", "verify-full")
MOST = 30
OWN = "events"
"""The key of what every workspace has from the start: its own events."""


@transaction.atomic
def ensure_sources(*, workspace: Workspace, at: datetime) -> DataSource:
    """Return the data source of the workspace's own events, with its exposures and facts mapped."""
    found = DataSource.objects.filter(workspace=workspace, kind=Place.EVENTS).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            source = DataSource.objects.create(
                workspace=workspace, kind=Place.EVENTS, key=OWN, name="Events sent to Roadbed",
                created_at=at, changed_at=at,
            )  # fmt: skip
    except IntegrityError:  # somebody else made it in this moment
        return DataSource.objects.get(workspace=workspace, kind=Place.EVENTS)
    ExposureSource.objects.create(
        workspace=workspace, data_source=source, key="exposures", name="Exposures sent to Roadbed", table="exposures",
        unit="unit", variant="variant", at="time", experiment="flag", dimensions=["environment"], changed_at=at,
    )  # fmt: skip
    FactSource.objects.create(
        workspace=workspace, data_source=source, key=OWN, name="Events sent to Roadbed", table="events",
        unit="unit", at="time", values=["value"], filters=["name", "environment", "unit_type"], changed_at=at,
    )  # fmt: skip
    return source


def own_data_source() -> DataSource:
    """Return the workspace's own events as a choice, before anything was mapped and so kept."""
    return DataSource(kind=Place.EVENTS, key=OWN, name="Events sent to Roadbed")


def own_fact_source() -> FactSource:
    """Return the facts of the workspace's own events as a choice, as above."""
    return FactSource(key=OWN, name="Events sent to Roadbed")


def _settings(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name in SETTINGS[Place(kind)]:
        value = str(given.get(name) or "").strip()
        if "\x00" in value or len(value) > 300:
            raise ValidationError({name: "This is no short text."})
        if value:
            kept[name] = value
    if kind == Place.FILES and "folder" in kept:
        try:
            places.allowed_folder(kept["folder"])
        except SourceError as error:
            raise ValidationError({"folder": str(error)}) from error
    if kind == Place.POSTGRES:
        _check_postgres(kept)
    return kept


def _check_postgres(kept: dict[str, Any]) -> None:
    for name in ("host", "database", "user"):
        if name not in kept:
            raise ValidationError({name: "This is wanted."})
    port = kept.get("port", "5432")
    if not (port.isascii() and port.isdecimal() and 0 < int(port[:6]) < 65_536):
        raise ValidationError({"port": "A port is a number from 1 to 65535."})
    if kept.get("ssl", "prefer") not in SSL:
        raise ValidationError({"ssl": f"One of {', '.join(SSL)} is wanted."})
    try:
        places.reach(kept["host"], int(port))
    except SourceError as error:
        raise ValidationError({"host": str(error)}) from error


@transaction.atomic
def create_data_source(
    *,
    workspace: Workspace,
    kind: str,
    key: str,
    name: str,
    settings: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    password: str = "",
) -> DataSource:
    """Add a place to read from. Its password is sealed.

    Raises
    ------
    ValidationError
        If a setting cannot be used: a folder that is not opened, a host that must not be reached.
    """
    if kind not in {Place.FILES, Place.POSTGRES}:
        raise ValidationError({"kind": "Files or PostgreSQL can be added; events are there from the start."})
    ensure_sources(workspace=workspace, at=at)
    if DataSource.objects.filter(workspace=workspace, removed_at__isnull=True).count() >= MOST:
        raise ValidationError(f"{MOST} data sources are the most.")
    source = DataSource(
        workspace=workspace,
        kind=kind,
        key=key.strip(),
        name=" ".join(name.split()),
        settings=_settings(kind, settings),
        sealed=sealed.seal({"password": password}) if kind == Place.POSTGRES else "",
        created_at=at,
        created_by_id=actor.user_id,
        changed_at=at,
    )
    source.full_clean()
    source.save()
    _note(source, verb="added data source", actor=actor, at=at)
    return source


@transaction.atomic
def change_data_source(
    *,
    source: DataSource,
    actor: Actor,
    at: datetime,
    name: str | None = None,
    settings: Mapping[str, Any] | None = None,
    password: str = "",
) -> DataSource:
    """Change where a source leads; what is not given stays, and so does a password that is given empty.

    Raises
    ------
    ValidationError
        If a setting cannot be used, or the host changes and the password is not typed in again: it would be sent there.
    """
    held = DataSource.objects.select_for_update().get(pk=source.pk)
    if settings is not None:
        kept = _settings(held.kind, {**held.settings, **settings})
        moved = any(kept.get(name) != held.settings.get(name) for name in ("host", "port", "user"))
        if held.sealed and moved and not password:
            raise ValidationError({"password": "It leads elsewhere now: type the password in again."})
        held.settings = kept
    if password and held.kind == Place.POSTGRES:
        held.sealed = sealed.seal({"password": password})
    if name is not None:
        held.name = " ".join(name.split())
    held.changed_at = at
    held.full_clean()
    held.save()
    _note(held, verb="changed data source", actor=actor, at=at)
    return held


@transaction.atomic
def remove_data_source(*, source: DataSource, actor: Actor, at: datetime) -> None:
    """Take a place away; its password is forgotten, and what was mapped over it goes with it.

    Raises
    ------
    ValidationError
        If it is the workspace's own events, or a metric still reads it.
    """
    if source.kind == Place.EVENTS:
        raise ValidationError("The workspace’s own events stay.")
    for each in FactSource.objects.in_workspace(source.workspace_id).filter(data_source=source):
        mapping.refuse_used(each)
    source.sealed, source.removed_at, source.changed_at = "", at, at
    source.save(update_fields=["sealed", "removed_at", "changed_at"])
    _note(source, verb="removed data source", actor=actor, at=at)


def _note(source: DataSource, *, verb: str, actor: Actor, at: datetime) -> None:
    record_activity(
        workspace_id=source.workspace_id,
        actor=actor,
        verb=verb,
        at=at,
        changes={"source": source.key, "kind": source.kind, **source.settings},
    )


@transaction.atomic
def add_file(
    *, source: DataSource, name: str, chunks: Iterable[bytes], actor: Actor, at: datetime
) -> DataFile:
    """Keep a file; it is a table of the source under its own name, and takes the place of an older one of that name.

    Raises
    ------
    ValidationError
        If the source takes no files, or it cannot be read as a table.
    FileTooLargeError
        If it is larger than the installation takes.
    """
    from roadbed.analytics.sources import trying

    if source.kind != Place.FILES:
        raise ValidationError("Files are added to a source of files.")
    if not name.casefold().endswith(tuple(places.SUFFIXES)):
        raise ValidationError({"file": "Parquet, CSV and TSV can be read."})
    stored = files.store_file(workspace=source.workspace, name=name, chunks=chunks, actor=actor, at=at)
    table = places.table_name(stored.name)
    made, _ = DataFile.objects.update_or_create(
        source=source, table=table, defaults={"file": stored, "added_at": at}
    )
    try:
        trying.attempt(Relation(places.place_of(source), table=table))
    except SourceError as error:
        raise ValidationError({"file": str(error)}) from error
    _note(source, verb=f"added file {table}", actor=actor, at=at)
    return made
