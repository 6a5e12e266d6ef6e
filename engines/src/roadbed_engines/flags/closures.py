"""The closures that rules become. What is asked most often has a shape of its own, with nothing before the hash."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import mmh3

from roadbed_engines.flags.answers import KEPT, Answer, Ask, Context, RuleAsk
from roadbed_engines.flags.conditions import Condition
from roadbed_engines.flags.definitions import Rule
from roadbed_engines.flags.hashing import as_bytes
from roadbed_engines.flags.placing import HALF, stretch_of, unit_reader

Read = Callable[[Context], str]
Choice = Callable[[str], str | None]


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


def gate(holds: Condition, answer: Answer, ask: RuleAsk) -> RuleAsk:
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
    stretch = stretch_of(rule, salt)
    if stretch is not None:
        name, prefix, begin, end = stretch
        given = answers[name]
        equality = _equality(rule.condition) if is_only_condition else None
        if equality is not None and holds is not None and begin == -HALF:
            return _equal_and_shared(*equality, holds, rule.unit, read, prefix, end, given, miss)
    known: dict[str | None, Answer | None] = {None: miss}
    known.update(answers)
    if holds is None:

        def everybody(context: Context) -> Answer | None:
            unit = read(context)
            return known[choice(unit)] if unit else miss

        return everybody

    def some(context: Context) -> Answer | None:
        if not holds(context):
            return miss
        unit = read(context)
        return known[choice(unit)] if unit else miss

    return some


def _equality(condition: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return attribute and value of a condition that is no more than `{attribute: text}`."""
    if len(condition) != 1:
        return None
    ((attribute, value),) = condition.items()
    is_plain = isinstance(value, str) and "." not in attribute and not attribute.startswith("$")
    return (attribute, value) if is_plain else None


def _equal_and_shared(
    attribute: str,
    value: str,
    holds: Condition,
    unit_name: str,
    read: Read,
    prefix: str,
    end: int,
    given: Answer,
    miss: Answer | None,
) -> RuleAsk:
    """The rule that everybody writes: one attribute has a value, and a part of the units gets it."""
    hashed = mmh3.hash

    def ask(context: Context) -> Answer | None:
        found = context.get(attribute)
        if found != value and (type(found) is str or not holds(context)):
            return miss
        unit = context.get(unit_name)
        if not unit:  # the fallback may name one
            unit = read(context)
            if not unit:
                return miss
        try:
            text = prefix + unit
        except TypeError:  # a number, say; testing for that beforehand would cost everybody else
            unit = read(context)
            if not unit:
                return miss
            text = prefix + unit
        # What `placing.level_of` does, without a call.
        return given if hashed(text if text.isascii() else as_bytes(text)) < end else miss

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
