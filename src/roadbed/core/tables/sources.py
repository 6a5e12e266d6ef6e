"""What can be exported: modules register their lists when Django starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import QuerySet

from roadbed.core.records.models import Record
from roadbed.core.tables import writing
from roadbed.core.tables.writing import Cells, Column

R = TypeVar("R", bound=Record)


class UnknownSourceError(LookupError):
    """No list has this name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows are wanted: those of a workspace, of a product, and of a list with its filters."""

    workspace_id: int
    product_id: int | None = None
    within: QuerySet[Any] | None = None
    """The records of the list as it is filtered; None for all of them."""
    circles: frozenset[int] = frozenset()
    """The circles of whoever asks: what is private to others is in no file."""

    def narrow(self, records: QuerySet[R]) -> QuerySet[R]:
        """Return those of the records that are wanted, the oldest first."""
        if self.product_id is not None:
            records = records.filter(product_id=self.product_id)
        if self.within is not None:
            records = records.filter(pk__in=self.within.order_by().values("pk"))
        return records.order_by("pk")


@dataclass(frozen=True, slots=True)
class ExportSource:
    """A list as a table.

    `rows(asked, columns)` yields one sequence of values a row, in the order of the columns, without holding all of
    them. Headers are those that importing knows, so that what is exported can be read back.
    """

    name: str
    label: str
    columns: Callable[[Asked], Sequence[Column]]
    rows: Callable[[Asked, Sequence[Column]], Iterable[Cells]]

    def write(self, asked: Asked, *, format: str) -> Iterator[bytes]:
        """Yield the list piece by piece in a format of `writing.FORMATS`."""
        columns = self.columns(asked)
        return writing.write(columns=columns, rows=self.rows(asked, columns), format=format, title=self.label)


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
