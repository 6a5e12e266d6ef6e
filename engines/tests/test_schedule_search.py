"""The searches and the proof: published optima, laws, and plans that are after value."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from plans import faults, plans

from roadbed_engines.schedule import proposing, psplib, sequencing, solving
from roadbed_engines.schedule.plan import Activity, Dependency, Mode, Plan, Pool

PSPLIB = Path(__file__).resolve().parents[3] / "shared" / "data" / "psplib"


def small(values):
    """Return five pieces of one person's work; each is worth something when done."""
    return Plan(
        activities=tuple(
            Activity(key=f"F-{at}", modes=(Mode(duration=days, needs={"web": 1}),), value=value)
            for at, (days, value) in enumerate(values)
        ),
        pools=(Pool(key="web", capacity=1),),
    )


class TestMakespan:
    @pytest.mark.parametrize(("name", "optimum"), [("j3014_1", 50), ("j302_1", 38), ("j3038_1", 48)])
    def test_published_optima_are_found(self, name, optimum):
        path = PSPLIB / "j30" / f"{name}.sm"
        if not path.is_file():
            pytest.skip(f"{path} is not here")
        plan = psplib.read(path.read_text())
        found = solving.solve(plan, seconds=1.5, prove=False)
        assert found.makespan == optimum
        assert found.bound <= optimum
        assert faults(plan, found.starts, found.finishes, found.modes) == []

    def test_the_solver_proves_it(self):
        """Three of four days and two of three on two machines: 5 days of work a pair, 9 for all; the chain says 4."""
        plan = Plan(
            activities=tuple(
                Activity(key=f"{n}", modes=(Mode(duration=3, needs={"web": 1}),), pauses=False)
                for n in range(3)
            ),
            pools=(Pool(key="web", capacity=2),),
        )
        found = solving.solve(plan, seconds=20)
        assert (found.makespan, found.bound, found.is_optimal) == (6, 6, True)

    @settings(max_examples=10, deadline=None)
    @given(plan=plans(plain=True))
    def test_it_is_never_longer_than_the_plan_as_ranked(self, plan):
        _, room = solving.decode(plan)
        found = solving.solve(plan, seconds=0.2, prove=False, threads=1)
        assert found.bound <= found.makespan <= room.finish.max()
        assert faults(plan, found.starts, found.finishes, found.modes) == []

    @settings(max_examples=10, deadline=None)
    @given(plan=plans())
    def test_any_plan_is_searched(self, plan):
        try:
            _, room = solving.decode(plan)
        except ValueError:
            return
        found = solving.solve(plan, seconds=0.2, prove=False, threads=1)
        assert found.bound <= found.makespan <= room.finish.max()
        assert faults(plan, found.starts, found.finishes, found.modes) == []


class TestValue:
    def test_smith_s_rule_is_found(self):
        """One person: the best order is by value over days (Smith 1956), and no other of the 120 is better."""
        values = [(5, 1.0), (1, 3.0), (4, 8.0), (2, 1.0), (3, 9.0)]

        def cost(order):
            day, total = 0, 0.0
            for at in order:
                day += values[at][0]
                total += day * values[at][1]
            return total

        found = solving.solve(small(values), seconds=0.5)
        assert found.cost == min(map(cost, permutations(range(5))))
        assert not found.is_optimal

    def test_a_milestone_pulls_what_it_waits_for(self):
        """The second epic is worth more: both its parts go first, though the first is ranked above it."""
        parts = tuple(
            Activity(key=key, modes=(Mode(duration=3, needs={"web": 1}),)) for key in ("a1", "a2", "b1", "b2")
        )
        ends = tuple(
            Activity(key=key, modes=(Mode(duration=0),), value=v) for key, v in (("A", 1.0), ("B", 5.0))
        )
        ties = tuple(Dependency(before=f"{name.lower()}{n}", after=name) for name in "AB" for n in (1, 2))
        found = solving.solve(
            Plan(activities=parts + ends, pools=(Pool(key="web", capacity=1),), dependencies=ties),
            seconds=0.5,
        )
        assert found.finishes[4:] == (12, 6)

    @settings(max_examples=10, deadline=None)
    @given(plan=plans(values=True))
    def test_it_never_costs_more_than_the_person_s_own_order(self, plan):
        try:
            problem, room = solving.decode(plan)
        except ValueError:
            return
        own = sequencing.cost_of(sequencing.aim_of(problem), room.finish, int(room.finish.max()))
        found = solving.solve(plan, seconds=0.2, threads=1)
        if any(activity.value for activity in plan.activities):
            assert found.cost <= own == found.own_cost

    def test_the_same_seed_and_moves_give_the_same(self):
        problem, _ = solving.decode(small([(d, v) for d in (1, 2, 3) for v in (5.0, 3.0, 8.0)]))
        runs = [sequencing.Sequencing(problem, seed=3) for _ in range(2)]
        assert runs[0].go_on(moves=200) == runs[1].go_on(moves=200)
        assert runs[0].walk.best.tolist() == runs[1].walk.best.tolist()


class TestProposal:
    def test_it_is_a_list_of_moves_with_reasons(self):
        plan = small([(5, 1.0), (1, 9.0)])
        found = proposing.propose(plan, seconds=0.3)
        assert [(shift.key, shift.start_before, shift.start_after) for shift in found.shifts] == [
            ("F-0", 0, 1),
            ("F-1", 5, 0),
        ]
        assert str(found.shifts[0].reason) == "waits for web (busy with F-1)"
        assert found.gain == pytest.approx(1 - 15 / 59)
        _, room = solving.decode(proposing.accept(plan, found))
        assert room.start.tolist() == [0, 1]

    def test_what_has_begun_stays(self):
        plan = small([(5, 1.0), (1, 9.0), (1, 1.0)])
        found = proposing.propose(plan, frozen_until=1, seconds=0.3)
        assert "F-0" not in {shift.key for shift in found.shifts}

    def test_a_part_of_it_can_be_accepted(self):
        plan = small([(5, 1.0), (1, 9.0), (1, 20.0)])
        found = proposing.propose(plan, seconds=0.3)
        assert found.rank == ("F-2", "F-1", "F-0")
        kept = proposing.accept(plan, found, keys={"F-1", "F-2"})
        assert [activity.key for activity in kept.activities] == ["F-0", "F-2", "F-1"]

    def test_the_best_order_is_left_alone(self):
        found = proposing.propose(small([(1, 9.0), (5, 1.0)]), seconds=0.2)
        assert (found.shifts, found.gain) == ((), 0.0)
