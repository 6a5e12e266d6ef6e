"""Whether units were dealt out as planned, and where not.

A sample-ratio mismatch means that units went missing, or were counted twice, in one variant more than in another. What
is left is no random split any more, and no result of it can be trusted, however small its p-value.

References
----------
.. [1] A. Fabijan and others (2019), KDD '19, 2156-2164 (taxonomy and diagnosis of sample-ratio mismatch).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import scipy

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats.multiplicity import holm

FAILED_BELOW, SUSPECT_BELOW = 0.001, 0.01
LEAST_EXPECTED = 5


class RatioStatus(StrEnum):
    """What the test says."""

    PASSED = "passed"
    SUSPECT = "suspect"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """The χ² test of observed counts against expected shares."""

    counts: tuple[int, ...]
    expected: tuple[float, ...]
    statistic: float
    freedom: int
    p_value: float
    status: RatioStatus

    @property
    def is_flagged(self) -> bool:
        """Whether somebody should look at it: it failed, or comes close."""
        return self.status is not RatioStatus.PASSED


def sample_ratio(*, counts: Sequence[int], shares: Sequence[float] = ()) -> SampleRatio:
    """Test how units were dealt out.

    Parameters
    ----------
    counts : sequence of int
        Distinct units in each variant.
    shares : sequence of float
        The planned weights, in the same order; equal by default. They need not add up to 1.

    Raises
    ------
    NotEnoughDataError
        If there are fewer than two variants, or fewer than five units expected in one.
    ValueError
        If a count is negative, or a share is not above nought.

    Examples
    --------
    Cookie Cats:

    >>> found = sample_ratio(counts=(44700, 45489))
    >>> round(found.statistic, 3), round(found.p_value, 4), found.status.value
    (6.902, 0.0086, 'suspect')
    """
    if len(counts) < 2:
        raise NotEnoughDataError("a split needs two variants")
    weights = np.asarray(shares or [1.0] * len(counts), dtype=np.float64)
    seen = np.asarray(counts, dtype=np.float64)
    if len(weights) != len(seen) or (weights <= 0).any() or not np.isfinite(weights).all():
        raise ValueError("every variant needs a share above 0")
    if (seen < 0).any():
        raise ValueError("counts cannot be negative")
    expected = weights / weights.sum() * seen.sum()
    if expected.min() < LEAST_EXPECTED:
        raise NotEnoughDataError(f"a variant expects fewer than {LEAST_EXPECTED} units")
    statistic = float(((seen - expected) ** 2 / expected).sum())
    p_value = float(scipy.special.chdtrc(len(seen) - 1, statistic))
    return SampleRatio(
        counts=tuple(int(one) for one in counts),
        expected=tuple(float(one) for one in expected),
        statistic=statistic,
        freedom=len(seen) - 1,
        p_value=p_value,
        status=_status(p_value),
    )


def _status(p_value: float) -> RatioStatus:
    if p_value < FAILED_BELOW:
        return RatioStatus.FAILED
    return RatioStatus.SUSPECT if p_value < SUSPECT_BELOW else RatioStatus.PASSED


@dataclass(frozen=True, slots=True)
class Leak:
    """One value of a dimension, and how its units were dealt out.

    `p_value` is corrected for the number of values looked at (Holm); `missing` are the units by which each variant
    falls short of its share, nought where it has more.
    """

    value: str
    ratio: SampleRatio
    p_value: float
    missing: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Whether the split differs between the values of a dimension, and which of them are off, the worst first."""

    statistic: float
    freedom: int
    p_value: float
    leaks: tuple[Leak, ...]

    @property
    def differs(self) -> bool:
        """Whether the split itself depends on the dimension."""
        return self.p_value < FAILED_BELOW


def diagnose(*, counts: Mapping[str, Sequence[int]], shares: Sequence[float] = ()) -> Diagnosis:
    """Look for the values of a dimension where units went missing.

    Parameters
    ----------
    counts : mapping of str to sequence of int
        Distinct units in each variant, by value of the dimension.
    shares : sequence of float
        As in `sample_ratio`.

    Raises
    ------
    NotEnoughDataError
        If fewer than two values have enough units.
    """
    found: dict[str, SampleRatio] = {}
    for value, row in counts.items():
        try:
            found[value] = sample_ratio(counts=row, shares=shares)
        except NotEnoughDataError:
            continue
    if len(found) < 2:
        raise NotEnoughDataError("fewer than two values have enough units")
    table = np.array([one.counts for one in found.values()], dtype=np.float64)
    rows, columns, total = table.sum(axis=1), table.sum(axis=0), table.sum()
    if (columns == 0).any():
        raise NotEnoughDataError("a variant is empty")
    hoped = np.outer(rows, columns) / total
    statistic = float(((table - hoped) ** 2 / hoped).sum())
    freedom = (table.shape[0] - 1) * (table.shape[1] - 1)
    corrected = holm([one.p_value for one in found.values()])
    leaks = [
        Leak(value, one, corrected[at], _missing(one))
        for at, (value, one) in enumerate(found.items())
        if corrected[at] < SUSPECT_BELOW
    ]
    leaks.sort(key=lambda leak: leak.p_value)
    return Diagnosis(statistic, freedom, float(scipy.special.chdtrc(freedom, statistic)), tuple(leaks))


def _missing(ratio: SampleRatio) -> tuple[float, ...]:
    """Return the units that each variant lacks, taking the fullest variant for complete."""
    whole = max(seen / hoped for seen, hoped in zip(ratio.counts, ratio.expected, strict=True))
    return tuple(
        max(0.0, whole * hoped - seen) for seen, hoped in zip(ratio.counts, ratio.expected, strict=True)
    )
