"""What flags are defined as: typed variants, rules in order, segments, holdouts, and what changes by itself in time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

FORMAT = "roadbed-flags/1"
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
"""What a key may be: clients put it into an address without escaping it."""
FlagType = Literal["boolean", "string", "integer", "float", "json"]
TYPES: tuple[FlagType, ...] = get_args(FlagType)
Hash = Literal["murmur3", "fnv1", "fnv2", "unleash"]
"""How a unit's place is found. `murmur3` is ours; the others keep everybody where another product had put them."""
HASHES: tuple[Hash, ...] = get_args(Hash)
UNIT = "targetingKey"

Json = Mapping[str, Any]


class DefinitionError(ValueError):
    """Definitions cannot be used. `problems` says, for each, where and why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(str(problem) for problem in problems))


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a definition, and where: `flags.new-map.rules.0.share`."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


@dataclass(frozen=True, slots=True)
class Need:
    """Another flag that must answer with one of some variants, or with a value that passes a condition.

    Where it does not: a gate answers the flag as switched off; any other need lets the rule pass by.
    """

    flag: str
    variants: tuple[str, ...] = ()
    condition: Json | None = None
    is_gate: bool = False


@dataclass(frozen=True, slots=True)
class Slice:
    """A stretch of a namespace: rules with stretches that do not meet exclude each other."""

    namespace: str
    ranges: tuple[tuple[float, float], ...]
    unit: str = UNIT
    hash: Hash = "murmur3"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a ramp: this share, until every hold that is given is over.

    Holds: `seconds` since the step began; `approval` by a person; `sample` units seen.
    """

    share: float
    seconds: int = 0
    needs_approval: bool = False
    sample: int = 0


@dataclass(frozen=True, slots=True)
class Ramp:
    """Steps from small to large, and what has happened on them.

    `approved` and `reached` hold, by the number of a step, when a person approved leaving it and when its sample was
    reached. `stopped_at` is when a guardrail, or a person, rolled it back; from then on the share is 0.
    """

    steps: tuple[Step, ...]
    started_at: datetime | None = None
    approved: Mapping[int, datetime] = field(default_factory=dict)
    reached: Mapping[int, datetime] = field(default_factory=dict)
    stopped_at: datetime | None = None
    stopped_why: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """For whom (condition, segments, needs, slices), and what they get: one variant, or a split among several.

    `share` is how many of those take part; the others go on to the next rule. `ranges`, where given, are the exact
    stretches of [0, 1) instead. Units keep a variant while `version` stays (`is_sticky`); an older one than
    `least_version` shuts the unit out.
    """

    id: str
    name: str = ""
    is_on: bool = True
    condition: Json = field(default_factory=dict)
    segments: tuple[str, ...] = ()
    not_segments: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    slices: tuple[Slice, ...] = ()
    variant: str = ""
    split: Mapping[str, float] = field(default_factory=dict)
    ranges: tuple[tuple[str, float, float], ...] = ()
    share: float = 1.0
    unit: str = UNIT
    fallback: str = ""
    salt: str = ""
    hash: Hash = "murmur3"
    is_sticky: bool = False
    version: int = 0
    least_version: int = 0
    experiment: str = ""
    ramp: Ramp | None = None

    @property
    def is_shared(self) -> bool:
        """Whether only a part of the units gets it, or they are split: whether a hash decides."""
        return bool(self.split or self.ranges or self.share < 1)


@dataclass(frozen=True, slots=True)
class Change:
    """What changes at a moment: the flag (`rule` is empty) or one of its rules."""

    at: datetime
    rule: str = ""
    is_on: bool | None = None
    share: float | None = None
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """A typed flag in one environment. An empty `default` or `off` leaves the value to the caller's code."""

    key: str
    type: FlagType = "boolean"
    variants: Mapping[str, Any] = field(default_factory=dict)
    default: str = ""
    off: str = ""
    is_on: bool = True
    salt: str = ""
    needs: tuple[Need, ...] = ()
    holdouts: tuple[str, ...] = ()
    forced: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    schedule: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Holdout:
    """A share of units that gets no new feature, so that all of them together can be measured against nothing."""

    key: str
    share: float
    unit: str = UNIT
    salt: str = ""
    is_on: bool = True


@dataclass(frozen=True, slots=True)
class Segment:
    """A saved group of contexts, by a condition."""

    key: str
    condition: Json
    name: str = ""


@dataclass(frozen=True, slots=True)
class Definitions:
    """All flags of one environment, with what they refer to."""

    flags: Mapping[str, Flag] = field(default_factory=dict)
    segments: Mapping[str, Segment] = field(default_factory=dict)
    holdouts: Mapping[str, Holdout] = field(default_factory=dict)
    groups: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    environment: str = ""


def is_of_type(value: Any, kind: FlagType) -> bool:
    """Whether a value is of a flag's type, without any conversion.

    >>> is_of_type(1, "integer"), is_of_type(1, "float"), is_of_type(True, "integer"), is_of_type(0.5, "integer")
    (True, True, False, False)
    """
    match kind:
        case "boolean":
            return isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "json":
            return isinstance(value, dict | list)
