"""What is not known of a plan: estimates, what moves several of them at once, risks, absences, growth; and its draws.

Every draw belongs to a name (an activity, a factor, a risk), not to a place: the same name gets the same luck in the
plan with a demand and in the plan without it, so that the difference between the two is the demand's and not chance's.

References
----------
.. [1] D. T. Hulett (2009), Practical Schedule Risk Analysis, Gower (risks that hit several activities at once).
.. [2] A. M. Law (2015), Simulation Modeling and Analysis, 5th ed., McGraw-Hill, ch. 11 (common random numbers).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from roadbed_engines.schedule.plan import PlanError

Draws = NDArray[np.float32]
Z90 = 1.2815515655446004
MOST_DAYS = 1e9
MOST_GROWTH = 1_000.0
MOST_SPELLS = 366
WIDEST = 10.0
"""A spread of the logarithm beyond this says nothing at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """How many working days an activity takes in its first mode, as a lognormal; other modes in proportion.

    `factors` are what it shares with others: its team, its epic, its technology. They carry `shared` of the
    variance of the logarithm, in equal parts.
    """

    median: float
    sigma: float
    factors: tuple[str, ...] = ()
    shared: float = 0.3

    def __post_init__(self) -> None:
        if not (self.median > 0 and math.isfinite(self.median)):
            raise PlanError(f"an estimate of {self.median:g} days; it must be above 0")
        if not (self.sigma >= 0 and math.isfinite(self.sigma)):
            raise PlanError(f"an estimate with a spread of {self.sigma:g}; it must be 0 or more")
        if self.median > MOST_DAYS or self.sigma > WIDEST:
            raise PlanError(
                f"an estimate of {self.median:g} days with a spread of {self.sigma:g} says nothing"
            )
        if not 0 <= self.shared <= 1:
            raise PlanError(f"a shared part of {self.shared:g}; it must be between 0 and 1")

    @classmethod
    def from_range(
        cls, *, low: float, high: float, factors: tuple[str, ...] = (), shared: float = 0.3
    ) -> Estimate:
        """Return the lognormal whose P10 and P90 are these.

        Examples
        --------
        >>> Estimate.from_range(low=2, high=8).median
        4.0
        """
        if not 0 < low <= high:
            raise PlanError(f"P10 is {low:g} and P90 {high:g}: they must be above 0, and in this order")
        return cls(
            median=math.sqrt(low * high),
            sigma=math.log(high / low) / (2 * Z90),
            factors=factors,
            shared=shared,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """Something that happens or not; if it does, every activity it names takes so many days more (triangular)."""

    key: str
    probability: float
    low: float
    likely: float
    high: float
    activities: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise PlanError(
                f"{self.key} has a probability of {self.probability:g}; it must be between 0 and 1"
            )
        if not 0 <= self.low <= self.likely <= self.high:
            raise PlanError(f"the days that {self.key} costs must be 0 or more, and in order")
        if self.high > MOST_DAYS:
            raise PlanError(f"{self.key} costs {self.high:g} days; nothing takes as long")


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How much more there is to do than planned, everywhere at once and in each activity (uniform; 1 is nothing)."""

    all_low: float = 1.0
    all_high: float = 1.0
    each_low: float = 1.0
    each_high: float = 1.0

    def __post_init__(self) -> None:
        if not (0 < self.all_low <= self.all_high and 0 < self.each_low <= self.each_high):
            raise PlanError("growth must be above 0, its low end not above its high end")
        if max(self.all_high, self.each_high) > MOST_GROWTH:
            raise PlanError(f"growth to more than {MOST_GROWTH:g} times is another plan")

    @property
    def is_any(self) -> bool:
        """Whether there is growth at all."""
        return (self.all_low, self.all_high, self.each_low, self.each_high) != (1.0, 1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sickness:
    """Absences that nobody planned: so many a year for each unit of a pool, each of so many days on average."""

    spells_a_year: float = 0.0
    days: float = 3.0

    def __post_init__(self) -> None:
        if not (0 <= self.spells_a_year <= MOST_SPELLS and 0 < self.days <= MOST_SPELLS):
            raise PlanError(
                f"spells of sickness a year, and the days of one, lie between 0 and {MOST_SPELLS}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertainty:
    """All that is not known of a plan. An activity without an estimate takes what the plan says."""

    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    risks: Sequence[Risk] = ()
    growth: Growth = Growth()
    sickness: Mapping[str, Sickness] = field(default_factory=dict)


def generator(seed: int, kind: str, name: str, chunk: int) -> np.random.Generator:
    """Return the generator of a name."""
    words = [seed & 0xFFFFFFFF, seed >> 32, zlib.crc32(f"{kind}:{name}".encode()), chunk]
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(words)))


def draw_normals(
    *, seed: int, kind: str, names: Sequence[str], runs: int, chunk: int = 0, threads: int = 2
) -> Draws:
    """Return standard normal numbers, shape (names, runs), each row the name's own."""
    found: Draws = np.empty((len(names), runs), dtype=np.float32)

    def fill(part: range) -> None:
        for at in part:
            generator(seed, kind, names[at], chunk).standard_normal(dtype=np.float32, out=found[at])

    _in_parts(fill, len(names), threads)
    return found


def _in_parts(fill: object, count: int, threads: int) -> None:
    parts = [range(at, count, threads) for at in range(threads)]
    if threads == 1 or count < threads:
        for part in parts:
            fill(part)  # type: ignore[operator]
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, parts))  # type: ignore[arg-type]


