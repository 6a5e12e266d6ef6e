"""Weekly counts, the weeks that stand out, and the weeks after which everything was different."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, log, sqrt

from roadbed_engines.errors import NotEnoughDataError

TRAILING = 8
"""Weeks before, that the expectation is taken from."""
SPREAD = 0.1
"""How much wider than Poisson real weeks spread: the variance is μ + 0.1 μ²."""
ALERT_Z = 4.0
ALERT_LEAST = 8
WEEK = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Weeks:
    """Counts of consecutive weeks; `first` is the Monday of the first."""

    first: dt.date
    counts: tuple[int, ...]

    def week(self, index: int) -> dt.date:
        """Return the Monday of a week by its place."""
        return self.first + index * WEEK


@dataclass(frozen=True, slots=True)
class Alert:
    """A week in which something was said far more often than the weeks before it promised."""

    week: dt.date
    seen: int
    expected: float
    z: float
    """Distance from the expectation in spreads; infinite where nothing at all was expected."""
    marker: str = ""
    """The release or event that came shortly before, where one did."""

    @property
    def why(self) -> str:
        """The sentence that stands beside it."""
        after = f"; it follows {self.marker}" if self.marker else ""
        return (
            f"{self.seen} in the week, where the {TRAILING} weeks before averaged {self.expected:.1f}{after}"
        )


@dataclass(frozen=True, slots=True)
class Marker:
    """Something that happened on a day and may explain a rise: a release, an outage, a mailing."""

    day: dt.date
    label: str


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """A week from which on the weekly number was another, and stayed so."""

    week: dt.date
    before: float
    after: float
    gain: float
    """By how much the split improves the fit, in units of the Bayesian information criterion; above 0 always."""
    marker: str = ""


def monday(day: dt.date) -> dt.date:
    """Return the Monday of a day's week.

    >>> monday(dt.date(2025, 8, 13)).isoformat()
    '2025-08-11'
    """
    return day - dt.timedelta(days=day.weekday())


def weekly_counts(*, days: Iterable[dt.date], first: dt.date, last: dt.date) -> Weeks:
    """Count days by week from the week of `first` to the week of `last`, both included; empty weeks count as 0.

    Raises
    ------
    ValueError
        If `last` lies before `first`.

    Examples
    --------
    >>> weekly_counts(days=[dt.date(2025, 1, 8), dt.date(2025, 1, 9)], first=dt.date(2025, 1, 1),
    ...               last=dt.date(2025, 1, 14)).counts
    (0, 2, 0)
    """
    start, stop = monday(first), monday(last)
    if stop < start:
        raise ValueError("The last day lies before the first.")
    counts = [0] * ((stop - start).days // 7 + 1)
    for day in days:
        place = (monday(day) - start).days // 7
        if 0 <= place < len(counts):
            counts[place] += 1
    return Weeks(first=start, counts=tuple(counts))


def surprise(*, seen: int, before: Sequence[int]) -> float:
    """Return how far a week stands out of the weeks before it: z = (x − μ) / √(μ + 0.1 μ²).

    With nothing in any week before, one voice is set as the expectation of the whole stretch: a theme that is new
    can alert, yet its figure stays finite.

    Raises
    ------
    NotEnoughDataError
        If there are fewer than eight weeks before.

    Examples
    --------
    >>> round(surprise(seen=16, before=[1, 0, 0, 1, 1, 0, 1, 0]), 1)
    21.4
    """
    if len(before) < TRAILING:
        raise NotEnoughDataError(f"It takes {TRAILING} weeks to know what is usual; there are {len(before)}.")
    mean = sum(before[-TRAILING:]) / TRAILING or 1 / TRAILING
    return (seen - mean) / sqrt(mean + SPREAD * mean * mean)


def alerts(
    *,
    weeks: Weeks,
    markers: Sequence[Marker] = (),
    z: float = ALERT_Z,
    least: int = ALERT_LEAST,
    reach: int = 21,
) -> tuple[Alert, ...]:
    """Return the weeks that stand out, in the order of time.

    A week stands out if z is above `z` and at least `least` were counted: never from three notes. A week right
    after an alert is measured against the weeks before that alert, so that a burst is one thing however long it
    lasts, and is reported again only where it is louder still.

    Parameters
    ----------
    markers : sequence of Marker
        The latest one that lies within `reach` days before the end of the week is named beside the alert.

    References
    ----------
    .. [1] N. Enki, P. Garthwaite, P. Farrington et al. (2016), PLoS ONE 11(8), e0160759, for the family of
       quasi-Poisson detectors that this is the plainest of.

    Examples
    --------
    >>> found = alerts(weeks=Weeks(dt.date(2025, 6, 16), (1, 0, 0, 1, 1, 0, 1, 0, 16)))
    >>> [(one.week.isoformat(), one.seen, one.expected) for one in found]
    [('2025-08-11', 16, 0.5)]
    >>> alerts(weeks=Weeks(dt.date(2025, 6, 16), (0, 0, 0, 0, 0, 0, 0, 0, 3)))
    ()
    """
    found: list[Alert] = []
    base: list[int] = []  # the usual weeks: alerts are left out, so that a burst does not hide the next
    louder = 0
    for place, seen in enumerate(weeks.counts):
        if len(base) < TRAILING:
            base.append(seen)
            continue
        score = surprise(seen=seen, before=base)
        if score <= z or seen < least:
            base.append(seen)
            louder = 0
            continue
        if seen > louder:
            week = weeks.week(place)
            mean = sum(base[-TRAILING:]) / TRAILING
            label = marker_for(week=week, markers=markers, reach=reach)
            found.append(Alert(week=week, seen=seen, expected=mean, z=score, marker=label))
        louder = max(louder, seen)
        # What stays high becomes the usual within two months: each high week counts as half way there.
        base.append(round((sum(base[-TRAILING:]) / TRAILING + seen) / 2))
    return tuple(found)


def marker_for(*, week: dt.date, markers: Sequence[Marker], reach: int = 21) -> str:
    """Return the label of the latest marker within `reach` days before the end of a week, or nothing.

    >>> marker_for(week=dt.date(2025, 8, 11), markers=[Marker(dt.date(2025, 8, 5), "141.1")])
    '141.1'
    """
    last = week + WEEK
    near = [one for one in markers if last - dt.timedelta(days=reach + 7) <= one.day < last]
    return max(near, key=lambda one: one.day).label if near else ""


def _cost(total: float, length: int) -> float:
    """Return −2 log-likelihood (up to a constant) of a stretch with one Poisson rate."""
    return 0.0 if total <= 0 else -2 * total * (log(total / length) - 1)


def change_points(
    *, weeks: Weeks, markers: Sequence[Marker] = (), shortest: int = 4, most: int = 520
) -> tuple[ChangePoint, ...]:
    """Return the weeks after which the weekly number was another, by optimal partitioning.

    Each stretch has one Poisson rate; a further stretch must pay 2 log n (a rate and a place, after the Bayesian
    information criterion), times the spread that real weeks have beyond Poisson.

    Parameters
    ----------
    shortest : int
        Weeks that a stretch has at least: a single loud week is an alert, not a change.

    Raises
    ------
    NotEnoughDataError
        If there are fewer than two stretches' worth of weeks, or fewer than 16 were counted altogether.

    References
    ----------
    .. [1] B. Jackson et al. (2005), IEEE Signal Processing Letters 12, 105-108.

    Examples
    --------
    >>> found = change_points(weeks=Weeks(dt.date(2025, 1, 6), (3, 4, 2, 3, 4, 3, 11, 12, 9, 12, 11, 10)))
    >>> [(one.week.isoformat(), round(one.before, 1), round(one.after, 1)) for one in found]
    [('2025-02-17', 3.2, 10.8)]
    """
    counts = weeks.counts[-most:]
    skipped = len(weeks.counts) - len(counts)
    size = len(counts)
    if size < 2 * shortest:
        raise NotEnoughDataError(f"It takes {2 * shortest} weeks to see a change; there are {size}.")
    if sum(counts) < 16:
        raise NotEnoughDataError(f"It takes 16 pieces to see a change; there are {sum(counts)}.")
    sums = [0]
    for count in counts:
        sums.append(sums[-1] + count)
    mean = sums[-1] / size
    penalty = 2 * log(size) * (1 + SPREAD * mean)
    best = [-penalty] + [inf] * size
    last = [0] * (size + 1)
    for stop in range(shortest, size + 1):
        starts = [0, *range(shortest, stop - shortest + 1)]
        best[stop], last[stop] = min(
            (best[at] + _cost(sums[stop] - sums[at], stop - at) + penalty, at) for at in starts
        )
    cuts: list[int] = []
    at = size
    while at > 0:
        cuts.append(at)
        at = last[at]
    edges = [0, *reversed(cuts)]
    found = []
    for left, middle, right in zip(edges, edges[1:], edges[2:], strict=False):
        whole = _cost(sums[right] - sums[left], right - left)
        parts = _cost(sums[middle] - sums[left], middle - left) + _cost(
            sums[right] - sums[middle], right - middle
        )
        week = weeks.week(skipped + middle)
        found.append(
            ChangePoint(
                week=week,
                before=(sums[middle] - sums[left]) / (middle - left),
                after=(sums[right] - sums[middle]) / (right - middle),
                gain=whole - parts - penalty,
                marker=marker_for(week=week, markers=markers),
            )
        )
    return tuple(found)
