"""From Unleash's definitions to ours, and back. Whoever comes in keeps everybody's side."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from roadbed_engines.flags import definitions as d
from roadbed_engines.flags import strict
from roadbed_engines.flags.moves import MovedIn, MovedOut, Note
from roadbed_engines.flags.unleash import read_state

Json = Mapping[str, Any]
OPERATORS = {word: name for name, word in strict.NAMES.items()}
NOBODY: Json = {"$nor": [{}]}


def from_unleash(state: Json) -> MovedIn:
    """Return the definitions of a state as Unleash's client API serves it, and notes on what stayed behind.

    A flag without variants is a boolean one; a flag with variants has their payloads as values, and leaves the value to
    the code where it is off.

    >>> moved = from_unleash({"features": [{"name": "map", "enabled": True, "strategies": [{"name": "default"}]}]})
    >>> moved.definitions.flags["map"].rules[0].variant
    'on'
    """
    features, segments = read_state(state)
    notes: list[Note] = []
    own = {
        str(number): d.Segment(
            key=str(number),
            name=str(given.get("name") or ""),
            condition=condition_of(given.get("constraints") or ()),
        )
        for number, given in segments.items()
    }
    flags = {}
    for name, given in features.items():
        if d.KEY.fullmatch(name):
            flags[name] = _In(name, given, notes).flag()
        else:
            notes.append(Note(name, "its key cannot be part of an address, so it stayed behind"))
    return MovedIn(d.Definitions(flags=flags, segments=own), tuple(notes))


def condition_of(constraints: Sequence[Json]) -> dict[str, Any]:
    """Return constraints, all of which must hold, as a condition.

    >>> condition_of([{"contextName": "age", "operator": "NUM_GT", "value": "5", "inverted": True}])
    {'age': {'$not': {'$numGt': '5'}}}
    """
    parts = []
    for given in constraints:
        test = _test(given)
        parts.append({given["contextName"]: {"$not": test} if given.get("inverted") else test})
    if len({next(iter(part)) for part in parts}) == len(parts):
        return {name: test for part in parts for name, test in part.items()}
    return {"$and": parts}


def _test(given: Json) -> dict[str, Any]:
    word = given.get("operator") or ""
    values = list(given.get("values") or ())
    fold = "i" if given.get("caseInsensitive") else ""
    if word in {"IN", "NOT_IN"}:
        return {"$in" if word == "IN" else "$nin": values}
    if word == "REGEX":
        return {f"$regex{fold}": str(given.get("value") or "")}
    name = OPERATORS.get(word)
    if name is None:
        return {"$in": []}
    if name in strict.TEXTS:
        return {f"{name}{fold}": values}
    return {name: values if name in strict.NETWORKS else given.get("value")}


@dataclass
class _In:
    key: str
    given: Json
    notes: list[Note]

    def note(self, message: str) -> None:
        self.notes.append(Note(self.key, message))

    def flag(self) -> d.Flag:
        strategies: Sequence[Json] = self.given.get("strategies") or ()
        named = [each for own in (self.given, *strategies) for each in own.get("variants") or ()]
        variants: dict[str, Any] = {"on": True, "off": False}
        kind: d.FlagType = "boolean"
        if named:
            kind, variants = self.values(named)
        rules = [rule for number, each in enumerate(strategies) for rule in self.rules(number, each)]
        if not strategies:
            rules = list(self.rules(0, {"name": "default"}))
        off = "off" if kind == "boolean" else ""
        return d.Flag(
            key=self.key,
            type=kind,
            variants=variants,
            default=off,
            off=off,
            is_on=bool(self.given.get("enabled")),
            salt=self.key,
            needs=tuple(self.needs()),
            rules=tuple(rules),
        )

    def needs(self) -> list[d.Need]:
        found = []
        for each in self.given.get("dependencies") or ():
            if each.get("enabled") is False:
                condition: Json = {"value": {"$in": [None, False]}}
                found.append(d.Need(each["feature"], condition=condition))
            elif each.get("variants"):
                found.append(d.Need(each["feature"], variants=tuple(each["variants"])))
            else:
                found.append(d.Need(each["feature"], condition={"value": {"$nin": [None, False]}}))
        return found

    def values(self, named: Sequence[Json]) -> tuple[d.FlagType, dict[str, Any]]:
        kinds = {str((each.get("payload") or {}).get("type") or "") for each in named}
        try:
            if kinds == {"json"}:
                found = {each["name"]: json.loads(each["payload"]["value"]) for each in named}
                if all(isinstance(value, dict | list) for value in found.values()):
                    return "json", found
            if kinds == {"number"}:
                return "float", {each["name"]: float(each["payload"]["value"]) for each in named}
        except ValueError:
            self.note("a payload cannot be read as what it says it is; payloads are kept as texts")
        return "string", {
            each["name"]: str((each.get("payload") or {}).get("value") or each["name"]) for each in named
        }

    def rules(self, number: int, given: Json) -> list[d.Rule]:
        parameters = given.get("parameters") or {}
        shared: dict[str, Any] = {
            "segments": tuple(str(each) for each in given.get("segments") or ()),
            "hash": "unleash",
            "salt": parameters.get("groupId") or self.key,
        }
        condition: dict[str, Any] = condition_of(given.get("constraints") or ())
        name = str(given.get("name") or "")
        own, unit, fallback, share = self.kind(name, parameters)
        if own:
            condition = own if not condition else {"$and": [condition, own]}
        variants: Sequence[Json] = given.get("variants") or self.given.get("variants") or ()
        first = str(variants[0].get("stickiness") or "default") if variants else "default"
        if variants and first not in {"default", unit}:
            self.note(f"strategy {number + 1} chooses variants by {first}; they are chosen by {unit} here")
        shared |= {"unit": unit, "fallback": fallback, "share": share}
        named = f"s{number + 1}"
        rules = []
        for position, each in enumerate(variants):
            for override in each.get("overrides") or ():
                only = {override["contextName"]: {"$in": list(override.get("values") or ())}}
                both = {"$and": [condition, only]} if condition else only
                rules.append(
                    d.Rule(
                        id=f"{named}-o{position}", condition=both, variant=each["name"],
                        segments=shared["segments"],
                    )
                )  # fmt: skip
        split = {each["name"]: float(each.get("weight") or 0) for each in variants}
        if sum(split.values()):
            rules.append(d.Rule(id=named, condition=condition, split=split, **shared))
        elif (not variants and self.given.get("variants") is None) or not split:
            # A rollout to everybody still asks for a unit, unless chance may stand in for it.
            strict_unit = share == 1 and not fallback and name.startswith(("gradual", "flexible"))
            given_to: dict[str, Any] = {"ranges": (("on", 0.0, 1.0),)} if strict_unit else {"variant": "on"}
            rules.append(d.Rule(id=named, condition=condition, **given_to, **shared))
        return rules

    def kind(self, name: str, parameters: Json) -> tuple[dict[str, Any], str, str, float]:
        """Return what a strategy adds to the condition, its unit with the fallback, and its share."""
        share = _share(parameters.get("rollout" if name == "flexibleRollout" else "percentage"))
        match name:
            case "default":
                return {}, "userId", "sessionId", 1.0
            case "userWithId":
                users = [each.strip() for each in str(parameters.get("userIds") or "").split(",")]
                return {"userId": {"$in": [each for each in users if each]}}, "userId", "", 1.0
            case "remoteAddress":
                networks = [each.strip() for each in str(parameters.get("IPs") or "").split(",")]
                return {"remoteAddress": {"$cidr": networks}}, "userId", "", 1.0
            case "gradualRolloutUserId":
                return {}, "userId", "", share
            case "gradualRolloutSessionId":
                return {}, "sessionId", "", share
            case "gradualRolloutRandom":
                self.note("a rollout by chance became one by userId: the same person gets the same answer")
                return {}, "userId", "sessionId", share
            case "flexibleRollout":
                stickiness = str(parameters.get("stickiness") or "default")
                if stickiness in {"default", "random"}:
                    if stickiness == "random":
                        self.note(
                            "a rollout by chance became one by userId: the same person gets the same answer"
                        )
                    return {}, "userId", "sessionId", share
                return {}, stickiness, "", share
        self.note(f"strategy {name} is not known here: nobody passes it")
        return dict(NOBODY), "userId", "", 1.0


def _share(value: Any) -> float:
    try:
        return min(max(float(value) / 100, 0.0), 1.0)
    except (TypeError, ValueError):
        return 0.0


# -- out ----------------------------------------------------------------------------------------------


def to_unleash(found: d.Definitions) -> MovedOut:
    """Return a state as Unleash's clients read it, and notes on what they cannot do.

    A rule that cannot be said is left out, so that nobody gets what they should not.
    """
    notes: list[Note] = []
    segments = {key: number + 1 for number, key in enumerate(found.segments)}
    said: dict[str, list[Json]] = {}
    for key, segment in found.segments.items():
        try:
            said[key] = constraints_of(segment.condition)
        except ValueError as error:
            notes.append(Note(key, f"this segment was left out: {error}"))
    payload = {
        "version": 2,
        "features": [_feature(flag, segments, set(said), notes) for flag in found.flags.values()],
        "segments": [
            {"id": segments[key], "name": found.segments[key].name or key, "constraints": each}
            for key, each in said.items()
        ],
    }
    return MovedOut(payload, tuple(notes))


def constraints_of(condition: Json) -> list[Json]:
    """Return a condition as constraints that must all hold.

    Raises
    ------
    ValueError
        If it is more than tests that must all hold, each of one attribute.
    """
    found: list[Json] = []
    for name, test in condition.items():
        if name == "$and" and isinstance(test, list):
            found += [part for each in test for part in constraints_of(each)]
        elif name.startswith("$"):
            raise ValueError(f"{name} joins conditions, which is not known there")
        else:
            found += _constraint(name, test, inverted=False)
    return found


_BACK = {"$gt": "NUM_GT", "$gte": "NUM_GTE", "$lt": "NUM_LT", "$lte": "NUM_LTE"}


def _constraint(name: str, test: Any, *, inverted: bool) -> list[Json]:
    if not isinstance(test, Mapping):
        return [_said(name, "IN", inverted=inverted, values=[_text(test)])]
    if inverted and len(test) > 1:
        raise ValueError("not of several tests is not known there")
    found: list[Json] = []
    for operator, operand in test.items():
        fold = operator.endswith("i")
        base = operator[:-1] if fold and operator not in strict.NAMES else operator
        values = [_text(each) for each in (operand if isinstance(operand, list) else [operand])]
        if operator == "$not":
            found += _constraint(name, operand, inverted=not inverted)
        elif operator in {"$in", "$eq"}:
            found.append(_said(name, "IN", inverted=inverted, values=values))
        elif operator in {"$nin", "$ne"}:
            found.append(_said(name, "NOT_IN", inverted=inverted, values=values))
        elif base == "$regex":
            found.append(_said(name, "REGEX", inverted=inverted, value=str(operand), fold=fold))
        elif base in strict.TEXTS:
            found.append(_said(name, strict.TEXTS[base], inverted=inverted, values=values, fold=fold))
        elif operator in strict.NETWORKS:
            found.append(_said(name, strict.NETWORKS[operator], inverted=inverted, values=values))
        elif operator in strict.LEVELS or operator in _BACK:
            word = strict.LEVELS.get(operator) or _BACK[operator]
            found.append(_said(name, word, inverted=inverted, value=values[0]))
        else:
            raise ValueError(f"{operator} is not known there")
    return found


def _said(
    name: str, word: str, *, inverted: bool, values: Any = None, value: Any = None, fold: bool = False
) -> Json:
    found: dict[str, Any] = {"contextName": name, "operator": word}
    found |= {"values": values} if values is not None else {"value": value}
    return found | ({"inverted": True} if inverted else {}) | ({"caseInsensitive": True} if fold else {})


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _feature(flag: d.Flag, segments: Mapping[str, int], said: set[str], notes: list[Note]) -> Json:
    def note(message: str) -> None:
        notes.append(Note(flag.key, message))

    if flag.holdouts or flag.schedule:
        note("holdouts and scheduled changes are not known there")
    strategies = [
        {
            "name": "default",
            "constraints": [_said("userId", "IN", inverted=False, values=[unit])],
            **_variants(flag, {name: 1.0}),
        }
        for unit, name in flag.forced.items()
        if flag.variants.get(name) is not False
    ]
    for rule in flag.rules:
        if not rule.is_on or (rule.variant and flag.variants[rule.variant] is False):
            if rule.is_on:
                note(f"rule {rule.id} was left out: a strategy only ever switches on")
            continue
        try:
            strategies.append(_strategy(flag, rule, segments, said, note))
        except ValueError as error:
            note(f"rule {rule.id} was left out: {error}")
    if flag.type != "boolean" and flag.default:
        strategies.append({"name": "default", **_variants(flag, {flag.default: 1.0})})
    if not strategies:
        strategies.append(
            {"name": "default", "constraints": [_said("userId", "IN", inverted=False, values=[])]}
        )
    return {
        "name": flag.key,
        "type": "release",
        "enabled": flag.is_on,
        "strategies": strategies,
        "variants": [],
        "dependencies": [
            {"feature": need.flag, **({"variants": list(need.variants)} if need.variants else {})}
            for need in flag.needs
        ],
    }


def _strategy(
    flag: d.Flag, rule: d.Rule, segments: Mapping[str, int], said: set[str], note: Any
) -> dict[str, Any]:
    if rule.needs or rule.slices:
        raise ValueError("prerequisites and namespaces of a rule are not known there")
    if rule.not_segments or not set(rule.segments) <= said:
        raise ValueError("one of its segments cannot be said there")
    if rule.ranges and len(rule.ranges) > 1:
        raise ValueError("its exact stretches are not known there")
    share = rule.ranges[0][2] - rule.ranges[0][1] if rule.ranges else rule.share
    percent = round(share * 100)
    if abs(percent - share * 100) > 1e-6:
        note(f"rule {rule.id}: {share:.4%} became {percent}%, since only whole percents are known there")
    if rule.hash != "unleash" and rule.is_shared:
        note(f"rule {rule.id} is placed with another hash there: some people change sides")
    split = dict(rule.split) or {rule.ranges[0][0] if rule.ranges else rule.variant: 1.0}
    stickiness = "userId" if rule.unit == d.UNIT else rule.unit
    if (rule.unit, rule.fallback) == ("userId", "sessionId"):
        stickiness = "default"
    kind: dict[str, Any] = {"name": "default"}
    if rule.is_shared:
        parameters = {"rollout": str(percent), "stickiness": stickiness, "groupId": rule.salt or flag.key}
        kind = {"name": "flexibleRollout", "parameters": parameters}
    return {
        **kind,
        "constraints": constraints_of(rule.condition),
        "segments": [segments[key] for key in rule.segments],
        **_variants(flag, split),
    }


def _variants(flag: d.Flag, split: Mapping[str, float]) -> dict[str, Any]:
    if flag.type == "boolean" and len(split) == 1:
        return {}
    total = sum(split.values()) or 1.0
    kind = {"json": "json", "integer": "number", "float": "number"}.get(flag.type, "string")
    return {
        "variants": [
            {
                "name": name,
                "weight": round(weight * 1000 / total),
                "stickiness": "default",
                "payload": {"type": kind, "value": _text(flag.variants[name])},
            }
            for name, weight in split.items()
        ]
    }
