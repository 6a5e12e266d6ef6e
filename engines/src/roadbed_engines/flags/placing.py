"""Where a unit falls, as a function of the context that is made once: place, gate and choice."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mmh3

from roadbed_engines.flags.definitions import Hash, Rule
from roadbed_engines.flags.hashing import as_bytes, fnv_share

HALF = 2**31
VARIANT_SEED = 86_028_157
Unit = Callable[[Mapping[str, Any]], str]
Choice = Callable[[str], str | None]
"""The variant of a unit, or None where it does not take part."""


def unit_reader(attribute: str, fallback: str = "") -> Unit:
    """Return the function that reads the unit of a context; empty where there is none.

    >>> unit_reader("user", "device")({"device": 7.0})
    '7'
    """

    def read(context: Mapping[str, Any]) -> str:
        found = context.get(attribute)
        if type(found) is str and found:
            return found
        return as_unit(found) or (as_unit(context.get(fallback)) if fallback else "")

    return read


def as_unit(value: Any) -> str:
    """Return what tells a unit from others, as a text; empty for what tells nothing."""
    if value is None or value is False or value == "" or isinstance(value, Mapping | list | tuple):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "true" if value is True else str(value)


def place_of(kind: Hash, salt: str) -> Callable[[str], float]:
    """Return the place of a unit in [0, 1): in steps of 1/2³² for `murmur3`; coarser as the others have it."""
    if kind == "fnv1":
        return lambda unit: fnv_share(seed=salt, unit=unit, version=1) or 0.0
    if kind == "fnv2":
        return lambda unit: fnv_share(seed=salt, unit=unit, version=2) or 0.0
    if kind == "unleash":
        word = _word(f"{salt}:")
        return lambda unit: word(unit) % 100 / 100
    level = level_of(f"{salt}:")
    return lambda unit: (level(unit) + HALF) / (2 * HALF)


def level_of(prefix: str) -> Callable[[str], int]:
    """Return the signed 32-bit MurmurHash3 of prefix and unit: a place is that plus 2³¹, over 2³²."""
    hashed = mmh3.hash

    def level(unit: str) -> int:
        text = prefix + unit
        # The library cannot be given half a surrogate pair, which JSON may carry: that ends the process.
        return hashed(text if text.isascii() else as_bytes(text))

    return level


def _word(prefix: str, seed: int = 0) -> Callable[[str], int]:
    return lambda unit: mmh3.hash(as_bytes(prefix + unit), seed, signed=False)


def bound(place: float) -> int:
    """Return a place as the level that lies there."""
    return round(place * 2 * HALF) - HALF


def ranges_of(rule: Rule) -> tuple[tuple[str, float, float], ...]:
    """Return the stretch of each variant. A growing share takes nobody's variant away.

    >>> ranges_of(Rule(id="r", split={"a": 1, "b": 1}, share=0.5))
    (('a', 0.0, 0.25), ('b', 0.5, 0.75))
    """
    if rule.ranges:
        return rule.ranges
    split = dict(rule.split) if rule.split else {rule.variant: 1.0}
    total = sum(split.values()) or 1.0
    found, begun = [], 0.0
    for name, weight in split.items():
        found.append((name, begun, begun + rule.share * weight / total))
        begun += weight / total
    return tuple(found)


def choice_of(rule: Rule, salt: str) -> Choice:
    """Return the function that gives a unit its variant."""
    if rule.hash == "unleash" and not rule.ranges:
        return _unleash(rule, salt)
    if rule.hash != "murmur3":
        ranges = ranges_of(rule)
        place = place_of(rule.hash, salt)
        return lambda unit: _in_range(place(unit), ranges)
    level = level_of(f"{salt}:")
    bounds, names = steps_of(rule)
    return lambda unit: names[bisect_right(bounds, level(unit))]


def steps_of(rule: Rule) -> tuple[list[int], list[str | None]]:
    """Return the levels at which what units get changes, and what they get below the first and from each on.

    >>> steps_of(Rule(id="r", split={"a": 1, "b": 1}))
    ([0], ['a', 'b'])
    """
    bounds: list[int] = []
    names: list[str | None] = []
    reached = -HALF
    for name, low, high in sorted(ranges_of(rule), key=lambda each: each[1]):
        begin, end = bound(low), bound(high)
        if end <= begin:
            continue
        if begin > reached:
            bounds.append(begin)
            names.append(None)
        bounds.append(end)
        names.append(name)
        reached = end
    if reached >= HALF:  # nobody lies beyond
        return bounds[:-1], names
    return bounds, [*names, None]


def _in_range(place: float, ranges: Sequence[tuple[str, float, float]]) -> str | None:
    return next((name for name, low, high in ranges if low <= place < high), None)


def _unleash(rule: Rule, salt: str) -> Choice:
    """Return Unleash's way: whole percents let a unit in, and a second hash chooses."""
    gate, second = _word(f"{salt}:"), _word(f"{salt}:", VARIANT_SEED)
    split = {name: int(weight) for name, weight in rule.split.items()} or {rule.variant: 1}
    total = sum(split.values())
    percent = rule.share * 100

    def choose(unit: str) -> str | None:
        if gate(unit) % 100 + 1 > percent or not total:
            return None
        step = second(unit) % total + 1
        passed = 0
        for name, weight in split.items():
            passed += weight
            if weight and passed >= step:
                return name
        return None

    return choose
