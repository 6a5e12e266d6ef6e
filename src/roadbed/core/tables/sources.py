"""What can be exported: modules register their lists when Django starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from roadbed.core.tables.writing import Cells, Column


class UnknownSourceError(LookupError):
    """No list has this name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows are wanted: those of a workspace, of a product, and what else the list's own filters say."""

    workspace_id: int
    product_id: int | None = None
    query: Mapping[str, Any] = field(default_factory=dict)
    """The list's query string, as a `QueryDict`."""


@dataclass(frozen=True, slots=True)
class ExportSource:
    """A list as a table. `rows` yields one sequence of values a row, in the order of the columns, without holding
    all of them; names of columns are those that importing knows, so that what is exported can be read back."""

    name: str
    label: str
    columns: Sequence[Column]
    rows: Callable[[Asked], Iterable[Cells]]


_SOURCES: dict[str, ExportSource] = {}


def register(source: ExportSource) -> None:
    """Make a list known; the same name replaces the one before."""
    _SOURCES[source.name] = source


def get(name: str) -> ExportSource:
    """Return the list of that name, or raise `UnknownSourceError`."""
    try:
        return _SOURCES[name]
    except KeyError as error:
        raise UnknownSourceError(name) from error


def all_sources() -> Sequence[ExportSource]:
    """Every list, by name."""
    return sorted(_SOURCES.values(), key=lambda each: each.name)
