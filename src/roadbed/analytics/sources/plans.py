"""A metric's definition: read from plain data, checked, and turned into facts of units and a metric over them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from roadbed.analytics.asking import BadQuestionError, MetricSpec, Winsorise
from roadbed.analytics.exposures import Fact, Filter, Funnel, How, Is
from roadbed_engines.stats.effects import Direction
from roadbed_engines.stats.readout import Kind, Role

HOUR = timedelta(hours=1)
WINDOW_HOURS = 7 * 24
MOST_HOURS = 366 * 24
MOST_STEPS = 10
MOST_FILTERS = 10
AMOUNTS = (How.SUM, How.MEAN, How.MAX, How.COUNT, How.DISTINCT)
WAYS: dict[Kind, tuple[How, ...]] = {
    Kind.PROPORTION: (How.ANY,),
    Kind.RETENTION: (How.ANY,),
    Kind.MEAN: (How.SUM, How.MEAN, How.MAX),
    Kind.COUNT: (How.COUNT, How.DISTINCT),
    Kind.RATIO: AMOUNTS,
    Kind.QUANTILE: (How.SUM, How.MEAN, How.MAX),
}
"""How the facts of a unit become a number, by kind; the first is taken where nothing is said."""
WITH_HISTORY = {Kind.PROPORTION, Kind.MEAN, Kind.COUNT, Kind.RATIO}
"""Kinds that what units did before can make more precise."""
WITH_LIMITS = {Kind.MEAN, Kind.COUNT, Kind.RATIO}
KNOWN = frozenset(
    {"facts", "per", "steps", "from_hours", "to_hours", "level", "winsorise", "before_days", "population"}
)


class PlanError(ValueError):
    """The definition cannot be used.

    Attributes
    ----------
    field : str
        Where in the definition.
    """

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Part:
    """Facts that are put together: which source, how, over which column, and which of them count."""

    source: str
    how: How
    column: str = ""
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A definition that was read.

    `facts` is the numerator of a ratio and `per` its denominator. A funnel has `steps`, each a list of filters over the
    source of `facts`. `population` names the fact source whose units count in histories; in an experiment those count
    that were exposed.
    """

    kind: Kind
    facts: Part
    per: Part | None = None
    steps: tuple[tuple[Filter, ...], ...] = ()
    start: timedelta = timedelta(0)
    end: timedelta = WINDOW_HOURS * HOUR
    level: float = 0.0
    winsorise: Winsorise | None = None
    before_days: int = 0
    population: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """The fact sources that it reads, once each."""
        found = [self.facts.source, *([self.per.source] if self.per else [])]
        return tuple(dict.fromkeys(found))

    @property
    def whose(self) -> str:
        """The fact source whose units its history is told of."""
        return self.population or self.facts.source


@dataclass(frozen=True, slots=True)
class Judged:
    """A metric in an experiment: its plan, and what it is there for."""

    name: str
    plan: Plan
    role: Role = Role.SECONDARY
    wanted: Direction = Direction.UP
    margin: float = 0.0
    matters: float = 0.0


def read(kind: str, given: Mapping[str, Any]) -> Plan:
    """Return the plan that a definition means.

    Raises
    ------
    PlanError
        If it cannot be used; the first thing that is wrong, and where.
    """
    if kind not in set(Kind):
        raise PlanError("kind", f"“{kind}” is no kind of metric. There are: {', '.join(Kind)}.")
    if not isinstance(given, Mapping):
        raise PlanError("", "A definition is an object.")
    if unknown := sorted(set(map(str, given)) - KNOWN):
        raise PlanError(unknown[0][:60], f"There is nothing called “{unknown[0][:60]}” in a definition.")
    which = Kind(kind)
    steps = _steps(given.get("steps"), which)
    facts = (
        Part(_source(given.get("facts"), "facts"), How.ANY)
        if which is Kind.FUNNEL
        else _part(given.get("facts"), "facts", WAYS[which])
    )
    start = _hours(given.get("from_hours", 0), "from_hours", least=0)
    end = _hours(given.get("to_hours", WINDOW_HOURS), "to_hours", least=0)
    if end <= start:
        raise PlanError("to_hours", "The window ends before it begins.")
    if which is Kind.RETENTION and not start:
        raise PlanError(
            "from_hours", "Retention asks who came back later: begin the window after some hours."
        )
    if which is Kind.FUNNEL and start:
        raise PlanError("from_hours", "A funnel begins at the exposure.")
    if which is Kind.FUNNEL:
        _only(given["facts"], {"source"}, "facts")
    if which is not Kind.RATIO:
        _none(given, "per", which)
    return Plan(
        kind=which,
        facts=facts,
        per=_part(given.get("per"), "per", AMOUNTS) if which is Kind.RATIO else None,
        steps=steps,
        start=start,
        end=end,
        level=_level(given, which),
        winsorise=_winsorise(given, which),
        before_days=_before(given, which),
        population=_text(given.get("population", ""), "population", longest=40),
    )


