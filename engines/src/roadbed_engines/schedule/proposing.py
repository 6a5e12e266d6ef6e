"""A better plan as a list of moves that a person accepts in part or whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from roadbed_engines.schedule import explaining, sequencing, solving
from roadbed_engines.schedule.arrays import build
from roadbed_engines.schedule.plan import Plan, check


@dataclass(frozen=True, slots=True)
class Shift:
    """One activity that starts on another day than now, and why it starts then."""

    key: str
    start_before: int
    start_after: int
    finish_before: int
    finish_after: int
    reason: explaining.Reason


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would change, and what it is worth: `cost_before` and `cost_after` are in the units of the values."""

    shifts: tuple[Shift, ...]
    cost_before: float
    cost_after: float
    schedule: solving.Schedule
    rank: tuple[str, ...]

    @property
    def gap(self) -> float | None:
        """How far above the cheapest possible plan the proposed one is at most; None where no bound is known."""
        return self.schedule.gap

    @property
    def gain(self) -> float:
        """The share of the cost that is saved; 0 where there is none to save."""
        return 1 - self.cost_after / self.cost_before if self.cost_before > 0 else 0.0


def freeze(plan: Plan, *, starts: Mapping[str, int], until: int) -> Plan:
    """Fix all that starts before day `until` where it is: what has begun, and what people count on."""
    return replace(
        plan,
        activities=tuple(
            replace(activity, fixed=starts[activity.key])
            if activity.fixed is None and starts.get(activity.key, until) < until
            else activity
            for activity in plan.activities
        ),
    )


def propose(
    plan: Plan, *, frozen_until: int = 0, seconds: float = 2.0, seed: int = 0, prove: bool = True
) -> Proposal:
    """Look for a better sequence than the plan's own rank, and say what would move.

    Parameters
    ----------
    plan : Plan
        In the rank that it has now.
    frozen_until : int
        What starts before this day stays.
    seconds : float
    seed : int
    prove : bool
        Whether the exact solver helps, in a process of its own, where there is time for it.

    Raises
    ------
    PlanError
        See `plan.check`.
    """
    check(plan)
    problem, room = solving.decode(plan)
    before = (room.start.tolist(), room.finish.tolist())
    keys = [activity.key for activity in plan.activities]
    frozen = freeze(plan, starts=dict(zip(keys, before[0], strict=True)), until=frozen_until)
    found = solving.solve(frozen, seconds=seconds, seed=seed, prove=prove)
    aim = sequencing.aim_of(problem)
    cost_before = float(sequencing.cost_of(aim, room.finish, int(room.finish.max())))
    cost_after = found.cost if not aim.last else float(found.makespan)
    if cost_after >= cost_before:
        # Nothing better: the plan stays as it is.
        return Proposal((), cost_before, cost_before, found, tuple(keys))
    reasons = explaining.explain(
        build(frozen, days=max(problem.days, found.makespan + 1)),
        order=found.order,
        starts=found.starts,
        finishes=found.finishes,
        modes=found.modes,
    )
    shifts = tuple(
        Shift(key, before[0][at], found.starts[at], before[1][at], found.finishes[at], reasons[at])
        for at, key in enumerate(keys)
        if before[0][at] != found.starts[at]
    )
    return Proposal(shifts, cost_before, cost_after, found, tuple(keys[j] for j in found.order))


def accept(plan: Plan, proposal: Proposal, *, keys: Collection[str] | None = None) -> Plan:
    """Return the plan in the proposed rank, or with only the accepted ones ranked as proposed.

    Those that are not accepted keep their places in the rank; the accepted ones share the places that they had between
    them in the proposed order. Dates follow from the rank, as always.
    """
    chosen = {activity.key for activity in plan.activities} if keys is None else set(keys)
    by_key = {activity.key: activity for activity in plan.activities}
    proposed = iter([key for key in proposal.rank if key in chosen])
    ranked = [by_key[next(proposed)] if activity.key in chosen else activity for activity in plan.activities]
    return replace(plan, activities=tuple(ranked))
