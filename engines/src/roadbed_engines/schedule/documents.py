"""Read a plan from our own JSON, which `docs/reference/plan-format.md` describes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from roadbed_engines.schedule import dating, fields
from roadbed_engines.schedule.plan import (
    Absence,
    Activity,
    Dependency,
    Mode,
    Plan,
    PlanError,
    Pool,
    Relation,
    check,
)

UNSURE = frozenset({"targets", "risks", "growth", "shared"})
"""What only `doubting.read` makes something of."""


def read(document: Any) -> Plan:
    """Read and check a plan.

    Parameters
    ----------
    document : dict
        What the JSON says.

    Raises
    ------
    PlanError
        With the place in the document, where it does not say what it must.

    Examples
    --------
    >>> plan = read({
    ...     "pools": [{"key": "web", "capacity": 2}],
    ...     "activities": [
    ...         {"key": "F-1", "duration": 3, "needs": {"web": 1}},
    ...         {"key": "F-2", "duration": 2, "needs": {"web": 2}, "after": ["F-1"], "value": 5},
    ...     ],
    ... })
    >>> plan.dependencies[0].before, plan.activities[1].value
    ('F-1', 5.0)
    """
    top, _ = dating.undated(fields.mapping(document, "the document"))
    fields.known(top, "the document", {"pools", "activities", "dependencies", "name", "start", *UNSURE})
    activities: list[Activity] = []
    dependencies = [
        _dependency(each, f"dependencies[{at}]")
        for at, each in enumerate(fields.listed(top, "dependencies", ""))
    ]
    for at, each in enumerate(fields.listed(top, "activities", "")):
        one = fields.mapping(each, f"activities[{at}]")
        activities.append(_activity(one, f"activities[{at}]"))
        dependencies += _after(one, activities[-1].key, f"activities[{at}]")
    plan = Plan(
        activities=tuple(activities),
        pools=tuple(_pool(each, f"pools[{at}]") for at, each in enumerate(fields.listed(top, "pools", ""))),
        dependencies=tuple(dependencies),
    )
    check(plan)
    return plan


def _pool(value: Any, where: str) -> Pool:
    one = fields.mapping(value, where)
    fields.known(one, where, {"key", "capacity", "week", "absences", "limit", "name", "sickness"})
    return Pool(
        key=fields.key_of(one, where),
        capacity=fields.number(one, "capacity", where),
        week=tuple(float(share) for share in fields.numbers(one, "week", where)),
        absences=tuple(
            _absence(each, f"{where}.absences[{at}]")
            for at, each in enumerate(fields.listed(one, "absences", where))
        ),
        is_limit=fields.flag(one, "limit", where, default=False),
    )


def _absence(value: Any, where: str) -> Absence:
    one = fields.mapping(value, where)
    fields.known(one, where, {"from", "until", "amount", "why"})
    return Absence(
        first=fields.whole(one, "from", where),
        until=fields.whole(one, "until", where),
        amount=None if one.get("amount") is None else fields.number(one, "amount", where),
    )


def _activity(one: Mapping[str, Any], where: str) -> Activity:
    own = {"key", "name", "duration", "needs", "modes", "estimate"}
    fields.known(one, where, own | {"earliest", "fixed", "value", "due", "late", "pauses", "after", "groups"})
    if "modes" in one:
        modes = tuple(
            _mode(each, f"{where}.modes[{at}]") for at, each in enumerate(fields.listed(one, "modes", where))
        )
    else:
        modes = (_mode(one, where),)
    return Activity(
        key=fields.key_of(one, where),
        modes=modes,
        earliest=fields.whole(one, "earliest", where) if "earliest" in one else 0,
        fixed=None if one.get("fixed") is None else fields.whole(one, "fixed", where),
        value=float(fields.number(one, "value", where)) if "value" in one else 0.0,
        due=None if one.get("due") is None else fields.whole(one, "due", where),
        late=float(fields.number(one, "late", where)) if "late" in one else 0.0,
        pauses=fields.flag(one, "pauses", where, default=True),
        name=str(one.get("name", "")),
    )


def _mode(value: Any, where: str) -> Mode:
    one = fields.mapping(value, where)
    needs = fields.mapping(one.get("needs", {}), f"{where}.needs")
    estimate = (
        read_estimate(one["estimate"], f"{where}.estimate") if one.get("estimate") is not None else None
    )
    is_said = "duration" in one or estimate is None
    duration = fields.whole(one, "duration", where) if is_said or estimate is None else math.ceil(estimate[1])
    return Mode(
        duration=duration, needs={str(pool): fields.number(needs, pool, f"{where}.needs") for pool in needs}
    )


def read_estimate(value: Any, where: str) -> tuple[float, float, float]:
    """Read `{"p10": 2, "p50": 4, "p90": 9}`; the middle may be left out.

    Raises
    ------
    PlanError
        If the quantiles are not in order, or not above 0.
    """
    one = fields.mapping(value, where)
    fields.known(one, where, {"p10", "p50", "p90"})
    low, high = fields.number(one, "p10", where), fields.number(one, "p90", where)
    middle = fields.number(one, "p50", where) if "p50" in one else math.sqrt(max(low * high, 0.0))
    if low <= 0:
        raise PlanError(f"{where}: P10 is {low:g}; it must be above 0")
    if low > high:
        raise PlanError(f"{where}: P10 is {low:g}, above P90, which is {high:g}")
    if not low <= middle <= high:
        raise PlanError(f"{where}: P50 is {middle:g}, not between P10 {low:g} and P90 {high:g}")
    return low, middle, high


def _dependency(value: Any, where: str) -> Dependency:
    one = fields.mapping(value, where)
    fields.known(one, where, {"before", "after", "relation", "lag"})
    for name in ("before", "after"):
        if not isinstance(one.get(name), str | int):
            raise PlanError(f"{where} does not say what is {name}")
    return _tie(one, str(one["before"]), str(one["after"]), where)


def _after(one: Mapping[str, Any], key: str, where: str) -> list[Dependency]:
    found = []
    for at, each in enumerate(fields.listed(one, "after", where)):
        place = f"{where}.after[{at}]"
        if isinstance(each, Mapping):
            fields.known(each, place, {"key", "relation", "lag"})
            found.append(_tie(each, fields.key_of(each, place), key, place))
        else:
            found.append(Dependency(before=str(each), after=key))
    return found


def _tie(one: Mapping[str, Any], before: str, after: str, where: str) -> Dependency:
    try:
        relation = Relation(str(one.get("relation", "FS")).upper())
    except ValueError:
        known = ", ".join(Relation)
        raise PlanError(f"{where} has the relation {one['relation']}; known are {known}") from None
    lag = fields.whole(one, "lag", where) if "lag" in one else 0
    return Dependency(before=before, after=after, relation=relation, lag=lag)
