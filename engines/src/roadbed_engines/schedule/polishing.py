"""The exact solver after value: it orders a plan, or a stretch of one, so that what waits costs least.

It sees days on which somebody works, one after the other; what an absence costs inside of a piece of work it takes
too lightly. So its plans are orders that the decoder puts in time, kept where the decoder finds them better; and its
bound, since it is that of an easier plan, holds for the plan itself. It lives in a process of its own and dies there.
This file is what that process loads, so it asks for no compiler.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Collection
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from roadbed_engines.schedule.children import Child
from roadbed_engines.schedule.proving import NICENESS, WORKERS

FINE = 100
"""Costs and days are handed over as whole numbers of hundredths."""
FINISH_FINISH, START_FINISH = 2, 3


@dataclass(slots=True)
class Task:
    """What the child is told: plain lists by the place in `ids`, in working days."""

    ids: list[int]
    sizes: list[int]
    longest: list[int]
    """The working days from start to finish at least, and at most where absences fall into them."""
    low: list[int]
    high: list[int]
    needs: list[list[tuple[int, int]]]
    capacity: list[int]
    taken: list[list[tuple[int, int, int]]]
    """Of each pool, what it lacks of its capacity: from, until, so much."""
    waits: list[tuple[int, int, int, int]]
    slope: int
    base: list[int]
    """A finish on working day c is on day (base + slope * c) / FINE at the earliest."""
    day_of: list[int]
    """The day of a finish on each working day, where there are few enough to be told one by one."""
    value: list[int]
    late: list[int]
    due: list[int]
    scale: float = 1.0
    sure: float = 0.0
    """What those cost of which the child knows nothing."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A plan to begin with; the places of what may move (None: all), and how long.

    Read off the calendar (`is_exact`), a finish is on its own day; along the line under it there is less to decide.
    """

    starts: list[int]
    moving: list[int] | None
    seconds: float
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """What the child has found: starts in working days, a cost that cannot be beaten, or that this ask is over."""

    starts: tuple[int, ...] = ()
    bound: float = 0.0
    is_over: bool = False
    is_dead: bool = False


class Polisher:
    """A child that orders, as often as it is asked."""

    def __init__(self, *, seed: int, workers: int = WORKERS) -> None:
        self._child = Child(_work, seed, workers)

    def tell(self, task: Task) -> None:
        """Hand over the plan."""
        self._child.send(task)

    def ask(
        self,
        *,
        starts: list[int],
        moving: Collection[int] | None,
        seconds: float,
        is_exact: bool = False,
    ) -> None:
        """Ask for a better order, beginning with this plan."""
        self._child.send(Ask(starts, None if moving is None else sorted(moving), seconds, is_exact))

    def news(self, *, within: float) -> list[News]:
        """Return what has been found since the last time, waiting so many seconds for it at most."""
        found: list[News]
        found, is_dead = self._child.received(within=within)
        return [*found, News(is_over=True, is_dead=True)] if is_dead else found

    def stop(self) -> None:
        """End the child, now."""
        self._child.stop()


def _work(pipe: Connection, seed: int, workers: int) -> None:
    """Be the child: load the solver, and better the plans one is given."""
    from ortools.sat.python import cp_model

    with contextlib.suppress(OSError):
        # After loading: that takes a second, and the time is short.
        os.nice(NICENESS)
    task: Task | None = None
    # What the line has shown holds for the calendar too, in the solver's own whole numbers.
    least = 0.0
    while True:
        try:
            said = pipe.recv()
        except (EOFError, OSError):
            return
        if isinstance(said, Task):
            task, least = said, 0.0
        elif task is not None:
            try:
                least = max(least, _answer(cp_model, pipe, task, said, seed, workers, least=least))
            except OSError:
                return


def _answer(
    cp_model: Any, pipe: Connection, task: Task, ask: Ask, seed: int, workers: int, *, least: float
) -> float:
    """Look for a better order, and return what is proven of the cost, in the solver's numbers."""
    model, variables = _model(cp_model, task, ask, least=least)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = seed
    solver.parameters.max_time_in_seconds = ask.seconds
    is_whole = ask.moving is None

    def cost(found: float) -> float:
        return found / (FINE * task.scale) + task.sure

    if is_whole:
        solver.best_bound_callback = lambda found: pipe.send(News(bound=cost(found)))

    class Tell(cp_model.CpSolverSolutionCallback):  # type: ignore[misc]  # the solver is loaded late, so untyped
        def on_solution_callback(self) -> None:
            pipe.send(News(starts=tuple(self.value(variable) for variable in variables)))

    status = solver.solve(model, Tell())
    is_known = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    pipe.send(
        News(
            starts=tuple(solver.value(variable) for variable in variables) if is_known else (),
            bound=cost(solver.best_objective_bound) if is_whole and is_known else 0.0,
            is_over=True,
        )
    )
    return float(solver.best_objective_bound) if is_whole and is_known else 0.0