def _none(given: Mapping[str, Any], field: str, kind: Kind) -> None:
    if given.get(field):
        raise PlanError(field, f"A {kind.value} takes no “{field}”.")


def _text(value: Any, field: str, *, longest: int = 120) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest or "\x00" in value:
        raise PlanError(field, f"“{field}” is no short text.")
    return value.strip()


def _source(given: Any, field: str) -> str:
    if not isinstance(given, Mapping):
        raise PlanError(field, f"“{field}” names a fact source and how its facts are put together.")
    source = _text(given.get("source"), f"{field}.source", longest=40)
    if not source:
        raise PlanError(f"{field}.source", "A fact source is wanted.")
    return source


def _only(given: Mapping[str, Any], known: set[str], field: str) -> None:
    if unknown := sorted(set(map(str, given)) - known):
        raise PlanError(f"{field}.{unknown[0][:60]}", f"There is nothing called “{unknown[0][:60]}” here.")


def _part(given: Any, field: str, ways: Sequence[How]) -> Part:
    source = _source(given, field)
    _only(given, {"source", "how", "column", "filters"}, field)
    said = given.get("how") or ways[0].value
    if said not in {way.value for way in ways}:
        raise PlanError(
            f"{field}.how", f"It is put together by one of: {', '.join(way.value for way in ways)}."
        )
    how = How(said)
    column = _text(given.get("column"), f"{field}.column")
    if how not in {How.COUNT, How.ANY} and not column:
        raise PlanError(f"{field}.column", f"To take the {how.value} a column is wanted.")
    return Part(source, how, column, _filters(given.get("filters"), f"{field}.filters"))


