"""What can be imported: modules register their targets when Django starts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from roadbed.core.accounts.actors import Actor
from roadbed.core.tables.values.parsers import Type


class UnknownTargetError(LookupError):
    """No import target has this name."""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a column may be."""

    name: str
    label: str
    type: Type = "text"
    aliases: tuple[str, ...] = ()
    """Other headers it goes by, in any language; case, spaces and punctuation do not matter."""
    help: str = ""
    required: bool = False
    max_length: int = 0
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For the type `choice`: each value with the other words for it."""
    is_key: bool = False
    """Whether it is the row's stable id elsewhere."""


class UnknownPresetError(LookupError):
    """No preset of the target has this name, or the file is none of its kind; the message says which."""


@dataclass(frozen=True, slots=True)
class Preset:
    """The columns of a known program's export."""

    name: str
    label: str
    columns: Mapping[str, str]
    """Header to field name; the empty name leaves a column out. Of several for one field the first there is counts."""
    source: str = ""
    marks: tuple[str, ...] = ()
    """Headers by which a file of this kind is known; all of its columns where none are named."""
    mend: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    """Field name to what is done with its values, such as turning markup into words."""
    refuse: Mapping[str, str] = field(default_factory=dict)
    """Header to why a row is rejected that has something there: it is none of what is asked for."""
    refuse_values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Header to values, in small letters, and why a row is rejected that has one of them there."""

    def fits(self, headers: Collection[str]) -> bool:
        """Whether a file is of this kind."""
        folded = {header.casefold() for header in headers}
        wanted = self.marks or tuple(self.columns)
        return bool(wanted) and all(name.casefold() in folded for name in wanted)

    def fields(self, headers: Sequence[str], *, rest: str) -> list[str]:
        """Return a field name for each header; `rest` for those that the preset does not know."""
        by_header = {
            header.casefold(): (rank, name) for rank, (header, name) in enumerate(self.columns.items())
        }
        found = [by_header.get(header.casefold()) for header in headers]
        first: dict[str, int] = {}
        for place, each in sorted(
            ((place, each) for place, each in enumerate(found) if each), key=lambda pair: pair[1][0]
        ):
            first.setdefault(each[1], place)
        return [
            rest if each is None else each[1] if not each[1] or first[each[1]] == place else rest
            for place, each in enumerate(found)
        ]


@dataclass(slots=True)
class ParsedRow:
    """One row, understood: values by field name (fields left empty are absent) and what else it said."""

    number: int
    values: dict[str, Any]
    extras: dict[str, str] = field(default_factory=dict)
    key: str = ""
    """Its stable id elsewhere, or one made of its content where the target makes one."""


@dataclass(slots=True)
class Run:
    """What stays the same for all batches of an import. `memory` is the target's own, for what it looked up."""

    workspace_id: int
    product_id: int | None
    actor: Actor
    at: datetime
    started_at: datetime
    """When the file came: stands in for a date that a row does not give."""
    source: str
    currency: str
    mapped: frozenset[str]
    """The fields that columns are mapped to: what is not among them is never touched by a re-import."""
    is_dry: bool = False
    circles: Mapping[int, str] = field(default_factory=dict)
    """The circles of whoever imports, with their names: they may write into these and no others."""
    memory: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A record that was there and is different now; `before` is what undoing puts back."""

    record_id: int
    before: Mapping[str, Any]


@dataclass(slots=True)
class Outcome:
    """What became of a batch."""

    created: dict[str, list[int]] = field(default_factory=dict)
    """Ids of new records by kind: the target's own, and what was made along the way."""
    changed: dict[str, list[Change]] = field(default_factory=dict)
    others: list[int] = field(default_factory=list)
    """Ids of new rows that are no records, such as votes."""
    unchanged: int = 0
    rejects: list[tuple[int, str]] = field(default_factory=list)
    """(index within the batch, reason)."""
    partly: int = 0
    """How many of the rejects are of rows that were written all the same, but for what the reason says."""

    def add(self, other: Outcome) -> None:
        """Take in what became of records made along the way."""
        for kind, ids in other.created.items():
            self.created.setdefault(kind, []).extend(ids)
        for kind, changes in other.changed.items():
            self.changed.setdefault(kind, []).extend(changes)
        self.others.extend(other.others)


Write = Callable[[Run, Sequence[ParsedRow]], Outcome]


@dataclass(frozen=True, slots=True)
class ImportTarget:
    """A kind of record that tables can be read into.

    `write(run, rows)` is called once a batch, inside the batch's transaction. It writes everything but the one
    activity row (which the engine writes), or, where `run.is_dry`, only finds out what it would write.
    `RecordWriter` does nearly all of it.
    """

    name: str
    label: str
    kind: str
    fields: tuple[Field, ...]
    write: Write
    help: str = ""
    order: int = 100
    keeps_other_columns: bool = False
    """Whether columns that are no field are kept with the record under their own names."""
    presets: tuple[Preset, ...] = ()
    needs_one_of: tuple[str, ...] = ()
    """At least one of these fields must be mapped."""
    identity: Callable[[ParsedRow], str] | None = None
    """What makes two rows without an id the same, such as a name; the second one in a file is rejected."""
    keeps_identity: bool = False
    """Whether the identity serves as the id of a row without one, so that the same file again changes nothing."""
    follow: (
        Callable[[int, Mapping[str, Sequence[int]], Mapping[str, Sequence[int]], datetime], None] | None
    ) = None
    """Called in each batch's transaction with (workspace, created ids by kind, changed or removed ids by kind, at):
    what else must be counted anew."""
    in_use: Callable[[int, Sequence[int]], Collection[int]] | None = None
    """Given the workspace and ids of records that an undo would remove: those that must stay, because something
    was built on them since."""

    remove_others: Callable[[int, Sequence[int], datetime], None] | None = None
    """Given the workspace, the ids in `Outcome.others` of a batch that is undone, and when: takes them away."""

    give_back: Callable[[int, Mapping[str, Any]], None] | None = None
    """Called for each change that an undo puts back with (record, what was before): what is kept in other tables."""
    clean: Callable[..., str] | None = None
    """Given ``workspace_id`` and ``text``: the text as it may be kept, for the cells of rejected rows."""

    def preset(self, name: str) -> Preset:
        """Return a preset by name, or raise `UnknownPresetError`."""
        for each in self.presets:
            if each.name == name:
                return each
        known = ", ".join(each.name for each in self.presets) or "none"
        raise UnknownPresetError(f"{self.label} have no preset “{name}”. There are: {known}.")

    def recognise(self, headers: Collection[str]) -> Preset | None:
        """Return the preset that a file fits; of several the one that is known by the most headers."""
        fitting = [each for each in self.presets if each.fits(headers)]
        return max(fitting, key=lambda each: len(each.marks or each.columns), default=None)

    def field(self, name: str) -> Field:
        """Return a field by name, or raise `KeyError`."""
        for each in self.fields:
            if each.name == name:
                return each
        raise KeyError(name)


_TARGETS: dict[str, ImportTarget] = {}


def register(target: ImportTarget) -> None:
    """Make a target known; the same name replaces the one before."""
    _TARGETS[target.name] = target


def get(name: str) -> ImportTarget:
    """Return the target of that name, or raise `UnknownTargetError`."""
    try:
        return _TARGETS[name]
    except KeyError as error:
        raise UnknownTargetError(name) from error


def all_targets() -> Sequence[ImportTarget]:
    """Every target, in order."""
    return sorted(_TARGETS.values(), key=lambda each: (each.order, each.label))