def _model(cp_model: Any, task: Task, ask: Ask, *, least: float = 0.0) -> tuple[Any, list[Any]]:
    model = cp_model.CpModel()
    moving = set(range(len(task.ids)) if ask.moving is None else ask.moving)
    variables = []
    for place, (low, high) in enumerate(zip(task.low, task.high, strict=True)):
        here = ask.starts[place]
        ends = (min(low, here), max(high, here)) if place in moving else (here, here)
        variables.append(model.new_int_var(*ends, f"s{place}"))
    intervals = [
        model.new_fixed_size_interval_var(variable, days, f"i{place}")
        for place, (variable, days) in enumerate(zip(variables, task.sizes, strict=True))
    ]
    for pool, capacity in enumerate(task.capacity):
        users = [
            (intervals[place], amount)
            for place, needs in enumerate(task.needs)
            for needed, amount in needs
            if needed == pool and task.sizes[place]
        ]
        if sum(amount for _, amount in users) <= capacity and not task.taken[pool]:
            continue
        blocks = [
            (model.new_fixed_size_interval_var(begin, end - begin, f"b{pool}-{begin}"), lack)
            for begin, end, lack in task.taken[pool]
        ]
        if users:
            both = users + blocks
            model.add_cumulative([one[0] for one in both], [one[1] for one in both], capacity)
    for one, other, kind, lag in task.waits:
        from_end = kind in (0, FINISH_FINISH)
        to_end = kind in (FINISH_FINISH, START_FINISH)
        before = variables[one] + (task.sizes[one] if from_end else 0)
        after = variables[other] + (task.longest[other] if to_end else 0)
        model.add(after >= before + lag)
    parts = []
    for place, variable in enumerate(variables):
        finish = task.slope * (variable + task.sizes[place]) + task.base[place]
        if ask.is_exact and task.day_of and (task.value[place] or task.late[place]):
            finish = _exact(model, task, place, variable, ask.starts[place], finish)
        if task.value[place]:
            parts.append(task.value[place] * finish)
        if task.late[place]:
            promised = FINE * task.due[place]
            latest = 2 * task.slope * (max(task.high[place], ask.starts[place]) + task.sizes[place] + 7)
            over = model.new_int_var(0, max(0, latest + abs(task.base[place]) - promised), f"t{place}")
            model.add(over >= finish - promised)
            parts.append(task.late[place] * over)
    if ask.moving is None and ask.is_exact and least > 0:
        model.add(sum(parts) >= math.floor(least))
    model.minimize(sum(parts))
    for variable, start in zip(variables, ask.starts, strict=True):
        model.add_hint(variable, start)
    return model, variables


def _exact(model: Any, task: Task, place: int, variable: Any, start: int, line: Any) -> Any:
    """Return the finish in hundredths of days, read off the calendar, and never under the line."""
    low, high = min(task.low[place], start), max(task.high[place], start)
    days = task.day_of[low + task.sizes[place] : high + task.sizes[place] + 1]
    if len(days) <= high - low:
        return line
    finish = model.new_int_var(min(days), max(days), f"f{place}")
    model.add_element(variable - low, days, finish)
    model.add(FINE * finish >= line)
    model.add_hint(finish, days[start - low])
    return FINE * finish
