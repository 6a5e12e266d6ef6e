"""Lenses: what a method of scoring asks for, and the scores of many items, drawn together.

A method is a formula over named inputs. `weighted` in a formula stands for the weighted mean of the inputs that have
a weight, each brought to 0 (worst) to 1 (best) of its scale first. What lacks an input, or has an impossible one, gets
no score but a reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.priority import delay, expressions, ranges, scores, weights
from roadbed_engines.priority.ranges import Range

Draws = NDArray[np.float64]
WEIGHTED = "weighted"
RUNS = 10_000
LEAST_RUNS = 1_000
MOST_FIGURES = 20_000_000
"""So many scores are drawn at most: above 2,000 items, runs become fewer."""


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that a method asks of every item.

    `worst` and `best` are the ends of its scale, where it has one; `worst` may be the greater. `weight` above 0 makes
    it a driver of the weighted mean. `least` is a bound that no value lies below, and `divides` says that the value
    must lie above 0.
    """

    name: str
    label: str
    unit: str = ""
    worst: float | None = None
    best: float | None = None
    weight: float = 0.0
    least: float | None = None
    divides: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Method:
    """A named method: its inputs, its formula, and what a benefit and a cost are in it.

    `worth` and `cost` are formulas of what choosing an item gains and takes; learning is valued with them. Without
    them the score itself is the benefit. `delayed` names the input that is a cost of delay: it follows each item's
    profile, and prerequisites inherit it.
    """

    name: str
    title: str
    inputs: tuple[Input, ...]
    formula: str
    worth: str = ""
    cost: str = ""
    delayed: str = ""
    about: str = ""


def _ten(name: str, label: str, hint: str = "") -> Input:
    return Input(name, label, worst=0.0, best=10.0, hint=hint)


