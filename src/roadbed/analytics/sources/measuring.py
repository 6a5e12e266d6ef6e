"""From mapped sources to units: what an experiment's analysis begins with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import ibis.expr.types as ir

from roadbed.analytics import exposures as units
from roadbed.analytics.asking import BadQuestionError, MetricSpec, Question
from roadbed.analytics.experiment import Answer, Reading, answer
from roadbed.analytics.numbers import names_of
from roadbed.analytics.sources import plans, trying
from roadbed.analytics.sources.opening import Opened, opened
from roadbed.analytics.sources.places import Exposures, Facts, SourceError
from roadbed.analytics.sources.plans import Judged
from roadbed.analytics.units import unit_table, variants_of


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """The exposed units with a column for each metric; the table lives while the context is open."""

    table: ir.Table
    metrics: tuple[MetricSpec, ...]
    jumpers: int


@dataclass(frozen=True, slots=True)
class Span:
    """Which exposures count (`since` ≤ time < `until`), and until when facts are known."""

    since: datetime | None = None
    until: datetime | None = None
    as_of: datetime | None = None


@contextmanager
def exposed_units(
    *,
    exposures: Exposures,
    experiment: str,
    metrics: Sequence[Judged],
    sources: Mapping[str, Facts],
    span: Span,
) -> Iterator[Units]:
    """Open the sources and make the units of one experiment.

    Parameters
    ----------
    experiment : str
        Its key in the source's column of experiments; not looked at where there is no such column.
    sources : mapping of str to Facts
        By the keys that the metrics' plans call them by.

    Raises
    ------
    SourceError
        If a source cannot be read, or a column is missing.
    """
    with opened([exposures.relation, *(one.relation for one in sources.values())]) as found:
        rows = found[exposures.relation]
        trying.refuse_missing(rows, exposures)
        if exposures.experiment:
            rows = rows.filter(names_of(rows[exposures.experiment]) == experiment)
        columns = units.ExposureSource(
            exposures.unit, exposures.variant, exposures.at, dimensions=exposures.dimensions
        )
        seen = units.first_exposures(rows, columns, since=span.since, until=span.until)
        yield Units(
            table=facts_onto(seen, metrics, sources, found, as_of=span.as_of),
            metrics=tuple(plans.spec_of(one) for one in metrics),
            jumpers=seen.jumpers,
        )


def facts_onto(
    seen: units.Exposed,
    metrics: Sequence[Judged],
    sources: Mapping[str, Facts],
    found: Opened,
    *,
    as_of: datetime | None,
) -> ir.Table:
    """Return units with a column for each metric.

    Raises
    ------
    SourceError
        If a metric needs a source or a column that is not there.
    """
    tables = {}
    for one in metrics:
        for key in one.plan.sources:
            if key not in sources:
                raise SourceError(f"{one.name} reads the fact source {key}, which is not there any more.")
            facts = sources[key]
            rows = found[facts.relation]
            trying.refuse_missing(rows, replace(facts, values=(), filters=()))
            tables[key] = (rows, units.FactSource(facts.unit, facts.at))
    wanted = [fact for one in metrics for fact in plans.facts_of(one.name, one.plan)]
    try:
        return units.unit_facts(seen, wanted, tables, as_of=as_of)
    except BadQuestionError as error:
        raise SourceError(str(error)) from error


def ask(
    made: Units,
    *,
    control: str,
    shares: Mapping[str, float],
    dimensions: Sequence[str] = (),
    reading: Reading,
) -> Answer:
    """Analyse the units of an experiment.

    Raises
    ------
    BadQuestionError
        If no unit saw the control, or nothing stands beside it.
    """
    known = variants_of(made.table, units.VARIANT)
    if control not in known:
        there = ", ".join(known) or "no exposures at all"
        raise BadQuestionError(f"No unit was shown {control}. There are: {there}.")
    question = Question(
        variant=units.VARIANT,
        control=control,
        metrics=made.metrics,
        unit=units.UNIT,
        dimensions=tuple(dimensions),
        shares={name: shares.get(name, 0.0) for name in known} if shares else {},
    )
    rows = unit_table(made.table, question, one_row_each=True)
    rows = replace(rows, counts=replace(rows.counts, jumpers=made.jumpers))
    return answer(rows, question, known, reading)
