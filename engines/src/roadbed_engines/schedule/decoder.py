"""The decoder: put activities in time one by one, each as early as what it waits for and who is there allow.

Serial schedule generation (Kelley 1963; Kolisch 1996) with calendars, skills, limits of work in progress, several
modes and pauses over free days. Everything that asks "what if" asks it: a drag on the screen, ten
thousand futures, the search.

References
----------
.. [1] R. Kolisch (1996), Serial and parallel resource-constrained project scheduling methods revisited, European
   Journal of Operational Research 90, 320-333.
"""

from __future__ import annotations

import numpy as np

from roadbed_engines.schedule.arrays import Arrays, Grid, Integers
from roadbed_engines.schedule.compiling import compiled

START_START, FINISH_FINISH, START_FINISH = 1, 2, 3


@compiled
def find_place(
    a: Arrays, j: int, mode: int, days: int, low: int, least_finish: int, left: Grid, full_until: Integers
) -> tuple[int, int]:
    """Return the first start from `low` on at which mode `mode` of `j` fits, and its finish; (-1, -1) if none does."""
    begin, end = a.need_first[mode], a.need_first[mode + 1]
    if days == 0:
        at = max(low, least_finish)
        return at, at
    horizon = a.capacity.shape[1]
    pausing = a.pauses[j] == 1
    day = low
    for k in range(begin, end):
        day = max(day, full_until[a.need_pool[k]])
    start = -1
    worked = 0
    while worked < days:
        if day >= horizon:
            return -1, -1
        resting = False
        blocked = False
        held = False
        for k in range(begin, end):
            pool = a.need_pool[k]
            amount = a.need_amount[k]
            if left[pool, day] < amount:
                if a.is_limit[pool] == 1:
                    held = True
                elif pausing and a.capacity[pool, day] < amount:
                    resting = True
                else:
                    blocked = True
        if held or (blocked and not resting):
            start = -1
            worked = 0
        elif not resting:
            if worked == 0:
                start = day
            worked += 1
            if worked == days and day + 1 < least_finish:
                # It fits, but would finish too early: begin as much later.
                short = 1 if pausing else least_finish - day - 1
                day = start + short - 1
                start = -1
                worked = 0
        day += 1
    return start, day


@compiled
def book(a: Arrays, j: int, mode: int, start: int, finish: int, left: Grid, full_until: Integers) -> None:
    """Take what mode `mode` of `j` needs on its days."""
    begin, end = a.need_first[mode], a.need_first[mode + 1]
    for day in range(start, finish):
        resting = False
        if a.pauses[j] == 1:
            for k in range(begin, end):
                pool = a.need_pool[k]
                if a.is_limit[pool] == 0 and a.capacity[pool, day] < a.need_amount[k]:
                    resting = True
        for k in range(begin, end):
            pool = a.need_pool[k]
            if not resting or a.is_limit[pool] == 1:
                left[pool, day] -= a.need_amount[k]
    horizon = a.capacity.shape[1]
    for k in range(begin, end):
        pool = a.need_pool[k]
        day = full_until[pool]
        while day < horizon and left[pool, day] <= 0:
            day += 1
        full_until[pool] = day


@compiled
def _fixed_finish(a: Arrays, j: int, mode: int, days: int, start: int) -> int:
    """Return when something that starts on a fixed day finishes: it rests on free days, others or not."""
    horizon = a.capacity.shape[1]
    worked = 0
    day = start
    while worked < days:
        if day >= horizon:
            return -1
        resting = False
        if a.pauses[j] == 1:
            for k in range(a.need_first[mode], a.need_first[mode + 1]):
                pool = a.need_pool[k]
                if a.is_limit[pool] == 0 and a.capacity[pool, day] < a.need_amount[k]:
                    resting = True
        if not resting:
            worked += 1
        day += 1
    return day


@compiled
def decode(
    a: Arrays,
    order: Integers,
    duration: Integers,
    left: Grid,
    full_until: Integers,
    start: Integers,
    finish: Integers,
    chosen: Integers,
) -> int:
    """Put all activities in time, in this order; return the last finish, or -1 if the calendars are too short.

    Parameters
    ----------
    a : Arrays
    order : array of int, shape (activities,)
        Nothing comes before what it waits for.
    duration : array of int, shape (modes,)
        Working days.
    left, full_until : arrays, shapes (pools, days) and (pools,)
        Room to work in; what they held is lost. After, `left` is what each pool has left on each day.
    start, finish, chosen : arrays of int, shape (activities,)
        Filled in: the days, and the mode that finishes first.
    """
    left[:] = a.capacity
    full_until[:] = 0
    for j in range(len(start)):
        start[j] = -1
        if a.fixed[j] >= 0:
            mode = a.mode_first[j]
            start[j] = a.fixed[j]
            finish[j] = _fixed_finish(a, j, mode, duration[mode], start[j])
            if finish[j] < 0:
                return -1
            chosen[j] = mode
            book(a, j, mode, start[j], finish[j], left, full_until)
    for j in order:
        if a.fixed[j] >= 0:
            continue
        low = a.earliest[j]
        least_finish = 0
        for k in range(a.before_first[j], a.before_first[j + 1]):
            i = a.before[k]
            kind = a.relation[k]
            if kind == 0:
                low = max(low, finish[i] + a.lag[k])
            elif kind == START_START:
                low = max(low, start[i] + a.lag[k])
            elif kind == FINISH_FINISH:
                least_finish = max(least_finish, finish[i] + a.lag[k])
            else:
                least_finish = max(least_finish, start[i] + a.lag[k])
        best_start, best_finish, best_mode = -1, -1, -1
        for mode in range(a.mode_first[j], a.mode_first[j + 1]):
            begun, done = find_place(a, j, mode, duration[mode], low, least_finish, left, full_until)
            if begun >= 0 and (best_mode < 0 or done < best_finish):
                best_start, best_finish, best_mode = begun, done, mode
        if best_mode < 0:
            return -1
        start[j], finish[j], chosen[j] = best_start, best_finish, best_mode
        book(a, j, best_mode, best_start, best_finish, left, full_until)
    return int(finish.max())


class Room:
    """The arrays that one decoding works in, made once and used again and again."""

    def __init__(self, arrays: Arrays) -> None:
        pools, days = arrays.capacity.shape
        count = len(arrays.earliest)
        self.left: Grid = np.zeros((pools, days), dtype=np.int32)
        self.full_until: Integers = np.zeros(pools, dtype=np.int64)
        self.start: Integers = np.zeros(count, dtype=np.int64)
        self.finish: Integers = np.zeros(count, dtype=np.int64)
        self.chosen: Integers = np.zeros(count, dtype=np.int64)

    def decode(self, arrays: Arrays, order: Integers, duration: Integers) -> int:
        """See `decode`; the answers are in `start`, `finish` and `chosen`."""
        last: int = decode(
            arrays,
            order,
            duration,
            self.left,
            self.full_until,
            self.start,
            self.finish,
            self.chosen,
        )
        return last
