"""Whether something is said more often than before, or only seems to be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats.rates import RateRatio, compare_rates

MINIMUM_PEOPLE = 5
DOUBLED = 2.0


class Direction(StrEnum):
    """What the numbers allow to be said."""

    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Trend:
    """A direction, and the ratio of shares that it is read from."""

    direction: Direction
    change: RateRatio


def share_trend(
    *,
    people: tuple[int, int],
    voices: tuple[int, int],
    confidence: float = 0.95,
    minimum: int = MINIMUM_PEOPLE,
) -> Trend:
    """Compare the share of all voices that spoke of one thing, between an earlier and a later stretch.

    Dividing by the voices heard in each stretch takes out that more is said altogether (a new channel, a
    bigger import): twice the mentions among twice the voices is steady. The ratio of the shares is
    estimated by `compare_rates`. As each person can speak once only, the true spread is never wider than
    the Poisson spread that it assumes: the interval errs on the careful side.

    Rising means that the whole interval lies above 1; falling, that it lies below 1; steady, that it holds
    1 and rules out both a doubling and a halving. Everything else is unclear: the numbers are too few to
    say.

    Parameters
    ----------
    people : tuple of int, shape (2,)
        Distinct people who spoke of it in (earlier, later).
    voices : tuple of int, shape (2,)
        Distinct people who spoke of anything in (earlier, later).
    confidence : float
        Between 0 and 1, both excluded.
    minimum : int
        How many people, in both stretches together, it takes for an answer.

    Raises
    ------
    NotEnoughDataError
        If fewer people than `minimum` spoke of it, or nobody spoke at all in a stretch.
    ValueError
        If more people spoke of it than spoke.

    References
    ----------
    .. [1] J. Przyborowski, H. Wilenski (1940), Biometrika 31, 313-323.

    Examples
    --------
    >>> found = share_trend(people=(12, 29), voices=(600, 420))
    >>> found.direction.value, round(found.change.ratio, 2)
    ('rising', 3.45)
    """
    if people[0] > voices[0] or people[1] > voices[1]:
        raise ValueError("people cannot outnumber the voices they are among")
    total = sum(people)
    if total < minimum:
        raise NotEnoughDataError(f"It takes {minimum} people to see a trend; so far there are {total}.")
    if min(voices) == 0:
        raise NotEnoughDataError("There is no feedback at all in one of the two stretches to compare with.")
    change = compare_rates(
        events=people, exposures=(float(voices[0]), float(voices[1])), confidence=confidence
    )
    return Trend(direction=_direction(change), change=change)


def _direction(change: RateRatio) -> Direction:
    if change.low > 1.0:
        return Direction.RISING
    if change.high < 1.0:
        return Direction.FALLING
    if change.low > 1.0 / DOUBLED and change.high < DOUBLED:
        return Direction.STEADY
    return Direction.UNCLEAR