def _filters(given: Any, field: str) -> tuple[Filter, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > MOST_FILTERS:
        raise PlanError(field, f"Filters are a list of at most {MOST_FILTERS}.")
    return tuple(_filter(each, f"{field}.{at}") for at, each in enumerate(given))


def _filter(given: Any, field: str) -> Filter:
    if not isinstance(given, Mapping):
        raise PlanError(field, "A filter names a column, how it is compared, and with what.")
    column = _text(given.get("column"), f"{field}.column")
    if not column:
        raise PlanError(f"{field}.column", "A filter names a column.")
    compared = given.get("compared", Is.EQUAL.value)
    if compared not in set(Is):
        raise PlanError(f"{field}.compared", f"A column is compared by one of: {' '.join(Is)}.")
    value = given.get("value")
    values = value if compared == Is.ONE_OF else [value]
    if not isinstance(values, list) or not values or len(values) > 200:
        raise PlanError(f"{field}.value", "“in” takes a list of values.")
    for one in values:
        if isinstance(one, str) and len(one) <= 500 and "\x00" not in one:
            continue
        if isinstance(one, bool | int | float) and math.isfinite(one) and abs(one) < 1e15:
            continue
        raise PlanError(f"{field}.value", "A column is compared with a text, a number, or yes and no.")
    _only(given, {"column", "compared", "value"}, field)
    return Filter(column, Is(compared), value)


def _steps(given: Any, kind: Kind) -> tuple[tuple[Filter, ...], ...]:
    if kind is not Kind.FUNNEL:
        if given:
            raise PlanError("steps", f"A {kind.value} takes no steps.")
        return ()
    if not isinstance(given, list) or not 2 <= len(given) <= MOST_STEPS:
        raise PlanError("steps", f"A funnel has from 2 to {MOST_STEPS} steps.")
    found = tuple(_filters(each, f"steps.{at}") for at, each in enumerate(given))
    for at, step in enumerate(found):
        if not step:
            raise PlanError(f"steps.{at}", f"Step {at + 1} says nothing: a filter is wanted.")
    return found


def _number(value: Any, field: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise PlanError(field, f"“{field}” is no number.")
    return float(value)


def _hours(value: Any, field: str, *, least: float) -> timedelta:
    hours = _number(value, field)
    if not least <= hours <= MOST_HOURS:
        raise PlanError(field, f"“{field}” lies between {least:g} and {MOST_HOURS:,} hours.")
    return hours * HOUR


def _level(given: Mapping[str, Any], kind: Kind) -> float:
    if kind is not Kind.QUANTILE:
        _none(given, "level", kind)
        return 0.0
    level = _number(given.get("level", 0.5), "level")
    if not 0.001 <= level <= 0.999:
        raise PlanError("level", "A quantile takes a level between 0 and 1, such as 0.9.")
    return level


def _winsorise(given: Mapping[str, Any], kind: Kind) -> Winsorise | None:
    said = given.get("winsorise")
    if not said:
        return None
    if kind not in WITH_LIMITS:
        raise PlanError("winsorise", f"A {kind.value} cannot be winsorised.")
    if not isinstance(said, Mapping):
        raise PlanError("winsorise", "Winsorising takes “lower” and “upper”.")
    _only(said, {"lower", "upper", "ignore_zeros"}, "winsorise")
    if not isinstance(said.get("ignore_zeros", False), bool):
        raise PlanError("winsorise.ignore_zeros", "“ignore_zeros” is yes or no.")
    lower = _number(said.get("lower", 0.0), "winsorise.lower")
    upper = _number(said.get("upper", 1.0), "winsorise.upper")
    try:
        return Winsorise(lower, upper, ignore_zeros=bool(said.get("ignore_zeros")))
    except BadQuestionError as error:
        raise PlanError("winsorise", f"{error}.") from error


def _before(given: Mapping[str, Any], kind: Kind) -> int:
    days = _number(given.get("before_days") or 0, "before_days")
    if days and kind not in WITH_HISTORY:
        raise PlanError("before_days", f"A {kind.value} is not adjusted by the time before.")
    if not 0 <= days <= 90 or days != int(days):
        raise PlanError("before_days", "“before_days” is a whole number from 0 to 90.")
    return int(days)


def facts_of(name: str, plan: Plan) -> list[Fact | Funnel]:
    """Return the columns of the unit table that the metric takes, and those of the time before."""
    if plan.kind is Kind.FUNNEL:
        return [Funnel(name, plan.facts.source, plan.steps, end=plan.end)]
    found: list[Fact | Funnel] = []
    for label, part in _parts(name, plan):
        found.append(_fact(label, part, plan.start, plan.end))
        if plan.before_days:
            found.append(_fact(f"{label} before", part, -plan.before_days * 24 * HOUR, timedelta(0)))
    return found


def _parts(name: str, plan: Plan) -> list[tuple[str, Part]]:
    return [(name, plan.facts), *([(f"{name} per", plan.per)] if plan.per else [])]


def _fact(name: str, part: Part, start: timedelta, end: timedelta) -> Fact:
    return Fact(name, part.source, part.how, column=part.column, start=start, end=end, filters=part.filters)


def spec_of(judged: Judged) -> MetricSpec:
    """Return the metric over the columns that `facts_of` makes."""
    plan, name = judged.plan, judged.name
    if plan.kind is Kind.FUNNEL:
        columns = tuple(f"{name} {at + 1}" for at in range(len(plan.steps)))
    else:
        columns = tuple(label for label, _ in _parts(name, plan))
    return MetricSpec(
        name=name,
        kind=plan.kind,
        columns=columns,
        covariates=(tuple(f"{one} before" for one in columns),) if plan.before_days else (),
        role=judged.role,
        wanted=judged.wanted,
        margin=judged.margin,
        matters=judged.matters,
        level=plan.level,
        winsorise=plan.winsorise,
    )
