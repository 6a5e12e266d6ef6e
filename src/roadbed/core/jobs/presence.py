"""Whether a worker of this data folder lives: it holds a lock on a file, which the kernel frees with it.

A killed worker's jobs are taken over at once where this can be seen; elsewhere once the lease runs out.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO

from django.conf import settings

try:
    import fcntl
except ImportError:  # Windows has no such locks; there only the lease counts
    fcntl = None  # type: ignore[assignment]


def _folder() -> Path:
    folder: Path = settings.ROADBED_DATA / "workers"
    return folder


class Presence:
    """The lock that a worker holds while it lives."""

    def __init__(self, name: str) -> None:
        self._path = _folder() / f"{name}.lock"
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Hold the lock from now until `leave`, or until the process ends, however it ends."""
        if fcntl is None:
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = self._path.open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def leave(self) -> None:
        """Let go of the lock and take the file away."""
        if self._file is not None:
            self._path.unlink(missing_ok=True)
            self._file.close()


def look(name: str) -> bool | None:
    """Whether the worker lives; None where that cannot be seen from here."""
    path = _folder() / f"{name}.lock"
    if fcntl is None or not path.is_file():
        return None
    try:
        with path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    return False


def forget(name: str) -> None:
    """Take away the file of a worker that is gone."""
    (_folder() / f"{name}.lock").unlink(missing_ok=True)
