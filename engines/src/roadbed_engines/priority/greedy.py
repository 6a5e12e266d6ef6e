"""A good choice at once: what brings most for what it takes, with all that it needs."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

from roadbed_engines.priority import portfolio, reasons
from roadbed_engines.priority.portfolio import (
    EPSILON,
    Candidate,
    ImpossibleError,
    Portfolio,
    Problem,
    closure,
)


def choose(problem: Problem) -> Portfolio:
    """Choose greedily: what each candidate brings with all that it still needs, by the scarcity of what it takes.

    It is within some three in a hundred of the best as a rule, takes no time, and is what the proof starts from.

    Examples
    --------
    >>> problem = Problem(
    ...     candidates=(
    ...         Candidate("F-1", 5, {"Web": 3}),
    ...         Candidate("F-2", 9, {"Web": 3}, needs=("T-1",)),
    ...         Candidate("T-1", 0, {"Web": 2}),
    ...     ),
    ...     capacity={"Web": [5]},
    ... )
    >>> sorted(choose(problem).chosen)
    ['F-2', 'T-1']
    """
    portfolio.check(problem)
    by_key = {one.key: one for one in problem.candidates}
    state = _Room(problem, by_key)
    for one in problem.candidates:
        if one.must and one.key not in state.chosen and not state.take(one.key):
            raise ImpossibleError(f"{one.key} is a must and finds no room beside the other musts")
    _fill(state, by_key)
    value = sum(by_key[key].value * problem.fade**period for key, period in state.chosen.items())
    chosen = dict(state.chosen)
    return Portfolio(chosen, value, float("inf"), "greedy", reasons.explain(problem, chosen))


def _fill(state: _Room, by_key: Mapping[str, Candidate]) -> None:
    """Take what brings most for what it takes, again and again. What is taken makes cheaper what needs it."""
    closures = {key: closure(key, by_key) for key in by_key}
    helped: dict[str, list[str]] = {}
    for key, parts in closures.items():
        for part in parts[:-1]:
            helped.setdefault(part, []).append(key)
    heap = [(-state.density(parts), key) for key, parts in closures.items()]
    heapq.heapify(heap)
    while heap:
        density, key = heapq.heappop(heap)
        if key in state.chosen or density >= 0 or not state.may(closures[key]):
            continue
        now = -state.density(closures[key])
        if now > density + EPSILON:
            heapq.heappush(heap, (now, key))
        elif state.take(key):
            for part in closures[key]:
                for other in helped.get(part, ()):
                    if other not in state.chosen:
                        heapq.heappush(heap, (-state.density(closures[other]), other))


class _Room:
    """What is taken, and what each team has left."""

    def __init__(self, problem: Problem, by_key: Mapping[str, Candidate]) -> None:
        self.problem = problem
        self.by_key = by_key
        self.left = {team: list(map(float, row)) for team, row in problem.capacity.items()}
        self.scarce = {team: 1.0 / max(sum(row), EPSILON) for team, row in problem.capacity.items()}
        self.chosen: dict[str, int] = {}
        self.groups: set[str] = set()
        self.given: dict[str, float] = {}
        self.most = {one.objective: one.most for one in problem.targets if one.most is not None}

    def density(self, keys: Sequence[str]) -> float:
        new = [self.by_key[key] for key in keys if key not in self.chosen]
        worth = sum(one.value for one in new)
        price = sum(self.scarce.get(team, 0.0) * effort for one in new for team, effort in one.effort.items())
        return worth / max(price, EPSILON)

    def may(self, keys: Sequence[str]) -> bool:
        new = [self.by_key[key] for key in keys if key not in self.chosen]
        groups = [one.group for one in new if one.group]
        if len(set(groups)) < len(groups) or self.groups & set(groups):
            return False
        if any(one.never or any(name not in self.by_key for name in one.needs) for one in new):
            return False
        return all(
            sum(one.effort.get(team, 0.0) for one in new) <= sum(self.left.get(team, ())) + EPSILON
            for team in {team for one in new for team, effort in one.effort.items() if effort > 0}
        )

    def take(self, key: str) -> bool:
        """Take an item with all it needs, each as early as there is room; nothing where one finds none."""
        before = ({team: list(row) for team, row in self.left.items()}, dict(self.chosen), dict(self.given))
        for each in closure(key, self.by_key):
            if each not in self.chosen and not self._place(self.by_key[each]):
                self.left, self.chosen, self.given = before
                return False
        self.groups |= {self.by_key[each].group for each in self.chosen if self.by_key[each].group}
        return True

    def _place(self, one: Candidate) -> bool:
        first = max([one.earliest, *(self.chosen[name] for name in one.needs if name in self.chosen)])
        total = sum(one.effort.values())
        most = self.most.get(one.objective)
        if (
            most is not None
            and self.given.get(one.objective, 0.0) + total > most * self.problem.whole + EPSILON
        ):
            return False
        for period in range(first, self.problem.periods):
            if all(
                effort <= self.left[team][period] + EPSILON if team in self.left else effort <= 0
                for team, effort in one.effort.items()
            ):
                for team, effort in one.effort.items():
                    if team in self.left:
                        self.left[team][period] -= effort
                self.chosen[one.key] = period
                self.given[one.objective] = self.given.get(one.objective, 0.0) + total
                return True
        return False
