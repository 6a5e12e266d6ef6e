"""Where else a record is shown: modules that show records to others say so here, and every detail page lists it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access


@dataclass(frozen=True, slots=True)
class Place:
    """One place that shows a record."""

    label: str
    url: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """What one module says: where it shows the record, and how to show it somewhere."""

    title: str
    shown: tuple[Place, ...]
    deed: str = ""
    deed_url: str = ""


Finder = Callable[[Access, Record], Places | None]
_FINDERS: dict[str, Finder] = {}


def register(name: str, finder: Finder) -> None:
    """Ask `finder` on each detail page; None where it has nothing to say of that kind of record."""
    _FINDERS[name] = finder


def of(*, access: Access, record: Record) -> list[Places]:
    """Return what every module says of a record."""
    answers: Iterable[Places | None] = (finder(access, record) for finder in _FINDERS.values())
    return [answer for answer in answers if answer is not None]
