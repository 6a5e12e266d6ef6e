"""Why somebody gets what they get: each rule's verdict, with the same closures that answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from roadbed_engines.flags import words
from roadbed_engines.flags.answers import Answer, Context
from roadbed_engines.flags.compiling import Check, Compiled, CompiledRule
from roadbed_engines.flags.conditions import Groups, compile_condition
from roadbed_engines.flags.placing import place_of, ranges_of

Outcome = Literal["gives", "passes by", "not asked", "off"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, in words, and whether it held."""

    sentence: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule (or a gate, a holdout, the default) said."""

    rule: str
    title: str
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer, and the verdict of everything on the way to it."""

    answer: Answer
    verdicts: tuple[Verdict, ...]


def explain(compiled: Compiled, key: str, context: Context) -> Explanation:
    """Return the answer of a flag with the way that led to it."""
    answer = compiled.ask(key, context)
    known = compiled.flags.get(key)
    if known is None or answer.error:
        return Explanation(answer, (Verdict("", answer.why, "off"),))
    flag = known.flag
    if not flag.is_on:
        return Explanation(answer, (Verdict("", "The flag is switched off.", "off", variant=answer.variant),))
    if answer.why == "forced":
        return Explanation(
            answer, (Verdict("", "This unit is forced, for testing.", "gives", variant=answer.variant),)
        )
    verdicts: list[Verdict] = []
    is_over = False
    for check in known.gates:
        holds = check.holds(context)
        finding = Finding(_sentence(check, context), holds)
        verdicts.append(Verdict("", "Prerequisite", "passes by" if holds else "gives", (finding,)))
        is_over = is_over or not holds
    for check in known.holdouts:
        holds = not is_over and check.holds(context)
        sentence = f"{'is' if holds else 'is not'} held out by {check.subject}"
        outcome: Outcome = "not asked" if is_over else "gives" if holds else "passes by"
        verdicts.append(Verdict("", "Holdout", outcome, (Finding(sentence, holds),)))
        is_over = is_over or holds
    by_id = {each.rule.id: each for each in known.rules}
    for rule in flag.rules:
        title = rule.name or words.of_rule(rule)
        own = by_id.get(rule.id)
        if own is None:
            verdicts.append(Verdict(rule.id, title, "off"))
        elif is_over:
            verdicts.append(Verdict(rule.id, title, "not asked"))
        else:
            verdict = _rule(own, title, context, answer, compiled.definitions.groups)
            verdicts.append(verdict)
            is_over = verdict.outcome == "gives"
    outcome = "not asked" if is_over else "gives"
    verdicts.append(Verdict("", "Default", outcome, variant=None if is_over else answer.variant))
    return Explanation(answer, tuple(verdicts))


def _rule(own: CompiledRule, title: str, context: Context, answer: Answer, groups: Groups) -> Verdict:
    rule = own.rule
    findings: list[Finding] = []
    for check in (*own.gates, *own.checks):
        findings += _findings(check, context, groups)
    if own.choice is not None:
        findings.append(_place(own, context))
    gives = answer.rule == rule.id
    return Verdict(
        rule.id, title, "gives" if gives else "passes by", tuple(findings), answer.variant if gives else None
    )


def _findings(check: Check, context: Context, groups: Groups) -> list[Finding]:
    """Return one finding for each attribute of a condition, so that the one that failed can be seen."""
    if check.kind != "condition":
        return [Finding(_sentence(check, context), check.holds(context))]
    given: Mapping[str, Any] = check.subject
    if len(given) == 1:
        return [Finding(_with_value(given, context), check.holds(context))]
    found = []
    for key, value in given.items():
        part = {key: value}
        found.append(Finding(_with_value(part, context), compile_condition(part, groups=groups)(context)))
    if not check.holds(context) and all(each.holds for each in found):
        return [Finding(words.of_condition(given), holds=False)]
    return found


def _with_value(condition: Mapping[str, Any], context: Context) -> str:
    (key,) = condition
    sentence = words.of_condition(condition)
    if key.startswith("$"):
        return sentence
    own = context.get(key)
    return f"{sentence} (here: {'missing' if own is None else own})"[:300]


def _sentence(check: Check, context: Context) -> str:
    subject = check.subject
    match check.kind:
        case "segment":
            return f"in segment {subject}"
        case "not_segment":
            return f"not in segment {subject}"
        case "need":
            return words.of_need(subject)
        case "slice":
            ranges = ", ".join(f"{words.percent(low)}–{words.percent(high)}" for low, high in subject.ranges)
            return f"falls into {ranges} of {subject.namespace}"
    return str(subject)


def _place(own: CompiledRule, context: Context) -> Finding:
    rule = own.rule
    unit = own.unit(context)
    if not unit:
        return Finding(f"{rule.unit} is missing, and without it nobody can be placed", holds=False)
    assert own.choice is not None  # noqa: S101 - asked for before; tells the types
    chosen = own.choice(unit)
    place = place_of(rule.hash, own.salt)(unit)
    stretches = ", ".join(
        f"{name} {words.percent(low)}–{words.percent(high)}" for name, low, high in ranges_of(rule)
    )
    return Finding(f"{rule.unit} {unit} falls at {place:.4%}; {stretches}"[:300], chosen is not None)
