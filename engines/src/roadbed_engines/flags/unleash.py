"""Unleash's definitions, as its client API serves them, compiled to functions of a context.

References
----------
.. [1] Unleash, client specification 6.1.0 (constraints, strategies, variants, dependent features, delta events).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from roadbed_engines.flags.constraints import Constraint, Fields, compile_constraint, in_networks
from roadbed_engines.flags.hashing import murmur3, murmur_step

Json = Mapping[str, Any]
VARIANT_SEED = 86_028_157
NOT_FIELDS = {"properties"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A context, flattened, with what a pure function cannot know: the time and a draw between 0 and 1."""

    fields: Fields
    chance: float = 0.0


@dataclass(frozen=True, slots=True)
class Variant:
    """One of a flag's variants, or the disabled one."""

    name: str = "disabled"
    payload: Json | None = None
    is_enabled: bool = False
    flag_enabled: bool = False


Strategy = Callable[[Asked], bool]


@dataclass(frozen=True, slots=True)
class _Choice:
    name: str
    weight: int
    payload: Json | None
    stickiness: str
    overrides: tuple[tuple[str, frozenset[str]], ...]


@dataclass(frozen=True, slots=True)
class _Strategy:
    applies: Strategy
    group: str
    variants: tuple[_Choice, ...]
    stickiness: str = ""


@dataclass(frozen=True, slots=True)
class _Dependency:
    flag: str
    is_enabled: bool
    variants: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Toggle:
    name: str
    is_enabled: bool
    strategies: tuple[_Strategy, ...]
    variants: tuple[_Choice, ...]
    dependencies: tuple[_Dependency, ...]


@dataclass(frozen=True, slots=True)
class Toggles:
    """Compiled definitions. Ask with `is_on` and `variant`."""

    by_name: Mapping[str, _Toggle] = field(default_factory=dict)

    def is_on(self, name: str, asked: Asked) -> bool:
        """Whether a flag is on for the context; one that is not known is off."""
        toggle = self.by_name.get(name)
        return toggle is not None and self._strategy(toggle, asked) is not None

    def variant(self, name: str, asked: Asked) -> Variant:
        """Return the variant of a flag for the context: the strategy's own ones come before the flag's."""
        toggle = self.by_name.get(name)
        strategy = None if toggle is None else self._strategy(toggle, asked)
        if toggle is None or strategy is None:
            return Variant()
        if strategy.variants:
            return _choose(strategy.variants, strategy.group or toggle.name, strategy.stickiness, asked)
        return _choose(toggle.variants, toggle.name, "", asked)

    def _strategy(self, toggle: _Toggle, asked: Asked) -> _Strategy | None:
        if not toggle.is_enabled or not all(self._depends(each, asked) for each in toggle.dependencies):
            return None
        if not toggle.strategies:
            return _ALWAYS
        return next((each for each in toggle.strategies if each.applies(asked)), None)

    def _depends(self, needed: _Dependency, asked: Asked) -> bool:
        parent = self.by_name.get(needed.flag)
        if parent is None or parent.dependencies:
            return False  # a parent has no parents: so flags cannot wait for each other
        if not needed.is_enabled:
            return self._strategy(parent, asked) is None
        if self._strategy(parent, asked) is None:
            return False
        return not needed.variants or self.variant(needed.flag, asked).name in needed.variants


_ALWAYS = _Strategy(applies=lambda asked: True, group="", variants=())


def flatten(context: Json) -> dict[str, str]:
    """Return a context's fields as texts: properties beside the fields that the protocol names, which win."""
    found: dict[str, str] = {}
    for source in (context.get("properties") or {}, context):
        for name, value in source.items():
            if name not in NOT_FIELDS and value is not None:
                found[name] = value if isinstance(value, str) else str(value)
    return found


def compile_toggles(state: Json) -> Toggles:
    """Return the toggles of a state: `features` and `segments`, or the `events` of the delta protocol.

    >>> toggles = compile_toggles({"features": [{"name": "map", "enabled": True, "strategies": []}]})
    >>> toggles.is_on("map", Asked(fields={}))
    True
    """
    features, segments = read_state(state)
    return Toggles(by_name={name: _toggle(given, segments) for name, given in features.items()})


def read_state(state: Json) -> tuple[dict[str, Json], dict[int, Json]]:
    """Return the features and segments of a state, or of the `events` of the delta protocol."""
    return _replay(state["events"]) if "events" in state else _read(state)


def _read(state: Json) -> tuple[dict[str, Json], dict[int, Json]]:
    features = {each["name"]: each for each in state.get("features") or ()}
    return features, {each["id"]: each for each in state.get("segments") or ()}