_EFFORT = Input("effort", "Effort", unit="person-weeks", least=0.0, divides=True)
METHODS: dict[str, Method] = {
    one.name: one
    for one in (
        Method(
            name="rice",
            title="RICE",
            inputs=(
                Input("reach", "Reach", unit="people a quarter", least=0.0),
                Input(
                    "impact", "Impact", least=0.0, hint="3 massive, 2 high, 1 medium, 0.5 low, 0.25 minimal"
                ),
                Input(
                    "confidence",
                    "Confidence",
                    worst=0.0,
                    best=1.0,
                    hint="leave it at 1 where ranges carry doubt",
                ),
                _EFFORT,
            ),
            formula="reach * impact * confidence / effort",
            worth="reach * impact * confidence",
            cost="effort",
            about="How many people, how much each, how sure, for how much work (Intercom, 2018).",
        ),
        Method(
            name="ice",
            title="ICE",
            inputs=(_ten("impact", "Impact"), _ten("confidence", "Confidence"), _ten("ease", "Ease")),
            formula="impact * confidence * ease",
            about="Three quick ratings from 0 to 10 (Sean Ellis).",
        ),
        Method(
            name="wsjf",
            title="WSJF, by cost of delay",
            inputs=(
                Input("cost_of_delay", "Cost of delay", unit="a week", least=0.0),
                Input("duration", "Duration", unit="weeks", least=0.0, divides=True),
            ),
            formula="cost_of_delay / duration",
            worth="cost_of_delay",
            cost="duration",
            delayed="cost_of_delay",
            about="What a week of waiting costs, per week of work (Smith 1956, Reinertsen 2009).",
        ),
        Method(
            name="safe-wsjf",
            title="WSJF, relative",
            inputs=(
                Input("business_value", "Business value", least=0.0),
                Input("time_criticality", "Time criticality", least=0.0),
                Input("risk_reduction", "Risk reduction", least=0.0),
                Input("size", "Job size", least=0.0, divides=True),
            ),
            formula="(business_value + time_criticality + risk_reduction) / size",
            worth="business_value + time_criticality + risk_reduction",
            cost="size",
            about="SAFe's sum of relative numbers. It is no cost of delay: prefer that where money is known.",
        ),
        Method(
            name="value-effort",
            title="Value over effort",
            inputs=(Input("value", "Value", least=0.0), _EFFORT),
            formula="value / effort",
            worth="value",
            cost="effort",
            about="The plainest of all: what it brings for what it takes.",
        ),
        Method(
            name="opportunity",
            title="Opportunity",
            inputs=(_ten("importance", "Importance"), _ten("satisfaction", "Satisfaction")),
            formula="importance + max(importance - satisfaction, 0)",
            about="Important, and badly served today (Ulwick 2002).",
        ),
        Method(
            name="kano",
            title="Kano",
            inputs=(
                Input("better", "Better with it", worst=0.0, best=1.0),
                Input("worse", "Worse without it", worst=0.0, best=-1.0),
            ),
            formula="better - worse",
            about="What it does for satisfaction when it is there, and when it is not (Berger 1993).",
        ),
        Method(
            name="moscow",
            title="MoSCoW",
            inputs=(
                Input("class", "Class", worst=1.0, best=4.0, hint="4 must, 3 should, 2 could, 1 won’t"),
                _EFFORT,
            ),
            formula="class",
            worth="class",
            cost="effort",
            about="Classes, not scores: what has to be there. Watch the share of effort that the musts take.",
        ),
        Method(
            name="drivers",
            title="Weighted drivers",
            inputs=(
                Input("value", "Customer value", worst=0.0, best=10.0, weight=3.0),
                Input("strategy", "Strategic fit", worst=0.0, best=10.0, weight=2.0),
                Input("risk", "Risk", worst=10.0, best=0.0, weight=1.0),
                _EFFORT,
            ),
            formula="100 * weighted / effort",
            worth="100 * weighted",
            cost="effort",
            about="Your own criteria on their own scales, with weights that you can argue about.",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Item:
    """What is known of one item: its inputs, its profile of delay, and the places of the items it needs first.

    `stream` names the item among the streams of chance: with it, an item scored alone has the draws it has among all.
    """

    values: Mapping[str, Range]
    profile: str = "standard"
    due_in: float = 0.0
    needs: tuple[int, ...] = ()
    stream: int | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The draws of the scores of the items that could be scored, shape (runs, scored), and of all that made them.

    `scored` are the places of these items among those given; `left_out` says of the others what is missing.
    `worth` and `cost` are draws of the benefit and the cost of each.
    """

    method: Method
    scored: tuple[int, ...]
    left_out: Mapping[int, str]
    inputs: Mapping[str, Draws]
    scores: Draws
    worth: Draws
    cost: Draws = field(repr=False)

    @property
    def runs(self) -> int:
        """How many draws there are."""
        return int(self.scores.shape[0])


def check(method: Method) -> None:
    """Refuse a method that cannot be computed.

    Raises
    ------
    ValueError
        If a name is used twice or is no name, a scale has no length, or a formula asks for what is not there.
    """
    names = [one.name for one in method.inputs]
    if not names:
        raise ValueError("a lens has at least one input")
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two inputs are called {name}")
        if not name.isidentifier() or not name.isascii() or name in {WEIGHTED, "and", "or", "not"}:
            raise ValueError(f"{name!r} is no name for an input: use letters, digits and underscores")
    drivers = _drivers(method)
    for role, text in (("formula", method.formula), ("worth", method.worth), ("cost", method.cost)):
        if not text and role != "formula":
            continue
        for name in expressions.read(text).names:
            if name == WEIGHTED and not any(driver.weight for driver in drivers.values()):
                raise ValueError(
                    f"the {role} asks for the weighted mean, but no input has a weight and a scale"
                )
            if name != WEIGHTED and name not in names:
                raise ValueError(
                    f"the {role} asks for {name}, which is no input; there are {', '.join(names)}"
                )
    if method.delayed and method.delayed not in names:
        raise ValueError(f"{method.delayed} is no input")


def _drivers(method: Method) -> dict[str, scores.Driver]:
    found = {}
    for one in method.inputs:
        if one.weight:
            if one.worst is None or one.best is None:
                raise ValueError(f"{one.label} has a weight but no scale: say what is worst and what is best")
            found[one.name] = scores.Driver(one.label, one.weight, one.worst, one.best)
    return found


def runs_for(items: int) -> int:
    """Return how many draws are made for so many items."""
    return max(LEAST_RUNS, min(RUNS, MOST_FIGURES // max(items, 1)))


def evaluate(
    *, method: Method, items: Sequence[Item], runs: int = RUNS, seed: int, wait: float = 4.0
) -> Evaluation:
    """Draw the inputs of all items and score them.

    Parameters
    ----------
    wait : float
        Weeks of waiting over which a profile of delay is averaged.

    Raises
    ------
    ValueError
        If the method is unsound, or items need each other in a circle.
    NotEnoughDataError
        If no item has all inputs.
    """
    check(method)
    problems = {place: why for place, item in enumerate(items) if (why := problem(method, item))}
    scored = tuple(place for place in range(len(items)) if place not in problems)
    if not scored:
        raise NotEnoughDataError("no item has every input of this lens yet")
    own = [items[place].stream for place in scored]
    streams = [place if stream is None else stream for place, stream in zip(scored, own, strict=True)]
    inputs: dict[str, Draws] = {}
    for one in method.inputs:
        given = [items[place].values[one.name] for place in scored]
        drawn = ranges.draw_block(given, runs=runs, seed=seed, name=one.name, streams=streams)
        inputs[one.name] = _kept(one, drawn)
    computed = dict(inputs)
    if method.delayed:
        computed[method.delayed] = _delayed(inputs[method.delayed], items, scored, wait)
    found, worth, cost = compute(method, computed)
    return Evaluation(method, scored, problems, inputs, found, worth, cost)


def compute(method: Method, values: Mapping[str, Draws]) -> tuple[Draws, Draws, Draws]:
    """Return (scores, benefits, costs) of draws of the inputs, of any shape."""
    known: dict[str, expressions.Figures] = dict(values)
    drivers = _drivers(method)
    if drivers:
        known[WEIGHTED] = scores.weighted(values=values, drivers=drivers)
    shape = np.broadcast_shapes(*(np.shape(value) for value in values.values()))

    def at(text: str) -> Draws:
        found = known[text] if text in known else expressions.read(text).compute(known)
        return np.broadcast_to(np.asarray(found, dtype=float), shape)

    found = at(method.formula)
    return (
        found,
        at(method.worth) if method.worth else found,
        at(method.cost) if method.cost else np.ones(shape),
    )


def scores_under_any_weights(evaluation: Evaluation, *, seed: int) -> Draws:
    """Return the scores with other weights in each draw, evenly over all that add up to 1 (SMAA-2).

    Raises
    ------
    NotEnoughDataError
        If the method has fewer than two drivers: there is nothing to weigh.
    """
    drivers = _drivers(evaluation.method)
    if len(drivers) < 2:
        raise NotEnoughDataError("it takes two drivers to weigh one against the other")
    drawn = weights.draw_weights(criteria=len(drivers), runs=evaluation.runs, seed=seed)
    mean: Draws = np.zeros(evaluation.scores.shape)
    for place, (name, driver) in enumerate(drivers.items()):
        share = (evaluation.inputs[name] - driver.worst) / (driver.best - driver.worst)
        mean += drawn[:, place : place + 1] * np.clip(share, 0.0, 1.0)
    known: dict[str, expressions.Figures] = {**evaluation.inputs, WEIGHTED: mean}
    found = expressions.read(evaluation.method.formula).compute(known)
    return np.broadcast_to(np.asarray(found, dtype=float), evaluation.scores.shape)


def problem(method: Method, item: Item) -> str:
    """Return why an item gets no score, or nothing."""
    missing = [one.label.lower() for one in method.inputs if one.name not in item.values]
    if missing:
        *others, last = missing
        return f"no {', '.join(others)} or {last} yet" if others else f"no {last} yet"
    for one in method.inputs:
        value = item.values[one.name]
        if one.divides and value.low <= 0:
            return f"{one.label.lower()} must lie above 0"
        if one.least is not None and value.low < one.least:
            return f"{one.label.lower()} lies below {one.least:g}"
        if one.worst is not None and one.best is not None:
            low, high = sorted((one.worst, one.best))
            if value.low < low or value.high > high:
                return f"{one.label.lower()} lies outside its scale from {low:g} to {high:g}"
    return ""


def _kept(one: Input, drawn: Draws) -> Draws:
    """Keep draws inside what is possible: the tails of a range reach further than its scale does."""
    if one.worst is not None and one.best is not None:
        low, high = sorted((one.worst, one.best))
        return np.clip(drawn, low, high, out=drawn)
    if one.least is not None:
        return np.maximum(drawn, one.least, out=drawn)
    return drawn


def _delayed(drawn: Draws, items: Sequence[Item], scored: tuple[int, ...], wait: float) -> Draws:
    found = drawn.copy()
    for column, place in enumerate(scored):
        item = items[place]
        if item.profile != "standard":
            found[:, column] = delay.cost_a_week(
                profile=item.profile, a_week=drawn[:, column], wait=wait, due_in=item.due_in
            )
    column_of = {place: column for column, place in enumerate(scored)}
    needs = {
        column_of[place]: [column_of[before] for before in items[place].needs if before in column_of]
        for place in scored
        if items[place].needs
    }
    return delay.inherit(costs=found, needs=needs) if needs else found