def draw_stretches(
    uncertainty: Uncertainty, *, keys: Sequence[str], seed: int, runs: int, chunk: int, threads: int = 2
) -> tuple[Draws, Draws, NDArray[np.bool_]]:
    """Return what multiplies each activity's median, what days risks add, and which risks struck.

    Shapes (keys, runs), (keys, runs) or (0, runs) without risks, and (risks, runs).
    """
    estimates = [uncertainty.estimates.get(key) for key in keys]
    factors = sorted({name for each in estimates if each for name in each.factors})
    place = {name: at for at, name in enumerate(factors)}
    shared = draw_normals(seed=seed, kind="factor", names=factors, runs=runs, chunk=chunk, threads=threads)
    found = draw_normals(seed=seed, kind="activity", names=keys, runs=runs, chunk=chunk, threads=threads)
    growth = uncertainty.growth
    everywhere = np.zeros(runs, dtype=np.float32)
    if growth.is_any:
        lucky = generator(seed, "growth", "", chunk).random(runs, dtype=np.float32)
        everywhere = np.log(growth.all_low + lucky * (growth.all_high - growth.all_low)).astype(np.float32)

    def stretch(part: range) -> None:
        for at in part:
            estimate, row = estimates[at], found[at]
            if estimate is None:
                row[:] = 0
            else:
                own = estimate.sigma * math.sqrt(1 - estimate.shared if estimate.factors else 1.0)
                row *= np.float32(own)
                for name in estimate.factors:
                    weight = estimate.sigma * math.sqrt(estimate.shared / len(estimate.factors))
                    row += np.float32(weight) * shared[place[name]]
            if growth.is_any:
                row += everywhere
                if growth.each_high != growth.each_low or growth.each_low != 1:
                    lucky = generator(seed, "growth", keys[at], chunk).random(runs, dtype=np.float32)
                    row += np.log(growth.each_low + lucky * (growth.each_high - growth.each_low))
            np.exp(row, out=row)

    _in_parts(stretch, len(keys), threads)
    added, struck = _draw_risks(uncertainty.risks, keys=keys, seed=seed, runs=runs, chunk=chunk)
    return found, added, struck


def _draw_risks(
    risks: Sequence[Risk], *, keys: Sequence[str], seed: int, runs: int, chunk: int
) -> tuple[Draws, NDArray[np.bool_]]:
    struck = np.zeros((len(risks), runs), dtype=np.bool_)
    if not risks:
        return np.zeros((0, runs), dtype=np.float32), struck
    at = {key: position for position, key in enumerate(keys)}
    added: Draws = np.zeros((len(keys), runs), dtype=np.float32)
    for number, risk in enumerate(risks):
        chance = generator(seed, "risk", risk.key, chunk)
        struck[number] = chance.random(runs) < risk.probability
        days = (
            chance.triangular(risk.low, risk.likely, risk.high, runs)
            if risk.high > risk.low
            else np.full(runs, risk.low)
        )
        days = np.where(struck[number], days, 0).astype(np.float32)
        for key in risk.activities:
            if key in at:
                added[at[key]] += days
    return added, struck
