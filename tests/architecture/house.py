"""Where things are, for the tests of the house's rules."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "roadbed"


@cache
def repository() -> tuple[Path, ...]:
    """Every file of the repository, also those that are not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],  # noqa: S607 - git of the path
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def files(*endings: str, below: str = "") -> list[Path]:
    """The repository's files with one of these endings, below a folder."""
    top = ROOT / below
    return [path for path in repository() if path.suffix in endings and path.is_relative_to(top)]


def name(path: Path) -> str:
    """The path as a person would write it."""
    return path.relative_to(ROOT).as_posix()
