"""An experiment from a table to its analysis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import ibis.expr.types as ir

from roadbed.analytics import measuring, quantiles
from roadbed.analytics.asking import BadQuestionError, Question
from roadbed.analytics.units import UnitTable, check_columns, unit_table, variants_of
from roadbed_engines.stats import health
from roadbed_engines.stats.analysis import Analysis, Measurement, analyse, state_of
from roadbed_engines.stats.analysis import with_state as analysis_with_state
from roadbed_engines.stats.decision import State
from roadbed_engines.stats.effects import Plan
from roadbed_engines.stats.moments import Moments
from roadbed_engines.stats.multiplicity import Correction
from roadbed_engines.stats.readout import OPTIONS, Options, Sample


@dataclass(frozen=True, slots=True)
class Reading:
    """How the measurement is read: see `roadbed_engines.stats.analysis.analyse`."""

    options: Options = OPTIONS
    correction: Correction = Correction.PREFERENTIAL
    state: State | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """The analysis, and the units that it rests on."""

    question: Question
    units: UnitTable
    measurement: Measurement
    analysis: Analysis
    variants: tuple[str, ...] = field(default=())


def ask(table: ir.Table, question: Question, reading: Reading = Reading()) -> Answer:
    """Analyse a table of rows as they come.

    Raises
    ------
    BadQuestionError
        If a column, the control or a planned share is missing.
    """
    check_columns(table, question)
    known = variants_of(table, question.variant)
    question = _resolved(question, known)
    units = unit_table(table, question)
    return answer(units, question, tuple(known), reading)


def answer(units: UnitTable, question: Question, variants: Iterable[str], reading: Reading) -> Answer:
    """Analyse a table of units."""
    measurement = measure(units)
    others = tuple(name for name in variants if name != question.control)
    if not others:
        raise BadQuestionError(f"There is no variant beside {question.control}, so nothing to compare.")
    return Answer(
        question=question,
        units=units,
        measurement=measurement,
        analysis=analyse(
            measurement=measurement,
            metrics=units.metrics,
            control=question.control,
            variants=others,
            shares=question.shares or None,
            options=reading.options,
            correction=reading.correction,
            state=reading.state,
        ),
        variants=(question.control, *others),
    )


def _resolved(question: Question, known: Mapping[str, int]) -> Question:
    """Find the names of variants whatever their case."""
    if not question.control.strip():
        raise BadQuestionError(
            f"Say which variant is control, with --control. There are: {', '.join(known)}."
        )
    shares = {_match(name, known, question.variant): share for name, share in question.shares.items()}
    missing = [name for name in known if shares and name not in shares]
    if missing:
        raise BadQuestionError(f"There is no expected share for {', '.join(missing)}.")
    return replace(question, control=_match(question.control, known, question.variant), shares=shares)


def _match(name: str, known: Mapping[str, int], column: str) -> str:
    if name in known:
        return name
    near = [one for one in known if one.casefold() == name.strip().casefold()]
    if not near:
        near = [one for one in known if _is_same_number(one, name)]
    if len(near) == 1:
        return near[0]
    raise BadQuestionError(f"No row has {name} in {column}. There are: {', '.join(known)}.")


def _is_same_number(one: str, name: str) -> bool:
    """Whether two names are one number, such as 0 and 0.0."""
    try:
        return float(one) == float(name)
    except ValueError:
        return False


def measure(units: UnitTable) -> Measurement:
    """Sum up a table of units, one pass a dimension."""
    by_dimension = {
        name: measuring.largest(measuring.sums(units, by=[short])) for name, short in units.dimensions.items()
    }
    whole = measuring.together(next(iter(by_dimension.values()))) if by_dimension else measuring.sums(units)
    counted = {key[0]: count for key, count in whole.units.items()}
    samples: dict[str, Mapping[str, Sample]] = {
        metric: {key[0]: one for key, one in found.items()} for metric, found in whole.moments.items()
    }
    missing = {
        metric: {name: counted[name] - (found[name].count if name in found else 0) for name in counted}
        for metric, found in _moments_only(whole)
    }
    segments: dict[str, dict[str, dict[str, dict[str, Sample]]]] = {}
    segment_units: dict[str, dict[str, dict[str, int]]] = {}
    for dimension, found in by_dimension.items():
        segment_units[dimension] = {}
        for (variant, value), count in sorted(found.units.items()):
            segment_units[dimension].setdefault(value, {})[variant] = count
        segments[dimension] = {}
        for metric, by_key in found.moments.items():
            values: dict[str, dict[str, Sample]] = {value: {} for value in segment_units[dimension]}
            for (variant, value), one in by_key.items():
                values[value][variant] = one
            segments[dimension][metric] = values
    quantile_samples, refused = quantiles.samples(units, tuple(counted))
    return Measurement(
        units=counted,
        samples={**samples, **quantile_samples},
        segments=segments,
        segment_units=segment_units,
        jumpers=units.counts.jumpers,
        missing={name: gone for name, gone in missing.items() if any(gone.values())},
        refused=refused,
        notes=_notes(units),
    )


def _moments_only(whole: measuring.Sums) -> Iterable[tuple[str, dict[str, Moments]]]:
    for metric, found in whole.moments.items():
        yield metric, {key[0]: one for key, one in found.items()}


def _notes(units: UnitTable) -> list[health.Check]:
    found = []
    counts = units.counts
    if counts.repeated:
        said = (
            f"{counts.repeated:,} of {counts.rows:,} rows repeat a unit: its numbers are added up, a yes stays a yes,"
            " and covariates are averaged."
        )
        found.append(health.Check("repeated units", health.Level.WARNING, said))
    for count, what in ((counts.without_variant, "variant"), (counts.without_unit, "unit")):
        if count:
            said = f"{count:,} of {counts.rows:,} rows have no {what}, and are left out."
            found.append(health.Check(f"rows without {what}", health.Level.WARNING, said))
    for one in units.unread:
        said = (
            f"{one.column}: {one.cells:,} of {one.rows:,} cells are no number (such as “{one.example}”), and count as"
            " missing."
        )
        found.append(health.Check("unreadable cells", health.Level.WARNING, said))
    return found


def with_state(
    answer: Answer,
    *,
    planned: int = 0,
    days: float = 0.0,
    minimum_days: float = 0.0,
    power: float = 0.8,
    by_belief: bool = False,
    is_over: bool = False,
) -> Answer:
    """Return the answer with the recommendation that fits how far the experiment has come.

    Where it is over, waiting tells nothing more: what is not clear then is for a person to weigh. A fixed plan that was
    stopped early stays unread.
    """
    state = state_of(answer.analysis, planned=planned, days=days, minimum_days=minimum_days, power=power)
    if is_over and state.is_complete is False and state.plan is not Plan.FIXED:
        state = State(plan=state.plan)
    return replace(answer, analysis=analysis_with_state(answer.analysis, state, by_belief=by_belief))
