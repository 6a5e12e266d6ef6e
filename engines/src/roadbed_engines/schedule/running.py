"""The inner loop of the futures: decode a plan again and again, and follow back what set its end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from roadbed_engines.schedule.arrays import Arrays, Grid, Integers
from roadbed_engines.schedule.compiling import compiled
from roadbed_engines.schedule.decoder import decode
from roadbed_engines.schedule.uncertainty import Draws

Days = NDArray[np.int32]


@compiled
def decode_many(
    a: Arrays,
    order: Integers,
    duration: Integers,
    mode_of: Integers,
    stretches: Draws,
    added: Draws,
    first: int,
    until: int,
    away: Integers,
    away_first: Integers,
    left: Grid,
    full_until: Integers,
    start: Integers,
    finish: Integers,
    chosen: Integers,
    finishes: Days,
    took: Days,
    critical: Integers,
    traced: int,
) -> int:
    """Decode the futures [first, until); return how many did not fit (their finishes are -1).

    `stretches` and `added` are by (future, activity); `away` holds (pool, day, until, amount) rows of each future.
    """
    n = len(order)
    lost = 0
    drawn = np.zeros(len(duration), dtype=np.int64)
    there = a.capacity.copy()
    for run in range(first, until):
        for mode in range(len(duration)):
            j = mode_of[mode]
            days = duration[mode] * stretches[run, j]
            if added.shape[0] > 0:
                days += added[run, j]
            # Longer than any calendar: such a future never ends, and is told so.
            days = min(days, 1e6)
            # A milestone stays one; the hundredth keeps rounding from adding a day to a whole number.
            drawn[mode] = 0 if duration[mode] == 0 and days < 0.01 else max(1, int(np.ceil(days - 0.01)))
        if len(away_first) > 1:
            a.capacity[:] = there
            for k in range(away_first[run], away_first[run + 1]):
                for day in range(away[4 * k + 1], min(away[4 * k + 2], a.capacity.shape[1])):
                    rest = a.capacity[away[4 * k], day] - away[4 * k + 3]
                    a.capacity[away[4 * k], day] = max(0, rest)
        last = decode(a, order, drawn, left, full_until, start, finish, chosen)
        if last < 0:
            lost += 1
            finishes[run] = -1
        else:
            for j in range(n):
                finishes[run, j] = finish[j]
            if run < traced:
                trace(a, finish, start, chosen, last, critical)
        for j in range(n):
            took[run, j] = drawn[chosen[j]]
    a.capacity[:] = there
    return lost


@compiled
def trace(
    a: Arrays, finish: Integers, start: Integers, chosen: Integers, last: int, critical: Integers
) -> None:
    """Count the activities that set the end of a schedule: those that end it, and what each began right after."""
    n = len(finish)
    stack = np.zeros(n, dtype=np.int64)
    seen = np.zeros(n, dtype=np.int64)
    size = 0
    for j in range(n):
        if finish[j] == last:
            seen[j] = 1
            stack[size] = j
            size += 1
    while size:
        size -= 1
        j = stack[size]
        critical[j] += 1
        begin, end = a.need_first[chosen[j]], a.need_first[chosen[j] + 1]
        # Free days right before the start do not break the chain.
        low = start[j]
        while low > 0 and a.pauses[j] == 1:
            free = False
            for k in range(begin, end):
                pool = a.need_pool[k]
                if a.is_limit[pool] == 0 and a.capacity[pool, low - 1] < a.need_amount[k]:
                    free = True
            if not free:
                break
            low -= 1
        bound = False
        for k in range(a.before_first[j], a.before_first[j + 1]):
            i = a.before[k]
            kind = a.relation[k]
            reach = (finish[i] if kind in (0, 2) else start[i]) + a.lag[k]
            at_start = kind < 2 and low <= reach <= start[j]
            at_end = kind >= 2 and reach == finish[j]
            if at_start or at_end:
                bound = True
                if seen[i] == 0:
                    seen[i] = 1
                    stack[size] = i
                    size += 1
        if bound or start[j] == 0:
            continue
        for i in range(n):
            if seen[i] == 0 and low <= finish[i] <= start[j] and start[i] < finish[i]:
                shared = False
                for k in range(begin, end):
                    for m in range(a.need_first[chosen[i]], a.need_first[chosen[i] + 1]):
                        if a.need_pool[m] == a.need_pool[k]:
                            shared = True
                if shared:
                    seen[i] = 1
                    stack[size] = i
                    size += 1
