"""What moving definitions from one product to another brings along, and what it cannot."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from roadbed_engines.flags import definitions as d


@dataclass(frozen=True, slots=True)
class Note:
    """What did not come along as it was, and why; `flag` is its key."""

    flag: str
    message: str

    def __str__(self) -> str:
        return f"{self.flag}: {self.message}"


@dataclass(frozen=True, slots=True)
class MovedIn:
    """Definitions of ours, from another product's."""

    definitions: d.Definitions
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class MovedOut:
    """Another product's definitions, from ours."""

    payload: dict[str, Any]
    notes: tuple[Note, ...]


def type_of_values(values: Iterable[Any]) -> d.FlagType | None:
    """Return the one type that all values have, or None.

    >>> type_of_values([1, 2.5]), type_of_values(["a", 1])
    ('float', None)
    """
    found = list(values)
    return next((kind for kind in d.TYPES if all(d.is_of_type(value, kind) for value in found)), None)


@dataclass
class Names:
    """Names for the values of a flag: on and off, the text itself where it can be a name, else v1, v2 …"""

    variants: dict[str, Any] = field(default_factory=dict)

    def of(self, value: Any, *, wanted: str = "", besides: Iterable[str] = ()) -> str:
        """Return the name of a value, other than `besides`."""
        text = json.dumps(value, sort_keys=True)
        taken = set(besides)
        for name, known in self.variants.items():
            if name not in taken and json.dumps(known, sort_keys=True) == text and not (wanted and taken):
                return name
        for name in (wanted, "on" if value is True else "off" if value is False else value):
            if isinstance(name, str) and d.KEY.fullmatch(name) and name not in self.variants:
                self.variants[name] = value
                return name
        number = len(self.variants) + 1
        while f"v{number}" in self.variants:
            number += 1
        self.variants[f"v{number}"] = value
        return f"v{number}"
