"""Finished work as counts by working day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from roadbed_engines.errors import NotEnoughDataError

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class History:
    """How many items were finished on each working day, without a gap.

    `counts` has shape (days,); its first day is `first`, its last `last`. `holidays` are no working days.
    """

    first: date
    last: date
    counts: Counts
    holidays: tuple[date, ...] = ()

    def day_after(self, days: int) -> date:
        """Return the working day that lies `days` working days after the last one of the history."""
        moved = np.busday_offset(self.last, days, roll="backward", holidays=_days(self.holidays))
        found: date = moved.astype(object)
        return found


def _days(dates: Collection[date]) -> NDArray[np.datetime64]:
    return np.array(sorted(dates), dtype="datetime64[D]")


def count_finishes(
    *, finished: Sequence[date], until: date | None = None, holidays: Collection[date] = ()
) -> History:
    """Count finished items by working day; what was finished on a free day counts on the next working one.

    Parameters
    ----------
    finished : sequence of date
        One date an item, in any order.
    until : date, optional
        The last day that the history covers; by default that of the last item. Later items are left out.
    holidays : collection of date
        Days besides Saturdays and Sundays on which nobody works.

    Raises
    ------
    NotEnoughDataError
        If no item was finished by then.

    Examples
    --------
    >>> history = count_finishes(finished=[date(2026, 11, 2), date(2026, 11, 7), date(2026, 11, 10)])
    >>> history.counts.tolist(), history.last.isoformat()
    ([1, 0, 0, 0, 0, 1, 1], '2026-11-10')
    """
    known = [day for day in finished if until is None or day <= until]
    if not known:
        raise NotEnoughDataError("nothing was finished yet: a forecast needs finished items")
    free = _days(holidays)
    days = np.busday_offset(np.array(known, dtype="datetime64[D]"), 0, roll="forward", holidays=free)
    first = days.min()
    end = days.max() if until is None else np.busday_offset(until, 0, roll="backward", holidays=free)
    last = max(end, days.max())
    size = int(np.busday_count(first, last + np.timedelta64(1, "D"), holidays=free))
    places = np.busday_count(first, days, holidays=free)
    counts = np.bincount(places, minlength=size).astype(np.int64)
    return History(
        first=first.astype(object), last=last.astype(object), counts=counts, holidays=tuple(sorted(holidays))
    )
