"""Who would get what: made-up people that each rule looks for, and how many of a thousand such get which variant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from roadbed_engines.flags import compiling, words
from roadbed_engines.flags import definitions as d

PEOPLE = 1_000
MOST = 8


@dataclass(frozen=True, slots=True)
class Sample:
    """One sort of people, and what a thousand of them get."""

    label: str
    context: Mapping[str, Any]
    shares: tuple[tuple[str, float], ...]


def preview(compiled: compiling.Compiled, flag: d.Flag, *, at: str) -> list[Sample]:
    """Return what people get: those of whom nothing is known but who they are, and those whom each rule looks for."""
    units = {d.UNIT, *(rule.unit for rule in flag.rules)}
    sorts: list[tuple[str, dict[str, Any]]] = [("Anybody", {})]
    for rule in flag.rules:
        context: dict[str, Any] = {}
        for condition in (rule.condition, *_segments(compiled, rule)):
            context |= _fitting(condition)
        if context and all(context != known for _, known in sorts):
            sorts.append((rule.name or words.of_condition(rule.condition or context), context))
    found = []
    for label, context in sorts[:MOST]:
        counted: Counter[str] = Counter()
        for number in range(PEOPLE):
            asked = {"currentTime": at, **dict.fromkeys(units, f"sample-{number}"), **context}
            counted[compiled.ask(flag.key, asked).variant or "the code’s own"] += 1
        shares = tuple((name, count / PEOPLE) for name, count in counted.most_common())
        found.append(Sample(label, context, shares))
    return found


def _segments(compiled: compiling.Compiled, rule: d.Rule) -> Iterator[d.Json]:
    for key in rule.segments:
        if key in compiled.definitions.segments:
            yield compiled.definitions.segments[key].condition


def _fitting(condition: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes that pass the simple parts of a condition."""
    found = {}
    for attribute, test in condition.items():
        if attribute.startswith("$"):
            continue
        operator, value = "$eq", test
        if isinstance(test, Mapping):
            if len(test) != 1:
                continue
            ((operator, value),) = test.items()
        first = value[0] if isinstance(value, list) and value else value
        match operator:
            case (
                "$eq"
                | "$in"
                | "$contains"
                | "$numEq"
                | "$numGte"
                | "$numLte"
                | "$gte"
                | "$lte"
                | "$veq"
                | "$vgte"
            ):
                found[attribute] = first
            case "$semverEq" | "$semverGte" | "$semverLte":
                found[attribute] = first
            case "$startsWith":
                found[attribute] = f"{first}x"
            case "$endsWith":
                found[attribute] = f"x{first}"
            case "$numGt" | "$gt":
                found[attribute] = _moved(first, 1)
            case "$numLt" | "$lt":
                found[attribute] = _moved(first, -1)
            case "$exists":
                if value:
                    found[attribute] = "something"
    return found


def _moved(value: Any, by: int) -> Any:
    try:
        return float(value) + by
    except (TypeError, ValueError):
        return value
