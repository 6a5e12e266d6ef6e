"""The way to a plan whose value comes early: searches side by side, then the exact solver from what they found."""

from __future__ import annotations

import heapq
import multiprocessing
import threading
import time
from dataclasses import dataclass

import numpy as np

from roadbed_engines.schedule import polishing, relaxing, sequencing, squeezing
from roadbed_engines.schedule.arrays import Integers, Problem

SLICE = 0.1
"""A slice of the search: after so many seconds it looks up."""
ALONE = 0.5
"""The share of the time that the searches have before the exact solver sets out from what they found."""
LONGEST_ALONE = 10.0
WHOLE = 200
"""Up to so many activities that matter the solver orders the whole plan; beyond, one stretch after the other."""
BOUNDED = 700
"""Up to so many it looks at the whole plan for half of its time, to say what it costs at least."""
STRETCH = 60
STRETCH_SECONDS = 1.5
RESTLESS = 20_000
"""After so many moves without a better order the search leaves the solver every other slice."""
LEAST_SECONDS = 1.5
"""With less time than this the solver would hardly be loaded."""
SETTLED = 200_000
"""After so many moves without a better order a search after value ends; one after the end goes on."""
SAME = 1e-9
PROVEN = 1e-4
"""What is so near to the bound counts as proven: the solver counts in whole numbers."""


@dataclass(frozen=True, slots=True)
class Found:
    """The best order, what it costs, what any order costs at least, and who found it."""

    search: sequencing.Sequencing
    bound: float
    found_by: str
    passes: int


