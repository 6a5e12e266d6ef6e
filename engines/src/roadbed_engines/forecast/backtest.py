"""What forecasts would have been worth: made at every past day, from what was known then, and scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.forecast.calibration import calibrate
from roadbed_engines.forecast.history import Counts
from roadbed_engines.forecast.throughput import LEVELS, STEP, WINDOW, look_back, simulate

LEAST_FORECASTS = 8


@dataclass(frozen=True, slots=True)
class Score:
    """How a kind of forecast did. `coverage` follows the levels: the share of dates that were kept.

    `pinball` is the mean quantile loss of the logarithm of days over levels and forecasts: 0 is perfect, and a loss of
    0.2 means as much late as early, whatever the horizon. `width` is the median of the highest level's days over the
    lowest level's.
    """

    coverage: tuple[float, ...]
    pinball: float
    width: float


@dataclass(frozen=True, slots=True)
class BackTest:
    """A rolling-origin back-test: the forecast as it is given, and the plain bootstrap beside it."""

    horizon: int
    levels: tuple[float, ...]
    forecasts: int
    open_ones: int
    given: Score
    simulated: Score


def pinball(*, actual: NDArray[np.float64], forecast: NDArray[np.float64], levels: Sequence[float]) -> float:
    """Return the mean quantile loss of log days.

    Parameters
    ----------
    actual : array of float, shape (n,)
    forecast : array of float, shape (n, levels)

    References
    ----------
    .. [1] R. Koenker, G. Bassett (1978), Regression quantiles, Econometrica 46, 33-50.
    """
    level = np.asarray(levels)
    off = np.log(actual[:, None] / forecast)
    return float(np.maximum(level * off, (level - 1) * off).mean())


def _score(actual: NDArray[np.float64], forecast: NDArray[np.float64], levels: Sequence[float]) -> Score:
    kept = (actual[:, None] <= forecast).mean(axis=0)
    return Score(
        coverage=tuple(float(share) for share in kept),
        pinball=pinball(actual=actual, forecast=forecast, levels=levels),
        width=float(np.median(forecast[:, -1] / forecast[:, 0])),
    )


def back_test(
    *,
    counts: Counts,
    horizon: int,
    levels: Sequence[float] = LEVELS,
    step: int = STEP,
    prior: Mapping[int, Sequence[float]] | None = None,
    seed: int = 0,
    runs: int = 1_000,
) -> BackTest:
    """Forecast at every `step`-th past day, with only what was known on it, and score.

    Asked is when as many items will be done as the last 60 days' rate finishes within the horizon. The calibration of
    each forecast uses only errors of forecasts that had been seen through by then. A forecast that is still open
    after six horizons counts as late; younger open ones are left out.

    Parameters
    ----------
    counts : array of int, shape (days,)
        Finishes by working day, see `history.count_finishes`.
    horizon, step : int
        Working days.

    Raises
    ------
    NotEnoughDataError
        If fewer than 8 forecasts can be scored.
    """
    past = look_back(counts=counts, horizon=horizon, step=step)
    if len(past.origins) < LEAST_FORECASTS:
        raise NotEnoughDataError(
            f"a back-test needs {LEAST_FORECASTS} past forecasts over {horizon} working days that came to their end: "
            f"there are {len(past.origins)}"
        )
    errors = past.errors
    given = np.empty((len(errors), len(levels)))
    simulated = np.empty_like(given)
    for place, origin in enumerate(past.origins):
        own = errors[:place][past.known_at(int(origin))[:place]]
        calibration = calibrate(own=own, horizon=horizon, prior=prior)
        given[place] = [
            max(1.0, np.ceil(past.middles[place] * calibration.stretch(level))) for level in levels
        ]
        futures = simulate(
            counts=counts[max(0, origin - WINDOW) : origin], days=6 * horizon, runs=runs, seed=seed + place
        )
        simulated[place] = np.ceil(np.quantile((futures < past.items[place]).sum(axis=1) + 1, levels))
    return BackTest(
        horizon=horizon,
        levels=tuple(levels),
        forecasts=len(errors),
        open_ones=int(past.is_open.sum()),
        given=_score(past.actuals, given, levels),
        simulated=_score(past.actuals, simulated, levels),
    )
