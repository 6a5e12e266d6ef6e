"""Many comparisons in one experiment: p-values that hold for all of them together.

References
----------
.. [1] S. Holm (1979), Scandinavian Journal of Statistics 6, 65-70, with weights in section 4.
.. [2] Y. Benjamini, Y. Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np

PRIMARY_SHARE = 0.8


class Correction(StrEnum):
    """Which error is kept below alpha."""

    NONE = "none"
    HOLM = "holm"
    BENJAMINI_HOCHBERG = "benjamini-hochberg"
    PREFERENTIAL = "preferential"


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return p-values under which the chance of any false alarm stays below alpha.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    (0.03, 0.06, 0.06)
    """
    return weighted_holm(p_values, weights=[1.0] * len(p_values))


def weighted_holm(p_values: Sequence[float], *, weights: Sequence[float]) -> tuple[float, ...]:
    """Return Holm's p-values where some hypotheses were given more of alpha than others beforehand.

    Parameters
    ----------
    weights : sequence of float
        Above 0, one a p-value; only their ratios count.
    """
    found = _checked(p_values)
    shares = np.asarray(weights, dtype=np.float64)
    if len(shares) != len(found) or (shares <= 0).any():
        raise ValueError("every p-value needs a weight above 0")
    order = np.argsort(found / shares, kind="stable")
    # What is still to be tested at each step, the step's own hypothesis among it.
    left = np.cumsum(shares[order][::-1])[::-1]
    stepped = np.maximum.accumulate(found[order] / shares[order] * left)
    adjusted = np.empty(len(found))
    adjusted[order] = np.minimum(stepped, 1.0)
    return tuple(float(one) for one in adjusted)


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return p-values under which the expected share of false alarms among all alarms stays below alpha.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03])
    (0.03, 0.04, 0.04)
    """
    found = _checked(p_values)
    count = len(found)
    order = np.argsort(found, kind="stable")
    raised = found[order] * count / np.arange(1, count + 1)
    adjusted = np.empty(count)
    adjusted[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return tuple(float(one) for one in adjusted)


def preferential(
    p_values: Sequence[float], *, primary: Sequence[bool], share: float = PRIMARY_SHARE
) -> tuple[float, ...]:
    """Return p-values where the primary metric was given most of alpha beforehand, and so keeps its power.

    The primary's comparisons divide `share` of alpha among themselves, all others the rest; then Holm's steps with
    these weights. However many secondary metrics are added, the primary loses 1 - `share` of alpha and no more. The
    chance of any false alarm stays below alpha.

    Parameters
    ----------
    primary : sequence of bool
        Which p-values belong to the primary metric; one for each of its variants.
    share : float
        Between 0 and 1, both excluded; not used where all are primary, or none is.

    Examples
    --------
    >>> [round(one, 4) for one in preferential([0.03] + [0.5] * 20, primary=[True] + [False] * 20)][:2]
    [0.0375, 1.0]
    """
    if not 0 < share < 1:
        raise ValueError("the primary's share must lie between 0 and 1")
    if len(primary) != len(p_values):
        raise ValueError("say of every p-value whether it is primary")
    first = sum(primary)
    rest = len(primary) - first
    if first == 0 or rest == 0:
        return holm(p_values)
    weights = [share / first if is_primary else (1.0 - share) / rest for is_primary in primary]
    return weighted_holm(p_values, weights=weights)


def correct(
    p_values: Sequence[float], *, correction: Correction, primary: Sequence[bool] = ()
) -> tuple[float, ...]:
    """Apply a correction by its name."""
    match correction:
        case Correction.HOLM:
            return holm(p_values)
        case Correction.BENJAMINI_HOCHBERG:
            return benjamini_hochberg(p_values)
        case Correction.PREFERENTIAL:
            return preferential(p_values, primary=primary or [False] * len(p_values))
        case Correction.NONE:
            return tuple(float(one) for one in _checked(p_values))


def _checked(p_values: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    found = np.asarray(p_values, dtype=np.float64).reshape(-1)
    if not ((found >= 0) & (found <= 1)).all():
        raise ValueError("p-values lie between 0 and 1")
    return found
