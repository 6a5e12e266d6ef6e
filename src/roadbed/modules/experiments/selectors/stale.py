"""Flags that have done their work, and what is to be removed with them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Q

from roadbed.modules.experiments.models import Flag, FlagState
from roadbed.modules.experiments.selectors.definitions import flag_definition
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
    found = _with_reasons(workspace_id=workspace_id, at=at)
    if not found:
        return []
    needed = _needed(workspace_id)
    stale = [_whole(flag, reasons, states, sorted(needed[flag.flag_key])) for flag, reasons, states in found]
    since = {flag.pk: min(state.steady_since for state in states) for flag, _, states in found}
    return sorted(stale, key=lambda each: since[each.flag.pk])


def stale_flag(flag: Flag, *, at: datetime) -> StaleFlag | None:
    """Return why one flag is to be removed, and what goes with it; None while it is needed."""
    found = _with_reasons(workspace_id=flag.workspace_id, at=at, only=flag.pk)
    if not found:
        return None
    [(own, reasons, states)] = found
    return _whole(own, reasons, states, sorted(_needed(flag.workspace_id)[flag.flag_key]))


def stale_reasons(*, workspace_id: int, at: datetime) -> dict[int, tuple[str, ...]]:
    """Return the flags to be removed by their ids, with why; two queries, and no definition is read."""
    found = _with_reasons(workspace_id=workspace_id, at=at, without=("definition",))
    return {flag.pk: reasons for flag, reasons, _ in found}


def _with_reasons(
    *, workspace_id: int, at: datetime, only: int | None = None, without: tuple[str, ...] = ()
) -> list[tuple[Flag, tuple[str, ...], list[FlagState]]]:
    """The database leaves out what changed lately: only the others are looked at one by one."""
    there = Q(states__environment__removed_at__isnull=True)
    rows = Flag.objects.in_workspace(workspace_id).not_archived()
    rows = rows.annotate(since=Max("states__steady_since", filter=there)).filter(since__isnull=False)
    rows = rows.filter(Q(since__lte=at - STEADY) | Q(remove_by__lt=at.date())).select_related("owner__user")
    flags = {flag.pk: flag for flag in (rows.filter(pk=only) if only is not None else rows)}
    states: dict[int, list[FlagState]] = defaultdict(list)
    standing = FlagState.objects.filter(flag_id__in=flags, environment__removed_at__isnull=True).defer(
        *without
    )
    for state in standing.order_by("environment__position", "environment_id"):
        states[state.flag_id].append(state)
    return [
        (flag, reasons, states[pk])
        for pk, flag in flags.items()
        if (reasons := _reasons(flag, states[pk], at))
    ]


def _needed(workspace_id: int) -> dict[str, set[str]]:
    """Return which flags need each flag; definitions that need none are not looked into."""
    needed: dict[str, set[str]] = defaultdict(set)
    rows = FlagState.objects.filter(
        flag__workspace_id=workspace_id,
        flag__deleted_at__isnull=True,
        flag__archived_at__isnull=True,
        environment__removed_at__isnull=True,
    ).values_list("flag__flag_key", "definition")
    for key, definition in rows:
        parts = [definition, *definition.get("rules", ())]
        if any(part.get("needs") for part in parts):
            for other in needed_by(flag_definition(key, definition)):
                needed[other].add(key)
    return needed


def _reasons(flag: Flag, states: list[FlagState], at: datetime) -> tuple[str, ...]:
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
    return tuple(reasons)


def _whole(flag: Flag, reasons: tuple[str, ...], states: list[FlagState], needed: list[str]) -> StaleFlag:
    live = flag_definition(flag.flag_key, states[-1].definition)
    keep = states[-1].gives
    others = [name for name in live.variants if name != keep]
    remove = [f"the question for {flag.flag_key} in code"]
    remove += [f"the branch for {name}" for name in others] if keep else []
    segments = sorted({key for rule in live.rules for key in (*rule.segments, *rule.not_segments)})
    remove += [f"the segment {key}, where no other flag uses it" for key in segments]
    return StaleFlag(flag, reasons, keep, tuple(remove), tuple(needed))
