"""What a store consists of: one small file that is replaced whole, and so decides what is there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from roadbed.analytics.events import files

NAME = "manifest.json"
FORMAT = 1


class UnreadableManifestError(RuntimeError):
    """The manifest was written by a newer Roadbed, or is damaged."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file of one day's events.

    Attributes
    ----------
    file : str
        Where it is, from the store's folder.
    day : str
        The UTC day of its events, as ``2026-03-01``.
    rows, size : int
        How many events, and how many bytes.
    """

    file: str
    day: str
    rows: int
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The state of a store.

    Attributes
    ----------
    version : int
        Grows by one with each change.
    parts : tuple of Part
        The files that count, in the order of their days.
    taken : mapping of str to str
        Batches in the parts that are still to be cleared away: digest of the key to digest of the content.
    dropped : mapping of str to float
        Files that no longer count, and since when, in seconds since 1970: a reader may still have them open.
    """

    version: int = 0
    parts: tuple[Part, ...] = ()
    taken: Mapping[str, str] = field(default_factory=dict)
    dropped: Mapping[str, float] = field(default_factory=dict)


def read(folder: Path) -> Manifest:
    """Return the manifest of a store, an empty one where nothing was moved yet.

    Raises
    ------
    UnreadableManifestError
        If it is of another format, or no manifest at all.
    """
    try:
        said = json.loads((folder / NAME).read_bytes())
    except FileNotFoundError:
        return Manifest()
    except ValueError as error:
        raise UnreadableManifestError(f"{folder / NAME} cannot be read.") from error
    if said.get("format") != FORMAT:
        raise UnreadableManifestError(f"{folder / NAME} was written by another version of Roadbed.")
    return Manifest(
        version=said["version"],
        parts=tuple(Part(**part) for part in said["parts"]),
        taken=said["taken"],
        dropped=said["dropped"],
    )


def write(folder: Path, manifest: Manifest) -> None:
    """Put a manifest in the place of the one before: from then on it is what is there."""
    text = json.dumps({"format": FORMAT, **asdict(manifest)}, separators=(",", ":"))
    files.put(folder / NAME, lambda path: _fill(path, text))


def _fill(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
