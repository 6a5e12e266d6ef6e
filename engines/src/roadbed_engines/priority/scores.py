"""The scores that product people use, on numbers or on draws of them alike.

Every function takes floats or arrays that broadcast, and returns the same; nothing here knows how sure the inputs
are. `ranks` says what becomes of the order when they are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roadbed_engines.errors import NotEnoughDataError

Figures = float | NDArray[np.float64]


def _positive(name: str, value: Figures) -> None:
    if bool(np.any(np.asarray(value) <= 0)):
        raise ValueError(f"{name} must be above 0: nothing is free of it")


def rice(*, reach: Figures, impact: Figures, confidence: Figures, effort: Figures) -> Figures:
    """Return reach × impact × confidence / effort.

    Parameters
    ----------
    reach : people or events in a stretch of time.
    impact : Intercom's scale is 3, 2, 1, 0.5, 0.25.
    confidence : 0 to 1. With ranges for the other three it is better left at 1: doubt widens, it does not shrink.
    effort : person-months, above 0.

    References
    ----------
    .. [1] S. McBride (2018), RICE: Simple prioritization for product managers, Intercom.

    Examples
    --------
    >>> rice(reach=500, impact=2, confidence=0.8, effort=4)
    200.0
    """
    _positive("effort", effort)
    return reach * impact * confidence / effort


def ice(*, impact: Figures, confidence: Figures, ease: Figures) -> Figures:
    """Return impact × confidence × ease, each usually from 1 to 10 (Sean Ellis)."""
    return impact * confidence * ease


def value_per_effort(*, value: Figures, effort: Figures) -> Figures:
    """Return value / effort; effort is above 0."""
    _positive("effort", effort)
    return value / effort


def wsjf(*, cost_of_delay: Figures, duration: Figures) -> Figures:
    """Return cost of delay / duration: the order that loses least on one server.

    Parameters
    ----------
    cost_of_delay : money (or points) a week.
    duration : weeks, above 0.

    References
    ----------
    .. [1] W. E. Smith (1956), Various optimizers for single-stage production, Naval Research Logistics 3, 59-66.
    .. [2] D. G. Reinertsen (2009), The Principles of Product Development Flow, principle F9.
    """
    _positive("duration", duration)
    return cost_of_delay / duration


def relative_wsjf(
    *, business_value: Figures, time_criticality: Figures, risk_reduction: Figures, size: Figures
) -> Figures:
    """Return (business value + time criticality + risk reduction) / size, on relative scales, as SAFe has it.

    Adding relative numbers is no cost of delay; use `wsjf` where money a week is known.
    """
    _positive("size", size)
    return (business_value + time_criticality + risk_reduction) / size


@dataclass(frozen=True, slots=True)
class Driver:
    """A criterion of a workspace's own: its weight, the ends of its scale, and whether more is better."""

    name: str
    weight: float
    worst: float
    best: float

    def __post_init__(self) -> None:
        """Refuse a scale without length and a weight below 0."""
        if self.worst == self.best:
            raise ValueError(f"the scale of {self.name} has no length")
        if self.weight < 0:
            raise ValueError(f"the weight of {self.name} lies below 0; turn its scale around instead")


def weighted(*, values: Mapping[str, Figures], drivers: Mapping[str, Driver]) -> Figures:
    """Return the weighted mean of drivers on mixed scales, each brought to 0 (worst) to 1 (best) first.

    Raises
    ------
    NotEnoughDataError
        If a driver has no value, or all weights are 0.
    """
    missing = [name for name in drivers if name not in values]
    if missing:
        raise NotEnoughDataError(f"no value for {', '.join(sorted(missing))}")
    total = sum(driver.weight for driver in drivers.values())
    if total <= 0:
        raise NotEnoughDataError("all weights are 0")
    score: Figures = 0.0
    for name, driver in drivers.items():
        share = (np.asarray(values[name]) - driver.worst) / (driver.best - driver.worst)
        score = score + driver.weight / total * np.clip(share, 0.0, 1.0)
    return float(score) if np.ndim(score) == 0 else score
