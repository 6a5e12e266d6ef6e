"""Circles among dependencies, found over the whole tree: what waits for an area waits for all that lies in it.

Every feature has a start and an end. An end follows its start; a child starts no earlier, and ends no later, than its
parent; a tie puts one end before another. Where a walk along these comes back to where it began, nothing on it can ever
be scheduled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

START, END = 0, 1
Knot = int
"""A feature's start or end: twice its id, plus one for the end."""
_ENDS = {"fs": (END, START), "ss": (START, START), "ff": (END, END)}


@dataclass(frozen=True, slots=True)
class Wait:
    """`feature` waits for `on`, by a tie of `Tie`."""

    feature: int
    on: int
    tie: str = "fs"


@dataclass(slots=True)
class Graph:
    """What must not come before what."""

    following: dict[Knot, list[Knot]] = field(default_factory=dict)
    preceding: dict[Knot, list[Knot]] = field(default_factory=dict)
    _inside: set[int] = field(default_factory=set)
    parents: Mapping[int, int | None] = field(default_factory=dict)

    @classmethod
    def of(cls, *, waits: Iterable[Wait], parents: Mapping[int, int | None]) -> Graph:
        """Return the graph of some dependencies within a tree, given each feature's parent."""
        graph = cls(parents=parents)
        for wait in waits:
            graph.add(wait)
        return graph

    def add(self, wait: Wait) -> None:
        """Take in a dependency, and the place in the tree of both that it ties."""
        earlier, later = _ENDS[wait.tie]
        self._put(wait.on)
        self._put(wait.feature)
        self._join(2 * wait.on + earlier, 2 * wait.feature + later)

    def _join(self, one: Knot, other: Knot) -> None:
        self.following.setdefault(one, []).append(other)
        self.preceding.setdefault(other, []).append(one)

    def _put(self, feature: int) -> None:
        here: int | None = feature
        while here is not None and here not in self._inside:
            self._inside.add(here)
            self._join(2 * here + START, 2 * here + END)
            above = self.parents.get(here)
            if above is not None:
                self._join(2 * above + START, 2 * here + START)
                self._join(2 * here + END, 2 * above + END)
            here = above

    def circle_with(self, wait: Wait) -> list[int]:
        """Return the features on a shortest circle that a dependency would close, in order; none where there is none.

        Examples
        --------
        >>> graph = Graph.of(waits=[Wait(2, 1), Wait(3, 2)], parents={})
        >>> graph.circle_with(Wait(1, 3)), graph.circle_with(Wait(3, 1))
        ([1, 2, 3], [])
        >>> Graph.of(waits=[], parents={5: 4}).circle_with(Wait(5, 4))
        [5, 4]
        """
        self._put(wait.on)
        self._put(wait.feature)
        earlier, later = _ENDS[wait.tie]
        first, last = 2 * wait.feature + later, 2 * wait.on + earlier
        if not self._leads(first, last):
            return []
        came: dict[Knot, Knot] = {first: -1}
        edge = [first]
        while edge and last not in came:
            further: list[Knot] = []
            for knot in edge:
                for following in self.following.get(knot, ()):
                    if following not in came:
                        came[following] = knot
                        further.append(following)
            edge = further
        walk: list[int] = []
        knot = last
        while knot != -1:
            if not walk or walk[-1] != knot // 2:
                walk.append(knot // 2)
            knot = came[knot]
        walk.reverse()
        return walk

    def _leads(self, first: Knot, last: Knot) -> bool:
        """Whether one knot leads to another: looked for from both sides in turn, where less was seen first.

        Most often one side ends at once, in whatever order a long chain is told; a walk from one side alone would go
        all along it for each of its links.
        """
        seen, sides = ({first}, {last}), ([first], [last])
        if first == last:
            return True
        while sides[0] and sides[1]:
            side = 0 if len(seen[0]) <= len(seen[1]) else 1
            ties = self.preceding if side else self.following
            further: list[Knot] = []
            for knot in sides[side]:
                for other in ties.get(knot, ()):
                    if other in seen[1 - side]:
                        return True
                    if other not in seen[side]:
                        seen[side].add(other)
                        further.append(other)
            sides[side][:] = further
        return False

    def knotted(self) -> set[int]:
        """Return the features that lie on some circle (Tarjan, without recursion)."""
        order: dict[Knot, int] = {}
        low: dict[Knot, int] = {}
        stack: list[Knot] = []
        on_stack: set[Knot] = set()
        found: set[int] = set()
        for root in list(self.following):
            if root in order:
                continue
            work: list[tuple[Knot, Sequence[Knot], int]] = [(root, self.following.get(root, ()), 0)]
            order[root] = low[root] = len(order)
            stack.append(root)
            on_stack.add(root)
            while work:
                knot, after, place = work.pop()
                descended = False
                for index in range(place, len(after)):
                    other = after[index]
                    if other not in order:
                        work.append((knot, after, index + 1))
                        order[other] = low[other] = len(order)
                        stack.append(other)
                        on_stack.add(other)
                        work.append((other, self.following.get(other, ()), 0))
                        descended = True
                        break
                    if other in on_stack:
                        low[knot] = min(low[knot], order[other])
                if descended:
                    continue
                if low[knot] == order[knot]:
                    members = []
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        members.append(member)
                        if member == knot:
                            break
                    if len(members) > 1:
                        found |= {member // 2 for member in members}
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[knot])
        return found
