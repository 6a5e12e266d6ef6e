"""Experiments that switch whole periods: from exposures to periods, and to what the engine reads of them.

A period is so many hours of a place, counted from midnight UTC. Its units are what happened in it once: an order, a
trip, a session; those that were seen in two variants lie across a change, and are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import ibis
import ibis.expr.types as ir

from roadbed.analytics import exposures as seeing
from roadbed.analytics.columns import CLUSTER, VARIANT
from roadbed.analytics.numbers import names_of
from roadbed.analytics.units import UnitTable
from roadbed_engines.stats import health
from roadbed_engines.stats.switched import Periods

PERIOD, BETWEEN = "period of the switchback", "|"
DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Switching:
    """How long a period is, the column of the place (empty: there is one), and what is left out at its beginning."""

    period: timedelta
    place: str = ""
    washout: timedelta = timedelta(0)

    @property
    def seconds(self) -> int:
        """The length of a period."""
        return int(self.period.total_seconds())


def settled_in(seen: seeing.Exposed, switching: Switching) -> seeing.Exposed:
    """Leave out what began while the variant before may still have been at work."""
    skipped = int(switching.washout.total_seconds())
    if not skipped:
        return seen
    since = seen.table[seeing.EXPOSED_AT].epoch_seconds() % switching.seconds
    return replace(seen, table=seen.table.filter(since >= skipped))


def with_periods(table: ir.Table, switching: Switching) -> ir.Table:
    """Add the column that names the period of each unit."""
    number = (table[seeing.EXPOSED_AT].epoch_seconds() // switching.seconds).cast("int64").cast("string")
    place = names_of(table[switching.place]).fill_null("") if switching.place else ibis.literal("")
    return table.mutate(**{PERIOD: place + BETWEEN + number})


def periods_of(units: UnitTable, switching: Switching) -> Periods:
    """Return what the engine reads: a row a period, with its block and what is held fixed.

    Periods of less than a day hang together within a place's day, and the place and the time of day are held fixed;
    longer ones hang together within a place's week, and the place is held fixed.
    """
    metrics = [one for one in units.metrics if one.columns]
    wanted = list(dict.fromkeys(name for one in metrics for name in one.columns))
    rows = units.table.select(CLUSTER, VARIANT, *wanted).order_by(CLUSTER).to_pyarrow().to_pydict()
    places, begun = [], []
    for label in rows[CLUSTER]:
        place, _, number = label.rpartition(BETWEEN)
        places.append(place)
        begun.append(int(number) * switching.seconds)
    is_short = switching.period < DAY
    block = int((DAY if is_short else WEEK).total_seconds())
    fixed = [places] if len(set(places)) > 1 else []
    if is_short:
        fixed.append([str(at % block) for at in begun])
    return Periods(
        variants=rows[VARIANT],
        blocks=[(place, at // block) for place, at in zip(places, begun, strict=True)],
        fixed=fixed,
        sums={one.name: (rows[one.columns[0]], rows[one.columns[1]]) for one in metrics},
    )


def across_check(*, across: int, units: int) -> list[health.Check]:
    """Say how many units lie across a change."""
    if not across:
        return []
    level = health.Level.WARNING if across > 0.02 * (units + across) else health.Level.OK
    said = f"Seen in two variants, since they lie across a change, and left out: {across:,}."
    return [health.Check("across a change", level, said)]
