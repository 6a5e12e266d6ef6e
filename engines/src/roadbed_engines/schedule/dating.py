"""A plan in JSON may say dates where the engine counts days: day 0 is its `start`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from roadbed_engines.schedule.plan import PlanError

BEGINS = ("earliest", "fixed", "from", "until")
"""The first day of something, or the first day after it."""
ENDS = ("due",)
"""The last day of something; the engine counts the day after."""


def undated(document: Mapping[str, Any]) -> tuple[Mapping[str, Any], date | None]:
    """Return the document with days in place of dates, and the date of day 0.

    Raises
    ------
    PlanError
        If something is no date, or dates are said and no `start`.

    Examples
    --------
    >>> found, first = undated({"start": "2027-03-01", "activities": [{"key": "F-1", "due": "2027-03-05"}]})
    >>> found["activities"][0]["due"], first
    (5, datetime.date(2027, 3, 1))
    """
    first = _date(document["start"], "start") if document.get("start") is not None else None
    found = dict(document)
    for name in ("activities", "targets"):
        if isinstance(document.get(name), list):
            found[name] = [_days(each, f"{name}[{at}]", first) for at, each in enumerate(document[name])]
    if isinstance(document.get("pools"), list):
        found["pools"] = [_pool(each, f"pools[{at}]", first) for at, each in enumerate(document["pools"])]
    return found, first


def _pool(value: Any, where: str, first: date | None) -> Any:
    if not isinstance(value, Mapping) or not isinstance(value.get("absences"), list):
        return value
    absences = [_days(each, f"{where}.absences[{at}]", first) for at, each in enumerate(value["absences"])]
    return {**value, "absences": absences}


def _days(value: Any, where: str, first: date | None) -> Any:
    if not isinstance(value, Mapping):
        return value
    found = dict(value)
    for name in (*BEGINS, *ENDS):
        said = value.get(name)
        if isinstance(said, str):
            day = _date(said, f"{where}.{name}")
            if first is None:
                raise PlanError(f"{where}.{name} is a date, and the document has no “start” to count from")
            found[name] = (day - first).days + (name in ENDS)
            if name == "earliest":
                found[name] = max(0, found[name])
    return found


def _date(value: Any, where: str) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise PlanError(f"{where} is {str(value)[:40]}; a day is written 2027-03-01") from None
