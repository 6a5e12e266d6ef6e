"""The rule builder: a definition as fields that a person fills in, and back. It works without a script.

What the fields do not cover (prerequisites of a rule, namespaces, ramps, sticky units) stands beside them as JSON, so
that nothing is lost by opening and saving.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from roadbed_engines.flags import words

MOST_RULES = 60
MOST_ROWS = 12
LISTS = {"$in", "$nin", "$startsWith", "$endsWith", "$contains", "$cidr"}
NUMBERS = {"$numEq", "$numGt", "$numGte", "$numLt", "$numLte"}
OPERATORS: tuple[tuple[str, str], ...] = (
    ("$eq", "is"),
    ("$ne", "is not"),
    *(
        (name, words.OPERATORS[name])
        for name in (
            "$in", "$nin", "$startsWith", "$endsWith", "$contains", "$regex", "$numEq", "$numGt", "$numGte",
            "$numLt", "$numLte", "$semverEq", "$semverGt", "$semverGte", "$semverLt", "$semverLte", "$after",
            "$before", "$cidr",
        )
    ),
    ("$exists", "is there"),
    ("$missing", "is missing"),
)  # fmt: skip
KNOWN = {name for name, _ in OPERATORS}
PLAIN = {"id", "name", "on", "condition", "segments", "variant", "split", "share", "unit"}
"""What of a rule the fields cover."""


# -- from a definition to fields ------------------------------------------------------------------------


def editor_of(
    definition: Mapping[str, Any], *, flag_type: str, also: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a definition as the template shows it; a blank rule stands at the end."""
    rules = [_fields(each) for each in definition.get("rules") or []]
    if len(rules) < MOST_RULES:
        rules.append(_fields({"id": "", "share": 1}) | {"is_new": True})
    rest = {
        name: value
        for name, value in definition.items()
        if name in {"needs", "holdouts", "forced", "schedule"} and value
    }
    return {
        "on": definition.get("on", True),
        "default": definition.get("default", ""),
        "off": definition.get("off", ""),
        "variants": list(definition.get("variants") or {}),
        "variants_text": json.dumps(definition.get("variants") or {}, indent=2, ensure_ascii=False),
        "rules": [
            each | {"prefix": f"rules-{number}-", "position": number + 1} for number, each in enumerate(rules)
        ],
        "more": json.dumps(rest, indent=2, ensure_ascii=False) if rest else "",
        "type": flag_type,
        "note": (also or {}).get("note", ""),
        "operators": OPERATORS,
    }


def _fields(rule: Mapping[str, Any]) -> dict[str, Any]:
    rows = _rows(rule.get("condition") or {})
    more = {name: value for name, value in rule.items() if name not in PLAIN}
    if rows is None:
        more["condition"] = rule["condition"]
        rows = []
    segments = list(rule.get("segments") or [])
    if len(segments) > 1:
        more["segments"] = segments[1:]
    split = rule.get("split") or {}
    return {
        "id": rule.get("id", ""),
        "name": rule.get("name", ""),
        "on": rule.get("on", True),
        "rows": [
            each | {"i": number}
            for number, each in enumerate(
                [*rows, {"attribute": "", "operator": "$eq", "value": ""}][:MOST_ROWS]
            )
        ],
        "segment": segments[0] if segments else "",
        "gives": rule.get("variant", ""),
        "split": ", ".join(f"{name} {weight:g}" for name, weight in split.items()),
        "share": f"{float(rule.get('share', 1)) * 100:.6f}".rstrip("0").rstrip("."),
        "unit": rule.get("unit", "targetingKey"),
        "more": json.dumps(more, indent=2, ensure_ascii=False) if more else "",
        "is_new": False,
    }


def _rows(condition: Mapping[str, Any]) -> list[dict[str, str]] | None:
    """Return a condition as rows of attribute, operator and value; None where it is more than that."""
    rows: list[dict[str, str]] = []
    for attribute, test in condition.items():
        operator, value = "$eq", test
        if isinstance(test, Mapping):
            if len(test) != 1:
                return None
            ((operator, value),) = test.items()
        if attribute.startswith("$") or operator not in KNOWN or len(rows) >= MOST_ROWS - 1:
            return None
        if operator == "$exists":
            operator, value = ("$exists", "") if value else ("$missing", "")
        if (
            isinstance(value, list)
            and operator in LISTS
            and all(isinstance(each, str) and "," not in each for each in value)
        ):
            value = ", ".join(value)
        if isinstance(value, bool | list | dict) or value is None:
            return None
        if operator == "$eq" and not isinstance(test, Mapping) and not isinstance(value, str):
            return None
        rows.append({"attribute": attribute, "operator": operator, "value": str(value)})
    return rows


# -- from fields to a definition ------------------------------------------------------------------------


