"""Files that are whole or not there: written aside, brought to the disk, then given their name."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path


def settle(folder: Path) -> None:
    """Bring what a folder lists to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make a folder that only its owner reads, and bring its name to the disk."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        settle(folder.parent)


def aside(folder: Path) -> Path:
    """Return a name that no reader looks at."""
    return folder / f".{uuid.uuid4().hex}.tmp"


def write(folder: Path, fill: Callable[[Path], None]) -> Path:
    """Have a file filled under a name that nobody reads, bring it to the disk, and return where it is."""
    path = aside(folder)
    try:
        fill(path)
        path.chmod(0o600)
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def put(path: Path, fill: Callable[[Path], None]) -> None:
    """Put a file in the place of whatever had its name."""
    written = write(path.parent, fill)
    written.replace(path)
    settle(path.parent)


def put_once(path: Path, fill: Callable[[Path], None]) -> bool:
    """Put a file where there is none of its name yet; return whether there was none."""
    written = write(path.parent, fill)
    try:
        os.link(written, path)
    except FileExistsError:
        return False
    finally:
        written.unlink(missing_ok=True)
    settle(path.parent)
    return True
