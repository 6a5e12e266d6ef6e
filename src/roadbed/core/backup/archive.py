"""Writing a backup, while the server runs, and reading one back."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO

from django.db import connection

from roadbed.core.backup import manifest as manifests
from roadbed.core.backup import postgres, sqlite
from roadbed.core.backup.errors import BackupError, RefusedError
from roadbed.core.backup.manifest import Manifest, Part

FILES, EVENTS = "files", "events"
ROOMS = (FILES, EVENTS)
"""Folders of the data folder that a backup holds, besides the database."""
BLOCK = 1024 * 1024


def write(*, target: Path, data: Path, at: datetime, with_files: bool = True) -> Manifest:
    """Write everything into one file that only this user may read; it appears when it is complete.

    The database comes first, as of one moment. The files after it: what they hold never changes, so each one
    that the database names is there.

    Raises
    ------
    BackupError
        If the folder does not exist or the disk is full.
    """
    unfinished = target.with_name(f".{target.name}.part")
    parts: dict[str, Part] = {}
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with (
            tempfile.TemporaryDirectory(prefix=".backup-", dir=data) as room,
            os.fdopen(descriptor, "wb") as raw,
            zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive,
        ):
            dumped = sqlite.dump(Path(room)) if connection.vendor == "sqlite" else postgres.dump(Path(room))
            for source in dumped:
                parts[f"database/{source.name}"] = _add(archive, source, f"database/{source.name}")
            for source, name in _files(data) if with_files else ():
                try:
                    parts[name] = _add(archive, source, name)
                except FileNotFoundError:
                    # Deleted since the folder was read, hence after the moment that the database shows.
                    continue
            described = manifests.describe(made_at=at.isoformat(), parts=parts)
            archive.writestr(manifests.NAME, described.dump())
        unfinished.replace(target)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise BackupError(f"cannot write {target}: {error.strerror}") from error
    return described


def read_manifest(source: Path) -> Manifest:
    """Return what the backup says about itself.

    Raises
    ------
    BackupError
        If the file is no backup, or a damaged one.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            return manifests.parse(archive.read(manifests.NAME).decode())
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError) as error:
        raise BackupError(f"{source} is no backup of Roadbed, or it is damaged") from error
    except OSError as error:
        raise BackupError(f"cannot read {source}: {error.strerror}") from error


def restore(*, source: Path, data: Path, at: datetime, force: bool = False) -> Manifest:
    """Put a backup in place. With `force` what was there is set aside, not deleted.

    Everything is unpacked and its digests are compared before anything is changed.

    Raises
    ------
    RefusedError
        If there is something to lose and `force` was not given, or the backup is newer than this release.
    BackupError
        If the backup is damaged.
    """
    described = read_manifest(source)
    manifests.check_fits(described)
    engine = sqlite if connection.vendor == "sqlite" else postgres
    if not force and (
        engine.holds_data() or any((data / name).is_dir() and any((data / name).iterdir()) for name in ROOMS)
    ):
        raise RefusedError("there is data here already; with --force it is set aside and replaced")
    stamp = at.strftime("%Y%m%d-%H%M%S")
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=data) as room:
        _unpack(source, described, Path(room))
        engine.load(Path(room) / "database", described=described, data=data, stamp=stamp)
        for name in ROOMS:
            unpacked, present = Path(room) / name, data / name
            if present.is_dir():
                aside = data / "replaced" / stamp
                aside.mkdir(parents=True, exist_ok=True)
                present.rename(aside / name)
            if unpacked.is_dir():
                unpacked.rename(present)
    return described


def _files(data: Path) -> Iterator[tuple[Path, str]]:
    """Yield every stored file with its name in the archive."""
    for path in sorted((data / FILES).rglob("*")):
        if path.is_file():
            yield path, path.relative_to(data).as_posix()
    for folder in sorted((data / EVENTS).glob("*")):
        if folder.is_dir():
            from roadbed.analytics.events import (
                copying,
            )  # columns take a second to load: only where there are events

            for path, name in copying.files_of(folder):
                yield path, f"{EVENTS}/{folder.name}/{name}"


def _add(archive: zipfile.ZipFile, source: Path, name: str) -> Part:
    """Add one file and return its digest, taken from the very bytes that went in."""
    with source.open("rb") as reader, archive.open(name, "w", force_zip64=True) as writer:
        return _copy(reader, writer)


def _copy(reader: IO[bytes], writer: IO[bytes]) -> Part:
    digest, size = hashlib.sha256(), 0
    while block := reader.read(BLOCK):
        digest.update(block)
        size += len(block)
        writer.write(block)
    return Part(sha256=digest.hexdigest(), size=size)


def _unpack(source: Path, described: Manifest, room: Path) -> None:
    """Unpack what the manifest lists, and nothing else, comparing every digest."""
    needed = sum(part.size for part in described.parts.values())
    if shutil.disk_usage(room).free < needed:
        raise BackupError(f"it needs {needed // BLOCK + 1} MB of disk space, more than there is")
    try:
        with zipfile.ZipFile(source) as archive:
            for name, part in described.parts.items():
                pure = PurePosixPath(name)
                if pure.is_absolute() or ".." in pure.parts or pure.parts[0] not in {"database", FILES}:
                    raise BackupError(f"it holds a file with an impossible name, {name!r}")
                path = room / pure
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(name) as reader, path.open("wb") as writer:
                    if _copy(reader, writer) != part:
                        raise BackupError(f"{name} in it is damaged: its digest is not that of the manifest")
                path.chmod(0o600)
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        raise BackupError(f"it is damaged: {error}") from error
