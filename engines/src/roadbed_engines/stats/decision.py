"""From health, progress and effects to one recommendation, with its reasons. A person decides.

The rules are in the open: the same readings give the same answer, and every answer says which reading led to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from roadbed_engines.stats.effects import Direction, Plan, Standing, stand


class Verdict(StrEnum):
    """What is recommended."""

    UNHEALTHY = "unhealthy"
    TOO_EARLY = "too early"
    SHIP = "ship"
    ROLL_BACK = "roll back"
    NO_DIFFERENCE = "no meaningful difference"
    JUDGEMENT = "needs your judgement"


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric of one variant against control: the ends of its interval, and what is asked of it.

    `margin` is the harm that would still be borne, `matters` the smallest effect that would matter (0: nobody said),
    both in the unit of the interval: lifts where `is_lift`, differences otherwise.
    """

    metric: str
    low: float
    high: float
    wanted: Direction = Direction.UP
    margin: float = 0.0
    matters: float = 0.0
    is_lift: bool = False

    @property
    def standing(self) -> Standing:
        """What the interval says."""
        return stand(low=self.low, high=self.high, wanted=self.wanted, margin=self.margin)

    @property
    def is_negligible(self) -> bool:
        """Whether the interval rules out any effect that would matter."""
        return self.matters > 0 and -self.matters < self.low and self.high < self.matters


@dataclass(frozen=True, slots=True)
class Variant:
    """What one variant shows against control. `primary` is None where its metric could not be told."""

    name: str
    primary: Reading | None
    guardrails: tuple[Reading, ...] = ()


@dataclass(frozen=True, slots=True)
class Contest:
    """The primary metric of one variant minus that of another, neither of them control."""

    first: str
    second: str
    reading: Reading