class Stroll:
    """Searches among orders from several seeds, and one child that orders exactly; the decoder judges them all."""

    def __init__(self, problem: Problem, *, aim: sequencing.Aim, end: float, seed: int, threads: int) -> None:
        self.problem, self.aim, self.end, self.seed = problem, aim, end, seed
        self.walks = [sequencing.Sequencing(problem, aim=aim, seed=seed + 7919 * at) for at in range(threads)]
        self.bound = 0.0
        self.found_by = "own order"

    def run(self, *, whole: Problem | None, last_bound: int) -> Found:
        """Go until the time is up, or nothing can be better.

        Parameters
        ----------
        whole : Problem, optional
            The plan with calendars as long as any order may take, for the exact solver; none leaves it out.
        last_bound : int
            A last finish that cannot be beaten.
        """
        began = time.monotonic()
        child = None
        if whole is not None and _may_start() and self.end - began >= LEAST_SECONDS:
            child = polishing.Polisher(seed=self.seed)
        relaxed = None
        try:
            if whole is not None:
                relaxed = relaxing.relax(whole)
                self.bound = relaxing.least_cost(whole, self.aim, relaxed)
            elif not self.aim.value.any():
                self.bound = self.aim.last * last_bound
            alone = self.end
            if child is not None:
                alone = began + min(LONGEST_ALONE, ALONE * (self.end - began))
            self._search(until=alone)
            best = min(self.walks, key=lambda walk: walk.best)
            self.found_by = "search" if best.best < best.own - SAME else "own order"
            if child is not None and whole is not None and relaxed is not None and not self._is_done(best):
                self._polish(child, best, whole, relaxed)
        finally:
            if child is not None:
                child.stop()
        best.decode(best.walk.best)
        return Found(
            search=best,
            bound=min(self.bound, best.best),
            found_by=self.found_by,
            passes=sum(int(walk.walk.tally[0]) for walk in self.walks),
        )

    def _is_done(self, walk: sequencing.Sequencing) -> bool:
        return walk.best <= self.bound * (1 + PROVEN)

    def _has_settled(self, walk: sequencing.Sequencing) -> bool:
        return not self.aim.last and int(walk.walk.tally[1]) >= SETTLED

    def _search(self, *, until: float) -> None:
        def follow(walk: sequencing.Sequencing) -> None:
            while time.monotonic() < until and not self._is_done(walk) and not self._has_settled(walk):
                walk.go_on(moves=walk.pace(min(SLICE, max(0.0, until - time.monotonic()))))

        others = [threading.Thread(target=follow, args=(walk,)) for walk in self.walks[1:]]
        for other in others:
            other.start()
        follow(self.walks[0])
        for other in others:
            other.join()

    def _polish(
        self,
        child: polishing.Polisher,
        best: sequencing.Sequencing,
        whole: Problem,
        relaxed: relaxing.Relaxed,
    ) -> None:
        """Let the child order the whole plan, or one stretch of it after the other, and search on beside it."""
        task = squeezing.task_of(whole, aim=self.aim, relaxed=relaxed, cost=best.best)
        if not task.ids:
            return
        squeezed = squeezing.squeeze(whole)
        child.tell(task)
        chance = np.random.default_rng(self.seed)
        is_small, asked, is_waiting = len(task.ids) <= WHOLE, 0, False
        while (now := time.monotonic()) < self.end and not self._is_done(best):
            if not is_waiting:
                best.decode(best.walk.best)
                starts = squeezed.until[np.minimum(best.walk.start[task.ids], whole.days)]
                seconds = self.end - now
                moving = None
                if asked == 0 and len(task.ids) <= BOUNDED:
                    seconds /= 2
                elif not is_small:
                    moving, seconds = _stretch(starts, chance), min(STRETCH_SECONDS, seconds)
                child.ask(
                    starts=starts.tolist(),
                    moving=moving,
                    seconds=seconds,
                    is_exact=is_small and asked > 0,
                )
                asked, is_waiting = asked + 1, True
            self._search_on(best, until=min(self.end, time.monotonic() + SLICE))
            for news in child.news(within=0.0 if best.walk.tally[1] < RESTLESS else SLICE):
                if news.starts:
                    self._hear(best, task, news.starts)
                self.bound = max(self.bound, min(news.bound, best.best))
                if news.is_dead or (news.is_over and is_small and (asked > 1 or not task.day_of)):
                    # Whatever there still is to be found, the search finds.
                    self._search_on(best, until=self.end)
                    return
                is_waiting = is_waiting and not news.is_over

    def _search_on(self, best: sequencing.Sequencing, *, until: float) -> None:
        before = best.best
        while (now := time.monotonic()) < until and not self._is_done(best) and not self._has_settled(best):
            best.go_on(moves=best.pace(min(SLICE, until - now)))
        if best.best < before - SAME:
            self.found_by = "both" if self.found_by in ("solver", "both") else "search"

    def _hear(self, best: sequencing.Sequencing, task: polishing.Task, starts: tuple[int, ...]) -> None:
        order = sequence(self.problem, best, dict(zip(task.ids, starts, strict=True)))
        if best.cost(order) < best.best - SAME:
            self.found_by = "both" if self.found_by in ("search", "both") else "solver"
            best.begin(order)


def sequence(problem: Problem, best: sequencing.Sequencing, starts: dict[int, int]) -> Integers:
    """Return the activities by these starts, each behind what it waits for; what has none comes last."""
    a = problem.arrays
    place = {int(j): at for at, j in enumerate(best.walk.best)}
    late = max(starts.values(), default=0) + 1
    left = np.diff(a.before_first).tolist()
    ready = [(starts.get(j, late), place[j], j) for j, count in enumerate(left) if not count]
    heapq.heapify(ready)
    found = []
    while ready:
        _, _, j = heapq.heappop(ready)
        found.append(j)
        for k in range(problem.after_first[j], problem.after_first[j + 1]):
            other = int(problem.after[k])
            left[other] -= 1
            if not left[other]:
                heapq.heappush(ready, (starts.get(other, late), place[other], other))
    return np.array(found, dtype=np.int64)


def _stretch(starts: Integers, chance: np.random.Generator) -> list[int]:
    """Return the places of a stretch of activities that come one after the other."""
    order = np.argsort(starts, kind="stable")
    begin = int(chance.integers(0, max(1, len(order) - STRETCH + 1)))
    return [int(at) for at in order[begin : begin + STRETCH]]


def _may_start() -> bool:
    return not multiprocessing.current_process().daemon
