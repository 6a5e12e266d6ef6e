"""From GrowthBook's payload to definitions of ours, and back. Whoever comes in keeps everybody's side."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from roadbed_engines.flags import definitions as d
from roadbed_engines.flags import hashing
from roadbed_engines.flags.moves import MovedIn, MovedOut, Names, Note, type_of_values

Json = Mapping[str, Any]


def from_growthbook(payload: Json) -> MovedIn:
    """Return the definitions of a payload as GrowthBook's API serves it, and notes on what stayed behind.

    Places are found with its own hash, so that nobody changes sides.

    >>> moved = from_growthbook({"features": {"map": {"defaultValue": False, "rules": [{"force": True}]}}})
    >>> moved.definitions.flags["map"].rules[0].variant
    'on'
    """
    features = payload.get("features", payload)
    groups = {key: tuple(values) for key, values in (payload.get("savedGroups") or {}).items()}
    flags: dict[str, d.Flag] = {}
    notes: list[Note] = []
    for key, given in features.items():
        mover = _In(key, given or {}, notes)
        flag = mover.flag()
        if flag is not None:
            flags[key] = flag
    return MovedIn(d.Definitions(flags=flags, groups=groups), tuple(notes))


@dataclass
class _In:
    key: str
    given: Json
    notes: list[Note]
    names: Names = field(default_factory=Names)

    def note(self, message: str) -> None:
        self.notes.append(Note(self.key, message))

    def flag(self) -> d.Flag | None:
        if not d.KEY.fullmatch(self.key):
            self.note("its key cannot be part of an address, so it stayed behind")
            return None
        default = self.given.get("defaultValue")
        values = [] if default is None else [default]
        rules: Sequence[Json] = self.given.get("rules") or ()
        for rule in rules:
            values += [rule["force"]] if rule.get("force") is not None else rule.get("variations") or []
        kind = type_of_values(values)
        if kind is None or not values:
            self.note("its values are of several types, or null, so it stayed behind")
            return None
        if kind == "boolean":
            self.names.variants.update({"on": True, "off": False})
        name = self.names.of(default) if default is not None else ""
        found = [self.rule(number, rule) for number, rule in enumerate(rules)]
        return d.Flag(
            key=self.key,
            type=kind,
            variants=self.names.variants,
            default=name,
            salt=self.key,
            rules=tuple(rule for rule in found if rule is not None),
        )

    def rule(self, number: int, given: Json) -> d.Rule | None:
        if given.get("contextualVariations") is not None:
            self.note(f"rule {number + 1} is a contextual bandit, so it stayed behind")
            return None
        version = given.get("hashVersion") or 1
        if version not in {1, 2}:
            self.note(f"rule {number + 1} asks for a hash that is not known, so it stayed behind")
            return None
        sticky = not given.get("disableStickyBucketing")
        needs = tuple(
            d.Need(flag=each["id"], condition=each.get("condition") or {}, is_gate=bool(each.get("gate")))
            for each in given.get("parentConditions") or ()
        )
        shared: dict[str, Any] = {
            "id": str(given.get("id") or f"r{number + 1}"),
            "name": str(given.get("name") or ""),
            "condition": given.get("condition") or {},
            "needs": needs,
            "slices": self.slices(given),
            "unit": given.get("hashAttribute") or "id",
            "fallback": (given.get("fallbackAttribute") or "") if sticky else "",
            "hash": "fnv2" if version == 2 else "fnv1",
        }
        if given.get("force") is not None:
            return self.forced(given, shared)
        values = given.get("variations")
        if values:
            return self.experiment(given, values, shared, sticky=sticky)
        if any(need.is_gate for need in needs):
            return d.Rule(**shared)
        self.note(f"rule {number + 1} gives nothing, so it stayed behind")
        return None

    def forced(self, given: Json, shared: dict[str, Any]) -> d.Rule:
        name = self.names.of(given["force"])
        salt = given.get("seed") or self.key
        if given.get("range") is not None:
            low, high = given["range"]
            return d.Rule(**shared, ranges=((name, float(low), float(high)),), salt=salt)
        if given.get("coverage") is not None:
            # A coverage holds at its end, too: places are steps of at least 1/10,000.
            high = given["coverage"] + 1e-9 if given["coverage"] else 0.0
            return d.Rule(**shared, ranges=((name, 0.0, high),), salt=salt)
        return d.Rule(**shared, variant=name)

    def experiment(
        self, given: Json, values: Sequence[Any], shared: dict[str, Any], *, sticky: bool
    ) -> d.Rule:
        about: Sequence[Json] = given.get("meta") or ()
        names: list[str] = []
        for number, value in enumerate(values):
            wanted = str((about[number] if number < len(about) else {}).get("key") or "")
            names.append(self.names.of(value, wanted=wanted, besides=names))
        ranges = given.get("ranges") or hashing.ranges_of(
            count=len(values), coverage=given.get("coverage"), weights=given.get("weights")
        )
        key = given.get("key") or self.key
        if any(each.get("passthrough") for each in about):
            self.note(f"experiment {key} lets units pass through, which is not kept")
        return d.Rule(
            **shared,
            is_on=given.get("active") is not False and len(values) > 1,
            ranges=tuple(
                (name, float(low), float(high)) for name, (low, high) in zip(names, ranges, strict=False)
            ),
            salt=given.get("seed") or key,
            experiment=key,
            is_sticky=sticky and bool(given.get("fallbackAttribute") or given.get("bucketVersion")),
            version=given.get("bucketVersion") or 0,
            least_version=given.get("minBucketVersion") or 0,
        )

    def slices(self, given: Json) -> tuple[d.Slice, ...]:
        found = []
        for each in given.get("filters") or ():
            version = each.get("hashVersion") or 2
            found.append(
                d.Slice(
                    namespace=each["seed"],
                    ranges=tuple((float(low), float(high)) for low, high in each["ranges"]),
                    unit=each.get("attribute") or "id",
                    hash="fnv2" if version == 2 else "fnv1",
                )
            )
        if not found and given.get("namespace"):
            name, low, high = given["namespace"]
            unit = given.get("hashAttribute") or "id"
            found.append(d.Slice(f"__{name}", ((float(low), float(high)),), unit=unit, hash="fnv1"))
        return tuple(found)


# -- out ----------------------------------------------------------------------------------------------


def to_growthbook(found: d.Definitions) -> MovedOut:
    """Return a payload as GrowthBook's clients read it, and notes on what they cannot do.

    A rule that cannot be said is left out, so that nobody gets what they should not.
    """
    notes: list[Note] = []
    features = {key: _Out(flag, found, notes).feature() for key, flag in found.flags.items()}
    payload: dict[str, Any] = {"features": features}
    if found.groups:
        payload["savedGroups"] = {key: list(values) for key, values in found.groups.items()}
    return MovedOut(payload, tuple(notes))


class _Unsayable(Exception):  # noqa: N818 - it ends the translation of a rule, and is no error
    pass


@dataclass
class _Out:
    flag: d.Flag
    found: d.Definitions
    notes: list[Note]

    def note(self, message: str) -> None:
        self.notes.append(Note(self.flag.key, message))

    def feature(self) -> dict[str, Any]:
        flag = self.flag
        if not flag.is_on:
            return {"defaultValue": flag.variants.get(flag.off)}
        rules: list[dict[str, Any]] = [
            {"parentConditions": [self.need(need, gate=True)]} for need in flag.needs
        ]
        by_variant: dict[str, list[str]] = {}
        for unit, name in flag.forced.items():
            by_variant.setdefault(name, []).append(unit)
        rules += [
            {"condition": {d.UNIT: {"$in": units}}, "force": flag.variants[name]}
            for name, units in by_variant.items()
        ]
        if flag.holdouts:
            self.note("holdouts are not said in a payload; make them in GrowthBook")
        if flag.schedule:
            self.note("scheduled changes are not said in a payload")
        for rule in flag.rules:
            if not rule.is_on:
                continue
            try:
                rules.append(self.rule(rule))
            except _Unsayable as reason:
                self.note(f"rule {rule.id} was left out: {reason}")
        return {"defaultValue": flag.variants.get(flag.default), "rules": rules}

    def need(self, need: d.Need, *, gate: bool) -> dict[str, Any]:
        if need.condition is not None:
            condition: Any = need.condition
        else:
            parent = self.found.flags.get(need.flag)
            values = [parent.variants.get(name) for name in need.variants] if parent else []
            condition = {"value": values[0]} if len(values) == 1 else {"value": {"$in": values}}
        return {"id": need.flag, "condition": condition, **({"gate": True} if gate else {})}

    def rule(self, rule: d.Rule) -> dict[str, Any]:
        conditions = [rule.condition] if rule.condition else []
        conditions += [
            self.found.segments[key].condition for key in rule.segments if key in self.found.segments
        ]
        conditions += [
            {"$not": self.found.segments[key].condition}
            for key in rule.not_segments
            if key in self.found.segments
        ]
        if len(conditions) < len(rule.segments) + len(rule.not_segments) + bool(rule.condition):
            raise _Unsayable("one of its segments is missing")
        said = [_loosened(each) for each in conditions]
        found: dict[str, Any] = {"id": rule.id, **({"name": rule.name} if rule.name else {})}
        if said:
            found["condition"] = said[0] if len(said) == 1 else {"$and": said}
        if rule.needs:
            found["parentConditions"] = [self.need(need, gate=need.is_gate) for need in rule.needs]
        if rule.slices:
            found["filters"] = [
                {
                    "seed": each.namespace,
                    "ranges": [list(pair) for pair in each.ranges],
                    "attribute": each.unit,
                    "hashVersion": 1 if each.hash == "fnv1" else 2,
                }
                for each in rule.slices
            ]
        if not rule.is_shared:
            return {**found, "force": self.flag.variants[rule.variant]} if rule.variant else found
        if rule.hash not in {"fnv1", "fnv2"}:
            self.note(f"rule {rule.id} is placed with another hash there: some people change sides")
        found |= {"hashAttribute": rule.unit, "hashVersion": 1 if rule.hash == "fnv1" else 2}
        found["seed"] = rule.salt or f"{self.flag.salt or self.flag.key}/{rule.id}"
        return found | self.shares(rule)

    def shares(self, rule: d.Rule) -> dict[str, Any]:
        values = self.flag.variants
        if rule.variant:
            return {"force": values[rule.variant], "coverage": rule.share}
        if rule.ranges and not rule.experiment and len(rule.ranges) == 1:
            name, low, high = rule.ranges[0]
            return {"force": values[name], "range": [low, high]}
        found: dict[str, Any] = {"key": rule.experiment or rule.id}
        if rule.ranges:
            found["variations"] = [values[name] for name, _, _ in rule.ranges]
            found["ranges"] = [[low, high] for _, low, high in rule.ranges]
            found["meta"] = [{"key": name} for name, _, _ in rule.ranges]
        else:
            total = sum(rule.split.values())
            found["variations"] = [values[name] for name in rule.split]
            found["weights"] = [weight / total for weight in rule.split.values()]
            found["coverage"] = rule.share
            found["meta"] = [{"key": name} for name in rule.split]
        if rule.fallback:
            found["fallbackAttribute"] = rule.fallback
        if rule.is_sticky:
            found |= {"bucketVersion": rule.version, "minBucketVersion": rule.least_version}
        else:
            found["disableStickyBucketing"] = True
        return found


_LOOSE = {
    "$numEq": "$eq",
    "$numGt": "$gt",
    "$numGte": "$gte",
    "$numLt": "$lt",
    "$numLte": "$lte",
    "$semverEq": "$veq",
    "$semverGt": "$vgt",
    "$semverGte": "$vgte",
    "$semverLt": "$vlt",
    "$semverLte": "$vlte",
}
_PATTERNS = {"$startsWith": ("^(?:", ")"), "$endsWith": ("(?:", ")$"), "$contains": ("(?:", ")")}


def _loosened(value: Any) -> Any:
    """Return a condition in the operators that GrowthBook knows."""
    if isinstance(value, list):
        return [_loosened(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    found: dict[str, Any] = {}
    for name, operand in value.items():
        fold = name.endswith("i") and name[:-1] in _PATTERNS
        texts = _PATTERNS.get(name[:-1] if fold else name)
        if texts is not None:
            words = operand if isinstance(operand, list) else [operand]
            pattern = texts[0] + "|".join(re.escape(str(each)) for each in words) + texts[1]
            found["$regexi" if fold else "$regex"] = pattern
        elif name in _LOOSE:
            own = operand[0] if isinstance(operand, list) else operand
            # There, what is missing counts as 0.
            found |= {"$exists": True, _LOOSE[name]: own}
        elif name in {"$cidr", "$after", "$before"}:
            raise _Unsayable(f"{name} is not known there")
        else:
            found[name] = _loosened(operand)
    return found
