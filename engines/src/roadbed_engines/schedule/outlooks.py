"""What many futures say: dates with their chances, what they have in common, and what moves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roadbed_engines.schedule.running import Days

LEVELS = (0.5, 0.85, 0.95)


@dataclass(frozen=True, slots=True)
class Outlook:
    """When something is done, in all futures: `days` has shape (runs,), in the order of the futures."""

    key: str
    days: Days

    def at(self, level: float) -> int:
        """Return the day by which it is done in this share of the futures."""
        return int(np.ceil(np.quantile(self.days, level, method="inverted_cdf")))

    def by(self, day: int) -> float:
        """Return the share of futures in which it is done by a day."""
        return float((self.days <= day).mean())


@dataclass(frozen=True, slots=True)
class Driver:
    """What moves a date: `days` is how much later the date is where it is worst than where it is best.

    For an activity and a factor, between their worst and best tenths; for a risk, between the futures in which it
    strikes and the others.
    """

    key: str
    kind: str
    correlation: float
    days: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What becomes of a plan.

    Attributes
    ----------
    activities, targets : tuple of Outlook
    criticality : mapping
        The share of futures in which the activity is on the chain that sets the end of the plan.
    seed, runs : int
    """

    activities: tuple[Outlook, ...]
    targets: tuple[Outlook, ...]
    criticality: Mapping[str, float]
    seed: int
    runs: int
    took: Days
    struck: NDArray[np.bool_]
    risks: tuple[str, ...]

    def outlook(self, key: str) -> Outlook:
        """Return that of an activity or a target; `KeyError` if there is none."""
        for each in (*self.targets, *self.activities):
            if each.key == key:
                return each
        raise KeyError(key)

    def all_kept(self, promises: Mapping[str, int]) -> float:
        """Return the share of futures in which all of these are done by their days, together."""
        kept = np.ones(self.runs, dtype=np.bool_)
        for key, day in promises.items():
            kept &= self.outlook(key).days <= day
        return float(kept.mean())

    def drivers(self, key: str, *, most: int = 10) -> tuple[Driver, ...]:
        """Return what moves a date most, the strongest first."""
        days = self.outlook(key).days.astype(np.float32)
        centred = days - days.mean()
        spread = float(np.sqrt((centred**2).mean()))
        if spread == 0:
            return ()
        took = self.took.astype(np.float32)
        took -= took.mean(axis=0)
        spreads = np.sqrt((took**2).mean(axis=0))
        with np.errstate(invalid="ignore", divide="ignore"):
            correlations = np.nan_to_num((centred @ took) / self.runs / (spread * spreads))
        found = [
            Driver(
                self.activities[at].key, "activity", float(correlations[at]), _swing(self.took[:, at], days)
            )
            for at in np.argsort(-np.abs(correlations))[:most]
            if spreads[at] > 0
        ]
        for at, risk in enumerate(self.risks):
            hit = self.struck[at]
            if 0 < hit.sum() < self.runs:
                share = float(np.corrcoef(hit, days)[0, 1])
                found.append(Driver(risk, "risk", share, float(days[hit].mean() - days[~hit].mean())))
        # Where a risk is all that moves an activity, the risk is the cause and comes first.
        ranked = sorted(found, key=lambda driver: (-round(abs(driver.correlation), 3), driver.kind != "risk"))
        return tuple(ranked[:most])


def _swing(took: NDArray[np.int32], days: NDArray[np.float32]) -> float:
    order = np.argsort(took, kind="stable")
    tenth = max(1, len(order) // 10)
    return float(days[order[-tenth:]].mean() - days[order[:tenth]].mean())