def _replay(events: Sequence[Json]) -> tuple[dict[str, Json], dict[int, Json]]:
    features: dict[str, Json] = {}
    segments: dict[int, Json] = {}
    for event in events:
        match event.get("type"):
            case "hydration":
                features, segments = _read(event)
            case "feature-updated":
                features[event["feature"]["name"]] = event["feature"]
            case "feature-removed":
                features.pop(event["featureName"], None)
            case "segment-updated":
                segments[event["segment"]["id"]] = event["segment"]
            case "segment-removed":
                segments.pop(event["segmentId"], None)
    return features, segments


def _toggle(given: Json, segments: Mapping[int, Json]) -> _Toggle:
    return _Toggle(
        name=given["name"],
        is_enabled=bool(given.get("enabled")),
        strategies=tuple(_strategy(given["name"], each, segments) for each in given.get("strategies") or ()),
        variants=_choices(given.get("variants")),
        dependencies=tuple(
            _Dependency(
                flag=each["feature"],
                is_enabled=each.get("enabled") is not False,
                variants=frozenset(each.get("variants") or ()),
            )
            for each in given.get("dependencies") or ()
        ),
    )


def _strategy(flag: str, given: Json, segments: Mapping[int, Json]) -> _Strategy:
    parameters = given.get("parameters") or {}
    constraints: list[Constraint] = [compile_constraint(each) for each in given.get("constraints") or ()]
    for number in given.get("segments") or ():
        if number not in segments:
            return _Strategy(applies=lambda asked: False, group="", variants=())
        constraints += [compile_constraint(each) for each in segments[number].get("constraints") or ()]
    group = parameters.get("groupId") or flag
    applies = _kinds(given.get("name") or "", parameters, group)

    def both(asked: Asked) -> bool:
        return all(each(asked.fields) for each in constraints) and applies(asked)

    return _Strategy(
        applies=both if constraints else applies,
        group=group,
        variants=_choices(given.get("variants")),
        stickiness=str(parameters.get("stickiness") or ""),
    )


def _kinds(name: str, parameters: Json, group: str) -> Strategy:
    share = _share(parameters.get("rollout" if name == "flexibleRollout" else "percentage"))
    match name:
        case "default":
            return lambda asked: True
        case "userWithId":
            users = frozenset(each.strip() for each in str(parameters.get("userIds") or "").split(","))
            return lambda asked: asked.fields.get("userId", "") in users - {""}
        case "remoteAddress":
            inside = in_networks(str(parameters.get("IPs") or "").split(","))
            return lambda asked: inside(asked.fields.get("remoteAddress", ""))
        case "gradualRolloutUserId" | "gradualRolloutSessionId":
            attribute = "userId" if name.endswith("UserId") else "sessionId"
            return _gradual(group, share, lambda asked: asked.fields.get(attribute))
        case "gradualRolloutRandom":
            return lambda asked: share > asked.chance * 100
        case "flexibleRollout":
            stickiness = str(parameters.get("stickiness") or "default")
            return _gradual(group, share, lambda asked: _unit(stickiness, asked))
    return lambda asked: False


def _share(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0


def _gradual(group: str, share: float, unit: Callable[[Asked], str | None]) -> Strategy:
    def applies(asked: Asked) -> bool:
        found = unit(asked)
        return bool(found) and share > 0 and murmur_step(group=group, unit=str(found)) <= share

    return applies


def _unit(stickiness: str, asked: Asked) -> str | None:
    """Return what a unit is told by: `default` takes the user, else the session, else chance."""
    if stickiness == "random":
        return str(int(asked.chance * 10_000) + 1)
    if stickiness == "default":
        known = asked.fields.get("userId") or asked.fields.get("sessionId")
        return known or str(int(asked.chance * 10_000) + 1)
    return asked.fields.get(stickiness)


def _choices(given: Sequence[Json] | None) -> tuple[_Choice, ...]:
    return tuple(
        _Choice(
            name=each["name"],
            weight=int(each.get("weight") or 0),
            payload=each.get("payload"),
            stickiness=str(each.get("stickiness") or "default"),
            overrides=tuple(
                (one["contextName"], frozenset(one.get("values") or ()))
                for one in each.get("overrides") or ()
            ),
        )
        for each in given or ()
    )


def _choose(choices: tuple[_Choice, ...], group: str, stickiness: str, asked: Asked) -> Variant:
    total = sum(choice.weight for choice in choices)
    if not total:
        return Variant(flag_enabled=True)
    for choice in choices:
        if any(asked.fields.get(name) in values for name, values in choice.overrides):
            return Variant(name=choice.name, payload=choice.payload, is_enabled=True, flag_enabled=True)
    own = choices[0].stickiness
    unit = _unit(stickiness if own == "default" and stickiness else own, asked)
    if unit is None:
        unit = str(int(asked.chance * 10_000) + 1)
    step = murmur3(f"{group}:{unit}", seed=VARIANT_SEED) % total + 1
    passed = 0
    for choice in choices:
        passed += choice.weight
        if choice.weight and passed >= step:
            break
    return Variant(name=choice.name, payload=choice.payload, is_enabled=True, flag_enabled=True)
