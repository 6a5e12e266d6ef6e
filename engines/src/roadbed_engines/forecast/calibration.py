"""How far past forecasts were off, as the measure of how far this one may be.

A simulation of throughput assumes that the weeks to come are drawn from the weeks that were. They are not: the
pace of real teams drifts (weekly throughput is autocorrelated), so that simulated 85% dates hold 65 to 75% of the
time. What holds is to measure the error of the very same forecast over the past and to stretch the date by its
quantiles. The error is the logarithm of actual over forecast working days, so the stretch multiplies.

A young team has no errors of its own. It borrows those of other teams, and lets go of them as its own arrive.

References
----------
.. [1] G. Shafer, V. Vovk (2008), A tutorial on conformal prediction, J. of Machine Learning Research 9, 371-421.
.. [2] R. J. Tibshirani et al. (2019), Conformal prediction under covariate shift, NeurIPS (weighted quantiles).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Errors = NDArray[np.float64]

BORROWED_WEIGHT = 20.0
"""What all borrowed errors weigh together."""
WIDER = 1.15
"""Borrowed errors on the late side count for so much more: a team that nobody has seen is less like the seven that were
than these are like each other. On 10 other series of 60 forecasts and more (the kinds of task in SiP, cut across
its projects) P85 held 86% over 4 and 82% over 12 weeks with it, 84% and 81% without."""
OWN_WEIGHT = 0.5
"""What one own error weighs: origins two weeks apart forecast overlapping stretches, so two say about one."""
OWN_KEPT = 30
"""The newest own errors that count: older ones were another team in all but name."""
CALIBRATED_FROM = 8
"""From so many own errors on, a forecast may be called calibrated on the team's own history."""
HIGHEST = 0.995

