"""What could make the numbers of an experiment untrustworthy, each with a sentence a person would say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import scipy

from roadbed_engines.stats.sample_ratio import FAILED_BELOW, RatioStatus, SampleRatio

MOST_JUMPERS = 0.01
DOMINANT = 0.01
"""The share of a total from which a single unit is pointed out."""


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One look at the data."""

    name: str
    level: Level
    message: str


def worst(checks: Iterable[Check]) -> Level:
    """Return the worst level."""
    levels = {one.level for one in checks}
    return next((level for level in (Level.FAILED, Level.WARNING) if level in levels), Level.OK)


def ratio_check(ratio: SampleRatio, names: tuple[str, ...]) -> Check:
    """Judge the split."""
    seen = ", ".join(f"{name} {count:,}" for name, count in zip(names, ratio.counts, strict=True))
    hoped = ", ".join(f"{count:,.0f}" for count in ratio.expected)
    figures = f"{seen}; expected {hoped} (χ² {ratio.statistic:.2f}, p = {ratio.p_value:.2g})"
    if ratio.status is RatioStatus.FAILED:
        return Check(
            "sample ratio", Level.FAILED, f"Units are not split as planned: {figures}. Trust no result."
        )
    if ratio.status is RatioStatus.SUSPECT:
        said = f"The split is suspicious: {figures}. Below 0.01, though not below 0.001 where it fails."
        return Check("sample ratio", Level.WARNING, said)
    return Check("sample ratio", Level.OK, f"Units are split as planned: {figures}.")


def jumping_check(*, jumpers: int, units: int) -> Check:
    """Judge how many units were seen in more than one variant; `units` counts them too."""
    if jumpers == 0:
        return Check("variant jumping", Level.OK, "No unit was seen in two variants.")
    part = jumpers / units
    said = f"{jumpers:,} of {units:,} units ({part:.2%}) were seen in two variants, and are left out."
    return Check("variant jumping", Level.FAILED if part > MOST_JUMPERS else Level.WARNING, said)


def missing_check(*, metric: str, missing: Mapping[str, int], units: Mapping[str, int]) -> Check | None:
    """Judge whether values are missing more often in one variant than in another (χ², at 0.001).

    Returns None where nothing is missing.
    """
    gone, total = sum(missing.values()), sum(units.values())
    if gone == 0 or total == 0:
        return None
    said = f"{metric}: {gone:,} of {total:,} units have no value, and are left out of it."
    if gone == total:
        return Check("missing values", Level.WARNING, f"{metric}: no unit has a value.")
    share = gone / total
    statistic = sum(
        (missing[name] - units[name] * share) ** 2 / (units[name] * share * (1.0 - share))
        for name in units
        if units[name]
    )
    p_value = float(scipy.special.chdtrc(max(1, len(units) - 1), statistic))
    if p_value < FAILED_BELOW:
        uneven = (
            f"{metric}: values are missing more often in one variant than in another (p = {p_value:.2g})."
        )
        return Check("missing values", Level.WARNING, f"{uneven} That alone can make a difference. {said}")
    return Check("missing values", Level.WARNING, said)


def dominance_check(*, metric: str, largest: float, total: float) -> Check | None:
    """Point out a single unit that carries much of a variant's total; None where there is none."""
    if total <= 0 or largest / total < DOMINANT:
        return None
    said = f"{metric}: one unit carries {largest / total:.1%} of its variant's total. Consider winsorising."
    return Check("outliers", Level.WARNING, said)
