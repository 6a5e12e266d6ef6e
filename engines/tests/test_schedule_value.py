"""What any order costs at least, and the exact solver after value: laws over random plans, and plans known by heart."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from plans import faults, plans

from roadbed_engines.schedule import relaxing, sequencing, solving, squeezing
from roadbed_engines.schedule.plan import Absence, Activity, Dependency, Mode, Plan, PlanError, Pool

WEEK = (1, 1, 1, 1, 1, 0, 0)


def single(plan):
    """Return the plan with one way of doing each thing."""
    return replace(plan, activities=tuple(replace(one, modes=one.modes[:1]) for one in plan.activities))


def orders(problem):
    """Return what every order costs that the decoder can make of the plan, with its days."""
    search = sequencing.Sequencing(problem)
    a = problem.arrays
    before = {
        j: set(a.before[a.before_first[j] : a.before_first[j + 1]].tolist())
        for j in range(len(problem.order))
    }
    for order in permutations(range(len(problem.order))):
        done: set[int] = set()
        if all(before[j] <= done and not done.add(j) for j in order):
            yield search.cost(np.array(order)), search.walk.start.copy(), search.walk.finish.copy()


def breaks(task, squeezed, starts, finishes):
    """Return what a schedule breaks of what the solver is told; nothing, or the solver could miss it."""
    found = []
    begins = [int(squeezed.until[starts[j]]) for j in task.ids]
    for place, begin in enumerate(begins):
        if begin < task.low[place]:
            found.append(("low", place))
    for one, other, kind, lag in task.waits:
        before = begins[one] + (task.sizes[one] if kind in (0, 2) else 0)
        after = begins[other] + (task.longest[other] if kind in (2, 3) else 0)
        if after < before + lag:
            found.append(("wait", one, other))
    for pool, capacity in enumerate(task.capacity):
        used = np.zeros(len(squeezed.days) + 1, dtype=int)
        for place, needs in enumerate(task.needs):
            for needed, amount in needs:
                if needed == pool:
                    used[begins[place] : begins[place] + task.sizes[place]] += amount
        for begin, end, lack in task.taken[pool]:
            used[begin:end] += lack
        # Where nothing of ours is, what is taken is the pool's own.
        if (used > capacity).any():
            found.append(("pool", pool))
    for place, j in enumerate(task.ids):
        end = begins[place] + task.sizes[place]
        if (task.base[place] + task.slope * end) / 100 > finishes[j] + 1e-9:
            found.append(("line", place))
        if task.day_of and task.day_of[end] > finishes[j]:
            found.append(("day", place))
    return found


class TestBound:
    @settings(max_examples=40, deadline=None)
    @given(plan=plans(values=True))
    def test_no_order_costs_less_and_the_solver_is_told_nothing_that_forbids_one(self, plan):
        plan = replace(plan, activities=plan.activities[:5])
        known = {one.key for one in plan.activities}
        plan = single(
            replace(plan, dependencies=tuple(d for d in plan.dependencies if {d.before, d.after} <= known))
        )
        try:
            problem, room = solving.decode(plan)
        except PlanError:
            return
        aim = sequencing.aim_of(problem)
        assume(not aim.last)
        relaxed = relaxing.relax(problem)
        bound = relaxing.least_cost(problem, aim, relaxed)
        own = float(sequencing.cost_of(aim, room.finish, int(room.finish.max())))
        squeezed = squeezing.squeeze(problem)
        task = squeezing.task_of(problem, aim=aim, relaxed=relaxed, cost=own)
        for cost, starts, finishes in orders(problem):
            assert cost >= bound - 1e-6
            assert breaks(task, squeezed, starts, finishes) == []
            if cost <= own:
                late = [
                    place for place, j in enumerate(task.ids) if squeezed.until[starts[j]] > task.high[place]
                ]
                assert late == []

    def test_one_person_s_best_order_is_its_own_bound(self):
        """Smith's rule is the best for one person; the easier plan serves parts, and loses half a piece at most."""
        plan = Plan(
            activities=tuple(
                Activity(key=f"F-{n}", modes=(Mode(duration=days, needs={"web": 1}),), value=value)
                for n, (days, value) in enumerate([(5, 1.0), (1, 3.0), (4, 8.0), (2, 1.0), (3, 9.0)])
            ),
            pools=(Pool(key="web", capacity=1),),
        )
        problem, _ = solving.decode(plan)
        bound = relaxing.least_cost(problem, sequencing.aim_of(problem), relaxing.relax(problem))
        assert bound == pytest.approx(min(cost for cost, _, _ in orders(problem)))


@pytest.fixture(scope="module")
def planned():
    """Two people with weekends and leave, an epic whose parts wait for each other, a promise, a begun piece."""
    pieces = [(5, 1.0), (8, 3.0), (4, 8.0), (12, 1.0), (3, 9.0), (6, 2.0), (9, 7.0)]
    work = tuple(
        Activity(key=f"F-{n}", modes=(Mode(duration=days, needs={"web": 1, "open": 1}),), value=value)
        for n, (days, value) in enumerate(pieces)
    )
    work = (replace(work[0], fixed=0), *work[1:5], replace(work[5], due=8, late=30.0), work[6])
    epic = Activity(key="E-1", modes=(Mode(duration=0),), value=20.0)
    leave = (Absence(first=7, until=12, amount=1), Absence(first=21, until=23))
    return Plan(
        activities=(*work, epic),
        pools=(
            Pool(key="web", capacity=2, week=WEEK, absences=leave),
            Pool(key="open", capacity=2, is_limit=True),
        ),
        dependencies=tuple(
            Dependency(before=one, after=other) for one, other in pairwise(("F-1", "F-3", "E-1"))
        ),
    )


class TestSolver:
    def test_it_proves_what_the_decoder_confirms(self, planned):
        """Every order is tried by hand; the solver's bound is under the best of them, and near."""
        problem, _ = solving.decode(planned)
        best = min(cost for cost, _, _ in orders(problem))
        found = solving.solve(planned, seconds=15, seed=1)
        assert found.cost == pytest.approx(best)
        assert found.cost_bound <= best + 1e-6
        assert found.gap is not None
        assert found.gap < 0.05
        assert found.found_by in ("search", "solver", "both")
        assert faults(planned, found.starts, found.finishes, found.modes) == []

    def test_without_it_nothing_is_claimed(self, planned):
        found = solving.solve(planned, seconds=0.3, prove=False)
        assert found.gap is None
