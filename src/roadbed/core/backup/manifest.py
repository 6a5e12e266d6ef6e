"""What a backup says about itself: who made it, from what, and the digest of each part."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from roadbed import __version__
from roadbed.core.backup.errors import BackupError, RefusedError

NAME = "manifest.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Part:
    """One member of the archive."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The table of contents."""

    version: str
    engine: str
    made_at: str
    migrations: list[tuple[str, str]]
    parts: dict[str, Part]
    format: int = FORMAT

    def dump(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), indent=1, sort_keys=True)


def describe(*, made_at: str, parts: dict[str, Part]) -> Manifest:
    """Return the manifest of a backup of this installation."""
    applied = sorted((app, name) for app, name in MigrationRecorder(connection).applied_migrations())
    return Manifest(
        version=__version__, engine=connection.vendor, made_at=made_at, migrations=applied, parts=parts
    )


def parse(text: str) -> Manifest:
    """Read a manifest.

    Raises
    ------
    BackupError
        If it is no manifest of a backup.
    RefusedError
        If a later release has changed how a backup is laid out.
    """
    try:
        raw = json.loads(text)
        if raw["format"] > FORMAT:
            raise RefusedError(
                f"it was made by Roadbed {raw['version']}, in a format that this one cannot read"
            )
        return Manifest(
            version=raw["version"],
            engine=raw["engine"],
            made_at=raw["made_at"],
            migrations=[(app, name) for app, name in raw["migrations"]],
            parts={name: Part(**part) for name, part in raw["parts"].items()},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BackupError("its manifest cannot be read; this is no backup of Roadbed") from error


def check_fits(manifest: Manifest) -> None:
    """Refuse a backup of another kind of database, or one that knows migrations that this release does not.

    Raises
    ------
    RefusedError
        With what to do about it.
    """
    from django.db.migrations.loader import MigrationLoader

    if manifest.engine != connection.vendor:
        raise RefusedError(
            f"it holds a {manifest.engine} database, and this installation uses {connection.vendor}"
        )
    known = MigrationLoader(connection).disk_migrations
    newer = [f"{app}.{name}" for app, name in manifest.migrations if (app, name) not in known]
    if newer:
        raise RefusedError(
            f"it was made by Roadbed {manifest.version}, which is newer than this {__version__} "
            f"(unknown here: {newer[0]}{' and more' if len(newer) > 1 else ''}); upgrade first"
        )
