"""Places that tables are read from, and relations over them: plain descriptions, opened by `opening`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


class SourceError(ValueError):
    """A source cannot be read; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class Events:
    """The events of a workspace, in its store's folder: the tables ``events`` and ``exposures``."""

    folder: Path


@dataclass(frozen=True, slots=True)
class Files:
    """Files by the names that queries call them by."""

    files: tuple[tuple[str, Path], ...]


@dataclass(frozen=True, slots=True)
class Postgres:
    """A PostgreSQL database that is only ever read.

    `reached` is the address that its name was found to stand for and judged to be allowed: what is connected to.
    """

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    schema: str = ""
    ssl: str = "prefer"
    reached: str = ""


Place = Events | Files | Postgres


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows of a place: a table of it, or one SELECT over its tables."""

    place: Place
    table: str = ""
    sql: str = ""


@dataclass(frozen=True, slots=True)
class Exposures:
    """Which columns of a relation tell exposures. Only those of `key` count where there is a column of experiments."""

    relation: Relation
    unit: str
    variant: str
    at: str
    experiment: str = ""
    dimensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """Which columns of a relation tell facts."""

    relation: Relation
    unit: str
    at: str
    values: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is named, once."""
        return tuple(dict.fromkeys((self.unit, self.at, *self.values, *self.filters)))
