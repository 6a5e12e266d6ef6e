"""GrowthBook's definitions, as its API serves them, compiled to flags of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from roadbed_engines.flags.conditions import Condition, ConditionError, Groups, compile_condition
from roadbed_engines.flags.hashing import ranges_of
from roadbed_engines.flags.model import (
    Experiment,
    Filter,
    Flag,
    Leaf,
    Prerequisite,
    Rule,
    Sticky,
    Variation,
    pairs,
)

Json = Mapping[str, Any]


def _nobody(context: Mapping[str, Any]) -> bool:
    del context
    return False


def _condition(given: Any, groups: Groups) -> Condition | None:
    """Return a condition; one that cannot be compiled lets nobody through, rather than everybody."""
    if given is None:
        return None
    try:
        return compile_condition(given, groups=groups)
    except ConditionError:
        return _nobody


def compile_flags(
    features: Json, *, groups: Groups | None = None, bandits: Json | None = None
) -> dict[str, Flag]:
    """Return the flags of a payload's `features`, with its `savedGroups` and `contextualBandits`.

    >>> flags = compile_flags({"new-map": {"defaultValue": False, "rules": [{"force": True}]}})
    >>> flags["new-map"].rules[0].value
    True
    """
    return {
        key: compile_flag(key, given or {}, groups=groups or {}, bandits=bandits or {})
        for key, given in features.items()
    }


def compile_flag(key: str, given: Json, *, groups: Groups, bandits: Json) -> Flag:
    """Return one flag."""
    rules = tuple(_rule(key, each, groups, bandits) for each in given.get("rules") or ())
    return Flag(key=key, default=given.get("defaultValue"), rules=rules)


def _rule(key: str, given: Json, groups: Groups, bandits: Json) -> Rule:
    shared: dict[str, Any] = {
        "id": given.get("id") or "",
        "prerequisites": _prerequisites(given.get("parentConditions"), groups),
        "filters": _filters(given.get("filters")),
    }
    if "force" in given:
        share = None
        if given.get("range") is not None:
            share = pairs([given["range"]])[0]
        elif given.get("coverage") is not None:
            # A coverage holds at its end, too: places are steps of at least 1/10,000.
            share = (0.0, given["coverage"] + 1e-9 if given["coverage"] else 0.0)
        return Rule(
            **shared,
            condition=_condition(given.get("condition"), groups),
            has_value=True,
            value=given["force"],
            share=share,
            seed=given.get("seed") or "",
            attribute=given.get("hashAttribute") or "id",
            fallback="" if given.get("disableStickyBucketing") else given.get("fallbackAttribute") or "",
            version=given.get("hashVersion") or 1,
        )
    leaves: Sequence[Json] = ()
    values = given.get("variations")
    if values is None and given.get("contextualVariations") is not None:
        values = given["contextualVariations"]
        leaves = (bandits.get(given.get("contextualBanditRef") or "") or {}).get("contexts") or ()
    if values is None:
        return Rule(**shared)
    own = {**given, "key": given.get("key") or key, "variations": values, "parentConditions": None}
    return Rule(**shared, experiment=compile_experiment(own, groups=groups, leaves=leaves))


def compile_experiment(given: Json, *, groups: Groups, leaves: Sequence[Json] = ()) -> Experiment:
    """Return an experiment, from a rule or as clients define one; `leaves` are the contexts of its bandit."""
    values: Sequence[Any] = given.get("variations") or ()
    names: Sequence[Json] = given.get("meta") or ()
    variations = tuple(
        Variation(
            key=str(about.get("key") or number),
            value=value,
            name=about.get("name") or "",
            is_passthrough=bool(about.get("passthrough")),
        )
        for number, value in enumerate(values)
        for about in (names[number] if number < len(names) else {},)
    )
    ranges = given.get("ranges")
    filters = _filters(given.get("filters"))
    attribute = given.get("hashAttribute") or "id"
    if not filters and given.get("namespace"):
        filters = (_namespace(given["namespace"], attribute),)
    return Experiment(
        key=given["key"],
        variations=variations,
        ranges=pairs(ranges)
        if ranges
        else tuple(
            ranges_of(count=len(values), coverage=given.get("coverage"), weights=given.get("weights"))
        ),
        leaves=tuple(
            Leaf(
                id=each.get("leafId", -1),
                condition=_condition(each.get("condition") or {}, groups) or _nobody,
                ranges=tuple(
                    ranges_of(count=len(values), coverage=given.get("coverage"), weights=each.get("weights"))
                ),
            )
            for each in leaves
        ),
        seed=given.get("seed") or "",
        attribute=attribute,
        fallback=given.get("fallbackAttribute") or "",
        version=given.get("hashVersion") or 1,
        condition=_condition(given.get("condition"), groups),
        prerequisites=_prerequisites(given.get("parentConditions"), groups),
        filters=filters,
        sticky=None
        if given.get("disableStickyBucketing")
        else Sticky(
            version=given.get("bucketVersion") or 0, least_version=given.get("minBucketVersion") or 0
        ),
        forced=given.get("force"),
        is_active=given.get("active") is not False and given.get("status") not in {"draft", "stopped"},
    )


def _prerequisites(given: Sequence[Json] | None, groups: Groups) -> tuple[Prerequisite, ...]:
    return tuple(
        Prerequisite(
            flag=each["id"],
            condition=_condition(each.get("condition") or {}, groups) or _nobody,
            is_gate=bool(each.get("gate")),
        )
        for each in given or ()
    )


def _filters(given: Sequence[Json] | None) -> tuple[Filter, ...]:
    return tuple(
        Filter(
            seed=each["seed"],
            ranges=pairs(each["ranges"]),
            attribute=each.get("attribute") or "id",
            version=each.get("hashVersion") or 2,
        )
        for each in given or ()
    )


def _namespace(given: Sequence[Any], attribute: str) -> Filter:
    """Return the older form of mutual exclusion as the filter that it is."""
    name, low, high = given
    return Filter(seed=f"__{name}", ranges=((float(low), float(high)),), attribute=attribute, version=1)
