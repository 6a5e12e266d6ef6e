"""Find a good plan within so many seconds, and say how much shorter it could be at most."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import numpy as np

from roadbed_engines.schedule import bounds, genetic, proving, sequencing, squeezing, strolling
from roadbed_engines.schedule.arrays import FARTHEST, Integers, Problem, build
from roadbed_engines.schedule.decoder import Room
from roadbed_engines.schedule.plan import Plan, PlanError, check

ALONE = 0.12
"""The share of the time that the search has for itself before the exact solver sets out from what it found."""
LONGEST_ALONE = 3.0
SPARE = 0.15
"""Seconds kept back for stopping the child and telling the answer."""
SLICE = 0.1
"""A slice of the search: after so many seconds it looks up."""
ROOMY = 1.5
SETTLED = 3
"""After so many fresh starts without a better plan, the search is done."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Activities in time, in the order of the plan.

    Attributes
    ----------
    starts, finishes, modes : tuple of int
        Finishes are the first days after; modes count from 0.
    makespan, bound : int
        The last finish, and a last finish that is proven to be unbeatable.
    cost, own_cost : float
        What the plan costs by its values and promises, and what it costs in its own rank; 0 where it has none.
    order : tuple of int
        The sequence that the decoder makes this schedule of.
    cost_bound : float
        What any order costs at least; 0 where that is not known.
    found_by : str
        Of a plan after value: ``own order``, ``search``, ``solver``, or ``both``, one going on from the other.
    seed, passes : int
        What to give to get it again, and how many sequences were decoded.
    """

    starts: tuple[int, ...]
    finishes: tuple[int, ...]
    modes: tuple[int, ...]
    makespan: int
    bound: int
    seed: int
    passes: int
    cost: float = 0.0
    own_cost: float = 0.0
    order: tuple[int, ...] = ()
    cost_bound: float = 0.0
    found_by: str = ""

    @property
    def gap(self) -> float | None:
        """How far above the cheapest possible plan this one is at most (0.02: 2%); None where no bound is known."""
        if self.cost_bound <= 0 or self.cost <= 0:
            return None
        return max(0.0, self.cost / self.cost_bound - 1)

    @property
    def is_optimal(self) -> bool:
        """Whether no plan can be shorter; nothing is claimed of a plan that is after value."""
        return self.makespan <= self.bound and not self.own_cost


def decode(plan: Plan) -> tuple[Problem, Room]:
    """Put a plan in time by its own rank, with calendars as long as it takes.

    Raises
    ------
    PlanError
        If a day on which something could be done never comes.
    """
    problem = build(plan)
    while True:
        room = Room(problem.arrays)
        if room.decode(problem.arrays, problem.order, problem.duration) >= 0:
            return problem, room
        if problem.days * 2 > FARTHEST:
            stuck = plan.activities[next(j for j in problem.order if room.start[j] < 0)]
            raise PlanError(f"{stuck.key} never finds a day on which all that it needs is there")
        problem = build(plan, days=problem.days * 2)


def solve(
    plan: Plan, *, seconds: float = 10.0, seed: int = 0, prove: bool = True, threads: int = 2
) -> Schedule:
    """Find a plan whose value comes early, or where nothing has a value, whose last finish does.

    Parameters
    ----------
    plan : Plan
    seconds : float
        By the clock on the wall. Less is taken when the plan is proven to be the shortest.
    seed : int
    prove : bool
        Whether the exact solver helps, in a process of its own.
    threads : int
        How many searches run side by side while the solver does not.

    Raises
    ------
    PlanError
        See `plan.check`.
    """
    began = time.monotonic()
    check(plan)
    problem, room = decode(plan)
    bound = bounds.lower_bound(problem)
    end = began + seconds - SPARE
    if problem.is_plain and sequencing.aim_of(problem).last:
        return _Chase(problem, bound=bound, end=end, seed=seed, threads=threads).run(prove=prove)
    return _stroll(plan, problem, room, bound=bound, end=end, seed=seed, threads=threads, prove=prove)


def _stroll(
    plan: Plan, problem: Problem, room: Room, *, bound: int, end: float, seed: int, threads: int, prove: bool
) -> Schedule:
    """Look for an order in which value comes early, and where there is none to be had, the end."""
    aim = sequencing.aim_of(problem)
    # A future day is rarely needed: calendars as long as the plan, and half as long again, are quicker to work through.
    short = build(plan, days=int(room.finish.max() * ROOMY) + 20)
    stroll = strolling.Stroll(short, aim=aim, end=end, seed=seed, threads=threads)
    has_value = not aim.last
    can_prove = prove and has_value and squeezing.can_model(problem)
    found = stroll.run(whole=problem if can_prove else None, last_bound=bound)
    walk = found.search.walk
    return Schedule(
        starts=tuple(walk.start.tolist()),
        finishes=tuple(walk.finish.tolist()),
        modes=tuple((walk.chosen - short.arrays.mode_first[:-1]).tolist()),
        makespan=int(walk.finish.max()),
        bound=min(bound, int(walk.finish.max())),
        seed=seed,
        passes=found.passes,
        cost=found.search.best if has_value else 0.0,
        own_cost=found.search.own if has_value else 0.0,
        order=tuple(walk.best.tolist()),
        cost_bound=found.bound if has_value else 0.0,
        found_by=found.found_by,
    )


class _Chase:
    """The searches and the solver after one plan; each learns of what the others found when it looks up."""

    def __init__(self, problem: Problem, *, bound: int, end: float, seed: int, threads: int) -> None:
        self.problem, self.bound, self.end, self.seed = problem, bound, end, seed
        self.searches = [genetic.Search(problem, seed=seed + 7919 * number) for number in range(threads)]
        self.makespan = problem.days + 1
        self.starts: Integers = np.zeros(len(problem.order), dtype=np.int64)
        self.lock = threading.Lock()
        self.is_proving = False

    def run(self, *, prove: bool) -> Schedule:
        """Go after it until it is proven or the time is up."""
        began = time.monotonic()
        self._look(self.searches[0], children=genetic.POPULATION)
        if self.makespan > self.bound and time.monotonic() < self.end:
            alone = min(LONGEST_ALONE, ALONE * (self.end - began)) if prove else self.end - began
            prover = proving.Prover(self.problem, seed=self.seed) if prove and _may_fork() else None
            others = [threading.Thread(target=self._follow, args=(search,)) for search in self.searches[1:]]
            for other in others:
                other.start()
            try:
                self._chase(prover, until_alone=began + alone)
            finally:
                self.is_proving = True
                self.end = min(self.end, time.monotonic())
                if prover is not None:
                    prover.stop()
                for other in others:
                    other.join()
        finishes = self.starts + self.problem.duration
        return Schedule(
            starts=tuple(self.starts.tolist()),
            finishes=tuple(finishes.tolist()),
            modes=(0,) * len(finishes),
            makespan=self.makespan,
            bound=self.bound,
            seed=self.seed,
            order=tuple(np.lexsort((self._ranks(), self.starts)).tolist()),
            passes=3 * sum(int(search.herd.tally[0]) for search in self.searches),
        )

    def _ranks(self) -> Integers:
        """Return each activity's place in the topological order, which settles equal starts."""
        ranks = np.empty(len(self.starts), dtype=np.int64)
        ranks[self.problem.order] = np.arange(len(ranks))
        return ranks

    def _chase(self, prover: proving.Prover | None, *, until_alone: float) -> None:
        while self.makespan > self.bound and (now := time.monotonic()) < self.end:
            if prover is not None and not self.is_proving and now >= until_alone:
                self.is_proving = True
                with self.lock:
                    prover.begin(starts=self.starts.tolist(), bound=self.bound, seconds=self.end - now)
            if self.is_proving and self.searches[0].restarts >= SETTLED:
                # New herds find nothing new: leave the processor to the solver.
                time.sleep(min(SLICE / 2, max(0.0, self.end - now)))
            else:
                self._look(self.searches[0])
            if prover is not None and self.is_proving:
                for news in prover.news():
                    self._hear(news)
                    if news.is_over:
                        prover.stop()
                        prover = None
                        break

    def _follow(self, search: genetic.Search) -> None:
        """Search beside the first one, until the solver needs the processor."""
        while not self.is_proving and self.makespan > self.bound and time.monotonic() < self.end:
            self._look(search)

    def _look(self, search: genetic.Search, *, children: int = 0) -> None:
        found = search.go_on(children=children or search.pace(SLICE), target=self.bound)
        with self.lock:
            if found < self.makespan:
                self.makespan, self.starts = found, search.starts.copy()

    def _hear(self, news: proving.News) -> None:
        with self.lock:
            self.bound = min(max(self.bound, news.bound), self.makespan)
            if news.starts:
                starts = np.array(news.starts, dtype=np.int64)
                last = int((starts + self.problem.duration).max())
                if last < self.makespan:
                    self.makespan, self.starts = last, starts


def _may_fork() -> bool:
    import multiprocessing

    return not multiprocessing.current_process().daemon
