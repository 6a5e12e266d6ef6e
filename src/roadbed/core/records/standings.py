"""How a record fares in what people decide by: modules that rank or rate records say so here, on each detail page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access


@dataclass(frozen=True, slots=True)
class Line:
    """One standing: by what (with its address), in words, and what would change it.

    `drawn` is HTML that a module made of its own figures, as `format_html` makes it.
    """

    label: str
    url: str
    words: str
    drawn: str = ""
    note: str = ""
    note_url: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What one module says: its lines, or in their place that there are none yet, and where to begin."""

    lines: tuple[Line, ...]
    empty: str = ""
    empty_url: str = ""


Reader = Callable[[Access, Record], Standing | None]
_READERS: dict[str, tuple[int, Reader]] = {}


def register(name: str, reader: Reader, *, order: int) -> None:
    """Ask `reader` on each detail page; None where that kind of record is none of its business."""
    _READERS[name] = (order, reader)


def of(*, access: Access, record: Record) -> list[Standing]:
    """Return what every module says of a record, in their order."""
    readers = sorted(_READERS.values(), key=lambda pair: pair[0])
    answers = (reader(access, record) for _, reader in readers)
    return [answer for answer in answers if answer is not None]
