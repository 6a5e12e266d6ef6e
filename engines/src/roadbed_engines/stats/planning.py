"""How many units a test takes, how long that is, and what it could still find.

References
----------
.. [1] J. L. Fleiss, B. Levin, M. C. Paik (2003), Statistical Methods for Rates and Proportions, 3rd ed., chapter 4.
.. [2] J. Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, 2nd ed., chapter 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import scipy

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats import sequences
from roadbed_engines.stats.effects import Plan

MOST_UNITS = 1e12


@dataclass(frozen=True, slots=True)
class Design:
    """What a test is to find, and how surely.

    `ratio` is treatment's units over control's. `explained` is the share of variance that covariates take out. For the
    sequential plan `tuned_for` is where the sequence is narrowest; 0 takes the size that is being planned.
    """

    alpha: float = 0.05
    power: float = 0.8
    ratio: float = 1.0
    plan: Plan = Plan.FIXED
    explained: float = 0.0
    tuned_for: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what no test can have."""
        if not 0 < self.alpha < 1 or not 0 < self.power < 1:
            raise ValueError("alpha and power lie between 0 and 1")
        if not self.ratio > 0 or not 0 <= self.explained < 1:
            raise ValueError("the ratio is above 0, and what is explained below 1")


DESIGN = Design()


@dataclass(frozen=True, slots=True)
class Size:
    """Units needed: in control, in each treatment, and altogether."""

    control: int
    treatment: int
    total: int


def size_for_mean(*, effect: float, deviation: float, design: Design = DESIGN, treatments: int = 1) -> Size:
    """Say how many units it takes to find a difference of means.

    The power of Student's test is exact (non-central t); it agrees with statsmodels' `TTestIndPower`.

    Parameters
    ----------
    effect, deviation : float
        In the metric's unit: the smallest difference worth finding, and the standard deviation of one unit.

    Raises
    ------
    NotEnoughDataError
        If more than 10¹² units would be needed.

    Examples
    --------
    >>> size_for_mean(effect=0.5, deviation=1.0).control
    64
    """
    _check(effect, deviation)
    spread = deviation * math.sqrt(1.0 - design.explained)
    found = _smallest(
        lambda control: (
            power_for_mean(effect=effect, deviation=spread, control=control, design=design) - design.power
        )
    )
    return _size(found, design, treatments)


def power_for_mean(*, effect: float, deviation: float, control: float, design: Design = DESIGN) -> float:
    """Return the chance to find a difference of means with so many units in control."""
    treatment = control * design.ratio
    error = deviation * math.sqrt(1.0 / control + 1.0 / treatment)
    score, freedom = abs(effect) / error, control + treatment - 2.0
    if design.plan is Plan.SEQUENTIAL:
        return float(scipy.special.ndtr(score - _bound(control + treatment, design)))
    bound = float(scipy.special.stdtrit(freedom, 1.0 - design.alpha / 2.0))
    if freedom > 5_000 or score > 30.0:
        # Here the non-central t is normal to more digits than its series keeps.
        return float(scipy.special.ndtr(score - bound) + scipy.special.ndtr(-score - bound))
    missed, other = (
        float(scipy.special.nctdtr(freedom, score, bound)),
        float(scipy.special.nctdtr(freedom, score, -bound)),
    )
    # The series gives no number where the tail is nothing at all.
    return 1.0 - (0.0 if math.isnan(missed) else missed) + (0.0 if math.isnan(other) else other)


def size_for_share(*, baseline: float, effect: float, design: Design = DESIGN, treatments: int = 1) -> Size:
    """Say how many units it takes to find a difference of shares.

    Parameters
    ----------
    baseline, effect : float
        Shares: 0.20625 and 0.01 ask for a rise from 20.6% to 21.6%.

    Raises
    ------
    NotEnoughDataError
        If more than 10¹² units would be needed.

    Examples
    --------
    >>> size_for_share(baseline=0.20625, effect=0.01).control
    25835
    """
    other = baseline + effect
    if not 0 < baseline < 1 or not 0 < other < 1 or effect == 0:
        raise ValueError("both shares lie between 0 and 1, and differ")
    one, two = baseline * (1.0 - baseline), other * (1.0 - other)
    both = (baseline + design.ratio * other) / (1.0 + design.ratio)
    null = math.sqrt(both * (1.0 - both) * (1.0 + 1.0 / design.ratio))
    if design.ratio == 1.0:
        null = math.sqrt(
            2.0 * one
        )  # the calculators in use take the baseline's; it differs in the fourth digit
    real = math.sqrt(one + two / design.ratio)
    left = math.sqrt(1.0 - design.explained)

    def lacking(control: float) -> float:
        score = math.sqrt(control) * abs(effect) / left
        bound = (
            _bound(control * (1.0 + design.ratio), design)
            if design.plan is Plan.SEQUENTIAL
            else -float(scipy.special.ndtri(design.alpha / 2.0))
        )
        return float(scipy.special.ndtr((score - bound * null) / real)) - design.power

    # Calculators round to the nearest unit, so a hair above an integer is that integer.
    return _size(_smallest(lacking), design, treatments, slack=0.5)


