"""Whether an effect fades, or grows, with the time since a unit first met the change.

References
----------
.. [1] Y. Chen, M. Liu, Y. Xu (2019), AdKDD '19 (novelty and primacy effects).
.. [2] G. S. Watson (1967), on weighted least squares with known variances.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import scipy

from roadbed_engines.errors import NotEnoughDataError

LEAST_STRETCHES = 3


class Course(StrEnum):
    """How the effect goes."""

    FADES = "fades"
    GROWS = "grows"
    STEADY = "no change found"


@dataclass(frozen=True, slots=True)
class Novelty:
    """A line through the effects by time since exposure: its slope, and where it says that the effect is by the end."""

    slope: float
    slope_error: float
    p_value: float
    at_start: float
    at_end: float
    course: Course


def novelty(
    *, effects: Sequence[float], errors: Sequence[float], days: Sequence[float], alpha: float = 0.05
) -> Novelty:
    """Fit a weighted line through the effects by days since exposure.

    Parameters
    ----------
    effects, errors : sequence of float
        The effect in each stretch since the units' own first exposure, with its standard error. Effects of different
        stretches on the same units are not independent; a positive correlation makes the slope's error too large, so
        the test errs on the careful side.
    days : sequence of float
        The middle of each stretch.

    Raises
    ------
    NotEnoughDataError
        If there are fewer than three stretches.

    Examples
    --------
    >>> found = novelty(effects=[0.10, 0.06, 0.03, 0.01], errors=[0.01] * 4, days=[1, 2, 3, 4])
    >>> found.course.value, round(found.slope, 3)
    ('fades', -0.03)
    """
    seen, spread, when = (np.asarray(one, dtype=np.float64) for one in (effects, errors, days))
    if len(seen) < LEAST_STRETCHES or len(set(when.tolist())) < LEAST_STRETCHES:
        raise NotEnoughDataError(f"a course takes {LEAST_STRETCHES} stretches of time")
    if not (spread > 0).all():
        raise NotEnoughDataError("every stretch needs a standard error")
    weights = 1.0 / spread**2
    middle = float(weights @ when / weights.sum())
    apart = when - middle
    slope = float(weights @ (apart * seen) / (weights @ apart**2))
    error = 1.0 / math.sqrt(float(weights @ apart**2))
    level = float(weights @ seen / weights.sum())
    at_start, at_end = (level + slope * float(day - middle) for day in (when.min(), when.max()))
    p_value = 2.0 * float(scipy.special.ndtr(-abs(slope / error)))
    course = Course.STEADY
    if p_value < alpha:
        course = Course.FADES if abs(at_end) < abs(at_start) else Course.GROWS
    return Novelty(slope, error, p_value, at_start, at_end, course)
