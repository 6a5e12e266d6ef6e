"""What a metric was before any experiment: by week for planning, and by day for its page.

A unit counts from when it was first seen in the period, and its window runs from there: just as it would have, had an
experiment begun with the period. So the number of units a week is that at which an experiment would have grown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from roadbed.analytics import exposures as units
from roadbed.analytics.asking import Question
from roadbed.analytics.experiment import measure
from roadbed.analytics.sources import plans, trying
from roadbed.analytics.sources.measuring import facts_onto
from roadbed.analytics.sources.opening import Opened, opened
from roadbed.analytics.sources.places import Facts, SourceError
from roadbed.analytics.sources.plans import Judged, Plan
from roadbed.analytics.units import unit_table
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats.estimates import Estimate, estimate
from roadbed_engines.stats.readout import Kind

WEEK, DAY = timedelta(days=7), timedelta(days=1)
NAME, ALL = "metric", "all"


@dataclass(frozen=True, slots=True)
class Week:
    """The units that were first seen in one week, and what they came to.

    `known` are those whose window is over; `value` is None where it cannot be told.
    """

    start: date
    arrived: int
    known: int
    value: float | None
    error: float | None


@dataclass(frozen=True, slots=True)
class History:
    """What planning needs of a metric.

    `value` is a unit's mean (a share for yes and no, a ratio, a quantile) over all weeks, `deviation` the standard
    deviation that a unit brings, such that the standard error of n units is deviation/√n.
    """

    kind: str
    weeks: tuple[Week, ...]
    arrived: int
    known: int
    value: float
    deviation: float
    as_of: str

    @property
    def is_share(self) -> bool:
        """Whether the value is a share of units."""
        return self.kind in {Kind.PROPORTION.value, Kind.RETENTION.value, Kind.FUNNEL.value}

    @property
    def units_a_week(self) -> float:
        """Newly seen units a week, over the whole weeks."""
        return self.arrived / len(self.weeks)

    @property
    def units_a_day(self) -> float:
        """Newly seen units a day."""
        return self.units_a_week / 7.0

    def to_plain(self) -> dict[str, Any]:
        """Return it as data that JSON can say."""
        found = asdict(self)
        found["weeks"] = [{**week, "start": week["start"].isoformat()} for week in found["weeks"]]
        return found

    @classmethod
    def from_plain(cls, given: Mapping[str, Any]) -> History:
        """Return what `to_plain` made."""
        weeks = tuple(Week(**{**week, "start": date.fromisoformat(week["start"])}) for week in given["weeks"])
        return cls(**{**given, "weeks": weeks})


@dataclass(frozen=True, slots=True)
class Day:
    """What a metric was on one day, over the units that were there."""

    units: int
    value: float | None
    error: float | None


def by_week(*, plan: Plan, sources: Mapping[str, Facts], until: datetime, weeks: int) -> History:
    """Tell a metric's history of whole weeks before a moment.

    Raises
    ------
    NotEnoughDataError
        If fewer than two units have a value.
    SourceError
        If a source cannot be read, or a column is missing.
    """
    since = until - weeks * WEEK
    with _opened(plan, sources) as found:
        seen = _seen(plan, sources, found, since, until)
        table = facts_onto(seen, [Judged(NAME, plan)], sources, found, as_of=until)
        arrived = _arrivals(table, since)
        values = _values(table.mutate(variant=_week(table, since)), plan)
        whole = _together(table, plan, values)
    lines = []
    for at in range(weeks):
        one = values.get(str(at))
        lines.append(
            Week(
                start=(since + at * WEEK).date(),
                arrived=arrived.get(at, 0),
                known=one.units if one else 0,
                value=one.value if one else None,
                error=one.error if one else None,
            )
        )
    return History(
        kind=plan.kind.value,
        weeks=tuple(lines),
        arrived=sum(arrived.values()),
        known=whole.units,
        value=whole.value,
        deviation=math.sqrt(whole.variance * whole.units),
        as_of=until.astimezone(UTC).isoformat(),
    )


def by_days(
    *, plan: Plan, sources: Mapping[str, Facts], days: Sequence[date], as_of: datetime
) -> dict[date, Day]:
    """Tell what a metric was on each of some UTC days: over the units seen that day, from their first sight that day.

    All days between the first and the last are read, in one question.

    Raises
    ------
    SourceError
        If a source cannot be read, or a column is missing.
    """
    since, until = _midnight(min(days)), _midnight(max(days)) + DAY
    with _opened(plan, sources) as found:
        whose = sources[plan.whose]
        rows = found[whose.relation]
        trying.refuse_missing(rows, Facts(whose.relation, whose.unit, whose.at))
        seen = units.daily_exposures(rows, units.FactSource(whose.unit, whose.at), since=since, until=until)
        table = facts_onto(seen, [Judged(NAME, plan)], sources, found, as_of=as_of)
        groups = table.group_by(units.VARIANT).aggregate(units=table.count()).to_pyarrow().to_pylist()
        counts = {str(row[units.VARIANT]): int(row["units"]) for row in groups}
        values = _values(table, plan) if counts else {}
    lines = {}
    for day in days:
        one = values.get(day.isoformat())
        lines[day] = Day(
            counts.get(day.isoformat(), 0), one.value if one else None, one.error if one else None
        )
    return lines


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _opened(plan: Plan, sources: Mapping[str, Facts]) -> Any:
    for key in (*plan.sources, plan.whose):
        if key not in sources:
            raise SourceError(f"There is no fact source {key} any more.")
    return opened(dict.fromkeys(sources[key].relation for key in (*plan.sources, plan.whose)))


def _seen(
    plan: Plan, sources: Mapping[str, Facts], found: Opened, since: datetime, until: datetime
) -> units.Exposed:
    whose = sources[plan.whose]
    rows = found[whose.relation]
    trying.refuse_missing(rows, Facts(whose.relation, whose.unit, whose.at))
    rows = rows.mutate(roadbed_all=ibis.literal(ALL))
    return units.first_exposures(
        rows, units.ExposureSource(whose.unit, "roadbed_all", whose.at), since=since, until=until
    )


def _week(table: ir.Table, since: datetime) -> ir.Value:
    seconds = table[units.EXPOSED_AT].epoch_seconds() - int(since.timestamp())
    return (seconds // int(WEEK.total_seconds())).cast("int64").cast("string")


def _arrivals(table: ir.Table, since: datetime) -> dict[int, int]:
    weeks = table.mutate(week=_week(table, since))
    counted = weeks.group_by("week").aggregate(arrived=weeks.count()).to_pyarrow().to_pylist()
    return {int(row["week"]): int(row["arrived"]) for row in counted}


def _values(table: ir.Table, plan: Plan) -> dict[str, Estimate]:
    """Return the estimate of each group that has one, by the column `variant`."""
    names = table.select(units.VARIANT).distinct().to_pyarrow()[units.VARIANT].to_pylist()
    if plan.kind is Kind.QUANTILE:  # one group that is too small would refuse all of them
        found = {}
        for name in names:
            if (one := _samples(table.filter(table[units.VARIANT] == name), plan).get(name)) is not None:
                found[name] = one
        return found
    return _samples(table, plan)


def _samples(table: ir.Table, plan: Plan) -> dict[str, Estimate]:
    question = Question(
        variant=units.VARIANT, control="", metrics=(plans.spec_of(Judged(NAME, plan)),), unit=units.UNIT
    )
    made = unit_table(table, question, one_row_each=True)
    found: dict[str, Estimate] = {}
    for name, sample in measure(made).samples.get(NAME, {}).items():
        if isinstance(sample, Estimate):
            found[name] = sample
            continue
        try:
            found[name] = estimate(moments=sample, quantity=made.metrics[0].quantity)
        except NotEnoughDataError:
            continue
    return found


def _together(table: ir.Table, plan: Plan, values: Mapping[str, Estimate]) -> Estimate:
    whole = _samples(table.mutate(variant=ibis.literal(ALL)), plan).get(ALL)
    if whole is None:
        seen = "Nobody was seen" if not values else "Too few units have a value"
        raise NotEnoughDataError(f"{seen} in these weeks: there is nothing to plan from.")
    return whole
