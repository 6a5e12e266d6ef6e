"""The registry of kinds of record. Modules register theirs when Django starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps

from roadbed.core.records.models.record import Record


class UnknownKindError(LookupError):
    """No kind of record has this name or prefix."""


def _nothing(record: Any) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record: its words, where its pages are and how its text is found."""

    name: str
    prefixes: tuple[str, ...]
    label: str
    plural: str
    model_label: str
    path: str
    """Below the workspace's address, such as ``insights/needs/{number}/``; fields: number, prefix, key (lower case)."""
    body: Callable[[Any], str] = _nothing
    """The words behind the title that search finds it by."""
    describe: Callable[[Any], Mapping[str, str]] | None = None
    """What may be linked from pages of other modules as a short line, such as a status."""
    targets: frozenset[str] = field(default_factory=frozenset)
    """Kinds that its evidence may be linked to."""
    may_be_private: bool = False
    """Whether one may be kept to a circle; else all of the workspace sees every one."""
    keeps_circle: bool = False
    """Whether its wall stays where it was built, because other things stand behind it."""

    @property
    def model(self) -> type[Record]:
        """The Django model."""
        found = apps.get_model(self.model_label)
        if not issubclass(found, Record):
            raise TypeError(f"{self.model_label} is not a kind of record")
        return found

    def url(self, *, workspace: str, prefix: str, number: int) -> str:
        """The address of one record."""
        place = self.path.format(number=number, prefix=prefix, key=f"{prefix}-{number}".lower())
        return f"/w/{workspace}/{place}"


_KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known. Registering the same name twice with other content is a mistake."""
    known = _KINDS.get(kind.name)
    if known is not None and known != kind:
        raise ValueError(f"The kind {kind.name} is already registered")
    for other in _KINDS.values():
        if other.name != kind.name and set(other.prefixes) & set(kind.prefixes):
            raise ValueError(f"{kind.name} and {other.name} share a prefix")
    _KINDS[kind.name] = kind


def get(name: str) -> Kind:
    """Return the kind of that name, or raise `UnknownKindError`."""
    try:
        return _KINDS[name]
    except KeyError as error:
        raise UnknownKindError(name) from error


def all_kinds() -> Iterable[Kind]:
    """Every kind, in the order of registration."""
    return tuple(_KINDS.values())


def url_of(record: Record, *, workspace: str) -> str:
    """The address of a record in the workspace with that slug."""
    return get(record.kind).url(workspace=workspace, prefix=record.prefix, number=record.number)
