"""Portfolios: the best one by trying all, the rules, the reasons, the refusals, and the child that is killed."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from roadbed_engines.priority import delay, greedy, portfolio, solving
from roadbed_engines.priority.portfolio import Candidate, ImpossibleError, Problem, Target


def small(seed: int, *, periods: int = 1) -> Problem:
    chance = np.random.default_rng(seed)
    found = []
    for place in range(8):
        effort = {"Web": float(chance.integers(1, 5)), "Mobile": float(chance.integers(0, 4))}
        needs = (f"F-{chance.integers(place)}",) if place and chance.random() < 0.4 else ()
        found.append(
            Candidate(
                f"F-{place}",
                float(chance.integers(1, 20)),
                effort,
                needs=needs,
                group="either" if place in {2, 5} else "",
                objective="growth" if place % 2 else "trust",
            )
        )
    return Problem(tuple(found), {"Web": [4.0] * periods, "Mobile": [3.0] * periods}, fade=0.9)


def keeps(problem: Problem, chosen: dict[str, int]) -> bool:
    by_key = {one.key: one for one in problem.candidates}
    for team, rooms in problem.capacity.items():
        for period, room in enumerate(rooms):
            if sum(by_key[k].effort.get(team, 0) for k, at in chosen.items() if at == period) > room + 1e-9:
                return False
    for key, period in chosen.items():
        if any(chosen.get(before, 99) > period for before in by_key[key].needs):
            return False
    groups = [by_key[key].group for key in chosen if by_key[key].group]
    return len(groups) == len(set(groups))


def worth(problem: Problem, chosen: dict[str, int]) -> float:
    by_key = {one.key: one for one in problem.candidates}
    return sum(by_key[key].value * problem.fade**period for key, period in chosen.items())


def best_by_trying(problem: Problem) -> float:
    keys = [one.key for one in problem.candidates]
    every = product(range(-1, problem.periods), repeat=len(keys))
    plans = ({k: p for k, p in zip(keys, plan, strict=True) if p >= 0} for plan in every)
    return max(worth(problem, plan) for plan in plans if keeps(problem, plan))


def solved(problem: Problem, **options):
    """The last answer of the solvers, in this process: a child a test would take seconds."""
    given = {"hint": (), "seconds": 20.0, "workers": 2, "seed": 1} | options
    *_, last = solving.solve_here(problem, **given)
    return solving._read(problem, None, last)


class TestBest:
    @pytest.mark.parametrize(("seed", "periods"), [(1, 1), (2, 1), (3, 1), (1, 2), (2, 2)])
    def test_no_choice_is_worth_more(self, seed, periods):
        problem = small(seed, periods=periods)
        found = solved(problem)
        assert found.status == "optimal"
        assert keeps(problem, dict(found.chosen))
        assert found.value == pytest.approx(best_by_trying(problem))

    def test_constraint_programming_agrees_with_branch_and_bound(self):
        problem = small(4, periods=2)
        rows, banned = solving._rules(problem), solving._banned(problem)
        answer = solving._constraints(
            solving._values(problem), rows, banned, hint=(), seconds=20, workers=2, seed=1
        )
        assert answer is not None
        assert solving._read(problem, None, answer).value == pytest.approx(solved(problem).value, rel=1e-4)

    def test_greedy_keeps_every_rule_and_is_near(self):
        for seed in range(12):
            problem = small(seed, periods=2)
            found = greedy.choose(problem)
            assert keeps(problem, dict(found.chosen))
            assert found.value >= 0.6 * solved(problem).value

    def test_targets_hold(self):
        free = small(3)
        asked = Problem(free.candidates, free.capacity, (Target("growth", most=0.3),), fade=free.fade)
        found = solved(asked)
        shares = {one.objective: one for one in portfolio.allocations(asked, found.chosen)}
        assert shares["growth"].share <= 0.3 + 1e-9
        assert shares["growth"].off == 0
        with pytest.raises(ImpossibleError, match="no choice keeps"):
            solved(Problem(free.candidates, free.capacity, (Target("nowhere", least=0.2),)))

    def test_a_child_of_its_own_proves_it_too(self):
        problem = small(1)
        assert solving.optimise(problem, seconds=30).value == pytest.approx(best_by_trying(problem))


class TestReasons:
    def test_each_item_says_why(self):
        problem = Problem(
            (
                Candidate("A", 9, {"Web": 2}, needs=("P",)),
                Candidate("P", 0, {"Web": 1}),
                Candidate("B", 8, {"Web": 3}),
                Candidate("C", 1, {"Web": 1}, must=True),
                Candidate("D", 7, {"Web": 1}, never=True),
                Candidate("E", 3, {"Web": 2}, needs=("D",)),
                Candidate("G", 9, {"Web": 1}, group="x"),
                Candidate("H", 2, {"Web": 1}, group="x"),
                Candidate("I", 5, {"Web": 1}, needs=("gone",)),
            ),
            {"Web": [5]},
        )
        found = solved(problem)
        said = {key: reason.words for key, reason in found.reasons.items()}
        assert set(found.chosen) == {"A", "P", "C", "G"}
        assert said["C"] == "It is a must."
        assert said["P"] == "A needs it."
        assert said["A"].startswith("It is worth 4.5 for each unit")
        assert said["B"] == (
            "It asks 3 of Web, which has 0 left. To make room A and G would have to go, worth 18 to its 8."
        )
        assert said["D"] == "It was ruled out by hand."
        assert said["E"] == "It needs D, which was ruled out."
        assert said["H"] == "G was chosen, and they are alternatives."
        assert said["I"] == "It needs gone, which is no candidate."


class TestRefusals:
    @pytest.mark.parametrize(
        ("candidates", "capacity", "said"),
        [
            ([Candidate("A", 1, {"Web": 9}, must=True)], {"Web": [5]}, "the musts ask 9 of Web, which has 5"),
            ([Candidate("A", 1, {"Ops": 1}, must=True)], {"Web": [5]}, "the musts ask 1 of Ops, which has 0"),
            ([Candidate("A", 1, {}, must=True, never=True)], {"Web": [5]}, "both a must and ruled out"),
            (
                [Candidate("A", 1, {}, must=True, needs=("B",)), Candidate("B", 1, {}, never=True)],
                {"Web": [5]},
                "needs B, which is ruled out",
            ),
            (
                [Candidate("A", 1, {}, must=True, group="x"), Candidate("B", 1, {}, must=True, group="x")],
                {"Web": [5]},
                "alternatives of each other",
            ),
            ([Candidate("A", 1, {})], {}, "no team has any capacity"),
        ],
    )
    def test_contradictions_are_named(self, candidates, capacity, said):
        with pytest.raises(ImpossibleError, match=said):
            portfolio.check(Problem(tuple(candidates), capacity))

    def test_circles_are_named(self):
        candidates = (Candidate("A", 1, {}, needs=("B",)), Candidate("B", 1, {}, needs=("A",)))
        with pytest.raises(delay.CircleError, match=r"A → B → A|B → A → B"):
            portfolio.check(Problem(candidates, {"Web": [5]}))
