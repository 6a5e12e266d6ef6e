"""Read from our own JSON what is not known of a plan, and what is to be done by when."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from roadbed_engines.schedule import dating, documents, fields
from roadbed_engines.schedule.plan import Plan, PlanError
from roadbed_engines.schedule.uncertainty import Z90, Estimate, Growth, Risk, Sickness, Uncertainty

SHARED = 0.3
"""The part of an estimate's doubt that is its team's, where the document does not say."""


@dataclass(frozen=True, slots=True)
class Target:
    """A release or an objective: done when all of these are."""

    key: str
    kind: str
    members: tuple[str, ...]
    due: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Doubted:
    """A plan, what is not known of it, and its targets; `first` is the date of day 0 where it has dates."""

    plan: Plan
    uncertainty: Uncertainty
    targets: tuple[Target, ...]
    first: date | None


def read(document: Any) -> Doubted:
    """Read and check a plan with its doubts.

    Raises
    ------
    PlanError
        With the place in the document, where it does not say what it must.

    Examples
    --------
    >>> found = read({
    ...     "pools": [{"key": "web", "capacity": 2}],
    ...     "activities": [{"key": "F-1", "estimate": {"p10": 2, "p90": 8}, "needs": {"web": 1}}],
    ...     "risks": [{"key": "R-1", "probability": 0.2, "days": [1, 3, 8], "activities": ["F-1"]}],
    ...     "targets": [{"key": "1.0", "kind": "release", "of": ["F-1"], "due": 12}],
    ... })
    >>> found.uncertainty.estimates["F-1"].factors, found.targets[0].due
    (('web',), 12)
    """
    plan = documents.read(document)
    top, first = dating.undated(fields.mapping(document, "the document"))
    shared = float(fields.number(top, "shared", "the document")) if "shared" in top else SHARED
    limits = {pool.key for pool in plan.pools if pool.is_limit}
    estimates = {}
    for at, one in enumerate(top.get("activities", ())):
        estimate = _estimate(one, f"activities[{at}]", limits, shared)
        if estimate is not None:
            estimates[fields.key_of(one, f"activities[{at}]")] = estimate
    sickness = {}
    for at, one in enumerate(top.get("pools", ())):
        if one.get("sickness") is not None:
            sickness[fields.key_of(one, f"pools[{at}]")] = _sickness(one["sickness"], f"pools[{at}].sickness")
    keys = {activity.key for activity in plan.activities}
    return Doubted(
        plan=plan,
        uncertainty=Uncertainty(
            estimates=estimates,
            risks=tuple(
                _risk(each, f"risks[{at}]", keys) for at, each in enumerate(fields.listed(top, "risks", ""))
            ),
            growth=_growth(top["growth"]) if top.get("growth") is not None else Growth(),
            sickness=sickness,
        ),
        targets=_targets(top, keys),
        first=first,
    )


def _estimate(one: Mapping[str, Any], where: str, limits: set[str], shared: float) -> Estimate | None:
    ways = fields.listed(one, "modes", where)
    way = one if not ways else ways[0]
    if way.get("estimate") is None:
        return None
    low, middle, high = documents.read_estimate(way["estimate"], f"{where}.estimate")
    groups = tuple(str(each) for each in fields.listed(one, "groups", where))
    if "groups" not in one:
        # Whose estimates are off, they are off together: those of the first pool of people that it needs.
        groups = tuple(pool for pool in way.get("needs", ()) if pool not in limits)[:1]
    return Estimate(median=middle, sigma=math.log(high / low) / (2 * Z90), factors=groups, shared=shared)


def _sickness(value: Any, where: str) -> Sickness:
    one = fields.mapping(value, where)
    fields.known(one, where, {"spells", "days"})
    days = float(fields.number(one, "days", where)) if "days" in one else 3.0
    return Sickness(spells_a_year=float(fields.number(one, "spells", where)), days=days)


def _risk(value: Any, where: str, keys: set[str]) -> Risk:
    one = fields.mapping(value, where)
    fields.known(one, where, {"key", "name", "probability", "days", "activities"})
    key = fields.key_of(one, where)
    days = one.get("days")
    low, likely, high = (
        (float(each) for each in fields.numbers(one, "days", where))
        if isinstance(days, list) and len(days) == 3
        else (float(fields.number(one, "days", where)),) * 3
    )
    return Risk(
        key=key,
        probability=float(fields.number(one, "probability", where)),
        low=low,
        likely=likely,
        high=high,
        activities=_members(one, "activities", where, keys),
    )


def _growth(value: Any) -> Growth:
    one = fields.mapping(value, "growth")
    fields.known(one, "growth", {"all", "each"})
    ends = {}
    for name in ("all", "each"):
        said = fields.numbers(one, name, "growth") or [1.0, 1.0]
        if len(said) != 2:
            raise PlanError(f"growth.{name} must be two factors, the least and the most")
        ends[name] = said
    return Growth(
        all_low=ends["all"][0], all_high=ends["all"][1], each_low=ends["each"][0], each_high=ends["each"][1]
    )


def _targets(top: Mapping[str, Any], keys: set[str]) -> tuple[Target, ...]:
    found: list[Target] = []
    for at, each in enumerate(fields.listed(top, "targets", "")):
        where = f"targets[{at}]"
        one = fields.mapping(each, where)
        fields.known(one, where, {"key", "name", "kind", "of", "due"})
        key = fields.key_of(one, where)
        if key in keys or any(key == other.key for other in found):
            raise PlanError(f"{where} is called {key}, as something else is")
        found.append(
            Target(
                key=key,
                kind=str(one.get("kind", "release")),
                members=_members(one, "of", where, keys),
                due=None if one.get("due") is None else fields.whole(one, "due", where),
                name=str(one.get("name", "")),
            )
        )
    return tuple(found)


def _members(one: Mapping[str, Any], name: str, where: str, keys: set[str]) -> tuple[str, ...]:
    members = tuple(str(each) for each in fields.listed(one, name, where))
    if not members:
        raise PlanError(f"{where}.{name} names no activity")
    strange = next((key for key in members if key not in keys), None)
    if strange is not None:
        raise PlanError(f"{where}.{name} names {strange}, which is no activity of the plan")
    return members
