"""The best portfolio, with a proof, in a process of its own which is killed when its time is over.

Solvers never run in the caller's process: they are fast, native, and deaf to interruption. HiGHS goes first, since the
relaxed problem is nearly tight and branch and bound then proves within seconds; what it leaves open CP-SAT takes on,
from the best choice so far. The greedy choice is there whatever happens to either.
"""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from roadbed_engines.priority import greedy, portfolio, reasons
from roadbed_engines.priority.portfolio import Candidate, ImpossibleError, Portfolio, Problem

FIRST = 0.65
"""The share of the time that branch and bound gets before constraint programming takes over."""
STEPS = 1_000
"""So finely efforts and values are told apart where a solver takes whole numbers only."""
GRACE = 5.0
"""Seconds beyond its own limit after which the child is killed: it loads large libraries first."""
OPTIMAL, FEASIBLE, IMPOSSIBLE = "optimal", "feasible", "impossible"


@dataclass(frozen=True, slots=True)
class Row:
    """A rule: the sum of coefficients × variables lies between `low` and `high`."""

    places: tuple[int, ...]
    coefficients: tuple[float, ...]
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a solver found: which variables are 1, and the bound it has proven."""

    status: str
    chosen: tuple[int, ...] = ()
    bound: float = math.inf


def optimise(problem: Problem, *, seconds: float = 10.0, workers: int = 8, seed: int = 1) -> Portfolio:
    """Return the choice that is worth most, or the best found in the time, with the bound that it is proven within.

    Raises
    ------
    ImpossibleError
        If no choice keeps the musts, the alternatives and the targets within the capacity.
    """
    portfolio.check(problem)
    start = _greedy(problem)
    hint = _places(problem, start) if start else ()
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(sending, problem, hint, seconds, workers, seed))
    child.start()
    sending.close()
    answer: Answer | None = None
    try:
        wait = seconds + GRACE
        while receiving.poll(wait):
            answer = receiving.recv()
            if answer.status != FEASIBLE:
                break
            wait = seconds * (1 - FIRST) + GRACE
    except EOFError:
        pass
    finally:
        receiving.close()
        child.kill()
        child.join()
    return _read(problem, start, answer)


def _greedy(problem: Problem) -> Portfolio | None:
    """Return the greedy choice, if it keeps the targets: it knows nothing of a least share."""
    try:
        found = greedy.choose(problem)
    except ImpossibleError:
        return None
    return None if any(one.off for one in portfolio.allocations(problem, found.chosen)) else found


def _places(problem: Problem, found: Portfolio) -> tuple[int, ...]:
    return tuple(
        place * problem.periods + found.chosen[one.key]
        for place, one in enumerate(problem.candidates)
        if one.key in found.chosen
    )


def _read(problem: Problem, start: Portfolio | None, answer: Answer | None) -> Portfolio:
    if answer is not None and answer.status == IMPOSSIBLE:
        raise ImpossibleError(
            "no choice keeps the musts, the alternatives and the targets within the capacity"
        )
    if answer is None:
        if start is None:
            raise ImpossibleError(
                "no choice that keeps every rule was found in the time: give it longer, or ask less"
            )
        return start
    by_key = {one.key: one for one in problem.candidates}
    every = {problem.candidates[at // problem.periods].key: at % problem.periods for at in answer.chosen}
    chosen = _without_idle(every, by_key)
    value = sum(by_key[key].value * problem.fade**period for key, period in chosen.items())
    if start is not None and start.value > value * (1 + 1e-9) and answer.status != OPTIMAL:
        return replace(start, status=FEASIBLE, bound=max(answer.bound, start.value))
    found = Portfolio(
        chosen=chosen,
        value=value,
        bound=value if answer.status == OPTIMAL else max(value, answer.bound),
        status=answer.status,
    )
    return replace(found, reasons=reasons.explain(problem, chosen))


def _without_idle(chosen: dict[str, int], by_key: dict[str, Candidate]) -> dict[str, int]:
    """Leave out what is worth nothing and helps nothing: the solver is indifferent to it, people are not."""
    wanted: set[str] = set()
    for key in chosen:
        if by_key[key].value > 0 or by_key[key].must or by_key[key].objective:
            wanted.update(portfolio.closure(key, by_key))
    return {key: period for key, period in chosen.items() if key in wanted}


def _work(
    sending: Connection, problem: Problem, hint: tuple[int, ...], seconds: float, workers: int, seed: int
) -> None:
    """Solve, in the child: say what branch and bound found, and, where it is open, what came of it."""
    for answer in solve_here(problem, hint=hint, seconds=seconds, workers=workers, seed=seed):
        sending.send(answer)
    sending.close()


def solve_here(
    problem: Problem, *, hint: tuple[int, ...], seconds: float, workers: int, seed: int
) -> Iterator[Answer]:
    """Solve in this very process, and yield what is known after each solver. Use `optimise`, which can stop it."""
    rows = _rules(problem)
    values = _values(problem)
    banned = _banned(problem)
    found = _branch_and_bound(values, rows, banned, seconds=seconds * FIRST)
    if found is not None:
        yield found
        if found.status != FEASIBLE:
            return
        hint = max((hint, found.chosen), key=lambda places: float(values[list(places)].sum()))
    polished = _constraints(
        values, rows, banned, hint=hint, seconds=seconds * (1 - FIRST), workers=workers, seed=seed
    )
    if polished is not None:
        bound = min(polished.bound, found.bound) if found is not None else polished.bound
        yield replace(polished, bound=bound)


def _branch_and_bound(values: Any, rows: list[Row], banned: set[int], *, seconds: float) -> Answer | None:
    from scipy import optimize, sparse

    count = len(values)
    at = [place for place, row in enumerate(rows) for _ in row.places]
    over = [place for row in rows for place in row.places]
    numbers = [number for row in rows for number in row.coefficients]
    matrix = sparse.csr_matrix((numbers, (at, over)), shape=(len(rows), count))
    upper = np.ones(count)
    upper[list(banned)] = 0
    found = optimize.milp(
        -values,
        integrality=np.ones(count),
        bounds=optimize.Bounds(np.zeros(count), upper),
        constraints=optimize.LinearConstraint(matrix, [row.low for row in rows], [row.high for row in rows]),
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )
    if found.status == 2:
        return Answer(IMPOSSIBLE)
    if found.x is None:
        return None
    chosen = tuple(int(place) for place in np.flatnonzero(found.x > 0.5))
    proven = found.status == 0
    return Answer(OPTIMAL if proven else FEASIBLE, chosen, -float(found.mip_dual_bound))


def _constraints(
    values: Any,
    rows: list[Row],
    banned: set[int],
    *,
    hint: tuple[int, ...],
    seconds: float,
    workers: int,
    seed: int,
) -> Answer | None:
    from ortools.sat.python import cp_model

    model: Any = cp_model.CpModel()
    taken = [model.new_bool_var(str(place)) for place in range(len(values))]
    for place in banned:
        model.add(taken[place] == 0)
    for row in rows:
        scale = 1 if all(number == int(number) for number in row.coefficients) else STEPS
        total = sum(
            math.ceil(number * scale - 1e-6) * taken[place]
            for place, number in zip(row.places, row.coefficients, strict=True)
        )
        if row.high < math.inf:
            model.add(total <= math.floor(row.high * scale + 1e-6))
        if row.low > -math.inf:
            model.add(total >= math.ceil(row.low * scale - 1e-6))
    # Rounded up, so that the bound of the rounded problem is one of the true one.
    largest = float(np.abs(values).max()) or 1.0
    whole = [math.ceil(value / largest * STEPS * 10) for value in values]
    model.maximize(sum(value * at for value, at in zip(whole, taken, strict=True)))
    hinted = set(hint)
    for place, at in enumerate(taken):
        model.add_hint(at, place in hinted)
    solver: Any = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = seed
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return Answer(IMPOSSIBLE)
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return None
    chosen = tuple(place for place, at in enumerate(taken) if solver.value(at))
    proven = status == cp_model.OPTIMAL
    bound = float(solver.best_objective_bound) * largest / (STEPS * 10)
    return Answer(OPTIMAL if proven else FEASIBLE, chosen, bound)


def _values(problem: Problem) -> Any:
    fades = problem.fade ** np.arange(problem.periods)
    return np.outer([one.value for one in problem.candidates], fades).ravel()


def _banned(problem: Problem) -> set[int]:
    """Return the variables that must be 0: ruled out, too early, in need of what is not there or of a strange team."""
    known = {one.key for one in problem.candidates}
    found: set[int] = set()
    for place, one in enumerate(problem.candidates):
        strange = any(effort > 0 and team not in problem.capacity for team, effort in one.effort.items())
        closed = one.never or strange or any(name not in known for name in one.needs)
        until = problem.periods if closed else min(one.earliest, problem.periods)
        found.update(place * problem.periods + period for period in range(until))
    return found


def _rules(problem: Problem) -> list[Row]:
    """Write the problem as rows over the variables "item in period", items first."""
    periods = problem.periods
    place = {one.key: at for at, one in enumerate(problem.candidates)}
    rows = []

    def row(pairs: list[tuple[int, float]], low: float, high: float) -> None:
        if pairs:
            rows.append(
                Row(tuple(at for at, _ in pairs), tuple(float(number) for _, number in pairs), low, high)
            )

    for one in problem.candidates:
        own = [(place[one.key] * periods + period, 1.0) for period in range(periods)]
        if one.must or periods > 1:
            row(own, 1.0 if one.must else -math.inf, 1.0)
        for name in one.needs:
            if name not in place:
                continue
            for last in range(periods):
                before = [(place[name] * periods + period, 1.0) for period in range(last + 1)]
                after = [(place[one.key] * periods + period, -1.0) for period in range(last + 1)]
                row([*before, *after], 0.0, math.inf)
    for team, rooms in problem.capacity.items():
        asking = [
            (place[one.key], one.effort[team]) for one in problem.candidates if one.effort.get(team, 0.0) > 0
        ]
        for period in range(periods):
            row([(at * periods + period, effort) for at, effort in asking], -math.inf, float(rooms[period]))
    groups: dict[str, list[tuple[int, float]]] = {}
    for one in problem.candidates:
        if one.group:
            own = [(place[one.key] * periods + period, 1.0) for period in range(periods)]
            groups.setdefault(one.group, []).extend(own)
    for pairs in groups.values():
        row(pairs, -math.inf, 1.0)
    for target in problem.targets:
        given = [
            (place[one.key] * periods + period, float(sum(one.effort.values())))
            for one in problem.candidates
            if one.objective == target.objective
            for period in range(periods)
        ]
        low = -math.inf if target.least is None else target.least * problem.whole
        if not given and low > 0:
            rows.append(Row((0,), (0.0,), low, math.inf))
        row(given, low, math.inf if target.most is None else target.most * problem.whole)
    return rows
