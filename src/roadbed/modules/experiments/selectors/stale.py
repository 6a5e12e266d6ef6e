"""Flags that have done their work, and what is to be removed with them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from roadbed.modules.experiments.models import Flag, FlagState
from roadbed.modules.experiments.selectors.definitions import flag_definition
from roadbed_engines.flags import definitions as d
from roadbed_engines.flags.cycles import needed_by

STEADY = timedelta(days=30)
IDLE = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class StaleFlag:
    """A flag that nobody needs any more: why, what the code keeps, and what goes."""

    flag: Flag
    reasons: tuple[str, ...]
    keep: str
    remove: tuple[str, ...]
    blocked_by: tuple[str, ...]


def stale_flags(*, workspace_id: int, at: datetime) -> list[StaleFlag]:
    """Return the flags to be removed, those first that have been so for longest. Three queries.

    Stale is what is not meant to last and gives everybody the same everywhere for 30 days, or is off everywhere for
    60, or is past the day on which it was to be removed. Archived flags are left out.
    """
    flags = {
        flag.pk: flag
        for flag in Flag.objects.in_workspace(workspace_id).not_archived().select_related("owner__user")
    }
    states: dict[int, list[FlagState]] = defaultdict(list)
    rows = FlagState.objects.filter(flag_id__in=flags, environment__removed_at__isnull=True)
    for state in rows.select_related("environment").order_by("environment__position", "environment_id"):
        states[state.flag_id].append(state)
    needed: dict[str, set[str]] = defaultdict(set)
    live: dict[int, d.Flag] = {}
    for pk, flag in flags.items():
        for state in states[pk]:
            live[pk] = flag_definition(flag.flag_key, state.definition)
            for other in needed_by(live[pk]):
                needed[other].add(flag.flag_key)
    found = [
        stale
        for pk, flag in flags.items()
        if states[pk]
        and (stale := _stale(flag, states[pk], live[pk], sorted(needed[flag.flag_key]), at)) is not None
    ]
    return sorted(found, key=lambda each: min(state.steady_since for state in states[each.flag.pk]))


def _stale(
    flag: Flag, states: list[FlagState], live: d.Flag, needed: list[str], at: datetime
) -> StaleFlag | None:
    reasons = []
    since = max(state.steady_since for state in states)
    given = {state.gives for state in states}
    # Where it is not live yet it says nothing; the last environment in order is the one that counts.
    last = states[-1]
    if not flag.is_lasting and last.is_on and len(given) == 1 and last.gives and at - since >= STEADY:
        reasons.append(f"Everybody gets {last.gives} everywhere since {since:%-d %B %Y}.")
    elif not flag.is_lasting and not any(state.is_on for state in states) and at - since >= IDLE:
        reasons.append(f"Off everywhere since {since:%-d %B %Y}.")
    if flag.remove_by is not None and flag.remove_by < at.date():
        reasons.append(f"It was to be removed by {flag.remove_by:%-d %B %Y}.")
    if not reasons:
        return None
    keep = last.gives
    others = [name for name in live.variants if name != keep]
    remove = [f"the question for {flag.flag_key} in code"]
    remove += [f"the branch for {name}" for name in others] if keep else []
    segments = sorted({key for rule in live.rules for key in (*rule.segments, *rule.not_segments)})
    remove += [f"the segment {key}, where no other flag uses it" for key in segments]
    return StaleFlag(flag, tuple(reasons), keep, tuple(remove), tuple(needed))
