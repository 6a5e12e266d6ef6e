"""The exact solver in a process of its own: it polishes what the search found, and proves what cannot be beaten.

The process is killed when its time is up, whatever it does then: the solver's own limit is not always kept
(or-tools #4882, #5163). It always starts from a schedule that is already good.

References
----------
.. [1] L. Perron, F. Didier, CP-SAT, https://developers.google.com/optimization/cp/cp_solver
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from roadbed_engines.schedule.arrays import Problem
from roadbed_engines.schedule.children import Child

WORKERS = 8
"""Even on two cores: the workers are different methods, and fewer of them prove less."""
NICENESS = 5


@dataclass(slots=True)
class Task:
    """What the child is told: plain lists, since it knows nothing of plans."""

    durations: list[int]
    needs: list[list[tuple[int, int]]]
    capacity: list[int]
    waits: list[tuple[int, int, int, int]]
    earliest: list[int]
    missing: list[list[tuple[int, int, int]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class News:
    """What the child has found: a bound, a schedule, or that there is no better one."""

    bound: int = 0
    starts: tuple[int, ...] = ()
    is_over: bool = False


def can_model(problem: Problem) -> bool:
    """Whether the exact solver means the same by the plan as the decoder does."""
    return problem.is_plain


def task_of(problem: Problem) -> Task:
    """Write a plain problem down for the child."""
    a = problem.arrays
    count = len(a.earliest)
    needs = [
        [(int(a.need_pool[k]), int(a.need_amount[k])) for k in range(a.need_first[j], a.need_first[j + 1])]
        for j in range(count)
    ]
    waits = [
        (int(a.before[k]), j, int(a.relation[k]), int(a.lag[k]))
        for j in range(count)
        for k in range(a.before_first[j], a.before_first[j + 1])
    ]
    return Task(
        durations=problem.duration.tolist(),
        needs=needs,
        capacity=a.capacity[:, 0].tolist() if a.capacity.size else [],
        waits=waits,
        earliest=a.earliest.tolist(),
    )


class Prover:
    """A child that proves, from `start` until `stop`."""

    def __init__(self, problem: Problem, *, seed: int, workers: int = WORKERS) -> None:
        self._child = Child(_work, task_of(problem), seed, workers)

    def begin(self, *, starts: list[int], bound: int, seconds: float) -> None:
        """Hand over the schedule to begin with."""
        if not self._child.send((starts, bound, seconds)):
            self.stop()

    def news(self) -> list[News]:
        """Return what has been found since the last time; the end of the child is the last of its news."""
        found: list[News]
        found, is_dead = self._child.received()
        return [*found, News(is_over=True)] if is_dead else found

    def stop(self) -> None:
        """End the child, now."""
        self._child.stop()


def _work(pipe: Connection, task: Task, seed: int, workers: int) -> None:
    """Be the child: load the solver, wait for a schedule, better it."""
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    from ortools.sat.python import cp_model

    try:
        starts, bound, seconds = pipe.recv()
    except EOFError:
        return
    model, variables = _model(cp_model, task, starts, bound)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = seed
    solver.parameters.max_time_in_seconds = seconds
    solver.best_bound_callback = lambda found: pipe.send(News(bound=int(found + 0.999)))

    class Tell(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            pipe.send(News(starts=tuple(self.value(variable) for variable in variables)))

    status = solver.solve(model, Tell())
    try:
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            pipe.send(News(starts=tuple(solver.value(variable) for variable in variables)))
        proven = status in (cp_model.OPTIMAL, cp_model.INFEASIBLE)
        pipe.send(News(bound=int(solver.best_objective_bound + 0.999) if proven else 0, is_over=True))
    except OSError:
        return


def _model(cp_model: Any, task: Task, starts: list[int], bound: int) -> tuple[Any, list[Any]]:
    model = cp_model.CpModel()
    last = max(start + days for start, days in zip(starts, task.durations, strict=True))
    variables = [
        model.new_int_var(early, last - days, f"s{j}")
        for j, (early, days) in enumerate(zip(task.earliest, task.durations, strict=True))
    ]
    intervals = [
        model.new_fixed_size_interval_var(variable, days, f"i{j}")
        for j, (variable, days) in enumerate(zip(variables, task.durations, strict=True))
    ]
    for pool, capacity in enumerate(task.capacity):
        users = [
            (intervals[j], amount)
            for j, needs in enumerate(task.needs)
            for needed, amount in needs
            if needed == pool and task.durations[j]
        ]
        if sum(amount for _, amount in users) > capacity:
            model.add_cumulative([user[0] for user in users], [user[1] for user in users], capacity)
    for one, other, _kind, lag in task.waits:
        model.add(variables[other] >= variables[one] + task.durations[one] + lag)
    makespan = model.new_int_var(bound, last, "makespan")
    for variable, days in zip(variables, task.durations, strict=True):
        model.add(makespan >= variable + days)
    model.minimize(makespan)
    for variable, start in zip(variables, starts, strict=True):
        model.add_hint(variable, start)
    model.add_hint(makespan, last)
    return model, variables