@dataclass(frozen=True, slots=True)
class State:
    """How far it has come. `is_complete` is None where nobody planned a size.

    A fixed plan allows one look, at the end; before it, no effect is read at all.
    """

    plan: Plan = Plan.SEQUENTIAL
    is_complete: bool | None = None
    days_left: int | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The verdict, the variant it speaks of (empty for none), the choices where a person must weigh, the reasons."""

    verdict: Verdict
    variant: str
    choices: tuple[str, ...]
    reasons: tuple[str, ...]


def decide(
    *,
    variants: Sequence[Variant],
    problems: Sequence[str] = (),
    state: State = State(),
    contests: Sequence[Contest] = (),
) -> Recommendation:
    """Recommend what to do.

    In this order: what is unhealthy is not read. Harm found by a sequential test, or at the end of a fixed one, is
    rolled back. A fixed test is not read before its end. A winner without harm is shipped; where several win, the one
    that beats the others. What cannot be told yet waits; what was measured closely enough and shows nothing makes no
    difference; everything else is weighed by a person.

    Parameters
    ----------
    variants : sequence of Variant
        All treatments.
    problems : sequence of str
        Sentences about what makes the numbers untrustworthy; empty for a healthy test.
    contests : sequence of Contest
        Between treatments; only needed where several might win.

    Examples
    --------
    >>> better = Variant("B", Reading("orders", low=0.01, high=0.05))
    >>> decide(variants=[better]).verdict.value, decide(variants=[better]).reasons
    ('ship', ('B: orders is better: +0.01 to +0.05.',))
    >>> decide(variants=[better], problems=["Units are missing from B."]).verdict.value
    'unhealthy'
    """
    if problems:
        return Recommendation(Verdict.UNHEALTHY, "", (), tuple(problems))
    if not variants or all(one.primary is None for one in variants):
        return Recommendation(Verdict.TOO_EARLY, "", (), ("The primary metric cannot be told yet.",))
    if state.plan is Plan.FIXED and state.is_complete is False:
        return _wait(state, "A fixed plan is read once, at its end")
    told = {one.name: tuple(_tell(one)) for one in variants}
    harmed = [one for one in variants if _is_harmed(one)]
    better = [one for one in variants if _stands(one) is Standing.BETTER]
    clean = [one for one in better if one not in harmed]
    doubtful = [one for one in clean if _in_doubt(one)]
    sure = [one for one in clean if one not in doubtful]
    if sure:
        return _best(sure, contests, told)
    if doubtful:
        if state.is_complete is False:
            return _wait(state, *_all(told, doubtful))
        names = tuple(one.name for one in doubtful)
        return Recommendation(
            Verdict.JUDGEMENT, "", (*(f"ship {name}" for name in names), "keep control"), _all(told, doubtful)
        )
    traded = [one for one in better if one in harmed]
    if traded:
        choices = (*(f"ship {one.name}" for one in traded), "roll back")
        return Recommendation(Verdict.JUDGEMENT, "", choices, _all(told, traded))
    if all(one in harmed or _stands(one) is Standing.WORSE for one in variants):
        name = variants[0].name if len(variants) == 1 else ""
        return Recommendation(Verdict.ROLL_BACK, name, (), _all(told, variants))
    left = [one for one in variants if one not in harmed and _stands(one) is not Standing.WORSE]
    return _nothing_found(left, variants, state, told)


def _nothing_found(
    left: Sequence[Variant], variants: Sequence[Variant], state: State, told: dict[str, tuple[str, ...]]
) -> Recommendation:
    reasons = _all(told, variants)
    if all(one.primary is not None and one.primary.is_negligible for one in left):
        return Recommendation(Verdict.NO_DIFFERENCE, "", (), reasons)
    if state.is_complete is False:
        return _wait(state, *reasons)
    if state.is_complete:
        return Recommendation(Verdict.NO_DIFFERENCE, "", (), (*reasons, "It has run as long as was planned."))
    more = (
        "Nobody said how large an effect would matter, or how many units are planned, so nothing says that it has run"
        " long enough."
    )
    if any(one.primary is not None and one.primary.matters > 0 for one in left):
        more = "The interval still holds effects that would matter."
    return Recommendation(Verdict.JUDGEMENT, "", ("keep control", "gather more units"), (*reasons, more))


def _best(
    sure: Sequence[Variant], contests: Sequence[Contest], told: dict[str, tuple[str, ...]]
) -> Recommendation:
    if len(sure) == 1:
        return Recommendation(Verdict.SHIP, sure[0].name, (), told[sure[0].name])
    names = [one.name for one in sure]
    for name in names:
        beaten = {other for other in names if other != name and _beats(name, other, contests)}
        if len(beaten) == len(names) - 1:
            said = f"{name} also beats {' and '.join(sorted(beaten))}."
            return Recommendation(Verdict.SHIP, name, (), (*told[name], said))
    return Recommendation(
        Verdict.JUDGEMENT,
        "",
        tuple(f"ship {name}" for name in names),
        (*_all(told, sure), "Each is better than control, and which of them is best cannot be told."),
    )


def _beats(name: str, other: str, contests: Sequence[Contest]) -> bool:
    for one in contests:
        standing = one.reading.standing
        if (one.first, one.second) == (name, other) and standing is Standing.BETTER:
            return True
        if (one.first, one.second) == (other, name) and standing is Standing.WORSE:
            return True
    return False


def _wait(state: State, *reasons: str) -> Recommendation:
    if state.days_left is not None:
        days = f"{state.days_left} day{'' if state.days_left == 1 else 's'} left"
        reasons = (*reasons, f"At the pace so far, {days}.")
    return Recommendation(Verdict.TOO_EARLY, "", (), tuple(_sentence(one) for one in reasons))


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _stands(variant: Variant) -> Standing:
    return Standing.UNCLEAR if variant.primary is None else variant.primary.standing


def _is_harmed(variant: Variant) -> bool:
    return any(one.standing is Standing.WORSE for one in variant.guardrails)


def _in_doubt(variant: Variant) -> bool:
    """Whether a guardrail with a margin has not been shown to keep it."""
    return any(one.margin > 0 and one.standing is Standing.UNCLEAR for one in variant.guardrails)


def _all(told: dict[str, tuple[str, ...]], variants: Sequence[Variant]) -> tuple[str, ...]:
    return tuple(line for one in variants for line in told[one.name])


def _tell(variant: Variant) -> list[str]:
    if variant.primary is None:
        return [f"{variant.name}: the primary metric cannot be told yet."]
    words = {Standing.UNCLEAR: "not clear", Standing.NOT_WORSE: "not worse than its margin"}
    lines = []
    for one in (variant.primary, *variant.guardrails):
        said = words.get(one.standing, one.standing.value)
        ends = [f"{end:+.1%}" if one.is_lift else f"{end:+.4g}" for end in (one.low, one.high)]
        lines.append(f"{variant.name}: {one.metric} is {said}: {' to '.join(ends)}.")
    return lines
