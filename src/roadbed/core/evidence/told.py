"""What people were told: the module that tells registers here, and pages of customers ask."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ToldLine:
    """One person was told of one change."""

    person_id: int
    person: str
    at: datetime
    words: str
    change: str
    key: str
    title: str
    record_url: str
    url: str
    channel: str


Reader = Callable[[int, str, Collection[int], int], Sequence[ToldLine]]
_READERS: list[Reader] = []


def register(reader: Reader) -> None:
    """Add a reader: `reader(workspace_id, workspace_slug, person_ids, most)`, the newest first."""
    if reader not in _READERS:
        _READERS.append(reader)


def told_to(
    *, workspace_id: int, workspace: str, person_ids: Collection[int], most: int = 20
) -> list[ToldLine]:
    """Return what these people were told, the newest first."""
    if not person_ids:
        return []
    found = [line for reader in _READERS for line in reader(workspace_id, workspace, person_ids, most)]
    return sorted(found, key=lambda line: line.at, reverse=True)[:most]
