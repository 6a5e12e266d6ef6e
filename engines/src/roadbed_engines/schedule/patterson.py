"""Read a project in Patterson's format (`.rcp`): numbers alone, as RanGen and the older collections write them.

References
----------
.. [1] E. Demeulemeester, M. Vanhoucke, W. Herroelen (2003), RanGen: A random network generator for activity-on-the-node
   networks, Journal of Scheduling 6, 17-38.
"""

from __future__ import annotations

import re

from roadbed_engines.schedule.plan import Activity, Dependency, Mode, Plan, PlanError, Pool, check

_ONLY_NUMBERS = re.compile(r"[\s\d]+")


def looks_like(text: str) -> bool:
    """Whether a text is made of whole numbers alone."""
    return bool(text.strip()) and _ONLY_NUMBERS.fullmatch(text.replace("\ufeff", "")) is not None


def read(text: str) -> Plan:
    """Read a project: how many activities and resources, what there is of each; then a line of each activity.

    A line is the duration, the needs, how many successors, and these; lines may break anywhere.

    Raises
    ------
    PlanError
        If numbers are missing or left over, or the plan cannot be meant.

    Examples
    --------
    >>> plan = read("3 1  2   0 0 1 2   4 2 1 3   0 0 0")
    >>> [activity.modes[0].duration for activity in plan.activities], plan.pools[0].capacity
    ([0, 4, 0], 2)
    """
    numbers = [int(word) for word in text.replace("\ufeff", "").split()]
    at = 0

    def take(count: int, what: str) -> list[int]:
        nonlocal at
        if at + count > len(numbers):
            raise PlanError(f"the file ends in {what}")
        at += count
        return numbers[at - count : at]

    jobs, resources = take(2, "its first line")
    if jobs < 1:
        raise PlanError("the file has no activities")
    pools = [f"R{number}" for number in range(1, resources + 1)]
    available = take(resources, "the availabilities")
    activities, ties = [], []
    for job in range(1, jobs + 1):
        duration, *needs = take(1 + resources, f"activity {job}")
        (successors,) = take(1, f"activity {job}")
        ties += [(job, after) for after in take(successors, f"the successors of activity {job}")]
        held = {pool: amount for pool, amount in zip(pools, needs, strict=True) if amount}
        activities.append(Activity(key=str(job), modes=(Mode(duration=duration, needs=held),), pauses=False))
    if at < len(numbers):
        raise PlanError(f"{len(numbers) - at} numbers are left over after activity {jobs}")
    plan = Plan(
        activities=tuple(activities),
        pools=tuple(Pool(key=pool, capacity=there) for pool, there in zip(pools, available, strict=True)),
        dependencies=tuple(Dependency(before=str(one), after=str(other)) for one, other in ties),
    )
    check(plan)
    return plan
