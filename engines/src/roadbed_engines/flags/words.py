"""Rules in words that a person would say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from roadbed_engines.flags import definitions as d

OPERATORS: Mapping[str, str] = {
    "$eq": "is",
    "$ne": "is not",
    "$lt": "is less than",
    "$lte": "is at most",
    "$gt": "is more than",
    "$gte": "is at least",
    "$numEq": "is the number",
    "$numGt": "is more than",
    "$numGte": "is at least",
    "$numLt": "is less than",
    "$numLte": "is at most",
    "$veq": "is version",
    "$vne": "is not version",
    "$vgt": "is later than version",
    "$vgte": "is version",
    "$vlt": "is earlier than version",
    "$vlte": "is at most version",
    "$semverEq": "is version",
    "$semverGt": "is later than version",
    "$semverGte": "is at least version",
    "$semverLt": "is earlier than version",
    "$semverLte": "is at most version",
    "$after": "is after",
    "$before": "is before",
    "$in": "is one of",
    "$ini": "is, in any case, one of",
    "$nin": "is none of",
    "$nini": "is, in any case, none of",
    "$all": "has all of",
    "$alli": "has, in any case, all of",
    "$startsWith": "begins with",
    "$startsWithi": "begins, in any case, with",
    "$endsWith": "ends with",
    "$endsWithi": "ends, in any case, with",
    "$contains": "contains",
    "$containsi": "contains, in any case,",
    "$regex": "matches the pattern",
    "$regexi": "matches, in any case, the pattern",
    "$cidr": "is an address in",
    "$inGroup": "is in the list",
    "$notInGroup": "is not in the list",
    "$size": "has a length that",
    "$type": "is of type",
}
"""Every operator on a value, in words. `$exists`, `$not` and `$elemMatch` are said in words of their own."""
JOINS = {"$and": " and ", "$or": " or ", "$nor": " or "}


def of_condition(condition: Any) -> str:
    """Return a condition in words.

    >>> of_condition({"country": {"$in": ["CA", "NL"]}, "age": {"$numGte": 18}})
    'country is one of CA, NL and age is at least 18'
    """
    if not isinstance(condition, Mapping):
        return _short(condition)
    parts = []
    for key, value in condition.items():
        if key in JOINS and isinstance(value, list):
            inner = JOINS[key].join(f"({of_condition(each)})" for each in value)
            parts.append(f"none of {inner}" if key == "$nor" else f"({inner})")
        elif key == "$not":
            parts.append(f"not ({of_condition(value)})")
        else:
            parts += [f"{key} {test}" for test in _tests(value)]
    return " and ".join(parts) or "everybody"


def _tests(value: Any) -> list[str]:
    if not isinstance(value, Mapping) or not value or not all(str(key).startswith("$") for key in value):
        return [f"is {_short(value)}"]
    found = []
    for name, operand in value.items():
        if name == "$exists":
            found.append("is there" if operand else "is missing")
        elif name == "$not":
            found.append(f"not: {' and '.join(_tests(operand))}")
        elif name == "$size":
            found.append(f"has a length that {' and '.join(_tests(operand))}")
        elif name == "$elemMatch":
            found.append(f"has one of which holds: {of_condition(operand)}")
        else:
            found.append(f"{OPERATORS.get(name, name)} {_short(operand)}")
    return found


def _short(value: Any) -> str:
    if isinstance(value, list):
        shown = ", ".join(_short(each) for each in value[:5])
        return shown + (f" and {len(value) - 5} more" if len(value) > 5 else "")
    return value if isinstance(value, str) else json.dumps(value, default=str)


def percent(share: float) -> str:
    """Return a share as a percentage with no more digits than it has.

    >>> percent(0.5), percent(0.00005), percent(1)
    ('50%', '0.005%', '100%')
    """
    return f"{share * 100:.6f}".rstrip("0").rstrip(".") + "%"


def of_rule(rule: d.Rule) -> str:
    """Return a rule in words: for whom, how many of them, and what they get.

    >>> of_rule(d.Rule(id="r", condition={"country": "CA"}, variant="on", share=0.5))
    'If country is CA, 50% by targetingKey get on'
    """
    parts = [of_condition(rule.condition)] if rule.condition else []
    parts += [f"in {key}" for key in rule.segments] + [f"not in {key}" for key in rule.not_segments]
    parts += [of_need(need) for need in rule.needs]
    parts += [
        f"in {', '.join(f'{percent(low)}–{percent(high)}' for low, high in each.ranges)} of {each.namespace}"
        for each in rule.slices
    ]
    who = f"If {' and '.join(parts)}" if parts else "Everybody"
    if rule.split or rule.ranges:
        total = sum(rule.split.values()) or 1
        shares = (
            [f"{name} {percent(weight / total)}" for name, weight in rule.split.items()]
            if rule.split
            else [f"{name} {percent(low)}–{percent(high)}" for name, low, high in rule.ranges]
        )
        taking = f"{percent(rule.share)} by {rule.unit} are" if rule.share < 1 else "they are"
        return f"{who}: {taking} split by {rule.unit} into {', '.join(shares)}"
    if rule.share < 1:
        return f"{who}{',' if parts else ':'} {percent(rule.share)} by {rule.unit} get {rule.variant}"
    return f"{who}{', they get' if parts else ' gets'} {rule.variant or 'nothing'}"


def of_need(need: d.Need) -> str:
    """Return a prerequisite in words."""
    if need.condition is not None:
        return f"{need.flag}: {of_condition(need.condition)}"
    return f"{need.flag} says {' or '.join(need.variants)}"
