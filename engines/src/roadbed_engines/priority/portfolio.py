"""What to take on: the choice of items that is worth most under what teams can do, and why each is in or out.

The next release problem of [1]_ over teams and periods: prerequisites, alternatives, musts, and shares of the capacity
that an objective is to get at least or at most. `greedy` answers at once, `solving` proves, `reasons` explains.

References
----------
.. [1] A. J. Bagnall, V. J. Rayward-Smith, I. M. Whittley (2001), The next release problem, Information and Software
   Technology 43, 883-890.
.. [2] J. M. van den Akker et al. (2008), Software product release planning through optimization and what-if analysis,
   Information and Software Technology 50, 101-111.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from roadbed_engines.priority import delay

EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that may be taken on.

    `effort` is what each team needs for it, in the unit of the capacity. `needs` are the keys of items that must be
    taken on no later; of one `group` at most one is taken on. `must` and `never` are a person's word. `earliest` is the
    first period in which it may be done.
    """

    key: str
    value: float
    effort: Mapping[str, float]
    needs: tuple[str, ...] = ()
    group: str = ""
    must: bool = False
    never: bool = False
    objective: str = ""
    earliest: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """Which share of the whole capacity an objective is to get, at least and at most; None where nothing is asked."""

    objective: str
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Candidates, the capacity of each team in each period, and targets.

    `fade` is what remains of a value when it comes one period later: 1 where time does not matter.
    """

    candidates: tuple[Candidate, ...]
    capacity: Mapping[str, Sequence[float]]
    targets: tuple[Target, ...] = ()
    fade: float = 0.98

    @property
    def periods(self) -> int:
        """How many periods there are."""
        return max((len(row) for row in self.capacity.values()), default=0)

    @property
    def whole(self) -> float:
        """The capacity of all teams in all periods."""
        return float(sum(sum(row) for row in self.capacity.values()))


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item is in or out, in words, and the keys that the words speak of."""

    words: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What is taken on, and in which period; how much of its worth the bound leaves open; and why.

    `status` is ``optimal``, ``feasible`` (time ran out: nothing can be worth more than `bound`) or ``greedy``.
    """

    chosen: Mapping[str, int]
    value: float
    bound: float
    status: str
    reasons: Mapping[str, Reason] = field(default_factory=dict)

    @property
    def gap(self) -> float:
        """By which share the best conceivable choice may be worth more."""
        return max(0.0, self.bound / self.value - 1) if self.value > 0 else 0.0


class ImpossibleError(ValueError):
    """No choice keeps every rule. The message says which rule stands in the way, as far as that can be told."""


def check(problem: Problem) -> None:
    """Refuse a problem that contradicts itself.

    Raises
    ------
    ImpossibleError
        If musts exclude each other or need what is never taken, or they alone pass the capacity.
    ValueError
        If keys repeat, an effort lies below 0, or items need each other in a circle.
    """
    by_key = {one.key: one for one in problem.candidates}
    if len(by_key) != len(problem.candidates):
        raise ValueError("two candidates have the same key")
    if not problem.capacity or not problem.periods:
        raise ImpossibleError("no team has any capacity: say who can do how much")
    widths = {len(row) for row in problem.capacity.values()}
    if len(widths) > 1:
        raise ValueError("every team has a capacity for every period")
    if any(room < 0 for row in problem.capacity.values() for room in row):
        raise ValueError("a capacity is not below 0")
    for one in problem.candidates:
        if any(effort < 0 for effort in one.effort.values()):
            raise ValueError(f"the effort of {one.key} lies below 0")
        if one.must and one.never:
            raise ImpossibleError(f"{one.key} is both a must and ruled out")
    _check_circles(by_key)
    _check_musts(problem, by_key)


def _check_circles(by_key: Mapping[str, Candidate]) -> None:
    place = {key: at for at, key in enumerate(by_key)}
    keys = list(by_key)
    try:
        delay.waiting_for(
            {at: [place[n] for n in by_key[key].needs if n in place] for key, at in place.items()}
        )
    except delay.CircleError as error:
        raise delay.CircleError([keys[int(str(at))] for at in error.items]) from None


def closure(key: str, by_key: Mapping[str, Candidate]) -> list[str]:
    """Return an item and all that it needs, near or far, what is needed first."""
    found: dict[str, None] = {}

    def walk(at: str) -> None:
        if at in found or at not in by_key:
            return
        for before in by_key[at].needs:
            walk(before)
        found[at] = None

    walk(key)
    return list(found)


def _check_musts(problem: Problem, by_key: Mapping[str, Candidate]) -> None:
    wanted: dict[str, None] = {}
    for one in problem.candidates:
        if one.must:
            for key in closure(one.key, by_key):
                if by_key[key].never:
                    raise ImpossibleError(f"{one.key} is a must and needs {key}, which is ruled out")
                lost = [name for name in by_key[key].needs if name not in by_key]
                if lost:
                    raise ImpossibleError(f"{one.key} is a must and needs {lost[0]}, which is no candidate")
                wanted[key] = None
    groups: dict[str, str] = {}
    for key in wanted:
        group = by_key[key].group
        if group and group in groups:
            raise ImpossibleError(f"{groups[group]} and {key} are musts, but alternatives of each other")
        if group:
            groups[group] = key
    for team in _teams(problem, wanted, by_key):
        asked = sum(by_key[key].effort.get(team, 0.0) for key in wanted)
        room = float(sum(problem.capacity.get(team, ())))
        if asked > room + EPSILON:
            raise ImpossibleError(f"the musts ask {asked:g} of {team}, which has {room:g} in all")


def _teams(problem: Problem, wanted: Iterable[str], by_key: Mapping[str, Candidate]) -> list[str]:
    named = {team for key in wanted for team, effort in by_key[key].effort.items() if effort > 0}
    return sorted(named | set(problem.capacity))


@dataclass(frozen=True, slots=True)
class Allocation:
    """What an objective gets: its effort, the share of all effort that is planned, and the target."""

    objective: str
    items: int
    effort: float
    share: float
    least: float | None
    most: float | None

    @property
    def off(self) -> float:
        """By how much the share passes (above 0) or misses (below 0) what was asked; 0 where it keeps it."""
        if self.least is not None and self.share < self.least:
            return self.share - self.least
        if self.most is not None and self.share > self.most:
            return self.share - self.most
        return 0.0


def allocations(problem: Problem, chosen: Iterable[str]) -> list[Allocation]:
    """Return the share of the capacity that each objective gets by a choice, beside its target."""
    by_key = {one.key: one for one in problem.candidates}
    efforts: dict[str, list[float]] = {one.objective: [] for one in problem.targets}
    for key in chosen:
        efforts.setdefault(by_key[key].objective, []).append(sum(by_key[key].effort.values()))
    targets = {one.objective: one for one in problem.targets}
    whole = problem.whole
    return [
        Allocation(
            objective=name,
            items=len(own),
            effort=float(sum(own)),
            share=float(sum(own)) / whole if whole else 0.0,
            least=targets[name].least if name in targets else None,
            most=targets[name].most if name in targets else None,
        )
        for name, own in sorted(efforts.items(), key=lambda pair: (-sum(pair[1]), pair[0]))
    ]
