"""Making forecasts keep what they say: how past ones did, and the stretch that puts the next ones right.

Any forecast that comes as quantiles is scored by where what happened lies beside them. At each level the logarithm of
actual over forecast days is collected from the past; its quantile at that level is by how much the forecast must be
multiplied to hold as often as it says (conformal prediction, with a multiplicative score). It corrects a forecast
that is too late or too early as a whole and one that is too sure alike.

A team with a short history borrows: from other teams, and from a forecast that is right as it is; both lose their
say as its own errors arrive.

References
----------
.. [1] V. Vovk, A. Gammerman, G. Shafer (2005), Algorithmic Learning in a Random World, Springer (conformal prediction).
.. [2] Y. Romano, E. Patterson, E. Candes (2019), Conformalized quantile regression, NeurIPS.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from roadbed_engines.errors import NotEnoughDataError

Numbers = NDArray[np.float64]

LEVELS = tuple(round(step / 20, 2) for step in range(1, 20))
KEPT = 60
"""The newest own forecasts that count: older ones were another team in all but name."""
LEAST = 8
"""So many forecasts that came to their end are needed to say how often they held."""
UNTOUCHED_WEIGHT = 4.0
"""What a forecast that needs no stretch weighs beside own errors, which weigh 1 each."""
OTHERS_WEIGHT = 12.0
"""What all errors of other teams weigh together, at the most."""
SMALLEST_SPREAD = 0.05
WIDEST = 8.0
"""No date is moved to more than so many times, or less than that part, of its distance."""
_Z = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
_GRID = np.array([NormalDist().inv_cdf((at + 0.5) / 40) for at in range(40)])


@dataclass(frozen=True, slots=True)
class Past:
    """Forecasts that came to their end, the oldest first.

    `quantiles` has shape (n, levels) and holds days at `LEVELS`; `actual` (n,) the days that it took; `made` and
    `known` (n,) the days on which it was forecast and on which its end was seen, by any count of days.
    """

    quantiles: Numbers
    actual: Numbers
    made: Numbers
    known: Numbers

    def __len__(self) -> int:
        """How many there are."""
        return len(self.actual)

    @property
    def scores(self) -> Numbers:
        """The logarithm of actual over forecast, shape (n, levels)."""
        return np.log(np.maximum(self.actual, 0.5)[:, None] / np.maximum(self.quantiles, 0.5))


NOTHING = Past(np.empty((0, len(LEVELS))), np.empty(0), np.empty(0), np.empty(0))


def lognormal(*, median: Numbers, sigma: Numbers) -> Numbers:
    """Return the quantiles of lognormal forecasts, shape (n, levels).

    >>> lognormal(median=np.array([4.0]), sigma=np.array([0.0]))[0, 9]
    np.float64(4.0)
    """
    return np.asarray(median[:, None] * np.exp(sigma[:, None] * _Z[None, :]))


def _spread(quantiles: Numbers) -> float:
    """Return the usual spread of forecasts, as the deviation of the logarithm."""
    if not len(quantiles):
        return 0.5
    ratios = np.log(np.maximum(quantiles[:, 17], 0.5) / np.maximum(quantiles[:, 1], 0.5))
    return max(SMALLEST_SPREAD, float(np.median(ratios)) / (2 * 1.2815515655446004))


def stretches(*, own: Past, others: Past = NOTHING) -> Numbers:
    """Return by what the days at each level are multiplied, shape (levels,).

    Parameters
    ----------
    own : Past
        The team's; may be empty.
    others : Past, optional
        Those of other teams.

    Examples
    --------
    >>> stretches(own=NOTHING).round(6).tolist() == [1.0] * len(LEVELS)
    True
    """
    if not len(own) and not len(others):
        return np.ones(len(LEVELS))
    mine, theirs = own.scores[-KEPT:], others.scores[-4 * KEPT :]
    spread = _spread(np.concatenate([own.quantiles[-KEPT:], others.quantiles[-4 * KEPT :]]))
    lent = min(OTHERS_WEIGHT, float(len(theirs)))
    weights = np.concatenate(
        [
            np.ones(len(mine)),
            np.full(len(theirs), lent / max(1, len(theirs))),
            np.full(len(_GRID), UNTOUCHED_WEIGHT / len(_GRID)),
        ]
    )
    total = float(weights.sum())
    found = np.empty(len(LEVELS))
    for at, level in enumerate(LEVELS):
        scores = np.concatenate([mine[:, at], theirs[:, at], spread * (_GRID - _Z[at])])
        order = np.argsort(scores, kind="stable")
        share = (np.cumsum(weights[order]) - weights[order] / 2) / total
        asked = 0.5 + (level - 0.5) * (1 + 1 / total)
        found[at] = np.interp(min(asked, 1.0), share, scores[order])
    return np.clip(np.exp(found), 1 / WIDEST, WIDEST)


def stretch_days(days: Numbers, factors: Numbers) -> Numbers:
    """Return futures with each day stretched by its place among them; their order is kept.

    Parameters
    ----------
    days : array, shape (runs,)
        Days until it is done, one for each future.
    factors : array, shape (levels,)
        See `stretches`.

    Examples
    --------
    >>> stretch_days(np.array([10.0, 20.0, 30.0]), np.full(19, 2.0)).tolist()
    [20.0, 40.0, 60.0]
    """
    order = np.argsort(days, kind="stable")
    place = (np.arange(len(days)) + 0.5) / len(days)
    moved = days[order] * np.exp(np.interp(place, LEVELS, np.log(factors)))
    found = np.empty(len(days))
    found[order] = np.maximum.accumulate(moved)
    return found


@dataclass(frozen=True, slots=True)
class Track:
    """How often dates were kept at 50%, 85% and 95%: as they were given, stretched, and as they came raw."""

    forecasts: int
    given: tuple[float, float, float]
    raw: tuple[float, float, float]


ASKED = (9, 16, 18)
"""Where 50%, 85% and 95% stand among the levels."""


def track(*, own: Past, others: Past = NOTHING) -> Track:
    """Forecast everything of the past anew with only what was known when it was made, and count what was kept.

    Raises
    ------
    NotEnoughDataError
        With fewer than 8 forecasts that came to their end.
    """
    if len(own) < LEAST:
        raise NotEnoughDataError(
            f"how often dates hold is told from {LEAST} that came to their end: there are {len(own)}"
        )
    first = max(0, len(own) - KEPT)
    kept = np.zeros((len(own) - first, len(ASKED)), dtype=np.bool_)
    raw = np.zeros_like(kept)
    for row, at in enumerate(range(first, len(own))):
        seen = own.known <= own.made[at]
        seen[at:] = False
        before = others.known <= own.made[at]
        factors = stretches(own=_only(own, seen), others=_only(others, before))
        for column, level in enumerate(ASKED):
            days = own.quantiles[at, level]
            raw[row, column] = own.actual[at] <= np.ceil(days)
            kept[row, column] = own.actual[at] <= np.ceil(days * factors[level])
    given, plain = kept.mean(axis=0), raw.mean(axis=0)
    return Track(
        forecasts=len(kept),
        given=(float(given[0]), float(given[1]), float(given[2])),
        raw=(float(plain[0]), float(plain[1]), float(plain[2])),
    )


def _only(past: Past, chosen: NDArray[np.bool_]) -> Past:
    return Past(past.quantiles[chosen], past.actual[chosen], past.made[chosen], past.known[chosen])
