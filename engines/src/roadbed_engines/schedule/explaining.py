"""Why an activity starts when it does: what it waits for, who is busy, and who is not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from roadbed_engines.schedule.arrays import Grid, Problem
from roadbed_engines.schedule.decoder import book


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an activity does not start a day earlier.

    Attributes
    ----------
    key : str
    waits_for : tuple of str
        The activities whose end (or start) sets its own.
    busy : tuple of str
        The pools that had no room for it on the days before, taken by earlier ones.
    taken_by : tuple of str
        Who has that room on the last such day.
    away : tuple of str
        The pools that are not there, or not enough of them, on the day right before.
    is_fixed : bool
    is_first_day : bool
        It starts as early as it may at all.
    """

    key: str
    waits_for: tuple[str, ...] = ()
    busy: tuple[str, ...] = ()
    taken_by: tuple[str, ...] = ()
    away: tuple[str, ...] = ()
    is_fixed: bool = False
    is_first_day: bool = False

    def __str__(self) -> str:
        """Say it as a person would."""
        if self.is_fixed:
            return "starts on a fixed day"
        parts = []
        if self.waits_for:
            parts.append("for " + _listed(self.waits_for))
        if self.busy:
            held = f" (busy with {_listed(self.taken_by)})" if self.taken_by else ""
            parts.append(f"for {_listed(self.busy)}{held}")
        if self.away:
            parts.append(f"until {_listed(self.away)} {'is' if len(self.away) == 1 else 'are'} back")
        if parts:
            return "waits " + " and ".join(parts)
        return "starts as early as it may"


def _listed(names: Sequence[str], most: int = 3) -> str:
    shown = [*names[:most], f"{len(names) - most} more"] if len(names) > most else list(names)
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def explain(
    problem: Problem,
    *,
    order: Sequence[int],
    starts: Sequence[int],
    finishes: Sequence[int],
    modes: Sequence[int] = (),
) -> tuple[Reason, ...]:
    """Say of each activity, in the order of the plan, why it starts when it does.

    Parameters
    ----------
    problem : Problem
    order : sequence of int
        The sequence that was decoded: who comes earlier in it had the first choice.
    starts, finishes, modes : sequences of int, shape (activities,)
        As decoded; without `modes`, the first of each.
    """
    a = problem.arrays
    room: Grid = a.capacity.copy()
    full = np.zeros(len(room), dtype=np.int64)
    chosen = a.mode_first[:-1] + (np.array(modes, dtype=np.int64) if len(modes) else 0)
    found: dict[int, Reason] = {}
    placed: list[int] = []
    fixed = [j for j in range(len(starts)) if a.fixed[j] >= 0]
    for j in [*fixed, *(j for j in order if a.fixed[j] < 0)]:
        found[j] = _reason(problem, j, starts, finishes, chosen, room, placed)
        book(a, j, int(chosen[j]), int(starts[j]), int(finishes[j]), room, full)
        placed.append(j)
    return tuple(found[j] for j in range(len(starts)))


def _reason(
    problem: Problem,
    j: int,
    starts: Sequence[int],
    finishes: Sequence[int],
    chosen: np.ndarray[tuple[int], np.dtype[np.int64]],
    room: Grid,
    placed: list[int],
) -> Reason:
    a, activities = problem.arrays, problem.plan.activities
    key = activities[j].key
    if a.fixed[j] >= 0:
        return Reason(key, is_fixed=True)
    needs = [
        (int(a.need_pool[k]), int(a.need_amount[k]))
        for k in range(a.need_first[chosen[j]], a.need_first[chosen[j] + 1])
    ]
    low, waits = int(a.earliest[j]), []
    for k in range(a.before_first[j], a.before_first[j + 1]):
        i, kind = int(a.before[k]), int(a.relation[k])
        reach = (finishes[i] if kind in (0, 2) else starts[i]) + int(a.lag[k])
        if kind in (0, 1):
            low = max(low, reach)
        waits.append((i, kind, reach))
    # Free days in front of the start belong to whatever it had been waiting for before them.
    begin = int(starts[j])
    away: list[int] = []
    while begin > low:
        gone = [p for p, amount in needs if not a.is_limit[p] and a.capacity[p, begin - 1] < amount]
        if not gone or not a.pauses[j]:
            break
        away = away or gone
        begin -= 1
    pools = problem.plan.pools
    binding = [
        activities[i].key
        for i, kind, reach in waits
        if kind in (0, 1) and reach > a.earliest[j] and reach >= begin
    ]
    binding += [activities[i].key for i, kind, reach in waits if kind in (2, 3) and reach == finishes[j]]
    if begin <= low:
        gone_names = () if binding or begin == starts[j] else tuple(pools[p].key for p in away)
        return Reason(key, waits_for=tuple(dict.fromkeys(binding)), away=gone_names, is_first_day=not binding)
    span = slice(low, begin + max(1, int(finishes[j] - starts[j])))
    busy = [p for p, amount in needs if (room[p, low:begin] < amount).any() or room[p, begin - 1] < amount]
    if not busy:
        # It fits on the days before, but not for as long as it takes: somebody comes in between.
        busy = [p for p, amount in needs if (room[p, span] < amount).any()]
    takers = [i for i in placed if starts[i] < begin <= finishes[i] and _shares(problem, i, chosen, busy)]
    return Reason(
        key,
        waits_for=tuple(dict.fromkeys(binding)),
        busy=tuple(pools[p].key for p in busy),
        taken_by=tuple(activities[i].key for i in takers),
    )


def _shares(
    problem: Problem, i: int, chosen: np.ndarray[tuple[int], np.dtype[np.int64]], pools: Sequence[int]
) -> bool:
    a = problem.arrays
    return any(
        int(a.need_pool[k]) in pools for k in range(a.need_first[chosen[i]], a.need_first[chosen[i] + 1])
    )
