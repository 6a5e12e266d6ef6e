"""What the drivers of the demo did: exposures and events, made up by chance from a seed, so that the analysis has work.

All of it is fiction. Rates are those of a courier's week; what a variant changes is written in each `Trial`.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from roadbed.analytics.events.event import EXPOSURE, Event

COUNTRIES = ("NL", "NL", "NL", "BE", "BE", "DE")
PLATFORMS = ("Android", "Android", "iOS")
FADING_DAYS = 3.0


@dataclass(frozen=True, slots=True)
class Effect:
    """What a variant does: factors on the rates of a driver's first days."""

    missed: float = 1.0
    minutes: float = 1.0
    tickets: float = 1.0
    finished: float = 1.0
    fades: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """Who is dealt out, when, and what each variant does. `lost` is the share of exposures that never arrive."""

    key: str
    drivers: int
    starts_at: datetime
    days: float
    shares: Mapping[str, float]
    effects: Mapping[str, Effect] = field(default_factory=dict)
    lost: Mapping[tuple[str, str], float] = field(default_factory=dict)
    by_country: Mapping[str, float] = field(default_factory=dict)


def events_of(trial: Trial, chance: random.Random) -> Iterator[Event]:
    """Return the exposures of one trial, and what its drivers did in their first three days."""
    names, weights = list(trial.shares), list(trial.shares.values())
    for number in range(trial.drivers):
        unit = f"{trial.key}-{number}"
        variant = chance.choices(names, weights)[0]
        country, platform = chance.choice(COUNTRIES), chance.choice(PLATFORMS)
        at = trial.starts_at + timedelta(days=chance.random() * trial.days)
        if chance.random() < trial.lost.get((variant, platform), 0.0):
            continue
        attributes = json.dumps({"country": country, "platform": platform}, sort_keys=True)
        yield Event(
            f"x-{unit}", EXPOSURE, at, unit, "driver", flag=trial.key, variant=variant,
            environment="production", attributes=attributes,
        )  # fmt: skip
        effect = trial.effects.get(variant, Effect())
        yield from _days(unit, at, effect, trial.by_country.get(country, 1.0), chance)


def _days(unit: str, at: datetime, effect: Effect, local: float, chance: random.Random) -> Iterator[Event]:
    busy = chance.gammavariate(4.0, 0.25)
    change = (1.0 - effect.missed) * local
    most = max(1.0, 1.0 - change)
    for place in range(_poisson(1.8 * busy * most, chance)):
        day = chance.random() * FADING_DAYS
        felt = change * (1.0 - day / FADING_DAYS) if effect.fades else change
        if chance.random() * most < 1.0 - felt:
            yield Event(
                f"m-{unit}-{place}", "missed drop", at + timedelta(days=day, minutes=1), unit, "driver"
            )
    for place in range(_poisson(0.9 * effect.tickets, chance)):
        when = at + timedelta(days=chance.random() * FADING_DAYS, minutes=2)
        yield Event(f"t-{unit}-{place}", "support ticket", when, unit, "driver")
    minutes = math.exp(chance.gauss(1.25, 0.35)) * effect.minutes
    yield Event(f"s-{unit}", "stop", at + timedelta(hours=9), unit, "driver", value=round(minutes, 2))
    if chance.random() < 0.93 * effect.finished:
        yield Event(f"f-{unit}", "run finished", at + timedelta(hours=10), unit, "driver")


def _poisson(rate: float, chance: random.Random) -> int:
    """Return a count by Knuth's method; rates are small here."""
    limit, count, product = math.exp(-rate), 0, chance.random()
    while product > limit:
        count += 1
        product *= chance.random()
    return count
