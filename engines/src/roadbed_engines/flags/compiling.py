"""Rules compiled to closures when they are published; asking is a pure function of them and a context.

The same code answers in the server, at the terminal and in a notebook. Every answer that does not depend on the unit
is made once, at compiling; asking allocates nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from roadbed_engines.flags import closures
from roadbed_engines.flags import definitions as d
from roadbed_engines.flags.answers import Answer, Ask, Context, Reason, RuleAsk
from roadbed_engines.flags.conditions import Condition, ConditionError, compile_condition
from roadbed_engines.flags.cycles import cycles_of
from roadbed_engines.flags.placing import choice_of, place_of, unit_reader


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold for a rule, by what it is."""

    kind: str
    subject: Any
    holds: Condition


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with the closures it is made of."""

    rule: d.Rule
    checks: tuple[Check, ...]
    gates: tuple[Check, ...]
    unit: Callable[[Context], str]
    choice: Callable[[str], str | None] | None
    salt: str
    ask: RuleAsk


@dataclass(frozen=True, slots=True)
class CompiledFlag:
    """A flag with its closure and, for those who ask why, its parts."""

    flag: d.Flag
    ask: Ask
    rules: tuple[CompiledRule, ...] = ()
    gates: tuple[Check, ...] = ()
    holdouts: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Compiled:
    """Compiled definitions."""

    definitions: d.Definitions
    flags: Mapping[str, CompiledFlag]
    ask: Callable[[str, Context], Answer]
    """What a flag says for a context. Nothing is raised for what a context may hold."""
    reads_time: bool = False

    def ask_as(self, key: str, context: Context, *, kind: d.FlagType) -> Answer:
        """Return what a flag says, or a mismatch where the flag is of another type than the caller wants."""
        known = self.flags.get(key)
        if known is not None and known.flag.type != kind:
            why = f"{key} is of type {known.flag.type}, not {kind}."
            return Answer(flag=key, reason="ERROR", error="TYPE_MISMATCH", why=why)
        return self.ask(key, context)

    def ask_all(self, context: Context) -> list[Answer]:
        """Return what every flag says for a context."""
        return [each.ask(context) for each in self.flags.values()]


def compile_definitions(found: d.Definitions) -> Compiled:
    """Return definitions compiled.

    A condition that cannot be compiled lets nobody through; flags that wait for each other answer with an error that
    names the cycle. `checking.check` tells of both before they are published.

    Examples
    --------
    >>> compiled = compile_definitions(d.Definitions(flags={"map": d.Flag(
    ...     key="map", variants={"on": True, "off": False}, default="off",
    ...     rules=(d.Rule(id="r1", condition={"country": "CA"}, variant="on"),))}))
    >>> compiled.ask("map", {"country": "CA"}).value, compiled.ask("map", {"country": "NL"}).reason
    (True, 'DEFAULT')
    """
    asks: dict[str, Ask] = {}
    stuck = cycles_of(found.flags)
    compiler = _Compiler(found, asks)
    flags = {
        key: _cyclic(flag, stuck[key]) if key in stuck else compiler.flag(flag)
        for key, flag in found.flags.items()
    }
    asks.update({key: each.ask for key, each in flags.items()})
    return Compiled(found, flags, _by_key(asks), reads_time="currentTime" in repr(found))


def _by_key(asks: Mapping[str, Ask]) -> Callable[[str, Context], Answer]:
    def ask(key: str, context: Context) -> Answer:
        try:
            found = asks[key]
        except KeyError:
            return Answer(flag=key, reason="ERROR", error="FLAG_NOT_FOUND", why=f"There is no flag {key}.")
        return found(context)

    return ask


def _cyclic(flag: d.Flag, cycle: str) -> CompiledFlag:
    answer = Answer(
        flag=flag.key, reason="ERROR", error="GENERAL", why=f"Prerequisites go round in a circle: {cycle}."
    )
    return CompiledFlag(flag, lambda context: answer)


class _Compiler:
    """Compiles flags that may ask each other: `asks` is full once all are compiled."""

    def __init__(self, found: d.Definitions, asks: Mapping[str, Ask]) -> None:
        self.found, self.asks = found, asks
        self.segments = {key: self.condition(each.condition) for key, each in found.segments.items()}

    def condition(self, given: d.Json) -> Condition:
        try:
            return compile_condition(given, groups=self.found.groups)
        except ConditionError:
            return lambda context: False

    def flag(self, flag: d.Flag) -> CompiledFlag:
        off = self.answer(flag, flag.off, "DISABLED", why="off")
        if not flag.is_on:
            return CompiledFlag(flag, lambda context: off)
        gates = tuple(self.need(need) for need in flag.needs)
        holdouts = tuple(
            self.holdout(self.found.holdouts[key]) for key in flag.holdouts if key in self.found.holdouts
        )
        live = [rule for rule in flag.rules if rule.is_on]
        default = self.answer(flag, flag.default, "DEFAULT" if live else "STATIC", why="default")
        rules = tuple(self.rule(flag, rule, miss=default if rule is live[-1] else None) for rule in live)
        ask = closures.in_order(tuple(rule.ask for rule in rules), default)
        for check in reversed(holdouts):
            held = self.answer(flag, flag.off or flag.default, "SPLIT", why=f"held out by {check.subject}")
            ask = closures.unless(check.holds, held, ask)
        for check in reversed(gates):
            shut = self.answer(flag, flag.off, "DISABLED", why=f"needs {check.subject.flag}")
            ask = closures.only_if(check.holds, shut, ask)
        return CompiledFlag(flag, self.forced(flag, ask), rules, gates, holdouts)

    def answer(
        self, flag: d.Flag, variant: str, reason: Reason, *, why: str, rule: d.Rule | None = None
    ) -> Answer:
        has_value = variant in flag.variants
        return Answer(
            flag=flag.key,
            value=flag.variants.get(variant),
            variant=variant if has_value else None,
            reason=reason,
            has_value=has_value,
            rule=rule.id if rule else "",
            experiment=rule.experiment if rule else "",
            why=why,
        )

    def forced(self, flag: d.Flag, ask: Ask) -> Ask:
        if not flag.forced:
            return ask
        answers = {
            unit: self.answer(flag, name, "TARGETING_MATCH", why="forced")
            for unit, name in flag.forced.items()
        }
        readers = [unit_reader(name) for name in dict.fromkeys([d.UNIT, *(rule.unit for rule in flag.rules)])]

        def asked(context: Context) -> Answer:
            for read in readers:
                found = answers.get(read(context))
                if found is not None:
                    return found
            return ask(context)

        return asked

    def need(self, need: d.Need) -> Check:
        asks, key = self.asks, need.flag
        if need.condition is not None:
            passes = self.condition(need.condition)
            return Check(
                "need", need, lambda context: key in asks and passes({"value": asks[key](context).value})
            )
        wanted = frozenset(need.variants)
        return Check("need", need, lambda context: key in asks and asks[key](context).variant in wanted)

    def holdout(self, holdout: d.Holdout) -> Check:
        read = unit_reader(holdout.unit)
        place = place_of("murmur3", holdout.salt or f"holdout/{holdout.key}")
        share = holdout.share if holdout.is_on else 0.0

        def holds(context: Context) -> bool:
            unit = read(context)
            return bool(unit) and place(unit) < share

        return Check("holdout", holdout.key, holds)

    def slice(self, given: d.Slice) -> Check:
        read, place = unit_reader(given.unit), place_of(given.hash, given.namespace)

        def holds(context: Context) -> bool:
            unit = read(context)
            if not unit:
                return False
            at = place(unit)
            return any(low <= at < high for low, high in given.ranges)

        return Check("slice", given, holds)

    def checks(self, rule: d.Rule) -> Iterable[Check]:
        if rule.condition:
            yield Check("condition", rule.condition, self.condition(rule.condition))
        for key in rule.segments:
            yield Check("segment", key, self.segments.get(key, lambda context: False))
        for key in rule.not_segments:
            yield Check("not_segment", key, _not(self.segments.get(key, lambda context: True)))
        for need in rule.needs:
            if not need.is_gate:
                yield self.need(need)
        for each in rule.slices:
            yield self.slice(each)

    def rule(self, flag: d.Flag, rule: d.Rule, *, miss: Answer | None) -> CompiledRule:
        checks = tuple(self.checks(rule))
        gates = tuple(self.need(need) for need in rule.needs if need.is_gate)
        read = unit_reader(rule.unit, rule.fallback)
        salt = rule.salt or f"{flag.salt or flag.key}/{rule.id}"
        choice = choice_of(rule, salt) if rule.is_shared else None
        holds = closures.every(tuple(check.holds for check in checks))
        if choice is None:
            reason: Reason = "TARGETING_MATCH" if checks or gates else "STATIC"
            given = self.answer(flag, rule.variant, reason, why="rule", rule=rule) if rule.variant else miss
            ask = closures.plain(holds, given, miss)
        else:
            answers = {
                name: self.answer(flag, name, "SPLIT", why="rule", rule=rule) for name in flag.variants
            }
            if rule.is_sticky:
                ask = closures.sticky(rule, holds, read, choice, answers, miss)
            else:
                only = len(checks) == 1 and checks[0].kind == "condition"
                ask = closures.shared(rule, salt, holds, read, choice, answers, miss, is_only_condition=only)
        shut = self.answer(flag, flag.off, "DISABLED", why="a gate is shut", rule=rule)
        for gate in reversed(gates):
            ask = closures.gate(gate.holds, shut, ask)
        return CompiledRule(rule, checks, gates, read, choice, salt, ask)


def _not(holds: Condition) -> Condition:
    return lambda context: not holds(context)
