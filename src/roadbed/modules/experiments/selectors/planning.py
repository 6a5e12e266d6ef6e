"""How many units an experiment takes, how long that is, and what it could still find: from the metric's own history."""

from __future__ import annotations

import math
from dataclasses import dataclass

from roadbed.modules.experiments.models import Experiment, LookPlan
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats import planning
from roadbed_engines.stats.effects import Plan

WEEKS = (1, 2, 3, 4, 6, 8, 12)
LONGEST_DAYS = 365
"""An experiment that would take longer than a year is not answered by waiting."""


@dataclass(frozen=True, slots=True)
class History:
    """What a metric was before: its value and the deviation of one unit, and how many units come in a day."""

    value: float
    deviation: float
    units: int
    units_a_day: float
    is_share: bool = False
    explained: float = 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """What a duration would find: the smallest lift, as a share of control."""

    weeks: int
    units: int
    lift: float


@dataclass(frozen=True, slots=True)
class PowerPlan:
    """How large and how long. `units` is None where `why` says that no size can be told."""

    history: History | None
    units: int | None = None
    units_control: int = 0
    days: int | None = None
    steps: tuple[Step, ...] = ()
    why: str = ""
    is_impossible: bool = False

    @property
    def weeks(self) -> int | None:
        """How many whole weeks."""
        return None if self.days is None else math.ceil(self.days / 7)


def design_of(experiment: Experiment) -> planning.Design:
    """Return the engine's design: a Bayesian plan is sized as one that may be looked at any time."""
    weights = experiment.shares
    control = float(weights.get(experiment.control) or 1.0)
    treatments = [float(weights[name]) for name in experiment.treatments] or [1.0]
    plan = Plan.FIXED if experiment.plan == LookPlan.FIXED else Plan.SEQUENTIAL
    return planning.Design(
        alpha=experiment.alpha, power=experiment.power, ratio=min(treatments) / control, plan=plan
    )


def power_plan(*, experiment: Experiment, history: History | None) -> PowerPlan:
    """Say how many units, and how long, the smallest effect that matters takes.

    The smallest treatment sets the size: what it finds, the larger ones find too.
    """
    if history is None:
        return PowerPlan(
            None, why="The primary metric has no history yet, so nothing says how long it takes."
        )
    if history.units < 2 or not history.deviation > 0:
        return PowerPlan(
            history,
            why="The primary metric has not varied so far: what never changes cannot be tested.",
            is_impossible=history.units >= 2,
        )
    if history.value == 0:
        return PowerPlan(history, why="The primary metric has been nought, and a lift of nought is nought.")
    design = design_of(experiment)
    if history.explained:
        design = planning.Design(
            alpha=design.alpha, power=design.power, ratio=design.ratio, plan=design.plan,
            explained=history.explained,
        )  # fmt: skip
    treatments = max(1, len(experiment.treatments))
    whole = 1.0 + design.ratio * treatments
    steps = _steps(history, design, whole)
    if experiment.planned_units and experiment.plan == LookPlan.FIXED:
        units = experiment.planned_units
        return PowerPlan(history, units, round(units / whole), _days(units, experiment, history), steps)
    if not experiment.minimum_effect:
        return PowerPlan(history, steps=steps, why="Nobody said yet how small an effect would matter.")
    effect = experiment.minimum_effect * abs(history.value)
    try:
        if history.is_share and 0 < history.value + effect < 1:
            size = planning.size_for_share(
                baseline=history.value, effect=effect, design=design, treatments=treatments
            )
        else:
            size = planning.size_for_mean(
                effect=effect, deviation=history.deviation, design=design, treatments=treatments
            )
    except NotEnoughDataError as error:
        return PowerPlan(history, steps=steps, why=f"{str(error).capitalize()}.", is_impossible=True)
    days = _days(size.total, experiment, history)
    return PowerPlan(history, size.total, size.control, days, steps)


def _days(units: int, experiment: Experiment, history: History) -> int | None:
    try:
        return planning.days_for(
            units=units, units_a_day=history.units_a_day, minimum_days=max(1, experiment.minimum_days)
        )
    except NotEnoughDataError:
        return None


def _steps(history: History, design: planning.Design, whole: float) -> tuple[Step, ...]:
    found = []
    for weeks in WEEKS:
        units = history.units_a_day * 7 * weeks
        control = units / whole
        if control < 2:
            continue
        effect = planning.smallest_effect(deviation=history.deviation, control=control, design=design)
        found.append(Step(weeks=weeks, units=round(units), lift=effect / abs(history.value)))
    return tuple(found)
