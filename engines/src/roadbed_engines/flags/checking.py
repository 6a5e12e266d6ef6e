"""What would be wrong with definitions once they are live, found before they are published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from roadbed_engines.flags import definitions as d
from roadbed_engines.flags import strict, words
from roadbed_engines.flags.conditions import ConditionError, compile_condition
from roadbed_engines.flags.cycles import cycles_of
from roadbed_engines.flags.matching import why_refused

SPECIAL = {"$exists", "$not", "$size", "$elemMatch"}
LONGEST_CONDITION = 2_000
"""How many tests one condition has at most."""


def check(found: d.Definitions) -> list[d.Problem]:
    """Return every problem: names that lead nowhere, circles, operators not known, patterns that could run for ever.

    >>> check(d.Definitions(flags={"a": d.Flag(key="a", needs=(d.Need("a", ("on",)),))}))[0].message
    'prerequisites go round in a circle: a → a'
    """
    problems = []
    for key, cycle in cycles_of(found.flags).items():
        problems.append(d.Problem(f"flags.{key}.needs", f"prerequisites go round in a circle: {cycle}"))
    for key, segment in found.segments.items():
        problems += _condition(segment.condition, f"segments.{key}.condition", found)
    for key, flag in found.flags.items():
        problems += _flag(flag, f"flags.{key}", found)
    return problems


def _flag(flag: d.Flag, place: str, found: d.Definitions) -> Iterator[d.Problem]:
    for number, need in enumerate(flag.needs):
        yield from _need(need, f"{place}.needs.{number}", found)
    for key in flag.holdouts:
        if key not in found.holdouts:
            yield d.Problem(f"{place}.holdouts", f"there is no holdout {key}")
    for number, rule in enumerate(flag.rules):
        own = f"{place}.rules.{number}"
        yield from _condition(rule.condition, f"{own}.condition", found)
        for key in (*rule.segments, *rule.not_segments):
            if key not in found.segments:
                yield d.Problem(f"{own}.segments", f"there is no segment {key}")
        for position, need in enumerate(rule.needs):
            yield from _need(need, f"{own}.needs.{position}", found)


def _need(need: d.Need, place: str, found: d.Definitions) -> Iterator[d.Problem]:
    parent = found.flags.get(need.flag)
    if parent is None:
        yield d.Problem(place, f"there is no flag {need.flag}")
        return
    for name in need.variants:
        if name not in parent.variants:
            yield d.Problem(place, f"{need.flag} has no variant {name}")
    if need.condition is not None:
        yield from _condition(need.condition, f"{place}.condition", found)


def _condition(condition: d.Json, place: str, found: d.Definitions) -> Iterator[d.Problem]:
    if not condition:
        return
    try:
        compile_condition(condition, groups=found.groups)
    except ConditionError as error:
        yield d.Problem(place, str(error))
        return
    for number, problem in enumerate(_operators(condition, place, found)):
        if number >= LONGEST_CONDITION:
            return
        yield problem


def _operators(value: Any, place: str, found: d.Definitions) -> Iterator[d.Problem]:
    if isinstance(value, list):
        for number, each in enumerate(value):
            yield from _operators(each, f"{place}.{number}", found)
    if not isinstance(value, Mapping):
        return
    for name, operand in value.items():
        own = f"{place}.{name}"
        if (
            str(name).startswith("$")
            and name not in words.OPERATORS
            and name not in words.JOINS | {"$not": ""}
        ):
            if name not in SPECIAL:
                yield d.Problem(own, "is no operator that is known here")
        elif name in {"$regex", "$regexi"}:
            why = why_refused(operand) if isinstance(operand, str) else "a pattern is a text"
            if why:
                yield d.Problem(own, why)
        elif name in {"$inGroup", "$notInGroup"} and operand not in found.groups:
            yield d.Problem(own, f"there is no list {operand}")
        elif name in {"$in", "$nin", "$ini", "$nini", "$all", "$alli"} and not isinstance(operand, list):
            yield d.Problem(own, "takes a list")
        elif name in strict.NAMES and not strict.can_read(name, operand):
            yield d.Problem(own, f"{words.OPERATORS[name]} … cannot read {operand!r}")
        yield from _operators(operand, own, found)
