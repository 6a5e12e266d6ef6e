"""A running experiment from its sources to everything that can be said of it.

Beside the comparison of variants: how the effect goes with the days since the exposure, and whether it depends on what
other experiments showed the same units.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from roadbed.analytics import exposures as seeing
from roadbed.analytics.asking import BadQuestionError, Question
from roadbed.analytics.experiment import Answer, Reading, measure
from roadbed.analytics.numbers import names_of
from roadbed.analytics.sources import plans, trying
from roadbed.analytics.sources.measuring import facts_onto
from roadbed.analytics.sources.opening import Opened, opened
from roadbed.analytics.sources.places import Exposures, Facts, SourceError
from roadbed.analytics.sources.plans import Judged
from roadbed.analytics.sources.switching import (
    PERIOD,
    Switching,
    across_check,
    periods_of,
    settled_in,
    with_periods,
)
from roadbed.analytics.units import Counts, unit_table, variants_of
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats import health
from roadbed_engines.stats.analysis import Analysis, Measurement, analyse
from roadbed_engines.stats.moments import Moments
from roadbed_engines.stats.novelty import novelty
from roadbed_engines.stats.readout import Comparison, Kind, Role, Segments
from roadbed_engines.stats.segments import heterogeneity

OUTSIDE = "(in neither)"
STRETCHES, LEAST_DAYS = 7, 3
BY_STRETCH = {Kind.PROPORTION, Kind.MEAN, Kind.COUNT, Kind.RATIO}
Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be answered.

    `key` is what the source's column of experiments holds for it. `cluster` is a dimension that names what was
    randomised; `beside` are other experiments in the same source, by the name that people know them by. With
    `switching` whole periods were switched. `strata` is a dimension to post-stratify by.
    """

    exposures: Exposures
    key: str
    metrics: tuple[Judged, ...]
    control: str
    shares: Mapping[str, float]
    dimensions: tuple[str, ...] = ()
    cluster: str = ""
    beside: Mapping[str, str] = field(default_factory=dict)
    since: datetime | None = None
    until: datetime | None = None
    as_of: datetime | None = None
    switching: Switching | None = None
    strata: str = ""

    @property
    def is_grouped(self) -> bool:
        """Whether what varies is more than a unit."""
        return bool(self.cluster) or self.switching is not None


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The answer; how the effect goes over time, by variant; interactions, by experiment; a digest of the sums."""

    answer: Answer
    novelty: list[Plain]
    interactions: list[Plain]
    digest: str


def study(trial: Trial, sources: Mapping[str, Facts], reading: Reading) -> Found:
    """Measure an experiment and read it.

    Raises
    ------
    SourceError
        If a source cannot be read, or a column is missing.
    BadQuestionError
        If nobody saw any of its variants.
    """
    with opened([trial.exposures.relation, *(one.relation for one in sources.values())]) as found:
        return _study(trial, sources, found, reading)


def _study(trial: Trial, sources: Mapping[str, Facts], found: Opened, reading: Reading) -> Found:
    seen = _first(trial, found, trial.key, since=trial.since, until=trial.until)
    known = variants_of(seen.table, seeing.VARIANT) if _holds_rows(seen.table) else {}
    strangers = {name: count for name, count in known.items() if name not in trial.shares}
    if not set(known) & set(trial.shares):
        said = f" Only {', '.join(strangers)} was." if strangers else ""
        raise BadQuestionError(f"Nobody was shown any of its variants since it began.{said}")
    if strangers:
        seen = replace(seen, table=seen.table.filter(seen.table[seeing.VARIANT].isin(list(trial.shares))))
    across = seen.jumpers if trial.switching else 0
    if trial.switching:
        seen = replace(settled_in(seen, trial.switching), jumpers=0)
    stretches = _stretches(trial)
    table = facts_onto(seen, [*trial.metrics, *stretches], sources, found, as_of=trial.as_of)
    table, others = _with_others(trial, found, table)
    if trial.switching:
        table = with_periods(table, trial.switching)
    question = Question(
        variant=seeing.VARIANT,
        control=trial.control,
        metrics=tuple(plans.spec_of(one) for one in trial.metrics),
        unit=seeing.UNIT,
        cluster=PERIOD if trial.switching else trial.cluster,
        dimensions=tuple(dict.fromkeys([*trial.dimensions, *filter(None, [trial.strata]), *others])),
        shares=dict(trial.shares),
    )
    rows = unit_table(table, question, one_row_each=True)
    jumpers = seen.jumpers + rows.counts.jumpers
    rows = replace(rows, counts=Counts(rows=sum(known.values()) + seen.jumpers, jumpers=jumpers))
    measured = _settled(measure(rows), trial, table, strangers)
    if trial.switching:
        notes = [*measured.notes, *across_check(across=across, units=sum(known.values()))]
        measured = replace(measured, notes=notes, periods=periods_of(rows, trial.switching))
    answer = Answer(
        question=question,
        units=rows,
        measurement=measured,
        analysis=_analysis(measured, trial, rows.metrics, reading),
        variants=(trial.control, *(name for name in trial.shares if name != trial.control)),
    )
    return Found(
        answer=answer,
        novelty=_novelty(trial, stretches, table, reading),
        interactions=_interactions(answer.analysis, others, reading),
        digest=_digest(measured),
    )


def _analysis(measured: Measurement, trial: Trial, metrics: Sequence[Any], reading: Reading) -> Analysis:
    return analyse(
        measurement=measured,
        metrics=metrics,
        control=trial.control,
        variants=tuple(name for name in trial.shares if name != trial.control),
        shares=trial.shares,
        options=reading.options,
        correction=reading.correction,
        state=reading.state,
        strata=trial.strata,
    )


def _holds_rows(table: ir.Table) -> bool:
    return bool(table.limit(1).count().to_pyarrow().as_py())


def _first(
    trial: Trial, found: Opened, key: str, *, since: datetime | None, until: datetime | None
) -> seeing.Exposed:
    where = trial.exposures
    rows = found[where.relation]
    place = trial.switching.place if trial.switching else trial.cluster
    needed = tuple(dict.fromkeys(filter(None, [*trial.dimensions, trial.strata, place])))
    trying.refuse_missing(rows, replace(where, dimensions=needed))
    if where.experiment:
        rows = rows.filter(names_of(rows[where.experiment]) == key)
    columns = seeing.ExposureSource(where.unit, where.variant, where.at, dimensions=needed)
    return seeing.first_exposures(rows, columns, since=since, until=until)


def _with_others(trial: Trial, found: Opened, table: ir.Table) -> tuple[ir.Table, tuple[str, ...]]:
    """Add a column for each other experiment: which of its variants the unit saw first, if any."""
    others = []
    for name, key in trial.beside.items():
        if not trial.exposures.experiment or trial.is_grouped:
            break
        plain = replace(trial, dimensions=(), cluster="", strata="")
        seen = _first(plain, found, key, since=None, until=trial.until).table
        seen = seen.select(other_unit=seen[seeing.UNIT], other_variant=seen[seeing.VARIANT])
        joined = table.left_join(seen, table[seeing.UNIT] == seen["other_unit"])
        table = joined.mutate(**{name: joined["other_variant"].fill_null(OUTSIDE)})
        table = table.drop("other_unit", "other_variant")
        others.append(name)
    return table, tuple(others)


def _settled(
    measured: Measurement, trial: Trial, table: ir.Table, strangers: Mapping[str, int]
) -> Measurement:
    """Tell units that have no value yet from those that will never have one, and say who saw something else."""
    notes = list(measured.notes)
    if strangers:
        listed = ", ".join(f"{name} ({count:,})" for name, count in strangers.items())
        said = f"Units were shown what is no variant of this experiment, and are left out: {listed}."
        notes.append(health.Check("unknown variants", health.Level.WARNING, said))
    missing = {name: dict(counts) for name, counts in measured.missing.items()}
    if trial.as_of is not None and missing and not trial.is_grouped:
        ends = sorted({one.plan.end for one in trial.metrics})
        at = table[seeing.EXPOSED_AT]
        limits = {f"w{place}": _naive(trial.as_of - end) for place, end in enumerate(ends)}
        asked = {name: (at > ibis.timestamp(limit)).sum() for name, limit in limits.items()}
        rows = table.group_by(seeing.VARIANT).aggregate(**asked).to_pyarrow().to_pylist()
        waiting = {
            (row[seeing.VARIANT], end): int(row[f"w{place}"])
            for row in rows
            for place, end in enumerate(ends)
        }
        late = 0
        for one in trial.metrics:
            for variant in missing.get(one.name, {}):
                waits = waiting.get((variant, one.plan.end), 0)
                late = max(late, waits)
                missing[one.name][variant] = max(0, missing[one.name][variant] - waits)
        if late:
            said = "Units whose time after the exposure is not over yet are counted once it is."
            notes.append(health.Check("still waiting", health.Level.OK, said))
    kept = {name: counts for name, counts in missing.items() if any(counts.values())}
    units = {name: measured.units.get(name, 0) for name in trial.shares}
    return replace(measured, missing=kept, notes=notes, units=units)


def _naive(at: datetime) -> datetime:
    return at if at.tzinfo is None else at.astimezone(UTC).replace(tzinfo=None)


def _stretches(trial: Trial) -> list[Judged]:
    """Cut the primary metric's window into stretches of whole days since the exposure."""
    primary = next((one for one in trial.metrics if one.role is Role.PRIMARY), None)
    if primary is None or primary.plan.kind not in BY_STRETCH or trial.is_grouped:
        return []
    start, end = primary.plan.start, primary.plan.end
    days = int((end - start) / timedelta(days=1))
    if days < LEAST_DAYS:
        return []
    count = min(STRETCHES, days)
    edges = [start + timedelta(days=round(days * at / count)) for at in range(count + 1)]
    return [
        Judged(
            f"{primary.name} from day {low.days} to {high.days}",
            replace(primary.plan, start=low, end=high, before_days=0),
            wanted=primary.wanted,
        )
        for low, high in pairwise(edges)
    ]


