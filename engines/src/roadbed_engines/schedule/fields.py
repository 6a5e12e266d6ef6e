"""What a plan in JSON may hold, field by field; a slip of the pen is refused with its place in the document."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from roadbed_engines.schedule.plan import PlanError


def mapping(value: Any, where: str) -> Mapping[str, Any]:
    """Return an object."""
    if not isinstance(value, Mapping):
        raise PlanError(f"{where} must be an object")
    return value


def listed(one: Mapping[str, Any], name: str, where: str) -> list[Any]:
    """Return a list; an empty one where there is none."""
    value = one.get(name, [])
    if not isinstance(value, list):
        raise PlanError(f"{where}{'.' if where else ''}{name} must be a list")
    return value


def known(one: Mapping[str, Any], where: str, names: set[str]) -> None:
    """Refuse what means nothing, by name."""
    strange = sorted(set(map(str, one)) - names)
    if strange:
        raise PlanError(
            f"{where} has “{strange[0]}”, which means nothing here; known are {', '.join(sorted(names))}"
        )


def key_of(one: Mapping[str, Any], where: str) -> str:
    """Return the key, as text."""
    key = one.get("key")
    if not isinstance(key, str | int) or isinstance(key, bool) or str(key) == "":
        raise PlanError(f"{where} has no key")
    return str(key)


def number(one: Mapping[str, Any], name: str, where: str) -> float:
    """Return a number."""
    value = one.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise PlanError(f"{where}.{name} must be a number" + ("" if name in one else "; it is missing"))
    return value


def numbers(one: Mapping[str, Any], name: str, where: str) -> list[float]:
    """Return a list of numbers."""
    values = listed(one, name, where)
    return [number({str(at): value}, str(at), f"{where}.{name}") for at, value in enumerate(values)]


def whole(one: Mapping[str, Any], name: str, where: str) -> int:
    """Return a whole number."""
    value = number(one, name, where)
    if not float(value).is_integer():
        raise PlanError(f"{where}.{name} is {value:g}; days are whole")
    return int(value)


def flag(one: Mapping[str, Any], name: str, where: str, *, default: bool) -> bool:
    """Return true or false."""
    value = one.get(name, default)
    if not isinstance(value, bool):
        raise PlanError(f"{where}.{name} must be true or false")
    return value
