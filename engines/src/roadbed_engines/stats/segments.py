"""Whether an effect is the same everywhere, and whether two experiments disturb each other.

References
----------
.. [1] W. G. Cochran (1954), Biometrics 10, 101-129.
.. [2] J. P. T. Higgins, S. G. Thompson (2002), Statistics in Medicine 21, 1539-1558 (I²).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats.estimates import Estimate
from roadbed_engines.stats.multiplicity import holm


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Cochran's Q over segments: how far their effects lie apart beyond chance.

    `inconsistency` is I², the share of the spread that chance does not explain. `outlying` are segments whose effect
    differs from that of all the others together, after Holm's correction.
    """

    statistic: float
    freedom: int
    p_value: float
    inconsistency: float
    pooled: float
    outlying: tuple[str, ...]


def heterogeneity(
    *, effects: Sequence[float], errors: Sequence[float], names: Sequence[str] = (), alpha: float = 0.05
) -> Heterogeneity:
    """Test whether segments share one effect.

    Parameters
    ----------
    effects, errors : sequence of float
        Independent differences, or lifts, with their standard errors.

    Raises
    ------
    NotEnoughDataError
        If there are fewer than two segments with a standard error above 0.

    Examples
    --------
    >>> found = heterogeneity(effects=[0.0, 3.0], errors=[1.0, 1.0])
    >>> round(found.statistic, 2), round(found.p_value, 4)
    (4.5, 0.0339)
    """
    seen, spread = np.asarray(effects, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    if len(seen) < 2 or not (spread > 0).all() or not np.isfinite(seen).all():
        raise NotEnoughDataError("a comparison takes two segments with an interval each")
    weights = 1.0 / spread**2
    pooled = float(weights @ seen / weights.sum())
    statistic = float(weights @ (seen - pooled) ** 2)
    freedom = len(seen) - 1
    labels = list(names) or [str(at) for at in range(len(seen))]
    others = (weights @ seen - weights * seen) / (weights.sum() - weights)
    apart = (seen - others) / np.sqrt(spread**2 + 1.0 / (weights.sum() - weights))
    each = holm([2.0 * float(scipy.special.ndtr(-abs(score))) for score in apart])
    return Heterogeneity(
        statistic=statistic,
        freedom=freedom,
        p_value=float(scipy.special.chdtrc(freedom, statistic)),
        inconsistency=max(0.0, 1.0 - freedom / statistic) if statistic > 0 else 0.0,
        pooled=pooled,
        outlying=tuple(label for label, p in zip(labels, each, strict=True) if p < alpha),
    )


@dataclass(frozen=True, slots=True)
class Interaction:
    """How much the effect of one experiment differs with the variant of another.

    `difference` is the effect of the first where the second is treated, minus that where it is not.
    """

    difference: float
    error: float
    low: float
    high: float
    p_value: float


def interaction(*, cells: Mapping[tuple[bool, bool], Estimate], alpha: float = 0.05) -> Interaction:
    """Compare the effect of one experiment between the variants of another that ran at the same time.

    Parameters
    ----------
    cells : mapping of (bool, bool) to Estimate
        What units show by (treated in the first, treated in the second); all four.

    Raises
    ------
    NotEnoughDataError
        If a cell is missing, or nothing varies.

    Examples
    --------
    >>> from roadbed_engines.stats.effects import share
    >>> cells = {
    ...     (first, second): share(successes=160 if first and second else 100, units=1000)
    ...     for first in (False, True)
    ...     for second in (False, True)
    ... }
    >>> found = interaction(cells=cells)
    >>> round(found.difference, 2), round(found.p_value, 4)
    (0.06, 0.0028)
    """
    if set(cells) != {(first, second) for first in (False, True) for second in (False, True)}:
        raise NotEnoughDataError("an interaction needs units in all four combinations")
    difference = (
        cells[True, True].value
        - cells[False, True].value
        - cells[True, False].value
        + cells[False, False].value
    )
    error = math.sqrt(sum(cell.variance for cell in cells.values()))
    if not error > 0:
        raise NotEnoughDataError("nothing varies, so nothing can be said of chance")
    reach = -float(scipy.special.ndtri(alpha / 2.0)) * error
    return Interaction(
        difference=difference,
        error=error,
        low=difference - reach,
        high=difference + reach,
        p_value=2.0 * float(scipy.special.ndtr(-abs(difference) / error)),
    )
