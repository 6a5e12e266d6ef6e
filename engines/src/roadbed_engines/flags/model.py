"""What a flag is once it is compiled, and what asking it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from roadbed_engines.flags.conditions import Condition, Context
from roadbed_engines.flags.hashing import fnv_share

Share = tuple[float, float]
Source = Literal[
    "unknownFeature", "defaultValue", "force", "override", "experiment", "prerequisite", "cyclicPrerequisite"
]


@dataclass(frozen=True, slots=True)
class Filter:
    """A stretch of units that may take part: several give mutual exclusion, since each has a seed of its own."""

    seed: str
    ranges: tuple[Share, ...]
    attribute: str = "id"
    version: int = 2

    def lets_in(self, context: Context) -> bool:
        """Whether the unit of the context lies in one of the ranges."""
        unit = unit_of(context, self.attribute)
        place = fnv_share(seed=self.seed, unit=unit, version=self.version) if unit else None
        return place is not None and any(low <= place < high for low, high in self.ranges)


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """Another flag whose value must pass a condition. A gate that does not pass answers with nothing at once."""

    flag: str
    condition: Condition
    is_gate: bool = False


@dataclass(frozen=True, slots=True)
class Variation:
    """One of the values of an experiment. A pass-through counts units, but lets the next rule answer."""

    key: str
    value: Any
    name: str = ""
    is_passthrough: bool = False


@dataclass(frozen=True, slots=True)
class Sticky:
    """Whether units keep their variation when the shares change, and from which version of the buckets on."""

    version: int = 0
    least_version: int = 0


@dataclass(frozen=True, slots=True)
class Leaf:
    """Other shares for contexts that pass a condition, as a contextual bandit learns them."""

    id: int
    condition: Condition
    ranges: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Experiment:
    """Variations shared out among units.

    `ranges` has a stretch of [0, 1) for each variation; the first of `leaves` that a context passes has its own.
    `fallback` is the attribute that stands in where the first is missing; it counts only where assignments are kept
    (`sticky`).
    """

    key: str
    variations: tuple[Variation, ...]
    ranges: tuple[Share, ...]
    leaves: tuple[Leaf, ...] = ()
    seed: str = ""
    attribute: str = "id"
    fallback: str = ""
    version: int = 1
    condition: Condition | None = None
    prerequisites: tuple[Prerequisite, ...] = ()
    filters: tuple[Filter, ...] = ()
    sticky: Sticky | None = None
    forced: int | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """Either a value for those who pass and fall into the range, or an experiment."""

    id: str = ""
    condition: Condition | None = None
    prerequisites: tuple[Prerequisite, ...] = ()
    filters: tuple[Filter, ...] = ()
    has_value: bool = False
    value: Any = None
    share: Share | None = None
    seed: str = ""
    attribute: str = "id"
    fallback: str = ""
    version: int = 1
    experiment: Experiment | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag: rules in order, and what is answered where none does."""

    key: str
    default: Any = None
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Assignment:
    """What an experiment gave a unit. `place` is where the unit fell, `is_in` whether it takes part."""

    key: str
    variation: int
    value: Any
    is_in: bool
    is_hashed: bool = False
    attribute: str = "id"
    unit: str = ""
    place: float | None = None
    is_kept: bool = False
    name: str = ""
    is_passthrough: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The value of a flag and how it came about."""

    value: Any
    source: Source
    rule: str = ""
    experiment: Experiment | None = None
    assignment: Assignment | None = None

    @property
    def is_on(self) -> bool:
        """Whether the value is something: not null, false, 0 or an empty text."""
        return bool(self.value) or isinstance(self.value, list | dict)


Kept = Mapping[str, str]
"""Assignments that a unit keeps: `experiment__version` to the key of a variation."""


@dataclass(slots=True)
class Question:
    """A context to be asked about, with what is forced in it and what units have kept.

    `kept` maps (attribute, unit) to its kept assignments; where it is None, nothing is kept. New ones are collected in
    `to_keep`.
    """

    context: Context
    forced_values: Mapping[str, Any] = field(default_factory=dict)
    forced_variations: Mapping[str, int] = field(default_factory=dict)
    kept: Mapping[tuple[str, str], Kept] | None = None
    is_enabled: bool = True
    is_qa: bool = False
    url: str = ""
    to_keep: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    assigned: list[tuple[Experiment, Assignment]] = field(default_factory=list)
    under_way: list[str] = field(default_factory=list)


def unit_of(context: Context, attribute: str) -> str:
    """Return the unit that an attribute of the context names; empty where there is none."""
    found = context.get(attribute)
    if found is None or found == "" or found is False:
        return ""
    if isinstance(found, float) and found.is_integer():
        return str(int(found))
    return "true" if found is True else str(found)


def unit_among(context: Context, attribute: str, fallback: str) -> tuple[str, str]:
    """Return the attribute that names a unit, and the unit: the first one's, else the fallback's."""
    unit = unit_of(context, attribute)
    if not unit and fallback and (other := unit_of(context, fallback)):
        return fallback, other
    return attribute, unit


def pairs(values: Sequence[Sequence[float]]) -> tuple[Share, ...]:
    """Return ranges as JSON has them as pairs."""
    return tuple((float(low), float(high)) for low, high in values)