LEVELS = tuple(0.0125 + 0.025 * step for step in range(40))
PRIOR: Mapping[int, Sequence[float]] = {
    5: (
        -1.62,
        -1.33,
        -0.96,
        -0.85,
        -0.76,
        -0.58,
        -0.47,
        -0.42,
        -0.35,
        -0.30,
        -0.24,
        -0.19,
        -0.12,
        -0.08,
        -0.03,
        0.01,
        0.03,
        0.07,
        0.11,
        0.14,
        0.18,
        0.20,
        0.24,
        0.28,
        0.31,
        0.35,
        0.40,
        0.47,
        0.52,
        0.56,
        0.60,
        0.67,
        0.74,
        0.81,
        0.91,
        1.01,
        1.10,
        1.24,
        1.61,
        3.04,
    ),
    10: (
        -1.80,
        -1.09,
        -0.84,
        -0.70,
        -0.58,
        -0.52,
        -0.46,
        -0.43,
        -0.38,
        -0.32,
        -0.28,
        -0.21,
        -0.17,
        -0.13,
        -0.09,
        -0.05,
        -0.01,
        0.02,
        0.04,
        0.08,
        0.11,
        0.15,
        0.18,
        0.21,
        0.24,
        0.28,
        0.32,
        0.35,
        0.39,
        0.45,
        0.50,
        0.53,
        0.59,
        0.64,
        0.74,
        0.81,
        0.91,
        1.08,
        1.33,
        2.44,
    ),
    20: (
        -1.70,
        -1.19,
        -0.84,
        -0.67,
        -0.58,
        -0.50,
        -0.43,
        -0.37,
        -0.31,
        -0.26,
        -0.22,
        -0.17,
        -0.15,
        -0.12,
        -0.10,
        -0.08,
        -0.04,
        -0.02,
        0.00,
        0.03,
        0.06,
        0.10,
        0.13,
        0.15,
        0.18,
        0.21,
        0.23,
        0.27,
        0.32,
        0.35,
        0.40,
        0.44,
        0.51,
        0.58,
        0.66,
        0.80,
        0.87,
        1.03,
        1.20,
        2.14,
    ),
    40: (
        -1.80,
        -1.07,
        -0.80,
        -0.65,
        -0.53,
        -0.47,
        -0.43,
        -0.36,
        -0.30,
        -0.26,
        -0.22,
        -0.19,
        -0.16,
        -0.13,
        -0.10,
        -0.08,
        -0.05,
        -0.03,
        -0.01,
        0.03,
        0.05,
        0.08,
        0.11,
        0.13,
        0.16,
        0.19,
        0.21,
        0.24,
        0.27,
        0.29,
        0.35,
        0.38,
        0.42,
        0.51,
        0.59,
        0.73,
        0.88,
        1.05,
        1.31,
        2.17,
    ),
    60: (
        -1.66,
        -0.94,
        -0.79,
        -0.67,
        -0.56,
        -0.49,
        -0.41,
        -0.36,
        -0.31,
        -0.28,
        -0.24,
        -0.20,
        -0.17,
        -0.14,
        -0.11,
        -0.08,
        -0.05,
        -0.03,
        -0.02,
        0.01,
        0.04,
        0.07,
        0.10,
        0.12,
        0.15,
        0.17,
        0.20,
        0.23,
        0.25,
        0.28,
        0.34,
        0.38,
        0.44,
        0.52,
        0.62,
        0.74,
        0.88,
        1.08,
        1.59,
        2.08,
    ),
    120: (
        -1.54,
        -0.95,
        -0.83,
        -0.73,
        -0.62,
        -0.52,
        -0.47,
        -0.41,
        -0.36,
        -0.33,
        -0.31,
        -0.27,
        -0.24,
        -0.21,
        -0.19,
        -0.15,
        -0.13,
        -0.09,
        -0.07,
        -0.05,
        -0.02,
        0.00,
        0.02,
        0.05,
        0.08,
        0.12,
        0.14,
        0.19,
        0.22,
        0.28,
        0.32,
        0.36,
        0.43,
        0.50,
        0.60,
        0.68,
        0.77,
        0.98,
        1.78,
        2.61,
    ),
}
"""Quantiles (at `LEVELS`) of the log error of `throughput.pace`, by horizon in working days.

Pooled with equal weight from seven series of three public data sets, 2004 to 2019: the Kanban board of 7digital,
two Scrum projects of R. Rueedlinger, and projects PC2, PC5, PC9 and PC18 of the SiP data set (Jones & Cullum 2019,
arXiv:1901.01621). A forecast was made every ten working days; one that the series left open counts as late.
"""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Errors of forecasts like this one, with their weights: borrowed ones first, then own ones.

    `errors` and `weights` have shape (n,); `own` says how many of them are the team's own.
    """

    errors: Errors
    weights: Errors
    own: int

    @property
    def is_own(self) -> bool:
        """Whether enough of the team's own errors stand behind it."""
        return self.own >= CALIBRATED_FROM

    def stretch(self, level: float) -> float:
        """Return what the middle of the forecast is multiplied with, so that it holds with this chance.

        The level is widened by one part in the weight of all errors, as in conformal prediction: the next error
        need not lie within those that were seen.
        """
        total = float(self.weights.sum())
        asked = 0.5 + (level - 0.5) * (1 + 1 / total)
        asked = min(max(asked, 1 - HIGHEST), HIGHEST)
        order = np.argsort(self.errors, kind="stable")
        share = np.cumsum(self.weights[order]) / total
        place = min(int(np.searchsorted(share, asked - 1e-9)), len(order) - 1)
        return float(np.exp(self.errors[order[place]]))


def borrowed(*, horizon: float, prior: Mapping[int, Sequence[float]] | None = None) -> Errors:
    """Return the errors of other teams at a horizon in working days, between the two nearest ones of the table."""
    table = PRIOR if prior is None else prior
    known = sorted(table)
    nearest = float(np.interp(np.log(max(horizon, 1.0)), np.log(known), range(len(known))))
    low = int(nearest)
    high = min(low + 1, len(known) - 1)
    share = nearest - low
    return (1 - share) * np.asarray(table[known[low]]) + share * np.asarray(table[known[high]])


def calibrate(
    *, own: Errors, horizon: float, prior: Mapping[int, Sequence[float]] | None = None
) -> Calibration:
    """Blend the newest own errors with borrowed ones.

    Parameters
    ----------
    own : array of float, shape (n,)
        The team's own log errors at this horizon, the oldest first; may be empty.
    horizon : float
        Working days that the forecast looks ahead.
    prior : mapping, optional
        Other errors to borrow than those shipped, by horizon; any number of equally weighted ones each.
    """
    kept = own[-OWN_KEPT:]
    others = borrowed(horizon=horizon, prior=prior)
    others = np.where(others > 0, others * WIDER, others)
    weights = np.concatenate(
        [np.full(len(others), BORROWED_WEIGHT / len(others)), np.full(len(kept), OWN_WEIGHT)]
    )
    return Calibration(errors=np.concatenate([others, kept]), weights=weights, own=len(own))
