"""What changes by itself: ramps and scheduled changes, as pure functions of the time that is given in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from roadbed_engines.flags import definitions as d

Waiting = Literal["start", "time", "approval", "sample", "stopped", "done"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a ramp stands: its step, the share, since when, what it waits for, and when time alone moves it."""

    step: int
    share: float
    since: datetime | None
    waits_for: tuple[Waiting, ...]
    next_at: datetime | None = None


def standing(ramp: d.Ramp, *, at: datetime) -> Standing:
    """Return where a ramp stands at a moment. A ramp that nobody looked at for a while catches up at once.

    >>> from datetime import UTC
    >>> noon = datetime(2027, 3, 1, 12, tzinfo=UTC)
    >>> ramp = d.Ramp(steps=(d.Step(0.01, seconds=3600), d.Step(0.1, needs_approval=True), d.Step(1)), started_at=noon)
    >>> found = standing(ramp, at=noon + timedelta(hours=5))
    >>> found.step, found.share, found.waits_for
    (1, 0.1, ('approval',))
    """
    if ramp.started_at is None or at < ramp.started_at:
        return Standing(0, 0.0, None, ("start",), ramp.started_at)
    if ramp.stopped_at is not None and at >= ramp.stopped_at:
        return Standing(0, 0.0, ramp.stopped_at, ("stopped",))
    since = ramp.started_at
    last = len(ramp.steps) - 1
    for number, step in enumerate(ramp.steps):
        if number == last:
            return Standing(number, step.share, since, ("done",), ramp.stopped_at)
        over = since + timedelta(seconds=step.seconds)
        holds: dict[Waiting, datetime | None] = {
            "time": over,
            "approval": ramp.approved.get(number) if step.needs_approval else since,
            "sample": ramp.reached.get(number) if step.sample else since,
        }
        waits = tuple(name for name, until in holds.items() if until is None or until > at)
        if waits:
            known = [until for until in holds.values() if until is not None]
            only_time = len(known) == len(holds)
            return Standing(number, step.share, since, waits, max(known) if only_time else None)
        since = max(until for until in holds.values() if until is not None)
    raise AssertionError("the last step ends the walk")


def stood_at(found: d.Definitions, *, at: datetime) -> tuple[d.Definitions, datetime | None]:
    """Return the definitions as they are at a moment, and the next moment at which time alone changes them."""
    following: list[datetime] = []
    flags = {}
    for key, flag in found.flags.items():
        if not flag.schedule and not any(rule.ramp for rule in flag.rules):
            flags[key] = flag
            continue
        flags[key] = _flag_at(flag, at, following)
    later = [moment for moment in following if moment > at]
    return replace(found, flags=flags), min(later, default=None)


def _flag_at(flag: d.Flag, at: datetime, following: list[datetime]) -> d.Flag:
    rules = {rule.id: rule for rule in flag.rules}
    for rule in flag.rules:
        if rule.ramp is not None:
            stand = standing(rule.ramp, at=at)
            rules[rule.id] = replace(rule, share=stand.share)
            following += [moment for moment in (stand.next_at, rule.ramp.stopped_at) if moment is not None]
    for change in sorted(flag.schedule, key=lambda each: each.at):
        if change.at > at:
            following.append(change.at)
            continue
        if change.rule:
            rule = rules[change.rule]
            rules[change.rule] = replace(
                rule,
                is_on=rule.is_on if change.is_on is None else change.is_on,
                share=rule.share if change.share is None else change.share,
            )
        else:
            flag = replace(
                flag,
                is_on=flag.is_on if change.is_on is None else change.is_on,
                default=flag.default if change.default is None else change.default,
            )
    return replace(flag, rules=tuple(rules.values()))
