"""When several teams are all done: the chance that every one of them is, not the worst of their dates.

The latest of five 85% dates is no 85% date: five independent teams all keep theirs in 44 cases of 100. So each team's
own calibrated distribution is drawn from in each trial, and the last team counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.forecast import throughput
from roadbed_engines.forecast.calibration import Calibration, calibrate
from roadbed_engines.forecast.history import History

TRIALS = 40_000
WEEK = 5
LEAST_WEEKS = 12


@dataclass(frozen=True, slots=True)
class AllDone:
    """When all teams are done.

    Attributes
    ----------
    levels, days, dates : tuple
        Working days after the last day of the histories; a date of None lies more than ten years ahead.
    last : mapping
        The share of trials in which the team is the last one: who holds the others up.
    correlation : float
        Of the teams' luck.
    """

    levels: tuple[float, ...]
    days: tuple[int, ...]
    dates: tuple[date | None, ...]
    last: Mapping[str, float]
    correlation: float


def luck_in_common(histories: Sequence[History]) -> float:
    """Return the mean correlation of the teams' weekly throughput over the weeks they share, at least 0.

    With fewer than 12 common weeks nothing is known of it, and 0 is returned.
    """
    weeks = min(len(history.counts) for history in histories) // WEEK
    if weeks < LEAST_WEEKS or len(histories) == 1:
        return 0.0
    table = np.array(
        [h.counts[-weeks * WEEK :].reshape(weeks, WEEK).sum(axis=1) for h in histories], dtype=float
    )
    moving = table[table.std(axis=1) > 0]
    if len(moving) <= 1:
        return 0.0
    pairs = np.corrcoef(moving)[np.triu_indices(len(moving), 1)]
    return float(np.clip(pairs.mean(), 0.0, 1.0))


def last_of(
    *, middles: Sequence[float], calibrations: Sequence[Calibration], correlation: float = 0.0, seed: int = 0
) -> NDArray[np.float64]:
    """Return how long each team takes in each trial, shape (teams, trials): a Gaussian copula of their own dates."""
    chance = np.random.default_rng(seed)
    common = chance.standard_normal(TRIALS)
    found = np.empty((len(middles), TRIALS))
    for at, (middle, calibration) in enumerate(zip(middles, calibrations, strict=True)):
        own = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * chance.standard_normal(TRIALS)
        order = np.argsort(calibration.errors, kind="stable")
        weights = calibration.weights[order]
        share = (np.cumsum(weights) - weights / 2) / weights.sum()
        edges = [NormalDist().inv_cdf(float(level)) for level in share]
        found[at] = middle * np.exp(np.interp(own, edges, calibration.errors[order]))
    return found


def when_all_done(
    *,
    histories: Mapping[str, History],
    items: Mapping[str, int],
    levels: Sequence[float] = throughput.LEVELS,
    prior: Mapping[int, Sequence[float]] | None = None,
    correlation: float | None = None,
    seed: int = 0,
) -> AllDone:
    """Say when every team will have done its items.

    Parameters
    ----------
    histories : mapping of team to History
        All up to the same last day.
    items : mapping of team to int
        At least 1 each.
    levels, prior
        As in `throughput.when_done`.
    correlation : float, optional
        Of the teams' luck; by default that of their weeks so far.

    Raises
    ------
    NotEnoughDataError
        If one of the teams cannot be forecast, with its name.
    """
    if not items or not items.keys() <= histories.keys():
        raise ValueError("every team that has items needs its history")
    teams = list(items)
    known = [histories[team] for team in teams]
    if len({history.last for history in known}) > 1:
        raise ValueError("the histories must end on the same day")
    middles, calibrations = [], []
    for team, history in zip(teams, known, strict=True):
        if items[team] < 1:
            raise ValueError(f"{team} has nothing to do: leave it out")
        try:
            throughput.check(history.counts)
        except NotEnoughDataError as error:
            raise NotEnoughDataError(f"{team}: {error}") from None
        middles.append(items[team] / throughput.pace(history.counts))
        own = throughput.look_back(counts=history.counts, horizon=max(1, round(middles[-1])))
        calibrations.append(calibrate(own=own.errors, horizon=middles[-1], prior=prior))
    shared = luck_in_common(known) if correlation is None else correlation
    trials = last_of(middles=middles, calibrations=calibrations, correlation=shared, seed=seed)
    # Widened once, for all teams together; each team's own date is widened by itself, and that would add up here.
    total = sum(float(calibration.weights.sum()) for calibration in calibrations)
    asked = np.clip(0.5 + (np.asarray(levels) - 0.5) * (1 + 1 / total), 0.005, 0.995)
    days = tuple(max(1, int(np.ceil(value))) for value in np.quantile(trials.max(axis=0), asked))
    who = np.bincount(trials.argmax(axis=0), minlength=len(teams)) / TRIALS
    return AllDone(
        levels=tuple(levels),
        days=days,
        dates=tuple(known[0].day_after(count) if count <= throughput.FARTHEST else None for count in days),
        last=dict(zip(teams, who.tolist(), strict=True)),
        correlation=shared,
    )
