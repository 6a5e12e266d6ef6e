"""What of the plan is work to be put in time, in which order, and what cannot be: pure, without database and clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from roadbed.modules.roadmap.models import Horizon, Level, Status
from roadbed.modules.roadmap.selectors.plan import PlanEffort, PlanItem, WholePlan

HORIZONS = {Horizon.NOW.value: 0, Horizon.NEXT.value: 1, Horizon.LATER.value: 2}
PLANNED = frozenset({Status.PLANNED.value, Status.DEVELOPMENT.value, Status.BETA.value})
BEGUN = frozenset({Status.DEVELOPMENT.value, Status.BETA.value})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something has no date; `what` is what is missing, for programs."""

    id: int
    key: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of work that is put in time as one: a leaf, or a feature that was estimated as a whole."""

    item: PlanItem
    effort: PlanEffort
    team_id: int
    release_id: int | None

    @property
    def key(self) -> str:
        """How plans call it."""
        return self.item.key

    @property
    def is_begun(self) -> bool:
        """Whether somebody works on it."""
        return self.item.status in BEGUN


class Forest:
    """The tree of the plan, with what a node has from those above it."""

    def __init__(self, plan: WholePlan) -> None:
        self.plan = plan
        self.items: Mapping[int, PlanItem] = {one.id: one for one in plan.items}
        self.below: dict[int | None, list[PlanItem]] = {}
        for one in plan.items:
            parent = one.parent_id if one.parent_id in self.items else None
            self.below.setdefault(parent, []).append(one)
        self.turn = {one.id: turn for turn, one in enumerate(self.walk(None))}
        self.work = tuple(one for root in self.below.get(None, ()) for one in self.work_in(root))

    def walk(self, node_id: int | None) -> Iterator[PlanItem]:
        """Everything below a node, as the tree page shows it."""
        for one in self.below.get(node_id, ()):
            yield one
            yield from self.walk(one.id)

    def above(self, item: PlanItem) -> Iterator[PlanItem]:
        """The node and its ancestors, the nearest first."""
        here: PlanItem | None = item
        while here is not None:
            yield here
            here = self.items.get(here.parent_id) if here.parent_id is not None else None

    def work_in(self, node: PlanItem) -> list[PlanItem]:
        """What is to be done within a node.

        A feature that was estimated as a whole while nothing open under it was is one piece; otherwise its leaves are.
        """
        below = self.below.get(node.id, [])
        if not below:
            return [] if node.is_closed or node.level == Level.AREA else [node]
        if node.effort is not None and not node.is_closed and node.level != Level.AREA:
            open_below = [one for one in self.walk(node.id) if not one.is_closed]
            if open_below and not any(one.effort for one in open_below):
                return [node]
        return [one for child in below for one in self.work_in(child)]

    def team_of(self, item: PlanItem) -> int | None:
        """Its team, or that of the nearest above it that has one."""
        return next((one.team_id for one in self.above(item) if one.team_id is not None), None)

    def release_of(self, item: PlanItem) -> int | None:
        """Its release, or that of the nearest above it that has one."""
        return next((one.release_id for one in self.above(item) if one.release_id is not None), None)

    def is_placed(self, item: PlanItem) -> bool:
        """Whether somebody planned it: by its status, a horizon, a release or a date."""
        if item.status in PLANNED:
            return True
        return any(
            one.horizon in HORIZONS or one.release_id is not None or one.due_date is not None
            for one in self.above(item)
        )

    def order_of(self, item: PlanItem) -> tuple[int, str, int, int, int]:
        """What is under way comes first, then now, next and later, each in the order of the board."""
        if item.status in BEGUN:
            return (0, item.started_at.isoformat() if item.started_at else "", 0, 0, self.turn[item.id])
        placed = next((one for one in self.above(item) if one.horizon in HORIZONS), None)
        if placed is None:
            return (1, "", len(HORIZONS), 0, self.turn[item.id])
        return (1, "", HORIZONS[placed.horizon], placed.rank, self.turn[item.id])


@dataclass(frozen=True, slots=True)
class Sorted:
    """The work of a plan: what can be put in time, in its order, and what cannot."""

    units: tuple[Unit, ...]
    refused: tuple[Refusal, ...]
    aside: int
    """How many ideas nobody has planned."""


def sort_out(forest: Forest) -> Sorted:
    """Return the work of a plan in the order in which it goes, and what is missing of the rest.

    What planned work waits for belongs to the plan, though nobody placed it. What waits for something that has no date
    has none either.
    """
    inside = _in_the_plan(forest)
    teams = {one.team_id: one for one in forest.plan.teams}
    units: list[Unit] = []
    refused: dict[int, Refusal] = {}
    for item in sorted((one for one in forest.work if one.id in inside), key=forest.order_of):
        team_id = forest.team_of(item)
        team = teams.get(team_id) if team_id is not None else None
        if item.effort is None:
            refused[item.id] = Refusal(item.id, item.key, "estimate", "has no estimate")
        elif team is None or team_id is None:
            refused[item.id] = Refusal(item.id, item.key, "team", "has no team")
        elif not team.has_calendar:
            reason = f"is {team.name}’s, which has no calendar: say its country or the days it works"
            refused[item.id] = Refusal(item.id, item.key, "calendar", reason)
        elif not team.seats or team.focus * (1 - team.reserve) <= 0:
            reason = f"is {team.name}’s, which has no capacity for planned work"
            refused[item.id] = Refusal(item.id, item.key, "capacity", reason)
        else:
            units.append(Unit(item, item.effort, team_id, forest.release_of(item)))
    return without_the_stuck(forest, units, refused, aside=len(forest.work) - len(inside))


def _in_the_plan(forest: Forest) -> set[int]:
    inside = {one.id for one in forest.work if forest.is_placed(one)}
    within = {one.id: {each.id for each in forest.above(one)} for one in forest.work}
    grown = True
    while grown:
        touched = {above for one in inside for above in within[one]}
        wanted = {
            one.on_id for one in forest.plan.dependencies if one.on_id is not None and one.item_id in touched
        }
        more = {one.id for one in forest.work if one.id not in inside and within[one.id] & wanted}
        inside |= more
        grown = bool(more)
    return inside


def without_the_stuck(
    forest: Forest, units: list[Unit], refused: dict[int, Refusal], *, aside: int = 0
) -> Sorted:
    """Return what is left when all that waits for something without a date is taken out as well."""
    waits: dict[int, list[int]] = {}
    for one in forest.plan.dependencies:
        if one.on_id is not None and one.on_id in forest.items and one.item_id in forest.items:
            waits.setdefault(one.item_id, []).append(one.on_id)
    lost = {above.id: one.key for one in refused.values() for above in forest.above(forest.items[one.id])}
    kept, found = list(units), dict(refused)
    while True:
        stuck = [
            (unit, blocker) for unit in kept if (blocker := _blocker(forest, unit, waits, lost)) is not None
        ]
        if not stuck:
            return Sorted(tuple(kept), tuple(found.values()), aside)
        for unit, blocker in stuck:
            found[unit.item.id] = Refusal(
                unit.item.id, unit.key, "dependency", f"waits for {blocker}, which has no date"
            )
            for above in forest.above(unit.item):
                lost.setdefault(above.id, unit.key)
        gone = {unit.item.id for unit, _ in stuck}
        kept = [unit for unit in kept if unit.item.id not in gone]


def _blocker(
    forest: Forest, unit: Unit, waits: Mapping[int, list[int]], lost: Mapping[int, str]
) -> str | None:
    own = {one.id for one in forest.above(unit.item)}
    for above in own:
        for on in waits.get(above, ()):
            if on in lost and on not in own:
                return lost[on]
    return None
