"""When so many items will be done, and how many by a day, for teams that do not estimate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.forecast.calibration import Calibration, calibrate
from roadbed_engines.forecast.history import Counts, History

WINDOW = 60
RECENT = 20
STEP = 10
BLOCK = 5
LEAST_ACTIVE, LEAST_ITEMS = 5, 11
LEVELS = (0.5, 0.85, 0.95)
FARTHEST = 2_600
"""Ten years of working days: a date beyond it is not told, since nothing is known of it."""
NEARLY_NOTHING = 0.05


@dataclass(frozen=True, slots=True)
class WhenDone:
    """When `items` more will be done.

    `days` and `dates` follow `levels`; days are working days after the history. `simulated` are the days that the
    block bootstrap alone would have said. A date of None lies more than ten years ahead.
    """

    items: int
    levels: tuple[float, ...]
    days: tuple[int, ...]
    dates: tuple[date | None, ...]
    simulated: tuple[int, ...]
    calibration: Calibration


@dataclass(frozen=True, slots=True)
class HowMany:
    """How many items will be done within `days` working days: at least `items[i]` with chance `levels[i]`."""

    days: int
    levels: tuple[float, ...]
    items: tuple[int, ...]
    simulated: tuple[int, ...]
    calibration: Calibration


def check(counts: Counts) -> None:
    """Refuse a history that cannot carry a forecast.

    Raises
    ------
    NotEnoughDataError
        If the last 60 working days hold fewer than 11 items, or items on fewer than 5 days.
    """
    recent = counts[-WINDOW:]
    items, active = int(recent.sum()), int((recent > 0).sum())
    if items < LEAST_ITEMS or active < LEAST_ACTIVE:
        raise NotEnoughDataError(
            f"a forecast needs {LEAST_ITEMS} finished items on {LEAST_ACTIVE} different days within the last {WINDOW}"
            f" working days: there are {items} on {active}"
        )


def pace(counts: Counts) -> float:
    """Return the items a working day that the team is at: half the last 20 days, half the last 60, by logarithm.

    The short stretch follows a team that has changed, the long one keeps a quiet fortnight from stopping it.
    """
    window = counts[-WINDOW:]
    recent = float(counts[-RECENT:].mean()) + NEARLY_NOTHING
    return float(np.sqrt(recent * window.mean()))


def can_forecast(counts: Counts) -> bool:
    """Whether `check` lets it pass."""
    try:
        check(counts)
    except NotEnoughDataError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Past:
    """Forecasts that could have been made, and what came of them; each has shape (n,), the oldest first.

    `origins` are days of the history, `middles` the forecast working days, `actuals` the true ones. One that the
    history leaves open has the days that it was open for and one more, and `is_open`.
    """

    origins: NDArray[np.int64]
    items: NDArray[np.int64]
    middles: NDArray[np.float64]
    actuals: NDArray[np.float64]
    is_open: NDArray[np.bool_]

    @property
    def errors(self) -> NDArray[np.float64]:
        """The logarithm of actual over forecast."""
        return np.asarray(np.log(self.actuals / self.middles))

    def known_at(self, day: int) -> NDArray[np.bool_]:
        """Which of them had been seen through by the beginning of that day."""
        return np.asarray(~self.is_open & (self.origins + self.actuals <= day))


PATIENCE = 6
"""A forecast is scored as late when it stayed open for so many times its horizon; younger ones are left out."""


def look_back(*, counts: Counts, horizon: int, step: int = STEP) -> Past:
    """Ask at every `step`-th day when as many items would be done as the last 60 days' rate finishes in `horizon`.

    Parameters
    ----------
    counts : array of int, shape (days,)
    horizon, step : int
        Working days.
    """
    total = np.concatenate([[0], np.cumsum(counts)])
    size = len(counts)
    rows: list[tuple[int, int, float, float, bool]] = []
    for origin in range(WINDOW, size, step):
        seen = counts[:origin]
        if not can_forecast(seen):
            continue
        items = max(1, round(float(seen[-WINDOW:].mean()) * horizon))
        done = int(np.searchsorted(total, total[origin] + items))
        is_open = done > size
        if is_open and size - origin < PATIENCE * horizon:
            continue
        actual = size - origin + 1 if is_open else done - origin
        rows.append((origin, items, max(1.0, items / pace(seen)), float(actual), is_open))
    return Past(
        origins=np.array([row[0] for row in rows], dtype=np.int64),
        items=np.array([row[1] for row in rows], dtype=np.int64),
        middles=np.array([row[2] for row in rows], dtype=np.float64),
        actuals=np.array([row[3] for row in rows], dtype=np.float64),
        is_open=np.array([row[4] for row in rows], dtype=np.bool_),
    )


def simulate(*, counts: Counts, days: int, runs: int = 4_000, seed: int = 0) -> Counts:
    """Return cumulated finishes of simulated futures, shape (runs, days): weeks of the last 60 days, drawn anew.

    A moving-block bootstrap with blocks of one working week, which keeps what one day does to the next.

    References
    ----------
    .. [1] H. R. Kuensch (1989), The jackknife and the bootstrap for general stationary observations,
       Annals of Statistics 17, 1217-1241.
    """
    window = counts[-WINDOW:]
    chance = np.random.default_rng(seed)
    blocks = -(-days // BLOCK)
    starts = chance.integers(0, len(window) - BLOCK + 1, size=(runs, blocks))
    drawn = window[(starts[:, :, None] + np.arange(BLOCK)).reshape(runs, -1)[:, :days]]
    return np.asarray(np.cumsum(drawn, axis=1))


def when_done(
    *,
    history: History,
    items: int,
    levels: Sequence[float] = LEVELS,
    prior: Mapping[int, Sequence[float]] | None = None,
    seed: int = 0,
) -> WhenDone:
    """Say when `items` more items will be done, each date with the chance that it is kept.

    Parameters
    ----------
    history : History
    items : int
        At least 1.
    levels : sequence of float
        Chances, between 0 and 1.
    prior : mapping, optional
        See `calibration.calibrate`.

    Raises
    ------
    NotEnoughDataError
        See `check`.

    Examples
    --------
    >>> from datetime import timedelta
    >>> from roadbed_engines.forecast.history import count_finishes
    >>> monday = date(2026, 1, 5)
    >>> days = [monday + timedelta(days=7 * week + day) for week in range(30) for day in range(5)]
    >>> found = when_done(history=count_finishes(finished=days), items=20)
    >>> found.days[0] <= found.days[1] <= found.days[2], found.calibration.is_own
    (True, True)
    """
    if items < 1:
        raise ValueError("ask for at least one item")
    check(history.counts)
    middle = items / pace(history.counts)
    own = look_back(counts=history.counts, horizon=max(1, round(middle)))
    calibration = calibrate(own=own.errors, horizon=middle, prior=prior)
    days = tuple(max(1, int(np.ceil(middle * calibration.stretch(level)))) for level in levels)
    span = int(min(FARTHEST, max(4 * middle, 40)))
    futures = simulate(
        counts=history.counts, days=span, seed=seed, runs=max(200, min(4_000, 2_000_000 // span))
    )
    simulated = np.quantile((futures < items).sum(axis=1) + 1, levels)
    return WhenDone(
        items=items,
        levels=tuple(levels),
        days=days,
        dates=tuple(history.day_after(count) if count <= FARTHEST else None for count in days),
        simulated=tuple(int(np.ceil(value)) for value in simulated),
        calibration=calibration,
    )


def how_many(
    *,
    history: History,
    days: int,
    levels: Sequence[float] = LEVELS,
    prior: Mapping[int, Sequence[float]] | None = None,
    seed: int = 0,
) -> HowMany:
    """Say how many items will be done within so many working days: at least so many, with each chance.

    It is the same statement as `when_done`, read the other way: n items are done by a day with the chance that the
    date for n items is no later.

    Raises
    ------
    NotEnoughDataError
        See `check`.
    """
    if days < 1:
        raise ValueError("ask for at least one working day")
    check(history.counts)
    rate = pace(history.counts)
    own = look_back(counts=history.counts, horizon=days)
    calibration = calibrate(own=own.errors, horizon=days, prior=prior)
    items = tuple(int(np.floor(days * rate / calibration.stretch(level) + 1e-9)) for level in levels)
    futures = simulate(
        counts=history.counts, days=days, seed=seed, runs=max(200, min(4_000, 2_000_000 // days))
    )
    simulated = np.quantile(futures[:, -1], [1 - level for level in levels])
    return HowMany(
        days=days,
        levels=tuple(levels),
        items=items,
        simulated=tuple(int(np.floor(value)) for value in simulated),
        calibration=calibration,
    )
