"""The closures that rules become. What is asked most often has a shape of its own, with nothing before the hash."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import mmh3

from roadbed_engines.flags.answers import KEPT, Answer, Ask, Context, RuleAsk
from roadbed_engines.flags.conditions import Condition
from roadbed_engines.flags.definitions import Rule
from roadbed_engines.flags.hashing import as_bytes
from roadbed_engines.flags.placing import steps_of, unit_reader

Read = Callable[[Context], str]
Choice = Callable[[str], str | None]
_hashed = mmh3.hash


def every(parts: tuple[Condition, ...]) -> Condition | None:
    """Return one condition for several; None for none."""
    if not parts:
        return None
    if len(parts) == 1:
        return parts[0]
    return lambda context: all(part(context) for part in parts)


def in_order(rules: tuple[RuleAsk, ...], default: Answer) -> Ask:
    """Return the first answer. The last rule answers with the default itself, so that nothing comes after it."""
    if not rules:
        return lambda context: default
    if len(rules) == 1:
        return rules[0]  # type: ignore[return-value]  # the last rule always answers
    *before, last = rules

    def ask(context: Context) -> Answer:
        for rule in before:
            found = rule(context)
            if found is not None:
                return found
        return last(context)  # type: ignore[return-value]  # as above

    return ask


def unless(holds: Condition, answer: Answer, ask: Ask) -> Ask:
    """Answer at once where something holds."""
    return lambda context: answer if holds(context) else ask(context)


def only_if(holds: Condition, answer: Answer, ask: Ask) -> Ask:
    """Answer at once where something does not hold."""
    return lambda context: ask(context) if holds(context) else answer


def gate(holds: Condition, answer: Answer | None, ask: RuleAsk) -> RuleAsk:
    """Answer at once, before a rule, where something does not hold."""
    return lambda context: ask(context) if holds(context) else answer


def plain(holds: Condition | None, answer: Answer | None, miss: Answer | None) -> RuleAsk:
    """Give one answer to all who pass."""
    if holds is None:
        return lambda context: answer
    return lambda context: answer if holds(context) else miss


def shared(
    rule: Rule,
    salt: str,
    holds: Condition | None,
    read: Read,
    choice: Choice,
    answers: Mapping[str, Answer],
    miss: Answer | None,
    *,
    is_only_condition: bool,
) -> RuleAsk:
    """Give answers to a share of those who pass, by their unit."""
    known: dict[str | None, Answer | None] = {None: miss}
    known.update(answers)
    if rule.hash == "murmur3":
        bounds, names = steps_of(rule)
        by_level = _by_level(rule.unit, read, f"{salt}:", bounds, [known[name] for name in names], miss)
        if holds is None:
            return by_level
        general = gate(holds, miss, by_level)
        equality = _equality(rule.condition) if is_only_condition else None
        if equality is None or len(bounds) != 1 or names[1] is not None:
            return general
        given = known[names[0]]
        return _equal_and_shared(*equality, rule.unit, f"{salt}:", bounds[0], given, miss, general)

    def ask(context: Context) -> Answer | None:
        if holds is not None and not holds(context):
            return miss
        unit = read(context)
        return known[choice(unit)] if unit else miss

    return ask


def _equality(condition: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return attribute and value of a condition that is no more than `{attribute: text}`."""
    if len(condition) != 1:
        return None
    ((attribute, value),) = condition.items()
    is_plain = isinstance(value, str) and "." not in attribute and not attribute.startswith("$")
    return (attribute, value) if is_plain else None


# Both below hash as `placing.level_of` does, without a call, and try first what nearly every context has: a text under
# the unit's own name.


def _by_level(
    unit_name: str,
    read: Read,
    prefix: str,
    bounds: Sequence[int],
    given: Sequence[Answer | None],
    miss: Answer | None,
) -> RuleAsk:
    """Give each stretch of units its answer."""

    def ask(context: Context) -> Answer | None:
        try:
            unit = context[unit_name]
            text = prefix + unit
        except (KeyError, TypeError):
            unit = ""
        if not unit:
            unit = read(context)
            if not unit:
                return miss
            text = prefix + unit
        return given[bisect_right(bounds, _hashed(text if text.isascii() else as_bytes(text)))]

    return ask


def _equal_and_shared(
    attribute: str,
    value: str,
    unit_name: str,
    prefix: str,
    bound: int,
    given: Answer | None,
    miss: Answer | None,
    general: RuleAsk,
) -> RuleAsk:
    """The rule that everybody writes: one attribute has a value, and the first part of the units gets it.

    What is not as usual (a list under the attribute, a number for a unit, letters beyond ASCII) is left to the general
    rule. Every name that the closure holds is copied at each call, so it holds few.
    """

    def ask(context: Context) -> Answer | None:
        found = context.get(attribute)  # not `[…]`: that many contexts lack it is nothing special
        if found == value:
            try:
                unit = context[unit_name]
                text = prefix + unit
            except (KeyError, TypeError):
                return general(context)
            if unit and text.isascii():
                return given if _hashed(text) < bound else miss
        elif type(found) is str:
            return miss
        return general(context)

    return ask


def sticky(
    rule: Rule,
    holds: Condition | None,
    read: Read,
    choice: Choice,
    answers: Mapping[str, Answer],
    miss: Answer | None,
) -> RuleAsk:
    """Return a rule whose units keep what they got, also when the condition or the share has changed since."""
    name = f"{rule.experiment or rule.id}__{rule.version}"
    older = [f"{rule.experiment or rule.id}__{version}" for version in range(rule.least_version)]
    readers = [(attribute, unit_reader(attribute)) for attribute in (rule.fallback, rule.unit) if attribute]

    def ask(context: Context) -> Answer | None:
        places = [(attribute, unit) for attribute, own in readers if (unit := own(context))]
        if not places:
            return miss
        kept: dict[str, Any] = {}
        carried = context.get(KEPT)
        for attribute, unit in places:
            mine = carried.get(f"{attribute}||{unit}") if isinstance(carried, Mapping) else None
            kept |= mine if isinstance(mine, Mapping) else {}
        if any(each in kept for each in older):
            return miss
        found = kept.get(name)
        if not isinstance(found, str) or found not in answers:
            if holds is not None and not holds(context):
                return miss
            found = choice(read(context))
        if found is None:
            return miss
        attribute, unit = places[-1]
        return replace(answers[found], keep=(f"{attribute}||{unit}", name, found))

    return ask