def _novelty(trial: Trial, stretches: Sequence[Judged], table: ir.Table, reading: Reading) -> list[Plain]:
    """Compare the variants in each stretch, and draw a line through the effects."""
    if not stretches:
        return []
    question = Question(
        variant=seeing.VARIANT,
        control=trial.control,
        metrics=tuple(plans.spec_of(one) for one in stretches),
        unit=seeing.UNIT,
    )
    rows = unit_table(table, question, one_row_each=True)
    analysis = _analysis(measure(rows), replace(trial, strata=""), rows.metrics, reading)
    found = []
    for variant in analysis.variants:
        own = [one for one in analysis.comparisons if one.variant == variant]
        points = [_point(one, each) for one, each in zip(own, stretches, strict=True)]
        told = [point for point in points if "effect" in point]
        line: Plain = {"variant": variant, "points": points}
        try:
            course = novelty(
                effects=[point["effect"] for point in told],
                errors=[point["standard_error"] for point in told],
                days=[(point["from_day"] + point["to_day"]) / 2 for point in told],
                alpha=reading.options.alpha,
            )
        except NotEnoughDataError as error:
            line["refused"] = str(error)
        else:
            line |= {
                "course": course.course.value,
                "slope_a_day": course.slope,
                "p_value": course.p_value,
                "at_start": course.at_start,
                "at_end": course.at_end,
            }
        found.append(line)
    return found


