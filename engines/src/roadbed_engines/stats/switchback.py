"""Experiments that switch a whole place between control and treatment by the hour, where units share a market.

What was randomised is a period in a place, so periods are the units: nothing inside a period is independent.

References
----------
.. [1] I. Bojinov, D. Simchi-Levi, J. Zhao (2023), Management Science 69, 3759-3777.
.. [2] A. C. Cameron, D. L. Miller (2015), Journal of Human Resources 50, 317-372 (CR1 and few clusters).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats.clusters import LEAST_CLUSTERS


@dataclass(frozen=True, slots=True)
class Switchback:
    """The effect of treatment on a period's value, within places and times of day.

    `clusters` are the blocks that the error rests on; Student's degrees of freedom are one less.
    """

    effect: float
    error: float
    low: float
    high: float
    p_value: float
    periods: int
    clusters: int
    alpha: float

    @property
    def freedom(self) -> int:
        """Student's degrees of freedom."""
        return self.clusters - 1


def switchback(
    *,
    values: ArrayLike,
    treated: ArrayLike,
    clusters: Sequence[object],
    fixed: Sequence[Sequence[object]] = (),
    weights: ArrayLike | None = None,
    alpha: float = 0.05,
) -> Switchback:
    """Estimate the effect by weighted least squares with fixed effects and an error robust within clusters (CR1).

    Parameters
    ----------
    values : array of float, shape (n,)
        The metric in each period of each place. Leave out the beginning of each period where the last one still works.
    treated : array of bool, shape (n,)
    clusters : sequence, length n
        What may hang together: a place's day, or a week.
    fixed : sequence of sequences, each of length n
        What is held fixed: the place, the hour of the day.
    weights : array of float, shape (n,), optional
        How much each period counts: its orders, for a ratio.

    Raises
    ------
    NotEnoughDataError
        If there are fewer than six clusters, or treatment does not vary within what is held fixed.

    Examples
    --------
    >>> found = switchback(
    ...     values=[5, 7, 4, 6, 6, 8, 5, 7.5, 4.2, 6, 5, 7.2],
    ...     treated=[False, True] * 6,
    ...     clusters=[at // 2 for at in range(12)],
    ...     fixed=[[at // 2 for at in range(12)]],
    ... )
    >>> round(found.effect, 3), found.clusters
    (2.083, 6)
    """
    outcome = np.asarray(values, dtype=np.float64)
    is_treated = np.asarray(treated, dtype=np.float64)
    weight = np.ones(len(outcome)) if weights is None else np.asarray(weights, dtype=np.float64)
    _, owner = np.unique(np.array([str(one) for one in clusters]), return_inverse=True)
    count = int(owner.max()) + 1 if len(owner) else 0
    if count < LEAST_CLUSTERS:
        raise NotEnoughDataError(f"an error takes {LEAST_CLUSTERS} clusters, there are {count}")
    if not (len(outcome) == len(is_treated) == len(owner) == len(weight)) or not np.isfinite(outcome).all():
        raise ValueError("every period needs a value, a variant, a cluster and a weight")
    root = np.sqrt(weight)
    held = np.column_stack([np.ones(len(outcome)), *(_dummies(one) for one in fixed)]) * root[:, None]
    basis, singular, _ = np.linalg.svd(held, full_matrices=False)
    basis = basis[:, singular > 1e-10 * singular[0]]
    left = is_treated * root - basis @ (basis.T @ (is_treated * root))
    power = float(left @ left)
    if power < 1e-9 * float(weight.sum()):
        raise NotEnoughDataError("treatment does not vary within what is held fixed")
    effect = float(left @ (outcome * root)) / power
    rest = outcome * root - basis @ (basis.T @ (outcome * root)) - effect * left
    scores = np.bincount(owner, weights=left * rest)
    size, used = len(outcome), basis.shape[1] + 1
    small = count / (count - 1) * (size - 1) / max(1, size - used)
    error = float(np.sqrt(small * (scores @ scores))) / power
    if not error > 0:
        raise NotEnoughDataError("nothing varies, so nothing can be said of chance")
    reach = float(scipy.special.stdtrit(count - 1, 1.0 - alpha / 2.0)) * error
    return Switchback(
        effect=effect,
        error=error,
        low=effect - reach,
        high=effect + reach,
        p_value=2.0 * float(scipy.special.stdtr(count - 1, -abs(effect) / error)),
        periods=size,
        clusters=count,
        alpha=alpha,
    )


def _dummies(labels: Sequence[object]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    names, place = np.unique(np.array([str(one) for one in labels]), return_inverse=True)
    made = np.zeros((len(place), max(0, len(names) - 1)))
    rows = np.flatnonzero(place > 0)
    made[rows, place[rows] - 1] = 1.0
    return made
