"""Storing files under names of our own, never under those that came along."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.core.files.storage import default_storage

from roadbed.core.accounts.actors import Actor
from roadbed.core.files.models import StoredFile
from roadbed.core.workspaces.models import Workspace

CHUNK = 1 << 20


class FileTooLargeError(ValueError):
    """The file is larger than the installation takes."""


def clean_name(name: str) -> str:
    """Return what a file is called, without a path and without characters that no screen should show.

    >>> clean_name("../../etc/pass\\x00wd")
    'passwd'
    """
    last = PurePosixPath(name.replace("\\", "/")).name
    return "".join(each for each in last if each.isprintable())[-200:].strip() or "file"


def largest_size() -> int:
    """Return how many bytes a file may have."""
    return int(settings.ROADBED_UPLOAD_MAX_MB) * 1024 * 1024


def store_file(
    *, workspace: Workspace, name: str, chunks: Iterable[bytes], actor: Actor, at: datetime
) -> StoredFile:
    """Write a file into the data folder and remember it.

    Raises
    ------
    FileTooLargeError
        If it is larger than ``ROADBED_UPLOAD_MAX_MB``; nothing is kept of it then.
    """
    kept = f"{workspace.pk}/{uuid.uuid4().hex}"
    path = Path(default_storage.path(kept))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size, limit = hashlib.sha256(), 0, largest_size()
    try:
        with path.open("xb") as file:
            path.chmod(0o600)
            for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise FileTooLargeError(
                        f"The file is larger than {settings.ROADBED_UPLOAD_MAX_MB} MB, the most that is taken here."
                    )
                digest.update(chunk)
                file.write(chunk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return StoredFile.objects.create(
        workspace=workspace,
        name=clean_name(name),
        content=kept,
        size=size,
        sha256=digest.hexdigest(),
        created_at=at,
        created_by_id=actor.user_id,
    )


def chunks_of(path: Path) -> Iterable[bytes]:
    """Yield a file of the machine piece by piece."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def path_of(file: StoredFile) -> Path:
    """Return where a stored file lies."""
    return Path(file.content.path)