def _point(one: Comparison, stretch: Judged) -> Plain:
    day = timedelta(days=1)
    head: Plain = {"from_day": stretch.plan.start / day, "to_day": stretch.plan.end / day}
    if one.fixed is None or one.pair is None:
        return {**head, "refused": one.refused}
    lift = one.fixed.lift
    return {
        **head,
        "effect": one.fixed.difference,
        "standard_error": one.fixed.error,
        "ci_low": one.fixed.low,
        "ci_high": one.fixed.high,
        "relative_lift": lift.lift if lift else None,
        "relative_ci_low": lift.low if lift else None,
        "relative_ci_high": lift.high if lift else None,
        "units": one.pair.control.units + one.pair.treatment.units,
    }


def _interactions(analysis: Analysis, others: Sequence[str], reading: Reading) -> list[Plain]:
    """Ask of each other experiment whether the primary effect differs between its variants."""
    found = [
        _interaction(name, one, reading)
        for name in others
        for one in analysis.segments
        if one.dimension == name and one.comparisons and _is_primary(one)
    ]
    return [one for one in found if one["effects"]]  # where nobody saw both, there is nothing to say


def _is_primary(one: Segments) -> bool:
    return one.comparisons[0][1].metric.role is Role.PRIMARY


def _interaction(name: str, one: Segments, reading: Reading) -> Plain:
    inside = [
        (value, each.fixed) for value, each in one.comparisons if value != OUTSIDE and each.fixed is not None
    ]
    head: Plain = {
        "experiment": name,
        "variant": one.variant,
        "effects": [
            {"with": value, "effect": each.difference, "ci_low": each.low, "ci_high": each.high}
            for value, each in inside
        ],
    }
    if len(inside) < 2:
        return {**head, "refused": "too few units saw both experiments"}
    differs = heterogeneity(
        effects=[each.difference for _, each in inside],
        errors=[each.error for _, each in inside],
        names=[value for value, _ in inside],
        alpha=reading.options.alpha,
    )
    return {**head, "p_value": differs.p_value, "statistic": differs.statistic}


def _digest(measured: Measurement) -> str:
    """Return a digest of the sums that an answer rests on: the same data give the same, in whatever order they lie."""
    said: Plain = {"units": dict(sorted(measured.units.items())), "jumpers": measured.jumpers}
    for metric, samples in sorted(measured.samples.items()):
        for variant, one in sorted(samples.items()):
            if isinstance(one, Moments):
                figures = [*one.means.tolist(), *np.asarray(one.products).ravel().tolist()]
                said[f"{metric}/{variant}"] = [one.count, *(f"{each:.6e}" for each in figures)]
            else:
                said[f"{metric}/{variant}"] = [one.units, f"{one.value:.6e}", f"{one.variance:.6e}"]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


__all__ = ["Found", "SourceError", "Trial", "study"]