def smallest_effect(*, deviation: float, control: float, design: Design = DESIGN) -> float:
    """Return the smallest difference of means that so many units in control would find with the design's power.

    Examples
    --------
    >>> round(smallest_effect(deviation=1.0, control=64), 3)
    0.499
    """
    if not deviation > 0 or control < 2:
        raise NotEnoughDataError("there is nothing to plan with: too few units, or none that vary")
    spread = deviation * math.sqrt(1.0 - design.explained)
    error = spread * math.sqrt((1.0 + 1.0 / design.ratio) / control)
    top = error * 100.0
    return float(
        scipy.optimize.brentq(
            lambda effect: (
                power_for_mean(effect=effect, deviation=spread, control=control, design=design) - design.power
            ),
            0.0,
            top,
        )
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a running test has come.

    `reached` is the share of the units needed, `days_left` None where nothing comes in. `smallest` is the smallest
    effect that would be found if it stopped now.
    """

    units: int
    needed: int
    reached: float
    days_left: int | None
    smallest: float

    @property
    def is_complete(self) -> bool:
        """Whether it has what it was planned for."""
        return self.reached >= 1.0


def progress(
    *,
    effect: float,
    error: float,
    units: int,
    days: float,
    design: Design = DESIGN,
    minimum_days: float = 0.0,
) -> Progress:
    """Say how far a running test is from finding an effect of the size that matters.

    Reads the standard error reached so far, which holds covariates, clusters and unequal splits already, and takes it
    to shrink with the root of the units.

    Parameters
    ----------
    effect : float
        The smallest difference that matters, in the unit of `error`.
    error : float
        Standard error of the difference so far.
    units : int
        In both variants so far.
    days : float
        How long it has run; units are taken to go on coming in as fast as that.
    minimum_days : float
        It runs for at least so long, whatever it shows: a week has seven kinds of day.

    Examples
    --------
    >>> found = progress(effect=0.01, error=0.005, units=10_000, days=5)
    >>> found.needed, found.days_left, round(found.smallest, 4)
    (19623, 5, 0.014)
    """
    if not (error > 0 and units > 0 and effect != 0):
        raise NotEnoughDataError("there is no standard error yet to plan with")
    per_unit = error * math.sqrt(units)
    aim = float(scipy.special.ndtri(design.power))

    def lacking(many: float) -> float:
        return abs(effect) / per_unit * math.sqrt(many) - (_bound(many, design) + aim)

    if lacking(MOST_UNITS) < 0:
        raise NotEnoughDataError("no realistic number of units finds so small an effect")
    needed = (
        math.ceil(scipy.optimize.brentq(lacking, 4.0, MOST_UNITS, xtol=0.01, rtol=1e-9))
        if lacking(4.0) < 0
        else 4
    )
    waiting = max(0.0, minimum_days - days)
    left: int | None = math.ceil(waiting)
    if needed > units:
        left = max(math.ceil(waiting), math.ceil((needed - units) / (units / days))) if days > 0 else None
    return Progress(
        units=units,
        needed=needed,
        reached=units / needed,
        days_left=left,
        smallest=error * (_bound(units, design) + aim),
    )


def days_for(*, units: int, units_a_day: float, minimum_days: int = 7) -> int:
    """Return the days that so many units take, in whole weeks, so that every weekday counts alike.

    Raises
    ------
    NotEnoughDataError
        If nothing comes in.
    """
    if not units_a_day > 0:
        raise NotEnoughDataError("no units come in, so no day can be told")
    days = max(minimum_days, math.ceil(units / units_a_day))
    return math.ceil(days / 7) * 7


def _bound(units: float, design: Design) -> float:
    if design.plan is Plan.SEQUENTIAL:
        return sequences.radius(units=units, alpha=design.alpha, tuned_for=design.tuned_for or units)
    return -float(scipy.special.ndtri(design.alpha / 2.0))


def _check(effect: float, deviation: float) -> None:
    if effect == 0 or not math.isfinite(effect):
        raise ValueError("the effect to be found is not nought")
    if not (deviation > 0 and math.isfinite(deviation)):
        raise NotEnoughDataError("what does not vary needs no test, or has not been measured")


def _smallest(lacking: Callable[[float], float]) -> float:
    """Return the smallest number of control units with which nothing is lacking."""
    if lacking(MOST_UNITS) < 0:
        raise NotEnoughDataError("no realistic number of units finds so small an effect")
    if lacking(2.0) >= 0:
        return 2.0
    return float(scipy.optimize.brentq(lacking, 2.0, MOST_UNITS, xtol=1e-3, rtol=1e-12))


def _size(control: float, design: Design, treatments: int, slack: float = 1e-6) -> Size:
    if treatments < 1:
        raise ValueError("a test needs a treatment")
    units = math.ceil(control - slack)
    treated = math.ceil(units * design.ratio - 1e-9)
    return Size(control=units, treatment=treated, total=units + treatments * treated)