def read(sent: Mapping[str, Any], *, flag_type: str) -> tuple[dict[str, Any], list[str]]:
    """Return the definition that was sent, and what of it cannot be read."""
    problems: list[str] = []
    variants = _json(sent.get("variants", ""), "Variants", problems)
    more = _json(sent.get("more", ""), "Prerequisites and more", problems)
    definition: dict[str, Any] = {
        **{name: more[name] for name in ("needs", "holdouts", "forced", "schedule") if name in more},
        "type": flag_type,
        "variants": variants,
        "default": sent.get("default", ""),
        "off": sent.get("off", ""),
    }
    if sent.get("on") != "yes":
        definition["on"] = False
    found = []
    taken: set[str] = set()
    for number in range(MOST_RULES):
        if f"rules-{number}-id" not in sent or sent.get(f"rules-{number}-gone") == "yes":
            continue
        rule = _rule(sent, f"rules-{number}-", number, problems)
        if rule is None:
            continue
        while not rule["id"] or rule["id"] in taken:
            rule["id"] = f"r{len(taken) + 1}" if f"r{len(taken) + 1}" not in taken else f"{rule['id']}x"
        taken.add(rule["id"])
        found.append((_place(sent.get(f"rules-{number}-position", ""), number), number, rule))
    if found:
        definition["rules"] = [rule for _, _, rule in sorted(found, key=lambda each: each[:2])]
    if "\x00" in json.dumps(definition, default=str) or "\\u0000" in json.dumps(definition, default=str):
        problems.append("A NUL character cannot be kept.")
    return definition, problems


def _place(text: str, otherwise: int) -> float:
    try:
        # Somebody who writes the number of another rule means to stand before it.
        return (
            float(text)
            - 1
            - (0.5 if float(text) - 1 < otherwise else -0.5 if float(text) - 1 > otherwise else 0)
        )
    except ValueError:
        return float(otherwise)


def _json(text: str, what: str, problems: list[str]) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        problems.append(f"{what}: this is no JSON: {error}")
        return {}
    if not isinstance(found, dict):
        problems.append(f"{what}: must be a JSON object.")
        return {}
    return found


def _rule(sent: Mapping[str, Any], prefix: str, number: int, problems: list[str]) -> dict[str, Any] | None:
    def of(name: str) -> str:
        return str(sent.get(prefix + name, "")).strip()

    label = f"Rule {number + 1}"
    condition: dict[str, Any] = {}
    for row in range(MOST_ROWS):
        attribute = of(f"attribute-{row}")
        if attribute:
            condition[attribute] = _test(
                of(f"operator-{row}"), of(f"value-{row}"), f"{label}, {attribute}", problems
            )
    gives, split = of("gives"), of("split")
    more = _json(of("more"), f"{label}, more", problems)
    if not (gives or split or of("name") or condition or more):
        return None  # the blank one at the end
    rule: dict[str, Any] = {"id": of("id")}
    if of("name"):
        rule["name"] = of("name")
    if of("on") != "yes":
        rule["on"] = False
    if condition:
        rule["condition"] = condition
    if "condition" in more:
        rule["condition"] = {"$and": [condition, more["condition"]]} if condition else more["condition"]
    if of("segment"):
        rule["segments"] = [of("segment"), *more.get("segments", [])]
    if split:
        rule["split"] = _split(split, label, problems)
    elif gives:
        rule["variant"] = gives
    share = _percent(of("share"), label, problems)
    if share != 1:
        rule["share"] = share
    if of("unit") and of("unit") != "targetingKey":
        rule["unit"] = of("unit")
    for name, value in more.items():
        rule.setdefault(name, value)
    return rule


def _test(operator: str, value: str, label: str, problems: list[str]) -> Any:
    if operator == "$eq":
        return value
    if operator in {"$exists", "$missing"}:
        return {"$exists": operator == "$exists"}
    if operator in LISTS:
        return {operator: [each.strip() for each in value.split(",") if each.strip()]}
    if operator in NUMBERS:
        try:
            number = float(value)
        except ValueError:
            problems.append(f"{label}: {value or 'nothing'} is no number.")
            return {operator: 0}
        return {operator: int(number) if number.is_integer() else number}
    return {operator: value}


def _split(text: str, label: str, problems: list[str]) -> dict[str, float]:
    found = {}
    for part in text.split(","):
        name, _, weight = part.strip().rpartition(" ")
        try:
            found[name.strip()] = float(weight.rstrip("%"))
        except ValueError:
            problems.append(f"{label}: write the split as “on 50, off 50”.")
            return {}
    return found


def _percent(text: str, label: str, problems: list[str]) -> float:
    if not text:
        return 1.0
    try:
        found = float(text.rstrip("% "))
    except ValueError:
        problems.append(f"{label}: {text} is no percentage.")
        return 1.0
    return round(found / 100, 12)
