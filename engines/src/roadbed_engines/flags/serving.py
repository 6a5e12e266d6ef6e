"""What a flag can give at all: what everybody gets, what can be reached, and what differs between two states."""

from __future__ import annotations

import json
from collections.abc import Iterator

from roadbed_engines.flags import definitions as d
from roadbed_engines.flags import words


def everybody_gets(flag: d.Flag) -> str | None:
    """Return the one variant that everybody gets, whoever they are; None where it depends. Empty is the code's own.

    >>> everybody_gets(d.Flag(key="f", default="on", rules=(d.Rule(id="r", variant="on"),)))
    'on'
    """
    found = reachable(flag)
    return next(iter(found)) if len(found) == 1 else None


def reachable(flag: d.Flag) -> set[str]:
    """Return the variants that somebody can get."""
    if not flag.is_on:
        return {flag.off}
    found = set(flag.forced.values())
    if flag.needs or any(need.is_gate for rule in flag.rules for need in rule.needs):
        found.add(flag.off)
    if flag.holdouts:
        found.add(flag.off or flag.default)
    for rule in flag.rules:
        if not rule.is_on:
            continue
        if rule.ramp is not None or rule.share > 0 or rule.ranges:
            found |= set(rule.split) | {name for name, _, _ in rule.ranges} | ({rule.variant} - {""})
        takes_all = rule.share == 1 and not rule.ranges and rule.ramp is None and not rule.is_sticky
        if takes_all and not (
            rule.condition or rule.segments or rule.not_segments or rule.needs or rule.slices or rule.split
        ):
            return found
    found.add(flag.default)
    return found


def differences(before: d.Flag | None, after: d.Flag) -> list[str]:
    """Return what is different, in sentences; empty where nothing is.

    >>> differences(d.Flag(key="f", is_on=False), d.Flag(key="f", default="on"))
    ['switched on', 'otherwise gives on']
    """
    return list(_differences(before or d.Flag(key=after.key, type=after.type, is_on=False), after))


def _differences(before: d.Flag, after: d.Flag) -> Iterator[str]:
    if before.is_on != after.is_on:
        yield "switched on" if after.is_on else "switched off"
    for name, value in after.variants.items():
        if name not in before.variants:
            yield f"variant {name} added: {_short(value)}"
        elif before.variants[name] != value:
            yield f"variant {name} is now {_short(value)}, was {_short(before.variants[name])}"
    for name in before.variants:
        if name not in after.variants:
            yield f"variant {name} removed"
    if before.default != after.default:
        yield f"otherwise gives {after.default or 'the code’s own value'}"
    if before.off != after.off:
        yield f"off gives {after.off or 'the code’s own value'}"
    if before.needs != after.needs:
        yield f"needs {'; '.join(map(words.of_need, after.needs)) or 'no other flag'}"
    if before.holdouts != after.holdouts:
        yield f"held out by {', '.join(after.holdouts) or 'nothing'}"
    if before.forced != after.forced:
        yield f"forced for {len(after.forced)} units, was {len(before.forced)}"
    yield from _rules(before, after)
    if before.schedule != after.schedule:
        yield f"{len(after.schedule)} scheduled changes, were {len(before.schedule)}"


def _rules(before: d.Flag, after: d.Flag) -> Iterator[str]:
    old = {rule.id: rule for rule in before.rules}
    new = {rule.id: rule for rule in after.rules}
    for key, rule in new.items():
        if key not in old:
            yield f"rule {key} added: {words.of_rule(rule)}"
        elif old[key] != rule:
            yield f"rule {key} {_rule(old[key], rule)}"
    for key, rule in old.items():
        if key not in new:
            yield f"rule {key} removed: {words.of_rule(rule)}"
    order = [key for key in old if key in new]
    if [key for key in new if key in old] != order:
        yield f"order of rules: {', '.join(new)}"


def _rule(old: d.Rule, new: d.Rule) -> str:
    if old.is_on != new.is_on:
        return "switched on" if new.is_on else "switched off"
    said = words.of_rule(new)
    if old.ramp != new.ramp and said == words.of_rule(old):
        return "has a changed ramp"
    return f"is now: {said}" if said != words.of_rule(old) else "changed in its details"


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}…"
