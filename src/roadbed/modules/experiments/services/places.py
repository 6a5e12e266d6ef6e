"""From rows of the database to places, exposures and facts that the analysis can open."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from roadbed.analytics.sources import places
from roadbed.analytics.sources.places import SourceError
from roadbed.core import net
from roadbed.modules.experiments import selectors
from roadbed.modules.experiments.models import DataSource, ExposureSource, FactSource, Place

SUFFIXES = {".parquet", ".pq", ".csv", ".tsv"}
MOST_FILES = 500


def events_folder(workspace_id: int) -> Path:
    """Return where a workspace's events lie."""
    return Path(settings.ROADBED_DATA) / "events" / str(workspace_id)


def allowed_folder(text: str) -> Path:
    """Return a folder that the operator opened, or one below it.

    Raises
    ------
    SourceError
        If it is not there, or not opened (``ROADBED_DATA_FOLDERS``).
    """
    roots = [Path(root).expanduser().resolve() for root in settings.ROADBED_DATA_FOLDERS]
    asked = Path(text)
    if not asked.is_absolute():
        raise SourceError("A folder is named from the root on, such as /srv/exports.")
    folder = asked.resolve()
    if not any(folder == root or root in folder.parents for root in roots):
        raise SourceError(
            f"{text} is not among the folders that the operator opened for data (ROADBED_DATA_FOLDERS)."
        )
    if not folder.is_dir():
        raise SourceError(f"There is no folder {text}.")
    return folder


def table_name(name: str) -> str:
    """Return what a file is called in queries.

    >>> table_name("2026 Orders (final).csv")
    't_2026_orders_final'
    """
    found = re.sub(r"[^a-z0-9]+", "_", Path(name).stem.casefold()).strip("_")[:38] or "table"
    return found if found[0].isalpha() else f"t_{found}"


def _files(source: DataSource) -> places.Files:
    found = {each.table: Path(each.file.content.path) for each in source.files.select_related("file")}
    if folder_name := source.settings.get("folder"):
        folder = allowed_folder(str(folder_name))
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() not in SUFFIXES:
                continue
            # A link must not lead out of the folder that was opened.
            if path.is_file() and folder in path.resolve().parents and len(found) < MOST_FILES:
                found.setdefault(table_name(path.name), path.resolve())
    return places.Files(tuple(sorted(found.items())))


def _postgres(source: DataSource) -> places.Postgres:
    said = source.settings
    host, port = str(said.get("host", "")), int(said.get("port") or 5432)
    password = source.secrets.get("password", "")
    if source.sealed and not password:
        raise SourceError("The password was sealed with another key. Type it in anew.")
    return places.Postgres(
        host=host,
        port=port,
        database=str(said.get("database", "")),
        user=str(said.get("user", "")),
        password=password,
        schema=str(said.get("schema", "")),
        ssl=str(said.get("ssl") or "prefer"),
        reached=reach(host, port),
    )


def reach(host: str, port: int) -> str:
    """Return the address of a host that may be reached, by the same rules as webhooks.

    Raises
    ------
    SourceError
        If its name cannot be resolved, or stands for an address that must not be reached.
    """
    if not host or host.startswith("/") or any(letter in host for letter in ", @") or "\x00" in host:
        raise SourceError("One host is wanted, such as warehouse.example.")
    if port in net.PORTS_REFUSED:
        raise SourceError(f"Port {port} belongs to another kind of service.")
    try:
        addresses = net.resolve(host.strip("[]"), port)
    except (OSError, UnicodeError) as error:
        raise SourceError(f"The name {host} cannot be resolved.") from error
    allow = net.allowed_networks()
    try:
        for address in addresses:
            net.check_address(address, allow=allow)
    except net.RefusedAddressError as error:
        raise SourceError(str(error)) from error
    return addresses[0]


def place_of(source: DataSource) -> places.Place:
    """Return the place that a data source means.

    Raises
    ------
    SourceError
        If a folder is not opened, or a host must not be reached.
    """
    match source.kind:
        case Place.EVENTS:
            return places.Events(events_folder(source.workspace_id))
        case Place.FILES:
            return _files(source)
        case _:
            return _postgres(source)


def relation_of(mapped: ExposureSource | FactSource, *, place: places.Place | None = None) -> places.Relation:
    """Return the rows that something mapped reads."""
    return places.Relation(place or place_of(mapped.data_source), table=mapped.table, sql=mapped.sql)


def exposures_of(source: ExposureSource) -> places.Exposures:
    """Return an exposure source as the analysis reads it.

    Raises
    ------
    SourceError
        If its place cannot be reached.
    """
    return places.Exposures(
        relation=relation_of(source),
        unit=source.unit,
        variant=source.variant,
        at=source.at,
        experiment=source.experiment,
        dimensions=tuple(source.dimensions),
    )


def facts_of(source: FactSource, *, place: places.Place | None = None) -> places.Facts:
    """Return a fact source as the analysis reads it.

    Raises
    ------
    SourceError
        If its place cannot be reached.
    """
    return places.Facts(
        relation=relation_of(source, place=place),
        unit=source.unit,
        at=source.at,
        values=tuple(source.values),
        filters=tuple(source.filters),
    )


def facts_by_key(*, workspace_id: int, keys: set[str]) -> dict[str, places.Facts]:
    """Return the fact sources of these keys, as far as they are there; each place is reached once.

    Raises
    ------
    SourceError
        If a place cannot be reached.
    """
    found: dict[str, places.Facts] = {}
    reached: dict[int, places.Place] = {}
    for each in selectors.fact_sources_of(workspace_id=workspace_id):
        if each.key not in keys:
            continue
        if each.data_source_id not in reached:
            reached[each.data_source_id] = place_of(each.data_source)
        found[each.key] = facts_of(each, place=reached[each.data_source_id])
    return found
